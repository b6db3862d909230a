/* Jobs from the queue to their end, with the real child and a pipeline that does as told. */
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FUS_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FUS_SANITIZED
#endif
#endif

static void await_ready(struct fixture *f)
{
    for (int i = 0; i < 2000 && fus_supervisor_workers_ready(f->supervisor) < 1; i++)
        fus_clock_sleep_ms(5);
    assert_int_equal(fus_supervisor_workers_ready(f->supervisor), 1);
}

static void a_job_completes_with_one_published_result(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char id[FUS_ID_SIZE];
    start_supervisor(f);
    submit(f, "ok 50", id);
    await_end(f, id, FUS_JOB_COMPLETED, &job);
    assert_int_equal(job.progress, 100);
    assert_string_equal(job.step, "done");
    assert_int_equal(job.attempt, 1);
    assert_true(job.expires_us > job.finished_us);
    json_t *result = json_loads(job.result, 0, NULL);
    char object[64];
    snprintf(object, sizeof(object), "%s.png", id);
    assert_string_equal(json_string_value(json_object_get(result, "object")), object);
    const json_t *timings = json_object_get(result, "timings");
    assert_true(json_is_number(json_object_get(timings, "queue_ms")));
    assert_true(json_is_number(json_object_get(timings, "store_ms")));
    json_decref(result);
    FUS_AUTO_FREE char *text = read_result(f, id);
    assert_string_equal(text, "job 1 of this process");
}

static void the_worker_stays_warm_between_jobs(void **state)
{
    struct fixture *f = *state;
    char ids[3][FUS_ID_SIZE];
    for (int i = 0; i < 3; i++)
        submit(f, "ok", ids[i]);
    start_supervisor(f);
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    for (int i = 0; i < 3; i++)
        await_end(f, ids[i], FUS_JOB_COMPLETED, &job);
    FUS_AUTO_FREE char *text = read_result(f, ids[2]);
    assert_string_equal(text, "job 3 of this process");
}

static void progress_reaches_the_store_while_the_job_runs(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char id[FUS_ID_SIZE];
    start_supervisor(f);
    submit(f, "ok 1500", id);
    bool seen = false;
    for (int i = 0; i < 400 && !seen; i++) {
        fus_job_done(&job);
        struct fus_error err = {.code = 0};
        fixture_must(fus_store_get(f->store, NULL, id, &job, &err), &err);
        seen = fus_str_equal(job.step, "processing_frames") && job.progress > 30;
        fus_clock_sleep_ms(5);
    }
    assert_true(seen);
    assert_int_equal(job.frames_total, 100);
    await(f, id, FUS_JOB_COMPLETED, &job);
}

static void a_worker_that_dies_in_mid_job_is_replaced_and_the_job_completes(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char id[FUS_ID_SIZE], behaviour[128];
    snprintf(behaviour, sizeof(behaviour), "crash-once %s/flag", f->folder);
    start_supervisor(f);
    submit(f, behaviour, id);
    await_end(f, id, FUS_JOB_COMPLETED, &job);
    assert_int_equal(job.attempt, 2);
    FUS_AUTO_FREE char *text = read_result(f, id);
    assert_string_equal(text, "second attempt");
    FUS_AUTO_STR struct fus_str metrics = {0};
    fus_metrics_expose(f->metrics, &metrics);
    assert_non_null(strstr(metrics.text, "worker_restarts_total 1"));
    assert_non_null(strstr(metrics.text, "jobs_total{state=\"completed\"} 1"));
    assert_non_null(strstr(metrics.text, "job_retries_total{code=\"worker_crashed\"} 1"));
}

static void a_job_that_always_kills_its_worker_fails_after_its_attempts(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char bad[FUS_ID_SIZE], good[FUS_ID_SIZE];
    start_supervisor(f);
    submit(f, "crash", bad);
    submit(f, "ok", good);
    await_end(f, bad, FUS_JOB_FAILED, &job);
    assert_int_equal(job.attempt, 3);
    assert_non_null(strstr(job.error, "\"worker_crashed\""));
    assert_non_null(strstr(job.error, "signal 9"));
    await_end(f, good, FUS_JOB_COMPLETED, &job);
}

static void bytes_that_are_not_the_protocol_cost_the_worker_its_life(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char garbage[FUS_ID_SIZE], flood[FUS_ID_SIZE];
    start_supervisor(f);
    submit(f, "garbage", garbage);
    submit(f, "flood", flood);
    await_end(f, garbage, FUS_JOB_FAILED, &job);
    assert_non_null(strstr(job.error, "broke the protocol"));
    await_end(f, flood, FUS_JOB_FAILED, &job);
    assert_non_null(strstr(job.error, "broke the protocol"));
}

static void a_result_that_is_a_symlink_is_not_published(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char id[FUS_ID_SIZE], path[192];
    start_supervisor(f);
    submit(f, "link", id);
    await_end(f, id, FUS_JOB_FAILED, &job);
    snprintf(path, sizeof(path), "%s/output/%s.png", f->folder, id);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_permanent_error_ends_the_job_at_once(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char id[FUS_ID_SIZE];
    start_supervisor(f);
    submit(f, "error no_face_in_target", id);
    await_end(f, id, FUS_JOB_FAILED, &job);
    assert_int_equal(job.attempt, 1);
    json_t *error = json_loads(job.error, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(error, "code")), "no_face_in_target");
    assert_string_equal(json_string_value(json_object_get(error, "detail")),
                        "As the target asks: ?.");
    json_decref(error);
}

static void a_passing_error_is_tried_again_up_to_the_limit(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char id[FUS_ID_SIZE], rejected[FUS_ID_SIZE];
    start_supervisor(f);
    submit(f, "error out_of_memory", id);
    submit(f, "error content_rejected", rejected);
    await_end(f, id, FUS_JOB_FAILED, &job);
    assert_int_equal(job.attempt, 3);
    assert_non_null(strstr(job.error, "out_of_memory"));
    await_end(f, rejected, FUS_JOB_REJECTED, &job);
    assert_int_equal(job.attempt, 1);
}

static void wrong_parameters_and_missing_inputs_fail_at_once_and_say_where(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char parameters[FUS_ID_SIZE], input[FUS_ID_SIZE], path[192];
    submit_with(f, "ok", "{\"strength\":7}", 60, parameters);
    submit(f, "ok", input);
    snprintf(path, sizeof(path), "%s/input/target_1", f->folder);
    assert_int_equal(unlink(path), 0);
    start_supervisor(f);
    await_end(f, parameters, FUS_JOB_FAILED, &job);
    assert_non_null(strstr(job.error, "\"invalid_parameter\""));
    assert_non_null(strstr(job.error, "/parameters/strength"));
    assert_int_equal(job.attempt, 1);
    await_end(f, input, FUS_JOB_FAILED, &job);
    assert_non_null(strstr(job.error, "\"source_fetch_failed\""));
    assert_non_null(strstr(job.error, "/target"));
    assert_int_equal(job.attempt, 1);
}

static void warnings_are_kept_with_the_job_and_bounded(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char id[FUS_ID_SIZE];
    start_supervisor(f);
    submit(f, "warn", id);
    await_end(f, id, FUS_JOB_COMPLETED, &job);
    json_t *warnings = json_loads(job.warnings, 0, NULL);
    assert_int_equal(json_array_size(warnings), 64);
    const json_t *first = json_array_get(warnings, 0);
    assert_string_equal(json_string_value(json_object_get(first, "code")), "low_quality");
    assert_string_equal(json_string_value(json_object_get(first, "detail")), "A warning ?");
    json_decref(warnings);
}

/* Milliseconds from the request to the end. */
static int64_t cancel_time(struct fixture *f, const char *id, struct fus_job *job)
{
    enum fus_job_state after;
    await(f, id, FUS_JOB_PROCESSING, job);
    fus_clock_sleep_ms(150);
    int64_t begun_us = fus_clock_monotonic_us();
    assert_int_equal(fus_store_cancel(f->store, "default", id, fus_clock_real_us(), &after, NULL),
                     0);
    assert_int_equal(after, FUS_JOB_PROCESSING);
    fus_supervisor_wake(f->supervisor);
    await(f, id, FUS_JOB_CANCELLED, job);
    int64_t ms = (fus_clock_monotonic_us() - begun_us) / 1000;
    print_message("# cancelled after %lld ms\n", (long long)ms);
    return ms;
}

static void a_cancel_is_obeyed_by_a_worker_that_listens_and_it_stays_warm(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char first[FUS_ID_SIZE], id[FUS_ID_SIZE], next[FUS_ID_SIZE];
    start_supervisor(f);
    submit(f, "ok", first);
    await(f, first, FUS_JOB_COMPLETED, &job);
    submit(f, "ok 30000", id);
    assert_true(cancel_time(f, id, &job) < 500);
    assert_non_null(strstr(job.error, "\"cancelled\""));
    submit(f, "ok", next);
    await_end(f, next, FUS_JOB_COMPLETED, &job);
    FUS_AUTO_FREE char *text = read_result(f, next);
    assert_string_equal(text, "job 2 of this process");
}

static void a_cancel_takes_effect_within_a_second_on_a_worker_that_does_not_listen(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char id[FUS_ID_SIZE], next[FUS_ID_SIZE];
    start_supervisor(f);
    submit(f, "stubborn", id);
    assert_true(cancel_time(f, id, &job) < 1000);
    assert_int_equal(job.attempt, 1);
    submit(f, "ok", next);
    await_end(f, next, FUS_JOB_COMPLETED, &job);
}

static void a_job_that_takes_too_long_is_stopped_and_says_so(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char id[FUS_ID_SIZE];
    start_supervisor(f);
    submit_with(f, "stubborn", "{}", 1, id);
    await_end(f, id, FUS_JOB_FAILED, &job);
    assert_non_null(strstr(job.error, "\"timed_out\""));
    assert_int_equal(job.attempt, 3);
}

static void a_worker_without_a_sign_of_life_is_killed(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char id[FUS_ID_SIZE], slow[FUS_ID_SIZE];
    start_supervisor_with(f, (struct fus_supervisor_options){.hang_ms = 1500});
    submit(f, "ok 2500", slow); /* long, but alive */
    submit(f, "stubborn", id);
    await_end(f, slow, FUS_JOB_COMPLETED, &job);
    assert_int_equal(job.attempt, 1);
    await_end(f, id, FUS_JOB_FAILED, &job);
    assert_non_null(strstr(job.error, "sign of life"));
}

static void a_stopped_server_gives_its_job_back_without_an_attempt_lost(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char id[FUS_ID_SIZE];
    start_supervisor(f);
    submit(f, "stubborn", id);
    await(f, id, FUS_JOB_PROCESSING, &job);
    fus_clock_sleep_ms(100);
    int64_t begun_us = fus_clock_monotonic_us();
    fus_supervisor_stop(FUS_TAKE(f->supervisor), 200);
    assert_true(fus_clock_monotonic_us() - begun_us < 2000000);
    await(f, id, FUS_JOB_QUEUED, &job);
    assert_int_equal(job.attempt, 0);
}

static void a_stopping_server_lets_a_job_end_within_its_grace(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char id[FUS_ID_SIZE], waiting[FUS_ID_SIZE];
    start_supervisor(f);
    submit(f, "ok 600", id);
    await(f, id, FUS_JOB_PROCESSING, &job);
    submit(f, "ok", waiting);
    fus_supervisor_stop(FUS_TAKE(f->supervisor), 10000);
    await(f, id, FUS_JOB_COMPLETED, &job);
    assert_int_equal(state_of(f, waiting), FUS_JOB_QUEUED);
}

static void a_worker_that_cannot_start_leaves_the_jobs_queued(void **state)
{
    struct fixture *f = *state;
    char id[FUS_ID_SIZE];
    fus_free(f->config->models_dir);
    f->config->models_dir = fus_strdup("/nonexistent/broken");
    start_supervisor(f);
    submit(f, "ok", id);
    fus_clock_sleep_ms(500);
    assert_int_equal(fus_supervisor_workers_ready(f->supervisor), 0);
    assert_int_equal(state_of(f, id), FUS_JOB_QUEUED);
}

static void a_second_server_on_the_same_data_directory_is_refused(void **state)
{
    struct fixture *f = *state;
    start_supervisor(f);
    const struct fus_supervisor_options options = {.config = f->config,
                                                   .store = f->store,
                                                   .storage = f->storage,
                                                   .executable = FUS_FAKE_CHILD};
    struct fus_supervisor *second = NULL;
    struct fus_error err = {.code = 0};
    assert_int_equal(fus_supervisor_start(&options, &second, &err), FUS_E_CONFLICT);
    assert_null(second);
}

static void the_child_has_nothing_of_the_server(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char id[FUS_ID_SIZE];
    setenv("FUSIOND_AUTH_API_KEY", "secret", 1);
#ifndef FUS_SANITIZED /* a sanitizer's shadow is larger than any ceiling */
    f->config->memory_bytes = UINT64_C(8) << 30;
#endif
    start_supervisor(f);
    submit(f, "facts", id);
    await(f, id, FUS_JOB_COMPLETED, &job);
    unsetenv("FUSIOND_AUTH_API_KEY");
    FUS_AUTO_FREE char *facts = read_result(f, id);
    assert_non_null(strstr(facts, "descriptors 4\n")); /* 0, 1, 2 and the socket */
    assert_non_null(strstr(facts, "core 0\n"));
#ifndef FUS_SANITIZED
    assert_non_null(strstr(facts, "memory 8589934592\n"));
#endif
    assert_non_null(strstr(facts, "death 9\n"));
    assert_non_null(strstr(facts, "privs 1\n"));
    assert_non_null(strstr(facts, "oom 500\n"));
    assert_non_null(strstr(facts, "env PATH="));
    assert_null(strstr(facts, "secret"));
}

/* A whole server in a process of its own, killed in mid-job. */
static pid_t fork_server(struct fixture *f, int pid_pipe)
{
    pid_t server = fork();
    assert_true(server >= 0);
    if (server > 0)
        return server;
    if (fixture_open(f))
        _exit(1);
    start_supervisor(f);
    for (;;) {
        pid_t pid = atomic_load(&f->supervisor->workers[0].ready_pid);
        if (write(pid_pipe, &pid, sizeof(pid)) < 0)
            _exit(1);
        fus_clock_sleep_ms(20);
    }
}

static void a_killed_server_takes_its_worker_with_it_and_every_job_completes_later(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 8 };
    char running[FUS_ID_SIZE], ids[COUNT][FUS_ID_SIZE], behaviour[160];
    /* The orphan comes to us, so that we can see its end. */
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    snprintf(behaviour, sizeof(behaviour), "ok 1500");
    submit(f, behaviour, running);
    for (int i = 0; i < COUNT; i++)
        submit(f, "ok", ids[i]);
    fixture_close(f);

    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t server = fork_server(f, fds[1]);
    pid_t worker = 0;
    while (worker == 0)
        assert_int_equal(read(fds[0], &worker, sizeof(worker)), (ssize_t)sizeof(worker));
    fus_clock_sleep_ms(300);
    int64_t killed_us = fus_clock_monotonic_us();
    assert_int_equal(kill(server, SIGKILL), 0);
    int status;
    assert_int_equal(waitpid(server, &status, 0), server);
    assert_int_equal(waitpid(worker, &status, 0), worker);
    assert_true(fus_clock_monotonic_us() - killed_us < 1000000);
    close(fds[0]);
    close(fds[1]);

    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(state_of(f, running), FUS_JOB_PROCESSING);
    char stray[192];
    snprintf(stray, sizeof(stray), "%s/output/%s.png", f->folder, running);
    assert_int_equal(fus_fs_write_atomic(stray, "half", 4, 0600, NULL), 0);
    start_supervisor(f);
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    await_end(f, running, FUS_JOB_COMPLETED, &job);
    assert_int_equal(job.attempt, 2);
    for (int i = 0; i < COUNT; i++) {
        await_end(f, ids[i], FUS_JOB_COMPLETED, &job);
        FUS_AUTO_FREE char *text = read_result(f, ids[i]);
        assert_true(fus_str_starts(text, "job "));
    }
}

static void a_worker_killed_while_idle_is_replaced(void **state)
{
    struct fixture *f = *state;
    start_supervisor(f);
    await_ready(f);
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    char id[FUS_ID_SIZE];
    pid_t pid = atomic_load(&f->supervisor->workers[0].ready_pid);
    assert_int_equal(kill(pid, SIGKILL), 0);
    fus_clock_sleep_ms(
        20); /* its end is seen before the next job is claimed, or at the latest then */
    submit(f, "ok", id);
    await_end(f, id, FUS_JOB_COMPLETED, &job);
    assert_int_equal(job.attempt, 1);
}

static void what_a_worker_writes_to_stderr_is_logged_as_json(void **state)
{
    struct fixture *f = *state;
    char path[96], id[FUS_ID_SIZE];
    snprintf(path, sizeof(path), "%s/log", f->folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    fus_log_free(f->log);
    f->log = fus_log_new(fd, FUS_LOG_INFO, "test");
    start_supervisor(f);
    FUS_AUTO_JOB struct fus_job job = {.progress = 0};
    submit(f, "mutter 50", id);
    await_end(f, id, FUS_JOB_COMPLETED, &job);
    fus_supervisor_stop(FUS_TAKE(f->supervisor), 0);
    fus_close(fd);
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size = 0;
    assert_int_equal(fus_fs_read(path, 1 << 20, &bytes, &size, NULL), 0);
    char *rest = bytes;
    int spoken = 0;
    bool first = false, cut = false, half = false;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
        json_t *entry = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(entry);
        const char *text = json_string_value(json_object_get(entry, "text"));
        spoken += text != NULL;
        first = first || fus_str_equal(text, "a library speaks");
        cut = cut || (text != NULL && strlen(text) == FUS_PROCESS_LINE_MAX - 1);
        half = half || fus_str_equal(text, "half a line");
        json_decref(entry);
    }
    assert_true(first && cut && half);
    assert_int_equal(spoken, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_completes_with_one_published_result),
        TEST(the_worker_stays_warm_between_jobs),
        TEST(progress_reaches_the_store_while_the_job_runs),
        TEST(a_worker_that_dies_in_mid_job_is_replaced_and_the_job_completes),
        TEST(a_job_that_always_kills_its_worker_fails_after_its_attempts),
        TEST(bytes_that_are_not_the_protocol_cost_the_worker_its_life),
        TEST(a_result_that_is_a_symlink_is_not_published),
        TEST(a_permanent_error_ends_the_job_at_once),
        TEST(a_passing_error_is_tried_again_up_to_the_limit),
        TEST(wrong_parameters_and_missing_inputs_fail_at_once_and_say_where),
        TEST(warnings_are_kept_with_the_job_and_bounded),
        TEST(a_cancel_is_obeyed_by_a_worker_that_listens_and_it_stays_warm),
        TEST(a_cancel_takes_effect_within_a_second_on_a_worker_that_does_not_listen),
        TEST(a_job_that_takes_too_long_is_stopped_and_says_so),
        TEST(a_worker_without_a_sign_of_life_is_killed),
        TEST(a_stopped_server_gives_its_job_back_without_an_attempt_lost),
        TEST(a_stopping_server_lets_a_job_end_within_its_grace),
        TEST(a_worker_that_cannot_start_leaves_the_jobs_queued),
        TEST(a_second_server_on_the_same_data_directory_is_refused),
        TEST(the_child_has_nothing_of_the_server),
        TEST(a_killed_server_takes_its_worker_with_it_and_every_job_completes_later),
        TEST(a_worker_killed_while_idle_is_replaced),
        TEST(what_a_worker_writes_to_stderr_is_logged_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
