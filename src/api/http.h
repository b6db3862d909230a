/* A request and its response, as handlers see them; nothing of the HTTP library stands here.
 *
 * A handler is a plain function: it reads the request and fills the response, without blocking for
 * long. It may ask to be called again later by setting response->wait (then nothing else of the
 * response counts). One request is handled by one thread at a time. */
#ifndef FUS_API_HTTP_H
#define FUS_API_HTTP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/str.h"

struct fus_api;
struct fus_form;
struct fus_http_route;

#define FUS_HTTP_TARGET_MAX 4096
#define FUS_HTTP_SEGMENTS_MAX 8
#define FUS_HTTP_QUERY_MAX 16

/* A request target taken apart and percent-decoded; every text points into `buffer`. */
struct fus_http_target {
    char *buffer;
    const char *segments[FUS_HTTP_SEGMENTS_MAX]; /* of the path, without slashes */
    size_t segment_count;
    struct {
        const char *name, *value; /* value "" if there is no '=' */
    } query[FUS_HTTP_QUERY_MAX];
    size_t query_count;
};
/* Origin-form, or absolute-form with its authority dropped. FUS_E_INVALID_REQUEST: bad or NUL
 * escapes, control or non-ASCII characters, backslashes, '.' and '..' segments, a name given twice,
 * too long. */
int fus_http_target_parse(const char *raw, struct fus_http_target *target,
                          struct fus_error *err) FUS_MUST_CHECK;
void fus_http_target_done(struct fus_http_target *target);

struct fus_http_request {
    const char *method;
    struct fus_http_target target;
    const struct fus_http_route *route; /* NULL before routing or unmatched */
    const char *captures[2];            /* what stands for {…} in the template */
    char request_id[FUS_ID_SIZE];
    int64_t started_us;       /* monotonic */
    struct fus_str body;      /* a JSON body, whole */
    struct fus_form *form;    /* a multipart body, parsed; owned */
    char job_id[FUS_ID_SIZE]; /* of the job that this request makes */
    bool keyed;               /* an Idempotency-Key is held */
    bool resumed;             /* called again after a wait */
    bool wait_over;           /* ... and there is no more waiting */
    struct {
        int state, progress, attempt;
        char step[24];
    } seen; /* of the job, at the first call */
    /* Value of a header field or NULL; valid as long as the request. */
    const char *(*header)(const void *connection, const char *name);
    const void *connection;
};
const char *fus_http_header(const struct fus_http_request *request, const char *name);
/* Value of a query parameter or NULL. */
const char *fus_http_query(const struct fus_http_request *request, const char *name);
/* N of "Prefer: wait=N", 0 without one, at most max. */
int64_t fus_http_prefer_wait(const struct fus_http_request *request, int64_t max);

#define FUS_HTTP_HEADERS_MAX 16
struct fus_http_response {
    int status;
    const char *content_type; /* static text */
    struct fus_str body;
    int fd; /* >= 0: [offset, offset + length) of this file is the body; owned */
    uint64_t offset, length;
    struct {
        const char *name; /* static text */
        char *value;
    } headers[FUS_HTTP_HEADERS_MAX];
    size_t header_count;
    bool failed; /* out of memory on the way: 503 is sent instead */
    struct {
        char job_id[FUS_ID_SIZE]; /* "" : no wait */
        int64_t until_us;         /* monotonic */
        bool until_terminal;      /* else until anything changes that request->seen holds */
    } wait;
};
void fus_http_response_init(struct fus_http_response *response);
void fus_http_response_done(struct fus_http_response *response);
/* Copies the value; control characters in it fail the response. */
void fus_http_response_header(struct fus_http_response *response, const char *name,
                              const char *value);
/* The body is the text of `json`, whose reference is taken; NULL means out of memory. */
void fus_http_response_json(struct fus_http_response *response, int status, json_t *json);

#endif
