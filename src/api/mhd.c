#include "api/mhd.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "api/auth.h"
#include "api/form.h"
#include "api/guard.h"
#include "api/idempotency.h"
#include "api/internal.h"
#include "api/listen.h"
#include "api/problem.h"
#include "api/waiters.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#define CONNECTION_MEMORY (64 * 1024)
#define HEADER_FIELDS_MAX 64
/* What is read and dropped of a body that nobody wants before the connection is cut. */
#define DROPPED_MAX (64 * 1024)
/* A body may take a minute, and as long as it comes in faster than this. */
#define BODY_GRACE_US (60 * INT64_C(1000000))
#define BODY_BYTES_PER_SECOND 4096

struct fus_http_server {
    struct fus_http_server_options options;
    struct MHD_Daemon *daemon;
    int port;
};

/* One request of a connection, from its first line to its answer. */
struct exchange {
    struct fus_http_server *server;
    struct MHD_Connection *connection;
    struct fus_http_request request;
    struct fus_form_reader *reader; /* of a multipart body */
    struct fus_error refusal;       /* code 0: none */
    char target[FUS_HTTP_TARGET_MAX + 2];
    uint64_t received, announced; /* announced: 0 if its length was not told */
    bool begun;
    bool close; /* bytes of a body are left unread */
    bool uploading;
};

static const char *header_of(const void *connection, const char *name)
{
    struct MHD_Connection *of;
    memcpy(&of, &connection, sizeof(of)); /* the library's look-up takes it without const */
    return MHD_lookup_connection_value(of, MHD_HEADER_KIND, name);
}

/* Before 0.9.76 the library does not see a NUL inside the request line, and hands on what stands
 * before it as the whole target. It splits the line in place, so the version must stand right
 * behind the target. */
static bool cut_by_nul(const char *uri)
{
#if MHD_VERSION < 0x00097600
    return strncmp(uri + strlen(uri) + 1, "HTTP/", 5) != 0;
#else
    return false;
#endif
}

static void *on_target(void *user, const char *uri, struct MHD_Connection *connection)
{
    struct exchange *exchange = fus_calloc(1, sizeof(*exchange));
    if (exchange == NULL)
        return NULL;
    exchange->server = user;
    exchange->connection = connection;
    exchange->request.header = header_of;
    exchange->request.connection = connection;
    exchange->request.started_us = fus_clock_monotonic_us();
    exchange->request.method = "";
    fus_id_short("req", exchange->request.request_id);
    if (!cut_by_nul(uri)) /* else it stays empty, which is no target */
        fus_strlcpy(exchange->target, uri, sizeof(exchange->target));
    return exchange;
}

/* Lets go of what the request held. Before its answer goes out, so that whoever has the answer
 * finds no upload left behind and its Idempotency-Key free. Adopted uploads have moved; of any
 * other nothing stays. */
static void let_go(struct exchange *exchange)
{
    struct fus_api *api = exchange->server->options.api;
    fus_form_reader_free(FUS_TAKE(exchange->reader));
    if (exchange->uploading)
        fus_storage_upload_remove(api->options.storage, exchange->request.job_id);
    exchange->uploading = false;
    fus_idempotency_release(api, &exchange->request);
}

static void on_completed(void *user, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *context;
    if (exchange == NULL)
        return;
    let_go(exchange);
    fus_form_free(exchange->request.form);
    fus_str_done(&exchange->request.body);
    fus_http_target_done(&exchange->request.target);
    fus_free(exchange);
    *context = NULL;
}

/* ---- responses ---- */

static const char *method_label(const char *method)
{
    static const char *const known[] = {"GET",   "HEAD",   "POST",    "PUT",
                                        "PATCH", "DELETE", "OPTIONS", "TRACE"};
    for (size_t i = 0; i < FUS_COUNT(known); i++)
        if (strcmp(known[i], method) == 0)
            return known[i];
    return "other";
}

/* Counted before the bytes go out, so that a client that has its answer finds it counted. */
static void count(const struct exchange *exchange, int status)
{
    struct fus_api *api = exchange->server->options.api;
    const struct fus_http_request *request = &exchange->request;
    char code[8];
    snprintf(code, sizeof(code), "%d", status);
    const char *endpoint = request->route != NULL ? request->route->path : "unmatched";
    const char *const labels[] = {method_label(request->method), endpoint, code};
    double seconds = (double)(fus_clock_monotonic_us() - request->started_us) / 1e6;
    if (exchange->server->options.counted) {
        fus_metric_add(api->requests, 1, labels);
        fus_metric_observe(api->durations, seconds, labels);
    }
    fus_log(api->options.log, status >= 500 ? FUS_LOG_WARN : FUS_LOG_DEBUG, "request",
            FUS_F("request_id", request->request_id), FUS_F("method", labels[0]),
            FUS_F("endpoint", endpoint), FUS_F_INT("status", status),
            FUS_F_REAL("seconds", seconds));
}

static struct MHD_Response *make_response(struct fus_http_response *response)
{
    if (response->fd >= 0 && response->length > 0) {
        int fd = response->fd;
        response->fd = -1;
        struct MHD_Response *made =
            MHD_create_response_from_fd_at_offset64(response->length, fd, response->offset);
        if (made == NULL)
            fus_close(fd);
        return made;
    }
    size_t size = response->body.length;
    char *text = fus_str_take(&response->body);
    if (text == NULL)
        return NULL;
    struct MHD_Response *made =
        MHD_create_response_from_buffer_with_free_callback(size, text, fus_free);
    if (made == NULL)
        fus_free(text);
    return made;
}

static void add_headers(struct MHD_Response *made, const struct exchange *exchange,
                        const struct fus_http_response *response)
{
    static const char *const always[][2] = {
        {"X-Content-Type-Options", "nosniff"},
        {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
    };
    bool cached = false;
    MHD_add_response_header(made, "X-Request-Id", exchange->request.request_id);
    for (size_t i = 0; i < FUS_COUNT(always); i++)
        MHD_add_response_header(made, always[i][0], always[i][1]);
    if (response->content_type != NULL)
        MHD_add_response_header(made, "Content-Type", response->content_type);
    for (size_t i = 0; i < response->header_count; i++) {
        cached = cached || strcmp(response->headers[i].name, "Cache-Control") == 0;
        MHD_add_response_header(made, response->headers[i].name, response->headers[i].value);
    }
    if (!cached)
        MHD_add_response_header(made, "Cache-Control", "no-store");
    if (exchange->close)
        MHD_add_response_header(made, "Connection", "close");
}

/* Takes the response's contents. */
static enum MHD_Result respond(struct exchange *exchange, struct fus_http_response *response)
{
    if (response->failed || response->body.failed)
        fus_problem_set(&exchange->request, response, FUS_E_OUT_OF_MEMORY,
                        "No memory for the answer.");
    int status = response->status;
    let_go(exchange);
    struct MHD_Response *made = make_response(response);
    enum MHD_Result sent = MHD_NO;
    if (made != NULL) {
        add_headers(made, exchange, response);
        count(exchange, status);
        sent = MHD_queue_response(exchange->connection, (unsigned)status, made);
        MHD_destroy_response(made);
    }
    fus_http_response_done(response);
    return sent;
}

static enum MHD_Result send_refusal(struct exchange *exchange)
{
    struct fus_http_response response;
    fus_http_response_init(&response);
    fus_problem(&exchange->request, &response, &exchange->refusal);
    return respond(exchange, &response);
}

/* ---- before the body ---- */

static enum MHD_Result count_field(void *user, enum MHD_ValueKind kind, const char *name,
                                   size_t name_size, const char *value, size_t value_size)
{
    fus_http_head_count(user, name, name_size, value, value_size);
    return MHD_YES;
}

/* The type without its parameters. */
static bool media_type_is(const char *header, const char *type)
{
    size_t length = strlen(type);
    return header != NULL && strncasecmp(header, type, length) == 0 &&
           (header[length] == '\0' || strchr("; \t", header[length]) != NULL);
}

static int too_large(struct exchange *exchange, uint64_t max)
{
    return fus_error_set(&exchange->refusal, FUS_E_MEDIA_TOO_LARGE,
                         "The body is larger than %llu bytes.", (unsigned long long)max);
}

static uint64_t body_max(const struct exchange *exchange)
{
    const struct fus_http_route *route = exchange->request.route;
    const struct fus_config *config = exchange->server->options.api->options.config;
    if (route->body == FUS_BODY_NONE)
        return DROPPED_MAX;
    bool multipart =
        route->body == FUS_BODY_JOB &&
        media_type_is(fus_http_header(&exchange->request, "Content-Type"), "multipart/form-data");
    return multipart ? config->max_body_bytes : config->max_json_bytes;
}

static int check_body(struct exchange *exchange, const struct fus_http_framing *framing)
{
    const struct fus_http_request *request = &exchange->request;
    const char *type = fus_http_header(request, "Content-Type");
    const char *encoding = fus_http_header(request, "Content-Encoding");
    if (framing->has_body && framing->length > body_max(exchange))
        return too_large(exchange, body_max(exchange));
    if (request->route->body == FUS_BODY_NONE)
        return 0;
    if (encoding != NULL && strcasecmp(encoding, "identity") != 0)
        return fus_error_set(&exchange->refusal, FUS_E_UNSUPPORTED_MEDIA,
                             "Bodies with a Content-Encoding are not taken.");
    if (media_type_is(type, "application/json") ||
        (request->route->body == FUS_BODY_JOB && media_type_is(type, "multipart/form-data")))
        return 0;
    return fus_error_set(&exchange->refusal, FUS_E_UNSUPPORTED_MEDIA,
                         "The Content-Type must be application/json or multipart/form-data.");
}

static int open_form(struct exchange *exchange)
{
    struct fus_api *api = exchange->server->options.api;
    struct fus_http_request *request = &exchange->request;
    int rc = fus_idempotency_take(api, request, &exchange->refusal);
    if (rc != 0)
        return rc;
    const char *type = fus_http_header(request, "Content-Type");
    if (!media_type_is(type, "multipart/form-data"))
        return 0;
    exchange->uploading = true;
    return fus_form_reader_new(api->options.storage, api->options.config, request->job_id, type,
                               &exchange->reader, &exchange->refusal);
}

static enum MHD_Result send_no_route(struct exchange *exchange, const char *allow)
{
    struct fus_http_response response;
    fus_http_response_init(&response);
    if (allow[0] == '\0') {
        fus_problem_set(&exchange->request, &response, FUS_E_NOT_FOUND,
                        "There is nothing at this address.");
    } else if (strcmp(exchange->request.method, "OPTIONS") == 0) {
        response.status = 204;
        fus_http_response_header(&response, "Allow", allow);
    } else {
        fus_problem_status(&exchange->request, &response, 405, FUS_E_INVALID_REQUEST,
                           "This method is not possible here.");
        fus_http_response_header(&response, "Allow", allow);
    }
    return respond(exchange, &response);
}

static int check_head(struct exchange *exchange, const char *version,
                      struct fus_http_framing *framing)
{
    struct fus_http_head head = {.version = version};
    struct fus_error *refusal = &exchange->refusal;
    MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, count_field, &head);
    exchange->close =
        true; /* what follows on the connection cannot be trusted until this is passed */
    if (head.fields > HEADER_FIELDS_MAX)
        return fus_error_set(refusal, FUS_E_INVALID_REQUEST, "The request has too many headers.");
    int rc = fus_http_head_check(&head, framing, refusal);
    if (rc == 0)
        exchange->close = framing->has_body;
    return rc != 0 ? rc
                   : fus_http_target_parse(exchange->target, &exchange->request.target, refusal);
}

static int check_route(struct exchange *exchange, const struct fus_http_framing *framing)
{
    const struct fus_http_route *route = exchange->request.route;
    struct fus_api *api = exchange->server->options.api;
    struct fus_error *refusal = &exchange->refusal;
    int rc = check_body(exchange, framing);
    if (rc == 0 && !route->open)
        rc = fus_auth_check(api, &exchange->request, refusal);
    if (rc == 0)
        rc = fus_route_check_query(route, &exchange->request.target, refusal);
    if (rc == 0 && route->admit != NULL)
        rc = route->admit(api, refusal);
    if (rc == 0 && route->body == FUS_BODY_JOB)
        rc = open_form(exchange);
    return rc;
}

/* The head is here. A response that is sent now is one that reads no body. */
static enum MHD_Result begin(struct exchange *exchange, const char *method, const char *version)
{
    struct fus_http_request *request = &exchange->request;
    struct fus_http_framing framing = {0};
    char allow[64];
    exchange->begun = true;
    request->method = method;
    if (check_head(exchange, version, &framing) != 0)
        return send_refusal(exchange);
    exchange->announced = framing.length;
    request->route =
        fus_route_find(exchange->server->options.routes, exchange->server->options.route_count,
                       method, &request->target, request->captures, allow);
    if (request->route == NULL)
        return send_no_route(exchange, allow);
    if (check_route(exchange, &framing) != 0)
        return send_refusal(exchange);
    exchange->close = false;
    return MHD_YES;
}

/* ---- the body ---- */

static int take_body(struct exchange *exchange, const char *bytes, size_t size)
{
    struct fus_http_request *request = &exchange->request;
    if (exchange->received > body_max(exchange))
        return too_large(exchange, body_max(exchange));
    if (exchange->reader != NULL)
        return fus_form_reader_feed(exchange->reader, bytes, size, &exchange->refusal);
    if (request->route->body == FUS_BODY_NONE)
        return 0;
    fus_str_append_n(&request->body, bytes, size);
    return request->body.failed
               ? fus_error_set(&exchange->refusal, FUS_E_OUT_OF_MEMORY, "No memory for the body.")
               : 0;
}

/* The library sees the end of a connection late when it comes together with the last bytes: then an
 * upload that broke off would lie there until the connection times out. Every byte that it has read
 * has been handed on, so nothing more than the socket holds can come. */
static bool broke_off(const struct exchange *exchange)
{
    char byte;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return exchange->received < exchange->announced && info != NULL &&
           recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* The library takes no answer in the middle of a body. After an error the rest is read and dropped,
 * so that the client gets its answer; only what goes past every limit is cut off. */
static enum MHD_Result on_body(struct exchange *exchange, const char *bytes, size_t size)
{
    int64_t elapsed = fus_clock_monotonic_us() - exchange->request.started_us;
    exchange->received += size;
    if (elapsed > BODY_GRACE_US &&
        exchange->received < (uint64_t)elapsed / 1000000 * BODY_BYTES_PER_SECOND)
        return MHD_NO;
    if (broke_off(exchange))
        return MHD_NO;
    if (exchange->refusal.code == 0) {
        if (take_body(exchange, bytes, size) != 0)
            let_go(exchange); /* the disk may be what is full */
    } else if (exchange->received > body_max(exchange) + DROPPED_MAX) {
        return MHD_NO;
    }
    return MHD_YES;
}

static enum MHD_Result wait_or_send(struct exchange *exchange, struct fus_http_response *response)
{
    struct fus_http_request *request = &exchange->request;
    struct fus_api *api = exchange->server->options.api;
    if (response->wait.job_id[0] == '\0')
        return respond(exchange, response);
    if (!fus_waiters_reserve(api->waiters)) {
        /* Too many wait already: this one gets its answer now. */
        fus_http_response_done(response);
        request->resumed = request->wait_over = true;
        request->route->handle(api, request, response);
        return respond(exchange, response);
    }
    MHD_suspend_connection(exchange->connection);
    fus_waiters_add(api->waiters, request, response, exchange);
    fus_http_response_done(response);
    return MHD_YES;
}

static enum MHD_Result on_complete_request(struct exchange *exchange)
{
    struct fus_http_request *request = &exchange->request;
    if (exchange->refusal.code == 0 && exchange->reader != NULL) {
        struct fus_error *refusal = &exchange->refusal;
        refusal->code = fus_form_reader_finish(exchange->reader, &request->form, refusal);
        fus_form_reader_free(FUS_TAKE(exchange->reader));
    }
    if (exchange->refusal.code != 0)
        return send_refusal(exchange);
    struct fus_http_response response;
    fus_http_response_init(&response);
    request->route->handle(exchange->server->options.api, request, &response);
    return wait_or_send(exchange, &response);
}

static enum MHD_Result on_access(void *user, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *bytes,
                                 size_t *size, void **context)
{
    struct exchange *exchange = *context;
    if (exchange == NULL)
        return MHD_NO; /* no memory when its first line came */
    if (!exchange->begun)
        return begin(exchange, method, version);
    if (*size > 0) {
        enum MHD_Result go_on = on_body(exchange, bytes, *size);
        *size = 0;
        return go_on;
    }
    return on_complete_request(exchange);
}

void fus_http_resume(void *exchange)
{
    MHD_resume_connection(((struct exchange *)exchange)->connection);
}

/* ---- the listener ---- */

/* What a client did wrong is its own affair; nothing here is worth a line of the log. */
static void drop_message(void *user, const char *format, va_list args)
{
}

/* The library unescapes for itself what it is never asked for; the target is parsed from its raw
 * text. */
static size_t keep_escapes(void *user, struct MHD_Connection *connection, char *text)
{
    return strlen(text);
}

static struct MHD_Daemon *start_daemon(struct fus_http_server *server, int fd)
{
    const struct fus_http_server_options *options = &server->options;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
#if MHD_VERSION >= 0x00097701
    const struct MHD_OptionItem strictness = {MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1, NULL};
#else
    /* Its strict mode refuses no more than api/guard.c does, and 0.9.75 sends the head of its own
     * refusals twice, which a proxy could take for two answers. */
    const struct MHD_OptionItem strictness = {MHD_OPTION_STRICT_FOR_CLIENT, 0, NULL};
#endif
    struct MHD_OptionItem more[] = {
        strictness,
        {MHD_OPTION_LISTEN_SOCKET, fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, options->connection_limit, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, options->timeout_s, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        /* a pool of one is not a pool to the library */
        {options->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, options->threads,
         NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(flags, 0, NULL, NULL, on_access, server, MHD_OPTION_EXTERNAL_LOGGER,
                            drop_message, NULL, MHD_OPTION_URI_LOG_CALLBACK, on_target, server,
                            MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_ARRAY, more,
                            MHD_OPTION_END);
}

int fus_http_server_start(const struct fus_http_server_options *options,
                          struct fus_http_server **server, struct fus_error *err)
{
    bool loopback = false;
    FUS_AUTO_FD int fd = -1;
    FUS_AUTO_FREE struct fus_http_server *made = fus_calloc(1, sizeof(*made));
    if (made == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to start the server.");
    made->options = *options;
    int rc = fus_listen(options->listen, &fd, &made->port, &loopback, err);
    if (rc != 0)
        return rc;
    made->daemon = start_daemon(made, fd);
    if (made->daemon == NULL)
        return fus_error_errno(err, errno, "Starting the HTTP server failed");
    fd = -1; /* the daemon's, which closes it */
    *server = FUS_TAKE(made);
    return 0;
}

int fus_http_server_port(const struct fus_http_server *server)
{
    return server->port;
}

void fus_http_server_stop(struct fus_http_server *server)
{
    if (server == NULL)
        return;
    MHD_stop_daemon(server->daemon);
    fus_free(server);
}
