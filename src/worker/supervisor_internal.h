/* What the supervisor's files share. */
#ifndef FUS_WORKER_SUPERVISOR_INTERNAL_H
#define FUS_WORKER_SUPERVISOR_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "worker/lease.h"
#include "worker/process.h"
#include "worker/protocol.h"
#include "worker/supervisor.h"
#include "worker/telemetry.h"

/* Leases are held under this prefix; a new life of the server frees those of the last one by it. */
#define FUS_WORKER_PREFIX "local/"

/* One worker process and the thread that drives it. */
struct fus_worker {
    struct fus_supervisor *supervisor;
    char name[32];
    pthread_t thread;
    int wake_fd; /* eventfd */
    struct fus_lease *lease;
    struct fus_process *process; /* the thread's own; NULL while there is none */
    atomic_int ready_pid;        /* of the process while it is warm, else 0; for other threads */
    int failures;                /* starts in a row that came to nothing */
};

struct fus_supervisor {
    const struct fus_config *config;
    struct fus_store *store;
    struct fus_storage *storage;
    char *executable;
    int64_t hang_ms, retry_base_ms;
    struct fus_telemetry telemetry;
    int lock_fd; /* the data directory is ours */
    struct fus_keeper *keeper;
    atomic_bool stopping;
    atomic_llong stop_at_us; /* monotonic: running jobs are ended then */
    pthread_t housekeeper;
    bool housekeeper_runs;
    pthread_mutex_t lock; /* for the condition only */
    pthread_cond_t stop_asked;
    size_t worker_count, started;
    struct fus_worker workers[];
};

/* How an attempt ended. */
enum fus_outcome_kind {
    FUS_OUTCOME_LOST, /* the job is no longer ours */
    FUS_OUTCOME_COMPLETED,
    FUS_OUTCOME_FAILED, /* error: for good or to be tried again, by its code */
    FUS_OUTCOME_CANCELLED,
    FUS_OUTCOME_RELEASED, /* the server stops */
};
struct fus_outcome {
    enum fus_outcome_kind kind;
    struct fus_error error;
    struct fus_pipeline_result result; /* of a refused target its moderation alone */
};

/* Gives the task to the worker's process and follows it to its end. A process that crashed, hung,
 * broke the protocol or did not stop in time is gone afterwards (worker->process NULL). warnings:
 * an array that grows. */
void fus_drive(struct fus_worker *worker, const struct fus_job *job, const struct fus_task *task,
               json_t *warnings, struct fus_outcome *outcome);
/* The same for a task that FaceFusion does: the worker's process looks at the target, FaceFusion runs
 * beside it, outside the worker's bounds, and the process takes over what came of it. */
void fus_drive_second(struct fus_worker *worker, const struct fus_job *job, struct fus_task *task,
                      json_t *warnings, struct fus_outcome *outcome);
/* Grace of a cancelled job from now on, counted from the moment the client asked. */
int64_t fus_cancel_grace_ms(const struct fus_worker *worker, int64_t requested_us);
/* When the job's time is up (monotonic); what staging took counts. */
int64_t fus_job_deadline_us(const struct fus_worker *worker, const struct fus_job *job);
/* Ends the worker's process; its last words go into the log. */
void fus_worker_end_process(struct fus_worker *worker, int64_t timeout_ms, char *how, size_t size);

/* One claimed job from staging to its end in the store. */
void fus_run_job(struct fus_worker *worker, const struct fus_job *job);
/* Can another attempt help after this error? */
bool fus_error_worth_retry(int code);
/* Full jitter: anything between 0 and min(60 s, base * 2^(attempt - 1)); a first crash is tried
 * again soon. */
int64_t fus_retry_delay_ms(int code, int attempt, int64_t base_ms);

/* Waits for news on the worker's eventfd or its process's socket. true: the socket has something.
 */
bool fus_worker_wait(struct fus_worker *worker, int64_t timeout_ms);

/* Clean-up once at start: leases, folders and results that a former life left. */
int fus_housekeeping_begin(struct fus_supervisor *supervisor, struct fus_error *err) FUS_MUST_CHECK;
/* The thread: lapsed leases, retention, old rows, folders of ended jobs, gauges. */
void *fus_housekeeping_run(void *supervisor);

#endif
