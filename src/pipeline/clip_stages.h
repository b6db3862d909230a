/* The two ends of a clip's pipeline, each a thread of its own: the reader's (demux, decode) and the
 * writer's (encode, mux). Between them the calling thread takes messages from one, changes them and
 * gives them to the other.
 *
 *     reader thread --decoded--> calling thread --ready--> writer thread
 *
 * Messages are struct fus_message *, in file order, END last. Both queues are bounded: memory is
 * their depth times a frame. A thread that fails keeps its error, aborts its queue and ends; the
 * errors are read after the join. Made in fus_clip_stages_start, joined in fus_clip_stages_stop.
 * Internal to pipeline. */
#ifndef FUS_PIPELINE_CLIP_STAGES_H
#define FUS_PIPELINE_CLIP_STAGES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/queue.h"
#include "media/reader.h"
#include "media/writer.h"

struct fus_clip_stage {
    pthread_t thread;
    bool started, joined;
    atomic_bool ended;
    /* written by the thread, read after the join */
    int rc;
    struct fus_error err;
    double busy_ms; /* in the decoder, in the encoder */
};

struct fus_clip_stages {
    struct fus_reader *reader; /* the owner's; used by the reader thread alone while it runs */
    struct fus_writer *writer; /* likewise by the writer thread */
    struct fus_queue *decoded, *ready;
    struct fus_clip_stage read, write;
};

int fus_clip_stages_start(struct fus_clip_stages *stages, struct fus_reader *reader,
                          struct fus_writer *writer, struct fus_error *err) FUS_MUST_CHECK;
/* The next decoded message (the caller's), or NULL: nothing came within timeout_ms, or the reader
 * has ended with an error (*ended). */
struct fus_message *fus_clip_stages_take(struct fus_clip_stages *stages, int64_t timeout_ms,
                                         bool *ended);
/* Hands a message on; waits while the queue is full. false: the writer has ended; the message is
 * freed. */
bool fus_clip_stages_give(struct fus_clip_stages *stages, struct fus_message *message);
/* Waits for both threads, of which `give` saw END, or which are told to end at once (abandon). The
 * first error of the two, the writer's before the reader's. */
int fus_clip_stages_finish(struct fus_clip_stages *stages, bool abandon,
                           struct fus_error *err) FUS_MUST_CHECK;
/* Ends what still runs and frees the queues; takes a zeroed one. */
void fus_clip_stages_done(struct fus_clip_stages *stages);

#endif
