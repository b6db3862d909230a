/* The worker process: warm engine, one job at a time.
 *
 * Threads: main runs the pipeline; the reader takes messages, so that a cancel is heard in the
 * middle of a job, and sends `alive` while the pipeline moves. The pipeline's threads call back for
 * progress. A lost server is an end of file on the socket: the process ends at once. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/queue.h"
#include "base/str.h"
#include "pipeline/pipeline.h"
#include "processors/processor.h"
#include "worker/channel.h"
#include "worker/protocol.h"
#include "worker/supervisor.h"

enum { ALIVE_EVERY_MS = 1000, PROGRESS_EVERY_US = 100000, WARNINGS_MAX = 64 };
enum { SEND_TIMEOUT_MS = 60000, EXIT_SERVER_GONE = 0, EXIT_PROTOCOL = 3 };

struct child {
    struct fus_channel *channel;
    struct fus_engine *engine;
    struct fus_queue *tasks; /* struct fus_task, at most one */
    atomic_bool cancelled;   /* of the present job */
    atomic_uint beats;       /* signs of life of the pipeline */
    pthread_mutex_t lock;    /* busy, job_id */
    bool busy;
    char job_id[FUS_ID_SIZE];
};

/* One job's callbacks. */
struct run {
    struct child *child;
    const char *job_id;
    enum fus_step step;
    int64_t sent_us;
    int warnings;
};

/* The server is gone or does not listen any more: there is nobody to tell. */
static void send_or_exit(struct child *child, json_t *message)
{
    struct fus_error err;
    int rc = fus_channel_send(child->channel, message, &err);
    json_decref(message);
    if (rc)
        _exit(EXIT_SERVER_GONE);
}

static void on_progress(void *user, const struct fus_pipeline_progress *progress)
{
    struct run *run = user;
    atomic_fetch_add(&run->child->beats, 1);
    int64_t now_us = fus_clock_monotonic_us();
    if (progress->step == run->step && now_us - run->sent_us < PROGRESS_EVERY_US)
        return;
    run->step = progress->step;
    run->sent_us = now_us;
    send_or_exit(run->child,
                 json_pack("{s:s, s:s, s:s, s:i, s:I, s:I, s:f}", "type", "progress", "job_id",
                           run->job_id, "step", fus_step_name(progress->step), "percent",
                           FUS_CLAMP(progress->percent, 0, 100), "frames_done",
                           (json_int_t)progress->frames_done, "frames_total",
                           (json_int_t)progress->frames_total, "fps", progress->fps));
}

static void on_warning(void *user, const char *code, const char *text)
{
    struct run *run = user;
    if (run->warnings++ < WARNINGS_MAX)
        send_or_exit(run->child, fus_message_warning(run->job_id, code, text));
}

static bool on_cancelled(void *user)
{
    struct run *run = user;
    atomic_fetch_add(&run->child->beats, 1);
    return atomic_load(&run->child->cancelled);
}

static int run_task(struct child *child, const struct fus_task *task,
                    struct fus_pipeline_result *result, struct fus_error *err)
{
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = fus_params_new(fus_processors_schema());
    if (!params)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the parameters.");
    struct fus_error_list errors = {.count = 0};
    if (task->second)
        fus_params_take_later(params);
    int rc = fus_params_take_json(params, task->parameters, "/parameters", &errors);
    if (rc) {
        if (errors.count > 0)
            *err = errors.items[0];
        else
            fus_error_set(err, rc, "The parameters cannot be read.");
        return rc;
    }
    struct run run = {.child = child, .job_id = task->job_id, .step = FUS_STEP_QUEUED};
    const struct fus_pipeline_events events = {
        .user = &run, .progress = on_progress, .warning = on_warning, .cancelled = on_cancelled};
    const struct fus_pipeline_request request = {
        .job_id = task->job_id,
        .source_paths = (const char *const *)task->sources,
        .source_count = task->source_count,
        .target_path = task->target,
        .output_path = task->output,
        .output_format = task->output_format,
        .params = params,
        .limits = task->limits,
    };
    switch (task->stage) {
    case FUS_TASK_SCREEN:
        return fus_pipeline_screen(child->engine, &request, &events, result, err);
    case FUS_TASK_ADOPT:
        return fus_pipeline_adopt(child->engine, &request, task->made, &events, result, err);
    case FUS_TASK_RUN:
        break;
    }
    return fus_pipeline_run(child->engine, &request, &events, result, err);
}

static void serve_task(struct child *child, const struct fus_task *task)
{
    struct fus_pipeline_result result;
    memset(&result, 0, sizeof(result));
    struct fus_error err = {.code = 0};
    int rc = run_task(child, task, &result, &err);
    if (rc && err.code == 0)
        fus_error_set(&err, rc, "The job failed.");

    /* Free for the next one before the answer, which may bring it. */
    pthread_mutex_lock(&child->lock);
    child->busy = false;
    pthread_mutex_unlock(&child->lock);
    if (rc)
        send_or_exit(child, fus_message_failed(task->job_id, &err,
                                               rc == FUS_E_CONTENT_REJECTED
                                                   ? fus_moderation_to_json(&result.moderation)
                                                   : NULL));
    else
        send_or_exit(child, json_pack("{s:s, s:s, s:o}", "type", "result", "job_id", task->job_id,
                                      "result", fus_pipeline_result_to_json(&result)));
}

static void free_task(void *message)
{
    fus_task_done(message);
    fus_free(message);
}

static void take_job(struct child *child, const json_t *message)
{
    struct fus_task *task = fus_calloc(1, sizeof(*task));
    if (!task || fus_task_from_json(message, task, NULL))
        _exit(EXIT_PROTOCOL);
    pthread_mutex_lock(&child->lock);
    if (child->busy)
        _exit(EXIT_PROTOCOL);
    child->busy = true;
    fus_strlcpy(child->job_id, task->job_id, sizeof(child->job_id));
    atomic_store(&child->cancelled, false);
    pthread_mutex_unlock(&child->lock);
    if (!fus_queue_push(child->tasks, task))
        free_task(task);
}

/* false: stop. */
static bool take_message(struct child *child, const json_t *message)
{
    const char *type = json_string_value(json_object_get(message, "type"));
    const char *job_id = json_string_value(json_object_get(message, "job_id"));
    if (fus_str_equal(type, "job")) {
        take_job(child, message);
    } else if (fus_str_equal(type, "cancel")) {
        pthread_mutex_lock(&child->lock);
        if (child->busy && fus_str_equal(job_id, child->job_id))
            atomic_store(&child->cancelled, true);
        pthread_mutex_unlock(&child->lock);
    } else if (fus_str_equal(type, "stop")) {
        atomic_store(&child->cancelled, true);
        return false;
    } else {
        _exit(EXIT_PROTOCOL);
    }
    return true;
}

/* Waits up to timeout_ms for a message; NULL when none came. */
static json_t *wait_message(struct child *child, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = fus_channel_fd(child->channel), .events = POLLIN};
    if (poll(&poll_fd, 1, timeout_ms) < 0 && errno != EINTR)
        _exit(EXIT_PROTOCOL);
    json_t *message = NULL;
    int rc = fus_channel_receive(child->channel, &message, NULL);
    if (rc < 0)
        _exit(rc == FUS_E_WORKER_CRASHED ? EXIT_SERVER_GONE : EXIT_PROTOCOL);
    return message;
}

static void say_alive(struct child *child, unsigned *seen, int64_t *said_us)
{
    int64_t now_us = fus_clock_monotonic_us();
    unsigned beats = atomic_load(&child->beats);
    if (beats == *seen || now_us - *said_us < ALIVE_EVERY_MS * 1000)
        return;
    *seen = beats;
    *said_us = now_us;
    send_or_exit(child, fus_message_simple("alive", ""));
}

static void *read_messages(void *arg)
{
    struct child *child = arg;
    unsigned seen = 0;
    int64_t said_us = 0;
    for (bool go_on = true; go_on;) {
        json_t *message = wait_message(child, ALIVE_EVERY_MS);
        if (message)
            go_on = take_message(child, message);
        json_decref(message);
        say_alive(child, &seen, &said_us);
    }
    fus_queue_abort(child->tasks);
    return NULL;
}

/* Takes hello, warms up, answers. */
static int greet(struct child *child)
{
    json_t *hello;
    while ((hello = wait_message(child, -1)) == NULL)
        ;
    const char *type = NULL;
    struct fus_engine_options options = {.threads = 1};
    int version = 0;
    bool valid = json_unpack(hello, "{s:s, s:i, s:i}", "type", &type, "version", &version,
                             "threads", &options.threads) == 0;
    if (!valid || !fus_str_equal(type, "hello") || version != FUS_PROTOCOL_VERSION ||
        options.threads < 1)
        _exit(EXIT_PROTOCOL);
    options.models_dir = json_string_value(json_object_get(hello, "models_dir"));
    options.commercial = json_is_true(json_object_get(hello, "commercial"));
    options.runtime_library = json_string_value(json_object_get(hello, "runtime_library"));
    options.gate = fus_gate_policy_parse(json_string_value(json_object_get(hello, "gate")));
    struct fus_error err = {.code = 0};
    int rc = fus_engine_new(&options, &child->engine, &err);
    json_decref(hello);
    if (rc)
        send_or_exit(child, fus_message_failed("", &err, NULL));
    else
        send_or_exit(child,
                     json_pack("{s:s, s:i}", "type", "ready", "version", FUS_PROTOCOL_VERSION));
    return rc;
}

static void child_done(struct child *child)
{
    fus_engine_free(child->engine);
    fus_queue_free(child->tasks);
    fus_channel_free(child->channel);
    pthread_mutex_destroy(&child->lock);
}

static int serve_tasks(struct child *child)
{
    pthread_t reader;
    child->tasks = fus_queue_new(1, free_task);
    if (!child->tasks || pthread_create(&reader, NULL, read_messages, child) != 0)
        return 1;
    struct fus_task *task;
    while ((task = fus_queue_pop(child->tasks)) != NULL) {
        serve_task(child, task);
        free_task(task);
    }
    pthread_join(reader, NULL);
    return 0;
}

int fus_worker_main(int socket_fd)
{
    prctl(PR_SET_NAME, "fusiond-worker");
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    struct child child = {.busy = false};
    pthread_mutex_init(&child.lock, NULL);
    if (fus_channel_new(socket_fd, FUS_CHANNEL_TO_WORKER_MAX, SEND_TIMEOUT_MS, &child.channel,
                        NULL)) {
        fus_close(socket_fd);
        child_done(&child);
        return 1;
    }
    int status = greet(&child) ? 1 : serve_tasks(&child);
    child_done(&child);
    return status;
}
