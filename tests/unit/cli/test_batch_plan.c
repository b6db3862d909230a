#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cli/batch_plan.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/fus-batch-XXXXXX");
    return mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("s", 0700) != 0 ||
           mkdir("t", 0700) != 0 || mkdir("t/d.png", 0700) != 0 || mkdir("out", 0700) != 0;
}

static int remove_folder(void **state)
{
    return chdir("/") != 0 || fus_fs_remove_tree(folder, NULL) != 0;
}

static void touch(const char *path)
{
    assert_int_equal(fus_fs_write_atomic(path, "x", 1, 0600, NULL), 0);
}

static void assert_output(const char *pattern, const char *source, const char *output)
{
    FUS_AUTO_STR struct fus_str out = {0};
    struct fus_error err = {0};
    int rc = fus_batch_output(pattern, 7, source, "in/clip.one.mp4", &out, &err);
    if (rc != 0)
        print_message("%s\n", err.detail);
    assert_int_equal(rc, 0);
    assert_string_equal(out.text, output);
}

static void refuse_output(const char *pattern, const char *source, const char *detail)
{
    FUS_AUTO_STR struct fus_str out = {0};
    struct fus_error err = {0};
    assert_int_equal(fus_batch_output(pattern, 7, source, "in/clip.mp4", &out, &err),
                     FUS_E_INVALID_PARAMETER);
    assert_non_null(strstr(err.detail, detail));
}

static void placeholders_are_filled_in(void **state)
{
    assert_output("o/{index}-{source_name}-{target_name}{target_extension}", "a/b/me.png",
                  "o/7-me-clip.one.mp4");
    assert_output("{index:03d}_{index:2}_{index:04}_{index:d}.png", NULL, "007_ 7_0007_7.png");
    assert_output("{{{index}}}.png", NULL, "{7}.png");
    assert_output("plain.png", NULL, "plain.png");
    assert_output("{source_name}", ".hidden", ".hidden");
}

static void unknown_placeholders_are_named(void **state)
{
    refuse_output("{target}.png", NULL, "there is no placeholder {target}");
    refuse_output("{source_name}.png", NULL, "there is no placeholder {source_name}");
    refuse_output("{}.png", "a", "there is no placeholder {}");
    refuse_output("{index:x}.png", "a", "there is no placeholder {index:x}");
    refuse_output("{index:99999999999}", "a", "there is no placeholder");
    refuse_output("{target_name:3}.png", "a", "there is no placeholder {target_name:3}");
    refuse_output("{index.png", "a", "without its other half");
    refuse_output("index}.png", "a", "without its other half");
}

static void sources_are_the_outer_loop_and_all_is_sorted(void **state)
{
    static const char *const files[] = {"s/b.png", "s/a.png", "t/2.png", "t/10.png", "t/.no.png"};
    for (size_t i = 0; i < FUS_COUNT(files); i++)
        touch(files[i]);
    FUS_AUTO_BATCH_PLAN struct fus_batch_plan plan = {0};
    struct fus_error err = {0};
    assert_int_equal(
        fus_batch_plan_make(&plan, "s/*.png", "t/*", "out/{source_name}{target_name}.png", &err),
        0);
    assert_int_equal(plan.count, 4);
    assert_string_equal(plan.items[0].source, "s/a.png");
    assert_string_equal(plan.items[0].target, "t/10.png");
    assert_string_equal(plan.items[1].target, "t/2.png");
    assert_string_equal(plan.items[2].source, "s/b.png");
    assert_string_equal(plan.items[3].output, "out/b2.png");
}

static void refuse_plan(const char *source, const char *target, const char *output, int code,
                        const char *detail)
{
    FUS_AUTO_BATCH_PLAN struct fus_batch_plan plan = {0};
    struct fus_error err = {0};
    assert_int_equal(fus_batch_plan_make(&plan, source, target, output, &err), code);
    if (strstr(err.detail, detail) == NULL)
        fail_msg("%s", err.detail);
}

static void nothing_to_do_is_an_error(void **state)
{
    refuse_plan(NULL, "t/*.png", "out/{index}.png", FUS_E_NOT_FOUND,
                "--target-pattern: no file matches t/*.png");
    refuse_plan(NULL, "none/*.png", "out/{index}.png", FUS_E_NOT_FOUND, "there is no folder none/");
    touch("t/1.png");
    refuse_plan("s/*", "t/*.png", "out/{index}.png", FUS_E_NOT_FOUND, "--source-pattern");
    refuse_plan(NULL, "t/*.png", "none/{index}.png", FUS_E_NOT_FOUND, "--output-pattern");
}

static void outputs_must_not_collide_nor_hit_an_input(void **state)
{
    touch("t/1.png");
    touch("t/2.png");
    refuse_plan(NULL, "t/*.png", "out/a.png", FUS_E_INVALID_PARAMETER,
                "two items would be written to out/a.png");
    refuse_plan(NULL, "t/*.png", "t/{target_name}.png", FUS_E_INVALID_PARAMETER,
                "would be overwritten");
    assert_int_equal(link("t/1.png", "out/0.png"), 0);
    refuse_plan(NULL, "t/2.png", "out/0.png", 0, "");
    refuse_plan(NULL, "t/*.png", "out/{index}.png", FUS_E_INVALID_PARAMETER,
                "out/0.png is an input");
}

static void it_fails_cleanly_without_memory(void **state)
{
    touch("s/a.png");
    touch("t/1.png");
    touch("t/2.png");
    for (long calls = 0;; calls++) {
        FUS_AUTO_BATCH_PLAN struct fus_batch_plan plan = {0};
        struct fus_error err = {0};
        fus_mem_fail_after(calls);
        int rc = fus_batch_plan_make(&plan, "s/*", "t/*", "out/{index}.png", &err);
        bool failed = fus_mem_failed();
        fus_mem_fail_off();
        if (!failed) {
            assert_int_equal(rc, 0);
            return;
        }
        assert_int_equal(rc, FUS_E_OUT_OF_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders_are_filled_in),
        cmocka_unit_test(unknown_placeholders_are_named),
        cmocka_unit_test_setup_teardown(sources_are_the_outer_loop_and_all_is_sorted, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(nothing_to_do_is_an_error, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(outputs_must_not_collide_nor_hit_an_input, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(it_fails_cleanly_without_memory, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
