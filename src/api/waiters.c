#include "api/waiters.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

#define WAITERS_MAX 512
#define LOOK_EVERY_MS 100

struct waiter {
    struct fus_http_request *request;
    void *exchange;
    char job_id[FUS_ID_SIZE];
    int64_t until_us;
    bool until_terminal;
};

struct fus_waiters {
    struct fus_store *store;
    void (*resume)(void *exchange);
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* guarded by lock: */
    struct waiter waiters[WAITERS_MAX];
    size_t count;    /* of those in the array */
    size_t reserved; /* those, and those about to come */
    bool closing;
};

/* Is there something to tell? A store that cannot answer is: the handler will say so. */
static bool due(struct fus_store *store, const struct waiter *waiter)
{
    FUS_AUTO_JOB struct fus_job job = {0};
    if (fus_store_get(store, NULL, waiter->job_id, &job, NULL) != 0)
        return true;
    if (fus_job_state_terminal(job.state))
        return true;
    if (waiter->until_terminal)
        return false;
    const struct fus_http_request *request = waiter->request;
    return request->seen.state != (int)job.state || request->seen.progress != job.progress ||
           request->seen.attempt != job.attempt || strcmp(request->seen.step, job.step) != 0;
}

static void go_on(struct fus_waiters *waiters, const struct waiter *waiter, bool over)
{
    waiter->request->resumed = true;
    waiter->request->wait_over = over;
    waiters->resume(waiter->exchange);
}

/* Looks at the waiter in slot `index`; true if it was resumed and its slot now holds another. */
static bool look(struct fus_waiters *waiters, size_t index)
{
    struct waiter waiter = waiters->waiters[index];
    bool closing = waiters->closing;
    pthread_mutex_unlock(&waiters->lock);
    bool over = closing || fus_clock_monotonic_us() >= waiter.until_us;
    bool done = over || due(waiters->store, &waiter);
    pthread_mutex_lock(&waiters->lock);
    if (!done)
        return false;
    /* Only this thread removes, so the slot still holds the same waiter. */
    waiters->waiters[index] = waiters->waiters[--waiters->count];
    waiters->reserved--;
    pthread_mutex_unlock(&waiters->lock);
    go_on(waiters, &waiter, over);
    pthread_mutex_lock(&waiters->lock);
    return true;
}

static void *run(void *user)
{
    struct fus_waiters *waiters = user;
    pthread_mutex_lock(&waiters->lock);
    while (!waiters->closing || waiters->reserved > 0) {
        if (waiters->reserved == 0) {
            pthread_cond_wait(&waiters->changed, &waiters->lock);
            continue;
        }
        for (size_t i = 0; i < waiters->count;)
            if (!look(waiters, i))
                i++;
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LOOK_EVERY_MS * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_nsec -= 1000000000L;
            until.tv_sec++;
        }
        if (waiters->reserved > 0)
            pthread_cond_timedwait(&waiters->changed, &waiters->lock, &until);
    }
    pthread_mutex_unlock(&waiters->lock);
    return NULL;
}

int fus_waiters_new(struct fus_store *store, void (*resume)(void *exchange),
                    struct fus_waiters **waiters, struct fus_error *err)
{
    struct fus_waiters *made = fus_calloc(1, sizeof(*made));
    if (made == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to start the server.");
    made->store = store;
    made->resume = resume;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&made->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&made->lock, NULL);
    int failed = pthread_create(&made->thread, NULL, run, made);
    if (failed != 0) {
        pthread_mutex_destroy(&made->lock);
        pthread_cond_destroy(&made->changed);
        fus_free(made);
        return fus_error_errno(err, failed, "Starting a thread failed");
    }
    *waiters = made;
    return 0;
}

void fus_waiters_close(struct fus_waiters *waiters)
{
    if (waiters == NULL)
        return;
    pthread_mutex_lock(&waiters->lock);
    bool first = !waiters->closing;
    waiters->closing = true;
    pthread_cond_signal(&waiters->changed);
    pthread_mutex_unlock(&waiters->lock);
    if (first)
        pthread_join(waiters->thread, NULL);
}

void fus_waiters_free(struct fus_waiters *waiters)
{
    if (waiters == NULL)
        return;
    fus_waiters_close(waiters);
    pthread_mutex_destroy(&waiters->lock);
    pthread_cond_destroy(&waiters->changed);
    fus_free(waiters);
}

bool fus_waiters_reserve(struct fus_waiters *waiters)
{
    pthread_mutex_lock(&waiters->lock);
    bool room = !waiters->closing && waiters->reserved < WAITERS_MAX;
    if (room)
        waiters->reserved++;
    pthread_mutex_unlock(&waiters->lock);
    return room;
}

void fus_waiters_add(struct fus_waiters *waiters, struct fus_http_request *request,
                     const struct fus_http_response *response, void *exchange)
{
    struct waiter waiter = {.request = request,
                            .exchange = exchange,
                            .until_us = response->wait.until_us,
                            .until_terminal = response->wait.until_terminal};
    memcpy(waiter.job_id, response->wait.job_id, sizeof(waiter.job_id));
    pthread_mutex_lock(&waiters->lock);
    waiters->waiters[waiters->count++] = waiter;
    pthread_cond_signal(&waiters->changed);
    pthread_mutex_unlock(&waiters->lock);
}
