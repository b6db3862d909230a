/* One attempt at a job: stage, drive, publish, close. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/mem.h"
#include "base/str.h"
#include "worker/staging.h"
#include "worker/supervisor_internal.h"

enum { RETRY_CAP_MS = 60000, SOON_MS = 200, STORE_PAUSE_MS = 500, OBJECT_SIZE = FUS_ID_SIZE + 8 };

/* What an attempt carries from stage to stage. */
struct attempt {
    struct fus_worker *worker;
    const struct fus_job *job;
    struct fus_outcome outcome;
    json_t *warnings;
    char object[OBJECT_SIZE];
    int64_t begun_us; /* monotonic */
    double fetch_ms, store_ms;
};

bool fus_error_worth_retry(int code)
{
    /* Inputs are local files so far: one that is missing stays so. */
    return fus_error_info(code)->retryable && code != FUS_E_SOURCE_FETCH_FAILED;
}

int64_t fus_retry_delay_ms(int code, int attempt, int64_t base_ms)
{
    int64_t ceiling = FUS_MIN(base_ms, RETRY_CAP_MS);
    for (int i = 1; i < attempt && ceiling < RETRY_CAP_MS; i++)
        ceiling = FUS_MIN(ceiling * 2, RETRY_CAP_MS);
    if (code == FUS_E_WORKER_CRASHED && attempt <= 1)
        ceiling = FUS_MIN(ceiling, SOON_MS);
    uint32_t random;
    fus_random(&random, sizeof(random));
    return (int64_t)((uint64_t)random % (uint64_t)(ceiling + 1));
}

static void stage_and_drive(struct attempt *attempt)
{
    struct fus_worker *worker = attempt->worker;
    struct fus_supervisor *supervisor = worker->supervisor;
    FUS_AUTO_TASK struct fus_task task = {.source_count = 0};
    fus_lease_interruptible(worker->lease, true);
    int rc = fus_stage_job(supervisor->storage, supervisor->config, attempt->job, &task,
                           &attempt->outcome.error);
    fus_lease_interruptible(worker->lease, false);
    attempt->fetch_ms = fus_clock_ms_since(attempt->begun_us);
    struct fus_lease_news news = fus_lease_news(worker->lease);
    if (news.lost || news.cancelled)
        attempt->outcome.kind = FUS_OUTCOME_LOST;
    else if (news.cancel_requested_us)
        attempt->outcome.kind = FUS_OUTCOME_CANCELLED;
    else if (rc)
        attempt->outcome.kind = FUS_OUTCOME_FAILED;
    else if (task.second)
        fus_drive_second(worker, attempt->job, &task, attempt->warnings, &attempt->outcome);
    else
        fus_drive(worker, attempt->job, &task, attempt->warnings, &attempt->outcome);
}

/* "<job id>.<ext>", the extension being the container's name as the pipeline says it. */
static bool name_object(struct attempt *attempt, const json_t *result)
{
    const char *ext = json_string_value(json_object_get(result, "container"));
    if (!ext || strlen(ext) > 5 || ext[0] == '\0' ||
        ext[strspn(ext, "abcdefghijklmnopqrstuvwxyz0123456789")] != '\0')
        return false;
    snprintf(attempt->object, sizeof(attempt->object), "%s.%s", attempt->job->id, ext);
    return true;
}

static int publish(struct attempt *attempt, const json_t *result, struct fus_error *err)
{
    struct fus_supervisor *supervisor = attempt->worker->supervisor;
    int64_t since_us = fus_clock_monotonic_us();
    /* Last look at the token before output/ is touched: a job that was taken away is not
     * overwritten. */
    const struct fus_job_progress progress = {.step = fus_step_name(FUS_STEP_STORING_RESULT),
                                              .progress = 99,
                                              .frames_done = attempt->outcome.result.frames,
                                              .frames_total = attempt->outcome.result.frames,
                                              .fps = attempt->outcome.result.fps};
    bool cancel = false;
    int rc = fus_store_renew(supervisor->store, attempt->job->id, attempt->job->fencing_token,
                             supervisor->config->lease_seconds * 1000000, fus_clock_real_us(),
                             &progress, &cancel, err);
    if (rc)
        return rc;
    if (cancel)
        return fus_error_set(err, FUS_E_CANCELLED, "The job was cancelled.");
    if (!name_object(attempt, result))
        return fus_error_set(err, FUS_E_INTERNAL, "The result is of an unknown kind.");
    FUS_AUTO_FREE char *folder = NULL;
    rc = fus_storage_job_dir(supervisor->storage, attempt->job->id, &folder, err);
    if (rc)
        return rc;
    FUS_AUTO_STR struct fus_str path = {0};
    fus_str_printf(&path, "%s/result", folder);
    if (path.failed)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to publish the result.");
    rc = fus_storage_put_result(supervisor->storage, path.text, attempt->object, err);
    attempt->store_ms = fus_clock_ms_since(since_us);
    return rc;
}

/* The pipeline's result with the object's name and the times that only the server knows. */
static char *result_text(const struct attempt *attempt, json_t *result)
{
    json_t *timings = json_object_get(result, "timings");
    double queue_ms = (double)(attempt->job->started_us - attempt->job->created_us) / 1000.0;
    if (json_object_set_new(result, "object", json_string(attempt->object)) ||
        json_object_set_new(timings, "queue_ms", json_real(queue_ms)) ||
        json_object_set_new(timings, "fetch_ms", json_real(attempt->fetch_ms)) ||
        json_object_set_new(timings, "store_ms", json_real(attempt->store_ms)))
        return NULL;
    return json_dumps(result, JSON_COMPACT | JSON_REAL_PRECISION(9));
}

static void publish_result(struct attempt *attempt, char **text)
{
    struct fus_outcome *outcome = &attempt->outcome;
    json_t *result = fus_pipeline_result_to_json(&outcome->result);
    if (result && !json_object_get(result, "timings")) {
        int ignored = json_object_set_new(result, "timings", json_object());
        (void)ignored;
    }
    struct fus_error err = {.code = 0};
    int rc = result ? publish(attempt, result, &err) : FUS_E_OUT_OF_MEMORY;
    if (rc == 0 && (*text = result_text(attempt, result)) == NULL)
        rc = fus_error_set(&err, FUS_E_OUT_OF_MEMORY, "Not enough memory to store the result.");
    json_decref(result);
    if (rc == 0)
        return;
    outcome->kind = rc == FUS_E_CONFLICT    ? FUS_OUTCOME_LOST
                    : rc == FUS_E_CANCELLED ? FUS_OUTCOME_CANCELLED
                                            : FUS_OUTCOME_FAILED;
    outcome->error = err;
    if (err.code == 0)
        fus_error_set(&outcome->error, rc, "Not enough memory to store the result.");
}

static int finish(struct attempt *attempt, enum fus_job_state state, const char *result,
                  const char *error, struct fus_error *err)
{
    const struct fus_supervisor *supervisor = attempt->worker->supervisor;
    int64_t now_us = fus_clock_real_us();
    int64_t keep_seconds = supervisor->config->result_seconds;
    int64_t expires_us =
        state == FUS_JOB_COMPLETED && keep_seconds > 0 ? now_us + keep_seconds * 1000000 : 0;
    char *warnings =
        json_array_size(attempt->warnings) ? json_dumps(attempt->warnings, JSON_COMPACT) : NULL;
    int rc = fus_store_finish(supervisor->store, attempt->job->id, attempt->job->fencing_token,
                              state, result, error, warnings, expires_us, now_us, err);
    free(warnings);
    return rc;
}

/* What the gate saw stays with the job. */
static int finish_rejected(struct attempt *attempt, const char *error, struct fus_error *err)
{
    json_t *result = json_pack("{s:o}", "moderation",
                               fus_moderation_to_json(&attempt->outcome.result.moderation));
    char *text = result ? json_dumps(result, JSON_COMPACT) : NULL;
    int rc = finish(attempt, FUS_JOB_REJECTED, text, error, err);

    free(text);
    json_decref(result);
    return rc;
}

/* Writes the end into the store; *terminal tells whether the job is over, *delay_ms when it is
 * tried again. */
static int close_once(struct attempt *attempt, const char *result, const char *error,
                      bool *terminal, int64_t *delay_ms, struct fus_error *err)
{
    const struct fus_supervisor *supervisor = attempt->worker->supervisor;
    const struct fus_job *job = attempt->job;
    int code = attempt->outcome.error.code;
    int64_t now_us = fus_clock_real_us();
    bool requeued = false;
    int rc = 0;
    *terminal = true;
    switch (attempt->outcome.kind) {
    case FUS_OUTCOME_COMPLETED:
        return finish(attempt, FUS_JOB_COMPLETED, result, NULL, err);
    case FUS_OUTCOME_CANCELLED:
        return finish(attempt, FUS_JOB_CANCELLED, NULL, NULL, err);
    case FUS_OUTCOME_FAILED:
        if (code == FUS_E_CONTENT_REJECTED)
            return finish_rejected(attempt, error, err);
        if (!fus_error_worth_retry(code))
            return finish(attempt, FUS_JOB_FAILED, NULL, error, err);
        *delay_ms = fus_retry_delay_ms(code, job->attempt, supervisor->retry_base_ms);
        rc = fus_store_retry(supervisor->store, job->id, job->fencing_token, error,
                             now_us + *delay_ms * 1000, now_us, &requeued, err);
        *terminal = !requeued;
        return rc;
    case FUS_OUTCOME_RELEASED:
        *terminal = false;
        return fus_store_release(supervisor->store, job->id, job->fencing_token, now_us, err);
    case FUS_OUTCOME_LOST:
        break;
    }
    return FUS_E_CONFLICT;
}

/* A store that is out for a moment (disk full, locked) is waited for: the work is done, its end
 * must not be lost. The keeper goes on renewing. When the server stops, the lease runs out instead.
 */
static int close_in_store(struct attempt *attempt, const char *result, const char *error,
                          bool *terminal, int64_t *delay_ms)
{
    struct fus_supervisor *supervisor = attempt->worker->supervisor;
    struct fus_error err = {.code = 0};
    int rc;
    bool said = false;
    while ((rc = close_once(attempt, result, error, terminal, delay_ms, &err)) != 0 &&
           (rc == FUS_E_STORAGE_UNAVAILABLE || rc == FUS_E_OUT_OF_MEMORY) &&
           !atomic_load(&supervisor->stopping)) {
        if (!said)
            fus_log_error(supervisor->telemetry.log, "a job's end cannot be stored yet", &err);
        said = true;
        fus_worker_wait(attempt->worker, STORE_PAUSE_MS);
    }
    return rc;
}

/* The state that the store holds now, as far as it can be told. */
static bool now_terminal(struct attempt *attempt, enum fus_job_state *state)
{
    FUS_AUTO_JOB struct fus_job job = {.state = FUS_JOB_QUEUED};
    if (fus_store_get(attempt->worker->supervisor->store, NULL, attempt->job->id, &job, NULL))
        return false;
    *state = job.state;
    return fus_job_state_terminal(job.state);
}

static void settle(struct attempt *attempt, int rc, bool terminal, int64_t delay_ms)
{
    struct fus_supervisor *supervisor = attempt->worker->supervisor;
    const struct fus_error *error =
        attempt->outcome.kind == FUS_OUTCOME_FAILED ? &attempt->outcome.error : NULL;
    enum fus_job_state state = FUS_JOB_QUEUED;
    if (rc == 0 && !terminal) {
        fus_telemetry_job_requeued(&supervisor->telemetry, attempt->job, error, delay_ms);
        return; /* uploads stay for the next attempt */
    }
    if (!now_terminal(attempt, &state))
        return; /* taken over: whoever has it now cleans up */
    if (attempt->object[0] && state != FUS_JOB_COMPLETED)
        fus_storage_delete_result(supervisor->storage, attempt->object, NULL);
    if (rc == 0 || fus_lease_news(attempt->worker->lease).cancelled)
        fus_telemetry_job_ended(&supervisor->telemetry, attempt->job, state, error,
                                fus_clock_ms_since(attempt->begun_us) / 1000.0);
    if (rc == 0 && state == FUS_JOB_COMPLETED)
        fus_telemetry_stages(&supervisor->telemetry, &attempt->outcome.result.timings,
                             attempt->fetch_ms, attempt->store_ms);
    if (supervisor->config->input_seconds == 0)
        fus_storage_job_dir_remove(supervisor->storage, attempt->job->id);
}

void fus_run_job(struct fus_worker *worker, const struct fus_job *job)
{
    struct attempt attempt = {.worker = worker, .job = job, .begun_us = fus_clock_monotonic_us()};
    fus_telemetry_job_started(&worker->supervisor->telemetry, job);
    fus_lease_begin(worker->lease, job->id, job->fencing_token, worker->wake_fd);
    attempt.warnings = json_loads(job->warnings ? job->warnings : "[]", 0, NULL);
    if (!json_is_array(attempt.warnings)) {
        json_decref(attempt.warnings);
        attempt.warnings = json_array();
    }
    stage_and_drive(&attempt);
    char *result = NULL, *error = NULL;
    if (attempt.outcome.kind == FUS_OUTCOME_COMPLETED)
        publish_result(&attempt, &result);
    if (attempt.outcome.kind == FUS_OUTCOME_FAILED) {
        json_t *object = fus_error_to_json(&attempt.outcome.error);
        error = json_dumps(object, JSON_COMPACT);
        json_decref(object);
    }
    bool terminal = true;
    int64_t delay_ms = 0;
    int rc = close_in_store(&attempt, result, error, &terminal, &delay_ms);
    settle(&attempt, rc, terminal, delay_ms);
    fus_lease_end(worker->lease);
    json_decref(attempt.warnings);
    free(result);
    free(error);
}
