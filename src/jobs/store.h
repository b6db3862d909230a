/* The store is the truth: every job, durable before it is acknowledged.
 *
 * One interface; SQLite (WAL, synchronous=FULL, STRICT tables, BEGIN IMMEDIATE) behind it. Thread-safe.
 * Every call that a worker's result depends on carries the fencing token of its claim: if the token is
 * no longer the job's, nothing is written and FUS_E_CONFLICT comes back. Errors besides those named:
 * FUS_E_STORAGE_UNAVAILABLE (disk full, locked for too long, I/O), FUS_E_OUT_OF_MEMORY. */
#ifndef FUS_JOBS_STORE_H
#define FUS_JOBS_STORE_H

#include "jobs/job.h"

struct fus_store;
/* Opens or creates and migrates. */
int fus_store_open(const char *path, struct fus_store **store, struct fus_error *err) FUS_MUST_CHECK;
void fus_store_free(struct fus_store *store);
FUS_CLEANUP_DEFINE(fus_store_free, struct fus_store *)
/* A cheap write and read, for readyz. */
int fus_store_ping(struct fus_store *store, struct fus_error *err) FUS_MUST_CHECK;

/* Inserts a queued job (id, tenant, priority, max_attempts, timeout_seconds, request, metadata,
 * warnings, request_id, created_us are the caller's). capacity: FUS_E_QUEUE_FULL when as many are
 * queued. Durable when it returns 0. */
int fus_store_insert(struct fus_store *store, const struct fus_job *job, int64_t capacity,
                     struct fus_error *err) FUS_MUST_CHECK;
/* FUS_E_NOT_FOUND also for another tenant's job. tenant NULL: any. */
int fus_store_get(struct fus_store *store, const char *tenant, const char *id, struct fus_job *job,
                  struct fus_error *err) FUS_MUST_CHECK;

struct fus_job_filter {
    const char *tenant;          /* NULL any */
    int state;                   /* -1 any */
    int64_t created_after_us;    /* 0 any */
    int64_t before_created_us;   /* cursor: (created_us, id) of the last row of the page before; 0 none */
    char before_id[FUS_ID_SIZE];
    int limit;                   /* 1..200 */
};
#define FUS_STORE_LIST_MAX 200
/* Newest first; `request` is not read (NULL), it may be long. *jobs: array of *count, each fus_job_done then fus_free the array. */
int fus_store_list(struct fus_store *store, const struct fus_job_filter *filter,
                   struct fus_job **jobs, size_t *count, struct fus_error *err) FUS_MUST_CHECK;
/* Jobs that would be claimed before this queued one, plus one. */
int fus_store_queue_position(struct fus_store *store, const struct fus_job *job, int64_t *position,
                             struct fus_error *err) FUS_MUST_CHECK;
int fus_store_counts(struct fus_store *store, int64_t counts[FUS_JOB_STATES], struct fus_error *err)
    FUS_MUST_CHECK;

/* Takes the next queued job (priority high first, then oldest; not_before in the past): processing,
 * attempt + 1, a new fencing token, a lease. *claimed false when nothing is due. */
int fus_store_claim(struct fus_store *store, const char *worker, int64_t lease_us, int64_t now_us,
                    struct fus_job *job, bool *claimed, struct fus_error *err) FUS_MUST_CHECK;
/* Renews the lease and writes progress (NULL, or a NULL step: as it was; progress never falls within an
 * attempt). *cancel tells whether a cancel was asked for. */
struct fus_job_progress {
    const char *step;
    int progress;
    int64_t frames_done, frames_total;
    double fps;
};
int fus_store_renew(struct fus_store *store, const char *id, int64_t fencing_token, int64_t lease_us,
                    int64_t now_us, const struct fus_job_progress *progress, bool *cancel,
                    struct fus_error *err) FUS_MUST_CHECK;
/* processing -> state (completed, failed, cancelled, rejected), one transaction, token checked. A cancel
 * that was requested before wins over any of them. result / error / warnings: JSON or NULL.
 * expires_us: when the result will be removed. */
int fus_store_finish(struct fus_store *store, const char *id, int64_t fencing_token,
                     enum fus_job_state state, const char *result, const char *error,
                     const char *warnings, int64_t expires_us, int64_t now_us, struct fus_error *err)
    FUS_MUST_CHECK;
/* processing -> queued for another attempt after not_before_us, or failed with error if attempts are
 * used up (*requeued false), or cancelled if that was asked for. Token checked. */
int fus_store_retry(struct fus_store *store, const char *id, int64_t fencing_token,
                    const char *error, int64_t not_before_us, int64_t now_us, bool *requeued,
                    struct fus_error *err) FUS_MUST_CHECK;
/* processing -> queued again with the attempt given back: the server stops, the job is not to blame.
 * Cancelled instead if that was asked for. Token checked. */
int fus_store_release(struct fus_store *store, const char *id, int64_t fencing_token, int64_t now_us,
                      struct fus_error *err) FUS_MUST_CHECK;
/* When a cancel of the job was asked for, 0 if it was not. A cheap read, for frequent asking. */
int fus_store_cancel_requested(struct fus_store *store, const char *id, int64_t *requested_us,
                               struct fus_error *err) FUS_MUST_CHECK;
/* Leases that ran out: retried or failed as above. workers of a server that starts anew hold no leases:
 * worker_prefix (may be NULL) releases those at once, without waiting. Number handled in *count. */
int fus_store_reclaim(struct fus_store *store, const char *worker_prefix, const char *error,
                      int64_t now_us, int64_t *count, struct fus_error *err) FUS_MUST_CHECK;
/* queued -> cancelled; processing -> cancel_requested_us set. *state: the state afterwards (PROCESSING:
 * under way; other terminal states than CANCELLED: too late, FUS_E_CONFLICT, and then *state is set as
 * well). */
int fus_store_cancel(struct fus_store *store, const char *tenant, const char *id, int64_t now_us,
                     enum fus_job_state *state, struct fus_error *err) FUS_MUST_CHECK;
/* Marks a terminal job purged; the caller removes its result from storage (FUS_E_CONFLICT if it is not terminal). */
int fus_store_purge(struct fus_store *store, const char *tenant, const char *id, int64_t now_us,
                    struct fus_error *err) FUS_MUST_CHECK;
/* Up to limit ids whose result has expired and is not purged; ids: array
 * [limit][FUS_ID_SIZE]. */
int fus_store_expired(struct fus_store *store, int64_t now_us, size_t limit,
                      char (*ids)[FUS_ID_SIZE], size_t *count, struct fus_error *err) FUS_MUST_CHECK;
/* Deletes jobs that ended before; a completed one only once it is purged. */
int fus_store_delete_rows(struct fus_store *store, int64_t finished_before_us, int64_t *count,
                          struct fus_error *err) FUS_MUST_CHECK;

#endif
