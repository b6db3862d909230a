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

#define FUS_PROCESS_LINE_MAX 512

struct fus_process {
    pid_t pid;
    struct fus_channel *channel;
    int stderr_fd; /* the reading end of its stderr; -1 once that is closed */
    unsigned lines;
    size_t line_length;
    char line[FUS_PROCESS_LINE_MAX];
};
struct fus_process_options {
    const char *executable; /* NULL: /proc/self/exe; run as `fusiond worker-child` */
    uint64_t memory_bytes;  /* ceiling of its address space, 0 none */
};

/* Starts the program with its socket on fd 3, its stderr a pipe to here and nothing else of this
 * process: all other descriptors closed, a short environment, no core files, no new privileges,
 * first in line for the kernel when memory runs out. It dies with this process, even by SIGKILL.
 * FUS_E_WORKER_CRASHED when it cannot be started. */
int fus_process_start(const struct fus_process_options *options, struct fus_process **process,
                      struct fus_error *err) FUS_MUST_CHECK;
/* What libraries, loaders and sanitizers have written to the worker's stderr, line by line, as they
 * are no JSON. Never blocks. Longer lines are cut, and of one that says too much the rest is
 * dropped; it is always read, so that the process never waits for a reader. */
void fus_process_listen(struct fus_process *process, void (*line)(void *user, const char *text),
                        void *user);
/* SIGKILL if it still runs, waits for its end, frees. NULL is allowed. */
void fus_process_free(struct fus_process *process);
FUS_CLEANUP_DEFINE(fus_process_free, struct fus_process *)
/* Kills it unless it ends by itself within timeout_ms; then says how it ended: "signal 11", "exit
 * status 3". The process is gone afterwards; free it. */
void fus_process_end(struct fus_process *process, int64_t timeout_ms, char *how, size_t size);

#endif
