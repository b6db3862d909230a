/* What FaceFusion's detectors are given: sizes, margins, turns, pixels. */
#include "faces/detector_net.h"

#include <stdlib.h>

#include "faces/detector.h"
#include "faces/turn.h"
#include "recorded.h"

static void pictures_are_only_made_smaller_and_sizes_truncated(void **state)
{
    (void)state;
    static const struct {
        int w, h, size, fit_w, fit_h;
    } CASES[] = {
        {1024, 1024, 640, 640, 640}, {426, 226, 640, 426, 226}, {1920, 1080, 640, 640, 360},
        {1000, 333, 320, 320, 106},  {641, 3, 640, 640, 2},     {4000, 1, 160, 160, 1},
    };
    for (size_t i = 0; i < FUS_COUNT(CASES); i++) {
        struct fus_detector_fit fit = fus_detector_fit_of(CASES[i].w, CASES[i].h, CASES[i].size);
        assert_int_equal(fit.width, CASES[i].fit_w);
        assert_int_equal(fit.height, CASES[i].fit_h);
        assert_true(fit.ratio_x == (double)CASES[i].w / CASES[i].fit_w);
        assert_true(fit.ratio_y == (double)CASES[i].h / CASES[i].fit_h);
    }
}

static void margins_are_shares_of_half_a_side(void **state)
{
    (void)state;
    int none[4] = {0}, some[4] = {10, 5, 20, 15}, all[4] = {100, 100, 100, 100}, out[4];
    fus_detector_padding(none, 1024, 1024, out);
    assert_true(out[0] == 0 && out[1] == 0 && out[2] == 0 && out[3] == 0);
    fus_detector_padding(some, 1024, 1024, out);
    assert_true(out[0] == 51 && out[1] == 25 && out[2] == 102 && out[3] == 76);
    fus_detector_padding(all, 301, 200, out); /* top and bottom of the height */
    assert_true(out[0] == 100 && out[1] == 150 && out[2] == 100 && out[3] == 150);
}

static void the_overlap_depends_on_angles_and_nets(void **state)
{
    (void)state;
    assert_true(fus_detector_iou(1, 1) == 0.4f && fus_detector_iou(1, 2) == 0.3f);
    assert_true(fus_detector_iou(1, 3) == 0.2f && fus_detector_iou(1, 4) == 0.1f);
    assert_true(fus_detector_iou(3, 1) == 0.1f);
}

static void turns_are_as_recorded(void **state)
{
    (void)state;
    static const struct {
        int angle, w, h, out_w, out_h;
    } CASES[] = {
        {30, 100, 200, 186, 223}, {0, 50, 50, 50, 50},      {90, 64, 128, 128, 64},
        {45, 37, 53, 63, 63},     {-30, 120, 80, 143, 129}, {180, 301, 77, 301, 77},
        {270, 301, 77, 77, 301},
    };
    for (size_t i = 0; i < FUS_COUNT(CASES); i++) {
        struct fus_turn turn = fus_turn_of(CASES[i].w, CASES[i].h, CASES[i].angle);
        assert_int_equal(turn.width, CASES[i].out_w);
        assert_int_equal(turn.height, CASES[i].out_h);
        struct fus_point p = {13, 29}, q;
        q = fus_affine_apply(&turn.to, p);
        q = fus_affine_apply(&turn.back, q);
        assert_float_equal(q.x, 13, 1e-4);
        assert_float_equal(q.y, 29, 1e-4);
    }
    struct fus_turn turn = fus_turn_of(100, 200, 30);
    assert_float_equal(turn.to.xx, 0.8660254037844387, 1e-15);
    assert_float_equal(turn.to.xy, 0.5, 1e-15);
    assert_float_equal(turn.to.tx, 0, 1e-9);
    assert_float_equal(turn.to.ty, 50, 1e-9);
    /* counter-clockwise: what is on the right comes to the top */
    turn = fus_turn_of(100, 60, 90);
    struct fus_point right = fus_affine_apply(&turn.to, (struct fus_point){99, 30});
    assert_float_equal(right.x, 30, 1e-3);
    assert_float_equal(right.y, 1, 1e-3);
}

static void the_nets_input_is_as_recorded(void **state)
{
    (void)state;
    static const struct {
        const char *family, *file;
    } CASES[] = {{"yunet", "raw"}, {"scrfd", "normalized_m1_1"}, {"yolo_face", "normalized_0_1"}};
    FUS_AUTO_NPY struct fus_npy source = recorded("vision/image/source_pixels.npy.gz");
    const struct fus_plane bgr = recorded_plane(&source);
    FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
    const size_t plane = 640 * 640;
    uint8_t *small = malloc(3 * plane);
    float *chw = calloc(3 * plane, sizeof(float));
    for (size_t i = 0; i < FUS_COUNT(CASES); i++) {
        struct fus_lut lut;
        char name[160];
        snprintf(name, sizeof(name), "face_detector/model_input/source_640x640/%s.npy.gz",
                 CASES[i].file);
        FUS_AUTO_NPY struct fus_npy want = recorded(name);
        assert_true(fus_detector_lut(CASES[i].family, &lut));
        assert_int_equal(fus_detector_prepare(resampler, &lut, &bgr, 640, small, chw, NULL), 0);
        assert_int_equal(want.count, 3 * plane);
        assert_memory_equal(chw, fus_npy_f32(&want), 3 * plane * sizeof(float));
    }
    free(small);
    free(chw);
}

static void a_small_picture_stands_at_the_top_left(void **state)
{
    (void)state;
    uint8_t pixels[2 * 3 * 3], small[1];
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)(10 * i);
    const struct fus_plane bgr = {pixels, 9, 3, 2, 3};
    struct fus_lut lut;
    assert_true(fus_detector_lut("retinaface", &lut));
    assert_false(fus_detector_lut("landmarks_68", &lut));
    float chw[3 * 64];
    for (size_t i = 0; i < FUS_COUNT(chw); i++)
        chw[i] = -9;
    assert_int_equal(fus_detector_prepare(NULL, &lut, &bgr, 8, small, chw, NULL), 0);
    assert_true(chw[0] == (0 - 127.5f) / 128 && chw[2] == (60 - 127.5f) / 128 && chw[3] == -9);
    assert_true(chw[8] == (90 - 127.5f) / 128 && chw[64] == (10 - 127.5f) / 128);
    assert_true(chw[16] == -9 && chw[128 + 10] == (170 - 127.5f) / 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_only_made_smaller_and_sizes_truncated),
        cmocka_unit_test(margins_are_shares_of_half_a_side),
        cmocka_unit_test(the_overlap_depends_on_angles_and_nets),
        cmocka_unit_test(turns_are_as_recorded),
        cmocka_unit_test(the_nets_input_is_as_recorded),
        cmocka_unit_test(a_small_picture_stands_at_the_top_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
