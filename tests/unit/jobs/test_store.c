/* Opening, inserting, reading back, and what stands after a kill. */
#include "fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void an_inserted_job_reads_back_whole(void **state)
{
    struct fixture *f = *state;
    struct fus_job job = sample_job(7);
    job.warnings = (char *)(uintptr_t) "[{\"code\":\"x\",\"detail\":\"y\"}]";
    job.priority = 8;
    job.state = FUS_JOB_COMPLETED; /* the store's to decide, not the caller's */
    assert_int_equal(fus_store_insert(f->store, &job, 10, NULL), 0);

    FUS_AUTO_JOB struct fus_job back = {0};
    assert_int_equal(fus_store_get(f->store, "default", job.id, &back, NULL), 0);
    assert_string_equal(back.id, job.id);
    assert_int_equal(back.state, FUS_JOB_QUEUED);
    assert_string_equal(back.step, "queued");
    assert_int_equal(back.priority, 8);
    assert_int_equal(back.attempt, 0);
    assert_int_equal(back.max_attempts, 3);
    assert_int_equal(back.timeout_seconds, 60);
    assert_int_equal(back.created_us, job.created_us);
    assert_int_equal(back.updated_us, job.created_us);
    assert_string_equal(back.request, job.request);
    assert_string_equal(back.metadata, "{}");
    assert_string_equal(back.warnings, job.warnings);
    assert_string_equal(back.request_id, "req_1");
    assert_null(back.result);
    assert_null(back.error);
    assert_null(back.worker);
    assert_false(back.purged);
}

static void another_tenants_job_is_not_found(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    char id[FUS_ID_SIZE];
    FUS_AUTO_JOB struct fus_job job = {0};
    struct fus_error err = {0};
    assert_int_equal(fus_store_get(f->store, "other", sample_id(1, id), &job, &err),
                     FUS_E_NOT_FOUND);
    assert_int_equal(err.code, FUS_E_NOT_FOUND);
    assert_int_equal(fus_store_get(f->store, NULL, "job_none", &job, NULL), FUS_E_NOT_FOUND);
    assert_null(job.tenant);
}

static void the_same_id_twice_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    struct fus_job job = sample_job(1);
    assert_int_equal(fus_store_insert(f->store, &job, 10, NULL), FUS_E_CONFLICT);
    int64_t counts[FUS_JOB_STATES];
    assert_int_equal(fus_store_counts(f->store, counts, NULL), 0);
    assert_int_equal(counts[FUS_JOB_QUEUED], 1);
}

static void a_full_queue_takes_no_more_until_one_leaves(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    insert_job(f->store, 2);
    struct fus_job job = sample_job(3);
    assert_int_equal(fus_store_insert(f->store, &job, 2, NULL), FUS_E_QUEUE_FULL);
    assert_int_equal(claim_number(f->store, 5000000, NULL), 1);
    assert_int_equal(fus_store_insert(f->store, &job, 2, NULL), 0);
}

static void ping_writes_and_reads(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fus_store_ping(f->store, NULL), 0);
    assert_int_equal(fus_store_ping(f->store, NULL), 0);
}

static void the_files_are_private(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < FUS_COUNT(suffixes); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s%s", f->path, suffixes[i]);
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static int pragma(struct fus_db *db, const char *name)
{
    char sql[64];
    snprintf(sql, sizeof(sql), "PRAGMA %s", name);
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int value = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static void every_commit_is_synced(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(pragma(&f->store->writer, "synchronous"), 2);
    assert_int_equal(pragma(&f->store->writer, "user_version"), 1);
    assert_int_equal(pragma(&f->store->readers[0], "query_only"), 1);
}

static void a_store_of_a_newer_version_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fus_db_script(&f->store->writer, "PRAGMA user_version=99", NULL), 0);
    struct fus_store *second = NULL;
    struct fus_error err = {0};
    assert_int_equal(fus_store_open(f->path, &second, &err), FUS_E_STORAGE_UNAVAILABLE);
    assert_non_null(strstr(err.detail, "newer"));
    assert_null(second);
}

static void a_file_that_is_no_database_is_refused_without_its_path(void **state)
{
    struct fixture *f = *state;
    char path[128];
    snprintf(path, sizeof(path), "%s/bad.db", f->folder);
    static char garbage[8192];
    memset(garbage, 'x', sizeof(garbage));
    assert_int_equal(fus_fs_write_atomic(path, garbage, sizeof(garbage), 0600, NULL), 0);
    struct fus_store *store = NULL;
    struct fus_error err = {0};
    assert_int_equal(fus_store_open(path, &store, &err), FUS_E_STORAGE_UNAVAILABLE);
    assert_null(strstr(err.detail, f->folder));
    snprintf(path, sizeof(path), "%s/none/store.db", f->folder);
    assert_int_equal(fus_store_open(path, &store, &err), FUS_E_STORAGE_UNAVAILABLE);
    assert_null(strstr(err.detail, f->folder));
}

static void an_opened_store_keeps_what_another_life_wrote(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++)
        insert_job(f->store, i);
    fus_store_free(f->store);
    f->store = NULL;
    assert_int_equal(fus_store_open(f->path, &f->store, NULL), 0);
    int64_t counts[FUS_JOB_STATES];
    assert_int_equal(fus_store_counts(f->store, counts, NULL), 0);
    assert_int_equal(counts[FUS_JOB_QUEUED], 20);
    assert_int_equal(claim_number(f->store, 5000000, NULL), 0);
}

/* A ceiling on the size of files stands in for a full disk: both fail the write itself. */
static void a_full_disk_is_storage_unavailable_and_passes(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    struct rlimit before, tight;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = 1;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    struct fus_job job = sample_job(2);
    struct fus_error err = {0};
    int rc = fus_store_insert(f->store, &job, 10, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, old);
    assert_int_equal(rc, FUS_E_STORAGE_UNAVAILABLE);
    assert_int_equal(err.code, FUS_E_STORAGE_UNAVAILABLE);

    assert_int_equal(fus_store_insert(f->store, &job, 10, NULL), 0);
    int64_t counts[FUS_JOB_STATES];
    assert_int_equal(fus_store_counts(f->store, counts, NULL), 0);
    assert_int_equal(counts[FUS_JOB_QUEUED], 2);
}

/* The child inserts as fast as it can and says each number that was acknowledged. */
static void insert_until_killed(const char *path, int pipe_fd)
{
    struct fus_store *store = NULL;
    if (fus_store_open(path, &store, NULL))
        _exit(1);
    for (int i = 0;; i++) {
        struct fus_job job = sample_job(i);
        if (fus_store_insert(store, &job, INT64_MAX, NULL))
            _exit(2);
        if (write(pipe_fd, &i, sizeof(i)) != (ssize_t)sizeof(i))
            _exit(3);
    }
}

static void every_acknowledged_insert_survives_kill_9(void **state)
{
    struct fixture *f = *state;
    fus_store_free(f->store);
    f->store = NULL;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        insert_until_killed(f->path, fds[1]);
    }
    close(fds[1]);
    int last = -1, number;
    while (last < 150 && read(fds[0], &number, sizeof(number)) == (ssize_t)sizeof(number))
        last = number;
    assert_int_equal(kill(pid, SIGKILL), 0);
    while (read(fds[0], &number, sizeof(number)) == (ssize_t)sizeof(number))
        last = number; /* acknowledged before the kill came */
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    close(fds[0]);
    assert_true(last >= 150);

    assert_int_equal(fus_store_open(f->path, &f->store, NULL), 0);
    for (int i = 0; i <= last; i++) {
        FUS_AUTO_JOB struct fus_job job = {0};
        get_job(f->store, i, &job);
        assert_string_equal(job.request, "{\"sources\":[]}");
    }
    int64_t counts[FUS_JOB_STATES];
    assert_int_equal(fus_store_counts(f->store, counts, NULL), 0);
    assert_true(counts[FUS_JOB_QUEUED] >= last + 1 && counts[FUS_JOB_QUEUED] <= last + 2);
}

enum { THREADS = 4, EACH = 60 };
struct inserter {
    struct fus_store *store;
    int first;
};

static void *insert_many(void *arg)
{
    struct inserter *inserter = arg;
    for (int i = 0; i < EACH; i++) {
        struct fus_job job = sample_job(inserter->first + i);
        if (fus_store_insert(inserter->store, &job, INT64_MAX, NULL))
            return arg;
        FUS_AUTO_JOB struct fus_job back = {0};
        if (fus_store_get(inserter->store, NULL, job.id, &back, NULL))
            return arg; /* its own write must be seen at once */
    }
    return NULL;
}

static void threads_insert_and_read_side_by_side(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[THREADS];
    struct inserter inserters[THREADS];
    for (int i = 0; i < THREADS; i++) {
        inserters[i] = (struct inserter){.store = f->store, .first = i * EACH};
        assert_int_equal(pthread_create(&threads[i], NULL, insert_many, &inserters[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    int64_t counts[FUS_JOB_STATES];
    assert_int_equal(fus_store_counts(f->store, counts, NULL), 0);
    assert_int_equal(counts[FUS_JOB_QUEUED], THREADS * EACH);
}

static void every_failed_allocation_leaves_the_store_sound(void **state)
{
    struct fixture *f = *state;
    insert_job(f->store, 1);
    char id[FUS_ID_SIZE];
    sample_id(1, id);
    bool failed = true;
    for (long k = 0; failed; k++) {
        FUS_AUTO_JOB struct fus_job job = {0};
        struct fus_job *jobs = NULL;
        size_t count = 0;
        const struct fus_job_filter filter = {.state = -1, .limit = 5};
        fus_mem_fail_after(k);
        int rc = fus_store_get(f->store, NULL, id, &job, NULL);
        if (rc == 0)
            rc = fus_store_list(f->store, &filter, &jobs, &count, NULL);
        failed = fus_mem_failed();
        fus_mem_fail_off();
        assert_int_equal(rc, failed ? FUS_E_OUT_OF_MEMORY : 0);
        for (size_t i = 0; i < count; i++)
            fus_job_done(&jobs[i]);
        fus_free(jobs);
    }
    failed = true;
    for (long k = 0; failed; k++) {
        struct fus_store *second = NULL;
        fus_mem_fail_after(k);
        int rc = fus_store_open(f->path, &second, NULL);
        failed = fus_mem_failed();
        fus_mem_fail_off();
        assert_int_equal(rc, failed ? FUS_E_OUT_OF_MEMORY : 0);
        fus_store_free(second);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_inserted_job_reads_back_whole),
        TEST(another_tenants_job_is_not_found),
        TEST(the_same_id_twice_is_a_conflict),
        TEST(a_full_queue_takes_no_more_until_one_leaves),
        TEST(ping_writes_and_reads),
        TEST(the_files_are_private),
        TEST(every_commit_is_synced),
        TEST(a_store_of_a_newer_version_is_refused),
        TEST(a_file_that_is_no_database_is_refused_without_its_path),
        TEST(an_opened_store_keeps_what_another_life_wrote),
        TEST(a_full_disk_is_storage_unavailable_and_passes),
        TEST(every_acknowledged_insert_survives_kill_9),
        TEST(threads_insert_and_read_side_by_side),
        TEST(every_failed_allocation_leaves_the_store_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
