/* SIGINT and SIGTERM for programs with threads: the first one is counted, the second one ends the
 * process.
 *
 * Start it before any other thread is made (they inherit the blocked signals). */
#ifndef FUS_CLI_INTERRUPT_H
#define FUS_CLI_INTERRUPT_H

#include <stdbool.h>

#include "base/error.h"
#include "base/macros.h"

struct fus_interrupt;
/* The second signal ends the process at once with forced_exit. */
int fus_interrupt_start(int forced_exit, struct fus_interrupt **interrupt,
                        struct fus_error *err) FUS_MUST_CHECK;
/* Thread-safe, never blocks. */
bool fus_interrupt_seen(const struct fus_interrupt *interrupt);
/* Blocks until the first signal. */
void fus_interrupt_wait(struct fus_interrupt *interrupt);
/* Up to timeout_ms; true if a signal has been seen. */
bool fus_interrupt_sleep(struct fus_interrupt *interrupt, int timeout_ms);
/* Ends the watching thread; the signals stay blocked. */
void fus_interrupt_stop(struct fus_interrupt *interrupt);
FUS_CLEANUP_DEFINE(fus_interrupt_stop, struct fus_interrupt *)

#endif
