#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "inference/models.h"

/* A models folder of its own for each test. */
struct folder {
    char path[64];
};

static int make_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));
    assert_non_null(folder);
    strcpy(folder->path, "/tmp/fus-models-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    *state = folder;
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    int rc = fus_fs_remove_tree(folder->path, NULL);
    free(folder);
    return rc;
}

static void put(const struct folder *folder, const char *name, const void *bytes, size_t size)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    assert_int_equal(fus_fs_write_atomic(path, bytes, size, 0600, NULL), 0);
}

static void put_manifest(const struct folder *folder, const char *rows)
{
    char text[2048];
    int size = snprintf(text, sizeof(text), "{\"manifest_version\": 1, \"models\": [%s]}", rows);
    put(folder, "manifest.json", text, (size_t)size);
}

/* The bytes of the built-in detector, from the checkout. */
static void *detector_bytes(size_t *size)
{
    void *bytes = NULL;
    assert_int_equal(
        fus_fs_read(FUS_SOURCE_ROOT "/models/face_detector.onnx", 1 << 24, &bytes, size, NULL), 0);
    return bytes;
}

static void the_built_in_rows_stand(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(NULL, NULL, &models, NULL), 0);
    const struct fus_model *detector = fus_models_find(models, "face_detector", "builtin");
    assert_non_null(detector);
    assert_true(detector->builtin && detector->commercial_use && !detector->generator);
    assert_string_equal(detector->family, "yunet");
    assert_int_equal(detector->size_multiple, 32);
    assert_int_equal(detector->score_rule, FUS_SCORE_SQRT_PRODUCT);
    assert_float_equal(detector->nms_threshold, 0.45, 1e-9);
    assert_int_equal(detector->output_count, 12);
    assert_int_equal(detector->outputs[11].shape[2], 10);
    assert_true(fus_models_installed(models, detector));
    assert_int_equal(strlen(fus_models_sha256(models, detector)), 64);
    const struct fus_model *yunet = fus_models_find(models, "face_detector", "yunet");
    assert_non_null(yunet);
    assert_int_equal(yunet->score_rule, FUS_SCORE_PRODUCT);
    assert_false(fus_models_installed(models, yunet));
    assert_non_null(fus_models_find(models, "face_landmarker", "builtin"));
    const struct fus_model *blend = fus_models_find(models, "face_swapper", "mesh_blend");
    assert_non_null(blend);
    assert_true(blend->builtin && !blend->generator);
    assert_string_equal(fus_models_sha256(models, blend), "");
    assert_null(fus_models_find(models, "face_swapper", "builtin"));
}

static void every_row_of_the_pipeline_is_told(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(NULL, NULL, &models, NULL), 0);
    assert_int_equal(fus_models_count(models), 258);
    size_t deep = 0;
    for (size_t i = 0; i < fus_models_count(models); i++) {
        const struct fus_model *model = fus_models_at(models, i);
        deep += strcmp(model->role, "deep_swapper") == 0;
        for (size_t k = 0; k < model->need_count; k++)
            assert_non_null(fus_models_needed(models, model->needs[k]));
        for (size_t k = i + 1; model->file[0] != '\0' && k < fus_models_count(models); k++)
            assert_string_not_equal(model->file, fus_models_at(models, k)->file);
        if (model->builtin || model->file[0] == '\0')
            continue;
        assert_true(model->input_count > 0);
        assert_true(fus_str_starts(model->release, "models-3.") ||
                    fus_str_starts(model->release, "deepfacelive-models-"));
        const char *const *helpers;
        size_t count = fus_models_helpers(models, model->role, &helpers);
        for (size_t k = 0; k < count; k++)
            assert_non_null(fus_models_needed(models, helpers[k]));
        assert_true(!model->generator || count >= 3 || strcmp(model->role, "live_portrait") == 0);
    }
    assert_int_equal(deep, 157);
}

static void rows_say_how_their_crops_are_made(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(NULL, NULL, &models, NULL), 0);
    const struct fus_model *simswap = fus_models_find(models, "face_swapper", "simswap_256");
    assert_string_equal(simswap->face_template, "arcface_112_v1");
    assert_float_equal(simswap->mean3[0], 0.485, 0);
    assert_float_equal(simswap->std3[2], 0.225, 0);
    assert_int_equal(simswap->size_count, 4);
    assert_int_equal(simswap->sizes[3], 1024);
    assert_string_equal(simswap->needs[0], "embedding_converter/crossface_simswap");
    assert_false(simswap->commercial_use || simswap->free_license);
    const struct fus_model *hyperswap = fus_models_find(models, "face_swapper", "hyperswap_1a_256");
    assert_string_equal(hyperswap->face_template, "arcface_128");
    assert_float_equal(hyperswap->mean3[1], 0.5, 0);
    assert_string_equal(hyperswap->precision, "fp16");
    const struct fus_model *inswapper = fus_models_find(models, "face_swapper", "inswapper_128");
    assert_float_equal(inswapper->mean3[1], 0, 0);
    assert_float_equal(inswapper->std3[1], 1, 0);
    const struct fus_model *fan = fus_models_find(models, "face_landmarker", "fan_68_5");
    assert_true(fan->commercial_use && !fan->free_license);
    const struct fus_model *ultra = fus_models_find(models, "frame_enhancer", "ultra_sharp_2_x4");
    assert_int_equal(ultra->tile[0], 1024);
    assert_int_equal(ultra->tile[2], 32);
    assert_int_equal(ultra->enlarge, 4);
    const struct fus_model *codeformer = fus_models_find(models, "face_enhancer", "codeformer");
    assert_int_equal(codeformer->inputs[1].type, FUS_TENSOR_FLOAT64);
    assert_true(codeformer->inputs[1].optional);
    assert_true(codeformer->generator);
    const struct fus_model *fairface = fus_models_find(models, "face_classifier", "fairface");
    assert_int_equal(fairface->outputs[2].type, FUS_TENSOR_INT64);
    const struct fus_model *editor = fus_models_find(models, "face_editor", "live_portrait");
    assert_int_equal(editor->need_count, 6);
    assert_false(fus_models_installed(models, editor));
}

static void a_named_but_missing_model_is_said_with_its_command(void **state)
{
    struct folder *folder = *state;
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(NULL, folder->path, &models, NULL), 0);
    static const char *const MISSING[][2] = {{"face_detector", "retinaface"},
                                             {"face_detector", "scrfd"},
                                             {"face_detector", "yolo_face"},
                                             {"face_landmarker", "2dfan4"},
                                             {"face_swapper", "hyperswap_1a_256"},
                                             {"face_swapper", "inswapper_128"},
                                             {"face_enhancer", "gfpgan_1.4"},
                                             {"face_enhancer", "codeformer"},
                                             {"face_detector", "yunet"}};
    for (size_t i = 0; i < FUS_COUNT(MISSING); i++) {
        struct fus_error err = {0};
        const struct fus_model *model = NULL;
        assert_non_null(fus_models_find(models, MISSING[i][0], MISSING[i][1]));
        assert_int_equal(
            fus_models_choose(models, MISSING[i][0], MISSING[i][1], NULL, &model, &err),
            FUS_E_MODEL_NOT_FOUND);
        assert_non_null(strstr(err.detail, MISSING[i][1]));
        assert_non_null(strstr(err.detail, "fusiond models pull "));
        assert_null(strstr(err.detail, folder->path));
        assert_null(model);
    }
    struct fus_error err = {0};
    const struct fus_model *model = NULL;
    assert_int_equal(fus_models_choose(models, "face_detector", "retnaface", NULL, &model, &err),
                     FUS_E_MODEL_NOT_FOUND);
    assert_non_null(strstr(err.detail, "retinaface"));
}

static void a_model_that_is_not_named_is_the_preferred_or_the_built_in(void **state)
{
    struct folder *folder = *state;
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(NULL, folder->path, &models, NULL), 0);
    const struct fus_model *model = NULL;
    assert_int_equal(fus_models_choose(models, "face_detector", NULL, "yolo_face", &model, NULL),
                     0);
    assert_string_equal(model->id, "builtin");
    assert_int_equal(
        fus_models_choose(models, "face_swapper", NULL, "hyperswap_1a_256", &model, NULL), 0);
    assert_string_equal(model->id, "mesh_blend");
    assert_int_equal(fus_models_choose(models, "face_enhancer", NULL, "gfpgan_1.4", &model, NULL),
                     0);
    assert_string_equal(model->id, "detail");
    assert_int_equal(
        fus_models_choose(models, "frame_enhancer", NULL, "span_kendata_x4", &model, NULL),
        FUS_E_MODEL_NOT_FOUND);
    put(folder, "yoloface_8n.onnx", "x", 1);
    assert_int_equal(fus_models_choose(models, "face_detector", NULL, "yolo_face", &model, NULL),
                     0);
    assert_string_equal(model->id, "yolo_face");
    assert_int_equal(
        fus_models_choose(models, "face_detector", "builtin", "yolo_face", &model, NULL), 0);
    assert_string_equal(model->id, "builtin");
}

static void rows_of_the_folder_are_added_and_replace(void **state)
{
    struct folder *folder = *state;
    put_manifest(folder,
                 "{\"id\": \"mine\", \"role\": \"face_detector\", \"family\": \"yunet\", \"file\": "
                 "\"mine.onnx\","
                 " \"license\": \"MIT\", \"score_rule\": \"sqrt_product\", \"multiple\": 32},"
                 "{\"id\": \"yunet\", \"role\": \"face_detector\", \"family\": \"yunet\", "
                 "\"file\": \"n.onnx\","
                 " \"license\": \"MIT\", \"score_threshold\": 0.3}");
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL, *plain = NULL;
    assert_int_equal(fus_models_open(NULL, folder->path, &models, NULL), 0);
    assert_int_equal(fus_models_open(NULL, NULL, &plain, NULL), 0);
    assert_int_equal(fus_models_count(models), fus_models_count(plain) + 1);
    const struct fus_model *mine = fus_models_find(models, "face_detector", "mine");
    assert_non_null(mine);
    assert_ptr_equal(mine, fus_models_at(models, fus_models_count(models) - 1));
    assert_false(mine->builtin);
    const struct fus_model *yunet = fus_models_find(models, "face_detector", "yunet");
    assert_string_equal(yunet->file, "n.onnx");
    assert_float_equal(yunet->score_threshold, 0.3, 1e-9);
}

#define ROW_AND(more) \
    "{\"id\": \"a\", \"role\": \"r\", \"family\": \"f\", \"license\": \"MIT\", " more "}"

static void a_bad_manifest_is_refused_with_a_sentence(void **state)
{
    struct folder *folder = *state;
    static const char *const BAD[] = {
        "42",
        "{\"id\": \"a\"}",
        "{\"id\": \"a\", \"role\": \"r\", \"family\": \"f\", \"license\": \"MIT\"}",
        "{\"id\": \"a\", \"role\": \"r\", \"family\": \"f\", \"license\": \"MIT\", \"file\": "
        "\"../x\"}",
        "{\"id\": \"a\", \"role\": \"r\", \"family\": \"f\", \"license\": \"MIT\", \"file\": "
        "\"/x\"}",
        "{\"id\": \"a\", \"role\": \"r\", \"family\": \"f\", \"license\": \"MIT\", \"file\": "
        "\"x\", \"builtin\": true}",
        "{\"id\": \"a\", \"role\": \"r\", \"family\": \"f\", \"license\": \"MIT\", \"file\": "
        "\"x\", \"sha256\": \"12\"}",
        "{\"id\": \"a\", \"role\": \"r\", \"family\": \"f\", \"license\": \"MIT\", \"file\": "
        "\"x\", \"width\": -1}",
        "{\"id\": \"a\", \"role\": \"r\", \"family\": \"f\", \"license\": \"MIT\", \"file\": "
        "\"x\", \"score_rule\": \"max\"}",
        "{\"id\": \"a\", \"role\": \"r\", \"family\": \"f\", \"license\": \"MIT\", \"file\": "
        "\"x\", \"inputs\": {\"i\": 3}}",
        "{\"id\": \"builtin\", \"role\": \"face_detector\", \"family\": \"f\", \"license\": "
        "\"MIT\", \"file\": \"x\"}",
        "{\"id\": \"a\", \"id\": \"b\"}",
        ROW_AND("\"file\": \".x\""),
        ROW_AND("\"file\": \"a/.x\""),
        ROW_AND("\"file\": \"x\", \"crc32\": \"1234567\""),
        ROW_AND("\"file\": \"x\", \"mean3\": [0, 1]"),
        ROW_AND("\"file\": \"x\", \"std3\": [0, 1, 1]"),
        ROW_AND("\"file\": \"x\", \"sizes\": [1, 2, 3, 4, 5, 6, 7, 8, 9]"),
        ROW_AND("\"file\": \"x\", \"sizes\": [-1]"),
        ROW_AND("\"file\": \"x\", \"tile\": [1, 2]"),
        ROW_AND("\"file\": \"x\", \"needs\": [\"x\"]"),
        ROW_AND("\"file\": \"x\", \"inputs\": {\"#x\": [1]}"),
        ROW_AND("\"file\": \"x\", \"inputs\": {\"x\": {\"type\": \"int8\", \"shape\": [1]}}"),
    };
    for (size_t i = 0; i < FUS_COUNT(BAD); i++) {
        struct fus_error err = {0};
        struct fus_models *models = NULL;
        put_manifest(folder, BAD[i]);
        int rc = fus_models_open(NULL, folder->path, &models, &err);
        if (rc != FUS_E_INVALID_PARAMETER)
            fail_msg("%s gave %d", BAD[i], rc);
        assert_null(models);
        assert_non_null(strstr(err.detail, "manifest.json"));
    }
}

static void a_damaged_file_is_model_corrupt(void **state)
{
    struct folder *folder = *state;
    FUS_CLEANUP(fus_runtime_free) struct fus_runtime *runtime = NULL;
    assert_int_equal(fus_runtime_open(NULL, &runtime, NULL), 0);
    size_t size;
    FUS_AUTO_FREE void *bytes = detector_bytes(&size);
    put(folder, "same.onnx", bytes, size);
    ((char *)bytes)[size / 2] ^= 1;
    put(folder, "flipped.onnx", bytes, size);
    put(folder, "text.onnx", "no model", 8);
#define ROW(id, file, more)                                                                      \
    "{\"id\": \"" id "\", \"role\": \"face_detector\", \"family\": \"yunet\", \"file\": \"" file \
    "\", \"license\": \"Apache-2.0\"" more "}"
#define SHA ", \"sha256\": \"6760c4c9b2ce0b52beeedf3e32658c94c2fdb8f21168a5a57945c3782cb6e8ce\""
    put_manifest(
        folder,
        ROW("good", "same.onnx", SHA) "," ROW("flipped", "flipped.onnx", SHA) "," ROW(
            "text", "text.onnx",
            "") "," ROW("tensor", "same.onnx",
                        SHA ", \"inputs\": {\"x\": [1]}") "," ROW("size", "same.onnx",
                                                                  SHA
                                                                  ", \"outputs\": {\"cls_8\": [1, "
                                                                  "0, 2]}") "," ROW("gone",
                                                                                    "gone.onnx",
                                                                                    ""));
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(runtime, folder->path, &models, NULL), 0);
    static const struct {
        const char *id;
        int rc;
    } CASES[] = {{"good", 0},
                 {"flipped", FUS_E_MODEL_CORRUPT},
                 {"text", FUS_E_MODEL_CORRUPT},
                 {"tensor", FUS_E_MODEL_CORRUPT},
                 {"size", FUS_E_MODEL_CORRUPT},
                 {"gone", FUS_E_MODEL_NOT_FOUND}};
    for (size_t i = 0; i < FUS_COUNT(CASES); i++) {
        struct fus_session *session = NULL;
        struct fus_error err = {0};
        const struct fus_model *model = fus_models_find(models, "face_detector", CASES[i].id);
        int rc = fus_models_session(models, model, 1, &session, &err);
        if (rc != CASES[i].rc)
            fail_msg("%s gave %d: %s", CASES[i].id, rc, err.detail);
        assert_true((session != NULL) == (rc == 0));
    }
}

static void a_session_is_opened_once_for_a_thread_count(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_runtime_free) struct fus_runtime *runtime = NULL;
    assert_int_equal(fus_runtime_open(NULL, &runtime, NULL), 0);
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(runtime, NULL, &models, NULL), 0);
    const struct fus_model *model = fus_models_find(models, "face_landmarker", "builtin");
    struct fus_session *a = NULL, *b = NULL, *c = NULL;
    assert_int_equal(fus_models_session(models, model, 1, &a, NULL), 0);
    assert_int_equal(fus_models_session(models, model, 1, &b, NULL), 0);
    assert_int_equal(fus_models_session(models, model, 2, &c, NULL), 0);
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, c);
}

static void lack_of_memory_leaves_nothing_behind(void **state)
{
    struct folder *folder = *state;
    put_manifest(folder, "{\"id\": \"mine\", \"role\": \"face_detector\", \"family\": \"yunet\", "
                         "\"file\": \"m.onnx\","
                         " \"license\": \"MIT\", \"inputs\": {\"input\": [1, 3, 0, 0]}}");
    bool failed = true;
    for (int k = 0; failed && k < 1000; k++) {
        struct fus_models *models = NULL;
        fus_mem_fail_after(k);
        int rc = fus_models_open(NULL, folder->path, &models, NULL);
        failed = fus_mem_failed();
        fus_mem_fail_off();
        assert_true(failed ? rc < 0 && models == NULL : rc == 0);
        fus_models_free(models);
    }
    assert_false(failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_rows_stand),
        cmocka_unit_test(every_row_of_the_pipeline_is_told),
        cmocka_unit_test(rows_say_how_their_crops_are_made),
        cmocka_unit_test_setup_teardown(a_named_but_missing_model_is_said_with_its_command,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_model_that_is_not_named_is_the_preferred_or_the_built_in,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(rows_of_the_folder_are_added_and_replace, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_bad_manifest_is_refused_with_a_sentence, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_model_corrupt, make_folder,
                                        remove_folder),
        cmocka_unit_test(a_session_is_opened_once_for_a_thread_count),
        cmocka_unit_test_setup_teardown(lack_of_memory_leaves_nothing_behind, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
