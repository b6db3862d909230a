#include "fixture.h"

#include <poll.h>
#include <sys/eventfd.h>

struct kept {
    struct fus_keeper *keeper;
    struct fus_lease *lease;
    struct fus_job job;
    int wake_fd;
};

/* A claimed job under a keeper with so short a lease that renewals show. */
static struct kept claim(struct fixture *f)
{
    struct kept kept = {.keeper = NULL};
    char id[FUS_ID_SIZE];
    bool claimed = false;
    struct fus_error err = {.code = 0};
    submit(f, "ok", id);
    fixture_must(fus_store_claim(f->store, "local/0", 300000, fus_clock_real_us(), &kept.job,
                                 &claimed, &err),
                 &err);
    assert_true(claimed);
    fixture_must(fus_keeper_start(f->store, 300000, 1, &kept.keeper, &err), &err);
    kept.lease = fus_keeper_lease(kept.keeper, 0);
    kept.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    fus_lease_begin(kept.lease, kept.job.id, kept.job.fencing_token, kept.wake_fd);
    return kept;
}

static void release(struct kept *kept)
{
    fus_lease_end(kept->lease);
    fus_keeper_free(kept->keeper);
    close(kept->wake_fd);
    fus_job_done(&kept->job);
}

static void await_wake(const struct kept *kept)
{
    struct pollfd poll_fd = {.fd = kept->wake_fd, .events = POLLIN};
    assert_int_equal(poll(&poll_fd, 1, 3000), 1);
}

static void a_lease_is_renewed_while_its_worker_does_something_else(void **state)
{
    struct fixture *f = *state;
    struct kept kept = claim(f);
    fus_clock_sleep_ms(900);
    int64_t count = -1;
    struct fus_error err = {.code = 0};
    fixture_must(fus_store_reclaim(f->store, NULL, "{}", fus_clock_real_us(), &count, &err), &err);
    assert_int_equal(count, 0);
    assert_int_equal(state_of(f, kept.job.id), FUS_JOB_PROCESSING);
    release(&kept);
}

static void a_new_step_is_written_at_once(void **state)
{
    struct fixture *f = *state;
    struct kept kept = claim(f);
    fus_clock_sleep_ms(120);
    const struct fus_job_progress progress = {.step = "analysing_faces", .progress = 12};
    fus_lease_progress(kept.lease, &progress);
    bool seen = false;
    for (int i = 0; i < 60 && !seen; i++) {
        FUS_AUTO_JOB struct fus_job job = {.progress = 0};
        assert_int_equal(fus_store_get(f->store, NULL, kept.job.id, &job, NULL), 0);
        seen = fus_str_equal(job.step, "analysing_faces") && job.progress == 12;
        fus_clock_sleep_ms(5);
    }
    assert_true(seen);
    release(&kept);
}

static void a_cancel_wakes_the_worker(void **state)
{
    struct fixture *f = *state;
    struct kept kept = claim(f);
    enum fus_job_state after;
    int64_t now_us = fus_clock_real_us();
    assert_int_equal(fus_store_cancel(f->store, NULL, kept.job.id, now_us, &after, NULL), 0);
    fus_keeper_wake(kept.keeper);
    await_wake(&kept);
    struct fus_lease_news news = fus_lease_news(kept.lease);
    assert_int_equal(news.cancel_requested_us, now_us);
    assert_false(news.cancelled);
    assert_false(news.lost);
    assert_int_equal(state_of(f, kept.job.id), FUS_JOB_PROCESSING);
    release(&kept);
}

static void a_cancel_ends_a_job_that_is_only_being_staged(void **state)
{
    struct fixture *f = *state;
    struct kept kept = claim(f);
    enum fus_job_state after;
    fus_lease_interruptible(kept.lease, true);
    assert_int_equal(
        fus_store_cancel(f->store, NULL, kept.job.id, fus_clock_real_us(), &after, NULL), 0);
    await_wake(&kept); /* without a wake of ours: it looks by itself */
    assert_true(fus_lease_news(kept.lease).cancelled);
    assert_int_equal(state_of(f, kept.job.id), FUS_JOB_CANCELLED);
    release(&kept);
}

static void a_lease_that_was_taken_over_is_told(void **state)
{
    struct fixture *f = *state;
    struct kept kept = claim(f);
    int64_t count = 0;
    assert_int_equal(fus_store_reclaim(f->store, "local/", "{}", fus_clock_real_us(), &count, NULL),
                     0);
    assert_int_equal(count, 1);
    await_wake(&kept);
    assert_true(fus_lease_news(kept.lease).lost);
    release(&kept);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lease_is_renewed_while_its_worker_does_something_else),
        TEST(a_new_step_is_written_at_once),
        TEST(a_cancel_wakes_the_worker),
        TEST(a_cancel_ends_a_job_that_is_only_being_staged),
        TEST(a_lease_that_was_taken_over_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
