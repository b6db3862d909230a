/* The HTTP side of `fusiond jobs`: libcurl, one handle, one request at a time. */
#ifndef FUS_CLI_CLIENT_H
#define FUS_CLI_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"

/* The most of an answer's body that is kept; a result is streamed and has no ceiling. */
#define FUS_CLIENT_BODY_MAX ((size_t)16 << 20)

struct fus_client;
/* server: "http://127.0.0.1:8000", an ending slash is fine. key NULL or "": none. */
int fus_client_new(const char *server, const char *key, struct fus_client **client,
                   struct fus_error *err) FUS_MUST_CHECK;
void fus_client_free(struct fus_client *client);
FUS_CLEANUP_DEFINE(fus_client_free, struct fus_client *)
/* Polled some times a second while a request runs; true gives FUS_E_CANCELLED. */
void fus_client_on_cancel(struct fus_client *client, bool (*cancelled)(void *user), void *user);

/* A file that goes along as a part of multipart/form-data. */
struct fus_client_part {
    const char *name, *path;
};

/* method "GET", "POST", "DELETE". path begins with '/'. body (may be NULL) is JSON text; with parts
 * it is the part `request`. The answer's JSON is a new reference, NULL when its body is empty. An
 * answer that is a problem becomes an error: its code, its detail and every entry of `errors`. No
 * connection: FUS_E_NOT_READY with the address in the detail. */
int fus_client_call(struct fus_client *client, const char *method, const char *path,
                    const char *body, const struct fus_client_part *parts, size_t part_count,
                    json_t **answer, struct fus_error *err) FUS_MUST_CHECK;

/* GET of url (absolute, or a path of the server) into fd; redirects are followed. The number of
 * bytes that came is checked against Content-Length. sha256 of what came, in hex. */
int fus_client_download(struct fus_client *client, const char *url, int fd, uint64_t *bytes,
                        char sha256[65], struct fus_error *err) FUS_MUST_CHECK;

#endif
