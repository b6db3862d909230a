#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "pipeline/progress.h"

struct seen {
    int calls, last_percent;
    int64_t total;
    enum fus_step step;
    bool fell, cancel;
};

static void on_progress(void *user, const struct fus_pipeline_progress *progress)
{
    struct seen *seen = user;

    seen->fell = seen->fell || progress->percent < seen->last_percent;
    seen->last_percent = progress->percent;
    seen->step = progress->step;
    seen->total = progress->frames_total;
    seen->calls++;
}

static bool on_cancelled(void *user)
{
    return ((struct seen *)user)->cancel;
}

static void percent_never_falls_and_reaches_its_end(void **state)
{
    struct seen seen = {0};
    struct fus_pipeline_events events = {.user = &seen, .progress = on_progress};
    struct fus_progress progress;

    fus_progress_init(&progress, &events);
    fus_progress_step(&progress, FUS_STEP_PROBING, 10);
    fus_progress_step(&progress, FUS_STEP_PROCESSING_FRAMES, 5);
    assert_int_equal(seen.last_percent, 10);
    for (int i = 1; i <= 40; i++)
        fus_progress_frames(&progress, i, 40, 5, 95);
    fus_progress_step(&progress, FUS_STEP_ENCODING_OUTPUT, 0);
    assert_int_equal(seen.last_percent, 95);
    fus_progress_step(&progress, FUS_STEP_DONE, 100);
    assert_int_equal(seen.last_percent, 100);
    assert_false(seen.fell);
}

static void frames_are_told_ten_times_a_second_at_most(void **state)
{
    struct seen seen = {0};
    struct fus_pipeline_events events = {.user = &seen, .progress = on_progress};
    struct fus_progress progress;
    int64_t end_us = fus_clock_monotonic_us() + 350000;

    fus_progress_init(&progress, &events);
    for (int64_t i = 0; fus_clock_monotonic_us() < end_us; i++) {
        fus_progress_frames(&progress, i, 0, 5, 95);
        fus_clock_sleep_ms(1);
    }
    assert_in_range(seen.calls, 2, 5);
}

static void more_frames_than_estimated_raise_the_total(void **state)
{
    struct seen seen = {0};
    struct fus_pipeline_events events = {.user = &seen, .progress = on_progress};
    struct fus_progress progress;

    fus_progress_init(&progress, &events);
    fus_progress_frames(&progress, 120, 100, 5, 95);
    assert_int_equal(seen.total, 120);
    assert_int_equal(seen.last_percent, 95);
}

static void a_job_without_listeners_runs(void **state)
{
    struct fus_pipeline_events empty = {0};
    struct fus_progress progress;

    fus_progress_init(&progress, NULL);
    fus_progress_step(&progress, FUS_STEP_PROBING, 1);
    fus_progress_warn(&progress, "a", "b");
    assert_int_equal(fus_progress_check(&progress, NULL), 0);
    fus_progress_init(&progress, &empty);
    fus_progress_frames(&progress, 1, 1, 0, 1);
    assert_int_equal(fus_progress_check(&progress, NULL), 0);
}

static void a_cancel_is_an_error_with_its_code(void **state)
{
    struct seen seen = {.cancel = true};
    struct fus_pipeline_events events = {.user = &seen, .cancelled = on_cancelled};
    struct fus_progress progress;
    struct fus_error err = {0};

    fus_progress_init(&progress, &events);
    assert_int_equal(fus_progress_check(&progress, &err), FUS_E_CANCELLED);
    assert_int_equal(err.code, FUS_E_CANCELLED);
}

static void every_step_has_a_name_that_leads_back(void **state)
{
    for (int step = FUS_STEP_QUEUED; step <= FUS_STEP_DONE; step++)
        assert_int_equal(fus_step_from_name(fus_step_name((enum fus_step)step)), step);
    assert_string_equal(fus_step_name(FUS_STEP_PROCESSING_FRAMES), "processing_frames");
    assert_int_equal(fus_step_from_name("dancing"), -1);
    assert_int_equal(fus_step_from_name(NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percent_never_falls_and_reaches_its_end),
        cmocka_unit_test(frames_are_told_ten_times_a_second_at_most),
        cmocka_unit_test(more_frames_than_estimated_raise_the_total),
        cmocka_unit_test(a_job_without_listeners_runs),
        cmocka_unit_test(a_cancel_is_an_error_with_its_code),
        cmocka_unit_test(every_step_has_a_name_that_leads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
