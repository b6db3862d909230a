#include "fixture.h"

static void only_what_may_pass_is_tried_again(void **state)
{
    assert_true(fus_error_worth_retry(FUS_E_WORKER_CRASHED));
    assert_true(fus_error_worth_retry(FUS_E_OUT_OF_MEMORY));
    assert_true(fus_error_worth_retry(FUS_E_TIMED_OUT));
    assert_true(fus_error_worth_retry(FUS_E_INTERNAL));
    assert_true(fus_error_worth_retry(FUS_E_STORAGE_UNAVAILABLE));
    assert_false(fus_error_worth_retry(FUS_E_NO_FACE_IN_TARGET));
    assert_false(fus_error_worth_retry(FUS_E_CORRUPT_MEDIA));
    assert_false(fus_error_worth_retry(FUS_E_SOURCE_FETCH_FAILED));
    assert_false(fus_error_worth_retry(FUS_E_LABELLING_FAILED));
    assert_false(fus_error_worth_retry(FUS_E_INVALID_PARAMETER));
}

static int64_t longest_of(int code, int attempt, int64_t *shortest)
{
    int64_t longest = 0;
    *shortest = INT64_MAX;
    for (int i = 0; i < 2000; i++) {
        int64_t ms = fus_retry_delay_ms(code, attempt, 1000);
        longest = FUS_MAX(longest, ms);
        *shortest = FUS_MIN(*shortest, ms);
    }
    return longest;
}

static void delays_are_spread_from_zero_to_a_ceiling_that_doubles_up_to_a_minute(void **state)
{
    static const int64_t ceilings[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    for (int attempt = 1; attempt <= 8; attempt++) {
        int64_t shortest, longest = longest_of(FUS_E_INTERNAL, attempt, &shortest);
        assert_true(longest <= ceilings[attempt - 1]);
        assert_true(longest > ceilings[attempt - 1] * 9 / 10);
        assert_true(shortest < ceilings[attempt - 1] / 10);
    }
    int64_t shortest;
    assert_true(longest_of(FUS_E_INTERNAL, 1000, &shortest) <= 60000);
}

static void a_first_crash_is_tried_again_soon(void **state)
{
    int64_t shortest;
    assert_true(longest_of(FUS_E_WORKER_CRASHED, 1, &shortest) <= 200);
    assert_true(longest_of(FUS_E_WORKER_CRASHED, 2, &shortest) > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_may_pass_is_tried_again),
        cmocka_unit_test(delays_are_spread_from_zero_to_a_ceiling_that_doubles_up_to_a_minute),
        cmocka_unit_test(a_first_crash_is_tried_again_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
