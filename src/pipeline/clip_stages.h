/* The two ends of a clip's pipeline, each a thread of its own: the reader's (demux, decode, find
 * faces) and the writer's (encode, mux). Between them the calling thread takes items from one,
 * changes their frames and gives the messages to the other.
 *
 *     reader thread --decoded--> calling thread --ready--> writer thread
 *          ^------------spare----------'  ^--------unused--------'
 *
 * Messages keep their file order, END last. The queues are bounded and the items are made once:
 * memory is their number times a frame. A thread that fails keeps its error, aborts its queue and
 * ends; the errors are read after the join. Made in fus_clip_stages_start, joined in
 * fus_clip_stages_finish. Internal to pipeline. */
#ifndef FUS_PIPELINE_CLIP_STAGES_H
#define FUS_PIPELINE_CLIP_STAGES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/queue.h"
#include "faces/face.h"
#include "media/reader.h"
#include "media/writer.h"
#include "pipeline/canvas.h"

/* A message on its way from the reader, with what was found in its frame. */
struct fus_clip_item {
    struct fus_message *message;
    struct fus_faces faces;
    const struct fus_face *chosen[FUS_FACES_MAX]; /* point into faces */
    size_t chosen_count;
    struct fus_image upright; /* the frame as it is seen, of a turned clip */
    struct fus_canvas canvas;
};

/* What the reader's thread does with each frame, in order. An item goes on when it is settled,
 * which is `hold` frames after it was looked at: a choice may depend on frames that come later. */
struct fus_clip_analysis {
    void *user; /* used by that thread alone until the join */
    int (*look)(void *user, struct fus_clip_item *item, struct fus_error *err);   /* or NULL */
    int (*settle)(void *user, struct fus_clip_item *item, struct fus_error *err); /* or NULL */
    int hold; /* 0..FUS_CLIP_HOLD_MAX */
};

#define FUS_CLIP_ITEMS 6 /* besides those that are held */
#define FUS_CLIP_HOLD_MAX 10
#define FUS_CLIP_READY \
    6 /* frames and packets of sound before the encoder: its key frames are slow */

/* What the writer's thread gets: a message, or a picture in the place of its frame. */
struct fus_clip_output {
    struct fus_message *message;
    bool own_picture;
    struct fus_image picture; /* memory is kept */
};

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
    struct fus_clip_analysis analysis;
    struct fus_clip_item *items;
    size_t item_count;
    struct fus_queue *spare, *decoded;
    struct fus_clip_output outputs[FUS_CLIP_READY];
    struct fus_queue *unused, *ready;
    struct fus_clip_item *held[FUS_CLIP_ITEMS + FUS_CLIP_HOLD_MAX]; /* the reader thread's */
    size_t held_count;
    int held_frames;
    struct fus_clip_stage read, write;
};

int fus_clip_stages_start(struct fus_clip_stages *stages, struct fus_reader *reader,
                          struct fus_writer *writer, const struct fus_clip_analysis *analysis,
                          struct fus_error *err) FUS_MUST_CHECK;
/* The next item (to be handed back with give), or NULL: nothing came within timeout_ms, or the
 * reader has ended with an error (*ended). */
struct fus_clip_item *fus_clip_stages_take(struct fus_clip_stages *stages, int64_t timeout_ms,
                                           bool *ended);
/* Hands the item's message on, or its canvas' picture if that has a size of its own, and the item
 * back; waits while the queue is full. false: an end has stopped. */
bool fus_clip_stages_give(struct fus_clip_stages *stages, struct fus_clip_item *item);
/* Waits for both threads, to which `give` has handed END, or which are told to end at once
 * (abandon). The first error of the two, the writer's before the reader's. */
int fus_clip_stages_finish(struct fus_clip_stages *stages, bool abandon,
                           struct fus_error *err) FUS_MUST_CHECK;
/* Ends what still runs and frees queues and items; takes a zeroed one. */
void fus_clip_stages_done(struct fus_clip_stages *stages);

#endif
