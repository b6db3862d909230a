#include "fixture.h"

static int publish(struct fixture *f, const char *text, struct fus_error *err)
{
    FUS_AUTO_FREE char *folder = NULL;
    char path[512];
    assert_int_equal(fus_storage_job_dir(f->storage, "job_1", &folder, NULL), 0);
    fixture_write(f, "temp/job_1/out.png", text);
    fixture_path(f, "temp/job_1/out.png", path);
    return fus_storage_put_result(f->storage, path, "job_1.png", err);
}

static void a_result_is_published_whole_and_replaced_by_a_later_attempt(void **state)
{
    struct fixture *f = *state;
    char text[8] = {0}, path[512];
    uint64_t size = 0;
    FUS_AUTO_FD int fd = -1, second = -1;
    assert_int_equal(publish(f, "one", NULL), 0);
    assert_int_equal(fus_storage_open_result(f->storage, "job_1.png", &fd, &size, NULL), 0);
    assert_int_equal(size, 3);
    assert_int_equal(read(fd, text, sizeof(text)), 3);
    assert_string_equal(text, "one");
    fixture_path(f, "temp/job_1/out.png", path);
    assert_false(fus_fs_exists(path));
    assert_int_equal(publish(f, "second", NULL), 0);
    assert_int_equal(fus_storage_open_result(f->storage, "job_1.png", &second, &size, NULL), 0);
    assert_int_equal(size, 6);
}

static void a_missing_result_is_not_found(void **state)
{
    struct fixture *f = *state;
    uint64_t size = 0;
    int fd = -1;
    assert_int_equal(fus_storage_open_result(f->storage, "job_2.png", &fd, &size, NULL),
                     FUS_E_NOT_FOUND);
    assert_int_equal(fus_storage_open_result(f->storage, "../link.key", &fd, &size, NULL),
                     FUS_E_NOT_FOUND);
}

static void a_symlink_is_neither_published_nor_served(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_FREE char *folder = NULL;
    char path[512];
    uint64_t size = 0;
    int fd = -1;
    assert_int_equal(fus_storage_job_dir(f->storage, "job_1", &folder, NULL), 0);
    fixture_path(f, "temp/job_1/out.png", path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(fus_storage_put_result(f->storage, path, "job_1.png", NULL),
                     FUS_E_STORAGE_UNAVAILABLE);
    fixture_path(f, "output/job_3.png", path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(fus_storage_open_result(f->storage, "job_3.png", &fd, &size, NULL),
                     FUS_E_NOT_FOUND);
}

static void collect(void *user, const char *object)
{
    strncat(user, object, 64);
}

static void results_are_listed_and_deleted(void **state)
{
    struct fixture *f = *state;
    char names[256] = "";
    assert_int_equal(publish(f, "one", NULL), 0);
    fus_storage_results(f->storage, collect, names);
    assert_string_equal(names, "job_1.png");
    assert_int_equal(fus_storage_delete_result(f->storage, "job_1.png", NULL), 0);
    assert_int_equal(fus_storage_delete_result(f->storage, "job_1.png", NULL), 0);
    names[0] = '\0';
    fus_storage_results(f->storage, collect, names);
    assert_string_equal(names, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_result_is_published_whole_and_replaced_by_a_later_attempt),
        FIXTURE_TEST(a_missing_result_is_not_found),
        FIXTURE_TEST(a_symlink_is_neither_published_nor_served),
        FIXTURE_TEST(results_are_listed_and_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
