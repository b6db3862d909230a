/* FaceFusion's face models, run by the analyser: stand-ins of the real names and shapes
 * (../shared/parity/models). Where they are missing the tests say so and are skipped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "faces/analyser.h"
#include "faces/selector.h"
#include "faces/tracker.h"
#include "fake.h"
#include "media/still.h"
#include "vision/color.h"

enum { ALL = FUS_FACE_HAS_EMBEDDING | FUS_FACE_HAS_CLASSES };

struct room {
    struct fus_runtime *runtime;
    struct fus_models *models;
    char folder[512];
    bool there;
    struct fus_faces faces, more;
};

static int open_room(void **state)
{
    struct room *room = calloc(1, sizeof(*room));
    const char *own = getenv("FUS_PARITY_DIR"), *shared = getenv("FUS_SHARED_DIR");
    char models[600];
    *state = room;
    if (own != NULL)
        snprintf(room->folder, sizeof(room->folder), "%s", own);
    else
        snprintf(room->folder, sizeof(room->folder), "%s/parity",
                 shared ? shared : FUS_SOURCE_ROOT "/../shared");
    snprintf(models, sizeof(models), "%s/models", room->folder);
    room->there = fus_fs_exists(models);
    int rc = fus_runtime_open(NULL, &room->runtime, NULL);
    if (rc == 0)
        rc = fus_models_open(room->runtime, room->there ? models : NULL, &room->models, NULL);
    return rc;
}

static int close_room(void **state)
{
    struct room *room = *state;
    fus_models_free(room->models);
    fus_runtime_free(room->runtime);
    free(room);
    return 0;
}

static struct fus_analyser *make(struct room *room, struct fus_analyser_options options)
{
    struct fus_analyser *analyser = NULL;
    struct fus_error err = {0};
    if (!room->there) {
        print_message("# skipped: no stand-in models\n");
        skip();
    }
    options.threads = 1;
    if (fus_analyser_new(room->models, &options, &analyser, &err) != 0)
        fail_msg("%s", err.detail);
    return analyser;
}

static void picture(const struct room *room, const char *name, struct fus_still *still)
{
    char path[700];
    struct fus_media_limits limits;
    struct fus_error err = {0};
    snprintf(path, sizeof(path), "%s/inputs/%s", room->folder, name);
    if (!fus_fs_exists(path)) {
        print_message("# skipped: no %s\n", name);
        skip();
    }
    fus_media_limits_default(&limits);
    if (fus_still_read(path, &limits, still, &err) != 0)
        fail_msg("%s: %s", name, err.detail);
}

static void find(struct fus_analyser *analyser, const struct fus_image *image,
                 struct fus_faces *faces)
{
    struct fus_error err = {0};
    if (fus_analyser_find(analyser, image, faces, &err) != 0)
        fail_msg("%s", err.detail);
}

static float apart(const struct fus_point *a, const struct fus_point *b, size_t count)
{
    float most = 0;
    for (size_t i = 0; i < count; i++)
        most = fmaxf(most, hypotf(a[i].x - b[i].x, a[i].y - b[i].y));
    return most;
}

static void the_defaults_are_facefusions_where_they_are_installed(void **state)
{
    struct room *room = *state;
    FUS_CLEANUP(fus_analyser_free)
    struct fus_analyser *analyser = make(room, (struct fus_analyser_options){.wants = ALL});
    const struct fus_model *rows[FUS_ANALYSER_MODELS_MAX];
    static const char *const IDS[] = {"yolo_face", "2dfan4", "fan_68_5", "arcface", "fairface"};
    assert_int_equal(fus_analyser_models(analyser, rows, FUS_COUNT(rows)), FUS_COUNT(IDS));
    for (size_t i = 0; i < FUS_COUNT(IDS); i++)
        assert_string_equal(rows[i]->id, IDS[i]);
    assert_int_equal(fus_analyser_models(analyser, rows, 2), 2);
    assert_false(fus_analyser_detects_only(analyser));
    assert_true(fus_analyser_can_embed(room->models));
}

static void a_face_has_all_that_was_asked_for(void **state)
{
    struct room *room = *state;
    FUS_CLEANUP(fus_analyser_free)
    struct fus_analyser *analyser = make(room, (struct fus_analyser_options){.wants = ALL});
    FUS_AUTO_STILL struct fus_still still = {0};
    picture(room, "mona_lisa.png", &still);
    find(analyser, &still.image, &room->faces);
    assert_int_equal(room->faces.count, 1);
    const struct fus_face *face = &room->faces.items[0];
    float eyes = fus_face_eye_distance(face);
    assert_true(face->score > 0.6f && face->landmark_score > 0.5f);
    assert_int_equal(face->has, FUS_FACE_HAS_68_5 | ALL);
    assert_int_equal(face->angle, 0);
    assert_true(apart(face->points_5, face->detector_5, 5) < 0.4f * eyes);
    assert_true(apart(face->landmarks_68, face->landmarks_68_5, 68) < eyes);
    struct fus_point five[5];
    fus_face_points_5(face->landmarks_68, five);
    assert_memory_equal(five, face->points_5, sizeof(five));
    double length = 0;
    for (size_t i = 0; i < FUS_EMBEDDING_SIZE; i++)
        length += (double)face->embedding_norm[i] * (double)face->embedding_norm[i];
    assert_float_equal(length, 1, 1e-5);
    assert_true(face->race != FUS_RACE_UNKNOWN && face->gender != FUS_GENDER_UNKNOWN);
    assert_true(face->age_end > face->age_start);
}

static void what_is_not_asked_for_is_not_computed_but_can_be_added(void **state)
{
    struct room *room = *state;
    FUS_CLEANUP(fus_analyser_free)
    struct fus_analyser *lazy = make(room, (struct fus_analyser_options){.may_want = ALL});
    FUS_CLEANUP(fus_analyser_free)
    struct fus_analyser *eager = make(room, (struct fus_analyser_options){.wants = ALL});
    FUS_AUTO_STILL struct fus_still still = {0};
    picture(room, "mona_lisa.png", &still);
    find(lazy, &still.image, &room->faces);
    find(eager, &still.image, &room->more);
    struct fus_face *face = &room->faces.items[0];
    assert_int_equal(face->has, FUS_FACE_HAS_68_5);
    assert_int_equal(fus_analyser_add(lazy, &still.image, FUS_FACE_HAS_EMBEDDING, face, NULL), 0);
    assert_int_equal(face->has, FUS_FACE_HAS_68_5 | FUS_FACE_HAS_EMBEDDING);
    assert_int_equal(fus_analyser_add(lazy, &still.image, ALL, face, NULL), 0);
    assert_memory_equal(face->embedding, room->more.items[0].embedding, sizeof(face->embedding));
    assert_int_equal(face->race, room->more.items[0].race);
    assert_int_equal(face->has, FUS_FACE_HAS_68_5 | ALL);
}

static void detectors_agree_about_a_portrait(void **state)
{
    struct room *room = *state;
    static const char *const IDS[] = {"yolo_face", "scrfd", "yunet"};
    static const char *const PICTURES[] = {"mona_lisa.png", "girl_with_a_pearl_earring.png",
                                           "astronaut.png", "vigee_le_brun_straw_hat.png"};
    for (size_t p = 0; p < FUS_COUNT(PICTURES); p++) {
        FUS_AUTO_STILL struct fus_still still = {0};
        if (room->there)
            picture(room, PICTURES[p], &still);
        for (size_t i = 0; i < FUS_COUNT(IDS); i++) {
            FUS_CLEANUP(fus_analyser_free)
            struct fus_analyser *analyser =
                make(room, (struct fus_analyser_options){.detector_model = IDS[i]});
            struct fus_faces *faces = i == 0 ? &room->faces : &room->more;
            find(analyser, &still.image, faces);
            assert_int_equal(faces->count, 1);
            float eyes = fus_face_eye_distance(&room->faces.items[0]);
            assert_true(apart(faces->items[0].detector_5, room->faces.items[0].detector_5, 5) <
                        0.25f * eyes);
            assert_true(apart(faces->items[0].landmarks_68, room->faces.items[0].landmarks_68, 68) <
                        0.3f * eyes);
        }
    }
}

static void other_sizes_are_for_the_convolutional_ones(void **state)
{
    struct room *room = *state;
    FUS_AUTO_STILL struct fus_still still = {0};
    if (room->there)
        picture(room, "astronaut.png", &still);
    static const int SIZES[] = {160, 320, 480, 512, 640};
    for (size_t i = 0; i < FUS_COUNT(SIZES); i++) {
        FUS_CLEANUP(fus_analyser_free)
        struct fus_analyser *analyser =
            make(room, (struct fus_analyser_options){.detector_model = "scrfd",
                                                     .detector_size = SIZES[i]});
        find(analyser, &still.image, &room->faces);
        assert_int_equal(room->faces.count, 1);
    }
    struct fus_analyser *none = NULL;
    struct fus_error err = {0};
    struct fus_analyser_options options = {
        .detector_model = "yolo_face", .detector_size = 320, .threads = 1};
    assert_int_equal(fus_analyser_new(room->models, &options, &none, &err),
                     FUS_E_INVALID_PARAMETER);
    assert_string_equal(err.pointer, "/parameters/face_detector_size");
    options.detector_model = "scrfd";
    options.detector_size = 352;
    assert_int_equal(fus_analyser_new(room->models, &options, &none, &err),
                     FUS_E_INVALID_PARAMETER);
}

/* A picture on its side: nothing upright, everything with the angle. */
static void turn_right(const struct fus_image *from, struct fus_image *to)
{
    assert_int_equal(fus_image_alloc(to, FUS_PIXEL_BGR8, from->height, from->width, NULL), 0);
    for (int y = 0; y < from->height; y++)
        for (int x = 0; x < from->width; x++)
            memcpy(to->plane[0] + x * to->stride_bytes[0] + 3 * (from->height - 1 - y),
                   from->plane[0] + y * from->stride_bytes[0] + 3 * x, 3);
}

static void turned_faces_are_found_at_their_angle(void **state)
{
    struct room *room = *state;
    FUS_CLEANUP(fus_analyser_free)
    struct fus_analyser *upright = make(room, (struct fus_analyser_options){0});
    FUS_CLEANUP(fus_analyser_free)
    struct fus_analyser *all =
        make(room, (struct fus_analyser_options){.angles = {0, 90, 180, 270}, .angle_count = 4});
    FUS_AUTO_STILL struct fus_still still = {0};
    FUS_AUTO_IMAGE struct fus_image side = {0}, head = {0};
    picture(room, "mona_lisa.png", &still);
    turn_right(&still.image, &side);
    turn_right(&side, &head);
    find(upright, &still.image, &room->faces);
    const struct fus_face *want = &room->faces.items[0];
    float eyes = fus_face_eye_distance(want);
    const struct fus_image *const images[] = {&still.image, &side, &head};
    for (int turns = 0; turns < 3; turns++) {
        find(all, images[turns], &room->more);
        assert_int_equal(room->more.count, 1);
        const struct fus_face *face = &room->more.items[0];
        assert_int_equal(face->angle, 90 * turns);
        struct fus_point back[68];
        for (int i = 0; i < 68; i++) {
            struct fus_point p = face->landmarks_68[i];
            if (turns == 1)
                p = (struct fus_point){p.y, (float)(still.image.height - 1) - p.x};
            if (turns == 2)
                p = (struct fus_point){(float)(still.image.width - 1) - p.x,
                                       (float)(still.image.height - 1) - p.y};
            back[i] = p;
        }
        float off = apart(back, want->landmarks_68, 68);
        print_message("# %d degrees: %.1f px of %.1f between the eyes\n", 90 * turns, (double)off,
                      (double)eyes);
        assert_true(off < 0.25f * eyes);
    }
}

static void a_margin_shows_what_fills_the_picture(void **state)
{
    struct room *room = *state;
    FUS_CLEANUP(fus_analyser_free)
    struct fus_analyser *bare = make(room, (struct fus_analyser_options){0});
    FUS_CLEANUP(fus_analyser_free)
    struct fus_analyser *wide =
        make(room, (struct fus_analyser_options){.margin = {20, 30, 40, 50}});
    FUS_AUTO_STILL struct fus_still still = {0};
    picture(room, "mona_lisa.png", &still);
    find(bare, &still.image, &room->faces);
    find(wide, &still.image, &room->more);
    assert_int_equal(room->more.count, 1);
    assert_true(apart(room->faces.items[0].detector_5, room->more.items[0].detector_5, 5) <
                0.2f * fus_face_eye_distance(&room->faces.items[0]));
}

static void without_a_landmarker_the_estimate_stands_in(void **state)
{
    struct room *room = *state;
    FUS_CLEANUP(fus_analyser_free)
    struct fus_analyser *off = make(room, (struct fus_analyser_options){.landmarker_off = true});
    FUS_CLEANUP(fus_analyser_free)
    struct fus_analyser *strict = make(room, (struct fus_analyser_options){.landmarker_score = 1});
    FUS_AUTO_STILL struct fus_still still = {0};
    picture(room, "astronaut.png", &still);
    const struct fus_model *rows[FUS_ANALYSER_MODELS_MAX];
    assert_int_equal(fus_analyser_models(off, rows, FUS_COUNT(rows)), 2);
    assert_true(fus_analyser_detects_only(off));
    find(off, &still.image, &room->faces);
    const struct fus_face *face = &room->faces.items[0];
    assert_int_equal(room->faces.count, 1);
    assert_float_equal(face->landmark_score, 0, 0);
    assert_memory_equal(face->landmarks_68, face->landmarks_68_5, sizeof(face->landmarks_68));
    assert_memory_equal(face->points_5, face->detector_5, sizeof(face->points_5));
    /* A score that fails: the 68 stay, the five are the detector's. */
    find(strict, &still.image, &room->faces);
    assert_true(face->landmark_score > 0.5f && face->landmark_score < 1);
    assert_memory_equal(face->points_5, face->detector_5, sizeof(face->points_5));
    assert_true(memcmp(face->landmarks_68, face->landmarks_68_5, sizeof(face->landmarks_68)) != 0);
}

static void a_detector_score_of_zero_finds_nothing(void **state)
{
    struct room *room = *state;
    FUS_CLEANUP(fus_analyser_free)
    struct fus_analyser *off = make(room, (struct fus_analyser_options){.detector_off = true});
    FUS_AUTO_STILL struct fus_still still = {0};
    picture(room, "astronaut.png", &still);
    find(off, &still.image, &room->faces);
    assert_int_equal(room->faces.count, 0);
}

static void groups_are_found_best_first(void **state)
{
    struct room *room = *state;
    FUS_CLEANUP(fus_analyser_free)
    struct fus_analyser *analyser =
        make(room, (struct fus_analyser_options){.wants = FUS_FACE_HAS_EMBEDDING});
    FUS_AUTO_STILL struct fus_still still = {0};
    picture(room, "raphael_sistine_madonna.png", &still);
    find(analyser, &still.image, &room->faces);
    assert_in_range(room->faces.count, 3, 8);
    for (size_t i = 0; i < room->faces.count; i++) {
        assert_int_equal(room->faces.items[i].track_id, i);
        for (size_t k = 0; k < i; k++) {
            assert_true(room->faces.items[k].score >= room->faces.items[i].score);
            assert_true(fus_face_distance(&room->faces.items[k], &room->faces.items[i]) > 0.05);
        }
    }
}

static void a_person_is_nearer_to_herself_than_to_others(void **state)
{
    struct room *room = *state;
    FUS_CLEANUP(fus_analyser_free)
    struct fus_analyser *analyser =
        make(room, (struct fus_analyser_options){.wants = FUS_FACE_HAS_EMBEDDING});
    FUS_AUTO_STILL struct fus_still a = {0}, b = {0}, c = {0};
    picture(room, "astronaut.png", &a);
    picture(room, "astronaut.jpg", &b);
    picture(room, "mona_lisa.png", &c);
    find(analyser, &a.image, &room->faces);
    struct fus_face first = room->faces.items[0];
    find(analyser, &b.image, &room->faces);
    find(analyser, &c.image, &room->more);
    double same = fus_face_distance(&first, &room->faces.items[0]);
    double other = fus_face_distance(&first, &room->more.items[0]);
    print_message("# the same %.3f, another %.3f\n", same, other);
    assert_true(same < 0.05 && other > 0.2);
}

static void a_yuv_frame_is_looked_at_in_bgr(void **state)
{
    struct room *room = *state;
    FUS_CLEANUP(fus_analyser_free)
    struct fus_analyser *analyser = make(room, (struct fus_analyser_options){.wants = ALL});
    FUS_AUTO_STILL struct fus_still still = {0};
    FUS_AUTO_IMAGE struct fus_image yuv = {0};
    picture(room, "mona_lisa.png", &still);
    assert_int_equal(
        fus_image_alloc(&yuv, FUS_PIXEL_YUV444P8, still.image.width, still.image.height, NULL), 0);
    yuv.matrix = FUS_MATRIX_BT709;
    yuv.full_range = true;
    struct fus_rect all = {0, 0, yuv.width, yuv.height};
    fus_color_from_bgr(&yuv, all, still.image.plane[0], still.image.stride_bytes[0], NULL, 0);
    find(analyser, &still.image, &room->faces);
    find(analyser, &yuv, &room->more);
    assert_int_equal(room->more.count, 1);
    assert_true(apart(room->faces.items[0].landmarks_68, room->more.items[0].landmarks_68, 68) <
                0.05f * fus_face_eye_distance(&room->faces.items[0]));
    assert_true(fus_face_distance(&room->faces.items[0], &room->more.items[0]) < 0.01);
    /* and after that nothing is allocated */
    fus_mem_fail_after(0);
    int rc = fus_analyser_find(analyser, &yuv, &room->more, NULL);
    bool failed = fus_mem_failed();
    fus_mem_fail_off();
    assert_int_equal(rc, 0);
    assert_false(failed);
}

static void faces_are_followed_with_2dfan4_and_without(void **state)
{
    struct room *room = *state;
    FUS_AUTO_STILL struct fus_still still = {0};
    if (room->there)
        picture(room, "mona_lisa.png", &still);
    for (int off = 0; off < 2; off++) {
        FUS_CLEANUP(fus_analyser_free)
        struct fus_analyser *analyser =
            make(room, (struct fus_analyser_options){.landmarker_off = off != 0});
        FUS_CLEANUP(fus_tracker_free) struct fus_tracker *tracker = NULL;
        assert_int_equal(fus_tracker_new(analyser, NULL, &tracker, NULL), 0);
        for (int t = 0; t < 14; t++) {
            /* the picture moves to the left by two pixels a frame */
            struct fus_image frame = still.image;
            frame.plane[0] += 3 * 2 * t;
            frame.width -= 60;
            struct fus_error err = {0};
            if (fus_tracker_next(tracker, &frame, 40000 * t, -1, &room->faces, &err) != 0)
                fail_msg("%s", err.detail);
            assert_int_equal(room->faces.count, 1);
            assert_int_equal(room->faces.items[0].track_id, 0);
            assert_int_equal(room->faces.items[0].fresh, t == 0);
            if (t == 0)
                room->more = room->faces;
            float moved = room->more.items[0].landmarks_68_raw[30].x -
                          room->faces.items[0].landmarks_68_raw[30].x;
            assert_true(fabsf(moved - 2 * (float)t) < 6);
        }
    }
}

static void missing_models_are_named_with_the_command(void **state)
{
    struct room *room = *state;
    struct fus_analyser *none = NULL;
    static const struct fus_analyser_options CASES[] = {
        {.detector_model = "retinaface", .threads = 1},
        {.detector_model = "many", .threads = 1},
        {.landmarker_model = "peppa_wutz", .threads = 1},
        {.landmarker_model = "many", .threads = 1},
        {.detector_model = "never_heard_of", .threads = 1},
    };
    static const char *const NAMES[] = {"retinaface", "retinaface", "peppa_wutz", "peppa_wutz",
                                        "never_heard_of"};
    if (!room->there)
        skip();
    for (size_t i = 0; i < FUS_COUNT(CASES); i++) {
        struct fus_error err = {0};
        assert_int_equal(fus_analyser_new(room->models, &CASES[i], &none, &err),
                         FUS_E_MODEL_NOT_FOUND);
        assert_non_null(strstr(err.detail, NAMES[i]));
    }
    FUS_CLEANUP(fus_models_free) struct fus_models *bare = NULL;
    assert_int_equal(fus_models_open(room->runtime, NULL, &bare, NULL), 0);
    assert_false(fus_analyser_can_embed(bare));
    struct fus_analyser_options options = {.wants = FUS_FACE_HAS_EMBEDDING, .threads = 1};
    struct fus_error err = {0};
    assert_int_equal(fus_analyser_new(bare, &options, &none, &err), FUS_E_MODEL_NOT_FOUND);
    assert_non_null(strstr(err.detail, "arcface"));
    options.wants = 0;
    options.may_want = FUS_FACE_HAS_CLASSES;
    assert_int_equal(fus_analyser_new(bare, &options, &none, &err), FUS_E_MODEL_NOT_FOUND);
    assert_non_null(strstr(err.detail, "fairface"));
}

static void lack_of_memory_is_an_error(void **state)
{
    struct room *room = *state;
    FUS_AUTO_IMAGE struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_YUV420P8, 200, 100, NULL), 0);
    memset(image.plane[0], 90, (size_t)image.stride_bytes[0] * 100);
    fus_analyser_free(make(room, (struct fus_analyser_options){.wants = ALL})); /* sessions warm */
    bool failed = true;
    int errors = 0;
    for (int k = 0; failed && k < 200; k++) {
        FUS_CLEANUP(fus_analyser_free) struct fus_analyser *analyser = NULL;
        const struct fus_analyser_options options = {.wants = ALL,
                                                     .margin = {5, 5, 5, 5},
                                                     .angles = {0, 90},
                                                     .angle_count = 2,
                                                     .threads = 1};
        fus_mem_fail_after(k);
        int rc = fus_analyser_new(room->models, &options, &analyser, NULL);
        if (rc == 0)
            rc = fus_analyser_find(analyser, &image, &room->faces, NULL);
        failed = fus_mem_failed();
        fus_mem_fail_off();
        /* A model whose path finds no memory counts as not installed. */
        if (rc != FUS_E_OUT_OF_MEMORY && rc != FUS_E_MODEL_NOT_FOUND)
            assert_int_equal(rc, 0);
        errors += rc != 0;
        assert_true(failed || rc == 0);
    }
    assert_false(failed);
    assert_true(errors > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_facefusions_where_they_are_installed),
        cmocka_unit_test(a_face_has_all_that_was_asked_for),
        cmocka_unit_test(what_is_not_asked_for_is_not_computed_but_can_be_added),
        cmocka_unit_test(detectors_agree_about_a_portrait),
        cmocka_unit_test(other_sizes_are_for_the_convolutional_ones),
        cmocka_unit_test(turned_faces_are_found_at_their_angle),
        cmocka_unit_test(a_margin_shows_what_fills_the_picture),
        cmocka_unit_test(without_a_landmarker_the_estimate_stands_in),
        cmocka_unit_test(a_detector_score_of_zero_finds_nothing),
        cmocka_unit_test(groups_are_found_best_first),
        cmocka_unit_test(a_person_is_nearer_to_herself_than_to_others),
        cmocka_unit_test(a_yuv_frame_is_looked_at_in_bgr),
        cmocka_unit_test(faces_are_followed_with_2dfan4_and_without),
        cmocka_unit_test(missing_models_are_named_with_the_command),
        cmocka_unit_test(lack_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, open_room, close_room);
}
