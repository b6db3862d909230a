#include <string.h>

#include "faces/one_euro.h"
#include "fake.h"

static const struct fus_one_euro_options DEFAULTS = {2.0, 15, 3};
enum { FRAMES = 250 };
static const float EYES = 80, DT = 1 / 25.0f;

/* Runs a face along x(t) with noise; *jitter and *lag in eye distances: deviation of the
 * frame-to-frame motion from the true one, and mean distance behind the truth along the motion. */
static void run(const struct fus_one_euro_options *options, float (*x)(float t), float noise,
                float *jitter, float *lag)
{
    static struct fus_one_euro filter;
    fus_one_euro_reset(&filter);
    uint32_t seed = 42;
    double jitter_sum = 0, lag_sum = 0, speed_sum = 0;
    struct fus_point last[68] = {{0}}, truth_last[68] = {{0}};
    for (int f = 0; f < FRAMES; f++) {
        struct fus_point truth[68], raw[68], out[68];
        fake_points(200 + x((float)f * DT), 150, EYES, truth);
        for (int i = 0; i < 68; i++)
            raw[i] = (struct fus_point){truth[i].x + noise * EYES * fake_normal(&seed),
                                        truth[i].y + noise * EYES * fake_normal(&seed)};
        fus_one_euro_apply(&filter, options, raw, EYES, (double)DT, out);
        if (f > 25) {
            for (int i = 0; i < 68; i++) {
                float truth_step = truth[i].x - truth_last[i].x;
                jitter_sum += pow((double)(out[i].x - last[i].x - truth_step), 2);
                lag_sum += (double)((truth[i].x - out[i].x) * (truth_step > 0 ? 1 : -1));
                speed_sum += 1;
            }
        }
        memcpy(last, out, sizeof(last));
        memcpy(truth_last, truth, sizeof(truth_last));
    }
    *jitter = (float)sqrt(jitter_sum / speed_sum) / EYES;
    *lag = (float)(lag_sum / speed_sum) / EYES;
}

static float still(float t)
{
    (void)t;
    return 0;
}

/* A head that turns to and fro: up to 1.9 eye distances a second. */
static float swaying(float t)
{
    return EYES * 0.5f * sinf(3.8f * t);
}

static void a_face_at_rest_trembles_less(void **state)
{
    (void)state;
    float raw_jitter = 0.006f * sqrtf(2), jitter, lag;
    run(&DEFAULTS, still, 0.006f, &jitter, &lag);
    assert_true(jitter < 0.55f * raw_jitter);
    assert_true(fabsf(lag) < 0.002f);
}

static void a_moving_face_is_hardly_late(void **state)
{
    (void)state;
    float jitter, lag, slow_lag;
    run(&DEFAULTS, swaying, 0, &jitter, &lag);
    assert_true(lag > 0 && lag < 0.012f);
    static const struct fus_one_euro_options STRONG = {1.2, 1, 3};
    run(&STRONG, swaying, 0, &jitter, &slow_lag);
    assert_true(slow_lag > 3 * lag);
}

static void noise_on_a_moving_face_adds_no_lag(void **state)
{
    (void)state;
    float jitter, lag;
    run(&DEFAULTS, swaying, 0.006f, &jitter, &lag);
    assert_true(lag < 0.012f);
    assert_true(jitter < 0.006f * sqrtf(2));
}

static void the_filter_does_not_depend_on_the_faces_size(void **state)
{
    (void)state;
    static struct fus_one_euro a, b;
    fus_one_euro_reset(&a);
    fus_one_euro_reset(&b);
    for (int f = 0; f < 30; f++) {
        struct fus_point small[68], large[68], out_small[68], out_large[68];
        fake_points(10 * sinf((float)f * 0.3f), 5, 20, small);
        for (int i = 0; i < 68; i++)
            large[i] = (struct fus_point){small[i].x * 7, small[i].y * 7};
        fus_one_euro_apply(&a, &DEFAULTS, small, 20, 0.04, out_small);
        fus_one_euro_apply(&b, &DEFAULTS, large, 140, 0.04, out_large);
        for (int i = 0; i < 68; i++)
            assert_float_equal(out_small[i].x * 7, out_large[i].x, 0.01);
    }
}

static void the_first_points_and_those_after_a_reset_pass_unchanged(void **state)
{
    (void)state;
    static struct fus_one_euro filter;
    fus_one_euro_reset(&filter);
    struct fus_point points[68], out[68];
    for (int f = 0; f < 4; f++) {
        fake_points((float)f * 300, 0, 50, points);
        fus_one_euro_reset(&filter);
        fus_one_euro_apply(&filter, &DEFAULTS, points, 50, 0.04, out);
        assert_memory_equal(points, out, sizeof(out));
    }
    /* out may be raw */
    fus_one_euro_apply(&filter, &DEFAULTS, points, 50, 0.04, points);
    assert_float_equal(points[0].x, out[0].x, 1e-3);
}

static void a_step_is_followed_as_the_formula_says(void **state)
{
    (void)state;
    /* One point's first step by hand: u = 50, v = a(3 Hz) * 10 / 0.04 / 50, cut-off 2 + 15 v. */
    static struct fus_one_euro filter;
    fus_one_euro_reset(&filter);
    struct fus_point points[68], out[68];
    fake_points(0, 0, 50, points);
    fus_one_euro_apply(&filter, &DEFAULTS, points, 50, 0.04, out);
    for (int i = 0; i < 68; i++)
        points[i].x += 10;
    fus_one_euro_apply(&filter, &DEFAULTS, points, 50, 0.04, out);
    double tau = 2 * 3.14159265358979 * 0.04, v = 10 / 0.04 / 50 / (1 + 1 / (tau * 3));
    double a = 1 / (1 + 1 / (tau * (2 + 15 * v)));
    assert_float_equal(out[0].x, (float)(50 + 10 * a), 1e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_face_at_rest_trembles_less),
        cmocka_unit_test(a_moving_face_is_hardly_late),
        cmocka_unit_test(noise_on_a_moving_face_adds_no_lag),
        cmocka_unit_test(the_filter_does_not_depend_on_the_faces_size),
        cmocka_unit_test(the_first_points_and_those_after_a_reset_pass_unchanged),
        cmocka_unit_test(a_step_is_followed_as_the_formula_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
