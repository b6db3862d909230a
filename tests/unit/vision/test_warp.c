#include <math.h>
#include <stdlib.h>

#include "support.h"
#include "vision/warp.h"

static struct fus_affine random_affine(uint32_t *seed)
{
    double angle = test_uniform(seed, -3, 3), scale = test_uniform(seed, 0.2, 3);
    return (struct fus_affine){scale * cos(angle),          -scale * sin(angle),
                               test_uniform(seed, -20, 60), scale * sin(angle),
                               scale * cos(angle),          test_uniform(seed, -20, 40)};
}

static void bytes_agree_with_the_plain_twin(void **state)
{
    (void)state;
    static uint8_t source[41 * 130], fast[32 * 96], plain[32 * 96];
    test_noise(source, sizeof(source), 1);
    struct fus_plane from = {source, 130, 43, 41, 3}, a = {fast, 96, 32, 32, 3},
                     b = {plain, 96, 32, 32, 3};
    uint32_t seed = 11;
    for (int round = 0; round < 60; round++) {
        struct fus_affine m = random_affine(&seed);
        fus_warp_bgr8(&from, &m, &a);
        fus_warp_bgr8_plain(&from, &m, &b);
        for (size_t i = 0; i < sizeof(fast); i++)
            assert_true(abs(fast[i] - plain[i]) <= 1);
    }
}

static void planes_agree_with_the_plain_twin(void **state)
{
    (void)state;
    static float source[3 * 30 * 50], fast[3 * 24 * 24], plain[3 * 24 * 24];
    uint32_t seed = 21;
    for (size_t i = 0; i < FUS_COUNT(source); i++)
        source[i] = (float)test_uniform(&seed, 0, 255);
    struct fus_float_planes from = {source, 30 * 50, 50, 47, 30};
    struct fus_float_planes a = {fast, 24 * 24, 24, 24, 24}, b = {plain, 24 * 24, 24, 24, 24};
    for (int round = 0; round < 60; round++) {
        struct fus_affine m = random_affine(&seed);
        fus_warp_planar(&from, &m, &a);
        fus_warp_planar_plain(&from, &m, &b);
        for (size_t i = 0; i < FUS_COUNT(fast); i++)
            assert_float_equal(fast[i], plain[i], 0.01);
    }
}

static void planar_floats_are_normalised_in_the_wanted_order(void **state)
{
    (void)state;
    static uint8_t source[20 * 60], bytes[16 * 48];
    static float planes[3][16][16];
    test_noise(source, sizeof(source), 3);
    struct fus_plane from = {source, 60, 20, 20, 3}, to = {bytes, 48, 16, 16, 3};
    struct fus_affine m = {1, 0, 2, 0, 1, 3};
    fus_warp_bgr8(&from, &m, &to);
    struct fus_planar out = {&planes[0][0][0], 256, 16, 127.5f, 1 / 127.5f, true};
    fus_warp_bgr8_to_planar(&from, &m, 16, 16, &out);
    for (int y = 0; y < 16; y++) {
        for (int x = 0; x < 16; x++) {
            for (int c = 0; c < 3; c++) {
                assert_int_equal(bytes[y * 48 + 3 * x + c], source[(y + 3) * 60 + 3 * (x + 2) + c]);
                assert_float_equal(planes[2 - c][y][x],
                                   (float)bytes[y * 48 + 3 * x + c] / 127.5f - 1, 1e-5);
            }
        }
    }
}

static void outside_the_picture_the_border_goes_on(void **state)
{
    (void)state;
    uint8_t source[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, out[3];
    struct fus_plane from = {source, 6, 2, 2, 3}, to = {out, 3, 1, 1, 3};
    struct fus_affine far_right = {1, 0, 1e12, 0, 1, -1e12}, nowhere = {1, 0, NAN, 0, 1, NAN};
    fus_warp_bgr8(&from, &far_right, &to);
    assert_int_equal(out[0], 4);
    fus_warp_bgr8(&from, &nowhere, &to);
    assert_int_equal(out[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_agree_with_the_plain_twin),
        cmocka_unit_test(planes_agree_with_the_plain_twin),
        cmocka_unit_test(planar_floats_are_normalised_in_the_wanted_order),
        cmocka_unit_test(outside_the_picture_the_border_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
