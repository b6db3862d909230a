#include "worker/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "worker/supervisor_internal.h"

enum {
    WORKERS_MAX = 256,
    IDLE_LOOK_MS = 250, /* how often an idle worker asks the store; a wake comes sooner */
    NO_SPACE_PAUSE_MS = 2000,
    WARM_UP_MS = 120000, /* loading of models included */
    BACK_OFF_MS = 100,
    BACK_OFF_CAP_MS = 30000,
    STOP_WAIT_MS = 500, /* an idle worker process that was told to stop */
    HANG_MS = 120000,
    RETRY_BASE_MS = 1000,
};

static bool stopping(const struct fus_worker *worker)
{
    return atomic_load(&worker->supervisor->stopping);
}

static int say_hello(struct fus_worker *worker, struct fus_error *err)
{
    const struct fus_config *config = worker->supervisor->config;
    int64_t threads = config->threads > 0 ? config->threads : sysconf(_SC_NPROCESSORS_ONLN);
    const char *models_dir =
        config->models_dir && config->models_dir[0] ? config->models_dir : NULL;
    const char *library =
        config->runtime_library && config->runtime_library[0] ? config->runtime_library : NULL;
    json_t *hello =
        fus_message_hello((int)FUS_CLAMP(threads, 1, 1024), models_dir, library, config->gate);
    bool commercial = fus_str_equal(config->policy_commercial, "true");
    int rc = json_object_set_new(hello, "commercial", json_boolean(commercial)) != 0
                 ? fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for a worker.")
                 : fus_channel_send(worker->process->channel, hello, err);
    json_decref(hello);
    return rc;
}

/* Waits for the answer to hello. */
static int wait_ready(struct fus_worker *worker, struct fus_error *err)
{
    int64_t until_us = fus_clock_monotonic_us() + (int64_t)WARM_UP_MS * 1000;
    while (!stopping(worker)) {
        int64_t left_ms = (until_us - fus_clock_monotonic_us()) / 1000;
        if (left_ms <= 0)
            return fus_error_set(err, FUS_E_WORKER_CRASHED, "The worker did not get ready.");
        fus_worker_wait(worker, left_ms);
        json_t *message = NULL;
        struct fus_report report;
        int rc = fus_channel_receive(worker->process->channel, &message, err);
        if (rc == 0)
            continue;
        if (rc > 0)
            rc = fus_report_from_json(message, &report, err);
        if (rc == 0 && report.type == FUS_REPORT_FAILED)
            rc = fus_error_set(err, FUS_E_NOT_READY, "%s", report.error.detail);
        else if (rc == 0 && report.type != FUS_REPORT_READY)
            rc = fus_error_set(err, FUS_E_WORKER_CRASHED, "The worker broke the protocol.");
        json_decref(message);
        return rc;
    }
    return fus_error_set(err, FUS_E_CANCELLED, "The server stops.");
}

static int64_t back_off_ms(int failures)
{
    int64_t ms = BACK_OFF_MS;
    for (int i = 1; i < failures && ms < BACK_OFF_CAP_MS; i++)
        ms *= 2;
    return FUS_MIN(ms, BACK_OFF_CAP_MS);
}

static void pause_ms(struct fus_worker *worker, int64_t ms)
{
    int64_t until_us = fus_clock_monotonic_us() + ms * 1000;
    int64_t left_ms;
    while (!stopping(worker) && (left_ms = (until_us - fus_clock_monotonic_us()) / 1000) > 0)
        fus_worker_wait(worker, left_ms);
}

/* A warm process, started if there is none; false: not now, and some time has passed. */
static bool have_process(struct fus_worker *worker)
{
    struct fus_supervisor *supervisor = worker->supervisor;
    if (worker->process)
        return true;
    const struct fus_process_options options = {.executable = supervisor->executable,
                                                .memory_bytes = supervisor->config->memory_bytes};
    struct fus_error err = {.code = 0};
    int rc = fus_process_start(&options, &worker->process, &err);
    if (rc == 0)
        rc = say_hello(worker, &err);
    if (rc == 0)
        rc = wait_ready(worker, &err);
    if (rc == 0) {
        worker->failures = 0;
        atomic_store(&worker->ready_pid, worker->process->pid);
        fus_log(supervisor->telemetry.log, FUS_LOG_INFO, "worker ready",
                FUS_F("worker", worker->name), FUS_F_INT("worker_pid", worker->process->pid));
        return true;
    }
    char how[48] = "not started";
    if (worker->process)
        fus_worker_end_process(worker, 0, how, sizeof(how));
    if (stopping(worker))
        return false;
    int64_t delay_ms = back_off_ms(++worker->failures);
    fus_log(supervisor->telemetry.log, FUS_LOG_ERROR, "worker cannot start",
            FUS_F("worker", worker->name), FUS_F("code", fus_error_info(err.code)->name),
            FUS_F("detail", err.detail), FUS_F("how", how), FUS_F_INT("delay_ms", delay_ms));
    pause_ms(worker, delay_ms);
    return false;
}

/* An idle process has nothing to say: whatever its socket holds is its end or a breach. */
static void check_idle_process(struct fus_worker *worker)
{
    json_t *message = NULL;
    struct fus_report report;
    int rc = fus_channel_receive(worker->process->channel, &message, NULL);
    bool alive = rc > 0 && fus_report_from_json(message, &report, NULL) == 0 &&
                 report.type == FUS_REPORT_ALIVE; /* a late one of the last job */
    json_decref(message);
    if (rc == 0 || alive)
        return;
    char how[48] = "";
    fus_worker_end_process(worker, 100, how, sizeof(how));
    fus_telemetry_worker_ended(&worker->supervisor->telemetry, worker->name, how);
}

static void look_for_work(struct fus_worker *worker)
{
    struct fus_supervisor *supervisor = worker->supervisor;
    if (!fus_storage_has_space(supervisor->storage)) {
        pause_ms(worker, NO_SPACE_PAUSE_MS);
        return;
    }
    /* A process that ended while it was idle must not cost a job an attempt. */
    if (fus_worker_wait(worker, 0))
        check_idle_process(worker);
    if (!worker->process)
        return;
    FUS_AUTO_JOB struct fus_job job = {.state = FUS_JOB_QUEUED};
    bool claimed = false;
    struct fus_error err = {.code = 0};
    int rc = fus_store_claim(supervisor->store, worker->name,
                             supervisor->config->lease_seconds * 1000000, fus_clock_real_us(), &job,
                             &claimed, &err);
    if (rc) {
        fus_log_error(supervisor->telemetry.log, "no job can be claimed", &err);
        pause_ms(worker, NO_SPACE_PAUSE_MS);
    } else if (claimed) {
        fus_run_job(worker, &job);
    } else if (fus_worker_wait(worker, IDLE_LOOK_MS)) {
        check_idle_process(worker);
    }
}

static void dismiss(struct fus_worker *worker)
{
    if (!worker->process)
        return;
    json_t *stop = fus_message_simple("stop", "");
    struct fus_error err;
    int rc = fus_channel_send(worker->process->channel, stop, &err);
    json_decref(stop);
    fus_worker_end_process(worker, rc ? 0 : STOP_WAIT_MS, NULL, 0);
}

static void *work(void *arg)
{
    struct fus_worker *worker = arg;
    while (!stopping(worker)) {
        if (have_process(worker))
            look_for_work(worker);
    }
    dismiss(worker);
    return NULL;
}

static void wake_fd(int fd)
{
    uint64_t one = 1;
    ssize_t ignored = write(fd, &one, sizeof(one));
    (void)ignored;
}

void fus_supervisor_wake(struct fus_supervisor *supervisor)
{
    fus_keeper_wake(supervisor->keeper);
    for (size_t i = 0; i < supervisor->worker_count; i++)
        wake_fd(supervisor->workers[i].wake_fd);
}

int fus_supervisor_workers_ready(struct fus_supervisor *supervisor)
{
    int ready = 0;
    for (size_t i = 0; i < supervisor->worker_count; i++)
        ready += atomic_load(&supervisor->workers[i].ready_pid) != 0;
    return ready;
}

/* Two servers on one data directory would free each other's leases. The lock goes with the process,
 * however it ends. */
static int take_data_dir(struct fus_supervisor *supervisor, struct fus_error *err)
{
    FUS_AUTO_FREE char *path = fus_fs_join(supervisor->config->data_dir, "supervisor.lock");
    if (!path)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the workers.");
    supervisor->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (supervisor->lock_fd < 0)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE,
                             "The data directory cannot be written (%s).", strerror(errno));
    if (flock(supervisor->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return fus_error_set(err, FUS_E_CONFLICT, "Another server uses this data directory.");
    return 0;
}

static int start_threads(struct fus_supervisor *supervisor, struct fus_error *err)
{
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        struct fus_worker *worker = &supervisor->workers[i];
        int result = pthread_create(&worker->thread, NULL, work, worker);
        if (result != 0)
            return fus_error_errno(err, result, "Starting a worker's thread failed");
        supervisor->started++;
    }
    int result = pthread_create(&supervisor->housekeeper, NULL, fus_housekeeping_run, supervisor);
    if (result != 0)
        return fus_error_errno(err, result, "Starting the housekeeping thread failed");
    supervisor->housekeeper_runs = true;
    return 0;
}

static int prepare(struct fus_supervisor *supervisor, const struct fus_supervisor_options *options,
                   struct fus_error *err)
{
    if (options->executable) {
        supervisor->executable = fus_strdup(options->executable);
        if (!supervisor->executable)
            return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the workers.");
    }
    int rc = take_data_dir(supervisor, err);
    if (rc == 0)
        rc = fus_housekeeping_begin(supervisor, err);
    if (rc == 0)
        rc = fus_keeper_start(supervisor->store, supervisor->config->lease_seconds * 1000000,
                              supervisor->worker_count, &supervisor->keeper, err);
    for (size_t i = 0; rc == 0 && i < supervisor->worker_count; i++) {
        struct fus_worker *worker = &supervisor->workers[i];
        snprintf(worker->name, sizeof(worker->name), FUS_WORKER_PREFIX "%zu", i);
        worker->lease = fus_keeper_lease(supervisor->keeper, i);
        worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (worker->wake_fd < 0)
            rc = fus_error_errno(err, errno, "Starting a worker failed");
    }
    return rc;
}

int fus_supervisor_start(const struct fus_supervisor_options *options, struct fus_supervisor **out,
                         struct fus_error *err)
{
    size_t count = (size_t)FUS_CLAMP(options->config->workers, 1, WORKERS_MAX);
    struct fus_supervisor *supervisor =
        fus_calloc(1, sizeof(*supervisor) + count * sizeof(struct fus_worker));
    if (!supervisor)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the workers.");
    supervisor->config = options->config;
    supervisor->store = options->store;
    supervisor->storage = options->storage;
    supervisor->hang_ms = options->hang_ms > 0 ? options->hang_ms : HANG_MS;
    supervisor->retry_base_ms = options->retry_base_ms > 0 ? options->retry_base_ms : RETRY_BASE_MS;
    supervisor->lock_fd = -1;
    supervisor->worker_count = count;
    for (size_t i = 0; i < count; i++) {
        supervisor->workers[i].supervisor = supervisor;
        supervisor->workers[i].wake_fd = -1;
    }
    pthread_mutex_init(&supervisor->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&supervisor->stop_asked, &monotonic);
    pthread_condattr_destroy(&monotonic);
    fus_telemetry_init(&supervisor->telemetry, options->metrics, options->log);
    int rc = prepare(supervisor, options, err);
    if (rc == 0)
        rc = start_threads(supervisor, err);
    if (rc) {
        fus_supervisor_stop(supervisor, 0);
        return rc;
    }
    *out = supervisor;
    return 0;
}

void fus_supervisor_stop(struct fus_supervisor *supervisor, int64_t grace_ms)
{
    if (!supervisor)
        return;
    atomic_store(&supervisor->stop_at_us, fus_clock_monotonic_us() + grace_ms * 1000);
    pthread_mutex_lock(&supervisor->lock);
    atomic_store(&supervisor->stopping, true);
    pthread_cond_broadcast(&supervisor->stop_asked);
    pthread_mutex_unlock(&supervisor->lock);
    for (size_t i = 0; i < supervisor->started; i++)
        wake_fd(supervisor->workers[i].wake_fd);
    for (size_t i = 0; i < supervisor->started; i++)
        pthread_join(supervisor->workers[i].thread, NULL);
    if (supervisor->housekeeper_runs)
        pthread_join(supervisor->housekeeper, NULL);
    fus_keeper_free(supervisor->keeper);
    for (size_t i = 0; i < supervisor->worker_count; i++)
        fus_close(supervisor->workers[i].wake_fd);
    fus_close(supervisor->lock_fd);
    pthread_cond_destroy(&supervisor->stop_asked);
    pthread_mutex_destroy(&supervisor->lock);
    fus_free(supervisor->executable);
    fus_free(supervisor);
}
