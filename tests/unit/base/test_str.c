#include "../cmocka_all.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static void a_buffer_grows_and_hands_its_text_over(void **state)
{
    struct fus_str str = {0};
    for (int i = 0; i < 1000; i++)
        fus_str_printf(&str, "%d,", i);
    assert_int_equal(str.length, 3890);
    FUS_AUTO_FREE char *text = fus_str_take(&str);
    assert_true(fus_str_ends(text, "998,999,"));
    assert_null(str.text);
    FUS_AUTO_FREE char *empty = fus_str_take(&str);
    assert_string_equal(empty, "");
}

static void a_failed_append_is_remembered(void **state)
{
    struct fus_str str = {0};
    fus_mem_fail_after(0);
    fus_str_append(&str, "x");
    fus_mem_fail_off();
    fus_str_append(&str, "y");
    assert_true(str.failed);
    assert_null(fus_str_take(&str));
    fus_str_append(&str, "y");
    assert_string_equal(str.text, "y");
    fus_str_done(&str);
}

static void json_strings_are_escaped_and_mended(void **state)
{
    FUS_AUTO_STR struct fus_str str = {0};
    fus_str_json(&str, "a\"b\\c\n\x01 \xC3\xA9 \xFF\xC3");
    assert_string_equal(str.text, "\"a\\\"b\\\\c\\n\\u0001 \xC3\xA9 \xEF\xBF\xBD\xEF\xBF\xBD\"");
    fus_str_clear(&str);
    fus_str_json(&str, NULL);
    assert_string_equal(str.text, "null");
}

static void utf8_is_checked_strictly(void **state)
{
    assert_true(fus_utf8_valid("gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80", 11));
    assert_false(fus_utf8_valid("\xC0\x80", 2));
    assert_false(fus_utf8_valid("\xED\xA0\x80", 3));
    assert_false(fus_utf8_valid("\xF4\x90\x80\x80", 4));
    assert_false(fus_utf8_valid("\xE2\x82", 2));
    assert_false(fus_utf8_valid("a\0b", 3));
}

static void integers_are_read_strictly(void **state)
{
    int64_t value = 99;
    assert_true(fus_parse_int("-12", -20, 20, &value));
    assert_int_equal(value, -12);
    const char *const wrong[] = {
        "", " 1", "1 ", "+1", "0x1", "1.0", "21", "-", "9999999999999999999"};
    for (size_t i = 0; i < FUS_COUNT(wrong); i++)
        assert_false(fus_parse_int(wrong[i], -20, 20, &value));
    assert_false(fus_parse_int(NULL, 0, 1, &value));
    assert_int_equal(value, -12);
}

static void numbers_are_read_strictly(void **state)
{
    double value = 9;
    const char *const wrong[] = {"", ".", "inf", "nan", "1e", "0x1p3", "1,5", "1e999", " 1", "1-"};
    for (size_t i = 0; i < FUS_COUNT(wrong); i++)
        assert_false(fus_parse_double(wrong[i], -1e300, 1e300, &value));
    assert_true(value == 9);
    assert_true(fus_parse_double("-0.25e1", -10, 10, &value));
    assert_true(value == -2.5);
    assert_true(fus_parse_double(".5", 0, 1, &value));
    assert_true(value == 0.5);
}

static void byte_sizes_take_units(void **state)
{
    uint64_t bytes = 0;
    assert_true(fus_parse_bytes("64M", &bytes));
    assert_int_equal(bytes, 64 << 20);
    assert_true(fus_parse_bytes("1.5G", &bytes));
    assert_int_equal(bytes, (uint64_t)3 << 29);
    assert_true(fus_parse_bytes("4096", &bytes));
    assert_int_equal(bytes, 4096);
    assert_true(fus_parse_bytes("2KiB", &bytes));
    assert_int_equal(bytes, 2048);
    const char *const wrong[] = {"", "M", "-1", "1Q", "1.2.3", "99999999999T", "1 M"};
    for (size_t i = 0; i < FUS_COUNT(wrong); i++)
        assert_false(fus_parse_bytes(wrong[i], &bytes));
}

static void booleans_have_eight_spellings(void **state)
{
    bool value = false;
    assert_true(fus_parse_bool("Yes", &value) && value);
    assert_true(fus_parse_bool("0", &value) && !value);
    assert_false(fus_parse_bool("maybe", &value));
    assert_false(fus_parse_bool(NULL, &value));
}

static void near_misses_have_small_distances(void **state)
{
    assert_int_equal(fus_edit_distance("face_swapper_modle", "face_swapper_model"), 1);
    assert_int_equal(fus_edit_distance("kitten", "sitting"), 3);
    assert_int_equal(fus_edit_distance("", "abc"), 3);
    assert_int_equal(fus_edit_distance("same", "same"), 0);
    char longer[200];
    memset(longer, 'a', 199);
    longer[199] = '\0';
    assert_int_equal(fus_edit_distance(longer, "a"), 199);
}

static void copies_are_cut_at_the_size(void **state)
{
    char small[4];
    assert_false(fus_strlcpy(small, "hello", sizeof(small)));
    assert_string_equal(small, "hel");
    assert_true(fus_strlcpy(small, "hi", sizeof(small)));
    assert_string_equal(small, "hi");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_grows_and_hands_its_text_over),
        cmocka_unit_test(a_failed_append_is_remembered),
        cmocka_unit_test(json_strings_are_escaped_and_mended),
        cmocka_unit_test(utf8_is_checked_strictly),
        cmocka_unit_test(integers_are_read_strictly),
        cmocka_unit_test(numbers_are_read_strictly),
        cmocka_unit_test(byte_sizes_take_units),
        cmocka_unit_test(booleans_have_eight_spellings),
        cmocka_unit_test(near_misses_have_small_distances),
        cmocka_unit_test(copies_are_cut_at_the_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
