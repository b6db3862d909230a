#include "worker/lease.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

/* A new step is written at once, but not more often than STEP_EVERY_US however a worker stutters.
 */
enum { LOOK_EVERY_MS = 200, PROGRESS_EVERY_US = 1000000, STEP_EVERY_US = 100000 };

struct fus_lease {
    struct fus_keeper *keeper;
    bool active;
    char id[FUS_ID_SIZE];
    int64_t fencing_token;
    int wake_fd;
    bool interruptible;
    struct fus_job_progress progress; /* its step points to the next field */
    char step[24];
    bool dirty, urgent; /* progress not yet in the store; a new step */
    int64_t renewed_us; /* monotonic */
    struct fus_lease_news news;
};

struct fus_keeper {
    struct fus_store *store;
    int64_t lease_us;
    pthread_t thread;
    pthread_mutex_t lock; /* all below; never held over a call of the store */
    pthread_cond_t changed;
    bool stopping, look_now;
    size_t count;
    struct fus_lease leases[];
};

static void wake_worker(const struct fus_lease *lease)
{
    uint64_t one = 1;
    ssize_t ignored = write(lease->wake_fd, &one, sizeof(one));
    (void)ignored; /* an eventfd that is full wakes all the same */
}

/* What of a lease is needed outside the lock. */
struct view {
    char id[FUS_ID_SIZE];
    int64_t fencing_token;
    bool renew;
    bool interruptible;
    char step[24];
    struct fus_job_progress progress;
};

/* Lock held. */
static bool take_view(struct fus_lease *lease, int64_t now_us, int64_t lease_us, struct view *view)
{
    if (!lease->active || lease->news.lost || lease->news.cancelled)
        return false;
    int64_t age_us = now_us - lease->renewed_us;
    view->renew = (lease->urgent && age_us >= STEP_EVERY_US) || age_us >= lease_us / 3 ||
                  (lease->dirty && age_us >= PROGRESS_EVERY_US);
    memcpy(view->id, lease->id, sizeof(view->id));
    view->fencing_token = lease->fencing_token;
    view->interruptible = lease->interruptible;
    memcpy(view->step, lease->step, sizeof(view->step));
    view->progress = lease->progress;
    view->progress.step = view->step[0] ? view->step : NULL;
    if (view->renew)
        lease->dirty = lease->urgent = false;
    return true;
}

/* Lock held. Gives the news to the lease, unless it has been given up meanwhile. */
static void give_news(struct fus_lease *lease, const struct view *view, int result,
                      const struct fus_lease_news *news)
{
    if (!lease->active || lease->fencing_token != view->fencing_token ||
        !fus_str_equal(lease->id, view->id))
        return;
    if (view->renew && result == 0)
        lease->renewed_us = fus_clock_monotonic_us();
    else if (view->renew && result != FUS_E_CONFLICT)
        lease->dirty = true; /* the store is not there just now: again at the next look */
    bool fresh = (news->lost && !lease->news.lost) || (news->cancelled && !lease->news.cancelled) ||
                 (news->cancel_requested_us && !lease->news.cancel_requested_us);
    lease->news.lost |= news->lost;
    lease->news.cancelled |= news->cancelled;
    if (news->cancel_requested_us)
        lease->news.cancel_requested_us = news->cancel_requested_us;
    if (fresh)
        wake_worker(lease);
}

static int look(struct fus_keeper *keeper, const struct view *view, struct fus_lease_news *news)
{
    struct fus_error err;
    int rc = 0;
    int64_t now_us = fus_clock_real_us();
    if (view->renew) {
        bool cancel = false;
        rc = fus_store_renew(keeper->store, view->id, view->fencing_token, keeper->lease_us, now_us,
                             &view->progress, &cancel, &err);
        news->lost = rc == FUS_E_CONFLICT;
    }
    int asked =
        fus_store_cancel_requested(keeper->store, view->id, &news->cancel_requested_us, &err);
    news->lost |= asked == FUS_E_NOT_FOUND;
    if (asked == 0 && news->cancel_requested_us && view->interruptible) {
        int ended = fus_store_finish(keeper->store, view->id, view->fencing_token,
                                     FUS_JOB_CANCELLED, NULL, NULL, NULL, 0, now_us, &err);
        news->cancelled = ended == 0;
        news->lost |= ended == FUS_E_CONFLICT;
    }
    return rc;
}

/* Lock held. Without a lease there is nothing to look after until one begins. */
static void wait_change(struct fus_keeper *keeper)
{
    bool idle = true;
    for (size_t i = 0; i < keeper->count; i++)
        idle &= !keeper->leases[i].active;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_EVERY_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    int waited = 0;
    while (!keeper->stopping && !keeper->look_now && waited != ETIMEDOUT)
        waited = idle ? pthread_cond_wait(&keeper->changed, &keeper->lock)
                      : pthread_cond_timedwait(&keeper->changed, &keeper->lock, &until);
    keeper->look_now = false;
}

static void *keep(void *arg)
{
    struct fus_keeper *keeper = arg;
    pthread_mutex_lock(&keeper->lock);
    while (!keeper->stopping) {
        for (size_t i = 0; i < keeper->count; i++) {
            struct view view;
            if (!take_view(&keeper->leases[i], fus_clock_monotonic_us(), keeper->lease_us, &view))
                continue;
            pthread_mutex_unlock(&keeper->lock);
            struct fus_lease_news news = {.cancel_requested_us = 0};
            int rc = look(keeper, &view, &news);
            pthread_mutex_lock(&keeper->lock);
            give_news(&keeper->leases[i], &view, rc, &news);
        }
        wait_change(keeper);
    }
    pthread_mutex_unlock(&keeper->lock);
    return NULL;
}

int fus_keeper_start(struct fus_store *store, int64_t lease_us, size_t count,
                     struct fus_keeper **out, struct fus_error *err)
{
    size_t size;
    if (!fus_size_mul(count, sizeof(struct fus_lease), &size) ||
        !fus_size_add(size, sizeof(struct fus_keeper), &size))
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Too many workers.");
    struct fus_keeper *keeper = fus_calloc(1, size);
    if (!keeper)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the workers.");
    keeper->store = store;
    keeper->lease_us = lease_us;
    keeper->count = count;
    for (size_t i = 0; i < count; i++)
        keeper->leases[i].keeper = keeper;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&keeper->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&keeper->lock, NULL);
    int result = pthread_create(&keeper->thread, NULL, keep, keeper);
    if (result != 0) {
        pthread_cond_destroy(&keeper->changed);
        pthread_mutex_destroy(&keeper->lock);
        fus_free(keeper);
        return fus_error_errno(err, result, "Starting the keeper of leases failed");
    }
    *out = keeper;
    return 0;
}

void fus_keeper_free(struct fus_keeper *keeper)
{
    if (!keeper)
        return;
    pthread_mutex_lock(&keeper->lock);
    keeper->stopping = true;
    pthread_cond_signal(&keeper->changed);
    pthread_mutex_unlock(&keeper->lock);
    pthread_join(keeper->thread, NULL);
    pthread_cond_destroy(&keeper->changed);
    pthread_mutex_destroy(&keeper->lock);
    fus_free(keeper);
}

/* Lock held. */
static void look_soon(struct fus_keeper *keeper)
{
    keeper->look_now = true;
    pthread_cond_signal(&keeper->changed);
}

void fus_keeper_wake(struct fus_keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    look_soon(keeper);
    pthread_mutex_unlock(&keeper->lock);
}

struct fus_lease *fus_keeper_lease(struct fus_keeper *keeper, size_t index)
{
    return &keeper->leases[index];
}

void fus_lease_begin(struct fus_lease *lease, const char *id, int64_t fencing_token, int wake_fd)
{
    struct fus_keeper *keeper = lease->keeper;
    pthread_mutex_lock(&keeper->lock);
    memset(lease, 0, sizeof(*lease));
    lease->keeper = keeper;
    lease->active = true;
    fus_strlcpy(lease->id, id, sizeof(lease->id));
    lease->fencing_token = fencing_token;
    lease->wake_fd = wake_fd;
    lease->renewed_us = fus_clock_monotonic_us();
    look_soon(keeper);
    pthread_mutex_unlock(&keeper->lock);
}

void fus_lease_end(struct fus_lease *lease)
{
    pthread_mutex_lock(&lease->keeper->lock);
    lease->active = false;
    pthread_mutex_unlock(&lease->keeper->lock);
}

void fus_lease_interruptible(struct fus_lease *lease, bool interruptible)
{
    pthread_mutex_lock(&lease->keeper->lock);
    lease->interruptible = interruptible;
    pthread_mutex_unlock(&lease->keeper->lock);
}

void fus_lease_progress(struct fus_lease *lease, const struct fus_job_progress *progress)
{
    pthread_mutex_lock(&lease->keeper->lock);
    if (!fus_str_equal(lease->step, progress->step)) {
        lease->urgent = true;
        look_soon(lease->keeper);
    }
    lease->dirty = true;
    lease->progress = *progress;
    fus_strlcpy(lease->step, progress->step ? progress->step : "", sizeof(lease->step));
    pthread_mutex_unlock(&lease->keeper->lock);
}

struct fus_lease_news fus_lease_news(struct fus_lease *lease)
{
    pthread_mutex_lock(&lease->keeper->lock);
    struct fus_lease_news news = lease->news;
    pthread_mutex_unlock(&lease->keeper->lock);
    return news;
}
