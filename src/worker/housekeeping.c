/* What is done beside the jobs: leases that lapsed, results that expired, folders and rows that
 * nobody needs any more. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/str.h"
#include "worker/supervisor_internal.h"

enum { TICK_MS = 1000, RECLAIM_TICKS = 5, SWEEP_TICKS = 60, EXPIRED_BATCH = 64 };

static const char lapsed_error[] = "{\"code\":\"worker_crashed\",\"detail\":\"The worker stopped "
                                   "reporting and all attempts are used"
                                   " up.\",\"pointer\":\"\"}";

/* Only a stored, ended job tells that its folder is free; when the store cannot be asked, it stays.
 */
static void sweep_folder(void *user, const char *job_id)
{
    struct fus_supervisor *supervisor = user;
    FUS_AUTO_JOB struct fus_job job = {.state = FUS_JOB_QUEUED};
    struct fus_error err;
    int rc = fus_store_get(supervisor->store, NULL, job_id, &job, &err);
    int64_t keep_us = supervisor->config->input_seconds * 1000000;
    bool over = rc == 0 && fus_job_state_terminal(job.state) &&
                job.finished_us + keep_us <= fus_clock_real_us();
    if (over || rc == FUS_E_NOT_FOUND)
        fus_storage_job_dir_remove(supervisor->storage, job_id);
}

/* A crash between publishing and closing leaves an object whose job is not completed: the next
 * attempt makes its own. */
static void sweep_result(void *user, const char *object)
{
    struct fus_supervisor *supervisor = user;
    char job_id[FUS_ID_SIZE];
    size_t length = strcspn(object, ".");
    if (length >= sizeof(job_id))
        return;
    memcpy(job_id, object, length);
    job_id[length] = '\0';
    FUS_AUTO_JOB struct fus_job job = {.state = FUS_JOB_QUEUED};
    struct fus_error err;
    int rc = fus_store_get(supervisor->store, NULL, job_id, &job, &err);
    bool wanted = rc == 0 && job.state == FUS_JOB_COMPLETED && !job.purged;
    if ((rc == 0 || rc == FUS_E_NOT_FOUND) && !wanted)
        fus_storage_delete_result(supervisor->storage, object, NULL);
}

static int reclaim(struct fus_supervisor *supervisor, const char *prefix, struct fus_error *err)
{
    int64_t count = 0;
    int rc = fus_store_reclaim(supervisor->store, prefix, lapsed_error, fus_clock_real_us(), &count,
                               err);
    if (rc == 0 && count > 0)
        fus_log(supervisor->telemetry.log, FUS_LOG_WARN, "jobs without a worker were taken back",
                FUS_F_INT("jobs", count));
    if (rc == 0 && count > 0 && supervisor->keeper)
        fus_supervisor_wake(supervisor);
    return rc;
}

int fus_housekeeping_begin(struct fus_supervisor *supervisor, struct fus_error *err)
{
    int rc = reclaim(supervisor, FUS_WORKER_PREFIX, err);
    if (rc)
        return rc;
    fus_storage_uploads_clear(
        supervisor->storage); /* the data directory is ours, nobody uploads yet */
    fus_storage_job_dirs(supervisor->storage, sweep_folder, supervisor);
    fus_storage_results(supervisor->storage, sweep_result, supervisor);
    return 0;
}

/* The object first: a crash in between leaves a row that names nothing and is purged again. */
static int remove_expired(struct fus_supervisor *supervisor, const char *id, int64_t now_us,
                          struct fus_error *err)
{
    FUS_AUTO_JOB struct fus_job job = {.state = FUS_JOB_QUEUED};
    int rc = fus_store_get(supervisor->store, NULL, id, &job, err);
    if (rc)
        return rc == FUS_E_NOT_FOUND ? 0 : rc;
    json_t *result = json_loads(job.result ? job.result : "{}", 0, NULL);
    const char *object = json_string_value(json_object_get(result, "object"));
    if (object)
        rc = fus_storage_delete_result(supervisor->storage, object, err);
    json_decref(result);
    if (rc == 0)
        rc = fus_store_purge(supervisor->store, NULL, id, now_us, err);
    return rc;
}

static int retain(struct fus_supervisor *supervisor, struct fus_error *err)
{
    int64_t now_us = fus_clock_real_us();
    size_t count = 0, removed = 0;
    do {
        char ids[EXPIRED_BATCH][FUS_ID_SIZE];
        int rc = fus_store_expired(supervisor->store, now_us, EXPIRED_BATCH, ids, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++)
            rc = remove_expired(supervisor, ids[i], now_us, err);
        if (rc)
            return rc;
        removed += count;
    } while (count == EXPIRED_BATCH && !atomic_load(&supervisor->stopping));
    if (removed > 0)
        fus_log(supervisor->telemetry.log, FUS_LOG_INFO, "expired results were removed",
                FUS_F_INT("results", (int64_t)removed));
    return 0;
}

static int delete_old_rows(struct fus_supervisor *supervisor, struct fus_error *err)
{
    int64_t count = 0, keep_seconds = supervisor->config->row_seconds;
    if (keep_seconds <= 0)
        return 0;
    return fus_store_delete_rows(supervisor->store, fus_clock_real_us() - keep_seconds * 1000000,
                                 &count, err);
}

static void measure(struct fus_supervisor *supervisor)
{
    const struct fus_telemetry *t = &supervisor->telemetry;
    int64_t counts[FUS_JOB_STATES];
    if (fus_store_counts(supervisor->store, counts, NULL) == 0) {
        fus_metric_set(t->queue_depth, (double)counts[FUS_JOB_QUEUED], NULL);
        fus_metric_set(t->running, (double)counts[FUS_JOB_PROCESSING], NULL);
    }
    fus_metric_set(t->ready, fus_supervisor_workers_ready(supervisor), NULL);
    fus_metric_set(t->free_bytes, (double)fus_fs_free_bytes(supervisor->config->data_dir), NULL);
}

static int tick(struct fus_supervisor *supervisor, unsigned number, struct fus_error *err)
{
    measure(supervisor);
    int rc = 0;
    if (number % RECLAIM_TICKS == 0) {
        rc = reclaim(supervisor, NULL, err);
        if (rc == 0)
            rc = retain(supervisor, err);
    }
    if (rc == 0 && number % SWEEP_TICKS == SWEEP_TICKS - 1) {
        fus_storage_job_dirs(supervisor->storage, sweep_folder, supervisor);
        rc = delete_old_rows(supervisor, err);
    }
    return rc;
}

/* true: the server stops. */
static bool wait_tick(struct fus_supervisor *supervisor)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += TICK_MS / 1000;
    pthread_mutex_lock(&supervisor->lock);
    int waited = 0;
    while (!atomic_load(&supervisor->stopping) && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&supervisor->stop_asked, &supervisor->lock, &until);
    bool stop = atomic_load(&supervisor->stopping);
    pthread_mutex_unlock(&supervisor->lock);
    return stop;
}

void *fus_housekeeping_run(void *arg)
{
    struct fus_supervisor *supervisor = arg;
    int last = 0;
    unsigned number = 0;
    do {
        struct fus_error err = {.code = 0};
        int rc = tick(supervisor, number++, &err);
        if (rc && rc != last) /* once a failure, not once a second */
            fus_log_error(supervisor->telemetry.log, "housekeeping failed", &err);
        last = rc;
    } while (!wait_tick(supervisor));
    return NULL;
}
