/* The body of a submission, checked whole: every fault is told at once. */
#ifndef FUS_API_JOB_REQUEST_H
#define FUS_API_JOB_REQUEST_H

#include "api/form.h"
#include "api/internal.h"

/* Members of a multipart form that are no file become members of the JSON: `request` is the JSON
 * itself, texts named like a member stand for it. New reference in *body. FUS_E_INVALID_REQUEST: it
 * is no JSON object. */
int fus_job_request_from_form(const struct fus_form *form, json_t **body,
                              struct fus_error *err) FUS_MUST_CHECK;

/* Fills priority, max_attempts, timeout_seconds, request, metadata and warnings of a new job.
 * Sources and target are opened once to see that they may be and can be. form may be NULL; preset
 * is the name of the processor of a short cut, or NULL. Returns 0, or the code of the first fault:
 * then `errors` has all of them. digest (may be NULL) is kept with the request for
 * api/idempotency.h. */
int fus_job_request_check(struct fus_api *api, const json_t *body, const struct fus_form *form,
                          const char *preset, const char *digest, struct fus_job *job,
                          struct fus_error_list *errors) FUS_MUST_CHECK;

#endif
