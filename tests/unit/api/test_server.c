#include "fixture.h"

static void it_refuses_to_be_open_to_other_machines(void **state)
{
    struct fixture *f = *state;
    static char everywhere[] = "0.0.0.0:0", key[] = "fus_secret", odd[] = "nonsense";
    struct fus_error err = {0};
    fus_api_stop(FUS_TAKE(f->api));
    f->config.listen = everywhere;
    assert_int_equal(fixture_start(f, &err), FUS_E_FORBIDDEN);
    assert_non_null(strstr(err.detail, "FUSIOND_AUTH_API_KEY"));
    assert_null(f->api);
    f->config.api_key = key;
    assert_int_equal(fixture_start(f, &err), 0);
    fus_api_stop(FUS_TAKE(f->api));
    f->config.listen = odd;
    assert_int_equal(fixture_start(f, &err), FUS_E_INVALID_PARAMETER);
}

static void an_address_in_use_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    char listen[32];
    struct fus_api *first = FUS_TAKE(f->api);
    snprintf(listen, sizeof(listen), "127.0.0.1:%d", fus_api_port(first));
    f->config.listen = listen;
    assert_int_equal(fixture_start(f, NULL), FUS_E_CONFLICT);
    fus_api_stop(first);
}

static void with_a_key_nothing_opens_without_it(void **state)
{
    struct fixture *f = *state;
    static char key[] = "fus_secret";
    static const char *const targets[] = {"/api/v1/jobs",          "/api/v1/jobs/x",
                                          "/api/v1/jobs/x/result", "/api/v1/models",
                                          "/api/v1/processors",    "/api/v1/limits"};
    char out[512];
    f->config.api_key = key;
    fixture_restart(f);
    for (size_t i = 0; i < FUS_COUNT(targets); i++) {
        struct answer AUTO_ANSWER answer = get(f, targets[i]);
        assert_problem(&answer, 401, "unauthorized");
        assert_string_not_equal(header(&answer, "WWW-Authenticate", out), "");
    }
    static const char *const wrong[] = {"Authorization: Bearer wrong\r\n", "X-API-Key: wrong\r\n",
                                        "Authorization: Basic fus_secret\r\n",
                                        "Authorization: Bearer \r\nX-API-Key: fus_secret\r\n"};
    for (size_t i = 0; i < FUS_COUNT(wrong); i++) {
        struct answer AUTO_ANSWER answer = ask(f, "GET", "/api/v1/jobs", wrong[i], "");
        assert_problem(&answer, 401, "unauthorized");
    }
    static const char *const right[] = {"Authorization: Bearer fus_secret\r\n",
                                        "authorization: bearer fus_secret\r\n",
                                        "X-API-Key: fus_secret\r\n"};
    for (size_t i = 0; i < FUS_COUNT(right); i++) {
        struct answer AUTO_ANSWER answer = ask(f, "GET", "/api/v1/jobs", right[i], "");
        assert_int_equal(answer.status, 200);
    }
    struct answer AUTO_ANSWER live = get(f, "/livez");
    assert_int_equal(live.status, 200);
}

static void without_a_key_other_peoples_pages_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"Origin: https://evil.example\r\n", "Origin: null\r\n",
                                      "Sec-Fetch-Site: cross-site\r\n"};
    for (size_t i = 0; i < FUS_COUNT(bad); i++) {
        struct answer AUTO_ANSWER answer = ask(f, "GET", "/api/v1/jobs", bad[i], "");
        assert_problem(&answer, 403, "forbidden");
    }
    struct answer AUTO_ANSWER own =
        ask(f, "GET", "/api/v1/jobs", "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n",
            "");
    assert_int_equal(own.status, 200);
    static const char rebound[] =
        "GET /api/v1/jobs HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    struct answer AUTO_ANSWER answer = send_raw(f, rebound, sizeof(rebound) - 1);
    assert_problem(&answer, 403, "forbidden");
}

static void unknown_addresses_and_methods(void **state)
{
    struct fixture *f = *state;
    char out[512];
    static const char *const nowhere[] = {"/",
                                          "/api",
                                          "/api/v1/nothing",
                                          "/api/v1/jobs/",
                                          "/API/v1/jobs",
                                          "//api/v1/jobs",
                                          "/api/v1/jobs/a/b"};
    for (size_t i = 0; i < FUS_COUNT(nowhere); i++) {
        struct answer AUTO_ANSWER answer = get(f, nowhere[i]);
        assert_problem(&answer, 404, "not_found");
    }
    struct answer AUTO_ANSWER put = ask(f, "PUT", "/api/v1/jobs", "", "");
    assert_problem(&put, 405, "invalid_request");
    assert_string_equal(header(&put, "Allow", out), "POST, GET, HEAD");
    struct answer AUTO_ANSWER options = ask(f, "OPTIONS", "/api/v1/jobs", "", "");
    assert_int_equal(options.status, 204);
    assert_string_equal(header(&options, "Access-Control-Allow-Origin", out), "");
    struct answer AUTO_ANSWER query = get(f, "/version?x=1");
    assert_problem(&query, 422, "invalid_parameter");
}

static void every_answer_has_a_request_id_and_security_headers(void **state)
{
    struct fixture *f = *state;
    char first[512], second[512], out[512];
    struct answer AUTO_ANSWER one = get(f, "/version");
    struct answer AUTO_ANSWER two = get(f, "/version");
    assert_string_equal(text_of(one.json, "version"), FUS_VERSION);
    assert_int_equal(strlen(header(&one, "X-Request-Id", first)), 20);
    assert_string_not_equal(first, header(&two, "X-Request-Id", second));
    assert_string_equal(header(&one, "X-Content-Type-Options", out), "nosniff");
    assert_string_equal(header(&one, "Cache-Control", out), "no-store");
    assert_string_not_equal(header(&one, "Content-Security-Policy", out), "");
}

static void readiness_follows_the_workers_and_the_drain(void **state)
{
    struct fixture *f = *state;
    struct answer AUTO_ANSWER ready = get(f, "/readyz");
    assert_int_equal(ready.status, 200);
    f->workers = 0;
    struct answer AUTO_ANSWER none = get(f, "/readyz?verbose");
    assert_problem(&none, 503, "not_ready");
    assert_string_equal(text_of(json_object_get(none.json, "checks"), "workers"),
                        "No worker is up.");
    assert_string_equal(text_of(json_object_get(none.json, "checks"), "store"), "ok");
    f->workers = 1;
    fus_api_drain(f->api);
    struct answer AUTO_ANSWER draining = get(f, "/readyz");
    assert_problem(&draining, 503, "not_ready");
    struct answer AUTO_ANSWER job = post(f, "/api/v1/jobs", SIMPLE_JOB);
    assert_problem(&job, 503, "not_ready");
    struct answer AUTO_ANSWER list = get(f, "/api/v1/jobs");
    assert_int_equal(list.status, 200);
}

static void processors_models_and_limits_are_told(void **state)
{
    struct fixture *f = *state;
    struct answer AUTO_ANSWER processors = get(f, "/api/v1/processors");
    const json_t *swapper = json_array_get(json_object_get(processors.json, "processors"), 0);
    assert_string_equal(text_of(swapper, "name"), "face_swapper");
    assert_true(json_is_true(json_object_get(swapper, "needs_source_face")));
    assert_non_null(
        json_object_get(json_object_get(json_object_get(swapper, "parameters"), "properties"),
                        "face_swapper_model"));
    assert_non_null(json_object_get(
        json_object_get(json_object_get(processors.json, "common_parameters"), "properties"),
        "face_detector_model"));
    struct answer AUTO_ANSWER models = get(f, "/api/v1/models");
    assert_true(json_is_array(json_object_get(models.json, "models")));
    struct answer AUTO_ANSWER limits = get(f, "/api/v1/limits");
    assert_int_equal(json_integer_value(json_object_get(limits.json, "max_sources")), 3);
}

static void requests_are_counted_on_the_second_listener(void **state)
{
    struct fixture *f = *state;
    char id[64];
    submit(f, id);
    struct answer AUTO_ANSWER unknown = get(f, "/secret/path");
    assert_int_equal(unknown.status, 404);
    int fd = client_connect(fus_api_metrics_port(f->api));
    static const char text[] = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    client_send(fd, text, sizeof(text) - 1);
    struct answer AUTO_ANSWER metrics = client_read(fd);
    assert_int_equal(metrics.status, 200);
    assert_non_null(strstr(metrics.body,
                           "api_requests_total{method=\"POST\",endpoint=\"/api/v1/jobs\","
                           "code=\"202\"} 1\n"));
    assert_non_null(strstr(metrics.body, "endpoint=\"unmatched\",code=\"404\"} 1\n"));
    assert_non_null(strstr(metrics.body, "api_request_duration_seconds_bucket{"));
    assert_null(strstr(metrics.body, "secret"));
    struct answer AUTO_ANSWER wrong = get(f, "/metrics");
    assert_problem(&wrong, 404, "not_found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(it_refuses_to_be_open_to_other_machines),
        FIXTURE_TEST(an_address_in_use_is_a_conflict),
        FIXTURE_TEST(with_a_key_nothing_opens_without_it),
        FIXTURE_TEST(without_a_key_other_peoples_pages_are_refused),
        FIXTURE_TEST(unknown_addresses_and_methods),
        FIXTURE_TEST(every_answer_has_a_request_id_and_security_headers),
        FIXTURE_TEST(readiness_follows_the_workers_and_the_drain),
        FIXTURE_TEST(processors_models_and_limits_are_told),
        FIXTURE_TEST(requests_are_counted_on_the_second_listener),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
