/* morph.c, distance.c, raster.c */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "support.h"
#include "vision/distance.h"
#include "vision/morph.h"
#include "vision/raster.h"

#define W 37
#define H 29

static float noise_at(uint32_t i)
{
    i = i * 747796405U + 2891336453U;
    i = ((i >> ((i >> 28) + 4)) ^ i) * 277803737U;
    return (float)(i >> 8 & 0xffff) / 65535.0f;
}

static void dilation_agrees_with_the_plain_twin(void **state)
{
    float source[W * H], fast[W * H], plain[W * H], scratch[W * H];
    for (uint32_t i = 0; i < W * H; i++)
        source[i] = noise_at(i);
    for (int radius = 0; radius < 50; radius += 3) {
        fus_morph_dilate(source, fast, W, H, radius, scratch);
        fus_morph_dilate_plain(source, plain, W, H, radius, scratch);
        assert_memory_equal(fast, plain, sizeof fast);
    }
}

static void distances_are_exact(void **state)
{
    float mask[W * H], distance[W * H];
    FUS_AUTO_FREE float *scratch = fus_calloc(fus_distance_scratch(W, H), sizeof *scratch);
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < W * H; i++)
            mask[i] = noise_at(i + 77) > 0.03f ? 1.0f : 0.0f;
        fus_distance_inside(mask, distance, W, H, round, scratch);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                float best =
                    round ? (float)FUS_MIN(FUS_MIN(x + 1, W - x), FUS_MIN(y + 1, H - y)) : 1e9f;
                for (int j = 0; j < H; j++)
                    for (int i = 0; i < W; i++)
                        if (mask[j * W + i] <= 0.5f)
                            best = fminf(best, hypotf((float)(x - i), (float)(y - j)));
                assert_true(fabsf(distance[y * W + x] - best) < 1e-3f);
            }
    }
}

static void a_full_plane_is_far_from_everything(void **state)
{
    float mask[W * H], distance[W * H];
    FUS_AUTO_FREE float *scratch = fus_calloc(fus_distance_scratch(W, H), sizeof *scratch);
    for (size_t i = 0; i < W * H; i++)
        mask[i] = 1.0f;
    fus_distance_inside(mask, distance, W, H, 0, scratch);
    for (size_t i = 0; i < W * H; i++)
        assert_true(fabsf(distance[i] - (W + H)) < 1e-3f);
}

static float total(const float *plane)
{
    double sum = 0.0;
    for (size_t i = 0; i < W * H; i++)
        sum += plane[i];
    return (float)sum;
}

static void shapes_cover_their_area(void **state)
{
    float plane[W * H] = {0};
    const struct fus_point square[4] = {{3.5f, 4.5f}, {20.5f, 4.5f}, {20.5f, 14.5f}, {3.5f, 14.5f}};
    fus_raster_polygon(plane, W, H, square, 4);
    assert_true(fabsf(total(plane) - 170.0f) < 0.5f);
    assert_true(plane[10 * W + 10] == 1.0f && plane[20 * W + 10] == 0.0f);
    memset(plane, 0, sizeof plane);
    const struct fus_point triangle[3] = {{2.3f, 3.1f}, {31.7f, 9.4f}, {10.2f, 24.8f}};
    fus_raster_polygon(plane, W, H, triangle, 3);
    const float twice = (31.7f - 2.3f) * (24.8f - 3.1f) - (10.2f - 2.3f) * (9.4f - 3.1f);
    assert_true(fabsf(total(plane) - 0.5f * twice) < 2.0f);
    memset(plane, 0, sizeof plane);
    fus_raster_ellipse(plane, W, H, (struct fus_point){18.0f, 14.0f}, 10.0f, 8.0f);
    assert_true(fabsf(total(plane) - (float)M_PI * 80.0f) < 2.5f);
    memset(plane, 0, sizeof plane);
    const struct fus_point line[2] = {{5.0f, 10.0f}, {25.0f, 10.0f}};
    fus_raster_polyline(plane, W, H, line, 2, 4.0f);
    assert_true(fabsf(total(plane) - (80.0f + (float)M_PI * 4.0f)) < 3.0f);
}

static void what_lies_outside_or_is_no_number_draws_nothing(void **state)
{
    float plane[W * H] = {0};
    const struct fus_point far[3] = {{-500, -400}, {-300, -400}, {-300, -100}};
    const struct fus_point broken[3] = {{1, 1}, {NAN, 5}, {20, 20}};
    const struct fus_point huge[3] = {{1, 1}, {3e30f, 5}, {20, 20}};
    fus_raster_polygon(plane, W, H, far, 3);
    fus_raster_polyline(plane, W, H, far, 3, 9.0f);
    fus_raster_polygon(plane, W, H, broken, 3);
    fus_raster_polyline(plane, W, H, broken, 3, 2.0f);
    fus_raster_polygon(plane, W, H, huge, 3);
    fus_raster_polyline(plane, W, H, far, 2, NAN);
    fus_raster_ellipse(plane, W, H, (struct fus_point){INFINITY, 3.0f}, 4.0f, 4.0f);
    assert_true(total(plane) == 0.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dilation_agrees_with_the_plain_twin),
        cmocka_unit_test(distances_are_exact),
        cmocka_unit_test(a_full_plane_is_far_from_everything),
        cmocka_unit_test(shapes_cover_their_area),
        cmocka_unit_test(what_lies_outside_or_is_no_number_draws_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
