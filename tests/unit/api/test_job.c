#include "fixture.h"

#include <pthread.h>

static struct answer get_job(struct fixture *f, const char *id, const char *rest,
                             const char *headers)
{
    char target[160];
    snprintf(target, sizeof(target), "/api/v1/jobs/%s%s", id, rest);
    return ask(f, "GET", target, headers, "");
}

static struct answer change(struct fixture *f, const char *method, const char *id, const char *rest)
{
    char target[160];
    snprintf(target, sizeof(target), "/api/v1/jobs/%s%s", id, rest);
    return ask(f, method, target, "", "");
}

static void a_job_has_an_etag_and_a_hint_when_to_come_back(void **state)
{
    struct fixture *f = *state;
    char id[64], etag[512], out[512], headers[600];
    submit(f, id);
    struct answer AUTO_ANSWER first = get_job(f, id, "", "");
    assert_int_equal(first.status, 200);
    assert_string_equal(header(&first, "Retry-After", out), "1");
    header(&first, "ETag", etag);
    snprintf(headers, sizeof(headers), "If-None-Match: \"x\", %s\r\n", etag);
    struct answer AUTO_ANSWER same = get_job(f, id, "", headers);
    assert_int_equal(same.status, 304);
    assert_int_equal(same.body_size, 0);
    claim(f);
    struct answer AUTO_ANSWER other = get_job(f, id, "", headers);
    assert_int_equal(other.status, 200);
    assert_string_equal(text_of(other.json, "status"), "processing");
}

static void status_has_the_fixed_keys_alone_with_their_types(void **state)
{
    struct fixture *f = *state;
    char id[64];
    submit(f, id);
    struct answer AUTO_ANSWER answer = get_job(f, id, "/status", "");
    assert_int_equal(answer.status, 200);
    assert_int_equal(json_object_size(answer.json), 9);
    assert_true(json_is_integer(json_object_get(answer.json, "progress")));
    assert_true(json_is_null(json_object_get(answer.json, "estimated_finish_time")));
    assert_true(json_is_null(json_object_get(answer.json, "error_message")));
    assert_true(json_is_null(json_object_get(answer.json, "result_url")));
    assert_string_equal(text_of(answer.json, "step"), "queued");
}

static void the_estimate_comes_from_the_speed_so_far(void **state)
{
    struct fixture *f = *state;
    char id[64];
    bool cancel = false;
    int64_t now = fus_clock_real_us(), estimate = 0;
    submit(f, id);
    const struct fus_job_progress progress = {"processing_frames", 50, 100, 200, 10.0};
    assert_int_equal(
        fus_store_renew(f->store, id, claim(f), 60000000, now, &progress, &cancel, NULL), 0);
    struct answer AUTO_ANSWER answer = get_job(f, id, "/status", "");
    assert_true(fus_clock_parse_rfc3339(text_of(answer.json, "estimated_finish_time"), &estimate));
    assert_in_range(estimate - now, 9900000, 10100000);
    assert_int_equal(json_integer_value(json_object_get(answer.json, "progress")), 50);
}

static void unknown_jobs_are_404(void **state)
{
    struct fixture *f = *state;
    static const char *const ids[] = {"job_20260101_0000000000000", "x", "%2e%2e%2f",
                                      "%27%20or%201"};
    for (size_t i = 0; i < FUS_COUNT(ids); i++) {
        struct answer AUTO_ANSWER answer = get_job(f, ids[i], "", "");
        assert_problem(&answer, 404, "not_found");
        struct answer AUTO_ANSWER gone = change(f, "DELETE", ids[i], "");
        assert_problem(&gone, 404, "not_found");
    }
}

struct later {
    struct fixture *f;
    const char *id;
};

static void *claim_later(void *user)
{
    fus_clock_sleep_ms(300);
    claim(((struct later *)user)->f);
    return NULL;
}

static void a_long_poll_ends_when_something_changes(void **state)
{
    struct fixture *f = *state;
    char id[64];
    pthread_t thread;
    submit(f, id);
    struct later later = {f, id};
    int64_t start = fus_clock_monotonic_us();
    assert_int_equal(pthread_create(&thread, NULL, claim_later, &later), 0);
    struct answer AUTO_ANSWER answer = get_job(f, id, "?wait=15", "");
    pthread_join(thread, NULL);
    int64_t took = fus_clock_monotonic_us() - start;
    assert_int_equal(answer.status, 200);
    assert_string_equal(text_of(answer.json, "status"), "processing");
    assert_in_range(took, 200000, 5000000);
}

static void a_long_poll_ends_by_itself(void **state)
{
    struct fixture *f = *state;
    char id[64];
    submit(f, id);
    int64_t start = fus_clock_monotonic_us();
    struct answer AUTO_ANSWER answer = get_job(f, id, "/status?wait=1", "");
    int64_t took = fus_clock_monotonic_us() - start;
    assert_int_equal(answer.status, 200);
    assert_in_range(took, 900000, 4000000);
    struct answer AUTO_ANSWER bad = get_job(f, id, "?wait=soon", "");
    assert_problem(&bad, 422, "invalid_parameter");
}

static void long_polls_hold_no_thread(void **state)
{
    struct fixture *f = *state;
    char id[64], text[256];
    int waiting[16];
    submit(f, id);
    int length = snprintf(text, sizeof(text),
                          "GET /api/v1/jobs/%s?wait=20 HTTP/1.1\r\nHost: localhost\r\n\r\n", id);
    for (size_t i = 0; i < FUS_COUNT(waiting); i++) {
        waiting[i] = client_connect(fus_api_port(f->api));
        client_send(waiting[i], text, (size_t)length);
    }
    fus_clock_sleep_ms(100);
    int64_t start = fus_clock_monotonic_us();
    for (int i = 0; i < 20; i++) {
        struct answer AUTO_ANSWER live = get(f, "/livez");
        assert_int_equal(live.status, 200);
    }
    assert_true(fus_clock_monotonic_us() - start < 5000000);
    /* and a server that stops answers them all */
    fus_api_stop(FUS_TAKE(f->api));
    for (size_t i = 0; i < FUS_COUNT(waiting); i++)
        close(waiting[i]);
    fixture_restart(f);
}

static void a_client_that_goes_away_while_it_waits_does_no_harm(void **state)
{
    struct fixture *f = *state;
    char id[64], text[256];
    submit(f, id);
    int length = snprintf(text, sizeof(text),
                          "GET /api/v1/jobs/%s?wait=1 HTTP/1.1\r\nHost: localhost\r\n\r\n", id);
    for (int i = 0; i < 8; i++) {
        int fd = client_connect(fus_api_port(f->api));
        client_send(fd, text, (size_t)length);
        close(fd);
    }
    fus_clock_sleep_ms(1300);
    struct answer AUTO_ANSWER answer = get(f, "/livez");
    assert_int_equal(answer.status, 200);
}

static void a_result_that_is_not_there_yet_is_409(void **state)
{
    struct fixture *f = *state;
    char id[64], out[512];
    submit(f, id);
    struct answer AUTO_ANSWER answer = get_job(f, id, "/result", "");
    assert_problem(&answer, 409, "conflict");
    assert_string_equal(header(&answer, "Retry-After", out), "1");
}

static void a_failed_job_tells_why(void **state)
{
    struct fixture *f = *state;
    char id[64];
    submit(f, id);
    assert_int_equal(fus_store_finish(f->store, id, claim(f), FUS_JOB_FAILED, NULL,
                                      "{\"code\":\"no_face_in_source\",\"detail\":\"No "
                                      "face.\",\"pointer\":\"/source_images/0\"}",
                                      NULL, 0, fus_clock_real_us(), NULL),
                     0);
    struct answer AUTO_ANSWER job = get_job(f, id, "", "");
    assert_string_equal(text_of(job.json, "error_message"), "No face. (a.jpg)");
    const json_t *error = json_object_get(job.json, "error");
    assert_string_equal(text_of(error, "code"), "no_face_in_source");
    assert_int_equal(json_integer_value(json_object_get(error, "status")), 422);
    struct answer AUTO_ANSWER result = get_job(f, id, "/result", "");
    assert_problem(&result, 409, "no_face_in_source");
    struct answer AUTO_ANSWER cancel = change(f, "DELETE", id, "");
    assert_problem(&cancel, 409, "conflict");
}

static void a_result_is_a_signed_link_or_streamed(void **state)
{
    struct fixture *f = *state;
    char id[64], location[512], out[512];
    submit(f, id);
    complete(f, id, "0123456789");
    struct answer AUTO_ANSWER job = get_job(f, id, "", "");
    assert_string_equal(text_of(job.json, "status"), "completed");
    assert_non_null(strstr(text_of(job.json, "result_url"), "http://localhost/files/"));
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(job.json, "faces"), "target_max")), 2);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(job.json, "timings"), "swap_ms")), 4);
    struct answer AUTO_ANSWER result = get_job(f, id, "/result", "");
    assert_int_equal(result.status, 303);
    header(&result, "Location", location);
    struct answer AUTO_ANSWER file = get(f, strstr(location, "/files/"));
    assert_int_equal(file.status, 200);
    assert_int_equal(file.body_size, 10);
    assert_memory_equal(file.body, "0123456789", 10);
    struct answer AUTO_ANSWER part =
        get_job(f, id, "/result?redirect=false", "Range: bytes=2-4\r\n");
    assert_int_equal(part.status, 206);
    assert_string_equal(header(&part, "Content-Range", out), "bytes 2-4/10");
    assert_memory_equal(part.body, "234", 3);
}

static void queued_jobs_are_cancelled_at_once(void **state)
{
    struct fixture *f = *state;
    char id[64];
    submit(f, id);
    struct answer AUTO_ANSWER first = change(f, "DELETE", id, "");
    assert_int_equal(first.status, 200);
    assert_string_equal(text_of(first.json, "status"), "cancelled");
    struct answer AUTO_ANSWER again = change(f, "POST", id, "/cancel");
    assert_int_equal(again.status, 200);
}

static void running_jobs_are_asked_to_stop(void **state)
{
    struct fixture *f = *state;
    char id[64];
    submit(f, id);
    claim(f);
    struct answer AUTO_ANSWER answer = change(f, "POST", id, "/cancel");
    assert_int_equal(answer.status, 202);
    assert_string_not_equal(text_of(answer.json, "cancel_requested_at"), "");
}

static void a_purged_result_is_gone(void **state)
{
    struct fixture *f = *state;
    char id[64], link[512];
    submit(f, id);
    struct answer AUTO_ANSWER early = change(f, "DELETE", id, "?purge=true");
    assert_problem(&early, 409, "conflict");
    complete(f, id, "0123456789");
    struct answer AUTO_ANSWER job = get_job(f, id, "", "");
    snprintf(link, sizeof(link), "%s", strstr(text_of(job.json, "result_url"), "/files/"));
    struct answer AUTO_ANSWER purge = change(f, "DELETE", id, "?purge=true");
    assert_int_equal(purge.status, 204);
    assert_int_equal(purge.body_size, 0);
    struct answer AUTO_ANSWER result = get_job(f, id, "/result", "");
    assert_problem(&result, 410, "gone");
    struct answer AUTO_ANSWER file = get(f, link);
    assert_problem(&file, 410, "gone");
    struct answer AUTO_ANSWER after = get_job(f, id, "", "");
    assert_true(json_is_null(json_object_get(after.json, "result_url")));
    struct answer AUTO_ANSWER bad = change(f, "DELETE", id, "?purge=perhaps");
    assert_problem(&bad, 422, "invalid_parameter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_job_has_an_etag_and_a_hint_when_to_come_back),
        FIXTURE_TEST(status_has_the_fixed_keys_alone_with_their_types),
        FIXTURE_TEST(the_estimate_comes_from_the_speed_so_far),
        FIXTURE_TEST(unknown_jobs_are_404),
        FIXTURE_TEST(a_long_poll_ends_when_something_changes),
        FIXTURE_TEST(a_long_poll_ends_by_itself),
        FIXTURE_TEST(long_polls_hold_no_thread),
        FIXTURE_TEST(a_client_that_goes_away_while_it_waits_does_no_harm),
        FIXTURE_TEST(a_result_that_is_not_there_yet_is_409),
        FIXTURE_TEST(a_failed_job_tells_why),
        FIXTURE_TEST(a_result_is_a_signed_link_or_streamed),
        FIXTURE_TEST(queued_jobs_are_cancelled_at_once),
        FIXTURE_TEST(running_jobs_are_asked_to_stop),
        FIXTURE_TEST(a_purged_result_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
