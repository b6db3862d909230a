/* What the supervisor tells the outside: metrics and one log line for each start, end and retry. */
#ifndef FUS_WORKER_TELEMETRY_H
#define FUS_WORKER_TELEMETRY_H

#include "base/log.h"
#include "jobs/job.h"
#include "metrics/metrics.h"
#include "pipeline/pipeline.h"

struct fus_telemetry {
    struct fus_log *log;
    struct fus_metric *jobs_total, *job_duration, *job_queue_seconds, *job_stage, *retries,
        *restarts;
    struct fus_metric *queue_depth, *running, *ready, *free_bytes;
};
/* Both may be NULL. A family that cannot be made is left out. */
void fus_telemetry_init(struct fus_telemetry *telemetry, struct fus_metrics *metrics,
                        struct fus_log *log);

void fus_telemetry_job_started(const struct fus_telemetry *telemetry, const struct fus_job *job);
/* error may be NULL. */
void fus_telemetry_job_ended(const struct fus_telemetry *telemetry, const struct fus_job *job,
                             enum fus_job_state state, const struct fus_error *error,
                             double seconds);
void fus_telemetry_job_requeued(const struct fus_telemetry *telemetry, const struct fus_job *job,
                                const struct fus_error *error, int64_t delay_ms);
void fus_telemetry_stages(const struct fus_telemetry *telemetry,
                          const struct fus_pipeline_timings *timings, double fetch_ms,
                          double store_ms);
void fus_telemetry_worker_ended(const struct fus_telemetry *telemetry, const char *worker,
                                const char *how);

#endif
