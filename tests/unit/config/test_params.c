#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/param.h"

static const char *const modes[] = {"many", "one", "reference", NULL};
static const char *const later_modes[] = {"all", NULL};

static const struct fus_param items[] = {
    {"blend", FUS_PARAM_INT, 0, 100, 1, NULL, "80", "g", .doc = "d"},
    {"score", FUS_PARAM_FLOAT, 0, 1, 0.05, NULL, "0.5", "g", .doc = "d"},
    {"mode", FUS_PARAM_TEXT, 0, 0, 0, modes, "reference", "g", .doc = "d",
     .choices_later = later_modes},
    {"names", FUS_PARAM_TEXT_LIST, 0, 0, 0, modes, "one", "g", .doc = "d"},
    {"angles", FUS_PARAM_INT_LIST, 0, 270, 90, NULL, NULL, "g", .doc = "d"},
    {"padding", FUS_PARAM_BOX, 0, 100, 1, NULL, "0 0 0 0", "g", .doc = "d"},
    {"keep", FUS_PARAM_BOOL, 0, 0, 0, NULL, "true", "g", .doc = "d"},
    {"note", FUS_PARAM_TEXT, 0, 0, 0, NULL, NULL, "g", .doc = "d"},
    {"thing_model", FUS_PARAM_TEXT, 0, 0, 0, modes, NULL, "g", NULL, "thing", FUS_PARAM_MODEL, "d"},
    {"image_quality", FUS_PARAM_INT, 0, 100, 1, NULL, "80", "g", .doc = "d"},
    {"video_quality", FUS_PARAM_INT, 0, 100, 1, NULL, "80", "g", .doc = "d"},
    {"future", FUS_PARAM_FLOAT, 0, 1, 0, NULL, "0.3", "g", .flags = FUS_PARAM_LATER, .doc = "d"},
    {"future_age", FUS_PARAM_INT, 0, 100, 0, NULL, NULL, "g", .flags = FUS_PARAM_LATER, .doc = "d"},
};
static const struct fus_param more_items[] = {
    {"quality", FUS_PARAM_INT, 0, 100, 1, NULL, NULL, "g", "image_quality|video_quality",
     .doc = "d"},
    {"thing", FUS_PARAM_TEXT, 0, 0, 0, modes, NULL, "g", "thing_model", "thing", FUS_PARAM_MODEL,
     "d"},
    {"temp", FUS_PARAM_TEXT, 0, 0, 0, NULL, NULL, "g", .flags = FUS_PARAM_IGNORED, .doc = "d"},
};
static const struct fus_param_table table = {items, FUS_COUNT(items)};
static const struct fus_param_table more = {more_items, FUS_COUNT(more_items)};
static const struct fus_param_schema schema = {{&table, &more}, 2};

static struct fus_error_list errors;

static struct fus_params *take(const char *json, int expected)
{
    struct fus_params *params = fus_params_new(&schema);
    assert_non_null(params);
    json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    errors.count = 0;
    assert_int_equal(fus_params_take_json(params, object, "/parameters", &errors), expected);
    json_decref(object);
    return params;
}

static void expect_error(const char *json, const char *pointer, const char *detail)
{
    fus_params_free(take(json, FUS_E_INVALID_PARAMETER));
    assert_int_equal(errors.count, 1);
    assert_int_equal(errors.items[0].code, FUS_E_INVALID_PARAMETER);
    assert_string_equal(errors.items[0].pointer, pointer);
    assert_string_equal(errors.items[0].detail, detail);
}

static void expect_canonical(const char *json, const char *canonical)
{
    FUS_CLEANUP(fus_params_free) struct fus_params *params = take(json, 0);
    json_t *object = fus_params_to_json(params);
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6));
    assert_string_equal(text, canonical);
    free(text);
    /* Feeding it back gives the same set. */
    FUS_CLEANUP(fus_params_free) struct fus_params *again = fus_params_new(&schema);
    assert_int_equal(fus_params_take_json(again, object, "", &errors), 0);
    json_t *second = fus_params_to_json(again);
    assert_true(json_equal(object, second));
    json_decref(second);
    json_decref(object);
}

static void defaults_are_there_without_being_given(void **state)
{
    FUS_CLEANUP(fus_params_free) struct fus_params *params = take("{}", 0);
    assert_int_equal(fus_params_int(params, "blend"), 80);
    assert_true(fus_params_float(params, "score") > 0.49);
    assert_string_equal(fus_params_text(params, "mode"), "reference");
    assert_int_equal(fus_params_list_count(params, "names"), 1);
    assert_string_equal(fus_params_list_text(params, "names", 0), "one");
    assert_true(fus_params_bool(params, "keep"));
    assert_null(fus_params_text(params, "note"));
    assert_int_equal(fus_params_list_count(params, "angles"), 0);
    assert_false(fus_params_is_set(params, "blend"));
    assert_true(fus_params_has_value(params, "blend"));
    assert_false(fus_params_has_value(params, "note"));
    assert_null(fus_params_ignored(params, 0));
}

static void given_values_replace_defaults(void **state)
{
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params =
        take("{\"blend\":95.0,\"score\":0.33,\"mode\":\"one\",\"names\":[\"many\",\"one\"],"
             "\"angles\":90,\"keep\":false,\"note\":\"\\u00e9\",\"padding\":[1,2]}",
             0);
    assert_int_equal(fus_params_int(params, "blend"), 95);
    /* Off the grid of 0.05, inside the range: taken. */
    assert_true(fus_params_float(params, "score") > 0.329 &&
                fus_params_float(params, "score") < 0.331);
    assert_string_equal(fus_params_text(params, "mode"), "one");
    assert_int_equal(fus_params_list_count(params, "names"), 2);
    assert_int_equal(fus_params_list_int(params, "angles", 0), 90);
    assert_false(fus_params_bool(params, "keep"));
    assert_true(fus_params_is_set(params, "note"));
}

static void null_means_not_given(void **state)
{
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = take("{\"blend\":null,\"quality\":null,\"future_age\":null}", 0);
    assert_false(fus_params_is_set(params, "blend"));
    assert_int_equal(fus_params_int(params, "blend"), 80);
}

static void boxes_follow_the_order_of_css(void **state)
{
    const struct {
        const char *json;
        int box[4];
    } cases[] = {{"{\"padding\":7}", {7, 7, 7, 7}},
                 {"{\"padding\":[7]}", {7, 7, 7, 7}},
                 {"{\"padding\":[1,2]}", {1, 2, 1, 2}},
                 {"{\"padding\":[1,2,3]}", {1, 2, 3, 2}},
                 {"{\"padding\":[1,2,3,4]}", {1, 2, 3, 4}}};
    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        FUS_CLEANUP(fus_params_free) struct fus_params *params = take(cases[i].json, 0);
        int box[4];
        fus_params_box(params, "padding", box);
        assert_memory_equal(box, cases[i].box, sizeof(box));
    }
    expect_error("{\"padding\":[]}", "/parameters/padding",
                 "padding must be one to four whole numbers from 0 to 100 (top right bottom left)");
    expect_error("{\"padding\":[1,2,3,4,5]}", "/parameters/padding",
                 "padding must be one to four whole numbers from 0 to 100 (top right bottom left)");
    expect_error("{\"padding\":[1,101]}", "/parameters/padding/1",
                 "padding must be one to four whole numbers from 0 to 100 (top right bottom left)");
}

static void wrong_types_and_ranges_are_refused(void **state)
{
    const char *blend = "blend must be a whole number from 0 to 100";
    expect_error("{\"blend\":101}", "/parameters/blend", blend);
    expect_error("{\"blend\":-1}", "/parameters/blend", blend);
    expect_error("{\"blend\":1.5}", "/parameters/blend", blend);
    expect_error("{\"blend\":\"80\"}", "/parameters/blend", blend);
    expect_error("{\"blend\":9223372036854775807}", "/parameters/blend", blend);
    expect_error("{\"score\":1.01}", "/parameters/score", "score must be a number from 0 to 1");
    expect_error("{\"score\":true}", "/parameters/score", "score must be a number from 0 to 1");
    expect_error("{\"keep\":1}", "/parameters/keep", "keep must be true or false");
    expect_error("{\"note\":1}", "/parameters/note", "note must be a text");
    expect_error("{\"mode\":[]}", "/parameters/mode", "mode must be one of many, one or reference");
    expect_error("{\"names\":[\"one\",2]}", "/parameters/names/1",
                 "names must be a list out of many, one or reference");
    expect_error("{\"angles\":[]}", "/parameters/angles",
                 "angles must be a list of 1 to 32 whole numbers from 0 to 270");
}

static void near_values_are_named(void **state)
{
    expect_error("{\"mode\":\"referense\"}", "/parameters/mode",
                 "mode: \"referense\" is not one of many, one or reference; did you mean "
                 "reference?");
    expect_error("{\"mode\":\"zzzzzzzz\"}", "/parameters/mode",
                 "mode: \"zzzzzzzz\" is not one of many, one or reference");
    expect_error(
        "{\"mode\":\"all\"}", "/parameters/mode",
        "mode: this version does not do \"all\" yet (engine: facefusion may); it does many, "
        "one or reference");
}

static void unknown_names_are_refused_and_near_ones_named(void **state)
{
    expect_error("{\"thing_modle\":\"many\"}", "/parameters/thing_modle",
                 "there is no parameter \"thing_modle\"; did you mean thing_model?");
    expect_error("{\"zzzzzzzzzzzz\":1}", "/parameters/zzzzzzzzzzzz",
                 "there is no parameter \"zzzzzzzzzzzz\"");
    expect_error("{\"a/b~c\":1}", "/parameters/a~1b~0c", "there is no parameter \"a/b~c\"");
}

static void all_errors_come_at_once(void **state)
{
    fus_params_free(take("{\"blend\":101,\"score\":2,\"mode\":\"x\",\"nope\":1,\"note\":\"fine\"}",
                         FUS_E_INVALID_PARAMETER));
    assert_int_equal(errors.count, 4);
}

static void thousands_of_unknown_names_are_counted_and_stay_cheap(void **state)
{
    json_t *object = json_object();
    for (int i = 0; i < 5000; i++) {
        char name[200];
        memset(name, 'q', sizeof(name));
        (void)snprintf(name + 150, 40, "%d", i);
        json_object_set_new(object, name, json_true());
    }
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(&schema);
    errors.count = 0;
    assert_int_equal(fus_params_take_json(params, object, "/parameters", &errors),
                     FUS_E_INVALID_PARAMETER);
    assert_int_equal(errors.count, 5000);
    assert_int_equal(fus_error_list_kept(&errors), FUS_ERROR_LIST_MAX);
    json_decref(object);
}

static void long_names_are_cut_between_characters(void **state)
{
    char json[400] = "{\"", name[300] = "";
    for (int i = 0; i < 60; i++)
        strcat(name, "\xe2\x82\xac");
    strcat(json, name);
    strcat(json, "\":1}");
    fus_params_free(take(json, FUS_E_INVALID_PARAMETER));
    assert_true(fus_utf8_valid(errors.items[0].detail, strlen(errors.items[0].detail)));
    assert_true(fus_utf8_valid(errors.items[0].pointer, strlen(errors.items[0].pointer)));
}

static void short_forms_set_what_they_stand_for(void **state)
{
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = take("{\"quality\":95,\"thing\":\"many\"}", 0);
    assert_int_equal(fus_params_int(params, "image_quality"), 95);
    assert_int_equal(fus_params_int(params, "video_quality"), 95);
    assert_true(fus_params_is_set(params, "image_quality"));
    assert_string_equal(fus_params_text(params, "thing_model"), "many");
    expect_canonical("{\"quality\":95,\"thing\":\"many\"}",
                     "{\"image_quality\":95,\"thing_model\":\"many\",\"video_quality\":95}");
}

static void short_and_long_forms_may_agree_but_not_disagree(void **state)
{
    fus_params_free(take("{\"quality\":95,\"image_quality\":95}", 0));
    const char *detail = "quality and image_quality name the same thing and disagree; give one of "
                         "them";
    expect_error("{\"quality\":95,\"image_quality\":94}", "/parameters/quality", detail);
    expect_error("{\"image_quality\":94,\"quality\":95}", "/parameters/quality", detail);
    expect_error("{\"quality\":101}", "/parameters/quality",
                 "quality must be a whole number from 0 to 100");
}

static void later_parameters_take_their_default_only(void **state)
{
    fus_params_free(take("{\"future\":0.3}", 0));
    expect_error(
        "{\"future\":0.6}", "/parameters/future",
        "future is known but this version does not act on it yet; leave it out or give its "
        "default, \"0.3\"; engine: facefusion does");
    expect_error("{\"future_age\":5}", "/parameters/future_age",
                 "future_age is known but this version does not act on it yet; leave it out; "
                 "engine: facefusion does");
}

static void ignored_parameters_are_remembered(void **state)
{
    FUS_CLEANUP(fus_params_free) struct fus_params *params = take("{\"temp\":\"../x\"}", 0);
    assert_string_equal(fus_params_ignored(params, 0), "temp");
    assert_null(fus_params_ignored(params, 1));
}

static void models_are_any_plain_id(void **state)
{
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = take("{\"thing_model\":\"iperov/elon_musk_224\"}", 0);
    assert_string_equal(fus_params_text(params, "thing_model"), "iperov/elon_musk_224");
    const char *const bad[] = {"{\"thing_model\":\"\"}", "{\"thing_model\":\"../x\"}",
                               "{\"thing_model\":\"/etc/passwd\"}", "{\"thing_model\":\"a b\"}"};
    for (size_t i = 0; i < FUS_COUNT(bad); i++)
        expect_error(bad[i], "/parameters/thing_model", "thing_model must be the id of a model");
}

static void canonical_json_is_sorted_and_holds_given_values_only(void **state)
{
    expect_canonical("{\"score\":0.25,\"padding\":[1,2],\"blend\":80,\"names\":\"many\"}",
                     "{\"blend\":80,\"names\":[\"many\"],\"padding\":[1,2,1,2],\"score\":0.25}");
    expect_canonical("{}", "{}");
    expect_canonical("{\"names\":[]}", "{\"names\":[]}");
}

static void a_body_that_is_no_object_is_refused(void **state)
{
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(&schema);
    json_t *array = json_array();
    errors.count = 0;
    assert_int_equal(fus_params_take_json(params, array, "/parameters", &errors),
                     FUS_E_INVALID_PARAMETER);
    assert_string_equal(errors.items[0].pointer, "/parameters");
    json_decref(array);
}

static void text_forms_are_those_of_the_command_line(void **state)
{
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(&schema);
    struct fus_error err = {0};
    assert_int_equal(fus_params_take_text(params, "blend", "7", &err), 0);
    assert_int_equal(fus_params_take_text(params, "names", "many,one reference", &err), 0);
    assert_int_equal(fus_params_take_text(params, "padding", "1 2 3", &err), 0);
    assert_int_equal(fus_params_take_text(params, "keep", "no", &err), 0);
    assert_int_equal(fus_params_int(params, "blend"), 7);
    assert_int_equal(fus_params_list_count(params, "names"), 3);
    assert_false(fus_params_bool(params, "keep"));
    FUS_AUTO_STR struct fus_str text = {0};
    fus_params_print(params, "padding", &text);
    fus_str_append(&text, "|");
    fus_params_print(params, "names", &text);
    assert_string_equal(text.text, "1 2 3 2|many one reference");
    assert_int_equal(fus_params_take_text(params, "names", "", &err), 0);
    assert_int_equal(fus_params_list_count(params, "names"), 0);
    assert_true(fus_params_is_set(params, "names"));
    assert_int_equal(fus_params_take_text(params, "blend", "", &err), 0);
    assert_false(fus_params_is_set(params, "blend"));
    assert_int_equal(fus_params_int(params, "blend"), 80);
}

static void wrong_text_forms_are_refused(void **state)
{
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(&schema);
    struct fus_error err = {0};
    const char *const bad[][2] = {{"blend", "7x"},   {"blend", "1e9"},  {"score", "nan"},
                                  {"keep", "maybe"}, {"padding", "a"},  {"padding", "1 2 3 4 5"},
                                  {"mode", "\xff"},  {"names", "\xff"}, {"angles", "1.5"}};
    for (size_t i = 0; i < FUS_COUNT(bad); i++)
        assert_int_equal(fus_params_take_text(params, bad[i][0], bad[i][1], &err),
                         FUS_E_INVALID_PARAMETER);
    assert_int_equal(fus_params_take_text(params, "blnd", "1", &err), FUS_E_INVALID_PARAMETER);
    assert_string_equal(err.detail, "there is no parameter \"blnd\"; did you mean blend?");
    assert_int_equal(fus_params_take_text(params, "image_quality", "1", &err), 0);
    assert_int_equal(fus_params_take_text(params, "quality", "2", &err), FUS_E_INVALID_PARAMETER);
}

static void the_schema_of_a_row_says_what_is_valid(void **state)
{
    json_t *json = fus_param_json_schema(fus_param_find(&schema, "blend"));
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, "{\"default\":80,\"description\":\"d\",\"maximum\":100,\"minimum\":0,"
                              "\"type\":\"integer\",\"x-group\":\"g\",\"x-step\":1}");
    free(text);
    json_decref(json);
    json = fus_param_json_schema(fus_param_find(&schema, "names"));
    text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text,
                        "{\"default\":[\"one\"],\"description\":\"d\",\"items\":{\"enum\":["
                        "\"many\",\"one\",\"reference\"],\"type\":\"string\"},\"maxItems\":32,"
                        "\"minItems\":0,\"type\":\"array\",\"x-group\":\"g\"}");
    free(text);
    json_decref(json);
    json = fus_param_json_schema(fus_param_find(&schema, "thing_model"));
    assert_null(json_object_get(json, "enum"));
    assert_int_equal(json_array_size(json_object_get(json, "examples")), 3);
    assert_string_equal(json_string_value(json_object_get(json, "x-model-role")), "thing");
    json_decref(json);
    json = fus_param_json_schema(fus_param_find(&schema, "future"));
    assert_string_equal(json_string_value(json_object_get(json, "x-status")), "later");
    json_decref(json);
}

static void rows_are_found_by_name_and_number(void **state)
{
    assert_int_equal(fus_param_schema_size(&schema), FUS_COUNT(items) + FUS_COUNT(more_items));
    assert_string_equal(fus_param_at(&schema, FUS_COUNT(items))->name, "quality");
    assert_null(fus_param_at(&schema, 1000));
    assert_null(fus_param_find(&schema, "blen"));
}

static void every_failing_allocation_is_survived(void **state)
{
    json_t *object = json_loads("{\"names\":[\"many\",\"one\"],\"padding\":3,\"note\":\"n\","
                                "\"thing\":\"many\",\"mode\":\"one\"}",
                                0, NULL);
    bool done = false;
    for (long k = 0; !done && k < 500; k++) {
        fus_mem_fail_after(k);
        struct fus_params *params = fus_params_new(&schema);
        errors.count = 0;
        int rc = params == NULL ? FUS_E_OUT_OF_MEMORY
                                : fus_params_take_json(params, object, "", &errors);
        done = !fus_mem_failed();
        fus_mem_fail_off();
        assert_int_equal(rc, done ? 0 : FUS_E_OUT_OF_MEMORY);
        fus_params_free(params);
    }
    assert_true(done);
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_there_without_being_given),
        cmocka_unit_test(given_values_replace_defaults),
        cmocka_unit_test(null_means_not_given),
        cmocka_unit_test(boxes_follow_the_order_of_css),
        cmocka_unit_test(wrong_types_and_ranges_are_refused),
        cmocka_unit_test(near_values_are_named),
        cmocka_unit_test(unknown_names_are_refused_and_near_ones_named),
        cmocka_unit_test(all_errors_come_at_once),
        cmocka_unit_test(thousands_of_unknown_names_are_counted_and_stay_cheap),
        cmocka_unit_test(long_names_are_cut_between_characters),
        cmocka_unit_test(short_forms_set_what_they_stand_for),
        cmocka_unit_test(short_and_long_forms_may_agree_but_not_disagree),
        cmocka_unit_test(later_parameters_take_their_default_only),
        cmocka_unit_test(ignored_parameters_are_remembered),
        cmocka_unit_test(models_are_any_plain_id),
        cmocka_unit_test(canonical_json_is_sorted_and_holds_given_values_only),
        cmocka_unit_test(a_body_that_is_no_object_is_refused),
        cmocka_unit_test(text_forms_are_those_of_the_command_line),
        cmocka_unit_test(wrong_text_forms_are_refused),
        cmocka_unit_test(the_schema_of_a_row_says_what_is_valid),
        cmocka_unit_test(rows_are_found_by_name_and_number),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
