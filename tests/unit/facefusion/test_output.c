#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "facefusion/output.h"

static bool say(struct fus_facefusion_output *output, const char *text)
{
    return fus_facefusion_output_take(output, text, strlen(text));
}

static void bars_become_progress_that_never_falls(void **state)
{
    struct fus_facefusion_output output = {0};
    assert_true(say(&output, "analysing:  50%|###   | 5/10 [00:00<00:00, 9frame/s]\r"));
    assert_int_equal(output.progress.step, FUS_STEP_MODERATING);
    assert_int_equal(output.progress.percent, 8);
    assert_false(say(&output, "processing:  37%|###")); /* in pieces */
    assert_true(say(&output, "   | 111/300 [00:11<00:19, 9.7frame/s]\n"));
    assert_int_equal(output.progress.step, FUS_STEP_PROCESSING_FRAMES);
    assert_int_equal(output.progress.percent, 44);
    assert_int_equal(output.progress.frames_done, 111);
    assert_int_equal(output.progress.frames_total, 300);
    assert_true(say(&output, "processing:   0%|   | 0/300 [\r"));
    assert_int_equal(output.progress.percent, 44);
    assert_true(say(&output, "merging: 100%|##| 300/300 [\n"));
    assert_int_equal(output.progress.percent, 94);
    assert_int_equal(output.lines, 0);
}

static void junk_is_no_progress(void **state)
{
    struct fus_facefusion_output output = {0};
    static const char *const lines[] = {"processing: 400%|\n",   "%|\n",
                                        "processing: %|/[\n",    "processing: 99999999999%|\n",
                                        "downloading: 5%|##|\n", "\r\r\n\n"};
    for (size_t i = 0; i < FUS_COUNT(lines); i++)
        assert_false(say(&output, lines[i]));
    for (int i = 0; i < 100000; i++)
        assert_false(say(&output, "\xff\x01x"));
    assert_false(fus_facefusion_output_take(&output, "\0\0", 2));
    assert_int_equal(output.progress.percent, 0);
    assert_true(say(&output, "\nprocessing:  10%|#| 900/300 [\n")); /* frames that can't be */
    assert_int_equal(output.progress.frames_total, 0);
}

static void the_tail_has_the_last_lines_without_folders(void **state)
{
    struct fus_facefusion_output output = {0};
    FUS_AUTO_STR struct fus_str tail = {0};
    fus_facefusion_output_tail(&output, &tail);
    assert_int_equal(tail.length, 0);
    (void)say(&output, "1\n2\n[FACEFUSION.CORE] cannot open /data/temp/job/target.mp4\n"
                       "  File \"/opt/ff/core.py\", line 3\nb\xc3\xa4r");
    fus_facefusion_output_end(&output);
    fus_facefusion_output_tail(&output, &tail);
    assert_string_equal(tail.text, "2 | [FACEFUSION.CORE] cannot open target.mp4 |   File "
                                   "\"core.py\", line 3 | b??r");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_become_progress_that_never_falls),
        cmocka_unit_test(junk_is_no_progress),
        cmocka_unit_test(the_tail_has_the_last_lines_without_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
