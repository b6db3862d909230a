#include "cm.h"

#include "api/http.h"

static int parse(const char *raw)
{
    struct fus_http_target target = {0};
    int rc = fus_http_target_parse(raw, &target, NULL);
    fus_http_target_done(&target);
    return rc;
}

static void a_target_is_taken_apart_and_decoded(void **state)
{
    struct fus_http_target target = {0};
    assert_int_equal(fus_http_target_parse("/a/b%20c?x=1&y=%C3%A9+z&flag", &target, NULL), 0);
    assert_int_equal(target.segment_count, 2);
    assert_string_equal(target.segments[0], "a");
    assert_string_equal(target.segments[1], "b c");
    assert_int_equal(target.query_count, 3);
    assert_string_equal(target.query[0].value, "1");
    assert_string_equal(target.query[1].value, "\xc3\xa9 z");
    assert_string_equal(target.query[2].name, "flag");
    assert_string_equal(target.query[2].value, "");
    fus_http_target_done(&target);
}

static void the_absolute_form_is_taken(void **state)
{
    struct fus_http_target target = {0};
    assert_int_equal(fus_http_target_parse("http://host:80/livez?a=b", &target, NULL), 0);
    assert_string_equal(target.segments[0], "livez");
    fus_http_target_done(&target);
}

static void odd_targets_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "livez",
        "*",
        "/%00",
        "/a%0d%0a",
        "/%zz",
        "/%",
        "/a%2",
        "/a\\b",
        "/a#b",
        "/\xc3\xa9",
        "/../x",
        "/%2e%2e/x",
        "/.",
        "/a?b=%00",
        "/a?b=1&b=2",
        "/%ff",
        "http://host",
        "/1/2/3/4/5/6/7/8/9",
    };
    for (size_t i = 0; i < FUS_COUNT(bad); i++)
        if (parse(bad[i]) != FUS_E_INVALID_REQUEST)
            fail_msg("taken: %s", bad[i]);
    char *longer = malloc(10000);
    assert_non_null(longer);
    memset(longer, 'a', 9999);
    longer[0] = '/';
    longer[9999] = '\0';
    assert_int_equal(parse(longer), FUS_E_INVALID_REQUEST);
    free(longer);
}

static const char *prefer(const void *connection, const char *name)
{
    return strcmp(name, "Prefer") == 0 ? connection : NULL;
}

static int64_t wait_of(const char *value)
{
    const struct fus_http_request request = {.header = prefer, .connection = value};
    return fus_http_prefer_wait(&request, 30);
}

static void prefer_wait_is_read_and_bounded(void **state)
{
    assert_int_equal(wait_of(NULL), 0);
    assert_int_equal(wait_of("wait=5"), 5);
    assert_int_equal(wait_of("respond-async, wait=10"), 10);
    assert_int_equal(wait_of("respond-async; Wait=99999999999999999999"), 30);
    assert_int_equal(wait_of("wait=x"), 0);
    assert_int_equal(wait_of("nowait=5"), 0);
}

static void a_header_with_control_characters_fails_the_response(void **state)
{
    struct fus_http_response response;
    fus_http_response_init(&response);
    fus_http_response_header(&response, "Location", "/a");
    assert_false(response.failed);
    fus_http_response_header(&response, "Location", "/a\r\nX: y");
    assert_true(response.failed);
    fus_http_response_done(&response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_is_taken_apart_and_decoded),
        cmocka_unit_test(the_absolute_form_is_taken),
        cmocka_unit_test(odd_targets_are_refused),
        cmocka_unit_test(prefer_wait_is_read_and_bounded),
        cmocka_unit_test(a_header_with_control_characters_fails_the_response),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
