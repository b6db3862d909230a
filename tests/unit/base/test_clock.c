#include "../cmocka_all.h"

#include "base/clock.h"

static void times_are_written_in_rfc3339(void **state)
{
    char text[FUS_RFC3339_SIZE], date[9];
    fus_clock_rfc3339(1785000000123456, text);
    assert_string_equal(text, "2026-07-25T17:20:00.123Z");
    fus_clock_date(1785000000123456, date);
    assert_string_equal(date, "20260725");
    fus_clock_rfc3339(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
}

static void written_times_are_read_back(void **state)
{
    int64_t us = 0;
    assert_true(fus_clock_parse_rfc3339("2026-07-25T17:20:00.123456Z", &us));
    assert_int_equal(us, 1785000000123456);
    assert_true(fus_clock_parse_rfc3339("2026-07-25t19:20:00+02:00", &us));
    assert_int_equal(us, 1785000000000000);
    assert_true(fus_clock_parse_rfc3339("2024-02-29T00:00:00Z", &us));
}

static void what_is_not_a_time_is_refused(void **state)
{
    const char *const wrong[] = {"",
                                 "2026-07-25",
                                 "2026-07-25T17:20:00",
                                 "2026-13-01T00:00:00Z",
                                 "2026-02-30T00:00:00Z",
                                 "2026-07-25T24:00:00Z",
                                 "2026-07-25T17:20:00.Z",
                                 "2026-07-25T17:20:00Zx",
                                 "2026-07-25T17:20:00+0200",
                                 "2026-07-25T17:20:00+25:00"};
    int64_t us = 5;
    for (size_t i = 0; i < FUS_COUNT(wrong); i++)
        assert_false(fus_clock_parse_rfc3339(wrong[i], &us));
    assert_false(fus_clock_parse_rfc3339(NULL, &us));
    assert_int_equal(us, 5);
}

static void sleeping_takes_its_time(void **state)
{
    int64_t before = fus_clock_monotonic_us();
    fus_clock_sleep_ms(15);
    assert_true(fus_clock_monotonic_us() - before >= 15000);
    assert_true(fus_clock_ms_since(before) >= 15.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_in_rfc3339),
        cmocka_unit_test(written_times_are_read_back),
        cmocka_unit_test(what_is_not_a_time_is_refused),
        cmocka_unit_test(sleeping_takes_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
