#include <math.h>

#include "support.h"
#include "vision/lab.h"

#define STEPS 24
#define COUNT (STEPS * STEPS * STEPS)

static float bgr[3][COUNT], lab[3][COUNT], plain[3][COUNT];

static void every_colour(void)
{
    for (int i = 0; i < COUNT; i++) {
        bgr[0][i] = (float)(i % STEPS) / (STEPS - 1);
        bgr[1][i] = (float)(i / STEPS % STEPS) / (STEPS - 1);
        bgr[2][i] = (float)(i / STEPS / STEPS) / (STEPS - 1);
    }
}

static float apart(float a[3][COUNT], float b[3][COUNT])
{
    float most = 0.0f;
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < COUNT; i++)
            most = fmaxf(most, fabsf(a[c][i] - b[c][i]));
    return most;
}

static void the_fast_way_there_agrees_with_the_plain_one(void **state)
{
    every_colour();
    fus_lab_from_bgr(bgr[0], bgr[1], bgr[2], lab[0], lab[1], lab[2], COUNT);
    fus_lab_from_bgr_plain(bgr[0], bgr[1], bgr[2], plain[0], plain[1], plain[2], COUNT);
    assert_true(apart(lab, plain) < 0.02f);
}

static void the_fast_way_back_agrees_with_the_plain_one(void **state)
{
    static float back[3][COUNT], plain_back[3][COUNT];
    every_colour();
    fus_lab_from_bgr_plain(bgr[0], bgr[1], bgr[2], lab[0], lab[1], lab[2], COUNT);
    fus_lab_to_bgr(lab[0], lab[1], lab[2], back[0], back[1], back[2], COUNT);
    fus_lab_to_bgr_plain(lab[0], lab[1], lab[2], plain_back[0], plain_back[1], plain_back[2],
                         COUNT);
    assert_true(apart(back, plain_back) < 0.0005f);
    assert_true(apart(back, bgr) < 0.002f);
}

static void known_colours_have_their_known_values(void **state)
{
    /* white, black, mid grey, sRGB red: CIE Lab under D65 */
    const float b[4] = {1, 0, 0.5f, 0}, g[4] = {1, 0, 0.5f, 0}, r[4] = {1, 0, 0.5f, 1};
    float l[4], a[4], bb[4];
    fus_lab_from_bgr(b, g, r, l, a, bb, 4);
    const float want[4][3] = {{100, 0, 0}, {0, 0, 0}, {53.39f, 0, 0}, {53.24f, 80.09f, 67.20f}};
    for (int i = 0; i < 4; i++) {
        assert_true(fabsf(l[i] - want[i][0]) < 0.1f);
        assert_true(fabsf(a[i] - want[i][1]) < 0.1f);
        assert_true(fabsf(bb[i] - want[i][2]) < 0.1f);
    }
    assert_true(fabsf(fus_lab_lightness(0.5f) - 53.39f) < 0.05f);
}

static void what_is_out_of_range_is_clipped(void **state)
{
    const float b[2] = {-1.0f, 7.0f}, g[2] = {-0.1f, 2.0f}, r[2] = {-3.0f, 1.1f};
    float l[2], a[2], bb[2], back[3][1];
    fus_lab_from_bgr(b, g, r, l, a, bb, 2);
    assert_true(fabsf(l[0]) < 0.05f && fabsf(l[1] - 100.0f) < 0.05f);
    const float wild[3] = {140.0f, -300.0f, 500.0f};
    fus_lab_to_bgr(&wild[0], &wild[1], &wild[2], back[0], back[1], back[2], 1);
    for (int c = 0; c < 3; c++)
        assert_true(back[c][0] >= -1e-3f && back[c][0] <= 1.001f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fast_way_there_agrees_with_the_plain_one),
        cmocka_unit_test(the_fast_way_back_agrees_with_the_plain_one),
        cmocka_unit_test(known_colours_have_their_known_values),
        cmocka_unit_test(what_is_out_of_range_is_clipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
