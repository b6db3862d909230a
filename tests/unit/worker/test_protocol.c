#include "fixture.h"

static struct fus_task sample_task(void)
{
    struct fus_task task = {.job_id = "job_1", .source_count = 2};
    task.sources = fus_calloc(3, sizeof(*task.sources));
    task.sources[0] = fus_strdup("/a");
    task.sources[1] = fus_strdup("/b");
    task.target = fus_strdup("/t");
    task.output = fus_strdup("/o");
    task.parameters = json_pack("{s:f}", "strength", 0.5);
    task.limits = (struct fus_media_limits){.max_bytes = UINT64_C(1) << 40,
                                            .max_pixels = 1000,
                                            .max_dimension = 10,
                                            .max_seconds = 21600,
                                            .max_frames = 7,
                                            .max_streams = 3};
    return task;
}

static void a_task_survives_the_wire(void **state)
{
    FUS_AUTO_TASK struct fus_task task = sample_task();
    FUS_AUTO_TASK struct fus_task back = {.source_count = 0};
    json_t *message = fus_task_to_json(&task);
    assert_int_equal(fus_task_from_json(message, &back, NULL), 0);
    json_decref(message);
    assert_string_equal(back.job_id, "job_1");
    assert_int_equal(back.source_count, 2);
    assert_string_equal(back.sources[1], "/b");
    assert_string_equal(back.target, "/t");
    assert_string_equal(back.output, "/o");
    assert_null(back.output_format);
    assert_true(json_equal(back.parameters, task.parameters));
    assert_memory_equal(&back.limits, &task.limits, sizeof(task.limits));
}

static void a_chosen_format_survives_the_wire(void **state)
{
    FUS_AUTO_TASK struct fus_task task = sample_task();
    FUS_AUTO_TASK struct fus_task back = {.source_count = 0};
    task.output_format = fus_strdup("mp4");
    json_t *message = fus_task_to_json(&task);
    assert_int_equal(fus_task_from_json(message, &back, NULL), 0);
    assert_string_equal(back.output_format, "mp4");
    json_decref(message);
}

static void what_is_no_task_is_refused(void **state)
{
    static const char *const members[] = {"job_id", "sources",    "target",
                                          "output", "parameters", "limits"};
    FUS_AUTO_TASK struct fus_task task = sample_task();
    for (size_t i = 0; i < 2 * FUS_COUNT(members); i++) {
        FUS_AUTO_TASK struct fus_task back = {.source_count = 0};
        json_t *message = fus_task_to_json(&task);
        if (i < FUS_COUNT(members))
            json_object_del(message, members[i]);
        else
            json_object_set_new(message, members[i - FUS_COUNT(members)], json_integer(1));
        assert_int_equal(fus_task_from_json(message, &back, NULL), FUS_E_INVALID_REQUEST);
        assert_null(back.target);
        json_decref(message);
    }
}

static int parse(const char *text, struct fus_report *report)
{
    json_t *message = json_loads(text, 0, NULL);
    assert_non_null(message);
    int rc = fus_report_from_json(message, report, NULL);
    json_decref(message);
    return rc;
}

static void good_reports_are_taken(void **state)
{
    struct fus_report report;
    assert_int_equal(parse("{\"type\":\"ready\",\"version\":1}", &report), 0);
    assert_int_equal(report.type, FUS_REPORT_READY);
    assert_int_equal(parse("{\"type\":\"alive\",\"job_id\":\"\"}", &report), 0);
    assert_int_equal(report.type, FUS_REPORT_ALIVE);
    assert_int_equal(parse("{\"type\":\"progress\",\"job_id\":\"j\",\"step\":\"encoding_output\","
                           "\"percent\":72,\"frames_done\":1,\"frames_total\":2,\"fps\":3}",
                           &report),
                     0);
    assert_string_equal(report.step, "encoding_output");
    assert_int_equal(report.percent, 72);
    assert_int_equal(parse("{\"type\":\"failed\",\"job_id\":\"j\",\"code\":\"no_face_in_target\","
                           "\"detail\":\"d\",\"pointer\":\"/target\"}",
                           &report),
                     0);
    assert_int_equal(report.error.code, FUS_E_NO_FACE_IN_TARGET);
    assert_string_equal(report.error.pointer, "/target");
}

static void bad_reports_are_refused(void **state)
{
    static const char *const bad[] = {
        "{}",
        "{\"type\":7}",
        "{\"type\":\"unheard_of\"}",
        "{\"type\":\"ready\"}",
        "{\"type\":\"ready\",\"version\":2}",
        "{\"type\":\"progress\",\"job_id\":\"j\",\"step\":\"x\",\"percent\":101,\"frames_done\":1,"
        "\"frames_total\":2,\"fps\":3}",
        "{\"type\":\"progress\",\"job_id\":\"j\",\"step\":\"x\",\"percent\":1,\"frames_done\":-1,"
        "\"frames_total\":2,\"fps\":3}",
        "{\"type\":\"progress\",\"job_id\":\"j\",\"step\":\"<script>\",\"percent\":1,"
        "\"frames_done\":1,\"frames_total\":2,\"fps\":3}",
        "{\"type\":\"progress\",\"job_id\":\"j\",\"step\":\"a_step_with_a_name_that_is_too_long\","
        "\"percent\":1,\"frames_done\":1,\"frames_total\":2,\"fps\":3}",
        "{\"type\":\"warning\",\"job_id\":\"j\",\"code\":\"Bad Code\",\"text\":\"t\"}",
        "{\"type\":\"warning\",\"job_id\":\"j\",\"code\":\"c\"}",
        "{\"type\":\"result\",\"job_id\":\"j\",\"result\":[]}",
        "{\"type\":\"failed\",\"job_id\":\"j\",\"code\":\"internal\"}",
        "{\"type\":\"alive\",\"job_id\":\"0123456789012345678901234567890123456789\"}",
    };
    for (size_t i = 0; i < FUS_COUNT(bad); i++) {
        struct fus_report report;
        if (parse(bad[i], &report) != FUS_E_INVALID_REQUEST)
            fail_msg("taken: %s", bad[i]);
    }
}

static void texts_that_are_not_utf8_are_still_told(void **state)
{
    struct fus_error error = {.code = FUS_E_CORRUPT_MEDIA, .detail = "caf\xc3"};
    json_t *message = fus_message_failed("j", &error, NULL);
    assert_string_equal(json_string_value(json_object_get(message, "detail")), "caf?");
    json_decref(message);
    message = fus_text_to_json("caf\xc3\xa9");
    assert_string_equal(json_string_value(message), "caf\xc3\xa9");
    json_decref(message);
    char longest[4000];
    memset(longest, 'w', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    struct fus_report report;
    message = fus_message_warning("j", "code", longest);
    assert_int_equal(fus_report_from_json(message, &report, NULL), 0);
    json_decref(message);
}

static void no_allocation_that_fails_leaks_or_lies(void **state)
{
    FUS_AUTO_TASK struct fus_task task = sample_task();
    task.output_format = fus_strdup("mp4");
    json_t *message = fus_task_to_json(&task);
    bool failed = true;
    for (long k = 0; failed; k++) {
        FUS_AUTO_TASK struct fus_task back = {.source_count = 0};
        fus_mem_fail_after(k);
        int rc = fus_task_from_json(message, &back, NULL);
        failed = fus_mem_failed();
        fus_mem_fail_off();
        assert_int_equal(rc, failed ? FUS_E_OUT_OF_MEMORY : 0);
    }
    json_decref(message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_survives_the_wire),
        cmocka_unit_test(a_chosen_format_survives_the_wire),
        cmocka_unit_test(what_is_no_task_is_refused),
        cmocka_unit_test(good_reports_are_taken),
        cmocka_unit_test(bad_reports_are_refused),
        cmocka_unit_test(texts_that_are_not_utf8_are_still_told),
        cmocka_unit_test(no_allocation_that_fails_leaks_or_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
