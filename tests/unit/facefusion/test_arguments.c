#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "facefusion/arguments.h"
#include "processors/processor.h"

static void assert_words(const char *const given[][2], size_t count, const char *expected)
{
    struct fus_arguments arguments = {0};
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = fus_params_new(fus_processors_schema());
    FUS_AUTO_STR struct fus_str line = {0};
    struct fus_error err = {0};
    fus_params_take_later(params);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(fus_params_take_text(params, given[i][0], given[i][1], &err), 0);
    fus_arguments_add_params(&arguments, fus_processors_schema(), params);
    assert_false(arguments.failed);
    assert_null(arguments.words[arguments.count]);
    for (size_t i = 0; i < arguments.count; i++)
        fus_str_printf(&line, "%s%s", i > 0 ? " " : "", arguments.words[i]);
    assert_string_equal(line.text != NULL ? line.text : "", expected);
    fus_arguments_done(&arguments);
}

static void what_is_given_becomes_words_and_nothing_else(void **state)
{
    assert_words(NULL, 0, "");
    static const char *const one[][2] = {{"face_mask_types", "box occlusion"}};
    assert_words(one, 1, "--face-mask-types box occlusion");
    static const char *const box[][2] = {{"face_mask_padding", "5"}};
    assert_words(box, 1, "--face-mask-padding 5 5 5 5");
    static const char *const number[][2] = {{"face_editor_head_yaw", "-0.35"}};
    assert_words(number, 1, "--face-editor-head-yaw -0.35");
    static const char *const later[][2] = {{"output_video_encoder", "rawvideo"}};
    assert_words(later, 1, "--output-video-encoder rawvideo");
}

static void short_forms_and_our_own_do_not_get_through(void **state)
{
    static const char *const quality[][2] = {{"output_quality", "70"}};
    assert_words(quality, 1, "--output-image-quality 70 --output-video-quality 70");
    static const char *const ours[][2] = {{"temp_path", "/x"},    {"jobs_path", "/x"},
                                          {"config_path", "/x"},  {"temp_directory", "/x"},
                                          {"log_level", "error"}, {"halt_on_error", "yes"}};
    assert_words(ours, FUS_COUNT(ours), "");
    static const char *const device[][2] = {{"execution_providers", "cuda cpu"}};
    assert_words(device, 1, "--execution-providers cuda cpu");
}

static void parameters_of_ours_are_known_by_name(void **state)
{
    static const char *const own[] = {"face_swapper_keep_eyes", "face_swapper_keep_mouth",
                                      "face_swapper_strength"};
    for (size_t i = 0; i < FUS_COUNT(own); i++) {
        const struct fus_param *param = fus_param_find(fus_processors_schema(), own[i]);
        assert_non_null(param);
        assert_true(fus_arguments_foreign(param));
    }
    assert_false(
        fus_arguments_foreign(fus_param_find(fus_processors_schema(), "face_swapper_weight")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_given_becomes_words_and_nothing_else),
        cmocka_unit_test(parameters_of_ours_are_known_by_name),
        cmocka_unit_test(short_forms_and_our_own_do_not_get_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
