#include "worker/telemetry.h"

/* Jobs last from a tenth of a second to hours. */
static const double job_buckets[] = {0.1, 0.25, 0.5, 1,   2.5,  5,    10,   30,
                                     60,  120,  300, 600, 1800, 3600, 7200, 21600};

static struct fus_metric *counter(struct fus_metrics *metrics, const char *name, const char *help,
                                  const char *label)
{
    const char *const labels[] = {label, NULL};
    return fus_metrics_family(metrics, FUS_METRIC_COUNTER, name, help, label ? labels : NULL, NULL,
                              0);
}

static struct fus_metric *gauge(struct fus_metrics *metrics, const char *name, const char *help)
{
    return fus_metrics_family(metrics, FUS_METRIC_GAUGE, name, help, NULL, NULL, 0);
}

void fus_telemetry_init(struct fus_telemetry *t, struct fus_metrics *metrics, struct fus_log *log)
{
    static const char *const stage[] = {"stage", NULL};
    *t = (struct fus_telemetry){.log = log};
    if (!metrics)
        return;
    t->jobs_total = counter(metrics, "jobs_total", "Jobs that ended, by their state.", "state");
    t->retries =
        counter(metrics, "job_retries_total", "Attempts that failed and are tried again.", "code");
    t->restarts = counter(metrics, "worker_restarts_total",
                          "Worker processes that had to be replaced.", NULL);
    t->job_duration = fus_metrics_family(metrics, FUS_METRIC_HISTOGRAM, "job_duration_seconds",
                                         "Time of an attempt from claim to end.", NULL, job_buckets,
                                         FUS_COUNT(job_buckets));
    t->job_queue_seconds = fus_metrics_family(metrics, FUS_METRIC_HISTOGRAM, "job_queue_seconds",
                                              "Time from submission to claim.", NULL, job_buckets,
                                              FUS_COUNT(job_buckets));
    t->job_stage = fus_metrics_family(metrics, FUS_METRIC_HISTOGRAM, "job_stage_seconds",
                                      "Time of a completed job's stages.", stage, fus_buckets_stage,
                                      fus_buckets_stage_count);
    t->queue_depth = gauge(metrics, "job_queue_depth", "Jobs that wait.");
    t->running = gauge(metrics, "job_running", "Jobs that are being processed.");
    t->ready = gauge(metrics, "workers_ready", "Worker processes that are up and warm.");
    t->free_bytes = gauge(metrics, "storage_free_bytes", "Free space where the data lies.");
}

void fus_telemetry_job_started(const struct fus_telemetry *t, const struct fus_job *job)
{
    fus_metric_observe(t->job_queue_seconds, (double)(job->started_us - job->created_us) / 1e6,
                       NULL);
    fus_log(t->log, FUS_LOG_INFO, "job started", FUS_F("job_id", job->id),
            FUS_F("request_id", job->request_id), FUS_F("worker", job->worker),
            FUS_F_INT("attempt", job->attempt),
            FUS_F_INT("queue_ms", (job->started_us - job->created_us) / 1000));
}

void fus_telemetry_job_ended(const struct fus_telemetry *t, const struct fus_job *job,
                             enum fus_job_state state, const struct fus_error *error,
                             double seconds)
{
    const char *const labels[] = {fus_job_state_name(state)};
    fus_metric_add(t->jobs_total, 1, labels);
    fus_metric_observe(t->job_duration, seconds, NULL);
    if (error && state != FUS_JOB_CANCELLED) {
        enum fus_log_level level = FUS_LOG_INFO;
        (void)fus_log_level_parse(fus_error_info(error->code)->log_level, &level);
        fus_log(t->log, level, "job ended", FUS_F("job_id", job->id),
                FUS_F("request_id", job->request_id), FUS_F("status", labels[0]),
                FUS_F_INT("attempt", job->attempt), FUS_F_REAL("seconds", seconds),
                FUS_F("code", fus_error_info(error->code)->name), FUS_F("detail", error->detail));
        return;
    }
    fus_log(t->log, FUS_LOG_INFO, "job ended", FUS_F("job_id", job->id),
            FUS_F("request_id", job->request_id), FUS_F("status", labels[0]),
            FUS_F_INT("attempt", job->attempt), FUS_F_REAL("seconds", seconds));
}

void fus_telemetry_job_requeued(const struct fus_telemetry *t, const struct fus_job *job,
                                const struct fus_error *error, int64_t delay_ms)
{
    const char *const labels[] = {error ? fus_error_info(error->code)->name : "stopped"};
    fus_metric_add(t->retries, 1, labels);
    fus_log(t->log, FUS_LOG_WARN, "job goes back to the queue", FUS_F("job_id", job->id),
            FUS_F("request_id", job->request_id), FUS_F_INT("attempt", job->attempt),
            FUS_F_INT("max_attempts", job->max_attempts), FUS_F("code", labels[0]),
            FUS_F("detail", error ? error->detail : NULL), FUS_F_INT("delay_ms", delay_ms));
}

void fus_telemetry_stages(const struct fus_telemetry *t, const struct fus_pipeline_timings *timings,
                          double fetch_ms, double store_ms)
{
    const struct {
        const char *name;
        double ms;
    } stages[] = {
        {"fetch", fetch_ms},
        {"probe", timings->probe_ms},
        {"decode", timings->decode_ms},
        {"analyse", timings->analyse_ms},
        {"swap", timings->swap_ms},
        {"encode", timings->encode_ms},
        {"label", timings->label_ms},
        {"store", store_ms},
    };
    for (size_t i = 0; i < FUS_COUNT(stages); i++) {
        const char *const labels[] = {stages[i].name};
        fus_metric_observe(t->job_stage, stages[i].ms / 1000.0, labels);
    }
}

void fus_telemetry_worker_ended(const struct fus_telemetry *t, const char *worker, const char *how)
{
    fus_metric_add(t->restarts, 1, NULL);
    fus_log(t->log, FUS_LOG_ERROR, "worker process ended", FUS_F("worker", worker),
            FUS_F("how", how));
}
