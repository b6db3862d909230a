#include "../cmocka_all.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

static void every_code_has_its_facts(void **state)
{
    for (int code = -1; code >= -FUS_ERROR_COUNT; code--) {
        const struct fus_error_info *info = fus_error_info(code);
        assert_true(info->http_status >= 400 && info->http_status < 600);
        assert_int_equal(fus_error_from_name(info->name), code);
        assert_true(strlen(info->title) > 0);
    }
    assert_string_equal(fus_error_info(FUS_E_QUEUE_FULL)->name, "queue_full");
    assert_int_equal(fus_error_info(FUS_E_QUEUE_FULL)->http_status, 503);
    assert_true(fus_error_info(FUS_E_QUEUE_FULL)->retryable);
}

static void unknown_codes_are_internal(void **state)
{
    assert_string_equal(fus_error_info(0)->name, "internal");
    assert_string_equal(fus_error_info(-1000)->name, "internal");
    assert_int_equal(fus_error_from_name("no_such"), FUS_E_INTERNAL);
}

static void setting_returns_the_code_and_takes_no_error(void **state)
{
    struct fus_error err = {0};
    assert_int_equal(fus_error_set(NULL, FUS_E_GONE, "x"), FUS_E_GONE);
    assert_int_equal(fus_error_set_at(&err, FUS_E_GONE, "/a", "%d left", 3), FUS_E_GONE);
    assert_string_equal(err.detail, "3 left");
    assert_string_equal(err.pointer, "/a");
    assert_int_equal(fus_error_errno(&err, ENOMEM, "x"), FUS_E_OUT_OF_MEMORY);
}

static void a_cut_detail_stays_valid_utf8(void **state)
{
    char longer[1000];
    struct fus_error err = {0};
    for (size_t shift = 0; shift < 3; shift++) {
        memset(longer, 'a', shift);
        for (size_t i = shift; i + 3 < sizeof(longer); i += 3)
            memcpy(longer + i, "\xE2\x82\xAC", 4);
        fus_error_set(&err, FUS_E_GONE, "%s", longer);
        assert_true(fus_utf8_valid(err.detail, strlen(err.detail)));
        assert_true(strlen(err.detail) > sizeof(err.detail) - 8);
    }
}

static void a_full_list_goes_on_counting(void **state)
{
    static struct fus_error_list list;
    for (int i = 0; i < FUS_ERROR_LIST_MAX + 5; i++)
        fus_error_list_add(&list, FUS_E_INVALID_PARAMETER, "/p", "%d", i);
    assert_int_equal(list.count, FUS_ERROR_LIST_MAX + 5);
    assert_int_equal(fus_error_list_kept(&list), FUS_ERROR_LIST_MAX);
    assert_string_equal(list.items[FUS_ERROR_LIST_MAX - 1].detail, "31");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_facts),
        cmocka_unit_test(unknown_codes_are_internal),
        cmocka_unit_test(setting_returns_the_code_and_takes_no_error),
        cmocka_unit_test(a_cut_detail_stays_valid_utf8),
        cmocka_unit_test(a_full_list_goes_on_counting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
