/* processors/mesh_blend/shade.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "processors/mesh_blend/shade.h"

struct pixel {
    float drawn[3], skin[3];
    float bare, smooth, alien, contrast;
};

static void limit(const struct pixel *p, float out[3])
{
    const struct fus_shade shade = {
        .drawn = {&p->drawn[0], &p->drawn[1], &p->drawn[2]},
        .skin = {&p->skin[0], &p->skin[1], &p->skin[2]},
        .bare = &p->bare,
        .smooth = &p->smooth,
        .alien = &p->alien,
        .contrast = p->contrast,
    };
    float *const change[3] = {&out[0], &out[1], &out[2]};
    fus_shade_limit(&shade, change, 1);
    for (int c = 0; c < 3; c++)
        out[c] += p->drawn[c];
}

static const struct pixel plain = {
    .drawn = {60, 14, 20}, .skin = {60, 14, 20}, .bare = 1.0f, .contrast = 20.0f};

static void light_skin_stays_as_it_is(void **state)
{
    struct pixel p = plain;
    p.drawn[0] = 75.0f;
    p.drawn[1] = 9.0f;
    float out[3];
    limit(&p, out);
    for (int c = 0; c < 3; c++)
        assert_true(fabsf(out[c] - p.drawn[c]) < 1e-3f);
}

static void a_shadow_ends_softly_and_never_crosses(void **state)
{
    struct pixel p = plain;
    float last = 61.0f, out[3];
    for (float l = 60.0f; l > -60.0f; l -= 1.0f) {
        p.drawn[0] = l;
        limit(&p, out);
        assert_true(out[0] < last);
        assert_true(out[0] >= l - 1e-3f);
        assert_true(out[0] > 60.0f - 20.0f - 16.0f);
        if (l >= 40.0f)
            assert_true(fabsf(out[0] - l) < 1e-3f);
        last = out[0];
    }
}

static void features_keep_their_darkness(void **state)
{
    struct pixel p = plain;
    p.bare = 0.0f;
    p.drawn[0] = 5.0f;
    float out[3];
    limit(&p, out);
    assert_true(fabsf(out[0] - 5.0f) < 1e-3f);
}

/* The bruise: the donor's shadow with the target's full colour added. */
static void dark_skin_has_the_hue_of_skin_and_less_colour(void **state)
{
    struct pixel p = plain;
    p.drawn[0] = 40.0f;
    p.drawn[1] = 24.0f;
    p.drawn[2] = 12.0f;
    float out[3];
    limit(&p, out);
    const float light = (40.0f + 16.0f) / (60.0f + 16.0f);
    assert_true(fabsf(out[1] - 14.0f * light) < 0.2f * (24.0f - 14.0f * light));
    assert_true(fabsf(out[2] - 20.0f * light) < 0.2f * (20.0f * light - 12.0f));
    assert_true(hypotf(out[1], out[2]) < hypotf(14.0f, 20.0f));
}

static void what_was_no_skin_comes_nearer_to_skin(void **state)
{
    struct pixel p = plain;
    p.drawn[0] = 48.0f;
    p.drawn[1] = -2.0f;
    float as_skin[3], as_hat[3];
    limit(&p, as_skin);
    p.alien = 1.0f;
    limit(&p, as_hat);
    assert_true(as_hat[0] > as_skin[0] + 3.0f && as_hat[0] < 60.0f);
    p.bare = 0.0f; /* an eye is no skin either, and stays */
    limit(&p, as_hat);
    assert_true(fabsf(as_hat[0] - 48.0f) < 1e-3f);
}

static void the_rim_gets_neither_shadow_nor_shine(void **state)
{
    struct pixel p = plain;
    p.smooth = 1.0f;
    float out[3];
    p.drawn[0] = 40.0f;
    limit(&p, out);
    assert_true(out[0] > 60.0f - 9.1f);
    p.drawn[0] = 80.0f;
    limit(&p, out);
    assert_true(out[0] < 60.0f + 9.1f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(light_skin_stays_as_it_is),
        cmocka_unit_test(a_shadow_ends_softly_and_never_crosses),
        cmocka_unit_test(features_keep_their_darkness),
        cmocka_unit_test(dark_skin_has_the_hue_of_skin_and_less_colour),
        cmocka_unit_test(what_was_no_skin_comes_nearer_to_skin),
        cmocka_unit_test(the_rim_gets_neither_shadow_nor_shine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
