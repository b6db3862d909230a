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

static void outside_the_picture_the_border_goes_on(void **state)
{
    (void)state;
    float source[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, out[3];
    struct fus_float_planes from = {source, 4, 2, 2, 2}, to = {out, 1, 1, 1, 1};
    struct fus_affine far_right = {1, 0, 1e12, 0, 1, -1e12}, nowhere = {1, 0, NAN, 0, 1, NAN};
    fus_warp_planar(&from, &far_right, &to);
    assert_true(out[0] == 2 && out[1] == 6 && out[2] == 10);
    fus_warp_planar(&from, &nowhere, &to);
    assert_true(out[0] == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_agree_with_the_plain_twin),
        cmocka_unit_test(outside_the_picture_the_border_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
