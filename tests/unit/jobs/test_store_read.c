/* Pages, counts, places in the queue, and that none of them grows with the store. */
#include "fixture.h"

#include "base/clock.h"

static size_t page(struct fixture *f, struct fus_job_filter *filter, int *numbers)
{
    struct fus_job *jobs = NULL;
    size_t count = 0;
    assert_int_equal(fus_store_list(f->store, filter, &jobs, &count, NULL), 0);
    for (size_t i = 0; i < count; i++) {
        numbers[i] = atoi(jobs[i].id + strlen("job_20261124_"));
        filter->before_created_us = jobs[i].created_us;
        fus_strlcpy(filter->before_id, jobs[i].id, FUS_ID_SIZE);
        assert_null(jobs[i].request);
        assert_string_equal(jobs[i].metadata, "{}");
        fus_job_done(&jobs[i]);
    }
    fus_free(jobs);
    return count;
}

static void pages_go_from_new_to_old_without_gap_or_repeat(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 25; i++) {
        struct fus_job job = sample_job(i);
        job.created_us = 1000 + i / 5; /* five at each instant: the id decides */
        assert_int_equal(fus_store_insert(f->store, &job, 100, NULL), 0);
    }
    struct fus_job_filter filter = {.state = -1, .limit = 4};
    int numbers[200], expected = 24;
    size_t count;
    while ((count = page(f, &filter, numbers)) > 0) {
        for (size_t i = 0; i < count; i++)
            assert_int_equal(numbers[i], expected--);
        if (expected == 16)
            insert_job(f->store, 100); /* a newer one does not disturb the pages that follow */
    }
    assert_int_equal(expected, -1);
}

static void filters_combine(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 8; i++) {
        struct fus_job job = sample_job(i);
        if (i % 2)
            job.tenant = (char *)(uintptr_t) "other";
        assert_int_equal(fus_store_insert(f->store, &job, 100, NULL), 0);
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(claim_number(f->store, 5000000, NULL), i);
    int numbers[200];
    struct fus_job_filter tenant = {.tenant = "other", .state = -1, .limit = 200};
    assert_int_equal(page(f, &tenant, numbers), 4);
    assert_int_equal(numbers[0], 7);
    struct fus_job_filter by_state = {.state = FUS_JOB_PROCESSING, .limit = 200};
    assert_int_equal(page(f, &by_state, numbers), 4);
    assert_int_equal(numbers[0], 3);
    struct fus_job_filter both = {.tenant = "other", .state = FUS_JOB_QUEUED, .limit = 200};
    assert_int_equal(page(f, &both, numbers), 2);
    assert_int_equal(numbers[0], 7);
    assert_int_equal(numbers[1], 5);
    struct fus_job_filter after = {.state = -1, .created_after_us = 1000005, .limit = 200};
    assert_int_equal(page(f, &after, numbers), 2);
    struct fus_job_filter odd_limit = {.state = -1, .limit = 0};
    assert_int_equal(page(f, &odd_limit, numbers), 1);
}

static int64_t position(struct fixture *f, int number)
{
    struct fus_job job = sample_job(number);
    int64_t place = -1;
    struct fus_error err = {0};
    int rc = fus_store_queue_position(f->store, &job, &place, &err);
    return rc ? rc : place;
}

static void a_place_in_the_queue_is_the_order_of_claims(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 40 };
    for (int i = 0; i < COUNT; i++) {
        struct fus_job job = sample_job(i);
        job.priority = i % 3;
        assert_int_equal(fus_store_insert(f->store, &job, 100, NULL), 0);
    }
    int64_t places[COUNT];
    for (int i = 0; i < COUNT; i++)
        places[i] = position(f, i);
    for (int64_t turn = 1; turn <= COUNT; turn++) {
        int number = claim_number(f->store, 5000000, NULL);
        assert_int_equal(places[number], turn);
        assert_int_equal(position(f, number), FUS_E_NOT_FOUND);
    }
}

static void jobs_in_back_off_do_not_count_until_they_are_due(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    insert_job(f->store, 2);
    int64_t token;
    bool requeued;
    char id[FUS_ID_SIZE];
    assert_int_equal(claim_number(f->store, 5000, &token), 1);
    assert_int_equal(
        fus_store_retry(f->store, sample_id(1, id), token, "{}", 9000, 6000, &requeued, NULL), 0);
    assert_int_equal(position(f, 2), 1);
    insert_job(f->store, 3);
    assert_int_equal(claim_number(f->store, 9500, &token), 1);
    assert_int_equal(
        fus_store_retry(f->store, sample_id(1, id), token, "{}", 0, 9600, &requeued, NULL), 0);
    assert_int_equal(position(f, 1), 1);
    assert_int_equal(position(f, 2), 2);
    assert_int_equal(position(f, 3), 3);
}

/* Every statement of the hot paths is answered from an index, in the index's order. */
static void no_hot_statement_scans_or_sorts(void **state)
{
    struct fixture *f = *state;
    static const enum fus_sql hot[] = {
        FUS_SQL_GET,        FUS_SQL_COUNT_OF,       FUS_SQL_LIST,    FUS_SQL_LIST_TENANT,
        FUS_SQL_LIST_STATE, FUS_SQL_IS_DUE,         FUS_SQL_PROMOTE, FUS_SQL_LIST_TENANT_STATE,
        FUS_SQL_CLAIM,      FUS_SQL_RENEW,          FUS_SQL_CONTROL, FUS_SQL_END,
        FUS_SQL_REQUEUE,    FUS_SQL_CANCEL_REQUEST, FUS_SQL_EXPIRED, FUS_SQL_LAPSED,
        FUS_SQL_POSITION,   FUS_SQL_DELETE_ROWS,    FUS_SQL_PURGE,   FUS_SQL_CANCEL_READ};
    for (size_t i = 0; i < FUS_COUNT(hot); i++) {
        char sql[4096];
        snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", fus_sql_text(hot[i]));
        sqlite3_stmt *statement = NULL;
        assert_int_equal(sqlite3_prepare_v2(f->store->writer.handle, sql, -1, &statement, NULL),
                         SQLITE_OK);
        while (sqlite3_step(statement) == SQLITE_ROW) {
            const char *detail = (const char *)sqlite3_column_text(statement, 3);
            bool partial =
                strstr(detail, "USING") != NULL; /* a scan of a partial index is the point */
            if ((strstr(detail, "SCAN job") && !partial) || strstr(detail, "TEMP B-TREE"))
                fail_msg("statement %d: %s", (int)hot[i], detail);
        }
        sqlite3_finalize(statement);
    }
}

static int64_t time_of_calls(struct fixture *f, int number)
{
    int64_t start = fus_clock_monotonic_us();
    for (int i = 0; i < 20; i++) {
        FUS_AUTO_JOB struct fus_job job = {0};
        int64_t counts[FUS_JOB_STATES];
        int numbers[200];
        struct fus_job_filter filter = {.tenant = "default", .state = FUS_JOB_QUEUED, .limit = 20};
        get_job(f->store, number, &job);
        assert_int_equal(position(f, number), number + 1);
        assert_int_equal(fus_store_counts(f->store, counts, NULL), 0);
        assert_int_equal(page(f, &filter, numbers), 20);
    }
    return (fus_clock_monotonic_us() - start) / 20;
}

/* 60,000 queued jobs put in behind the store's back in one transaction. The bound is loose, because
 * machines differ; a scan would be hundreds of times over it. */
static void calls_stay_quick_in_a_long_queue(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        fus_db_script(&f->store->writer,
                      "BEGIN; WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
                      " WHERE i < 59999) INSERT INTO job SELECT i + 1,"
                      " printf('job_20261124_%08d', i), 'default', 'queued', 'queued', 0, 5, 0, 3,"
                      " 60, 1000000 + i, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, 0, 0, 0 FROM n;"
                      " INSERT INTO job_body (seq, metadata) SELECT seq, '{}' FROM job; COMMIT",
                      NULL),
        0);
    int64_t per_round_us = time_of_calls(f, 59990);
    print_message("# get + position + counts + page of 20 with 60000 queued: %lld us\n",
                  (long long)per_round_us);
    assert_true(per_round_us < 50000);
    int64_t start = fus_clock_monotonic_us();
    for (int i = 0; i < 20; i++)
        assert_int_equal(claim_number(f->store, 5000000, NULL), i);
    print_message("# claim: %lld us\n", (long long)(fus_clock_monotonic_us() - start) / 20);
    assert_true(fus_clock_monotonic_us() - start < 20 * 50000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pages_go_from_new_to_old_without_gap_or_repeat),
        TEST(filters_combine),
        TEST(a_place_in_the_queue_is_the_order_of_claims),
        TEST(jobs_in_back_off_do_not_count_until_they_are_due),
        TEST(no_hot_statement_scans_or_sorts),
        TEST(calls_stay_quick_in_a_long_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
