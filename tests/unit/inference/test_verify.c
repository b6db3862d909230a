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
#include <jansson.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "inference/models.h"
#include "inference/verify.h"

struct folder {
    char path[64];
};

static int make_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));
    assert_non_null(folder);
    strcpy(folder->path, "/tmp/fus-verify-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    *state = folder;
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    (void)chmod(folder->path, 0700);
    int rc = fus_fs_remove_tree(folder->path, NULL);
    free(folder);
    return rc;
}

static void put(const struct folder *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    assert_int_equal(fus_fs_write_atomic(path, text, strlen(text), 0600, NULL), 0);
}

static bool has(const struct folder *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    return fus_fs_exists(path);
}

/* CRC-32 of "123456789", the check value of its definition. */
#define CHECK_TEXT "123456789"
#define CHECK_CRC "cbf43926"
#define CHECK_SHA "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"

static const struct fus_model MODEL = {.id = "m",
                                       .role = "face_swapper",
                                       .file = "m.1.onnx",
                                       .sha256 = "",
                                       .crc32 = "",
                                       .license = "MIT"};

static void digests_are_those_of_their_definitions(void **state)
{
    (void)state;
    struct fus_digests digests;
    fus_digests_of(CHECK_TEXT, 9, &digests);
    assert_string_equal(digests.crc32, CHECK_CRC);
    assert_string_equal(digests.sha256, CHECK_SHA);
    fus_digests_of("", 0, &digests);
    assert_string_equal(digests.crc32, "00000000");
}

static void a_hash_file_is_eight_hex_digits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } CASES[] = {{"cbf43926", true},      {"CBF43926", true},   {"cbf43926\n", true},
                 {"cbf43926 \r\n", true}, {"cbf4392", false},   {"cbf439261", false},
                 {"cbf43926\n1", false},  {" cbf43926", false}, {"0xcbf439", false},
                 {"cbf4392g", false},     {"", false},          {"<html>404</html>", false}};
    for (size_t i = 0; i < FUS_COUNT(CASES); i++) {
        char crc[FUS_CRC32_HEX_SIZE] = "x";
        assert_int_equal(fus_hash_parse(CASES[i].text, strlen(CASES[i].text), crc), CASES[i].good);
        assert_string_equal(crc, CASES[i].good ? CHECK_CRC : "x");
    }
    char crc[FUS_CRC32_HEX_SIZE];
    assert_false(fus_hash_parse("cbf43926\0", 9, crc));
    static const char *const NAMES[][2] = {{"a.onnx", "a.hash"},
                                           {"gfpgan_1.2.onnx", "gfpgan_1.2.hash"},
                                           {"iperov/x_224.dfm", "iperov/x_224.hash"},
                                           {"a.b/c", "a.b/c.hash"}};
    for (size_t i = 0; i < FUS_COUNT(NAMES); i++) {
        FUS_AUTO_FREE char *name = fus_hash_name(NAMES[i][0]);
        assert_string_equal(name, NAMES[i][1]);
    }
}

static int check(const struct folder *folder, const struct fus_model *model, struct fus_error *err)
{
    *err = (struct fus_error){0};
    return fus_verify_file(folder->path, model, false, NULL, err);
}

static void what_lies_beside_a_file_decides(void **state)
{
    struct folder *folder = *state;
    struct fus_error err;
    assert_int_equal(check(folder, &MODEL, &err), FUS_E_MODEL_NOT_FOUND);
    put(folder, "m.1.onnx", CHECK_TEXT);
    assert_int_equal(check(folder, &MODEL, &err), FUS_E_MODEL_CORRUPT);
    assert_non_null(strstr(err.detail, "fusiond models add FILE --id m"));
    put(folder, "m.1.hash", "00000000");
    assert_int_equal(check(folder, &MODEL, &err), FUS_E_MODEL_CORRUPT);
    assert_non_null(strstr(err.detail, "CRC-32"));
    put(folder, "m.1.hash", "not a hash");
    assert_int_equal(check(folder, &MODEL, &err), FUS_E_MODEL_CORRUPT);
    assert_non_null(strstr(err.detail, ".hash"));
    put(folder, "m.1.hash", CHECK_CRC "\n");
    assert_int_equal(check(folder, &MODEL, &err), 0);
    /* A longer file whose .hash stayed. */
    put(folder, "m.1.onnx", CHECK_TEXT "0");
    assert_int_equal(check(folder, &MODEL, &err), FUS_E_MODEL_CORRUPT);
    assert_null(strstr(err.detail, folder->path));
}

static void a_record_comes_before_the_hash_and_that_before_the_row(void **state)
{
    struct folder *folder = *state;
    struct fus_error err;
    struct fus_model row = MODEL;
    put(folder, "m.1.onnx", CHECK_TEXT);
    row.sha256 = CHECK_SHA;
    assert_int_equal(check(folder, &row, &err), 0);
    put(folder, "m.1.hash", "00000000");
    assert_int_equal(check(folder, &row, &err), FUS_E_MODEL_CORRUPT);
    assert_int_equal(fus_verify_record(folder->path, "m.1.onnx", CHECK_SHA, NULL), 0);
    assert_int_equal(check(folder, &row, &err), 0);
    put(folder, "m.1.onnx", "else");
    assert_int_equal(check(folder, &row, &err), FUS_E_MODEL_CORRUPT);
    assert_non_null(strstr(err.detail, "SHA-256"));
    assert_int_equal(fus_verify_record(folder->path, "m.1.onnx", NULL, NULL), 0);
    put(folder, "m.1.onnx", CHECK_TEXT);
    assert_int_equal(check(folder, &row, &err), FUS_E_MODEL_CORRUPT);
    struct fus_model crc = MODEL;
    crc.crc32 = CHECK_CRC;
    put(folder, "m.1.hash", CHECK_CRC);
    assert_int_equal(check(folder, &crc, &err), 0);
    /* What the operator wrote himself is his own word. */
    struct fus_model own = MODEL;
    own.of_folder = true;
    own.file = "own.onnx";
    put(folder, "own.onnx", "anything");
    assert_int_equal(check(folder, &own, &err), 0);
}

static void a_record_leaves_the_rest_of_the_manifest_alone(void **state)
{
    struct folder *folder = *state;
    put(folder, "manifest.json", "{\"manifest_version\": 1, \"models\": [], \"mine\": [1, 2]}");
    assert_int_equal(fus_verify_record(folder->path, "a.onnx", CHECK_SHA, NULL), 0);
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(NULL, folder->path, &models, NULL), 0);
    char path[256];
    snprintf(path, sizeof(path), "%s/manifest.json", folder->path);
    json_t *root = json_load_file(path, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(root, "mine")), 2);
    assert_non_null(json_object_get(json_object_get(root, "files"), "a.onnx"));
    json_decref(root);
    put(folder, "manifest.json", "{");
    assert_int_equal(fus_verify_record(folder->path, "a.onnx", CHECK_SHA, NULL),
                     FUS_E_INVALID_PARAMETER);
    assert_true(has(folder, "manifest.json"));
}

/* The cache is trusted for the very same file only: a lie in it is believed until the file moves.
 */
static void a_file_is_measured_once_for_each_change(void **state)
{
    struct folder *folder = *state;
    struct fus_error err;
    char path[256];
    struct stat facts;
    snprintf(path, sizeof(path), "%s/m.1.onnx", folder->path);
    put(folder, "m.1.onnx", "some bytes");
    put(folder, "m.1.hash", CHECK_CRC);
    assert_int_equal(check(folder, &MODEL, &err), FUS_E_MODEL_CORRUPT);
    assert_int_equal(stat(path, &facts), 0);
    const struct fus_digests lie = {CHECK_SHA, CHECK_CRC};
    fus_verify_remember(folder->path, "m.1.onnx", &facts, &lie);
    assert_int_equal(check(folder, &MODEL, &err), 0);
    assert_int_equal(fus_verify_file(folder->path, &MODEL, true, NULL, &err), FUS_E_MODEL_CORRUPT);
    fus_verify_remember(folder->path, "m.1.onnx", &facts, &lie);
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, facts.st_mtim};
    times[1].tv_sec++;
    assert_int_equal(utimensat(-1, path, times, 0), 0);
    assert_int_equal(check(folder, &MODEL, &err), FUS_E_MODEL_CORRUPT);
    assert_int_equal(stat(path, &facts), 0);
    char cache[256];
    struct stat mode;
    snprintf(cache, sizeof(cache), "%s/" FUS_VERIFIED_NAME, folder->path);
    assert_int_equal(stat(cache, &mode), 0);
    assert_int_equal(mode.st_mode & 0777, 0600);
    put(folder, FUS_VERIFIED_NAME, "{\"files\": [broken");
    assert_int_equal(check(folder, &MODEL, &err), FUS_E_MODEL_CORRUPT);
}

static void a_folder_that_cannot_be_written_is_used_all_the_same(void **state)
{
    struct folder *folder = *state;
    struct fus_error err;
    put(folder, "m.1.onnx", CHECK_TEXT);
    put(folder, "m.1.hash", CHECK_CRC);
    assert_int_equal(chmod(folder->path, 0500), 0);
    assert_int_equal(check(folder, &MODEL, &err), 0);
    if (geteuid() != 0)
        assert_false(has(folder, FUS_VERIFIED_NAME));
}

static void states_tell_without_measuring(void **state)
{
    struct folder *folder = *state;
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(NULL, folder->path, &models, NULL), 0);
    const struct fus_model *model = fus_models_find(models, "face_swapper", "inswapper_128");
    const struct fus_model *blend = fus_models_find(models, "face_swapper", "mesh_blend");
    struct fus_model_facts facts;
    fus_models_facts(models, blend, &facts);
    assert_int_equal(facts.state, FUS_MODEL_BUILTIN);
    fus_models_facts(models, model, &facts);
    assert_int_equal(facts.state, FUS_MODEL_MISSING);
    put(folder, "inswapper_128.onnx", CHECK_TEXT);
    fus_models_facts(models, model, &facts);
    assert_int_equal(facts.state, FUS_MODEL_UNVERIFIABLE);
    put(folder, "inswapper_128.hash", CHECK_CRC);
    fus_models_facts(models, model, &facts);
    assert_int_equal(facts.state, FUS_MODEL_UNVERIFIED);
    assert_string_equal(facts.sha256, "");
    assert_int_equal(facts.size, 9);
    assert_int_equal(fus_models_verify(models, model, NULL), 0);
    fus_models_facts(models, model, &facts);
    assert_int_equal(facts.state, FUS_MODEL_VERIFIED);
    assert_string_equal(facts.sha256, CHECK_SHA);
    put(folder, "inswapper_128.hash", "00000001");
    fus_models_facts(models, model, &facts);
    assert_int_equal(facts.state, FUS_MODEL_CORRUPT);
    assert_string_equal(fus_model_state_name(facts.state), "corrupt");
}

static void the_commercial_policy_refuses_what_is_not_for_it(void **state)
{
    struct folder *folder = *state;
    FUS_CLEANUP(fus_runtime_free) struct fus_runtime *runtime = NULL;
    assert_int_equal(fus_runtime_open(NULL, &runtime, NULL), 0);
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(runtime, folder->path, &models, NULL), 0);
    put(folder, "hyperswap_1a_256.onnx", CHECK_TEXT);
    put(folder, "yoloface_8n.onnx", CHECK_TEXT);
    const struct fus_model *chosen = NULL;
    assert_int_equal(
        fus_models_choose(models, "face_swapper", NULL, "hyperswap_1a_256", &chosen, NULL), 0);
    assert_string_equal(chosen->id, "hyperswap_1a_256");
    fus_models_set_commercial(models, true);
    struct fus_error err = {0};
    assert_int_equal(
        fus_models_choose(models, "face_swapper", "hyperswap_1a_256", NULL, &chosen, &err),
        FUS_E_MODEL_LICENSE_BLOCKED);
    assert_non_null(strstr(err.detail, "ResearchRAIL"));
    struct fus_session *session = NULL;
    assert_int_equal(fus_models_session(models, chosen, 1, &session, &err),
                     FUS_E_MODEL_LICENSE_BLOCKED);
    assert_int_equal(
        fus_models_choose(models, "face_swapper", NULL, "hyperswap_1a_256", &chosen, NULL), 0);
    assert_string_equal(chosen->id, "mesh_blend");
    assert_int_equal(fus_models_choose(models, "face_recognizer", NULL, "arcface", &chosen, &err),
                     FUS_E_MODEL_LICENSE_BLOCKED);
    assert_int_equal(fus_models_choose(models, "face_detector", "yolo_face", NULL, &chosen, &err),
                     0);
}

/* Stand-ins of the shared folder carry the names, shapes and types of the real files. */
static void stand_ins_fit_their_rows(void **state)
{
    struct folder *folder = *state;
    const char *parity = getenv("FUS_PARITY_DIR"), *shared = getenv("FUS_SHARED_DIR");
    char from[512];
    if (parity != NULL)
        snprintf(from, sizeof(from), "%s/models", parity);
    else
        snprintf(from, sizeof(from), "%s/parity/models",
                 shared != NULL ? shared : FUS_SOURCE_ROOT "/../shared");
    if (!fus_fs_exists(from)) {
        print_message("no %s\n", from);
        skip();
    }
    (void)folder;
    FUS_CLEANUP(fus_runtime_free) struct fus_runtime *runtime = NULL;
    assert_int_equal(fus_runtime_open(NULL, &runtime, NULL), 0);
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(runtime, from, &models, NULL), 0);
    size_t opened = 0, failed = 0;
    for (size_t i = 0; i < fus_models_count(models); i++) {
        const struct fus_model *model = fus_models_at(models, i);
        struct fus_session *session = NULL;
        struct fus_error err = {0};
        if (model->builtin || model->file[0] == '\0' || !fus_models_installed(models, model))
            continue;
        opened++;
        if (fus_models_session(models, model, 1, &session, &err) != 0) {
            print_message("%s: %s\n", model->id, err.detail);
            failed++;
        }
    }
    assert_true(opened > 10);
    assert_int_equal(failed, 0);
}

int main(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_their_definitions),
        cmocka_unit_test(a_hash_file_is_eight_hex_digits),
        WITH_FOLDER(what_lies_beside_a_file_decides),
        WITH_FOLDER(a_record_comes_before_the_hash_and_that_before_the_row),
        WITH_FOLDER(a_record_leaves_the_rest_of_the_manifest_alone),
        WITH_FOLDER(a_file_is_measured_once_for_each_change),
        WITH_FOLDER(a_folder_that_cannot_be_written_is_used_all_the_same),
        WITH_FOLDER(states_tell_without_measuring),
        WITH_FOLDER(the_commercial_policy_refuses_what_is_not_for_it),
        WITH_FOLDER(stand_ins_fit_their_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
