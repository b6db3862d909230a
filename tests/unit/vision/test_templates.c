#include <math.h>

#include "golden.h"
#include "vision/templates.h"

/* Matrices recorded from OpenCV 5; its solver stops within 5e-9 of the sides of the crop. */
static void matrices_are_the_recorded_ones(void **state)
{
    (void)state;
    const struct fus_point points[5] = {
        {38.2f, 51.6f}, {73.4f, 51.1f}, {56.0f, 68.9f}, {42.5f, 87.0f}, {69.6f, 86.5f}};
    static const struct {
        enum fus_template which;
        int size;
        double xx, yx, tx, ty;
    } CASES[] = {
        {FUS_TEMPLATE_ARCFACE_112_V2, 112, 1.0963318686687598, 0.00563857966825305,
         -4.9134707279882175, -4.083465980156119},
        {FUS_TEMPLATE_FFHQ_512, 512, 3.738762109438293, 0.02228612497608485, 48.96554182160578,
         48.048284047427636},
    };
    for (size_t i = 0; i < FUS_COUNT(CASES); i++) {
        struct fus_affine m;
        assert_true(fus_template_affine(CASES[i].which, points, CASES[i].size, &m));
        assert_true(fabs(m.xx - CASES[i].xx) < 1e-7 * CASES[i].size / 112);
        assert_true(fabs(m.yx - CASES[i].yx) < 1e-7 * CASES[i].size / 112);
        assert_true(fabs(m.tx - CASES[i].tx) < 5e-5 && fabs(m.ty - CASES[i].ty) < 5e-5);
        assert_true(m.yy == m.xx && m.xy == -m.yx);
    }
}

static void a_face_on_the_template_stays_where_it_is(void **state)
{
    (void)state;
    for (enum fus_template which = 0; which < FUS_TEMPLATE_COUNT; which++) {
        struct fus_point points[5];
        fus_template_points(which, 256, points);
        struct fus_affine m;
        assert_true(fus_template_affine(which, points, 512, &m));
        assert_true(fabs(m.xx - 2) < 1e-6 && fabs(m.yx) < 1e-6);
        assert_true(fus_template_affine(which, points, 1, &m));
        assert_true(fabs(m.xx - 1.0 / 256) < 1e-8);
        for (int i = 0; i < 5; i++)
            assert_true(points[i].x > 80 && points[i].x < 180 && points[i].y > 90);
    }
}

/* Expected values: OpenCV's RANSAC with the same threshold on the same float32 points. */
static void a_point_100_pixels_off_does_not_count(void **state)
{
    (void)state;
    struct fus_point points[5];
    fus_template_points(FUS_TEMPLATE_FFHQ_512, 2048, points);
    struct fus_affine m;
    points[2].x += 300;
    assert_true(fus_template_affine(FUS_TEMPLATE_FFHQ_512, points, 2048, &m));
    assert_true(fabs(m.xx - 1) < 1e-6 && fabs(m.tx) < 1e-3);
    points[2].x -= 240; /* now 60 off: it pulls on the others */
    assert_true(fus_template_affine(FUS_TEMPLATE_FFHQ_512, points, 2048, &m));
    assert_true(fabs(m.tx) > 1);
    /* the first draw takes points 0 and 4: with 4 far off it must go on drawing */
    fus_template_points(FUS_TEMPLATE_FFHQ_512, 2048, points);
    points[4].y += 900;
    assert_true(fus_template_affine(FUS_TEMPLATE_FFHQ_512, points, 2048, &m));
    assert_true(fabs(m.xx - 1) < 1e-6 && fabs(m.yx) < 1e-6);
}

static void points_without_a_size_are_refused(void **state)
{
    (void)state;
    struct fus_affine m = {1, 2, 3, 4, 5, 6};
    struct fus_point same[5] = {{5, 5}, {5, 5}, {5, 5}, {5, 5}, {5, 5}};
    assert_false(fus_template_affine(FUS_TEMPLATE_ARCFACE_128, same, 128, &m));
    struct fus_point nan[5] = {{5, 5}, {NAN, 5}, {5, 8}, {5, 5}, {9, 5}};
    assert_false(fus_template_affine(FUS_TEMPLATE_ARCFACE_128, nan, 128, &m));
    assert_true(m.xx == 1 && m.ty == 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrices_are_the_recorded_ones),
        cmocka_unit_test(a_face_on_the_template_stays_where_it_is),
        cmocka_unit_test(a_point_100_pixels_off_does_not_count),
        cmocka_unit_test(points_without_a_size_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
