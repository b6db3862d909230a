#include <sys/stat.h>

#include "fixture.h"

static void the_folders_are_made_private(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"input", "output", "temp", "models"};
    for (size_t i = 0; i < FUS_COUNT(names); i++) {
        char path[512];
        struct stat facts;
        fixture_path(f, names[i], path);
        assert_int_equal(stat(path, &facts), 0);
        assert_int_equal(facts.st_mode & 0777, 0700);
    }
}

static void the_floor_of_free_space_is_kept(void **state)
{
    struct fixture *f = *state;
    assert_true(fus_storage_has_space(f->storage));
    f->config.min_free_bytes = UINT64_MAX;
    fixture_reopen(f);
    assert_false(fus_storage_has_space(f->storage));
    f->config.min_free_bytes = 1;
    fixture_reopen(f);
    assert_true(fus_storage_has_space(f->storage));
}

static void a_relative_root_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct fus_storage *other = NULL;
    snprintf(f->roots, sizeof(f->roots), "relative/folder");
    assert_int_equal(fus_storage_open(&f->config, &other, NULL), FUS_E_INVALID_PARAMETER);
}

static void without_roots_input_is_the_root(void **state)
{
    struct fixture *f = *state;
    int fd = -1;
    f->roots[0] = '\0';
    fixture_reopen(f);
    fixture_write(f, "input/a", "abc");
    assert_int_equal(fus_storage_open_input(f->storage, "a", &fd, NULL), 0);
    close(fd);
}

static void opening_survives_every_failing_allocation(void **state)
{
    struct fixture *f = *state;
    for (long calls = 0;; calls++) {
        FUS_CLEANUP(fus_storage_free) struct fus_storage *other = NULL;
        fus_mem_fail_after(calls);
        int rc = fus_storage_open(&f->config, &other, NULL);
        bool failed = fus_mem_failed();
        fus_mem_fail_off();
        if (!failed) {
            assert_int_equal(rc, 0);
            return;
        }
        assert_int_equal(rc, FUS_E_OUT_OF_MEMORY);
        assert_null(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(the_folders_are_made_private),
        FIXTURE_TEST(the_floor_of_free_space_is_kept),
        FIXTURE_TEST(a_relative_root_is_an_error),
        FIXTURE_TEST(without_roots_input_is_the_root),
        FIXTURE_TEST(opening_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
