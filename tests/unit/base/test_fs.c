#include "../cmocka_all.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

static char folder[64];

static char *in_folder(const char *name)
{
    char *path = fus_fs_join(folder, name);
    assert_non_null(path);
    return path;
}

static int make_folder(void **state)
{
    strcpy(folder, "/tmp/fus-test-fs-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    return fus_fs_remove_tree(folder, NULL);
}

static void an_atomic_write_replaces_the_file(void **state)
{
    FUS_AUTO_FREE char *path = in_folder("file");
    void *bytes = NULL;
    size_t size = 0;
    assert_int_equal(fus_fs_write_atomic(path, "one", 3, 0600, NULL), 0);
    assert_int_equal(fus_fs_write_atomic(path, "twice", 5, 0640, NULL), 0);
    assert_int_equal(fus_fs_read(path, 100, &bytes, &size, NULL), 0);
    assert_int_equal(size, 5);
    assert_string_equal(bytes, "twice");
    fus_free(bytes);
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0640);
    assert_int_equal(fus_fs_size(path), 5);
}

static void reading_has_a_ceiling(void **state)
{
    FUS_AUTO_FREE char *path = in_folder("large");
    FUS_AUTO_FREE char *missing = in_folder("missing");
    void *bytes = NULL;
    size_t size = 0;
    assert_int_equal(fus_fs_write_atomic(path, "0123456789", 10, 0600, NULL), 0);
    assert_int_equal(fus_fs_read(path, 9, &bytes, &size, NULL), FUS_E_MEDIA_TOO_LARGE);
    assert_int_equal(fus_fs_read(missing, 9, &bytes, &size, NULL), FUS_E_NOT_FOUND);
    assert_null(bytes);
    assert_int_equal(fus_fs_read(path, 10, &bytes, &size, NULL), 0);
    fus_free(bytes);
}

/* RLIMIT_FSIZE stands in for a full disk: the write stops in the middle in the same way. */
static void a_full_disk_leaves_the_old_file(void **state)
{
    FUS_AUTO_FREE char *path = in_folder("old");
    FUS_AUTO_FREE char *big = fus_calloc(1, 1 << 20);
    assert_int_equal(fus_fs_write_atomic(path, "old", 3, 0600, NULL), 0);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before, small = {4096, RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    struct fus_error err = {0};
    int status = fus_fs_write_atomic(path, big, 1 << 20, 0600, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, FUS_E_STORAGE_UNAVAILABLE);
    assert_null(strstr(err.detail, folder));
    assert_int_equal(fus_fs_size(path), 3);
}

static void a_tree_is_removed_and_symlinks_are_not_followed(void **state)
{
    FUS_AUTO_FREE char *deep = in_folder("a/b/c");
    FUS_AUTO_FREE char *top = in_folder("a");
    FUS_AUTO_FREE char *kept = in_folder("kept");
    FUS_AUTO_FREE char *kept_file = in_folder("kept/file");
    FUS_AUTO_FREE char *link = in_folder("a/b/link");
    assert_int_equal(fus_fs_mkdirs(deep, 0700, NULL), 0);
    assert_int_equal(fus_fs_mkdirs(deep, 0700, NULL), 0);
    assert_int_equal(fus_fs_mkdirs(kept, 0700, NULL), 0);
    assert_int_equal(fus_fs_write_atomic(kept_file, "x", 1, 0600, NULL), 0);
    assert_int_equal(symlink(kept, link), 0);
    assert_int_equal(fus_fs_remove_tree(top, NULL), 0);
    assert_false(fus_fs_exists(top));
    assert_true(fus_fs_exists(kept_file));
    assert_int_equal(fus_fs_remove_tree(top, NULL), 0);
}

static void a_folder_is_not_made_over_a_file(void **state)
{
    FUS_AUTO_FREE char *path = in_folder("plain");
    FUS_AUTO_FREE char *below = in_folder("plain/sub");
    assert_int_equal(fus_fs_write_atomic(path, "x", 1, 0600, NULL), 0);
    assert_true(fus_fs_mkdirs(path, 0700, NULL) < 0);
    assert_true(fus_fs_mkdirs(below, 0700, NULL) < 0);
}

static void publishing_moves_the_file_into_place(void **state)
{
    FUS_AUTO_FREE char *from = in_folder("tmp-name");
    FUS_AUTO_FREE char *to = in_folder("name");
    assert_int_equal(fus_fs_write_atomic(from, "x", 1, 0600, NULL), 0);
    assert_int_equal(fus_fs_publish(from, to, NULL), 0);
    assert_false(fus_fs_exists(from));
    assert_true(fus_fs_exists(to));
    assert_true(fus_fs_free_bytes(folder) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_atomic_write_replaces_the_file),
        cmocka_unit_test(reading_has_a_ceiling),
        cmocka_unit_test(a_full_disk_leaves_the_old_file),
        cmocka_unit_test(a_tree_is_removed_and_symlinks_are_not_followed),
        cmocka_unit_test(a_folder_is_not_made_over_a_file),
        cmocka_unit_test(publishing_moves_the_file_into_place),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
