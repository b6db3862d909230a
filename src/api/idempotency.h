/* Idempotency-Key: the same submission sent twice makes one job.
 *
 * The job's id is derived from the key (by a secret MAC, so that it is as hard to guess as any
 * other), and the store's rows are the record: what is found under that id is the first request's
 * job, and a digest of its request stands in it. So a key is remembered as durably as its job, for
 * at least a day. */
#ifndef FUS_API_IDEMPOTENCY_H
#define FUS_API_IDEMPOTENCY_H

#include "api/internal.h"

#define FUS_IN_FLIGHT_MAX 256

struct fus_idempotency; /* keys of requests that are not answered yet */
struct fus_idempotency *fus_idempotency_new(void) FUS_MUST_CHECK;
void fus_idempotency_free(struct fus_idempotency *idempotency);

/* Chooses the id of the job that this request makes: by its key if it has one (then request->keyed
 * is set and fus_idempotency_release must follow), else a new one. FUS_E_CONFLICT: a request with
 * the same key is still unanswered; FUS_E_INVALID_REQUEST: the key is not 1 to 255 visible
 * characters. */
int fus_idempotency_take(struct fus_api *api, struct fus_http_request *request,
                         struct fus_error *err) FUS_MUST_CHECK;
void fus_idempotency_release(struct fus_api *api, struct fus_http_request *request);

/* Digest of all that a submission says: its address, its JSON and its files. */
int fus_idempotency_digest(const struct fus_http_request *request, const json_t *body,
                           char hex[FUS_SHA256_HEX_SIZE], struct fus_error *err) FUS_MUST_CHECK;
/* The job that this key made before. *found false: none. FUS_E_IDEMPOTENCY_CONFLICT: another
 * request made it. */
int fus_idempotency_find(struct fus_api *api, const struct fus_http_request *request,
                         const char *digest, struct fus_job *job, bool *found,
                         struct fus_error *err) FUS_MUST_CHECK;

#endif
