#include "../cmocka_all.h"

#include <string.h>

#include "base/mem.h"

static void sizes_that_overflow_are_refused(void **state)
{
    size_t out = 7;
    assert_false(fus_size_mul(SIZE_MAX / 2, 3, &out));
    assert_false(fus_size_add(SIZE_MAX, 1, &out));
    assert_int_equal(out, 7);
    assert_true(fus_size_mul(3, 4, &out));
    assert_int_equal(out, 12);
    assert_null(fus_realloc(NULL, SIZE_MAX / 2, 3));
    assert_null(fus_calloc(SIZE_MAX / 2, 3));
    assert_null(fus_malloc_aligned(SIZE_MAX - 3));
}

static void aligned_blocks_are_aligned(void **state)
{
    FUS_AUTO_FREE void *block = fus_malloc_aligned(3);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % 64, 0);
    memset(block, 1, 3);
}

static void the_kth_allocation_fails_and_all_after_it(void **state)
{
    fus_mem_fail_after(2);
    FUS_AUTO_FREE void *first = fus_malloc(1);
    FUS_AUTO_FREE void *second = fus_calloc(1, 1);
    void *third = fus_malloc(1), *fourth = fus_strdup("x");
    bool failed = fus_mem_failed();
    fus_mem_fail_off();
    assert_non_null(first);
    assert_non_null(second);
    assert_null(third);
    assert_null(fourth);
    assert_true(failed);
    FUS_AUTO_FREE void *after = fus_malloc(1);
    assert_non_null(after);
}

static void strings_are_copied(void **state)
{
    FUS_AUTO_FREE char *whole = fus_strdup("hello");
    FUS_AUTO_FREE char *part = fus_strndup("hello", 2);
    FUS_AUTO_FREE char *beyond = fus_strndup("hi", 100);
    assert_string_equal(whole, "hello");
    assert_string_equal(part, "he");
    assert_string_equal(beyond, "hi");
    assert_null(fus_strdup(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(aligned_blocks_are_aligned),
        cmocka_unit_test(the_kth_allocation_fails_and_all_after_it),
        cmocka_unit_test(strings_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
