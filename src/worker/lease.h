/* Leases of running jobs, kept by one thread for all workers.
 *
 * Whatever a worker's thread is blocked in (copying inputs, publishing a result), its lease is
 * renewed and a cancel is seen. Progress goes to the store at most once a second, and at once when
 * the step changes. While a job may be interrupted from outside (inputs are being staged) a cancel
 * ends it right here; otherwise the worker's thread is woken and acts. */
#ifndef FUS_WORKER_LEASE_H
#define FUS_WORKER_LEASE_H

#include "jobs/store.h"

struct fus_keeper;
struct fus_lease;

/* count leases, by index. The store must outlive the keeper. */
int fus_keeper_start(struct fus_store *store, int64_t lease_us, size_t count,
                     struct fus_keeper **keeper, struct fus_error *err) FUS_MUST_CHECK;
/* Stops the thread; all leases must have ended. */
void fus_keeper_free(struct fus_keeper *keeper);
/* Looks for cancels now. Any thread, never blocks. */
void fus_keeper_wake(struct fus_keeper *keeper);
struct fus_lease *fus_keeper_lease(struct fus_keeper *keeper, size_t index);

/* Called by the worker's own thread. wake_fd (an eventfd) is written when there is news. */
void fus_lease_begin(struct fus_lease *lease, const char *id, int64_t fencing_token, int wake_fd);
void fus_lease_end(struct fus_lease *lease);
void fus_lease_interruptible(struct fus_lease *lease, bool interruptible);
void fus_lease_progress(struct fus_lease *lease, const struct fus_job_progress *progress);

struct fus_lease_news {
    int64_t cancel_requested_us; /* 0: no */
    bool cancelled;              /* already ended here, as cancelled */
    bool lost;                   /* the token is no longer the job's */
};
struct fus_lease_news fus_lease_news(struct fus_lease *lease);

#endif
