/* Real pictures, looked at by real nets. The pictures are in the folder shared beside the checkout;
 * where they are missing those tests say so and are skipped. */
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
#include "faces/analyser.h"
#include "fake.h"
#include "media/still.h"
#include "vision/color.h"

struct room {
    struct fus_runtime *runtime;
    struct fus_models *models;     /* of an empty folder: the built-ins */
    struct fus_analyser *analyser; /* defaults */
    struct fus_faces faces;
};

static void shared_path(const char *sub, const char *variable, char *out, size_t size)
{
    const char *own = variable ? getenv(variable) : NULL, *shared = getenv("FUS_SHARED_DIR");
    if (own != NULL)
        snprintf(out, size, "%s", own);
    else
        snprintf(out, size, "%s/%s", shared ? shared : FUS_SOURCE_ROOT "/../shared", sub);
}

static int open_room(void **state)
{
    struct room *room = calloc(1, sizeof(*room));
    const struct fus_analyser_options options = {.threads = 1};
    int rc = fus_runtime_open(NULL, &room->runtime, NULL);
    if (rc == 0)
        rc = fus_models_open(room->runtime, NULL, &room->models, NULL);
    if (rc == 0)
        rc = fus_analyser_new(room->models, &options, &room->analyser, NULL);
    *state = room;
    return rc;
}

static int close_room(void **state)
{
    struct room *room = *state;
    fus_analyser_free(room->analyser);
    fus_models_free(room->models);
    fus_runtime_free(room->runtime);
    free(room);
    return 0;
}

/* Skips the test if the picture is not there. */
static void read_picture(const char *name, struct fus_still *still)
{
    char folder[512], path[768];
    shared_path("media", "FUS_MEDIA_DIR", folder, sizeof(folder));
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (!fus_fs_exists(path)) {
        print_message("skipped: %s is not there\n", name);
        skip();
    }
    struct fus_media_limits limits;
    struct fus_error err = {0};
    fus_media_limits_default(&limits);
    if (fus_still_read(path, &limits, still, &err) != 0)
        fail_msg("%s: %s", name, err.detail);
}

static void find(struct room *room, const struct fus_image *image)
{
    struct fus_error err = {0};
    if (fus_analyser_find(room->analyser, image, &room->faces, &err) != 0)
        fail_msg("%s", err.detail);
}

static void one_face_is_found_in_a_portrait(void **state)
{
    struct room *room = *state;
    FUS_AUTO_STILL struct fus_still still = {0};
    read_picture("images/mona_lisa.jpg", &still);
    find(room, &still.image);
    assert_int_equal(room->faces.count, 1);
    const struct fus_face *face = &room->faces.items[0];
    assert_true(face->score > 0.8f && face->landmark_score > 0.9f);
    assert_int_equal(face->track_id, 0);
    struct fus_point eye = face->points_5[0];
    assert_true(eye.x > face->box.x1 && eye.x < face->box.x2 && eye.y > face->box.y1 &&
                eye.y < face->box.y2);
    assert_memory_equal(face->landmarks_68, face->landmarks_68_raw, sizeof(face->landmarks_68));
}

static void pictures_without_faces_give_none(void **state)
{
    static const char *const NAMES[] = {"images/chelsea.png", "images/coffee.png",
                                        "images/rocket.jpg", "images/kodim03.png",
                                        "images/kodim23.png"};
    struct room *room = *state;
    for (size_t i = 0; i < FUS_COUNT(NAMES); i++) {
        FUS_AUTO_STILL struct fus_still still = {0};
        read_picture(NAMES[i], &still);
        find(room, &still.image);
        if (room->faces.count != 0)
            fail_msg("%s: %zu faces, the first of score %.2f and %.2f", NAMES[i], room->faces.count,
                     (double)room->faces.items[0].score,
                     (double)room->faces.items[0].landmark_score);
    }
}

static void several_faces_come_best_first(void **state)
{
    struct room *room = *state;
    FUS_AUTO_STILL struct fus_still still = {0};
    read_picture("images/raphael_sistine_madonna.jpg", &still);
    find(room, &still.image);
    assert_in_range(room->faces.count, 4, 8);
    for (size_t i = 1; i < room->faces.count; i++)
        assert_true(room->faces.items[i - 1].score >= room->faces.items[i].score);
}

/* The five reference points of the pairs' faces (../shared/builtin/mesh_blend/pairs.txt). */
struct wanted {
    char name[64];
    struct fus_point points[5];
};

static size_t read_pairs(struct wanted *out, size_t max)
{
    char path[768];
    shared_path("builtin/mesh_blend/pairs.txt", NULL, path, sizeof(path));
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    char line[1024];
    size_t count = 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        char *rest = line, *token;
        if (line[0] == '#')
            continue;
        for (int side = 0; side < 2 && count < max; side++) {
            struct wanted w = {{0}, {{0, 0}}};
            token = strtok_r(rest, " \n", &rest);
            if (token == NULL)
                break;
            snprintf(w.name, sizeof(w.name), "%s", token);
            for (int i = 0; i < 10; i++) {
                token = strtok_r(rest, " \n", &rest);
                assert_non_null(token);
                float v = strtof(token, NULL);
                *(i % 2 ? &w.points[i / 2].y : &w.points[i / 2].x) = v;
            }
            bool known = false;
            for (size_t i = 0; i < count; i++)
                known = known || memcmp(&out[i], &w, sizeof(w)) == 0;
            if (!known)
                out[count++] = w;
        }
    }
    fclose(file);
    return count;
}

static void the_pairs_faces_are_where_the_reference_says(void **state)
{
    struct room *room = *state;
    static struct wanted wanted[80];
    size_t count = read_pairs(wanted, FUS_COUNT(wanted)), found = 0;
    if (count == 0) {
        print_message("skipped: pairs.txt is not there\n");
        skip();
    }
    double errors = 0;
    char last[64] = "";
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) { /* picture by picture, each read once */
            if (strcmp(wanted[k].name, wanted[i].name) != 0)
                continue;
            if (k < i)
                break;
            if (strcmp(last, wanted[k].name) != 0) {
                FUS_AUTO_STILL struct fus_still still = {0};
                read_picture(wanted[k].name, &still);
                find(room, &still.image);
                strcpy(last, wanted[k].name);
            }
            struct fus_point centre = fus_face_centre(wanted[k].points);
            bool hit = false;
            for (size_t f = 0; f < room->faces.count && !hit; f++) {
                const struct fus_face *face = &room->faces.items[f];
                float eyes = fus_face_eye_distance(face);
                struct fus_point c = fus_face_centre(face->points_5);
                if (hypotf(c.x - centre.x, c.y - centre.y) > 0.5f * eyes)
                    continue;
                hit = true;
                for (int p = 0; p < 5; p++)
                    errors += (double)(hypotf(face->points_5[p].x - wanted[k].points[p].x,
                                              face->points_5[p].y - wanted[k].points[p].y) /
                                       eyes) /
                              5;
            }
            found += hit;
            if (!hit)
                print_message("not found: %s at %.0f, %.0f\n", wanted[k].name, (double)centre.x,
                              (double)centre.y);
        }
    }
    print_message("%zu of %zu faces found, mean error %.3f eye distances\n", found, count,
                  errors / (double)found);
    assert_true(found + 2 >= count); /* a full profile and a face cut by the edge are not found */
    assert_true(errors / (double)found < 0.08);
}

static void to_yuv(const struct fus_image *bgr, enum fus_pixel_format format, struct fus_image *yuv)
{
    assert_int_equal(fus_image_alloc(yuv, format, bgr->width, bgr->height, NULL), 0);
    yuv->matrix = FUS_MATRIX_BT709;
    yuv->full_range = false;
    struct fus_rect all = {0, 0, bgr->width, bgr->height};
    fus_color_from_bgr(yuv, all, bgr->plane[0], bgr->stride_bytes[0], NULL, 0);
}

static void a_yuv_frame_gives_the_points_of_its_picture(void **state)
{
    struct room *room = *state;
    FUS_AUTO_STILL struct fus_still still = {0};
    read_picture("images/mona_lisa.jpg", &still);
    find(room, &still.image);
    struct fus_face want = room->faces.items[0];
    for (int format = FUS_PIXEL_YUV420P8; format <= FUS_PIXEL_YUV444P8; format++) {
        FUS_AUTO_IMAGE struct fus_image yuv = {0};
        to_yuv(&still.image, (enum fus_pixel_format)format, &yuv);
        find(room, &yuv);
        assert_int_equal(room->faces.count, 1);
        float eyes = fus_face_eye_distance(&want), sum = 0;
        for (int i = 0; i < 68; i++)
            sum += hypotf(room->faces.items[0].landmarks_68[i].x - want.landmarks_68[i].x,
                          room->faces.items[0].landmarks_68[i].y - want.landmarks_68[i].y);
        assert_true(sum / 68 / eyes < 0.02f);
    }
}

static void a_frame_after_the_first_allocates_nothing(void **state)
{
    struct room *room = *state;
    FUS_AUTO_STILL struct fus_still still = {0};
    read_picture("images/raphael_sistine_madonna.jpg", &still);
    FUS_AUTO_IMAGE struct fus_image yuv = {0};
    to_yuv(&still.image, FUS_PIXEL_YUV420P8, &yuv);
    find(room, &yuv);
    size_t before = room->faces.count;
    fus_mem_fail_after(0);
    int rc = fus_analyser_find(room->analyser, &yuv, &room->faces, NULL);
    bool failed = fus_mem_failed();
    fus_mem_fail_off();
    assert_int_equal(rc, 0);
    assert_false(failed);
    assert_int_equal(room->faces.count, before);
}

/* A models folder with yunet_n_dynamic under a row of its own, and yunet's own file. */
static void yunet_runs_by_its_manifest_rows(void **state)
{
    struct room *room = *state;
    char models_dir[512], folder[] = "/tmp/fus-yunet-XXXXXX", path[768], target[768];
    shared_path("models", "FUS_MODELS_DIR", models_dir, sizeof(models_dir));
    snprintf(target, sizeof(target), "%s/yunet_n_dynamic.onnx", models_dir);
    if (!fus_fs_exists(target)) {
        print_message("skipped: yunet_n_dynamic.onnx is not there\n");
        skip();
    }
    FUS_AUTO_STILL struct fus_still still = {0};
    read_picture("images/raphael_sistine_madonna.jpg", &still);
    assert_non_null(mkdtemp(folder));
    FUS_AUTO_FREE char *real = realpath(models_dir, NULL);
    static const char *const FILES[] = {"yunet_n_dynamic.onnx", "yunet_2023_mar.onnx",
                                        "scrfd_2.5g.onnx"};
    for (size_t i = 0; i < FUS_COUNT(FILES); i++) {
        snprintf(target, sizeof(target), "%s/%s", real, FILES[i]);
        snprintf(path, sizeof(path), "%s/%s", folder, FILES[i]);
        assert_int_equal(symlink(target, path), 0);
    }
    static const char MANIFEST[] =
        "{\"manifest_version\": 1, \"files\": {\"scrfd_2.5g.onnx\": {\"sha256\": \""
        "8d815903b6e1ba42fe38c3f0fafe1c50d476f49682074ddfef7f9e099a0afa03\"}},"
        "\"models\": [{\"id\": \"yunet_n\", \"role\": \"face_detector\","
        "\"family\": \"yunet\", \"file\": \"yunet_n_dynamic.onnx\", \"license\": \"Apache-2.0\","
        "\"sha256\": \"104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12\","
        "\"multiple\": 32, \"score_rule\": \"product\", \"score_threshold\": 0.5}]}";
    snprintf(path, sizeof(path), "%s/manifest.json", folder);
    assert_int_equal(fus_fs_write_atomic(path, MANIFEST, strlen(MANIFEST), 0600, NULL), 0);
    static const char *const IDS[] = {"yunet_n", "yunet", "scrfd"};
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(room->runtime, folder, &models, NULL), 0);
    for (size_t i = 0; i < FUS_COUNT(IDS); i++) {
        FUS_CLEANUP(fus_analyser_free) struct fus_analyser *analyser = NULL;
        const struct fus_analyser_options options = {.detector_model = IDS[i], .threads = 1};
        struct fus_error err = {0};
        if (fus_analyser_new(models, &options, &analyser, &err) != 0)
            fail_msg("%s: %s", IDS[i], err.detail);
        const struct fus_model *rows[FUS_ANALYSER_MODELS_MAX];
        assert_true(fus_analyser_models(analyser, rows, FUS_COUNT(rows)) >= 2);
        assert_string_equal(rows[0]->id, IDS[i]);
        assert_int_equal(fus_analyser_find(analyser, &still.image, &room->faces, NULL), 0);
        print_message("%s: %zu faces, best %.2f\n", IDS[i], room->faces.count,
                      (double)room->faces.items[0].score);
        assert_in_range(room->faces.count, 4, 8);
        for (size_t f = 0; f < room->faces.count; f++) {
            const struct fus_face *face = &room->faces.items[f];
            float eyes = fus_face_eye_distance(face);
            for (int p = 0; p < 5; p++)
                assert_true(hypotf(face->points_5[p].x - face->detector_5[p].x,
                                   face->points_5[p].y - face->detector_5[p].y) < 0.6f * eyes);
        }
    }
    assert_int_equal(fus_fs_remove_tree(folder, NULL), 0);
}

static void a_named_model_that_is_missing_is_not_replaced(void **state)
{
    struct room *room = *state;
    struct fus_analyser *analyser = NULL;
    struct fus_error err = {0};
    struct fus_analyser_options options = {.detector_model = "retinaface", .threads = 1};
    assert_int_equal(fus_analyser_new(room->models, &options, &analyser, &err),
                     FUS_E_MODEL_NOT_FOUND);
    assert_non_null(strstr(err.detail, "retinaface"));
    options = (struct fus_analyser_options){.landmarker_model = "2dfan4", .threads = 1};
    assert_int_equal(fus_analyser_new(room->models, &options, &analyser, &err),
                     FUS_E_MODEL_NOT_FOUND);
    assert_null(analyser);
}

static void pictures_of_any_shape_and_kind_are_taken(void **state)
{
    struct room *room = *state;
    static const int SIZES[][2] = {{1, 1}, {7, 500}, {2000, 3}, {33, 31}, {640, 640}, {1281, 721}};
    for (size_t i = 0; i < FUS_COUNT(SIZES); i++) {
        for (int format = FUS_PIXEL_BGR8; format <= FUS_PIXEL_YUV444P8; format++) {
            FUS_AUTO_IMAGE struct fus_image image = {0};
            assert_int_equal(fus_image_alloc(&image, (enum fus_pixel_format)format, SIZES[i][0],
                                             SIZES[i][1], NULL),
                             0);
            for (int p = 0; p < (fus_image_is_yuv(&image) ? 3 : 1); p++) {
                int sy = p > 0 ? fus_image_chroma_shift_y(image.format) : 0;
                memset(image.plane[p], 100,
                       (size_t)((image.height + sy) >> sy) * (size_t)image.stride_bytes[p]);
            }
            find(room, &image);
            assert_int_equal(room->faces.count, 0);
            struct fus_point points[68], five[5];
            fake_points(-30, 1e6f, 12, points);
            fus_face_points_5(points, five);
            const struct fus_box box = {-42, 1e6f - 12, -18, 1e6f + 12};
            struct fus_face face = {.landmark_score = 9};
            assert_int_equal(
                fus_analyser_landmarks(room->analyser, &image, &box, five, 2, &face, NULL), 0);
            assert_true(face.landmark_score < 0.5f);
            memset(five, 0, sizeof(five));
            assert_int_equal(
                fus_analyser_landmarks(room->analyser, &image, &box, five, 2, &face, NULL), 0);
            assert_float_equal(face.landmark_score, 0, 0);
        }
    }
}

static void lack_of_memory_is_an_error(void **state)
{
    struct room *room = *state;
    FUS_AUTO_IMAGE struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_YUV420P8, 200, 100, NULL), 0);
    bool failed = true;
    for (int k = 0; failed && k < 200; k++) {
        FUS_CLEANUP(fus_analyser_free) struct fus_analyser *analyser = NULL;
        const struct fus_analyser_options options = {.threads = 1};
        fus_mem_fail_after(k);
        int rc = fus_analyser_new(room->models, &options, &analyser, NULL);
        if (rc == 0)
            rc = fus_analyser_find(analyser, &image, &room->faces, NULL);
        failed = fus_mem_failed();
        fus_mem_fail_off();
        assert_int_equal(rc, failed ? FUS_E_OUT_OF_MEMORY : 0);
    }
    assert_false(failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_face_is_found_in_a_portrait),
        cmocka_unit_test(pictures_without_faces_give_none),
        cmocka_unit_test(several_faces_come_best_first),
        cmocka_unit_test(the_pairs_faces_are_where_the_reference_says),
        cmocka_unit_test(a_yuv_frame_gives_the_points_of_its_picture),
        cmocka_unit_test(a_frame_after_the_first_allocates_nothing),
        cmocka_unit_test(yunet_runs_by_its_manifest_rows),
        cmocka_unit_test(a_named_model_that_is_missing_is_not_replaced),
        cmocka_unit_test(pictures_of_any_shape_and_kind_are_taken),
        cmocka_unit_test(lack_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, open_room, close_room);
}
