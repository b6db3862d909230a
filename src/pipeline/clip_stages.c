#include "pipeline/clip_stages.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

static int read_one(struct fus_clip_stages *stages, struct fus_clip_item *item)
{
    struct fus_clip_stage *stage = &stages->read;
    int64_t start_us = fus_clock_monotonic_us();
    int rc = fus_reader_next(stages->reader, &item->message, &stage->err);

    stage->busy_ms += (double)(fus_clock_monotonic_us() - start_us) / 1000.0;
    item->chosen_count = 0;
    if (!rc && item->message->kind == FUS_MESSAGE_VIDEO && stages->analysis.look)
        rc = stages->analysis.look(stages->analysis.user, item, &stage->err);
    return rc;
}

static bool is_frame(const struct fus_clip_item *item)
{
    return item->message->kind == FUS_MESSAGE_VIDEO;
}

/* The oldest held item goes on. false: the queue has stopped, or an error. */
static bool pass_one(struct fus_clip_stages *stages)
{
    struct fus_clip_item *item = stages->held[0];
    struct fus_clip_stage *stage = &stages->read;

    if (is_frame(item) && stages->analysis.settle)
        stage->rc = stages->analysis.settle(stages->analysis.user, item, &stage->err);
    if (stage->rc)
        return false;
    stages->held_frames -= is_frame(item);
    stages->held_count--;
    memmove(stages->held, stages->held + 1, stages->held_count * sizeof(*stages->held));
    return fus_queue_push(stages->decoded, item);
}

/* Items keep their order, and sound waits with the frames before it. */
static bool hold(struct fus_clip_stages *stages, struct fus_clip_item *item)
{
    bool last = item->message->kind == FUS_MESSAGE_END, going = true;

    stages->held[stages->held_count++] = item;
    stages->held_frames += is_frame(item);
    while (going && stages->held_count > 0 &&
           (last || stages->held_frames > stages->analysis.hold || !is_frame(stages->held[0]) ||
            stages->held_count == stages->item_count))
        going = pass_one(stages);
    return going;
}

/* Items that are left in a queue are freed with their message in fus_clip_stages_done. */
static void *read_main(void *user)
{
    struct fus_clip_stages *stages = user;
    struct fus_clip_stage *stage = &stages->read;
    bool last = false;

    while (!last) {
        struct fus_clip_item *item = fus_queue_pop(stages->spare);

        if (!item)
            break;
        stage->rc = read_one(stages, item);
        if (stage->rc)
            break;
        last = item->message->kind == FUS_MESSAGE_END;
        if (!hold(stages, item))
            break;
    }
    atomic_store(&stage->ended, true);
    if (stage->rc)
        fus_queue_abort(stages->decoded);
    return NULL;
}

static int write_one(struct fus_clip_stages *stages, struct fus_clip_output *output)
{
    struct fus_error *err = &stages->write.err;
    struct fus_message *message = FUS_TAKE(output->message);
    int rc;

    if (!output->own_picture && message->kind != FUS_MESSAGE_END)
        return fus_writer_write(stages->writer, message, err);
    if (message->kind == FUS_MESSAGE_END)
        rc = fus_writer_finish(stages->writer, err);
    else
        rc = fus_writer_put_timed(stages->writer, &output->picture, message->frame.pts_us,
                                  message->frame.duration_us, err);
    fus_message_free(message);
    return rc;
}

static void *write_main(void *user)
{
    struct fus_clip_stages *stages = user;
    struct fus_clip_stage *stage = &stages->write;
    bool last = false;

    while (!last && stage->rc == 0) {
        struct fus_clip_output *output = fus_queue_pop(stages->ready);
        int64_t start_us = fus_clock_monotonic_us();

        if (!output)
            break;
        last = output->message->kind == FUS_MESSAGE_END;
        stage->rc = write_one(stages, output);
        stage->busy_ms += (double)(fus_clock_monotonic_us() - start_us) / 1000.0;
        if (!fus_queue_push(stages->unused, output))
            break;
    }
    atomic_store(&stage->ended, true);
    if (stage->rc) {
        fus_queue_abort(stages->ready);
        fus_queue_abort(stages->unused);
    }
    return NULL;
}

static int start_one(struct fus_clip_stages *stages, struct fus_clip_stage *stage,
                     void *(*entry)(void *), struct fus_error *err)
{
    int number = pthread_create(&stage->thread, NULL, entry, stages);

    if (number != 0)
        return fus_error_errno(err, number, "A thread could not be started");
    stage->started = true;
    return 0;
}

static int make_queues(struct fus_clip_stages *stages, int held, struct fus_error *err)
{
    bool made;

    stages->item_count = FUS_CLIP_ITEMS + (size_t)held;
    stages->spare = fus_queue_new(stages->item_count, NULL);
    stages->decoded = fus_queue_new(stages->item_count, NULL);
    stages->unused = fus_queue_new(FUS_CLIP_READY, NULL);
    stages->ready = fus_queue_new(FUS_CLIP_READY, NULL);
    stages->items = fus_calloc(stages->item_count, sizeof(*stages->items));
    made = stages->spare && stages->decoded && stages->unused && stages->ready && stages->items;
    for (size_t i = 0; made && i < stages->item_count; i++)
        made = fus_queue_push(stages->spare, &stages->items[i]);
    for (size_t i = 0; made && i < FUS_CLIP_READY; i++)
        made = fus_queue_push(stages->unused, &stages->outputs[i]);
    if (!made)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the clip's queues.");
    return 0;
}

int fus_clip_stages_start(struct fus_clip_stages *stages, struct fus_reader *reader,
                          struct fus_writer *writer, const struct fus_clip_analysis *analysis,
                          struct fus_error *err)
{
    int rc = make_queues(stages, FUS_CLAMP(analysis->hold, 0, FUS_CLIP_HOLD_MAX), err);

    if (rc)
        return rc;
    stages->reader = reader;
    stages->writer = writer;
    stages->analysis = *analysis;
    rc = start_one(stages, &stages->read, read_main, err);
    return rc ? rc : start_one(stages, &stages->write, write_main, err);
}

struct fus_clip_item *fus_clip_stages_take(struct fus_clip_stages *stages, int64_t timeout_ms,
                                           bool *ended)
{
    /* asked before the pop: what the reader pushed before it ended must still be seen */
    *ended = atomic_load(&stages->read.ended);

    struct fus_clip_item *item = fus_queue_pop_timed(stages->decoded, timeout_ms);

    if (item)
        *ended = false;
    return item;
}

bool fus_clip_stages_give(struct fus_clip_stages *stages, struct fus_clip_item *item)
{
    struct fus_clip_output *output = fus_queue_pop(stages->unused);

    if (!output)
        return false;
    output->own_picture = is_frame(item) && item->canvas.sized;
    output->message = FUS_TAKE(item->message);
    if (output->own_picture) {
        struct fus_image memory = output->picture;

        output->picture = item->canvas.buffer;
        item->canvas.buffer = memory;
    }
    item->canvas.sized = false;
    if (!fus_queue_push(stages->ready, output))
        return false; /* freed with the stages */
    return fus_queue_push(stages->spare, item);
}

static void join(struct fus_clip_stage *stage)
{
    if (stage->started && !stage->joined)
        pthread_join(stage->thread, NULL);
    stage->joined = true;
}

int fus_clip_stages_finish(struct fus_clip_stages *stages, bool abandon, struct fus_error *err)
{
    struct fus_queue *queues[] = {stages->spare, stages->decoded, stages->unused, stages->ready};

    for (size_t i = 0; abandon && i < FUS_COUNT(queues); i++) {
        if (queues[i])
            fus_queue_abort(queues[i]);
    }
    join(&stages->read);
    join(&stages->write);

    const struct fus_clip_stage *failed = stages->write.rc ? &stages->write : &stages->read;

    if (failed->rc && err)
        *err = failed->err;
    return failed->rc;
}

void fus_clip_stages_done(struct fus_clip_stages *stages)
{
    (void)!fus_clip_stages_finish(stages, true, NULL);
    for (size_t i = 0; stages->items && i < stages->item_count; i++) {
        fus_message_free(stages->items[i].message);
        fus_image_done(&stages->items[i].upright);
        fus_canvas_done(&stages->items[i].canvas);
    }
    fus_free(FUS_TAKE(stages->items));
    for (size_t i = 0; i < FUS_CLIP_READY; i++) {
        fus_message_free(FUS_TAKE(stages->outputs[i].message));
        fus_image_done(&stages->outputs[i].picture);
    }
    fus_queue_free(FUS_TAKE(stages->unused));
    fus_queue_free(FUS_TAKE(stages->spare));
    fus_queue_free(FUS_TAKE(stages->decoded));
    fus_queue_free(FUS_TAKE(stages->ready));
}
