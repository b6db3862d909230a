/* A worker process: started, spoken to, ended. Used by one thread, the one that started it: the
 * kernel kills the process when that thread ends, so it must be a long-lived one. */
#ifndef FUS_WORKER_PROCESS_H
#define FUS_WORKER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/macros.h"
#include "worker/channel.h"

struct fus_process {
    pid_t pid;
    struct fus_channel *channel;
};
struct fus_process_options {
    const char *executable; /* NULL: /proc/self/exe; run as `fusiond worker-child` */
    uint64_t memory_bytes;  /* ceiling of its address space, 0 none */
};

/* Starts the program with its socket on fd 3 and nothing else of this process but stderr: all other
 * descriptors closed, a short environment, no core files, no new privileges, first in line for the
 * kernel when memory runs out. It dies with this process, even by SIGKILL.
 * FUS_E_WORKER_CRASHED when it cannot be started. */
int fus_process_start(const struct fus_process_options *options, struct fus_process **process,
                      struct fus_error *err) FUS_MUST_CHECK;
/* SIGKILL if it still runs, waits for its end, frees. NULL is allowed. */
void fus_process_free(struct fus_process *process);
FUS_CLEANUP_DEFINE(fus_process_free, struct fus_process *)
/* Kills it unless it ends by itself within timeout_ms; then says how it ended: "signal 11", "exit
 * status 3". The process is gone afterwards; free it. */
void fus_process_end(struct fus_process *process, int64_t timeout_ms, char *how, size_t size);

#endif
