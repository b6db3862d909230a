#include "golden.h"
#include "vision/fit.h"

static void sizes_are_those_of_the_specification(void **state)
{
    (void)state;
    static const struct {
        double scale;
        int width, height;
    } SCALED[] = {{0.5, 212, 112}, {1, 426, 226}, {2, 852, 452}, {8, 3408, 1808}};
    int w, h;
    for (size_t i = 0; i < FUS_COUNT(SCALED); i++) {
        fus_fit_scaled(426, 226, SCALED[i].scale, &w, &h);
        assert_int_equal(w, SCALED[i].width);
        assert_int_equal(h, SCALED[i].height);
    }
    fus_fit_even(2.5, 3, &w, &h);
    assert_true(w == 2 && h == 4);
    fus_fit_even(6.5, 1, &w, &h);
    assert_true(w == 6 && h == 0);
    fus_fit_restrict(426, 226, 200, 100, &w, &h);
    assert_true(w == 188 && h == 100);
    fus_fit_restrict(426, 226, 800, 800, &w, &h);
    assert_true(w == 426 && h == 226);
    struct fus_rect rect = fus_fit_contain(400, 200, 101, 100);
    assert_true(rect.x == 0 && rect.y == 25 && rect.width == 101 && rect.height == 50);
    rect = fus_fit_cover(400, 200, 100, 100);
    assert_true(rect.x == 50 && rect.y == 0 && rect.width == 200 && rect.height == 100);
}

static void check_fit(bool contain, const char *recorded)
{
    FUS_AUTO_NPY struct fus_npy want = test_golden(recorded);
    FUS_AUTO_NPY struct fus_npy frame = test_golden("vision/video/frames/target_240p_frame_0.npy");
    struct fus_plane from = test_golden_plane(&frame), like = test_golden_plane(&want), to = like;
    to.data = malloc(want.count);
    assert_non_null(to.data);
    memset(to.data, 99, want.count);
    FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
    int rc = contain ? fus_fit_contain_u8(resampler, &from, &to, NULL)
                     : fus_fit_cover_u8(resampler, &from, &to, NULL);
    assert_int_equal(rc, 0);
    assert_memory_equal(to.data, like.data, want.count);
    free(to.data);
}

static void contained_pictures_are_the_recorded_ones(void **state)
{
    (void)state;
    check_fit(true, "vision/frame/fit_contain_300x300.npy");
    check_fit(true, "vision/frame/fit_contain_600x200.npy");
}

static void covering_pictures_are_the_recorded_ones(void **state)
{
    (void)state;
    check_fit(false, "vision/frame/fit_cover_300x300.npy");
    check_fit(false, "vision/frame/fit_cover_600x200.npy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_those_of_the_specification),
        cmocka_unit_test(contained_pictures_are_the_recorded_ones),
        cmocka_unit_test(covering_pictures_are_the_recorded_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
