/* Claims jobs, stages their inputs, drives warm worker processes, closes jobs. One thread per
 * worker process plus a housekeeping thread (lease reclaim, retention, free space). */
#ifndef FUS_WORKER_SUPERVISOR_H
#define FUS_WORKER_SUPERVISOR_H

#include "base/log.h"
#include "config/config.h"
#include "jobs/store.h"
#include "metrics/metrics.h"
#include "storage/storage.h"

struct fus_supervisor;
struct fus_supervisor_options {
    const struct fus_config *config;
    struct fus_store *store;
    struct fus_storage *storage;
    struct fus_metrics *metrics;
    struct fus_log *log;
    const char *executable; /* the program to start as a worker child; NULL: /proc/self/exe */
    int64_t hang_ms;       /* a worker that gives no sign of life for so long is killed; 0: 120 s */
    int64_t retry_base_ms; /* back-off before the second attempt, doubling up to 60 s; 0: 1 s */
};
/* Takes the data directory for itself (FUS_E_CONFLICT when another server has it), releases leases
 * of a former life of this server, removes the folders and results that it left half done, starts
 * the workers. Everything in options but the struct itself and `executable` must outlive the
 * supervisor. */
int fus_supervisor_start(const struct fus_supervisor_options *options,
                         struct fus_supervisor **supervisor, struct fus_error *err) FUS_MUST_CHECK;
/* A job was queued or a cancel was asked for: look at once. Thread-safe, never blocks. */
void fus_supervisor_wake(struct fus_supervisor *supervisor);
/* Workers that are up and answering, for readyz. */
int fus_supervisor_workers_ready(struct fus_supervisor *supervisor);
/* Stops claiming, gives running jobs grace_ms to end, then ends the workers (their jobs go back to
 * the queue without an attempt lost) and frees. Nobody may call the supervisor any more: the api is
 * closed before. */
void fus_supervisor_stop(struct fus_supervisor *supervisor, int64_t grace_ms);

/* main of the worker child (`fusiond worker-child`, fd 3 is its socket). */
int fus_worker_main(int socket_fd);

#endif
