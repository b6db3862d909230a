/* The rows that look at a face: landmarkers, recognizer, classifier; generated graphs through the
 * code that runs them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "faces/classifier.h"
#include "faces/estimator.h"
#include "faces/landmarker_net.h"
#include "faces/recognizer.h"
#include "project.h"
#include "rows.h"

static const struct normalisation plain = {.rgb = false, .deviation = {1, 1, 1}};

struct scene {
    struct fus_image image;
    struct fus_plane plane;
    struct ref_picture picture;
    struct fus_face *face;
};

static struct scene scene_new(double phase)
{
    struct scene scene = {.image = rows_picture(420, 380, phase)};
    scene.plane =
        (struct fus_plane){scene.image.plane[0], scene.image.stride_bytes[0], 420, 380, 3};
    scene.picture = ref_picture_of(&scene.image);
    scene.face = calloc(1, sizeof(*scene.face));
    assert_non_null(scene.face);
    rows_face(scene.face, 200, 150, 84, 5);
    scene.face->has = 0;
    return scene;
}

static void scene_done(struct scene *scene)
{
    fus_image_done(&scene->image);
    ref_picture_free(&scene->picture);
    free(scene->face);
}

static void near(const char *what, double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s is %g, should be %g", what, got, want);
}

/* ---- landmarkers: points on a grid of 64 ---- */

static const struct projection points_of_fan = {256, 16, 204, 300, 0.1};

/* Where point k lies without the picture's share; the third column is no coordinate. */
static double base(int k, int column)
{
    return column == 0 ? 8 + 48.0 * (k % 17) / 16 : column == 1 ? 10 + 10.0 * (k / 17) : 0.8;
}

static void add_points(struct onnx *onnx, const char *output)
{
    float values[204];
    for (int i = 0; i < 204; i++)
        values[i] = (float)base(i / 3, i % 3);
    onnx_floats(onnx, "base", (int64_t[]){1, 204}, 2, values);
    /* the third column stays what it is */
    for (int i = 0; i < 204; i++)
        values[i] = i % 3 < 2;
    onnx_floats(onnx, "keep", (int64_t[]){1, 204}, 2, values);
    project_add(onnx, &points_of_fan, "input", "moves");
    onnx_node(onnx, "Mul", "moves keep", "moves_2");
    onnx_node(onnx, "Add", "moves_2 base", output);
}

/* Heat maps: mean of the channels over cells of 4 px, times 0.3 + k / 100. */
static void add_heat(struct onnx *onnx)
{
    float gains[68];
    for (int k = 0; k < 68; k++)
        gains[k] = (float)(0.3 + k / 100.0);
    onnx_floats(onnx, "gains", (int64_t[]){1, 68, 1, 1}, 4, gains);
    onnx_node(onnx, "AveragePool", "input", "cells");
    onnx_attribute_ints(onnx, "kernel_shape", (int64_t[]){4, 4}, 2);
    onnx_attribute_ints(onnx, "strides", (int64_t[]){4, 4}, 2);
    onnx_node(onnx, "ReduceMean", "cells", "light");
    onnx_attribute_ints(onnx, "axes", (int64_t[]){1}, 1);
    onnx_node(onnx, "Mul", "light gains", "heat");
    onnx_output(onnx, "heat", ONNX_FLOAT, (int64_t[]){1, 68, 64, 64}, 4);
}

static struct onnx *landmarker(bool fan)
{
    struct onnx *onnx = onnx_new();
    onnx_input(onnx, "input", ONNX_FLOAT, (int64_t[]){1, 3, 256, 256}, 4);
    add_points(onnx, "flat");
    if (!fan) {
        onnx_output(onnx, "flat", ONNX_FLOAT, (int64_t[]){1, 204}, 2);
        return onnx;
    }
    onnx_int64s(onnx, "grid", (int64_t[]){1, 68, 3}, 3);
    onnx_node(onnx, "Reshape", "flat grid", "points");
    onnx_output(onnx, "points", ONNX_FLOAT, (int64_t[]){1, 68, 3}, 3);
    add_heat(onnx);
    return onnx;
}

/* The crop by a box: 195 px for its longer side, centred; black outside. */
static struct ref_picture box_crop(const struct ref_picture *picture, const struct fus_box *box,
                                   double *scale, double shift[2])
{
    struct ref_picture crop = ref_picture_new(256, 256, 3);
    double width = (double)(box->x2 - box->x1), height = (double)(box->y2 - box->y1);
    *scale = 195 / fmax(width, height);
    shift[0] = (256 - (double)(box->x1 + box->x2) * *scale) / 2;
    shift[1] = (256 - (double)(box->y1 + box->y2) * *scale) / 2;
    for (int y = 0; y < 256; y++)
        for (int x = 0; x < 256; x++)
            for (int c = 0; c < 3; c++)
                ref_at(&crop, x, y)[c] = rint(ref_sample(picture, (x - shift[0]) / *scale,
                                                         (y - shift[1]) / *scale, c, false));
    return crop;
}

static double brightest_cell(const struct ref_picture *crop)
{
    double best = 0;
    for (int i = 0; i < 64 * 64; i++) {
        double sum = 0;
        for (int k = 0; k < 16; k++)
            for (int c = 0; c < 3; c++)
                sum += ref_at(crop, i % 64 * 4 + k % 4, i / 64 * 4 + k / 4)[c] / 255 / 48;
        best = fmax(best, sum);
    }
    return best;
}

static void check_landmarker(struct rows *rows, const char *id, bool fan)
{
    struct scene scene = scene_new(0.7);
    struct fus_landmarker_net *net = NULL;
    struct fus_error err = {0};
    struct fus_point points[68];
    double columns[204], scale, shift[2];
    float score = 0;
    bool found = false;
    rows_install(rows, rows_model(rows, "face_landmarker", id), landmarker(fan));
    const struct fus_model *row = rows_model(rows, "face_landmarker", id);
    if (fus_landmarker_net_new(rows->models, fan ? row : NULL, fan ? NULL : row, false, 2, &net,
                               &err) ||
        fus_landmarker_net_find(net, &scene.plane, &scene.face->box, 0, points, &score, &found,
                                &err))
        fail_msg("%s: %s", id, err.detail);
    assert_true(found);
    struct ref_picture crop = box_crop(&scene.picture, &scene.face->box, &scale, shift);
    project_expect(&points_of_fan, &plain, &crop, columns);
    for (int k = 0; k < 68; k++) {
        /* the contrast step's 8-bit colours move a point by less than this */
        near("a point's x", (double)points[k].x,
             ((base(k, 0) + columns[3 * k]) * 4 - shift[0]) / scale, 0.3);
        near("a point's y", (double)points[k].y,
             ((base(k, 1) + columns[3 * k + 1]) * 4 - shift[1]) / scale, 0.3);
    }
    near("the score", (double)score,
         fan ? fmin(brightest_cell(&crop) * (0.3 + 67 / 200.0) / 0.9, 1) : 0.8 / 0.95, 0.01);
    fus_landmarker_net_free(net);
    ref_picture_free(&crop);
    scene_done(&scene);
}

/* ---- fan_68_5: 68 points from five ---- */

static double share(int k, int i)
{
    return 0.1 * (rows_noise(900 + (unsigned)k, (unsigned)i) - 0.5);
}

static void check_estimator(struct rows *rows)
{
    struct scene scene = scene_new(0.2);
    struct fus_estimator *estimator = NULL;
    struct fus_error err = {0};
    float matrix[10 * 136], bias[136];
    for (int k = 0; k < 136; k++) {
        bias[k] = (float)(base(k / 2, k % 2) / 64);
        for (int i = 0; i < 10; i++)
            matrix[i * 136 + k] = (float)share(k, i);
    }
    struct onnx *onnx = onnx_new();
    onnx_input(onnx, "input", ONNX_FLOAT, (int64_t[]){1, 5, 2}, 3);
    onnx_int64s(onnx, "row", (int64_t[]){1, 10}, 2);
    onnx_int64s(onnx, "list", (int64_t[]){1, 68, 2}, 3);
    onnx_floats(onnx, "matrix", (int64_t[]){10, 136}, 2, matrix);
    onnx_floats(onnx, "bias", (int64_t[]){1, 136}, 2, bias);
    onnx_node(onnx, "Reshape", "input row", "flat");
    onnx_node(onnx, "MatMul", "flat matrix", "moved");
    onnx_node(onnx, "Add", "moved bias", "placed");
    onnx_node(onnx, "Reshape", "placed list", "output");
    onnx_output(onnx, "output", ONNX_FLOAT, (int64_t[]){1, 68, 2}, 3);
    rows_install(rows, rows_model(rows, "face_landmarker", "fan_68_5"), onnx);
    if (fus_estimator_new(rows->models, rows_model(rows, "face_landmarker", "fan_68_5"), 1,
                          &estimator, &err) ||
        fus_estimator_find(estimator, scene.face->points_5, scene.face, &err))
        fail_msg("fan_68_5: %s", err.detail);
    assert_true(scene.face->has & FUS_FACE_HAS_68_5);
    const struct ref_similarity m = ref_template("ffhq_512", scene.face->points_5, 1);
    const double det = m.a * m.a + m.b * m.b;
    for (int k = 0; k < 68; k++) {
        double out[2] = {base(k, 0) / 64, base(k, 1) / 64};
        for (int i = 0; i < 5; i++) {
            const double x = (double)scene.face->points_5[i].x,
                         y = (double)scene.face->points_5[i].y;
            const double u = m.a * x - m.b * y + m.tx, v = m.b * x + m.a * y + m.ty;
            for (int j = 0; j < 2; j++)
                out[j] += u * share(2 * k + j, 2 * i) + v * share(2 * k + j, 2 * i + 1);
        }
        const double p = out[0] - m.tx, q = out[1] - m.ty;
        near("x of a point", (double)scene.face->landmarks_68_5[k].x, (m.a * p + m.b * q) / det,
             0.01);
        near("y of a point", (double)scene.face->landmarks_68_5[k].y, (m.a * q - m.b * p) / det,
             0.01);
    }
    fus_estimator_free(estimator);
    scene_done(&scene);
}

static void every_landmarker_places_points_as_its_graph_means(void **state)
{
    struct rows *rows = *state;
    static struct rows_id ids[16];
    size_t count = rows_of(rows, "face_landmarker", ids, FUS_COUNT(ids));
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        if (fus_str_equal(ids[i].family, "fan_68_5"))
            check_estimator(rows);
        else if (fus_str_equal(ids[i].family, "2dfan4") ||
                 fus_str_equal(ids[i].family, "peppa_wutz"))
            check_landmarker(rows, ids[i].id, fus_str_equal(ids[i].family, "2dfan4"));
        else
            fail_msg("nothing generates a graph for %s", ids[i].id);
    }
}

/* ---- recognizer ---- */

static void the_recognizer_gives_the_numbers_of_its_graph(void **state)
{
    static const struct projection p = {112, 16, FUS_EMBEDDING_SIZE, 40, 2};
    static const struct normalisation n = {true, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};
    struct rows *rows = *state;
    static struct rows_id ids[4];
    struct scene scene = scene_new(1.1);
    struct fus_recognizer *recognizer = NULL;
    struct fus_error err = {0};
    double want[FUS_EMBEDDING_SIZE], length = 0;
    struct onnx *onnx = onnx_new();
    assert_int_equal(rows_of(rows, "face_recognizer", ids, FUS_COUNT(ids)), 1);
    onnx_input(onnx, "input", ONNX_FLOAT, (int64_t[]){1, 3, 112, 112}, 4);
    project_add(onnx, &p, "input", "output");
    onnx_output(onnx, "output", ONNX_FLOAT, (int64_t[]){1, FUS_EMBEDDING_SIZE}, 2);
    rows_install(rows, rows_model(rows, "face_recognizer", ids[0].id), onnx);
    if (fus_recognizer_new(rows->models, rows_model(rows, "face_recognizer", ids[0].id), false, 2,
                           &recognizer, &err) ||
        fus_recognizer_find(recognizer, &scene.plane, scene.face, &err))
        fail_msg("arcface: %s", err.detail);
    assert_true(scene.face->has & FUS_FACE_HAS_EMBEDDING);
    struct ref_picture crop =
        ref_crop(&scene.picture, ref_template("arcface_112_v2", scene.face->points_5, 112), 112);
    project_expect(&p, &n, &crop, want);
    for (int i = 0; i < FUS_EMBEDDING_SIZE; i++) {
        near("a number", (double)scene.face->embedding[i], want[i], 2e-3);
        length += want[i] * want[i];
    }
    for (int i = 0; i < FUS_EMBEDDING_SIZE; i++)
        near("a number of length 1", (double)scene.face->embedding_norm[i], want[i] / sqrt(length),
             1e-3);
    fus_recognizer_free(recognizer);
    ref_picture_free(&crop);
    scene_done(&scene);
}

/* ---- classifier ---- */

static const struct projection races = {224, 32, 7, 60, 1}, genders = {224, 32, 2, 70, 1},
                               ages = {224, 32, 9, 80, 1};

static struct onnx *classifier(void)
{
    static const struct projection *const parts[] = {&races, &genders, &ages};
    static const char *const names[] = {"race", "gender", "age"};
    static const char *const scores[] = {"race_scores", "gender_scores", "age_scores"};
    struct onnx *onnx = onnx_new();
    onnx_input(onnx, "input", ONNX_FLOAT, (int64_t[]){1, 3, 224, 224}, 4);
    for (int i = 0; i < 3; i++) {
        project_add(onnx, parts[i], "input", scores[i]);
        onnx_node(onnx, "ArgMax", scores[i], names[i]);
        onnx_attribute_int(onnx, "axis", 1);
        onnx_attribute_int(onnx, "keepdims", 0);
    }
    for (int i = 0; i < 3; i++)
        onnx_output(onnx, names[i], ONNX_INT64, (int64_t[]){1}, 1);
    return onnx;
}

static int best_of(const struct projection *p, const struct ref_picture *crop)
{
    static const struct normalisation n = {true, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
    double columns[9];
    int best = 0;
    project_expect(p, &n, crop, columns);
    for (int i = 1; i < p->columns; i++)
        if (columns[i] > columns[best])
            best = i;
    return best;
}

static void the_classifier_names_what_its_graph_means(void **state)
{
    static const enum fus_race race_of[7] = {FUS_RACE_WHITE, FUS_RACE_BLACK, FUS_RACE_LATINO,
                                             FUS_RACE_ASIAN, FUS_RACE_ASIAN, FUS_RACE_INDIAN,
                                             FUS_RACE_ARABIC};
    static const int age_of[9][2] = {{0, 2},   {3, 9},   {10, 19}, {20, 29}, {30, 39},
                                     {40, 49}, {50, 59}, {60, 69}, {70, 100}};
    struct rows *rows = *state;
    static struct rows_id ids[4];
    struct fus_classifier *net = NULL;
    struct fus_error err = {0};
    int kinds = 0, last = -1;
    assert_int_equal(rows_of(rows, "face_classifier", ids, FUS_COUNT(ids)), 1);
    rows_install(rows, rows_model(rows, "face_classifier", ids[0].id), classifier());
    if (fus_classifier_new(rows->models, rows_model(rows, "face_classifier", ids[0].id), false, 2,
                           &net, &err))
        fail_msg("fairface: %s", err.detail);
    for (int i = 0; i < 8; i++) {
        struct scene scene = scene_new(0.9 * i);
        if (fus_classifier_find(net, &scene.plane, scene.face, &err))
            fail_msg("fairface: %s", err.detail);
        struct ref_picture crop = ref_crop(
            &scene.picture, ref_template("arcface_112_v2", scene.face->points_5, 224), 224);
        const int age = best_of(&ages, &crop);
        assert_true(scene.face->has & FUS_FACE_HAS_CLASSES);
        assert_int_equal(scene.face->race, race_of[best_of(&races, &crop)]);
        assert_int_equal(scene.face->gender,
                         best_of(&genders, &crop) == 1 ? FUS_GENDER_FEMALE : FUS_GENDER_MALE);
        assert_int_equal(scene.face->age_start, age_of[age][0]);
        assert_int_equal(scene.face->age_end, age_of[age][1]);
        kinds += age != last;
        last = age;
        ref_picture_free(&crop);
        scene_done(&scene);
    }
    assert_true(kinds > 2); /* the pictures are not all alike to it */
    fus_classifier_free(net);
}

/* ---- the manifest ---- */

static void no_role_of_the_manifest_is_without_a_test(void **state)
{
    /* here and in test_detectors.c and test_gate.c; processors/test_net_swap.c,
     * test_face_enhancer.c, test_frame_enhancer.c; faces/test_masker.c */
    static const char *const tested[] = {
        "face_detector", "face_landmarker",     "face_recognizer",  "face_classifier",
        "face_occluder", "face_parser",         "content_analyser", "face_swapper",
        "face_enhancer", "embedding_converter", "frame_enhancer",
    };
    static const char *const not_built[] = {
        "age_modifier",        "background_remover", "deep_swapper",
        "expression_restorer", "face_editor",        "frame_colorizer",
        "lip_syncer",          "live_portrait",      "voice_extractor",
    };
    struct rows *rows = *state;
    for (size_t i = 0; i < fus_models_count(rows->models); i++) {
        const struct fus_model *model = fus_models_at(rows->models, i);
        bool known = false;
        for (size_t k = 0; k < FUS_COUNT(tested); k++)
            known = known || fus_str_equal(tested[k], model->role);
        for (size_t k = 0; k < FUS_COUNT(not_built); k++)
            known = known || fus_str_equal(not_built[k], model->role);
        if (!known)
            fail_msg("no test generates a graph for the role %s of %s", model->role, model->id);
    }
}

int main(void)
{
#define ROWS(test) cmocka_unit_test_setup_teardown(test, rows_set_up, rows_tear_down)
    const struct CMUnitTest tests[] = {
        ROWS(every_landmarker_places_points_as_its_graph_means),
        ROWS(the_recognizer_gives_the_numbers_of_its_graph),
        ROWS(the_classifier_names_what_its_graph_means),
        ROWS(no_role_of_the_manifest_is_without_a_test),
    };
    return cmocka_run_group_tests_name("rows/analysis", tests, NULL, NULL);
}
