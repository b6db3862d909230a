#include "fixture.h"

#include <sys/stat.h>

static void put_result(struct fixture *f, const char *id)
{
    char path[192];
    snprintf(path, sizeof(path), "%s/output/%s.png", f->folder, id);
    assert_int_equal(fus_fs_write_atomic(path, "x", 1, 0600, NULL), 0);
}

static bool has_result(struct fixture *f, const char *id)
{
    char path[192];
    snprintf(path, sizeof(path), "%s/output/%s.png", f->folder, id);
    return fus_fs_exists(path);
}

/* A completed job with its result, made without a worker. */
static void complete(struct fixture *f, int64_t expires_us, char id[FUS_ID_SIZE])
{
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char result[128];
    bool claimed = false;
    submit(f, "ok", id);
    assert_int_equal(
        fus_store_claim(f->store, "test", 1000000, fus_clock_real_us(), &job, &claimed, NULL), 0);
    assert_true(claimed);
    put_result(f, id);
    snprintf(result, sizeof(result), "{\"object\":\"%s.png\"}", id);
    assert_int_equal(fus_store_finish(f->store, id, job.fencing_token, FUS_JOB_COMPLETED, result,
                                      NULL, NULL, expires_us, fus_clock_real_us(), NULL),
                     0);
}

static void expired_results_go_and_the_others_stay(void **state)
{
    struct fixture *f = *state;
    char old[FUS_ID_SIZE], fresh[FUS_ID_SIZE];
    complete(f, fus_clock_real_us() - 1, old);
    complete(f, fus_clock_real_us() + 3600 * INT64_C(1000000), fresh);
    start_supervisor(f);
    for (int i = 0; i < 600 && has_result(f, old); i++)
        fus_clock_sleep_ms(5);
    assert_false(has_result(f, old));
    assert_true(has_result(f, fresh));
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    for (int i = 0; i < 200 && !job.purged; i++) {
        fus_job_done(&job);
        assert_int_equal(fus_store_get(f->store, NULL, old, &job, NULL), 0);
        fus_clock_sleep_ms(5);
    }
    assert_true(job.purged);
    assert_int_equal(job.state, FUS_JOB_COMPLETED);
}

static void a_start_sweeps_results_that_no_completed_job_names(void **state)
{
    struct fixture *f = *state;
    char completed[FUS_ID_SIZE], queued[FUS_ID_SIZE];
    complete(f, 0, completed);
    submit(f, "stubborn", queued);
    put_result(f, queued);
    put_result(f, "job_20261124_unknown");
    start_supervisor(f);
    assert_true(has_result(f, completed));
    assert_false(has_result(f, queued));
    assert_false(has_result(f, "job_20261124_unknown"));
}

static void lapsed_leases_of_others_come_back_to_the_queue(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char id[FUS_ID_SIZE];
    bool claimed = false;
    submit(f, "ok", id);
    assert_int_equal(
        fus_store_claim(f->store, "elsewhere", 1, fus_clock_real_us(), &job, &claimed, NULL), 0);
    assert_true(claimed);
    start_supervisor(f);
    await(f, id, FUS_JOB_COMPLETED, &job);
    assert_int_equal(job.attempt, 2);
}

static void the_gauges_follow_the_store(void **state)
{
    struct fixture *f = *state;
    char id[FUS_ID_SIZE];
    fus_free(f->config->models_dir);
    f->config->models_dir = fus_strdup("/nonexistent/broken"); /* nothing is claimed */
    submit(f, "ok", id);
    submit(f, "ok", id);
    start_supervisor(f);
    bool seen = false;
    for (int i = 0; i < 400 && !seen; i++) {
        FUS_AUTO_STR struct fus_str text = {0};
        fus_metrics_expose(f->metrics, &text);
        seen = strstr(text.text, "job_queue_depth 2") != NULL;
        fus_clock_sleep_ms(5);
    }
    assert_true(seen);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(expired_results_go_and_the_others_stay),
        TEST(a_start_sweeps_results_that_no_completed_job_names),
        TEST(lapsed_leases_of_others_come_back_to_the_queue),
        TEST(the_gauges_follow_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
