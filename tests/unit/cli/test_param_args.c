#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "cli/param_args.h"
#include "processors/processor.h"

static const struct fus_option own[] = {{"json", 0, FUS_OPTION_FLAG, NULL, "d"},
                                        {"log-level", 0, FUS_OPTION_VALUE, NULL, "d"}};

static const struct fus_option *option(const struct fus_param_args *args, const char *name)
{
    for (size_t i = 0; i < args->count; i++) {
        if (strcmp(args->options[i].name, name) == 0)
            return &args->options[i];
    }
    fail_msg("there is no option %s", name);
    return &own[0];
}

static void setup_args(struct fus_param_args *args)
{
    struct fus_error err = {0};
    assert_int_equal(fus_param_args_init(args, fus_processors_schema(), own, FUS_COUNT(own), &err),
                     0);
}

static void every_parameter_is_a_flag_once(void **state)
{
    FUS_AUTO_PARAM_ARGS struct fus_param_args args;
    setup_args(&args);
    const struct fus_param_schema *schema = fus_processors_schema();
    for (size_t i = 0; i < fus_param_schema_size(schema); i++) {
        char name[64];
        fus_param_flag_name(fus_param_at(schema, i)->name, name);
        assert_null(strchr(name, '_'));
        assert_string_equal(option(&args, name)->name, name);
    }
    for (size_t i = 0; i < args.count; i++) {
        for (size_t j = i + 1; j < args.count; j++)
            assert_string_not_equal(args.options[i].name, args.options[j].name);
    }
}

static void the_commands_own_option_wins_over_a_parameter_of_that_name(void **state)
{
    FUS_AUTO_PARAM_ARGS struct fus_param_args args;
    setup_args(&args);
    assert_false(fus_param_args_take(&args, option(&args, "log-level"), "debug"));
    assert_false(fus_param_args_take(&args, option(&args, "json"), NULL));
}

static void what_has_no_effect_yet_is_taken_but_not_in_the_help(void **state)
{
    FUS_AUTO_PARAM_ARGS struct fus_param_args args;
    setup_args(&args);
    assert_true(option(&args, "lip-syncer-weight")->hidden);
    assert_true(option(&args, "temp-directory")->hidden);
    assert_false(option(&args, "face-mask-blur")->hidden);
}

static void words_become_lists_and_the_last_single_value_counts(void **state)
{
    FUS_AUTO_PARAM_ARGS struct fus_param_args args;
    setup_args(&args);
    assert_true(fus_param_args_take(&args, option(&args, "processors"), "face_swapper"));
    assert_true(fus_param_args_take(&args, option(&args, "processors"), "face_enhancer"));
    assert_true(fus_param_args_take(&args, option(&args, "face-mask-padding"), "1"));
    assert_true(fus_param_args_take(&args, option(&args, "face-mask-padding"), "2"));
    assert_true(fus_param_args_take(&args, option(&args, "face-mask-blur"), "0.1"));
    assert_true(fus_param_args_take(&args, option(&args, "face-mask-blur"), "0.2"));
    assert_true(fus_param_args_take(&args, option(&args, "halt-on-error"), NULL));
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(args.schema);
    FUS_AUTO_FREE struct fus_error_list *errors = fus_calloc(1, sizeof(*errors));
    assert_int_equal(fus_param_args_apply(&args, params, errors), 0);
    assert_int_equal(fus_params_list_count(params, "processors"), 2);
    int box[4];
    fus_params_box(params, "face_mask_padding", box);
    assert_int_equal(box[1], 2);
    assert_int_equal(box[2], 1);
    assert_true(fus_params_float(params, "face_mask_blur") > 0.15);
    assert_true(fus_params_bool(params, "halt_on_error"));
}

static void all_wrong_values_are_told_at_once(void **state)
{
    FUS_AUTO_PARAM_ARGS struct fus_param_args args;
    setup_args(&args);
    assert_true(fus_param_args_take(&args, option(&args, "face-mask-blur"), "2"));
    assert_true(fus_param_args_take(&args, option(&args, "output-video-preset"), "fst"));
    assert_true(fus_param_args_take(&args, option(&args, "lip-syncer-weight"), "0.7"));
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(args.schema);
    FUS_AUTO_FREE struct fus_error_list *errors = fus_calloc(1, sizeof(*errors));
    assert_int_equal(fus_param_args_apply(&args, params, errors), FUS_E_INVALID_PARAMETER);
    assert_int_equal(errors->count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_parameter_is_a_flag_once),
        cmocka_unit_test(the_commands_own_option_wins_over_a_parameter_of_that_name),
        cmocka_unit_test(what_has_no_effect_yet_is_taken_but_not_in_the_help),
        cmocka_unit_test(words_become_lists_and_the_last_single_value_counts),
        cmocka_unit_test(all_wrong_values_are_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
