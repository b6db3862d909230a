#include "pipeline/clip_stages.h"

#include "base/clock.h"
#include "base/mem.h"

/* Messages, that is frames and packets of sound, in each queue: enough to even out key frames, and
 * small beside the encoder's own look-ahead. */
#define QUEUE_DEPTH 6

static void destroy_message(void *message)
{
    fus_message_free(message);
}

static void *read_main(void *user)
{
    struct fus_clip_stages *stages = user;
    struct fus_clip_stage *stage = &stages->read;
    bool last = false;

    while (!last) {
        struct fus_message *message = NULL;
        int64_t start_us = fus_clock_monotonic_us();

        stage->rc = fus_reader_next(stages->reader, &message, &stage->err);
        stage->busy_ms += (double)(fus_clock_monotonic_us() - start_us) / 1000.0;
        if (stage->rc)
            break;
        last = message->kind == FUS_MESSAGE_END;
        if (!fus_queue_push(stages->decoded, message)) {
            fus_message_free(message);
            break;
        }
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

int fus_clip_stages_start(struct fus_clip_stages *stages, struct fus_reader *reader,
                          struct fus_writer *writer, struct fus_error *err)
{
    int rc;

    stages->reader = reader;
    stages->writer = writer;
    stages->decoded = fus_queue_new(QUEUE_DEPTH, destroy_message);
    stages->ready = fus_queue_new(QUEUE_DEPTH, destroy_message);
    if (!stages->decoded || !stages->ready)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the clip's queues.");
    rc = start_one(stages, &stages->read, read_main, err);
    return rc ? rc : start_one(stages, &stages->write, write_main, err);
}

struct fus_message *fus_clip_stages_take(struct fus_clip_stages *stages, int64_t timeout_ms,
                                         bool *ended)
{
    /* asked before the pop: what the reader pushed before it ended must still be seen */
    *ended = atomic_load(&stages->read.ended);

    struct fus_message *message = fus_queue_pop_timed(stages->decoded, timeout_ms);

    if (message)
        *ended = false;
    return message;
}

bool fus_clip_stages_give(struct fus_clip_stages *stages, struct fus_message *message)
{
    if (fus_queue_push(stages->ready, message))
        return true;
    fus_message_free(message);
    return false;
}

static void join(struct fus_clip_stage *stage)
{
    if (stage->started && !stage->joined)
        pthread_join(stage->thread, NULL);
    stage->joined = true;
}

int fus_clip_stages_finish(struct fus_clip_stages *stages, bool abandon, struct fus_error *err)
{
    if (abandon) {
        if (stages->decoded)
            fus_queue_abort(stages->decoded);
        if (stages->ready)
            fus_queue_abort(stages->ready);
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
    fus_queue_free(FUS_TAKE(stages->decoded));
    fus_queue_free(FUS_TAKE(stages->ready));
}
