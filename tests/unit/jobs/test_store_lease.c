/* Claims, leases, renewals and reclaims. */
#include "fixture.h"

#include <pthread.h>

static void the_highest_priority_is_claimed_first_then_the_oldest(void **state)
{
    struct fixture *f = *state;
    static const int priorities[] = {5, 9, 0, 9, 5};
    for (int i = 0; i < 5; i++) {
        struct fus_job job = sample_job(i);
        job.priority = priorities[i];
        assert_int_equal(fus_store_insert(f->store, &job, 10, NULL), 0);
    }
    static const int expected[] = {1, 3, 0, 4, 2};
    for (int i = 0; i < 5; i++)
        assert_int_equal(claim_number(f->store, 5000000, NULL), expected[i]);
    assert_int_equal(claim_number(f->store, 5000000, NULL), -1);
}

static void a_claim_says_who_holds_the_job_and_until_when(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    FUS_AUTO_JOB struct fus_job job = {0};
    bool claimed = false;
    assert_int_equal(fus_store_claim(f->store, "local/2", 30, 5000, &job, &claimed, NULL), 0);
    assert_true(claimed);
    assert_int_equal(job.state, FUS_JOB_PROCESSING);
    assert_string_equal(job.step, "fetching_inputs");
    assert_int_equal(job.attempt, 1);
    assert_int_equal(job.fencing_token, 1);
    assert_string_equal(job.worker, "local/2");
    assert_int_equal(job.lease_until_us, 5030);
    assert_int_equal(job.started_us, 5000);
    assert_string_equal(job.request, "{\"sources\":[]}");
}

static void a_renewal_writes_progress_that_never_falls(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    int64_t token;
    claim_number(f->store, 5000, &token);
    char id[FUS_ID_SIZE];
    sample_id(1, id);
    struct fus_job_progress progress = {.step = "processing_frames",
                                        .progress = 40,
                                        .frames_done = 4,
                                        .frames_total = 10,
                                        .fps = 25};
    bool cancel = true;
    assert_int_equal(fus_store_renew(f->store, id, token, 100, 6000, &progress, &cancel, NULL), 0);
    assert_false(cancel);
    progress.progress = 30;
    assert_int_equal(fus_store_renew(f->store, id, token, 100, 7000, &progress, &cancel, NULL), 0);
    assert_int_equal(fus_store_renew(f->store, id, token, 100, 8000, NULL, &cancel, NULL), 0);
    FUS_AUTO_JOB struct fus_job job = {0};
    get_job(f->store, 1, &job);
    assert_int_equal(job.progress, 40);
    assert_string_equal(job.step, "processing_frames");
    assert_int_equal(job.frames_done, 4);
    assert_int_equal(job.frames_total, 10);
    assert_true(job.fps > 24.9 && job.fps < 25.1);
    assert_int_equal(job.lease_until_us, 8100);
    assert_int_equal(job.updated_us, 8000);
}

static void an_old_token_writes_nothing(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    int64_t old, count;
    claim_number(f->store, 1000, &old);
    int64_t later = 1000 + 30000001;
    assert_int_equal(fus_store_reclaim(f->store, NULL, "{}", later, &count, NULL), 0);
    assert_int_equal(count, 1);
    int64_t token;
    assert_int_equal(claim_number(f->store, later, &token), 1);
    assert_true(token > old);

    char id[FUS_ID_SIZE];
    sample_id(1, id);
    bool flag;
    assert_int_equal(fus_store_renew(f->store, id, old, 1, later, NULL, &flag, NULL),
                     FUS_E_CONFLICT);
    assert_int_equal(
        fus_store_finish(f->store, id, old, FUS_JOB_COMPLETED, "{}", NULL, NULL, 0, later, NULL),
        FUS_E_CONFLICT);
    assert_int_equal(fus_store_retry(f->store, id, old, "{}", 0, later, &flag, NULL),
                     FUS_E_CONFLICT);
    assert_int_equal(fus_store_release(f->store, id, old, later, NULL), FUS_E_CONFLICT);
    FUS_AUTO_JOB struct fus_job job = {0};
    get_job(f->store, 1, &job);
    assert_int_equal(job.state, FUS_JOB_PROCESSING);
    assert_int_equal(job.attempt, 2);
    assert_int_equal(
        fus_store_finish(f->store, id, token, FUS_JOB_COMPLETED, "{}", NULL, NULL, 0, later, NULL),
        0);
}

static void a_lease_that_runs_out_costs_an_attempt_and_the_last_fails_the_job(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    int64_t now = 1000, count;
    for (int attempt = 1; attempt <= 3; attempt++) {
        assert_int_equal(claim_number(f->store, now, NULL), 1);
        assert_int_equal(fus_store_reclaim(f->store, NULL, "{\"code\":\"worker_crashed\"}",
                                           now + 29999999, &count, NULL),
                         0);
        assert_int_equal(count, 0);
        now += 30000001;
        assert_int_equal(
            fus_store_reclaim(f->store, NULL, "{\"code\":\"worker_crashed\"}", now, &count, NULL),
            0);
        assert_int_equal(count, 1);
    }
    FUS_AUTO_JOB struct fus_job job = {0};
    get_job(f->store, 1, &job);
    assert_int_equal(job.state, FUS_JOB_FAILED);
    assert_int_equal(job.finished_us, now);
    assert_string_equal(job.error, "{\"code\":\"worker_crashed\"}");
    assert_null(job.worker);
}

static void a_prefix_frees_the_leases_of_a_former_life_alone(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    insert_job(f->store, 2);
    FUS_AUTO_JOB struct fus_job job = {0};
    FUS_AUTO_JOB struct fus_job other = {0};
    bool claimed;
    assert_int_equal(fus_store_claim(f->store, "local/1", 30000000, 1000, &job, &claimed, NULL), 0);
    assert_int_equal(fus_store_claim(f->store, "remote/1", 30000000, 1000, &other, &claimed, NULL),
                     0);
    int64_t count;
    assert_int_equal(fus_store_reclaim(f->store, "local/", "{}", 2000, &count, NULL), 0);
    assert_int_equal(count, 1);
    fus_job_done(&job);
    get_job(f->store, 1, &job);
    assert_int_equal(job.state, FUS_JOB_QUEUED);
    fus_job_done(&other);
    get_job(f->store, 2, &other);
    assert_int_equal(other.state, FUS_JOB_PROCESSING);
}

static void many_lapsed_leases_are_reclaimed_in_one_call(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 150; i++)
        insert_job(f->store, i);
    for (int i = 0; i < 150; i++)
        assert_int_equal(claim_number(f->store, 1000, NULL), i);
    int64_t count;
    assert_int_equal(fus_store_reclaim(f->store, "local/", "{}", 2000, &count, NULL), 0);
    assert_int_equal(count, 150);
}

static void a_released_job_keeps_its_attempt(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    char id[FUS_ID_SIZE];
    sample_id(1, id);
    for (int i = 0; i < 5; i++) {
        int64_t token;
        assert_int_equal(claim_number(f->store, 1000, &token), 1);
        assert_int_equal(token, i + 1);
        assert_int_equal(fus_store_release(f->store, id, token, 2000, NULL), 0);
    }
    FUS_AUTO_JOB struct fus_job job = {0};
    get_job(f->store, 1, &job);
    assert_int_equal(job.state, FUS_JOB_QUEUED);
    assert_int_equal(job.attempt, 0);
    assert_int_equal(job.started_us, 0);
}

enum { CLAIMERS = 4, CLAIMS = 80 };
struct claimer {
    struct fus_store *store;
    int *taken; /* [CLAIMS], one slot a job; each is written by its claimer alone */
};

static void *claim_all(void *arg)
{
    struct claimer *claimer = arg;
    for (;;) {
        FUS_AUTO_JOB struct fus_job job = {0};
        bool claimed = false;
        if (fus_store_claim(claimer->store, "local/x", 30000000, 5000, &job, &claimed, NULL))
            return arg;
        if (!claimed)
            return NULL;
        int number = atoi(job.id + strlen("job_20261124_"));
        __atomic_add_fetch(&claimer->taken[number], 1, __ATOMIC_RELAXED);
        if (fus_store_finish(claimer->store, job.id, job.fencing_token, FUS_JOB_COMPLETED, "{}",
                             NULL, NULL, 0, 6000, NULL))
            return arg;
    }
}

static void no_job_is_claimed_twice_by_racing_threads(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < CLAIMS; i++)
        insert_job(f->store, i);
    int taken[CLAIMS] = {0};
    pthread_t threads[CLAIMERS];
    struct claimer claimer = {.store = f->store, .taken = taken};
    for (int i = 0; i < CLAIMERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, claim_all, &claimer), 0);
    for (int i = 0; i < CLAIMERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    for (int i = 0; i < CLAIMS; i++)
        assert_int_equal(taken[i], 1);
}

static void two_processes_stores_share_one_file(void **state)
{
    struct fixture *f = *state;
    struct fus_store *second = NULL;
    assert_int_equal(fus_store_open(f->path, &second, NULL), 0);
    insert_job(f->store, 1);
    insert_job(second, 2);
    assert_int_equal(claim_number(second, 5000, NULL), 1);
    assert_int_equal(claim_number(f->store, 5000, NULL), 2);
    fus_store_free(second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_highest_priority_is_claimed_first_then_the_oldest),
        TEST(a_claim_says_who_holds_the_job_and_until_when),
        TEST(a_renewal_writes_progress_that_never_falls),
        TEST(an_old_token_writes_nothing),
        TEST(a_lease_that_runs_out_costs_an_attempt_and_the_last_fails_the_job),
        TEST(a_prefix_frees_the_leases_of_a_former_life_alone),
        TEST(many_lapsed_leases_are_reclaimed_in_one_call),
        TEST(a_released_job_keeps_its_attempt),
        TEST(no_job_is_claimed_twice_by_racing_threads),
        TEST(two_processes_stores_share_one_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
