/* libmicrohttpd behind api/http.h: a listener, its threads, the way of a request through checks,
 * routing, authentication, its body and its handler. The only file pair that knows the library.
 *
 * The way: head checked -> routed -> size and type of the body -> key -> admission -> (here the
 * client gets its 100 Continue) -> body -> handler -> response. A refusal on the way is sent at
 * once and the rest of the body is never read. */
#ifndef FUS_API_MHD_H
#define FUS_API_MHD_H

#include "api/http.h"
#include "api/route.h"

struct fus_http_server;
struct fus_http_server_options {
    struct fus_api *api;
    const char *listen; /* "address:port", "[v6]:port", "localhost:port" */
    const struct fus_http_route *routes;
    size_t route_count;
    unsigned threads;
    unsigned connection_limit;
    unsigned timeout_s;
    bool counted; /* requests show in the metrics */
};
/* FUS_E_CONFLICT: the address is in use; FUS_E_INVALID_PARAMETER: it is none. */
int fus_http_server_start(const struct fus_http_server_options *options,
                          struct fus_http_server **server, struct fus_error *err) FUS_MUST_CHECK;
int fus_http_server_port(const struct fus_http_server *server);
/* Ends every connection. No request may be waiting any more (api/waiters.h). */
void fus_http_server_stop(struct fus_http_server *server);

/* Lets a waiting request go on; `exchange` is what fus_waiters_add got. Thread-safe. */
void fus_http_resume(void *exchange);

#endif
