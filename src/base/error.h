/* Errors: one table for the whole program.
 *
 * A fallible function returns int: 0, or one of enum fus_error_code (all negative). Its optional last
 * argument, struct fus_error *, is filled only on failure and never allocated. Outputs are written
 * only on success. The stable names are those of docs/API.md; the table gives each its HTTP status,
 * whether trying again can help, and the level at which it is logged. */
#ifndef FUS_BASE_ERROR_H
#define FUS_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"

/*  enum suffix, stable name, HTTP status, retryable, log level (base/log.h), title */
#define FUS_ERROR_TABLE(X)                                                                         \
    X(INVALID_REQUEST, "invalid_request", 400, false, "info", "The request is not valid")          \
    X(INVALID_PARAMETER, "invalid_parameter", 422, false, "info", "A parameter is not valid")      \
    X(UNAUTHORIZED, "unauthorized", 401, false, "info", "A valid API key is needed")               \
    X(FORBIDDEN, "forbidden", 403, false, "info", "Not allowed")                                   \
    X(NOT_FOUND, "not_found", 404, false, "info", "Not found")                                     \
    X(GONE, "gone", 410, false, "info", "No longer available")                                     \
    X(CONFLICT, "conflict", 409, false, "info", "Not possible in the present state")               \
    X(IDEMPOTENCY_CONFLICT, "idempotency_conflict", 422, false, "info", "Idempotency-Key reused")  \
    X(UNSUPPORTED_MEDIA, "unsupported_media", 415, false, "info", "This kind of media is not supported") \
    X(CORRUPT_MEDIA, "corrupt_media", 422, false, "info", "The media cannot be decoded")           \
    X(MEDIA_TOO_LARGE, "media_too_large", 413, false, "info", "The media is too large")            \
    X(VIDEO_TOO_LONG, "video_too_long", 422, false, "info", "The video is too long")               \
    X(DECOMPRESSION_BOMB, "decompression_bomb", 422, false, "warn", "The media unpacks to too much") \
    X(SOURCE_FETCH_FAILED, "source_fetch_failed", 422, true, "info", "An input could not be fetched") \
    X(SOURCE_FORBIDDEN, "source_forbidden", 422, false, "warn", "This input may not be used")      \
    X(NO_FACE_IN_SOURCE, "no_face_in_source", 422, false, "info", "No face in a source picture")   \
    X(NO_FACE_IN_TARGET, "no_face_in_target", 422, false, "info", "No face in the target")         \
    X(REFERENCE_FACE_NOT_FOUND, "reference_face_not_found", 422, false, "info", "No reference face") \
    X(MODEL_NOT_FOUND, "model_not_found", 422, false, "info", "The model is not installed")        \
    X(MODEL_CORRUPT, "model_corrupt", 500, false, "error", "A model file is damaged")              \
    X(MODEL_LICENSE_BLOCKED, "model_license_blocked", 403, false, "info", "The model's licence is not allowed here") \
    X(CONTENT_REJECTED, "content_rejected", 422, false, "info", "The content was refused")         \
    X(CONSENT_REQUIRED, "consent_required", 422, false, "info", "A consent record is required")    \
    X(RATE_LIMITED, "rate_limited", 429, true, "info", "Too many requests")                        \
    X(QUOTA_EXCEEDED, "quota_exceeded", 429, true, "info", "A quota is used up")                   \
    X(QUEUE_FULL, "queue_full", 503, true, "warn", "The queue is full")                            \
    X(OUT_OF_MEMORY, "out_of_memory", 503, true, "error", "Not enough memory")                     \
    X(WORKER_CRASHED, "worker_crashed", 500, true, "error", "The worker process ended")            \
    X(ENGINE_FAILED, "engine_failed", 422, false, "warn", "The other engine could not do the job")  \
    X(TIMED_OUT, "timed_out", 504, true, "warn", "Took too long")                                  \
    X(CANCELLED, "cancelled", 409, false, "info", "Cancelled")                                     \
    X(STORAGE_UNAVAILABLE, "storage_unavailable", 503, true, "error", "Storage is not available")  \
    X(LABELLING_FAILED, "labelling_failed", 500, false, "error", "The output could not be labelled") \
    X(NOT_READY, "not_ready", 503, true, "warn", "Not ready")                                      \
    X(INTERNAL, "internal", 500, true, "error", "Internal error")

#define FUS_ERROR_ORDINAL(suffix, name, status, retryable, level, title) FUS_ERROR_ORDINAL_##suffix,
enum fus_error_ordinal { FUS_ERROR_TABLE(FUS_ERROR_ORDINAL) FUS_ERROR_COUNT };
#undef FUS_ERROR_ORDINAL

#define FUS_ERROR_CODE(suffix, name, status, retryable, level, title)                              \
    FUS_E_##suffix = -1 - (int)FUS_ERROR_ORDINAL_##suffix,
enum fus_error_code { FUS_ERROR_TABLE(FUS_ERROR_CODE) };
#undef FUS_ERROR_CODE

struct fus_error {
    int code;         /* FUS_E_..., 0 when unset */
    char detail[480]; /* one sentence for the person who asked; never a path of the server or a secret */
    char pointer[96]; /* JSON Pointer to the offending member of the request, or "" */
};

struct fus_error_info {
    const char *name;  /* stable snake_case code */
    int http_status;
    bool retryable;
    const char *log_level;
    const char *title;
};

/* Facts of a code; unknown codes give those of FUS_E_INTERNAL. Never NULL. */
const struct fus_error_info *fus_error_info(int code);

/* Code of a stable name, or FUS_E_INTERNAL. */
int fus_error_from_name(const char *name);

/* Fills *err (may be NULL) and returns code, so that `return fus_error_set(err, FUS_E_X, ...)` reads
 * well. The detail is cut at the array's size. */
int fus_error_set(struct fus_error *err, int code, const char *format, ...) FUS_PRINTF(3, 4);

/* Like fus_error_set, with a JSON Pointer. */
int fus_error_set_at(struct fus_error *err, int code, const char *pointer, const char *format, ...)
    FUS_PRINTF(4, 5);

/* FUS_E_OUT_OF_MEMORY or FUS_E_INTERNAL with strerror(errno_value) behind `what`. */
int fus_error_errno(struct fus_error *err, int errno_value, const char *what);

/* Several errors at once (a request's validation). At most FUS_ERROR_LIST_MAX are kept; `count` goes
 * on counting. Zero-initialise; nothing to free. */
#define FUS_ERROR_LIST_MAX 32
struct fus_error_list {
    struct fus_error items[FUS_ERROR_LIST_MAX];
    size_t count;
};
void fus_error_list_add(struct fus_error_list *list, int code, const char *pointer,
                        const char *format, ...) FUS_PRINTF(4, 5);
/* Number of items that are kept. */
size_t fus_error_list_kept(const struct fus_error_list *list);

#endif
