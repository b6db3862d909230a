#include "base/mem.h"
#include "golden.h"
#include "vision/color_match.h"

static void a_mix_is_rounded_half_to_even(void **state)
{
    (void)state;
    uint8_t a[6] = {0, 1, 2, 3, 255, 10}, b[6] = {1, 2, 3, 4, 255, 20}, out[6];
    struct fus_plane pa = {a, 6, 6, 1, 1}, pb = {b, 6, 6, 1, 1}, to = {out, 6, 6, 1, 1};
    fus_blend_u8(&pa, &pb, 0.5, &to);
    const uint8_t half[6] = {0, 2, 2, 4, 255, 15};
    assert_memory_equal(out, half, 6);
    fus_blend_u8(&pa, &pb, 0, &to);
    assert_memory_equal(out, a, 6);
    fus_blend_u8(&pa, &pb, 1, &pa);
    assert_memory_equal(a, b, 6);
}

static void mixes_are_the_recorded_ones(void **state)
{
    (void)state;
    FUS_AUTO_NPY struct fus_npy want = test_golden("vision/color/blend_frame_0.25.npy");
    FUS_AUTO_NPY struct fus_npy a = test_golden("vision/video/frames/target_240p_frame_0.npy");
    FUS_AUTO_NPY struct fus_npy b = test_golden("vision/video/frames/target_240p_frame_150.npy");
    struct fus_plane pa = test_golden_plane(&a), pb = test_golden_plane(&b);
    fus_blend_u8(&pa, &pb, 0.25, &pa);
    assert_memory_equal(pa.data, want.data, want.count);
}

static void check_match(const char *recorded, int size, int most, size_t most_differing)
{
    FUS_AUTO_NPY struct fus_npy want = test_golden(recorded);
    FUS_AUTO_NPY struct fus_npy a = test_golden("vision/video/frames/target_240p_frame_0.npy");
    FUS_AUTO_NPY struct fus_npy b = test_golden("vision/video/frames/target_240p_frame_150.npy");
    struct fus_plane source = test_golden_plane(&a), target = test_golden_plane(&b);
    FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
    int rc = size > 0 ? fus_color_equalize(resampler, &source, &target, size, size, &target, NULL)
                      : fus_color_match(resampler, &source, &target, &target, NULL);
    assert_int_equal(rc, 0);
    assert_true(test_differing(target.data, fus_npy_u8(&want), want.count, most) <= most_differing);
}

static void equalised_colours_are_the_recorded_ones(void **state)
{
    (void)state;
    check_match("vision/color/equalize_frame_color_small.npy", 16, 1, 2);
}

static void matched_colours_are_the_recorded_ones(void **state)
{
    (void)state;
    check_match("vision/color/match_frame_color.npy", 0, 2, 144);
}

static void matching_moves_colours_to_the_source(void **state)
{
    (void)state;
    static uint8_t source[60 * 60 * 3], target[40 * 50 * 3], out[40 * 50 * 3];
    memset(source, 120, sizeof(source));
    memset(target, 60, sizeof(target));
    struct fus_plane s = {source, 180, 60, 60, 3}, t = {target, 150, 50, 40, 3};
    struct fus_plane to = {out, 150, 50, 40, 3};
    FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
    assert_int_equal(fus_color_match(resampler, &s, &t, &to, NULL), 0);
    for (size_t i = 0; i < sizeof(out); i++)
        assert_true(out[i] >= 116 && out[i] <= 120); /* each of four steps cuts */
    for (long k = 0; k < 3; k++) {
        struct fus_error err = {0};
        fus_mem_fail_after(k);
        int rc = fus_color_match(resampler, &s, &t, &to, &err);
        fus_mem_fail_off();
        assert_int_equal(rc, FUS_E_OUT_OF_MEMORY);
    }
    assert_int_equal(fus_color_equalize(resampler, &s, &t, 0, 5, &to, NULL), FUS_E_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mix_is_rounded_half_to_even),
        cmocka_unit_test(mixes_are_the_recorded_ones),
        cmocka_unit_test(equalised_colours_are_the_recorded_ones),
        cmocka_unit_test(matched_colours_are_the_recorded_ones),
        cmocka_unit_test(matching_moves_colours_to_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
