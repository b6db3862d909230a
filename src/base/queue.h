/* A bounded queue of owned messages between two or more threads.
 *
 * Messages are pointers; end of stream and errors are messages of the user's own, not states of the
 * queue. Blocking calls may be woken for good by fus_queue_abort. Thread-safe. */
#ifndef FUS_BASE_QUEUE_H
#define FUS_BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

struct fus_queue;
/* destroy (may be NULL) frees messages that are left when the queue is freed. */
struct fus_queue *fus_queue_new(size_t capacity, void (*destroy)(void *message));
void fus_queue_free(struct fus_queue *queue);
FUS_CLEANUP_DEFINE(fus_queue_free, struct fus_queue *)

/* Blocks while full. true: the queue owns the message. false: aborted, the caller still owns it. */
bool fus_queue_push(struct fus_queue *queue, void *message) FUS_MUST_CHECK;
/* Blocks while empty. NULL: aborted. The caller owns the message. */
void *fus_queue_pop(struct fus_queue *queue) FUS_MUST_CHECK;
/* timeout_ms 0 polls. NULL: nothing came, or aborted. */
void *fus_queue_pop_timed(struct fus_queue *queue, int64_t timeout_ms) FUS_MUST_CHECK;
/* Wakes everybody; later pushes fail and pops give NULL at once. */
void fus_queue_abort(struct fus_queue *queue);
size_t fus_queue_length(struct fus_queue *queue);

#endif
