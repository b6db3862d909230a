#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/facefusion_ini.h"

static const char *const modes[] = {"many", "one", "reference", NULL};
static const char *const masks[] = {"box", "occlusion", "area", NULL};

static const struct fus_param items[] = {
    {.name = "face_selector_mode",
     .type = FUS_PARAM_TEXT,
     .choices = modes,
     .default_text = "reference",
     .group = "face_selector",
     .doc = "d"},
    {.name = "face_mask_types",
     .type = FUS_PARAM_TEXT_LIST,
     .choices = masks,
     .default_text = "box",
     .group = "face_masker",
     .doc = "d"},
    {.name = "face_mask_padding",
     .type = FUS_PARAM_BOX,
     .max = 100,
     .default_text = "0 0 0 0",
     .group = "face_masker",
     .doc = "d"},
    {.name = "face_mask_blur",
     .type = FUS_PARAM_FLOAT,
     .max = 1,
     .default_text = "0.3",
     .group = "face_masker",
     .doc = "d"},
    {.name = "blur",
     .type = FUS_PARAM_FLOAT,
     .max = 1,
     .group = "face_masker",
     .doc = "d",
     .short_for = "face_mask_blur"},
    {.name = "lip_weight",
     .type = FUS_PARAM_FLOAT,
     .max = 1,
     .default_text = "0.5",
     .group = "processors",
     .flags = FUS_PARAM_LATER,
     .doc = "d"},
    {.name = "tracker",
     .type = FUS_PARAM_FLOAT,
     .max = 0.5,
     .default_text = "0",
     .group = "face_tracker",
     .flags = FUS_PARAM_LATER,
     .doc = "d"},
    {.name = "memory",
     .type = FUS_PARAM_TEXT,
     .default_text = "strict",
     .group = "memory",
     .flags = FUS_PARAM_IGNORED,
     .doc = "d"},
    {.name = "halt_on_error",
     .type = FUS_PARAM_BOOL,
     .group = "misc",
     .flags = FUS_PARAM_IGNORED,
     .doc = "d"},
};
static const struct fus_param_table table = {items, FUS_COUNT(items)};
static const struct fus_param_schema schema = {{&table}, 1};

static struct fus_facefusion_ini *parse(const char *text)
{
    struct fus_facefusion_ini *ini = NULL;
    struct fus_error err = {0};
    int rc = fus_facefusion_ini_parse("facefusion.ini", text, strlen(text), &schema, &ini, &err);
    if (rc != 0)
        print_message("%s\n", err.detail);
    assert_int_equal(rc, 0);
    return ini;
}

static void expect_error(const char *text, const char *detail)
{
    struct fus_facefusion_ini *ini = NULL;
    struct fus_error err = {0};
    assert_int_equal(
        fus_facefusion_ini_parse("facefusion.ini", text, strlen(text), &schema, &ini, &err),
        FUS_E_INVALID_PARAMETER);
    assert_null(ini);
    assert_string_equal(err.detail, detail);
}

static void assert_shows(const struct fus_params *params, const char *name, const char *value)
{
    FUS_AUTO_STR struct fus_str text = {0};
    fus_params_print(params, name, &text);
    assert_string_equal(text.text != NULL ? text.text : "", value);
}

static void values_take_the_place_of_defaults(void **state)
{
    FUS_CLEANUP(fus_facefusion_ini_free)
    struct fus_facefusion_ini *ini = parse("# a comment\n"
                                           "[face_selector]\r\n"
                                           "Face_Selector_Mode = many\r\n"
                                           "\n"
                                           "[face_masker]\n"
                                           "face_mask_types: box\t occlusion\n"
                                           "face_mask_padding = 1 2\n"
                                           "face_mask_blur =\n");
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(&schema);
    struct fus_error err = {0};
    assert_int_equal(fus_facefusion_ini_apply(ini, false, params, &err), 0);
    assert_shows(params, "face_selector_mode", "many");
    assert_shows(params, "face_mask_types", "box occlusion");
    assert_shows(params, "face_mask_padding", "1 2 1 2");
    assert_shows(params, "face_mask_blur", "0.3");
    assert_true(fus_params_is_set(params, "face_selector_mode"));
    assert_false(fus_params_is_set(params, "face_mask_blur"));
    assert_null(fus_facefusion_ini_warning(ini, 0));
}

static void what_is_given_wins_whatever_its_form(void **state)
{
    FUS_CLEANUP(fus_facefusion_ini_free)
    struct fus_facefusion_ini *ini = parse("[face_selector]\nface_selector_mode = many\n"
                                           "[face_masker]\nface_mask_blur = 0.1\n");
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(&schema);
    struct fus_error err = {0};
    assert_int_equal(fus_facefusion_ini_apply(ini, false, params, &err), 0);
    assert_int_equal(fus_params_take_text(params, "face_selector_mode", "one", &err), 0);
    assert_shows(params, "face_selector_mode", "one");
    /* a short form does not disagree with the file */
    assert_int_equal(fus_params_take_text(params, "blur", "0.7", &err), 0);
    assert_shows(params, "face_mask_blur", "0.7");
    /* what is taken back falls back to the file */
    assert_int_equal(fus_params_take_text(params, "face_selector_mode", "", &err), 0);
    assert_shows(params, "face_selector_mode", "many");
    /* and in the other order */
    FUS_CLEANUP(fus_params_free) struct fus_params *late = fus_params_new(&schema);
    assert_int_equal(fus_params_take_text(late, "face_selector_mode", "one", &err), 0);
    assert_int_equal(fus_facefusion_ini_apply(ini, false, late, &err), 0);
    assert_shows(late, "face_selector_mode", "one");
    assert_shows(late, "face_mask_blur", "0.1");
}

static void a_stored_job_has_the_values_of_the_file(void **state)
{
    FUS_CLEANUP(fus_facefusion_ini_free)
    struct fus_facefusion_ini *ini = parse("[face_masker]\nface_mask_types = area\n");
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(&schema);
    struct fus_error err = {0};
    assert_int_equal(fus_facefusion_ini_apply(ini, false, params, &err), 0);
    json_t *json = fus_params_to_json(params);
    char *text = json_dumps(json, JSON_COMPACT);
    assert_string_equal(text, "{\"face_mask_types\":[\"area\"]}");
    free(text);
    json_decref(json);
}

static void values_go_on_over_indented_lines(void **state)
{
    FUS_CLEANUP(fus_facefusion_ini_free)
    struct fus_facefusion_ini *ini = parse("[paths]\nsource_paths =\n  a.png\n  # no\n\tb.png\n"
                                           "target_path = c.mp4\n"
                                           "[face_masker]\n  face_mask_types = box\n"
                                           "  face_mask_blur = 0.2\n");
    assert_string_equal(fus_facefusion_ini_text(ini, "paths", "source_paths"), "a.png b.png");
    assert_string_equal(fus_facefusion_ini_text(ini, "paths", "target_path"), "c.mp4");
    assert_null(fus_facefusion_ini_text(ini, "paths", "output_path"));
    assert_null(fus_facefusion_ini_text(NULL, "paths", "output_path"));
}

static void a_wrong_value_is_named_with_its_place(void **state)
{
    expect_error("[face_selector]\nface_selector_mode = al\n",
                 "facefusion.ini:2: [face_selector] face_selector_mode: \"al\" is not one of many, "
                 "one or reference");
    expect_error("\n\n[face_masker]\nface_mask_blur = 1.5",
                 "facefusion.ini:4: [face_masker] face_mask_blur must be a number from 0 to 1");
    expect_error("[face_masker]\nface_mask_types = box hat\n",
                 "facefusion.ini:2: [face_masker] face_mask_types: \"hat\" is not one of box, "
                 "occlusion or area");
    expect_error("[processors]\nlip_weight = 2\n",
                 "facefusion.ini:2: [processors] lip_weight must be a number from 0 to 1");
}

static void a_wrong_form_is_named_with_its_line(void **state)
{
    expect_error("face_mask_blur = 1\n",
                 "facefusion.ini:1: a value stands before the first [section]");
    expect_error("[a]\nword\n", "facefusion.ini:2: this is neither [section] nor key = value");
    expect_error("[a\n", "facefusion.ini:1: a section is written [name]");
    expect_error("[a]\n = 1\n", "facefusion.ini:2: a key is a word of 1 to 63 characters");
    expect_error("[face_masker]\nface_mask_blur = 0.1\n[face_masker]\nface_mask_blur = 0.2\n",
                 "facefusion.ini:4: [face_masker] face_mask_blur is there a second time, first in "
                 "line 2");
    expect_error("[a]\nb = \xff\n", "facefusion.ini is not a text file in UTF-8");
}

static void options_of_processors_that_are_not_there_wait(void **state)
{
    FUS_CLEANUP(fus_facefusion_ini_free)
    struct fus_facefusion_ini *ini = parse("[processors]\nlip_weight = 0.8\n");
    FUS_CLEANUP(fus_params_free) struct fus_params *native = fus_params_new(&schema);
    FUS_CLEANUP(fus_params_free) struct fus_params *other = fus_params_new(&schema);
    struct fus_error err = {0};
    assert_int_equal(fus_facefusion_ini_apply(ini, false, native, &err), 0);
    assert_shows(native, "lip_weight", "0.5");
    fus_params_take_later(other);
    assert_int_equal(fus_facefusion_ini_apply(ini, true, other, &err), 0);
    assert_shows(other, "lip_weight", "0.8");
    /* a default that would change this version's pictures is no such thing */
    expect_error("[face_tracker]\ntracker = 0.3\n",
                 "facefusion.ini:2: [face_tracker] tracker is known but this version does not act "
                 "on it yet; leave it out or give its default, \"0\"; engine: facefusion "
                 "does");
}

static void what_has_no_effect_is_said(void **state)
{
    FUS_CLEANUP(fus_facefusion_ini_free)
    struct fus_facefusion_ini *ini = parse("[memory]\nmemory = tolerant\nsystem_memory_limit = 4\n"
                                           "[uis]\nopen_browser = yes\nui_layouts =\n"
                                           "[paths]\nface_mask_blur = 0.4\n"
                                           "[misc]\nlog_level = warn\nhalt_on_error = yes\n");
    assert_string_equal(fus_facefusion_ini_warning(ini, 0),
                        "facefusion.ini:2: [memory] memory has no effect on the native engine");
    assert_string_equal(
        fus_facefusion_ini_warning(ini, 1),
        "facefusion.ini:3: [memory] system_memory_limit is not known and has no effect");
    assert_string_equal(fus_facefusion_ini_warning(ini, 2),
                        "facefusion.ini:5: [uis] open_browser is for a user interface or a "
                        "benchmark, which are not here");
    assert_string_equal(fus_facefusion_ini_warning(ini, 3),
                        "facefusion.ini:8: [paths] face_mask_blur has no effect in this section; "
                        "it belongs into [face_masker]");
    assert_null(fus_facefusion_ini_warning(ini, 4));
    assert_string_equal(fus_facefusion_ini_text(ini, "misc", "log_level"), "warn");
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(&schema);
    struct fus_error err = {0};
    assert_int_equal(fus_facefusion_ini_apply(ini, false, params, &err), 0);
    assert_null(fus_params_ignored(params, 0));
}

static void a_file_is_read_and_one_that_is_not_there_is_told(void **state)
{
    char path[] = "/tmp/fus-ini-XXXXXX";
    int fd = mkstemp(path);
    static const char text[] = "\xEF\xBB\xBF[face_masker]\nface_mask_blur = 0.6\n";
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    FUS_CLEANUP(fus_facefusion_ini_free) struct fus_facefusion_ini *ini = NULL;
    struct fus_error err = {0};
    assert_int_equal(fus_facefusion_ini_load(path, &schema, &ini, &err), 0);
    assert_string_equal(fus_facefusion_ini_text(ini, "face_masker", "face_mask_blur"), "0.6");
    unlink(path);
    assert_int_equal(fus_facefusion_ini_load(path, &schema, &ini, &err), FUS_E_NOT_FOUND);
}

static void it_fails_cleanly_without_memory(void **state)
{
    static const char text[] = "[face_masker]\nface_mask_types = box area\nbad = 1\n";
    for (long calls = 0;; calls++) {
        struct fus_facefusion_ini *ini = NULL;
        struct fus_error err = {0};
        fus_mem_fail_after(calls);
        int rc = fus_facefusion_ini_parse("f", text, sizeof(text) - 1, &schema, &ini, &err);
        bool failed = fus_mem_failed();
        fus_mem_fail_off();
        fus_facefusion_ini_free(ini);
        if (!failed) {
            assert_int_equal(rc, 0);
            return;
        }
        assert_true(rc == 0 || rc == FUS_E_OUT_OF_MEMORY); /* a warning less is no failure */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_take_the_place_of_defaults),
        cmocka_unit_test(what_is_given_wins_whatever_its_form),
        cmocka_unit_test(a_stored_job_has_the_values_of_the_file),
        cmocka_unit_test(values_go_on_over_indented_lines),
        cmocka_unit_test(a_wrong_value_is_named_with_its_place),
        cmocka_unit_test(a_wrong_form_is_named_with_its_line),
        cmocka_unit_test(options_of_processors_that_are_not_there_wait),
        cmocka_unit_test(what_has_no_effect_is_said),
        cmocka_unit_test(a_file_is_read_and_one_that_is_not_there_is_told),
        cmocka_unit_test(it_fails_cleanly_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
