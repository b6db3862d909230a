/* A job of the engine facefusion, seen from the server. */
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "facefusion/facefusion.h"
#include "processors/processor.h"
#include "worker/supervisor_internal.h"

enum { STOP_GRACE_MS = 600 };

enum reason { NONE, CANCEL, TIMEOUT, SERVER_STOPS, LOST };

struct second {
    struct fus_worker *worker;
    int64_t deadline_us;
    enum reason reason;
};

static void on_progress(void *user, const struct fus_pipeline_progress *progress)
{
    const struct second *second = user;
    const struct fus_job_progress told = {.step = fus_step_name(progress->step),
                                          .progress = progress->percent,
                                          .frames_done = progress->frames_done,
                                          .frames_total = progress->frames_total,
                                          .fps = progress->fps};
    fus_lease_progress(second->worker->lease, &told);
}

static bool on_cancelled(void *user)
{
    struct second *second = user;
    struct fus_supervisor *supervisor = second->worker->supervisor;
    struct fus_lease_news news = fus_lease_news(second->worker->lease);
    int64_t now_us = fus_clock_monotonic_us();
    if (news.lost || news.cancelled)
        second->reason = LOST;
    else if (news.cancel_requested_us)
        second->reason = CANCEL;
    else if (now_us >= second->deadline_us)
        second->reason = TIMEOUT;
    else if (atomic_load(&supervisor->stopping) && now_us >= atomic_load(&supervisor->stop_at_us))
        second->reason = SERVER_STOPS;
    return second->reason != NONE;
}

static void stopped(const struct second *second, struct fus_outcome *outcome)
{
    switch (second->reason) {
    case CANCEL:
        outcome->kind = FUS_OUTCOME_CANCELLED;
        break;
    case TIMEOUT:
        outcome->kind = FUS_OUTCOME_FAILED;
        fus_error_set(&outcome->error, FUS_E_TIMED_OUT,
                      "The job took longer than its timeout allows.");
        break;
    case SERVER_STOPS:
        outcome->kind = FUS_OUTCOME_RELEASED;
        break;
    case LOST:
    case NONE:
        outcome->kind = FUS_OUTCOME_LOST;
        break;
    }
}

static int take_params(const struct fus_task *task, struct fus_params *params,
                       struct fus_error *err)
{
    FUS_AUTO_FREE struct fus_error_list *errors = fus_calloc(1, sizeof(*errors));
    if (!params || !errors)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the parameters.");
    fus_params_take_later(params);
    int rc = fus_params_take_json(params, task->parameters, "/parameters", errors);
    if (rc && errors->count > 0)
        *err = errors->items[0];
    else if (rc)
        fus_error_set(err, rc, "The parameters cannot be read.");
    return rc;
}

static void run(struct second *second, struct fus_task *task, const char *scratch,
                struct fus_outcome *outcome)
{
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = fus_params_new(fus_processors_schema());
    const struct fus_facefusion_job job = {
        .sources = (const char *const *)task->sources,
        .source_count = task->source_count,
        .target = task->target,
        .container = outcome->result.container,
        .params = params,
        .scratch = scratch,
        .grace_ms = FUS_MIN(fus_cancel_grace_ms(second->worker, fus_clock_real_us()),
                            (int64_t)STOP_GRACE_MS),
    };
    const struct fus_pipeline_events events = {
        .user = second, .progress = on_progress, .cancelled = on_cancelled};
    int rc = take_params(task, params, &outcome->error);
    if (rc == 0)
        rc = fus_facefusion_run(second->worker->supervisor->config, &job, &events, &task->made,
                                &outcome->error);
    if (rc == FUS_E_CANCELLED)
        stopped(second, outcome);
    else if (rc)
        outcome->kind = FUS_OUTCOME_FAILED;
}

void fus_drive_second(struct fus_worker *worker, const struct fus_job *job, struct fus_task *task,
                      json_t *warnings, struct fus_outcome *outcome)
{
    struct second second = {.worker = worker, .deadline_us = fus_job_deadline_us(worker, job)};
    FUS_AUTO_STR struct fus_str scratch = {0};
    fus_str_printf(&scratch, "%s.facefusion", task->output); /* within the job's folder */
    if (scratch.failed) {
        outcome->kind = FUS_OUTCOME_FAILED;
        fus_error_set(&outcome->error, FUS_E_OUT_OF_MEMORY, "Not enough memory for the job.");
        return;
    }
    task->stage = FUS_TASK_SCREEN;
    fus_drive(worker, job, task, warnings, outcome);
    if (outcome->kind == FUS_OUTCOME_COMPLETED)
        run(&second, task, scratch.text, outcome);
    if (outcome->kind == FUS_OUTCOME_COMPLETED && !worker->process) {
        outcome->kind = FUS_OUTCOME_FAILED;
        fus_error_set(&outcome->error, FUS_E_WORKER_CRASHED, "The worker process ended.");
    }
    if (outcome->kind == FUS_OUTCOME_COMPLETED) {
        const struct fus_moderation seen = outcome->result.moderation;
        task->stage = FUS_TASK_ADOPT;
        fus_drive(worker, job, task, warnings, outcome);
        outcome->result.moderation = seen;
    }
    (void)fus_fs_remove_tree(scratch.text, NULL);
}
