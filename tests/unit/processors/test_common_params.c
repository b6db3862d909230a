#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "processors/common_params.h"

static void common_schema(struct fus_param_schema *schema)
{
    size_t count = 0;
    const struct fus_param_table *const *tables = fus_common_param_tables(&count);
    assert_true(count <= FUS_SCHEMA_TABLES_MAX);
    schema->count = count;
    for (size_t i = 0; i < count; i++)
        schema->tables[i] = tables[i];
}

static void names_are_unique_and_plain(void **state)
{
    struct fus_param_schema schema;
    common_schema(&schema);
    size_t size = fus_param_schema_size(&schema);
    for (size_t i = 0; i < size; i++) {
        const struct fus_param *param = fus_param_at(&schema, i);
        assert_ptr_equal(fus_param_find(&schema, param->name), param);
        assert_int_equal(strspn(param->name, "abcdefghijklmnopqrstuvwxyz0123456789_"),
                         strlen(param->name));
        assert_non_null(param->group);
        assert_true(strlen(param->doc) > 0 && !fus_str_ends(param->doc, "."));
    }
}

static void every_default_is_valid(void **state)
{
    struct fus_param_schema schema;
    common_schema(&schema);
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(&schema);
    assert_non_null(params);
    for (size_t i = 0; i < fus_param_schema_size(&schema); i++) {
        const struct fus_param *param = fus_param_at(&schema, i);
        struct fus_error err = {0};
        if (param->default_text != NULL && param->short_for == NULL)
            assert_int_equal(fus_params_take_text(params, param->name, param->default_text, &err),
                             0);
        json_t *json = fus_param_json_schema(param);
        assert_non_null(json);
        json_decref(json);
    }
}

static void numbers_have_ranges_and_models_have_roles(void **state)
{
    struct fus_param_schema schema;
    common_schema(&schema);
    for (size_t i = 0; i < fus_param_schema_size(&schema); i++) {
        const struct fus_param *param = fus_param_at(&schema, i);
        bool number = param->type == FUS_PARAM_INT || param->type == FUS_PARAM_FLOAT ||
                      param->type == FUS_PARAM_BOX || param->type == FUS_PARAM_INT_LIST;
        assert_int_equal(number, param->max > param->min);
        assert_int_equal((param->flags & FUS_PARAM_MODEL) != 0, param->role != NULL);
    }
}

static void short_forms_are_like_what_they_stand_for(void **state)
{
    struct fus_param_schema schema;
    common_schema(&schema);
    for (size_t i = 0; i < fus_param_schema_size(&schema); i++) {
        const struct fus_param *param = fus_param_at(&schema, i);
        for (const char *at = param->short_for; at != NULL && *at != '\0';) {
            char name[64];
            size_t length = strcspn(at, "|");
            assert_true(length < sizeof(name));
            memcpy(name, at, length);
            name[length] = '\0';
            const struct fus_param *target = fus_param_find(&schema, name);
            assert_non_null(target);
            assert_null(target->short_for);
            assert_int_equal(target->type, param->type);
            assert_true(target->min >= param->min && target->min <= param->min);
            assert_true(target->max >= param->max && target->max <= param->max);
            assert_int_equal(target->flags, param->flags);
            at += length + (at[length] == '|');
        }
    }
}

static void the_well_known_request_is_taken(void **state)
{
    struct fus_param_schema schema;
    common_schema(&schema);
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(&schema);
    struct fus_error_list errors = {0};
    json_t *json = json_loads(
        "{\"face_detector\":\"retinaface\",\"reference_face_position\":0,"
        "\"processors\":[\"face_swapper\",\"face_enhancer\"],\"output_quality\":95,\"fps\":30,"
        "\"temp_directory\":\"temp\"}",
        0, NULL);
    assert_int_equal(fus_params_take_json(params, json, "/parameters", &errors), 0);
    assert_string_equal(fus_params_text(params, "face_detector_model"), "retinaface");
    assert_int_equal(fus_params_int(params, "output_video_quality"), 95);
    assert_int_equal(fus_params_int(params, "output_image_quality"), 95);
    assert_true(fus_params_float(params, "output_video_fps") > 29.9);
    assert_string_equal(fus_params_list_text(params, "processors", 1), "face_enhancer");
    assert_string_equal(fus_params_ignored(params, 0), "temp_directory");
    json_decref(json);
}

static void defaults_are_those_of_facefusion(void **state)
{
    struct fus_param_schema schema;
    common_schema(&schema);
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(&schema);
    assert_string_equal(fus_params_text(params, "face_selector_mode"), "reference");
    assert_string_equal(fus_params_text(params, "face_selector_order"), "large-small");
    assert_string_equal(fus_params_text(params, "output_video_preset"), "veryfast");
    assert_int_equal(fus_params_int(params, "output_video_quality"), 80);
    assert_int_equal(fus_params_int(params, "output_audio_volume"), 100);
    assert_int_equal(fus_params_list_count(params, "processors"), 1);
    assert_false(fus_params_has_value(params, "face_detector_model"));
    assert_false(fus_params_has_value(params, "output_video_fps"));
}

static void what_is_not_built_yet_is_refused_by_name(void **state)
{
    struct fus_param_schema schema;
    common_schema(&schema);
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(&schema);
    struct fus_error err = {0};
    const char *const later[][2] = {{"lip_syncer_weight", "1"},
                                    {"output_video_encoder", "rawvideo"}};
    for (size_t i = 0; i < FUS_COUNT(later); i++) {
        assert_int_equal(fus_params_take_text(params, later[i][0], later[i][1], &err),
                         FUS_E_INVALID_PARAMETER);
        assert_non_null(strstr(err.detail, "this version does not"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_unique_and_plain),
        cmocka_unit_test(every_default_is_valid),
        cmocka_unit_test(numbers_have_ranges_and_models_have_roles),
        cmocka_unit_test(short_forms_are_like_what_they_stand_for),
        cmocka_unit_test(the_well_known_request_is_taken),
        cmocka_unit_test(defaults_are_those_of_facefusion),
        cmocka_unit_test(what_is_not_built_yet_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
