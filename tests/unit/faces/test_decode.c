/* Decoders of FaceFusion's detectors, on made-up tensors and on recorded ones. */
#include "faces/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "recorded.h"

static struct fus_findings findings;
static const struct fus_decode PLAIN = {1, 1, 0.5f, false};

static int begin(void **state)
{
    (void)state;
    fus_findings_done(&findings);
    return 0;
}

static void two_anchors_a_cell_are_distances_to_the_sides(void **state)
{
    (void)state;
    float score[8] = {0}, bbox[32] = {0}, kps[80] = {0};
    score[7] = 0.9f; /* cell 3: row 1, column 1 of 2 columns; second anchor */
    bbox[28] = 1, bbox[29] = 2, bbox[30] = 3, bbox[31] = 4;
    kps[70] = -1, kps[71] = 0.5f;
    const struct fus_decode decode = {2, 3, 0.5f, false};
    const struct fus_grid grid = {2, 2, 8};
    assert_int_equal(fus_decode_scrfd(&decode, &grid, score, bbox, kps, &findings, NULL), 0);
    assert_int_equal(findings.count, 1);
    const double *box = findings.boxes[0];
    assert_true(box[0] == 0 && box[1] == -8 * 3 && box[2] == 32 * 2 && box[3] == 40 * 3);
    assert_true(findings.points_5[0][0][0] == 0 && findings.points_5[0][0][1] == 12 * 3);
    assert_true(findings.points_5[0][4][0] == 16 && findings.points_5[0][4][1] == 24);
}

static void yunets_score_is_the_product_or_by_the_rule_its_root(void **state)
{
    (void)state;
    float cls[6] = {0}, obj[6] = {0}, bbox[24] = {0}, kps[60] = {0};
    cls[4] = 0.81f, obj[4] = 0.64f; /* row 1, column 1 of 3 columns */
    bbox[16] = 0.5f, bbox[17] = 0.25f, bbox[18] = logf(4), bbox[19] = logf(2);
    kps[48] = 2, kps[49] = 3;
    const struct fus_grid grid = {3, 2, 16};
    assert_int_equal(
        fus_decode_yunet(&PLAIN, &grid, FUS_SCORE_PRODUCT, cls, obj, bbox, kps, &findings, NULL),
        0);
    assert_int_equal(findings.count, 1);
    assert_float_equal(findings.scores[0], 0.5184, 1e-6);
    const double *box = findings.boxes[0];
    assert_float_equal(box[0], 24 - 32, 1e-4);
    assert_float_equal(box[1], 20 - 16, 1e-4);
    assert_float_equal(box[2], 24 + 32, 1e-4);
    assert_float_equal(box[3], 20 + 16, 1e-4);
    assert_true(findings.points_5[0][4][0] == 48 && findings.points_5[0][4][1] == 64);
    assert_int_equal(fus_decode_yunet(&PLAIN, &grid, FUS_SCORE_SQRT_PRODUCT, cls, obj, bbox, kps,
                                      &findings, NULL),
                     0);
    assert_float_equal(findings.scores[1], 0.72, 1e-6);
}

enum { YOLO = 5 };

static void yolo(float out[FUS_YOLO_ROWS * YOLO], size_t column, float score)
{
    out[column] = 100, out[YOLO + column] = 60; /* centre */
    out[2 * YOLO + column] = 20, out[3 * YOLO + column] = 40;
    out[4 * YOLO + column] = score;
    for (size_t p = 0; p < 5; p++) {
        out[(5 + 3 * p) * YOLO + column] = (float)(90 + p);
        out[(6 + 3 * p) * YOLO + column] = (float)(50 + p);
        out[(7 + 3 * p) * YOLO + column] = 7777; /* confidence: not looked at */
    }
}

static void yolos_columns_are_centre_size_score_and_triples(void **state)
{
    (void)state;
    float out[FUS_YOLO_ROWS * YOLO] = {0};
    yolo(out, 3, 0.75f);
    const struct fus_decode decode = {1.5, 2, 0.5f, false};
    assert_int_equal(fus_decode_yolo(&decode, out, YOLO, &findings, NULL), 0);
    assert_int_equal(findings.count, 1);
    const double *box = findings.boxes[0];
    assert_true(box[0] == 135 && box[1] == 80 && box[2] == 165 && box[3] == 160);
    assert_true(findings.points_5[0][2][0] == 138 && findings.points_5[0][2][1] == 104);
    assert_true(findings.scores[0] == 0.75f);
}

/* FaceFusion 3.8 loses a level's only hit when it stands in row 0, and scores at the threshold. */
static void the_defects_come_back_on_demand(void **state)
{
    (void)state;
    float out[FUS_YOLO_ROWS * YOLO] = {0};
    struct fus_decode decode = PLAIN;
    yolo(out, 0, 0.5f);
    assert_int_equal(fus_decode_yolo(&decode, out, YOLO, &findings, NULL), 0);
    assert_int_equal(findings.count, 1);
    decode.compat = true;
    assert_int_equal(fus_decode_yolo(&decode, out, YOLO, &findings, NULL), 0);
    assert_int_equal(findings.count, 1);
    yolo(out, 0, 0.6f); /* above, but alone in row 0 */
    assert_int_equal(fus_decode_yolo(&decode, out, YOLO, &findings, NULL), 0);
    assert_int_equal(findings.count, 1);
    yolo(out, 2, 0.6f); /* with another it counts */
    assert_int_equal(fus_decode_yolo(&decode, out, YOLO, &findings, NULL), 0);
    assert_int_equal(findings.count, 3);

    float score[2] = {0.9f, 0}, bbox[8] = {0, 0, 1, 1}, kps[20] = {0};
    const struct fus_grid grid = {1, 1, 32};
    findings.count = 0;
    assert_int_equal(fus_decode_scrfd(&decode, &grid, score, bbox, kps, &findings, NULL), 0);
    assert_int_equal(findings.count, 0);
    assert_int_equal(fus_decode_scrfd(&PLAIN, &grid, score, bbox, kps, &findings, NULL), 0);
    assert_int_equal(findings.count, 1);
    assert_int_equal(fus_decode_yunet(&decode, &grid, FUS_SCORE_PRODUCT, score, score, bbox, kps,
                                      &findings, NULL),
                     0);
    assert_int_equal(findings.count, 1);
}

static void numbers_that_are_none_are_dropped(void **state)
{
    (void)state;
    float out[FUS_YOLO_ROWS * YOLO] = {0};
    yolo(out, 1, NAN);
    yolo(out, 2, 0.9f);
    out[YOLO + 2] = INFINITY;
    yolo(out, 3, 0.9f);
    out[19 * YOLO - YOLO + 3] = NAN;
    assert_int_equal(fus_decode_yolo(&PLAIN, out, YOLO, &findings, NULL), 0);
    assert_int_equal(findings.count, 0);
}

/* ------------------------------------------------------------------ recorded */

static void check(const char *folder, double tolerance)
{
    char name[160];
    snprintf(name, sizeof(name), "face_detector/%s/bounding_boxes.npy", folder);
    FUS_AUTO_NPY struct fus_npy boxes = recorded(name);
    snprintf(name, sizeof(name), "face_detector/%s/face_scores.npy", folder);
    FUS_AUTO_NPY struct fus_npy scores = recorded(name);
    snprintf(name, sizeof(name), "face_detector/%s/face_landmarks_5.npy", folder);
    FUS_AUTO_NPY struct fus_npy points = recorded(name);
    assert_int_equal(findings.count, scores.count);
    double worst = 0;
    for (size_t i = 0; i < findings.count; i++) {
        assert_float_equal((double)findings.scores[i], fus_npy_at(&scores, i), 1e-6);
        for (size_t k = 0; k < 4; k++)
            worst = fmax(worst, fabs(findings.boxes[i][k] - fus_npy_at(&boxes, 4 * i + k)));
        for (size_t k = 0; k < 10; k++)
            worst = fmax(
                worst, fabs(findings.points_5[i][k / 2][k % 2] - fus_npy_at(&points, 10 * i + k)));
    }
    print_message("# %s: %zu, off by %.2g px\n", folder, findings.count, worst);
    assert_true(worst <= tolerance);
}

static void scrfds_recorded_outputs_give_its_recorded_boxes(void **state)
{
    (void)state;
    const struct fus_decode decode = {1.6, 1.6, 0.5f, false};
    static const int STRIDES[] = {8, 16, 32};
    for (int s = 0; s < 3; s++) {
        struct fus_npy raw[3];
        for (int kind = 0; kind < 3; kind++) {
            char name[160];
            snprintf(name, sizeof(name),
                     "face_detector/scrfd/source_640x640/derived_raw_output_%02d.npy.gz",
                     3 * kind + s);
            raw[kind] = recorded(name);
        }
        const struct fus_grid grid = {640 / STRIDES[s], 640 / STRIDES[s], STRIDES[s]};
        assert_int_equal(fus_decode_scrfd(&decode, &grid, fus_npy_f32(&raw[0]),
                                          fus_npy_f32(&raw[1]), fus_npy_f32(&raw[2]), &findings,
                                          NULL),
                         0);
        for (int kind = 0; kind < 3; kind++)
            fus_npy_done(&raw[kind]);
    }
    check("scrfd/source_640x640", 1e-4);
}

static void yunets_recorded_outputs_give_its_recorded_boxes(void **state)
{
    (void)state;
    const struct fus_decode decode = {1.6, 1.6, 0.5f, false};
    static const int STRIDES[] = {8, 16, 32};
    for (int s = 0; s < 3; s++) {
        struct fus_npy raw[4];
        for (int kind = 0; kind < 4; kind++) {
            char name[160];
            snprintf(name, sizeof(name),
                     "face_detector/yunet/source_640x640/derived_raw_output_%02d.npy.gz",
                     3 * kind + s);
            raw[kind] = recorded(name);
        }
        const struct fus_grid grid = {640 / STRIDES[s], 640 / STRIDES[s], STRIDES[s]};
        assert_int_equal(fus_decode_yunet(&decode, &grid, FUS_SCORE_PRODUCT, fus_npy_f32(&raw[0]),
                                          fus_npy_f32(&raw[1]), fus_npy_f32(&raw[2]),
                                          fus_npy_f32(&raw[3]), &findings, NULL),
                         0);
        for (int kind = 0; kind < 4; kind++)
            fus_npy_done(&raw[kind]);
    }
    check("yunet/source_640x640", 1e-4);
}

static void yolo_case(const char *folder, double ratio)
{
    const struct fus_decode decode = {ratio, ratio, 0.5f, false};
    char name[160];
    snprintf(name, sizeof(name), "face_detector/%s/constructed_raw_output.npy.gz", folder);
    FUS_AUTO_NPY struct fus_npy raw = recorded(name);
    assert_int_equal(fus_decode_yolo(&decode, fus_npy_f32(&raw), 8400, &findings, NULL), 0);
    check(folder, 1e-3);
}

static void yolos_recorded_columns_give_its_recorded_boxes(void **state)
{
    (void)state;
    yolo_case("yolo_face/source_640x640", 1.6);
}

static void yolos_recorded_columns_of_a_frame_too(void **state)
{
    (void)state;
    yolo_case("yolo_face/video_frame_0_640x640", 1);
}

/* ------------------------------------------------------------------ suppression */

static void add(double x1, double y1, double x2, double y2, float score)
{
    const double box[4] = {x1, y1, x2, y2}, points[5][2] = {{x1, y1}, {x2, y2}};
    assert_int_equal(fus_findings_add(&findings, box, score, points, NULL), 0);
}

static void the_best_survive_in_falling_order(void **state)
{
    (void)state;
    struct fus_detection found[FUS_FACES_MAX];
    add(10, 10, 50, 50, 0.9f); /* the recorded cases of synthetic/cases.json */
    add(12, 12, 52, 52, 0.8f);
    add(200, 200, 260, 260, 0.95f);
    assert_int_equal(fus_findings_suppress(&findings, 0.5f, 0.4f, found), 2);
    assert_true(found[0].box.x1 == 200 && found[1].box.x1 == 10);
    findings.count = 0;
    add(0, 0, 10, 10, 0.5f);
    add(1, 1, 11, 11, 0.6f);
    add(50, 50, 60, 60, 0.7f);
    add(2, 2, 12, 12, 0.55f);
    assert_int_equal(fus_findings_suppress(&findings, 0, 0.3f, found), 2);
    assert_true(found[0].box.x1 == 50 && found[1].box.x1 == 1);
}

static void equal_scores_keep_the_order_of_arrival(void **state)
{
    (void)state;
    struct fus_detection found[FUS_FACES_MAX];
    for (int i = 0; i < 300; i++)
        add(100 * i, 0, 100 * i + 50, 50, 0.75f);
    assert_int_equal(fus_findings_suppress(&findings, -INFINITY, 0.4f, found), FUS_FACES_MAX);
    for (int i = 0; i < FUS_FACES_MAX; i++)
        assert_true(found[i].box.x1 == (float)(100 * i));
}

static void a_score_at_the_threshold_counts_but_not_for_upstream(void **state)
{
    (void)state;
    struct fus_detection found[FUS_FACES_MAX];
    add(0, 0, 10, 10, 0.5f);
    assert_int_equal(fus_findings_suppress(&findings, -INFINITY, 0.4f, found), 1);
    assert_int_equal(fus_findings_suppress(&findings, 0.5f, 0.4f, found), 0);
}

static void recorded_candidates_leave_the_recorded_survivor(void **state)
{
    (void)state;
    static const struct {
        const char *folder;
        size_t survivor;
    } CASES[] = {
        {"retinaface/source_640x640", 0}, {"retinaface/source_320x320", 3},
        {"scrfd/source_640x640", 0},      {"yolo_face/source_640x640", 4},
        {"yunet/source_640x640", 3},      {"yolo_face/video_frame_0_640x640", 2},
    };
    for (size_t c = 0; c < FUS_COUNT(CASES); c++) {
        char name[160];
        struct fus_npy boxes = {0}, scores = {0};
        snprintf(name, sizeof(name), "face_detector/%s/detect_faces_bounding_boxes.npy",
                 CASES[c].folder);
        if (fus_golden_read(FUS_SOURCE_ROOT, name, &boxes, NULL) < 0) {
            print_message("# no recorded %s\n", name);
            continue;
        }
        snprintf(name, sizeof(name), "face_detector/%s/detect_faces_face_scores.npy",
                 CASES[c].folder);
        scores = recorded(name);
        findings.count = 0;
        for (size_t i = 0; i < scores.count; i++)
            add(fus_npy_at(&boxes, 4 * i), fus_npy_at(&boxes, 4 * i + 1),
                fus_npy_at(&boxes, 4 * i + 2), fus_npy_at(&boxes, 4 * i + 3),
                (float)fus_npy_at(&scores, i));
        struct fus_detection found[FUS_FACES_MAX];
        assert_int_equal(fus_findings_suppress(&findings, 0.5f, 0.4f, found), 1);
        assert_true(found[0].box.x1 == (float)fus_npy_at(&boxes, 4 * CASES[c].survivor));
        fus_npy_done(&boxes);
        fus_npy_done(&scores);
    }
}

static void a_view_is_undone(void **state)
{
    (void)state;
    findings.view = (struct fus_view){.left = 10, .top = 20};
    add(50, 80, 30, 40, 0.9f); /* corners the wrong way round */
    const double *box = findings.boxes[0];
    assert_true(box[0] == 20 && box[1] == 20 && box[2] == 40 && box[3] == 60);
    assert_true(findings.points_5[0][0][0] == 40 && findings.points_5[0][0][1] == 60);
    /* a quarter turn: x' = y, y' = 100 - x */
    findings.view = (struct fus_view){.turned = true, .back = {0, 1, 0, -1, 0, 100}};
    add(10, 20, 30, 50, 0.8f);
    box = findings.boxes[1];
    assert_true(box[0] == 20 && box[1] == 70 && box[2] == 50 && box[3] == 90);
    assert_true(findings.points_5[1][0][0] == 20 && findings.points_5[1][0][1] == 90);
}

static void lack_of_memory_is_an_error(void **state)
{
    (void)state;
    const double box[4] = {0, 0, 1, 1}, points[5][2] = {{0}};
    for (int k = 0; k < 4; k++) {
        fus_findings_done(&findings);
        fus_mem_fail_after(k);
        int rc = fus_findings_add(&findings, box, 1, points, NULL);
        fus_mem_fail_off();
        assert_int_equal(rc, FUS_E_OUT_OF_MEMORY);
        assert_int_equal(findings.count, 0);
    }
}

#define test_of(name) cmocka_unit_test_setup_teardown(name, begin, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_of(two_anchors_a_cell_are_distances_to_the_sides),
        test_of(yunets_score_is_the_product_or_by_the_rule_its_root),
        test_of(yolos_columns_are_centre_size_score_and_triples),
        test_of(the_defects_come_back_on_demand),
        test_of(numbers_that_are_none_are_dropped),
        test_of(scrfds_recorded_outputs_give_its_recorded_boxes),
        test_of(yunets_recorded_outputs_give_its_recorded_boxes),
        test_of(yolos_recorded_columns_give_its_recorded_boxes),
        test_of(yolos_recorded_columns_of_a_frame_too),
        test_of(the_best_survive_in_falling_order),
        test_of(equal_scores_keep_the_order_of_arrival),
        test_of(a_score_at_the_threshold_counts_but_not_for_upstream),
        test_of(recorded_candidates_leave_the_recorded_survivor),
        test_of(a_view_is_undone),
        test_of(lack_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
