#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
#include "pipeline/size.h"

static void sizes_are_scaled_to_even_sides(void **state)
{
    static const struct {
        struct fus_size native;
        double scale;
        struct fus_size expected;
    } cases[] = {
        {{426, 226}, 0.5, {212, 112}}, {{426, 226}, 1, {426, 226}}, {{426, 226}, 2, {852, 452}},
        {{426, 226}, 8, {3408, 1808}}, {{3, 5}, 0.25, {2, 2}},      {{7, 13}, 0.5, {4, 6}},
    };

    (void)state;
    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        struct fus_size size = fus_size_scaled(cases[i].native, cases[i].scale, true);

        assert_int_equal(size.width, cases[i].expected.width);
        assert_int_equal(size.height, cases[i].expected.height);
    }
}

static void odd_sides_stay_at_scale_1_unless_asked_for(void **state)
{
    struct fus_size kept = fus_size_scaled((struct fus_size){451, 299}, 1, false);
    struct fus_size even = fus_size_scaled((struct fus_size){451, 299}, 1, true);

    (void)state;
    assert_int_equal(kept.width, 451);
    assert_int_equal(kept.height, 299);
    assert_int_equal(even.width, 452);  /* 225.5 to the even 226 */
    assert_int_equal(even.height, 300); /* 149.5 to the even 150 */
}

static void nothing_is_processed_above_its_own_size(void **state)
{
    struct fus_size native = {640, 360};

    (void)state;
    assert_int_equal(fus_size_working(native, (struct fus_size){1280, 720}).width, 640);
    assert_int_equal(fus_size_working(native, (struct fus_size){320, 180}).height, 180);
    assert_int_equal(fus_size_working(native, (struct fus_size){640, 362}).height, 360);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_scaled_to_even_sides),
        cmocka_unit_test(odd_sides_stay_at_scale_1_unless_asked_for),
        cmocka_unit_test(nothing_is_processed_above_its_own_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
