#include <math.h>

#include "support.h"
#include "vision/affine.h"
#include "vision/rect.h"

static const struct fus_point FACE[5] = {{38.2946f, 51.6963f},
                                         {73.5318f, 51.5014f},
                                         {56.0252f, 71.7366f},
                                         {41.5493f, 92.3655f},
                                         {70.7299f, 92.2041f}};

static void a_similarity_is_found_again(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (int round = 0; round < 200; round++) {
        double angle = test_uniform(&seed, -3, 3), scale = test_uniform(&seed, 0.1, 8);
        struct fus_affine m = {
            scale * cos(angle), -scale * sin(angle), test_uniform(&seed, -500, 500),
            scale * sin(angle), scale * cos(angle),  test_uniform(&seed, -500, 500)};
        struct fus_point to[5];
        for (int i = 0; i < 5; i++)
            to[i] = fus_affine_apply(&m, FACE[i]);
        struct fus_affine found;
        assert_true(fus_affine_similarity(FACE, to, 5, &found));
        assert_float_equal(found.xx, m.xx, 1e-4);
        assert_float_equal(found.yx, m.yx, 1e-4);
        assert_float_equal(found.tx, m.tx, 5e-3);
        assert_float_equal(found.ty, m.ty, 5e-3);
        assert_float_equal(fus_affine_scale(&found), scale, 1e-4);
    }
}

static void a_mirrored_face_does_not_give_a_reflection(void **state)
{
    (void)state;
    struct fus_point to[5];
    for (int i = 0; i < 5; i++)
        to[i] = (struct fus_point){112 - FACE[i].x, FACE[i].y};
    struct fus_affine m;
    assert_true(fus_affine_similarity(FACE, to, 5, &m));
    assert_true(m.xx * m.yy - m.xy * m.yx > 0);
}

static double error_of(const struct fus_affine *m, const struct fus_point *to)
{
    double sum = 0;
    for (int i = 0; i < 5; i++) {
        struct fus_point p = fus_affine_apply(m, FACE[i]);
        sum += pow((double)(p.x - to[i].x), 2) + pow((double)(p.y - to[i].y), 2);
    }
    return sum;
}

static void the_fit_is_the_least_squares_optimum(void **state)
{
    (void)state;
    uint32_t seed = 3;
    struct fus_point to[5];
    for (int i = 0; i < 5; i++)
        to[i] = (struct fus_point){FACE[i].x * 2 + (float)test_uniform(&seed, -9, 9),
                                   FACE[i].y * 2 + (float)test_uniform(&seed, -9, 9)};
    struct fus_affine m;
    assert_true(fus_affine_similarity(FACE, to, 5, &m));
    double best = error_of(&m, to);
    for (int round = 0; round < 500; round++) {
        struct fus_affine n = m;
        double a = test_uniform(&seed, -0.05, 0.05), b = test_uniform(&seed, -0.05, 0.05);
        n.xx += a, n.yy += a, n.yx += b, n.xy -= b;
        n.tx += test_uniform(&seed, -1, 1), n.ty += test_uniform(&seed, -1, 1);
        assert_true(error_of(&n, to) >= best - 1e-3);
    }
}

static void points_in_one_place_are_refused(void **state)
{
    (void)state;
    struct fus_point same[5] = {{3, 3}, {3, 3}, {3, 3}, {3, 3}, {3, 3}};
    struct fus_point wild[5] = {{0, 0}, {NAN, 1}, {2, 2}, {3, 3}, {4, 4}};
    struct fus_affine m = {.tx = 42};
    assert_false(fus_affine_similarity(same, FACE, 5, &m));
    assert_false(fus_affine_similarity(FACE, same, 5, &m));
    assert_false(fus_affine_similarity(FACE, wild, 5, &m));
    assert_false(fus_affine_similarity(FACE, FACE, 1, &m));
    assert_float_equal(m.tx, 42, 0);
}

static void inverse_and_composition_agree(void **state)
{
    (void)state;
    struct fus_affine m = {1.5, -0.25, 10, 0.5, 2, -3}, back;
    assert_true(fus_affine_invert(&m, &back));
    struct fus_affine one = fus_affine_compose(&m, &back);
    struct fus_point p = fus_affine_apply(&one, (struct fus_point){12, -7});
    assert_float_equal(p.x, 12, 1e-5);
    assert_float_equal(p.y, -7, 1e-5);
    struct fus_affine flat = {1, 2, 0, 2, 4, 0};
    assert_false(fus_affine_invert(&flat, &back));
}

static void rectangles_are_clipped_to_the_picture(void **state)
{
    (void)state;
    struct fus_rect r;
    assert_true(fus_rect_clip((struct fus_rect){-5, 2, 10, 100}, 20, 30, &r));
    assert_int_equal(r.x, 0);
    assert_int_equal(r.width, 5);
    assert_int_equal(r.height, 28);
    assert_false(fus_rect_clip((struct fus_rect){20, 0, 5, 5}, 20, 30, &r));
    assert_true(fus_rect_around((struct fus_box){1.5f, 1.5f, 3.2f, 1e9f}, 1, 20, 30, &r));
    assert_int_equal(r.x, 0);
    assert_int_equal(r.y + r.height, 30);
    assert_int_equal(r.x + r.width, 6);
    assert_false(fus_rect_around((struct fus_box){NAN, 0, 1, 1}, 1, 20, 30, &r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_similarity_is_found_again),
        cmocka_unit_test(a_mirrored_face_does_not_give_a_reflection),
        cmocka_unit_test(the_fit_is_the_least_squares_optimum),
        cmocka_unit_test(points_in_one_place_are_refused),
        cmocka_unit_test(inverse_and_composition_agree),
        cmocka_unit_test(rectangles_are_clipped_to_the_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
