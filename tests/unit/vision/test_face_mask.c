#include <math.h>

#include "golden.h"
#include "vision/draw.h"
#include "vision/face_mask.h"
#include "vision/gaussian.h"

static float *scratch_of(int size)
{
    float *scratch = malloc(fus_mask_scratch(size, size) * sizeof(float));
    assert_non_null(scratch);
    return scratch;
}

static void box_masks_are_the_recorded_ones(void **state)
{
    (void)state;
    static float mask[256 * 256];
    float *scratch = scratch_of(256);
    const int none[4] = {0};
    static const struct {
        int size;
        const char *name;
    } CASES[] = {{128, "face_swapper/inswapper_128/box_mask.npy"},
                 {256, "enhancers/face_enhancer/gpen_bfr_256/box_mask.npy"}};
    for (size_t i = 0; i < FUS_COUNT(CASES); i++) {
        FUS_AUTO_NPY struct fus_npy want = test_golden(CASES[i].name);
        fus_mask_box(mask, CASES[i].size, 0.3, none, scratch);
        assert_true(test_worst(mask, fus_npy_f32(&want), want.count) <= 2e-6f);
    }
    free(scratch);
}

static void padding_and_the_one_pixel_frame(void **state)
{
    (void)state;
    static float mask[32 * 32];
    float *scratch = scratch_of(32);
    const int padding[4] = {10, 15, 20, 5};
    fus_mask_box(mask, 32, 0.3, padding, scratch);
    /* recorded from upstream */
    assert_float_equal(mask[0], 0.001069, 1e-5);
    assert_float_equal(mask[4 * 32 + 4], 0.937145, 1e-5);
    assert_float_equal(mask[28 * 32 + 28], 0.001372, 1e-5);
    assert_float_equal(mask[16 * 32 + 28], 0.300528, 1e-5);
    const int none[4] = {0};
    fus_mask_box(mask, 32, 0, none, scratch);
    for (int i = 0; i < 32 * 32; i++) {
        int x = i % 32, y = i / 32;
        assert_true(mask[i] == (x > 0 && y > 0 && x < 31 && y < 31 ? 1.0f : 0.0f));
    }
    const int all[4] = {100, 100, 100, 100};
    fus_mask_box(mask, 32, 1, all, scratch);
    for (int i = 0; i < 32 * 32; i++)
        assert_true(mask[i] == 0);
    free(scratch);
}

static void the_mouth_is_the_recorded_hull(void **state)
{
    (void)state;
    static const float ROWS[3][3] = {{0.31305f, 0.477009f, 0.313343f},
                                     {0.477009f, 0.661441f, 0.477338f},
                                     {0.313343f, 0.477338f, 0.313636f}};
    static float mask[32 * 32];
    float *scratch = scratch_of(32);
    struct fus_point points[68];
    for (int i = 0; i < 68; i++)
        points[i] = (struct fus_point){16, 16};
    points[48] = (struct fus_point){8, 8};
    points[51] = (struct fus_point){24, 8};
    points[54] = (struct fus_point){24, 24};
    points[57] = (struct fus_point){8, 24};
    fus_mask_area(mask, 32, points, FUS_AREA_MOUTH, scratch);
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++)
            assert_float_equal(mask[(12 + 4 * y) * 32 + 12 + 4 * x], ROWS[y][x], 1e-5);
    fus_mask_area(mask, 32, points, 0, scratch);
    assert_true(mask[16 * 32 + 16] == 0);
    points[50] = (struct fus_point){NAN, INFINITY};
    points[52] = (struct fus_point){-1e30f, 4};
    fus_mask_area(mask, 32, points, FUS_AREA_MOUTH | FUS_AREA_LOWER_FACE | FUS_AREA_UPPER_FACE,
                  scratch);
    free(scratch);
}

/* Corners and cover as OpenCV's fillConvexPoly sets them. */
static void convex_shapes_include_their_edges(void **state)
{
    (void)state;
    float plane[6 * 7] = {0};
    const struct fus_pixel triangle[] = {{1, 1}, {5, 1}, {1, 5}};
    fus_draw_convex_f32(plane, 7, 6, triangle, 3, 2);
    for (int y = 0; y < 6; y++)
        for (int x = 0; x < 7; x++)
            assert_true(plane[y * 7 + x] == (x >= 1 && y >= 1 && x + y <= 6 ? 2.0f : 0.0f));
    const struct fus_pixel outside[] = {{-9, -9}, {30, -9}, {30, 30}, {-9, 30}};
    fus_draw_convex_f32(plane, 7, 6, outside, 4, 3);
    for (int i = 0; i < 42; i++)
        assert_true(plane[i] == 3);
}

static void masks_are_combined_by_the_least(void **state)
{
    (void)state;
    float a[4] = {0.5f, 2, -1, 1}, b[4] = {0.25f, 3, 0, 0.5f};
    fus_mask_min(a, b, 4);
    fus_mask_clip01(a, 4);
    assert_true(a[0] == 0.25f && a[1] == 1 && a[2] == 0 && a[3] == 0.5f);
    fus_mask_ones(a, 4);
    assert_true(a[0] == 1 && a[3] == 1);
}

/* The textbook sum, in doubles. */
static double blurred(const float *plane, int w, int h, int x, int y, double sigma)
{
    int half = ((int)nearbyint(8 * sigma + 1) | 1) / 2;
    double sum = 0, total = 0;
    for (int dy = -half; dy <= half; dy++)
        for (int dx = -half; dx <= half; dx++) {
            int sx = x + dx, sy = y + dy;
            while (sx < 0 || sx >= w)
                sx = sx < 0 ? -sx : 2 * w - 2 - sx;
            while (sy < 0 || sy >= h)
                sy = sy < 0 ? -sy : 2 * h - 2 - sy;
            double k = exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
            sum += k * (double)plane[sy * w + sx];
            total += k;
        }
    return sum / total;
}

static void the_blur_is_gaussian_with_mirrored_borders(void **state)
{
    (void)state;
    enum { W = 45, H = 38 };
    static float plane[W * H], out[W * H];
    uint32_t seed = 9;
    for (int i = 0; i < W * H; i++)
        plane[i] = (float)test_uniform(&seed, 0, 1);
    float *scratch = malloc(fus_gaussian_scratch(W, H) * sizeof(float));
    fus_gaussian_f32(plane, out, W, H, 3.5, scratch);
    for (int y = 0; y < H; y += 6)
        for (int x = 0; x < W; x += 4)
            assert_float_equal(out[y * W + x], blurred(plane, W, H, x, y, 3.5), 1e-6);
    fus_gaussian_f32(plane, out, W, H, 0, scratch);
    assert_memory_equal(plane, out, sizeof(out));
    fus_gaussian_f32(plane, plane, 1, 5, 2, scratch); /* narrower than the kernel */
    free(scratch);
}

static void bytes_are_blurred_in_256ths(void **state)
{
    (void)state;
    uint8_t line[25] = {0}, out[25];
    line[12] = 255;
    struct fus_plane from = {line, 25, 25, 1, 1}, to = {out, 25, 25, 1, 1};
    assert_int_equal(fus_gaussian_u8(&from, &to, 2, NULL), 0);
    /* OpenCV 4.6: taps 1 2 7 16 31 45 52 of 256 */
    const uint8_t want[7] = {52, 45, 31, 16, 7, 2, 1};
    for (int i = 0; i < 7; i++) {
        assert_int_equal(out[12 + i], want[i]);
        assert_int_equal(out[12 - i], want[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(box_masks_are_the_recorded_ones),
        cmocka_unit_test(padding_and_the_one_pixel_frame),
        cmocka_unit_test(the_mouth_is_the_recorded_hull),
        cmocka_unit_test(convex_shapes_include_their_edges),
        cmocka_unit_test(masks_are_combined_by_the_least),
        cmocka_unit_test(the_blur_is_gaussian_with_mirrored_borders),
        cmocka_unit_test(bytes_are_blurred_in_256ths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
