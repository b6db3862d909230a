#include "pipeline/clip_stages.h"

#include "base/clock.h"
#include "base/mem.h"

/* Messages, that is frames and packets of sound, before the encoder: enough to even out its key
 * frames. */
#define READY_DEPTH 6

static void destroy_message(void *message)
{
    fus_message_free(message);
}

static int read_one(struct fus_clip_stages *stages, struct fus_clip_item *item)
{
    struct fus_clip_stage *stage = &stages->read;
    int64_t start_us = fus_clock_monotonic_us();
    int rc = fus_reader_next(stages->reader, &item->message, &stage->err);

    stage->busy_ms += (double)(fus_clock_monotonic_us() - start_us) / 1000.0;
    item->chosen_count = 0;
    if (!rc && item->message->kind == FUS_MESSAGE_VIDEO && stages->analysis.frame)
        rc = stages->analysis.frame(stages->analysis.user, item, &stage->err);
    return rc;
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
        if (!fus_queue_push(stages->decoded, item))
            break;
    }
    atomic_store(&stage->ended, true);
    if (stage->rc)
        fus_queue_abort(stages->decoded);
    return NULL;
}

static void *write_main(void *user)
{
    struct fus_clip_stages *stages = user;
    struct fus_clip_stage *stage = &stages->write;
    bool last = false;

    while (!last && stage->rc == 0) {
        struct fus_message *message = fus_queue_pop(stages->ready);
        int64_t start_us = fus_clock_monotonic_us();

        if (!message)
            break;
        last = message->kind == FUS_MESSAGE_END;
        if (last) {
            fus_message_free(message);
            stage->rc = fus_writer_finish(stages->writer, &stage->err);
        } else {
            stage->rc = fus_writer_write(stages->writer, message, &stage->err);
        }
        stage->busy_ms += (double)(fus_clock_monotonic_us() - start_us) / 1000.0;
    }
    atomic_store(&stage->ended, true);
    if (stage->rc)
        fus_queue_abort(stages->ready);
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

static int make_queues(struct fus_clip_stages *stages, struct fus_error *err)
{
    bool made;

    stages->spare = fus_queue_new(FUS_CLIP_ITEMS, NULL);
    stages->decoded = fus_queue_new(FUS_CLIP_ITEMS, NULL);
    stages->ready = fus_queue_new(READY_DEPTH, destroy_message);
    stages->items = fus_calloc(FUS_CLIP_ITEMS, sizeof(*stages->items));
    made = stages->spare && stages->decoded && stages->ready && stages->items;
    for (int i = 0; made && i < FUS_CLIP_ITEMS; i++)
        made = fus_queue_push(stages->spare, &stages->items[i]);
    if (!made)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the clip's queues.");
    return 0;
}

int fus_clip_stages_start(struct fus_clip_stages *stages, struct fus_reader *reader,
                          struct fus_writer *writer, const struct fus_clip_analysis *analysis,
                          struct fus_error *err)
{
    int rc = make_queues(stages, err);

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
    if (!fus_queue_push(stages->ready, item->message))
        return false; /* the message stays the item's */
    item->message = NULL;
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
    struct fus_queue *queues[] = {stages->spare, stages->decoded, stages->ready};

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
    for (int i = 0; stages->items && i < FUS_CLIP_ITEMS; i++)
        fus_message_free(stages->items[i].message);
    fus_free(FUS_TAKE(stages->items));
    fus_queue_free(FUS_TAKE(stages->spare));
    fus_queue_free(FUS_TAKE(stages->decoded));
    fus_queue_free(FUS_TAKE(stages->ready));
}
