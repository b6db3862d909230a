/* A running job, seen from the server: messages in, deadlines watched. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "worker/supervisor_internal.h"

enum {
    LOOK_EVERY_MS = 100,
    WARNINGS_MAX = 64,
    STOP_GRACE_MS = 300,    /* between the request to stop and SIGKILL when not a cancel */
    CANCEL_MARGIN_MS = 350, /* a kill, a wait and a commit have to fit before the promised second */
    END_WAIT_MS = 1000,     /* a process that closed its socket is about to end */
};

enum reason { NONE, CANCEL, TIMEOUT, SERVER_STOPS, LOST };

struct drive {
    struct fus_worker *worker;
    const struct fus_task *task;
    json_t *warnings;
    struct fus_outcome *outcome;
    int64_t deadline_us, heard_us, kill_at_us; /* monotonic */
    enum reason reason;
    bool over;
};

static void said(void *user, const char *text)
{
    const struct fus_worker *worker = user;
    fus_log(worker->supervisor->telemetry.log, FUS_LOG_WARN, "a worker wrote to its stderr",
            FUS_F("worker", worker->name), FUS_F("text", text));
}

void fus_worker_end_process(struct fus_worker *worker, int64_t timeout_ms, char *how, size_t size)
{
    atomic_store(&worker->ready_pid, 0);
    fus_process_end(worker->process, timeout_ms, how, size);
    fus_process_listen(worker->process, said, worker); /* its last words */
    fus_process_free(FUS_TAKE(worker->process));
}

bool fus_worker_wait(struct fus_worker *worker, int64_t timeout_ms)
{
    struct pollfd fds[3] = {
        {.fd = worker->wake_fd, .events = POLLIN},
        {.fd = worker->process ? fus_channel_fd(worker->process->channel) : -1, .events = POLLIN},
        {.fd = worker->process ? worker->process->stderr_fd : -1, .events = POLLIN},
    };
    if (poll(fds, 3, (int)FUS_CLAMP(timeout_ms, 0, 60000)) < 0)
        return false;
    uint64_t count;
    if (fds[0].revents) {
        ssize_t ignored = read(worker->wake_fd, &count, sizeof(count));
        (void)ignored;
    }
    if (fds[2].revents)
        fus_process_listen(worker->process, said, worker);
    return fds[1].revents != 0;
}

static void end(struct drive *drive, enum fus_outcome_kind kind)
{
    drive->outcome->kind = kind;
    drive->over = true;
}

static void fail(struct drive *drive, int code, const char *detail)
{
    fus_error_set(&drive->outcome->error, code, "%s", detail);
    end(drive, FUS_OUTCOME_FAILED);
}

/* The end of a job that was asked to stop, whether it obeyed or was killed. */
static void end_stopped(struct drive *drive)
{
    switch (drive->reason) {
    case CANCEL:
        end(drive, FUS_OUTCOME_CANCELLED);
        break;
    case TIMEOUT:
        fail(drive, FUS_E_TIMED_OUT, "The job took longer than its timeout allows.");
        break;
    case SERVER_STOPS:
        end(drive, FUS_OUTCOME_RELEASED);
        break;
    case LOST:
    case NONE:
        end(drive, FUS_OUTCOME_LOST);
        break;
    }
}

static void lose(struct drive *drive, int64_t wait_ms, const char *what)
{
    char how[48] = "", detail[160];
    fus_worker_end_process(drive->worker, wait_ms, how, sizeof(how));
    snprintf(detail, sizeof(detail), "%s (%s)", what, how);
    if (drive->reason != NONE) {
        end_stopped(drive);
        return;
    }
    fus_telemetry_worker_ended(&drive->worker->supervisor->telemetry, drive->worker->name, detail);
    FUS_AUTO_STR struct fus_str sentence = {0};
    fus_str_printf(&sentence, "%s.", detail);
    fail(drive, FUS_E_WORKER_CRASHED, sentence.failed ? detail : sentence.text);
}

static void take_warning(struct drive *drive, const struct fus_report *report)
{
    if (json_array_size(drive->warnings) >= WARNINGS_MAX)
        return;
    int ignored = json_array_append_new(
        drive->warnings, json_pack("{s:s, s:s}", "code", report->code, "detail", report->text));
    (void)ignored; /* a warning less */
}

static void take_failed(struct drive *drive, const struct fus_report *report)
{
    if (drive->reason != NONE) {
        end_stopped(drive);
        return;
    }
    drive->outcome->error = report->error;
    if (report->moderation)
        (void)!fus_moderation_from_json(report->moderation, &drive->outcome->result.moderation);
    if (report->error.code == FUS_E_CANCELLED) /* nobody asked */
        fus_error_set(&drive->outcome->error, FUS_E_INTERNAL, "The worker gave the job up.");
    end(drive, FUS_OUTCOME_FAILED);
}

static void take_result(struct drive *drive, const struct fus_report *report)
{
    if (drive->reason == CANCEL || drive->reason == LOST) {
        end_stopped(drive);
        return;
    }
    if (fus_pipeline_result_from_json(report->result, &drive->outcome->result))
        lose(drive, 0, "The worker broke the protocol: its result has the wrong form");
    else
        end(drive, FUS_OUTCOME_COMPLETED);
}

static void take_report(struct drive *drive, const struct fus_report *report)
{
    drive->heard_us = fus_clock_monotonic_us();
    if (report->type == FUS_REPORT_ALIVE)
        return;
    if (report->type == FUS_REPORT_READY || !fus_str_equal(report->job_id, drive->task->job_id)) {
        lose(drive, 0, "The worker broke the protocol: it speaks of another job");
        return;
    }
    const struct fus_job_progress progress = {.step = report->step,
                                              .progress = report->percent,
                                              .frames_done = report->frames_done,
                                              .frames_total = report->frames_total,
                                              .fps = report->fps};
    switch (report->type) {
    case FUS_REPORT_PROGRESS:
        fus_lease_progress(drive->worker->lease, &progress);
        break;
    case FUS_REPORT_WARNING:
        take_warning(drive, report);
        break;
    case FUS_REPORT_FAILED:
        take_failed(drive, report);
        break;
    case FUS_REPORT_RESULT:
        take_result(drive, report);
        break;
    case FUS_REPORT_READY:
    case FUS_REPORT_ALIVE:
        break;
    }
}

static void take_messages(struct drive *drive)
{
    while (!drive->over) {
        json_t *message = NULL;
        struct fus_report report;
        struct fus_error err = {.code = 0};
        int rc = fus_channel_receive(drive->worker->process->channel, &message, &err);
        if (rc == 0)
            return;
        if (rc > 0)
            rc = fus_report_from_json(message, &report, &err);
        if (rc == 0)
            take_report(drive, &report);
        else if (rc == FUS_E_WORKER_CRASHED)
            lose(drive, END_WAIT_MS, "The worker process ended");
        else
            lose(drive, 0, "The worker broke the protocol");
        json_decref(message);
    }
}

/* Asks the worker to stop and sets the time after which it is killed. */
static void ask_to_stop(struct drive *drive, enum reason reason, int64_t grace_ms)
{
    drive->reason = reason;
    drive->kill_at_us = fus_clock_monotonic_us() + grace_ms * 1000;
    json_t *message = fus_message_simple("cancel", drive->task->job_id);
    struct fus_error err;
    if (fus_channel_send(drive->worker->process->channel, message, &err))
        drive->kill_at_us = 0;
    json_decref(message);
}

int64_t fus_cancel_grace_ms(const struct fus_worker *worker, int64_t requested_us)
{
    int64_t grace_ms = FUS_CLAMP(worker->supervisor->config->cancel_grace_ms, 0, 1000);
    grace_ms = FUS_MAX(grace_ms - CANCEL_MARGIN_MS, grace_ms / 2);
    int64_t passed_ms = (fus_clock_real_us() - requested_us) / 1000;
    return FUS_CLAMP(grace_ms - passed_ms, 0, grace_ms);
}

static void watch(struct drive *drive)
{
    struct fus_supervisor *supervisor = drive->worker->supervisor;
    int64_t now_us = fus_clock_monotonic_us();
    struct fus_lease_news news = fus_lease_news(drive->worker->lease);
    if (drive->reason != CANCEL && drive->reason != LOST) {
        if (news.lost || news.cancelled)
            ask_to_stop(drive, LOST, STOP_GRACE_MS);
        else if (news.cancel_requested_us)
            ask_to_stop(drive, CANCEL,
                        fus_cancel_grace_ms(drive->worker, news.cancel_requested_us));
    }
    if (drive->reason == NONE && now_us >= drive->deadline_us)
        ask_to_stop(drive, TIMEOUT, STOP_GRACE_MS);
    if (drive->reason == NONE && atomic_load(&supervisor->stopping) &&
        now_us >= atomic_load(&supervisor->stop_at_us))
        ask_to_stop(drive, SERVER_STOPS, STOP_GRACE_MS);
    if (drive->reason != NONE && now_us >= drive->kill_at_us)
        lose(drive, 0, "The worker did not stop");
    else if (now_us - drive->heard_us > supervisor->hang_ms * 1000)
        lose(drive, 0, "The worker gave no sign of life");
}

int64_t fus_job_deadline_us(const struct fus_worker *worker, const struct fus_job *job)
{
    const struct fus_config *config = worker->supervisor->config;
    int64_t seconds = job->timeout_seconds > 0 ? job->timeout_seconds : config->timeout_seconds;
    int64_t used_us = FUS_MAX(fus_clock_real_us() - job->started_us, 0);
    return fus_clock_monotonic_us() + FUS_CLAMP(seconds, 1, 366 * 86400) * 1000000 - used_us;
}

void fus_drive(struct fus_worker *worker, const struct fus_job *job, const struct fus_task *task,
               json_t *warnings, struct fus_outcome *outcome)
{
    struct drive drive = {
        .worker = worker,
        .task = task,
        .warnings = warnings,
        .outcome = outcome,
        .deadline_us = fus_job_deadline_us(worker, job),
        .heard_us = fus_clock_monotonic_us(),
    };
    json_t *message = fus_task_to_json(task);
    struct fus_error err;
    if (fus_channel_send(worker->process->channel, message, &err))
        lose(&drive, END_WAIT_MS, "The worker process ended");
    json_decref(message);
    while (!drive.over) {
        int64_t left_ms = (drive.kill_at_us - fus_clock_monotonic_us()) / 1000;
        fus_worker_wait(worker, drive.reason == NONE ? LOOK_EVERY_MS
                                                     : FUS_CLAMP(left_ms, 1, LOOK_EVERY_MS));
        take_messages(&drive);
        if (!drive.over)
            watch(&drive);
    }
}
