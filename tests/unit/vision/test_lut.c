#include "golden.h"
#include "vision/lut.h"

static void tables_say_what_each_net_wants(void **state)
{
    (void)state;
    static struct fus_lut lut;
    const double mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};
    fus_lut_unit(&lut, true);
    assert_true(lut.rgb && lut.value[2][255] == 1 && lut.value[0][51] == 51.0f / 255.0f);
    fus_lut_127(&lut, true);
    assert_true(lut.value[1][0] == -1 && lut.value[1][255] == 1);
    fus_lut_offset(&lut, 127.5f, 128, false);
    assert_true(!lut.rgb && lut.value[0][0] == -127.5f / 128);
    fus_lut_mean_std_f64(&lut, mean, deviation, true);
    assert_true(lut.value[0][255] == (float)((1 - 0.485) / 0.229));
    fus_lut_mean_std_f32(&lut, mean, deviation, true);
    assert_true(lut.value[2][255] == (1 - 0.406f) / 0.225f);
    fus_lut_mixed(&lut, mean, deviation, true);
    assert_true(lut.value[1][255] == (float)((double)(float)(1 - 0.456) / 0.224));
}

static void planes_and_pixels_come_in_the_wanted_order(void **state)
{
    (void)state;
    static struct fus_lut lut;
    const uint8_t bgr[2][8] = {{10, 20, 30, 40, 50, 60}, {70, 80, 90, 100, 110, 120}};
    uint8_t copy[2][8];
    memcpy(copy, bgr, sizeof(copy));
    struct fus_plane plane = {&copy[0][0], 8, 2, 2, 3};
    float chw[3][2][3] = {0}, hwc[2][7] = {0};
    fus_lut_offset(&lut, 0, 1, true);
    fus_lut_chw(&lut, &plane, &chw[0][0][0], 6, 3);
    fus_lut_hwc(&lut, &plane, &hwc[0][0], 7);
    assert_true(chw[0][0][0] == 30 && chw[0][0][1] == 60 && chw[2][1][1] == 100);
    assert_true(chw[1][1][0] == 80 && chw[0][0][2] == 0);
    assert_true(hwc[0][0] == 30 && hwc[0][5] == 40 && hwc[1][1] == 80 && hwc[1][6] == 0);
    fus_lut_offset(&lut, 0, 1, false);
    fus_lut_chw(&lut, &plane, &chw[0][0][0], 6, 3);
    fus_lut_hwc(&lut, &plane, &hwc[0][0], 7);
    assert_true(chw[0][0][0] == 10 && chw[2][1][1] == 120);
    assert_true(hwc[0][0] == 10 && hwc[1][5] == 120);
}

static void what_is_worked_out_has_the_tables_bits(void **state)
{
    (void)state;
    static const float OFFSETS[][2] = {{0, 255}, {127.5f, 128}, {0, 1}, {104, 3}};
    static struct fus_lut lut;
    static uint8_t bgr[256 * 3 + 57];
    static float chw[3][275];
    for (size_t i = 0; i < sizeof(bgr); i++)
        bgr[i] = (uint8_t)(i * 7);
    struct fus_plane plane = {bgr, sizeof(bgr), sizeof(bgr) / 3, 1, 3};
    for (size_t k = 0; k < 2 * FUS_COUNT(OFFSETS); k++) {
        fus_lut_offset(&lut, OFFSETS[k / 2][0], OFFSETS[k / 2][1], k % 2);
        fus_lut_chw(&lut, &plane, &chw[0][0], 275, 275);
        for (size_t i = 0; i < 275; i++) {
            for (size_t c = 0; c < 3; c++)
                assert_true(chw[c][i] == lut.value[c][bgr[3 * i + (lut.rgb ? 2 - c : c)]]);
        }
    }
}

static void check_input(const struct fus_lut *lut, const char *crop_name, const char *input_name)
{
    FUS_AUTO_NPY struct fus_npy crop = test_golden(crop_name), want = test_golden(input_name);
    struct fus_plane plane = test_golden_plane(&crop);
    assert_true(want.count == crop.count);
    float *chw = malloc(want.count * sizeof(float));
    assert_non_null(chw);
    fus_lut_chw(lut, &plane, chw, want.count / 3, (size_t)plane.width);
    assert_memory_equal(chw, fus_npy_f32(&want), want.count * sizeof(float));
    free(chw);
}

static void tensors_are_the_recorded_ones(void **state)
{
    (void)state;
    static struct fus_lut lut;
    const double mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};
    const double zero[3] = {0}, half[3] = {0.5, 0.5, 0.5}, one[3] = {1, 1, 1};
    fus_lut_127(&lut, true);
    check_input(&lut, "face_analysis/face_recognizer/crop_vision_frame.npy",
                "face_analysis/face_recognizer/input.npy");
    fus_lut_mixed(&lut, mean, deviation, true);
    check_input(&lut, "face_analysis/face_classifier/crop_vision_frame.npy",
                "face_analysis/face_classifier/input.npy.gz");
    fus_lut_unit(&lut, false);
    check_input(&lut, "face_analysis/face_landmarker/optimized_contrast_crop.npy",
                "face_analysis/face_landmarker/model_input.npy.gz");
    fus_lut_mean_std_f64(&lut, zero, one, true);
    check_input(&lut, "face_swapper/inswapper_128/crop_vision_frame.npy",
                "face_swapper/inswapper_128/target_input.npy");
    fus_lut_mean_std_f64(&lut, half, half, true);
    check_input(&lut, "enhancers/face_enhancer/gpen_bfr_256/crop_vision_frame.npy",
                "enhancers/face_enhancer/gpen_bfr_256/input.npy.gz");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_say_what_each_net_wants),
        cmocka_unit_test(planes_and_pixels_come_in_the_wanted_order),
        cmocka_unit_test(what_is_worked_out_has_the_tables_bits),
        cmocka_unit_test(tensors_are_the_recorded_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
