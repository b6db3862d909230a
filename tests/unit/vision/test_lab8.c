#include "golden.h"
#include "vision/lab8.h"

/* Expected values of this file: OpenCV 4.6, whose bytes equal the recorded ones of 5.0. */
static void colours_have_opencvs_lab(void **state)
{
    (void)state;
    const uint8_t rgb[4][3] = {{0, 0, 0}, {255, 255, 255}, {200, 100, 50}, {10, 250, 130}};
    const uint8_t want[4][3] = {{0, 128, 128}, {255, 128, 128}, {137, 164, 173}, {222, 53, 172}};
    const uint8_t back[4][3] = {{0, 0, 0}, {255, 255, 255}, {200, 101, 51}, {0, 250, 130}};
    for (int i = 0; i < 4; i++) {
        uint8_t lab[3], again[3];
        fus_lab8_from_rgb(rgb[i], lab);
        assert_memory_equal(lab, want[i], 3);
        fus_lab8_to_rgb(lab, again);
        assert_memory_equal(again, back[i], 3);
    }
}

static void the_landmarkers_round_trip_is_equal(void **state)
{
    (void)state;
    FUS_AUTO_NPY struct fus_npy crop =
        test_golden("face_analysis/face_landmarker/pre_contrast_crop.npy");
    FUS_AUTO_NPY struct fus_npy want =
        test_golden("face_analysis/face_landmarker/optimized_contrast_crop.npy");
    struct fus_plane plane = test_golden_plane(&crop);
    fus_lab8_contrast(&plane);
    assert_memory_equal(plane.data, want.data, want.count);
}

static void dark_crops_are_equalised(void **state)
{
    (void)state;
    static uint8_t crop[40 * 52 * 3];
    for (int i = 0; i < 40 * 52; i++)
        for (int c = 0; c < 3; c++)
            crop[3 * i + c] = (uint8_t)((i % 52 * (c + 1) + i / 52) % 41);
    struct fus_plane plane = {crop, 52 * 3, 52, 40, 3};
    fus_lab8_contrast(&plane);
    assert_int_equal(test_sum(crop, sizeof(crop)), 367196);
    uint8_t one[3] = {9, 9, 9};
    struct fus_plane pixel = {one, 3, 1, 1, 3};
    fus_lab8_contrast(&pixel); /* smaller than the tiles */
}

static void grey_is_weighted_in_integers(void **state)
{
    (void)state;
    uint8_t bgr[9] = {255, 255, 255, 10, 20, 30, 200, 3, 90}, grey[3];
    struct fus_plane from = {bgr, 9, 3, 1, 3}, to = {grey, 3, 3, 1, 1};
    fus_grey8(&from, &to);
    assert_int_equal(grey[0], 255);
    assert_int_equal(grey[1], 22);
    assert_int_equal(grey[2], 51);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_have_opencvs_lab),
        cmocka_unit_test(the_landmarkers_round_trip_is_equal),
        cmocka_unit_test(dark_crops_are_equalised),
        cmocka_unit_test(grey_is_weighted_in_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
