/* What the files of this room share. */
#ifndef FUS_API_INTERNAL_H
#define FUS_API_INTERNAL_H

#include <stdatomic.h>

#include "api/http.h"
#include "api/server.h"

struct fus_http_server;
struct fus_waiters;
struct fus_idempotency;

struct fus_api {
    struct fus_api_options options; /* constant after fus_api_start */
    struct fus_http_server *server;
    struct fus_http_server *metrics_server; /* NULL if turned off */
    struct fus_waiters *waiters;
    struct fus_idempotency *idempotency;
    struct fus_metric *requests, *durations;
    bool keyless; /* no key is configured: loopback only */
    atomic_bool draining;
};

/* Handlers, one file a resource. */
typedef void fus_handler(struct fus_api *api, struct fus_http_request *request,
                         struct fus_http_response *response);
fus_handler fus_jobs_post, fus_jobs_list;                                /* jobs.c */
fus_handler fus_job_get, fus_job_status, fus_job_result, fus_job_delete; /* job.c */
fus_handler fus_job_cancel;                                              /* job.c */
fus_handler fus_process_swap, fus_process_enhance;                       /* process.c */
fus_handler fus_files_get;                                               /* files.c */
fus_handler fus_processors_list, fus_models_list, fus_limits_get;        /* catalogue.c */
fus_handler fus_health_live, fus_health_ready, fus_health_version;       /* health.c */
fus_handler fus_metrics_get;                                             /* health.c */

/* May a job be taken now? FUS_E_NOT_READY while draining, FUS_E_STORAGE_UNAVAILABLE below the floor
 * of free space. */
int fus_jobs_admit(struct fus_api *api, struct fus_error *err);

/* Sends [0, size) of fd, or the range that the request names, as this object; takes fd. sha256 may
 * be NULL. */
void fus_files_send(const struct fus_http_request *request, struct fus_http_response *response,
                    int fd, uint64_t size, const char *object, const char *sha256);

/* The job that a submission makes. `preset`: name of the processor that a short cut stands for, or
 * NULL. Then the answer is written. */
void fus_jobs_submit(struct fus_api *api, struct fus_http_request *request,
                     struct fus_http_response *response, const char *preset);

/* Scheme and authority in front of absolute links: server.public_url, or the request's own Host. */
void fus_api_base_url(const struct fus_api *api, const struct fus_http_request *request,
                      struct fus_str *out);

#endif
