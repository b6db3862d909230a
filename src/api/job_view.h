/* A job as clients see it. */
#ifndef FUS_API_JOB_VIEW_H
#define FUS_API_JOB_VIEW_H

#include "api/internal.h"

/* The whole job; `fixed` : the nine fixed keys alone. NULL out of memory. A queued job's place in
 * the queue is asked of the store. */
json_t *fus_job_view(struct fus_api *api, const struct fus_http_request *request,
                     const struct fus_job *job, bool fixed) FUS_MUST_CHECK;
/* The object of a completed job's result, "" if there is none; borrowed from *result, a new
 * reference (NULL allowed). */
const char *fus_job_object(const struct fus_job *job, json_t **result);
/* Is there a result to fetch? Not any more once it has expired, even if it still lies there. */
bool fus_job_has_result(const struct fus_job *job, const char *object);
/* When a link made now runs out, unix seconds. */
int64_t fus_job_link_expires(const struct fus_api *api, const struct fus_job *job);

#endif
