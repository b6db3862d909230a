#include "fixture.h"

#include "worker/staging.h"

static int stage(struct fixture *f, const char *request, struct fus_task *task,
                 struct fus_error *err)
{
    struct fus_job job = {.id = "job_20261124_0000000000001"};
    job.request = (char *)(uintptr_t)request;
    *err = (struct fus_error){.code = 0};
    return fus_stage_job(f->storage, f->config, &job, task, err);
}

static void inputs_named_by_path_are_copied_and_uploads_are_found(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_TASK struct fus_task task = {.source_count = 0};
    FUS_AUTO_FREE char *folder = NULL;
    struct fus_error err;
    char upload[256];
    write_input(f, "a.jpg", "donor");
    assert_int_equal(fus_storage_job_dir(f->storage, "job_20261124_0000000000001", &folder, NULL),
                     0);
    snprintf(upload, sizeof(upload), "%s/target_0", folder);
    assert_int_equal(fus_fs_write_atomic(upload, "clip", 4, 0600, NULL), 0);
    fixture_must(stage(f,
                       "{\"sources\":[{\"kind\":\"path\",\"value\":\"a.jpg\"}],"
                       "\"target\":{\"kind\":\"upload\",\"file\":\"target_0\",\"name\":\"x\"},"
                       "\"output_format\":\"mp4\",\"parameters\":{\"strength\":1}}",
                       &task, &err),
                 &err);
    assert_int_equal(task.source_count, 1);
    assert_true(fus_str_starts(task.sources[0], folder));
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size;
    assert_int_equal(fus_fs_read(task.sources[0], 100, &bytes, &size, NULL), 0);
    assert_string_equal(bytes, "donor");
    assert_string_equal(task.target, upload);
    assert_string_equal(task.output_format, "mp4");
    assert_true(fus_str_starts(task.output, folder));
    assert_int_equal(json_integer_value(json_object_get(task.parameters, "strength")), 1);
    assert_int_equal(task.limits.max_bytes, f->config->max_file_bytes);
    assert_int_equal(task.limits.max_dimension, 16384);
}

static void a_second_attempt_stages_again_and_removes_the_old_result(void **state)
{
    struct fixture *f = *state;
    struct fus_error err;
    write_input(f, "a.jpg", "one");
    static const char request[] = "{\"target\":{\"kind\":\"path\",\"value\":\"a.jpg\"}}";
    FUS_AUTO_TASK struct fus_task first = {.source_count = 0};
    fixture_must(stage(f, request, &first, &err), &err);
    assert_int_equal(fus_fs_write_atomic(first.output, "half", 4, 0600, NULL), 0);
    FUS_AUTO_TASK struct fus_task second = {.source_count = 0};
    fixture_must(stage(f, request, &second, &err), &err);
    assert_false(fus_fs_exists(second.output));
    assert_int_equal(json_object_size(second.parameters), 0);
}

static void refusals_name_the_member_and_nothing_of_the_server(void **state)
{
    static const struct {
        const char *request;
        int code;
        const char *pointer;
    } cases[] = {
        {"{\"target\":{\"kind\":\"path\",\"value\":\"../../etc/passwd\"}}", FUS_E_SOURCE_FORBIDDEN,
         "/target"},
        {"{\"target\":{\"kind\":\"path\",\"value\":\"/etc/passwd\"}}", FUS_E_SOURCE_FORBIDDEN,
         "/target"},
        {"{\"sources\":[{\"kind\":\"path\",\"value\":\"none.jpg\"}],\"target\":{}}",
         FUS_E_SOURCE_FETCH_FAILED, "/source_images/0"},
        {"{\"target\":{\"kind\":\"upload\",\"file\":\"../store.db\"}}", FUS_E_INTERNAL, "/target"},
        {"{\"target\":{\"kind\":\"upload\",\"file\":\".hidden\"}}", FUS_E_INTERNAL, "/target"},
        {"{\"target\":{\"kind\":\"upload\",\"file\":\"none\"}}", FUS_E_SOURCE_FETCH_FAILED,
         "/target"},
        {"{\"target\":{\"kind\":\"https\",\"value\":\"x\"}}", FUS_E_INTERNAL, "/target"},
        {"{\"sources\":7}", FUS_E_INTERNAL, ""},
        {"not JSON", FUS_E_INTERNAL, ""},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        FUS_AUTO_TASK struct fus_task task = {.source_count = 0};
        struct fus_error err;
        assert_int_equal(stage(f, cases[i].request, &task, &err), cases[i].code);
        assert_string_equal(err.pointer, cases[i].pointer);
        assert_null(strstr(err.detail, f->folder));
        assert_null(task.target);
    }
}

static void a_file_beyond_the_limit_is_not_copied(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_TASK struct fus_task task = {.source_count = 0};
    struct fus_error err;
    write_input(f, "big", "0123456789");
    f->config->max_file_bytes = 9;
    assert_int_equal(stage(f, "{\"target\":{\"kind\":\"path\",\"value\":\"big\"}}", &task, &err),
                     FUS_E_MEDIA_TOO_LARGE);
}

static void no_allocation_that_fails_leaves_a_task_behind(void **state)
{
    struct fixture *f = *state;
    write_input(f, "a.jpg", "donor");
    bool failed = true;
    for (long k = 0; failed; k++) {
        FUS_AUTO_TASK struct fus_task task = {.source_count = 0};
        struct fus_error err;
        fus_mem_fail_after(k);
        int rc = stage(f,
                       "{\"sources\":[{\"kind\":\"path\",\"value\":\"a.jpg\"}],"
                       "\"target\":{\"kind\":\"path\",\"value\":\"a.jpg\"},"
                       "\"output_format\":\"png\"}",
                       &task, &err);
        failed = fus_mem_failed();
        fus_mem_fail_off();
        if (rc == 0)
            assert_non_null(task.target);
        else
            assert_true(failed && !task.target);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(inputs_named_by_path_are_copied_and_uploads_are_found),
        TEST(a_second_attempt_stages_again_and_removes_the_old_result),
        TEST(refusals_name_the_member_and_nothing_of_the_server),
        TEST(a_file_beyond_the_limit_is_not_copied),
        TEST(no_allocation_that_fails_leaves_a_task_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
