#include "support.h"
#include "vision/largest.h"

static void the_largest_is_found_wherever_it_is(void **state)
{
    (void)state;
    static float values[301];
    uint32_t seed = 7;
    for (size_t count = 1; count <= 301; count += count < 70 ? 1 : 33) {
        for (size_t place = 0; place < count; place++) {
            for (size_t i = 0; i < count; i++)
                values[i] = (float)test_uniform(&seed, -3, -1);
            values[place] = -0.5f;
            assert_true(fus_largest_plain(values, count) == -0.5f);
            assert_true(fus_largest(values, count) == -0.5f);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_is_found_wherever_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
