#include "base/queue.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/mem.h"

struct fus_queue {
    pthread_mutex_t lock;
    pthread_cond_t not_empty, not_full;
    void (*destroy)(void *message);
    size_t capacity;
    size_t head, length; /* lock */
    bool aborted;        /* lock */
    void *slots[];       /* lock */
};

static bool sync_init(struct fus_queue *queue)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    bool ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0;
    ok = ok && pthread_mutex_init(&queue->lock, NULL) == 0;
    if (ok && pthread_cond_init(&queue->not_empty, &attributes) != 0) {
        pthread_mutex_destroy(&queue->lock);
        ok = false;
    }
    if (ok && pthread_cond_init(&queue->not_full, &attributes) != 0) {
        pthread_cond_destroy(&queue->not_empty);
        pthread_mutex_destroy(&queue->lock);
        ok = false;
    }
    pthread_condattr_destroy(&attributes);
    return ok;
}

struct fus_queue *fus_queue_new(size_t capacity, void (*destroy)(void *message))
{
    size_t bytes = 0;
    if (capacity == 0 || !fus_size_mul(capacity, sizeof(void *), &bytes) ||
        !fus_size_add(bytes, sizeof(struct fus_queue), &bytes))
        return NULL;
    struct fus_queue *queue = fus_calloc(1, bytes);
    if (queue == NULL)
        return NULL;
    queue->capacity = capacity;
    queue->destroy = destroy;
    if (!sync_init(queue)) {
        fus_free(queue);
        return NULL;
    }
    return queue;
}

void fus_queue_free(struct fus_queue *queue)
{
    if (queue == NULL)
        return;
    while (queue->length > 0) {
        void *message = queue->slots[queue->head];
        queue->head = (queue->head + 1) % queue->capacity;
        queue->length--;
        if (queue->destroy != NULL)
            queue->destroy(message);
    }
    pthread_cond_destroy(&queue->not_full);
    pthread_cond_destroy(&queue->not_empty);
    pthread_mutex_destroy(&queue->lock);
    fus_free(queue);
}

bool fus_queue_push(struct fus_queue *queue, void *message)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->length == queue->capacity && !queue->aborted)
        pthread_cond_wait(&queue->not_full, &queue->lock);
    bool taken = !queue->aborted;
    if (taken) {
        queue->slots[(queue->head + queue->length) % queue->capacity] = message;
        queue->length++;
        pthread_cond_signal(&queue->not_empty);
    }
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

/* Lock held, length > 0. */
static void *take_first(struct fus_queue *queue)
{
    void *message = queue->slots[queue->head];
    queue->head = (queue->head + 1) % queue->capacity;
    queue->length--;
    pthread_cond_signal(&queue->not_full);
    return message;
}

void *fus_queue_pop(struct fus_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->length == 0 && !queue->aborted)
        pthread_cond_wait(&queue->not_empty, &queue->lock);
    void *message = queue->aborted ? NULL : take_first(queue);
    pthread_mutex_unlock(&queue->lock);
    return message;
}

void *fus_queue_pop_timed(struct fus_queue *queue, int64_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    timeout_ms = FUS_CLAMP(timeout_ms, 0, (int64_t)1000 * 3600 * 24);
    until.tv_sec += (time_t)(timeout_ms / 1000);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&queue->lock);
    int waited = 0;
    while (queue->length == 0 && !queue->aborted && waited != ETIMEDOUT && timeout_ms > 0)
        waited = pthread_cond_timedwait(&queue->not_empty, &queue->lock, &until);
    void *message = queue->aborted || queue->length == 0 ? NULL : take_first(queue);
    pthread_mutex_unlock(&queue->lock);
    return message;
}

void fus_queue_abort(struct fus_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->aborted = true;
    pthread_cond_broadcast(&queue->not_empty);
    pthread_cond_broadcast(&queue->not_full);
    pthread_mutex_unlock(&queue->lock);
}

size_t fus_queue_length(struct fus_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    size_t length = queue->length;
    pthread_mutex_unlock(&queue->lock);
    return length;
}
