#include "cm.h"

#include "api/json.h"

static int parse(const char *text)
{
    FUS_AUTO_JSON json_t *json = NULL;
    return fus_json_parse(text, strlen(text), &json, NULL);
}

static void json_is_read(void **state)
{
    assert_int_equal(parse("{\"a\":[1,2,{\"b\":null}]}"), 0);
    assert_int_equal(parse("\"]]]]}}}[[[[\\\"[[\""), 0);
}

static void broken_json_is_refused(void **state)
{
    static const char *const bad[] = {
        "",         "{",           "{\"a\":1,}",  "nul",    "1 2", "{\"a\":1,\"a\":1}",
        "\"\xff\"", "\"\\u0000\"", "\"\\ud800\"", "[1e999]"};
    for (size_t i = 0; i < FUS_COUNT(bad); i++)
        if (parse(bad[i]) != FUS_E_INVALID_REQUEST)
            fail_msg("taken: %s", bad[i]);
}

static void deep_json_is_refused_before_it_is_parsed(void **state)
{
    enum { DEPTH = 10000 };
    char text[2 * DEPTH + 1];
    memset(text, '[', DEPTH);
    memset(text + DEPTH, ']', DEPTH);
    text[2 * DEPTH] = '\0';
    struct fus_error err = {0};
    FUS_AUTO_JSON json_t *json = NULL;
    assert_int_equal(fus_json_parse(text, 2 * DEPTH, &json, &err), FUS_E_INVALID_REQUEST);
    assert_non_null(strstr(err.detail, "deeper"));
}

static void pointers_are_escaped_and_bounded(void **state)
{
    char out[96], longer[300];
    fus_json_pointer(out, "/a", "b/c~d");
    assert_string_equal(out, "/a/b~1c~0d");
    memset(longer, '/', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    fus_json_pointer(out, "", longer);
    assert_true(strlen(out) < 96);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_read),
        cmocka_unit_test(broken_json_is_refused),
        cmocka_unit_test(deep_json_is_refused_before_it_is_parsed),
        cmocka_unit_test(pointers_are_escaped_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
