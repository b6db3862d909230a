#include <math.h>

#include "base/mem.h"
#include "support.h"
#include "vision/blur.h"

/* Smooth waves plus a step: what masks and colour fields look like. 0..1. */
static void draw(float *plane, int width, int height)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            plane[y * width + x] = 0.35f + 0.25f * sinf(0.07f * (float)x) * cosf(0.05f * (float)y) +
                                   (x > width / 2 && y > height / 3 ? 0.35f : 0.0f);
}

static float worst(int width, int height, float sigma)
{
    const size_t count = (size_t)width * (size_t)height;
    FUS_AUTO_FREE float *source = fus_calloc(count, sizeof *source);
    FUS_AUTO_FREE float *fast = fus_calloc(count, sizeof *fast);
    FUS_AUTO_FREE float *plain = fus_calloc(count, sizeof *plain);
    FUS_AUTO_FREE float *scratch = fus_calloc(fus_blur_scratch(width, height), sizeof *scratch);
    assert_true(source && fast && plain && scratch);
    draw(source, width, height);
    fus_blur_gaussian(source, fast, width, height, sigma, scratch);
    fus_blur_gaussian_plain(source, plain, width, height, sigma, scratch);
    float most = 0.0f;
    for (size_t i = 0; i < count; i++)
        most = fmaxf(most, fabsf(fast[i] - plain[i]));
    return most;
}

static void small_kernels_agree_with_the_plain_twin(void **state)
{
    for (float sigma = 0.3f; sigma < 4.0f; sigma += 0.37f)
        assert_true(worst(97, 61, sigma) < 0.004f);
}

static void shrunk_ones_keep_within_one_percent(void **state)
{
    for (float sigma = 4.0f; sigma < 45.0f; sigma *= 1.31f)
        if (worst(120, 136, sigma) > 0.008f)
            fail_msg("sigma %g: off by %g", (double)sigma, (double)worst(120, 136, sigma));
}

static void odd_sizes_work(void **state)
{
    static const int sizes[][2] = {{1, 1}, {1, 40}, {40, 1}, {3, 5}, {17, 2}, {13, 90}};
    for (size_t i = 0; i < FUS_COUNT(sizes); i++)
        for (float sigma = 0.1f; sigma < 200.0f; sigma *= 3.0f)
            assert_true(worst(sizes[i][0], sizes[i][1], sigma) < 0.35f);
}

static void a_level_plane_stays_level(void **state)
{
    float plane[40 * 30];
    FUS_AUTO_FREE float *scratch = fus_calloc(fus_blur_scratch(40, 30), sizeof *scratch);
    for (float sigma = 0.5f; sigma < 60.0f; sigma *= 1.7f) {
        for (size_t i = 0; i < FUS_COUNT(plane); i++)
            plane[i] = 0.7f;
        fus_blur_gaussian(plane, plane, 40, 30, sigma, scratch);
        for (size_t i = 0; i < FUS_COUNT(plane); i++)
            assert_true(fabsf(plane[i] - 0.7f) < 1e-4f);
    }
}

static void not_a_number_as_sigma_copies(void **state)
{
    float in[4] = {1, 2, 3, 4}, out[4], scratch[256];
    assert_true(fus_blur_scratch(2, 2) < 256);
    fus_blur_gaussian(in, out, 2, 2, NAN, scratch);
    assert_memory_equal(in, out, sizeof in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_kernels_agree_with_the_plain_twin),
        cmocka_unit_test(shrunk_ones_keep_within_one_percent),
        cmocka_unit_test(odd_sizes_work),
        cmocka_unit_test(a_level_plane_stays_level),
        cmocka_unit_test(not_a_number_as_sigma_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
