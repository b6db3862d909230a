#include "cm.h"

#include "api/range.h"

static void expect(const char *header, uint64_t size, enum fus_range wanted, uint64_t offset,
                   uint64_t length)
{
    uint64_t got_offset = 0, got_length = 0;
    enum fus_range got = fus_range_parse(header, size, &got_offset, &got_length);
    if (got != wanted)
        fail_msg("%s: %d", header != NULL ? header : "(none)", (int)got);
    assert_int_equal(got_offset, offset);
    assert_int_equal(got_length, length);
}

static void single_ranges_are_served(void **state)
{
    expect("bytes=0-0", 100, FUS_RANGE_OK, 0, 1);
    expect("bytes=10-19", 100, FUS_RANGE_OK, 10, 10);
    expect("bytes=90-", 100, FUS_RANGE_OK, 90, 10);
    expect("bytes=90-1000", 100, FUS_RANGE_OK, 90, 10);
    expect("bytes=-5", 100, FUS_RANGE_OK, 95, 5);
    expect("bytes=-500", 100, FUS_RANGE_OK, 0, 100);
    expect("bytes=5-99999999999999999999999999", 100, FUS_RANGE_OK, 5, 95);
}

static void ranges_beyond_the_end_are_unsatisfiable(void **state)
{
    expect("bytes=100-", 100, FUS_RANGE_UNSATISFIABLE, 0, 0);
    expect("bytes=-0", 100, FUS_RANGE_UNSATISFIABLE, 0, 0);
    expect("bytes=0-", 0, FUS_RANGE_UNSATISFIABLE, 0, 0);
    expect("bytes=99999999999999999999999999-", 100, FUS_RANGE_UNSATISFIABLE, 0, 0);
}

static void everything_else_is_as_if_there_were_no_range(void **state)
{
    static const char *const odd[] = {
        NULL,        "",          "bytes",      "bytes=", "bytes=a-b", "bytes=5-2", "bytes=1-2,4-5",
        "lines=1-2", "bytes=--5", "bytes=1-2x", "bytes=5"};
    for (size_t i = 0; i < FUS_COUNT(odd); i++)
        expect(odd[i], 100, FUS_RANGE_NONE, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_ranges_are_served),
        cmocka_unit_test(ranges_beyond_the_end_are_unsatisfiable),
        cmocka_unit_test(everything_else_is_as_if_there_were_no_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
