/* Ends, retries, cancels, purges, deletions. */
#include "fixture.h"

#include <pthread.h>

static const char error_json[] = "{\"code\":\"worker_crashed\",\"detail\":\"x\"}";

static int finish(struct fixture *f, int number, int64_t token, enum fus_job_state state)
{
    char id[FUS_ID_SIZE];
    return fus_store_finish(f->store, sample_id(number, id), token, state,
                            state == FUS_JOB_COMPLETED ? "{\"object\":\"a.png\"}" : NULL,
                            state == FUS_JOB_COMPLETED ? NULL : error_json, NULL, 9000, 8000, NULL);
}

static void a_completed_job_is_whole(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    int64_t token;
    claim_number(f->store, 5000, &token);
    char id[FUS_ID_SIZE];
    assert_int_equal(fus_store_finish(f->store, sample_id(1, id), token, FUS_JOB_COMPLETED,
                                      "{\"object\":\"a.png\"}", NULL, "[1]", 9000, 8000, NULL),
                     0);
    FUS_AUTO_JOB struct fus_job job = {0};
    get_job(f->store, 1, &job);
    assert_int_equal(job.state, FUS_JOB_COMPLETED);
    assert_string_equal(job.step, "done");
    assert_int_equal(job.progress, 100);
    assert_int_equal(job.finished_us, 8000);
    assert_int_equal(job.expires_us, 9000);
    assert_string_equal(job.result, "{\"object\":\"a.png\"}");
    assert_string_equal(job.warnings, "[1]");
    assert_null(job.error);
    assert_null(job.worker);
    assert_int_equal(finish(f, 1, token, FUS_JOB_FAILED), FUS_E_CONFLICT);
}

static void a_job_does_not_finish_in_a_state_that_is_no_end(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    int64_t token;
    claim_number(f->store, 5000, &token);
    assert_int_equal(finish(f, 1, token, FUS_JOB_QUEUED), FUS_E_CONFLICT);
    assert_int_equal(finish(f, 1, token, FUS_JOB_PROCESSING), FUS_E_CONFLICT);
    assert_int_equal(finish(f, 1, token, FUS_JOB_REJECTED), 0);
}

static void a_retry_waits_for_its_time_and_keeps_its_place(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    insert_job(f->store, 2);
    int64_t token;
    assert_int_equal(claim_number(f->store, 5000, &token), 1);
    char id[FUS_ID_SIZE];
    bool requeued = false;
    assert_int_equal(
        fus_store_retry(f->store, sample_id(1, id), token, error_json, 9000, 6000, &requeued, NULL),
        0);
    assert_true(requeued);
    FUS_AUTO_JOB struct fus_job job = {0};
    get_job(f->store, 1, &job);
    assert_int_equal(job.state, FUS_JOB_QUEUED);
    assert_int_equal(job.not_before_us, 9000);
    assert_int_equal(job.attempt, 1);
    assert_int_equal(job.progress, 0);
    assert_null(job.error);
    int64_t other;
    assert_int_equal(claim_number(f->store, 8999, &other), 2);
    assert_int_equal(claim_number(f->store, 8999, NULL), -1);
    insert_job(f->store, 3);
    assert_int_equal(claim_number(f->store, 9000, &token), 1); /* before the younger one */
    assert_int_equal(token, 2);
}

static void attempts_used_up_end_in_failure_with_the_reason(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    char id[FUS_ID_SIZE];
    sample_id(1, id);
    bool requeued = true;
    for (int attempt = 1; attempt <= 3; attempt++) {
        int64_t token;
        assert_int_equal(claim_number(f->store, 5000, &token), 1);
        assert_int_equal(fus_store_retry(f->store, id, token, error_json, 0, 6000, &requeued, NULL),
                         0);
        assert_int_equal(requeued, attempt < 3);
    }
    FUS_AUTO_JOB struct fus_job job = {0};
    get_job(f->store, 1, &job);
    assert_int_equal(job.state, FUS_JOB_FAILED);
    assert_int_equal(job.attempt, 3);
    assert_string_equal(job.error, error_json);
}

static void a_queued_job_is_cancelled_at_once(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    char id[FUS_ID_SIZE];
    sample_id(1, id);
    enum fus_job_state after = FUS_JOB_QUEUED;
    assert_int_equal(fus_store_cancel(f->store, "other", id, 7000, &after, NULL), FUS_E_NOT_FOUND);
    assert_int_equal(fus_store_cancel(f->store, "default", id, 7000, &after, NULL), 0);
    assert_int_equal(after, FUS_JOB_CANCELLED);
    assert_int_equal(fus_store_cancel(f->store, "default", id, 7001, &after, NULL), 0);
    assert_int_equal(after, FUS_JOB_CANCELLED);
    assert_int_equal(claim_number(f->store, 8000, NULL), -1);
    FUS_AUTO_JOB struct fus_job job = {0};
    get_job(f->store, 1, &job);
    assert_int_equal(job.finished_us, 7000);
    assert_non_null(strstr(job.error, "cancelled"));
}

static void a_running_job_is_asked_and_the_first_time_stands(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    int64_t token;
    claim_number(f->store, 5000, &token);
    char id[FUS_ID_SIZE];
    sample_id(1, id);
    int64_t requested = -1;
    assert_int_equal(fus_store_cancel_requested(f->store, id, &requested, NULL), 0);
    assert_int_equal(requested, 0);
    enum fus_job_state after;
    assert_int_equal(fus_store_cancel(f->store, NULL, id, 7000, &after, NULL), 0);
    assert_int_equal(after, FUS_JOB_PROCESSING);
    assert_int_equal(fus_store_cancel(f->store, NULL, id, 7500, &after, NULL), 0);
    assert_int_equal(fus_store_cancel_requested(f->store, id, &requested, NULL), 0);
    assert_int_equal(requested, 7000);
    bool cancel = false;
    assert_int_equal(fus_store_renew(f->store, id, token, 100, 7600, NULL, &cancel, NULL), 0);
    assert_true(cancel);
    assert_int_equal(fus_store_cancel_requested(f->store, "none", &requested, NULL),
                     FUS_E_NOT_FOUND);
}

static void a_cancel_wins_over_failure_retry_release_and_completion(void **state)
{
    struct fixture *f = *state;
    int64_t tokens[5];
    char id[FUS_ID_SIZE];
    enum fus_job_state after;
    for (int i = 0; i < 5; i++)
        insert_job(f->store, i);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(claim_number(f->store, 5000, &tokens[i]), i);
        assert_int_equal(fus_store_cancel(f->store, NULL, sample_id(i, id), 7000, &after, NULL), 0);
    }
    bool requeued = true;
    assert_int_equal(finish(f, 0, tokens[0], FUS_JOB_FAILED), 0);
    assert_int_equal(fus_store_retry(f->store, sample_id(1, id), tokens[1], error_json, 0, 8000,
                                     &requeued, NULL),
                     0);
    assert_false(requeued);
    assert_int_equal(fus_store_release(f->store, sample_id(2, id), tokens[2], 8000, NULL), 0);
    assert_int_equal(finish(f, 3, tokens[3], FUS_JOB_COMPLETED), 0);
    assert_int_equal(finish(f, 4, tokens[4], FUS_JOB_CANCELLED), 0);
    static const enum fus_job_state expected[] = {FUS_JOB_CANCELLED, FUS_JOB_CANCELLED,
                                                  FUS_JOB_CANCELLED, FUS_JOB_CANCELLED,
                                                  FUS_JOB_CANCELLED};
    for (int i = 0; i < 5; i++) {
        FUS_AUTO_JOB struct fus_job job = {0};
        get_job(f->store, i, &job);
        assert_int_equal(job.state, expected[i]);
        assert_non_null(strstr(job.error, "\"cancelled\""));
        assert_null(job.result);
        assert_int_equal(job.expires_us, 0);
    }
    after = FUS_JOB_QUEUED;
    assert_int_equal(fus_store_cancel(f->store, NULL, sample_id(3, id), 9000, &after, NULL), 0);
    assert_int_equal(after, FUS_JOB_CANCELLED);
}

struct racer {
    struct fus_store *store;
    int count;
};

static void *cancel_all(void *arg)
{
    struct racer *racer = arg;
    for (int i = 0; i < racer->count; i++) {
        char id[FUS_ID_SIZE];
        enum fus_job_state after;
        int rc = fus_store_cancel(racer->store, NULL, sample_id(i, id), 7000, &after, NULL);
        if (rc && rc != FUS_E_CONFLICT)
            return arg;
    }
    return NULL;
}

static void racing_cancels_and_claims_leave_every_job_in_one_end(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 80 };
    for (int i = 0; i < COUNT; i++)
        insert_job(f->store, i);
    pthread_t thread;
    struct racer racer = {.store = f->store, .count = COUNT};
    assert_int_equal(pthread_create(&thread, NULL, cancel_all, &racer), 0);
    int64_t token;
    int number;
    while ((number = claim_number(f->store, 5000, &token)) >= 0)
        assert_int_equal(finish(f, number, token, number % 2 ? FUS_JOB_COMPLETED : FUS_JOB_FAILED),
                         0);
    void *failed;
    pthread_join(thread, &failed);
    assert_null(failed);
    int64_t counts[FUS_JOB_STATES];
    assert_int_equal(fus_store_counts(f->store, counts, NULL), 0);
    assert_int_equal(counts[FUS_JOB_COMPLETED] + counts[FUS_JOB_FAILED] + counts[FUS_JOB_CANCELLED],
                     COUNT);
    assert_int_equal(counts[FUS_JOB_QUEUED] + counts[FUS_JOB_PROCESSING], 0);
}

static void only_ended_jobs_are_purged_and_expired_ones_are_named_once(void **state)
{
    struct fixture *f = *state;
    int64_t tokens[3];
    char id[FUS_ID_SIZE];
    for (int i = 0; i < 3; i++)
        insert_job(f->store, i);
    for (int i = 0; i < 3; i++)
        claim_number(f->store, 5000, &tokens[i]);
    assert_int_equal(fus_store_purge(f->store, NULL, sample_id(0, id), 8500, NULL), FUS_E_CONFLICT);
    for (int i = 0; i < 3; i++)
        assert_int_equal(finish(f, i, tokens[i], FUS_JOB_COMPLETED), 0);
    char ids[2][FUS_ID_SIZE];
    size_t count = 9;
    assert_int_equal(fus_store_expired(f->store, 8999, 2, ids, &count, NULL), 0);
    assert_int_equal(count, 0);
    assert_int_equal(fus_store_expired(f->store, 9000, 2, ids, &count, NULL), 0);
    assert_int_equal(count, 2);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fus_store_purge(f->store, "default", sample_id(i, id), 9001, NULL), 0);
    assert_int_equal(fus_store_expired(f->store, 9000, 2, ids, &count, NULL), 0);
    assert_int_equal(count, 0);
    FUS_AUTO_JOB struct fus_job job = {0};
    get_job(f->store, 0, &job);
    assert_true(job.purged);
    assert_int_equal(fus_store_purge(f->store, "other", sample_id(0, id), 9001, NULL),
                     FUS_E_NOT_FOUND);
}

static void old_rows_go_but_never_one_whose_result_still_lies_there(void **state)
{
    struct fixture *f = *state;
    int64_t tokens[3], count;
    char id[FUS_ID_SIZE];
    for (int i = 0; i < 4; i++)
        insert_job(f->store, i);
    for (int i = 0; i < 3; i++)
        claim_number(f->store, 5000, &tokens[i]);
    finish(f, 0, tokens[0], FUS_JOB_COMPLETED);
    finish(f, 1, tokens[1], FUS_JOB_COMPLETED);
    finish(f, 2, tokens[2], FUS_JOB_FAILED);
    assert_int_equal(fus_store_purge(f->store, NULL, sample_id(1, id), 8500, NULL), 0);
    assert_int_equal(fus_store_delete_rows(f->store, 8000, &count, NULL), 0);
    assert_int_equal(count, 0);
    assert_int_equal(fus_store_delete_rows(f->store, 8001, &count, NULL), 0);
    assert_int_equal(count, 2); /* the purged and the failed one */
    FUS_AUTO_JOB struct fus_job job = {0};
    assert_int_equal(fus_store_get(f->store, NULL, sample_id(1, id), &job, NULL), FUS_E_NOT_FOUND);
    get_job(f->store, 0, &job);
    int64_t counts[FUS_JOB_STATES];
    assert_int_equal(fus_store_counts(f->store, counts, NULL), 0);
    assert_int_equal(counts[FUS_JOB_COMPLETED], 1);
    assert_int_equal(counts[FUS_JOB_FAILED], 0);
    assert_int_equal(counts[FUS_JOB_QUEUED], 1);
    int64_t bodies = -1;
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(f->store->writer.handle, "SELECT count(*) FROM job_body", -1, &statement,
                       NULL);
    if (sqlite3_step(statement) == SQLITE_ROW)
        bodies = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    assert_int_equal(bodies, 2);
}

static void the_database_itself_refuses_a_move_that_is_not_in_the_table(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    struct fus_db *db = &f->store->writer;
    struct fus_error err = {0};
    assert_int_equal(fus_db_script(db, "UPDATE job SET state = 'completed'", &err), FUS_E_CONFLICT);
    assert_int_equal(fus_db_script(db, "UPDATE job SET state = 'nonsense'", &err), FUS_E_CONFLICT);
    assert_int_equal(fus_db_script(db, "UPDATE job SET state = 'cancelled'", &err), 0);
    for (int to = 0; to < FUS_JOB_STATES; to++) {
        char sql[96];
        snprintf(sql, sizeof(sql), "UPDATE job SET state = '%s'",
                 fus_job_state_name((enum fus_job_state)to));
        assert_int_equal(fus_db_script(db, sql, &err), FUS_E_CONFLICT);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_completed_job_is_whole),
        TEST(a_job_does_not_finish_in_a_state_that_is_no_end),
        TEST(a_retry_waits_for_its_time_and_keeps_its_place),
        TEST(attempts_used_up_end_in_failure_with_the_reason),
        TEST(a_queued_job_is_cancelled_at_once),
        TEST(a_running_job_is_asked_and_the_first_time_stands),
        TEST(a_cancel_wins_over_failure_retry_release_and_completion),
        TEST(racing_cancels_and_claims_leave_every_job_in_one_end),
        TEST(only_ended_jobs_are_purged_and_expired_ones_are_named_once),
        TEST(old_rows_go_but_never_one_whose_result_still_lies_there),
        TEST(the_database_itself_refuses_a_move_that_is_not_in_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
