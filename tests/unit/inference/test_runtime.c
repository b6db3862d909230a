#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "inference/runtime.h"

static int open_runtime(void **state)
{
    struct fus_runtime *runtime = NULL;
    struct fus_error err = {0};
    int rc = fus_runtime_open(NULL, &runtime, &err);
    if (rc != 0)
        print_message("%s\n", err.detail);
    *state = runtime;
    return rc;
}

static int close_runtime(void **state)
{
    fus_runtime_free(*state);
    return 0;
}

static struct fus_session *open_net(struct fus_runtime *runtime, const char *file)
{
    FUS_AUTO_FREE void *bytes = NULL;
    FUS_AUTO_FREE char *path = fus_fs_join(FUS_SOURCE_ROOT "/models", file);
    struct fus_session *session = NULL;
    size_t size;
    assert_int_equal(fus_fs_read(path, 1 << 24, &bytes, &size, NULL), 0);
    assert_int_equal(fus_session_open(runtime, bytes, size, 1, &session, NULL), 0);
    return session;
}

static void the_library_is_found_and_says_its_version(void **state)
{
    struct fus_runtime *runtime = *state;
    assert_true(strlen(fus_runtime_version(runtime)) >= 5);
    assert_non_null(strstr(fus_runtime_path(runtime), "onnxruntime"));
}

static void a_missing_library_is_said_with_its_remedy(void **state)
{
    (void)state;
    struct fus_runtime *runtime = NULL;
    struct fus_error err = {0};
    assert_int_equal(fus_runtime_open("/nowhere/libonnxruntime.so.1", &runtime, &err),
                     FUS_E_NOT_READY);
    assert_null(runtime);
    assert_non_null(strstr(err.detail, "make deps"));
    /* A library that is no ONNX Runtime. */
    assert_int_equal(fus_runtime_open("libm.so.6", &runtime, &err), FUS_E_NOT_READY);
    assert_null(runtime);
}

static void a_session_knows_its_tensors(void **state)
{
    FUS_CLEANUP(fus_session_free)
    struct fus_session *session = open_net(*state, "face_landmarker_68.onnx");
    assert_int_equal(fus_session_inputs(session), 1);
    assert_int_equal(fus_session_outputs(session), 2);
    assert_string_equal(fus_session_input_name(session, 0), "input");
    const int64_t *shape;
    assert_int_equal(fus_session_input_shape(session, 0, &shape), 4);
    assert_int_equal(shape[3], 128);
    int landmarks = fus_session_output_index(session, "landmarks");
    assert_true(landmarks >= 0);
    assert_int_equal(fus_session_output_shape(session, (size_t)landmarks, &shape), 3);
    assert_int_equal(shape[1], 68);
    assert_int_equal(fus_session_output_index(session, "nothing"), -1);
}

static void a_run_follows_the_shape_of_its_input(void **state)
{
    FUS_CLEANUP(fus_session_free)
    struct fus_session *session = open_net(*state, "face_detector.onnx");
    FUS_CLEANUP(fus_run_free) struct fus_run *run = NULL;
    assert_int_equal(fus_run_new(session, &run, NULL), 0);
    struct fus_tensor cls;
    size_t index = (size_t)fus_session_output_index(session, "cls_8");
    assert_int_equal(fus_run_output(run, index, &cls, NULL), FUS_E_INTERNAL);
    assert_int_equal(fus_run_execute(run, NULL), FUS_E_INTERNAL);
    static const int64_t SIZES[][4] = {
        {1, 3, 64, 96}, {1, 3, 64, 96}, {1, 3, 128, 64}, {1, 3, 32, 32}};
    float *before = NULL;
    for (size_t i = 0; i < FUS_COUNT(SIZES); i++) {
        float *data;
        assert_int_equal(fus_run_input(run, 0, SIZES[i], 4, &data, NULL), 0);
        size_t count = (size_t)(3 * SIZES[i][2] * SIZES[i][3]);
        for (size_t k = 0; k < count; k++)
            data[k] = (float)(k * 7919 % 256);
        if (i == 1 || i == 3) /* same size, and a smaller one: the memory is kept */
            assert_ptr_equal(data, before);
        before = data;
        assert_int_equal(fus_run_execute(run, NULL), 0);
        assert_int_equal(fus_run_output(run, index, &cls, NULL), 0);
        assert_int_equal(cls.rank, 3);
        assert_int_equal(cls.count, SIZES[i][2] * SIZES[i][3] / 64);
        assert_true(cls.data[0] >= 0 && cls.data[0] <= 1);
        assert_int_equal(fus_run_output(run, 99, &cls, NULL), FUS_E_INTERNAL);
    }
    int64_t wrong[] = {1, 3, 64, 0};
    float *data;
    assert_int_equal(fus_run_input(run, 0, wrong, 4, &data, NULL), FUS_E_INTERNAL);
    int64_t huge[] = {1, 3, 1 << 30, 1 << 30};
    assert_int_equal(fus_run_input(run, 0, huge, 4, &data, NULL), FUS_E_INTERNAL);
}

static void the_same_input_gives_the_same_output_again(void **state)
{
    FUS_CLEANUP(fus_session_free)
    struct fus_session *session = open_net(*state, "face_landmarker_68.onnx");
    FUS_CLEANUP(fus_run_free) struct fus_run *run = NULL;
    assert_int_equal(fus_run_new(session, &run, NULL), 0);
    const int64_t shape[] = {1, 3, 128, 128};
    float *data, first[136];
    assert_int_equal(fus_run_input(run, 0, shape, 4, &data, NULL), 0);
    for (size_t k = 0; k < 3 * 128 * 128; k++)
        data[k] = (float)(k * 31 % 256);
    struct fus_tensor points;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fus_run_execute(run, NULL), 0);
        assert_int_equal(fus_run_output(run, (size_t)fus_session_output_index(session, "landmarks"),
                                        &points, NULL),
                         0);
        assert_int_equal(points.count, 136);
        if (i == 0)
            memcpy(first, points.data, sizeof(first));
        assert_memory_equal(first, points.data, sizeof(first));
    }
}

static void bytes_that_are_no_model_are_corrupt(void **state)
{
    struct fus_session *session = NULL;
    struct fus_error err = {0};
    assert_int_equal(fus_session_open(*state, "nonsense", 8, 1, &session, &err),
                     FUS_E_MODEL_CORRUPT);
    assert_null(session);
    assert_true(err.detail[0] != '\0');
}

static void lack_of_memory_is_an_error_of_its_own(void **state)
{
    FUS_CLEANUP(fus_session_free)
    struct fus_session *session = open_net(*state, "face_landmarker_68.onnx");
    bool failed = true;
    for (int k = 0; failed; k++) {
        FUS_CLEANUP(fus_run_free) struct fus_run *run = NULL;
        const int64_t shape[] = {1, 3, 128, 128};
        float *data;
        fus_mem_fail_after(k);
        int rc = fus_run_new(session, &run, NULL);
        if (rc == 0)
            rc = fus_run_input(run, 0, shape, 4, &data, NULL);
        failed = fus_mem_failed();
        fus_mem_fail_off();
        assert_int_equal(rc, failed ? FUS_E_OUT_OF_MEMORY : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_library_is_found_and_says_its_version),
        cmocka_unit_test(a_missing_library_is_said_with_its_remedy),
        cmocka_unit_test(a_session_knows_its_tensors),
        cmocka_unit_test(a_run_follows_the_shape_of_its_input),
        cmocka_unit_test(the_same_input_gives_the_same_output_again),
        cmocka_unit_test(bytes_that_are_no_model_are_corrupt),
        cmocka_unit_test(lack_of_memory_is_an_error_of_its_own),
    };
    return cmocka_run_group_tests(tests, open_runtime, close_runtime);
}
