#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "fixture.h"

static int open_code(struct fixture *f, const char *name)
{
    struct fus_error err = {0};
    int fd = -1;
    int rc = fus_storage_open_input(f->storage, name, &fd, &err);
    if (rc == 0)
        close(fd);
    else
        assert_null(strstr(err.detail, "/input/secret"));
    return rc;
}

static void a_relative_path_resolves_beneath_the_first_root(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "input/a.jpg", "abc");
    assert_int_equal(open_code(f, "a.jpg"), 0);
    assert_int_equal(open_code(f, "./a.jpg"), 0);
    assert_int_equal(open_code(f, "missing.jpg"), FUS_E_SOURCE_FETCH_FAILED);
    assert_int_equal(open_code(f, ""), FUS_E_SOURCE_FETCH_FAILED);
    assert_int_equal(open_code(f, "a.jpg/b"), FUS_E_SOURCE_FETCH_FAILED);
}

static void an_absolute_path_must_lie_beneath_a_root(void **state)
{
    struct fixture *f = *state;
    char path[512], second[512];
    fixture_path(f, "more", second);
    assert_int_equal(mkdir(second, 0700), 0);
    snprintf(f->roots, sizeof(f->roots), "%s/input:%s/more/:/does/not/exist", f->dir, f->dir);
    fixture_reopen(f);
    fixture_write(f, "input/a.jpg", "abc");
    fixture_write(f, "more/b.jpg", "abc");
    fixture_write(f, "c.jpg", "abc");
    fixture_path(f, "input/a.jpg", path);
    assert_int_equal(open_code(f, path), 0);
    fixture_path(f, "more//b.jpg", path);
    assert_int_equal(open_code(f, path), 0);
    fixture_path(f, "c.jpg", path);
    assert_int_equal(open_code(f, path), FUS_E_SOURCE_FORBIDDEN);
    fixture_path(f, "input/../c.jpg", path);
    assert_int_equal(open_code(f, path), FUS_E_SOURCE_FORBIDDEN);
    fixture_path(f, "more2", path);
    assert_int_equal(open_code(f, path), FUS_E_SOURCE_FORBIDDEN);
    assert_int_equal(open_code(f, "/etc/passwd"), FUS_E_SOURCE_FORBIDDEN);
}

static void a_root_that_is_a_symlink_may_be_named_either_way(void **state)
{
    struct fixture *f = *state;
    char link[512], path[512];
    fixture_path(f, "link", link);
    assert_int_equal(symlink("input", link), 0);
    snprintf(f->roots, sizeof(f->roots), "%s/link", f->dir);
    fixture_reopen(f);
    fixture_write(f, "input/a.jpg", "abc");
    fixture_path(f, "link/a.jpg", path);
    assert_int_equal(open_code(f, path), 0);
    fixture_path(f, "input/a.jpg", path);
    assert_int_equal(open_code(f, path), 0);
}

static void paths_that_leave_the_root_are_refused(void **state)
{
    struct fixture *f = *state;
    char path[512];
    assert_int_equal(open_code(f, "../../etc/passwd"), FUS_E_SOURCE_FORBIDDEN);
    assert_int_equal(open_code(f, "../link.key"), FUS_E_SOURCE_FORBIDDEN);
    assert_int_equal(open_code(f, "a/../../link.key"), FUS_E_SOURCE_FORBIDDEN);
    fixture_path(f, "input/out", path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(open_code(f, "out"), FUS_E_SOURCE_FORBIDDEN);
    fixture_path(f, "input/up", path);
    assert_int_equal(symlink("..", path), 0);
    assert_int_equal(open_code(f, "up/link.key"), FUS_E_SOURCE_FORBIDDEN);
    fixture_path(f, "input/loop", path);
    assert_int_equal(symlink("loop", path), 0);
    assert_int_equal(open_code(f, "loop"), FUS_E_SOURCE_FORBIDDEN);
}

static void a_symlink_that_stays_inside_is_followed(void **state)
{
    struct fixture *f = *state;
    char path[512];
    fixture_write(f, "input/a.jpg", "abc");
    fixture_path(f, "input/b.jpg", path);
    assert_int_equal(symlink("a.jpg", path), 0);
    assert_int_equal(open_code(f, "b.jpg"), 0);
}

static void magic_links_of_proc_are_refused(void **state)
{
    struct fixture *f = *state;
    snprintf(f->roots, sizeof(f->roots), "/proc/self");
    fixture_reopen(f);
    assert_int_equal(open_code(f, "fd/0"), FUS_E_SOURCE_FORBIDDEN);
    assert_int_equal(open_code(f, "exe"), FUS_E_SOURCE_FORBIDDEN);
    assert_int_equal(open_code(f, "/proc/self/root/etc/passwd"), FUS_E_SOURCE_FORBIDDEN);
}

static void only_regular_files_are_inputs(void **state)
{
    struct fixture *f = *state;
    char path[512];
    fixture_path(f, "input/fifo", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    alarm(5); /* a FIFO that hangs would hang the test */
    assert_int_equal(open_code(f, "fifo"), FUS_E_SOURCE_FORBIDDEN);
    alarm(0);
    fixture_path(f, "input/folder", path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(open_code(f, "folder"), FUS_E_SOURCE_FORBIDDEN);
    assert_int_equal(open_code(f, "."), FUS_E_SOURCE_FORBIDDEN);
    snprintf(f->roots, sizeof(f->roots), "/dev");
    fixture_reopen(f);
    assert_int_equal(open_code(f, "zero"), FUS_E_SOURCE_FORBIDDEN);
}

static void the_detail_repeats_what_the_client_said_and_no_more(void **state)
{
    struct fixture *f = *state;
    struct fus_error err = {0};
    int fd = -1;
    assert_int_equal(fus_storage_open_input(f->storage, "nowhere.png", &fd, &err),
                     FUS_E_SOURCE_FETCH_FAILED);
    assert_non_null(strstr(err.detail, "nowhere.png"));
    assert_null(strstr(err.detail, f->dir));
}

static int stage(struct fixture *f, const char *name, uint64_t max, char **path, char sha[65],
                 struct fus_error *err)
{
    FUS_AUTO_FD int fd = -1;
    assert_int_equal(fus_storage_open_input(f->storage, name, &fd, NULL), 0);
    return fus_storage_stage(f->storage, fd, "job_1", "source_0", max, path, sha, err);
}

static void staging_copies_and_hashes(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_FREE char *path = NULL, *again = NULL;
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size = 0;
    char sha[65];
    fixture_write(f, "input/a", "abc");
    assert_int_equal(stage(f, "a", 3, &path, sha, NULL), 0);
    /* FIPS 180-2, appendix B.1 */
    assert_string_equal(sha, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(fus_fs_read(path, 100, &bytes, &size, NULL), 0);
    assert_string_equal(bytes, "abc");
    /* a second attempt stages anew */
    assert_int_equal(stage(f, "a", 3, &again, sha, NULL), 0);
    assert_string_equal(path, again);
}

static void an_input_that_is_too_large_is_not_staged(void **state)
{
    struct fixture *f = *state;
    char *path = NULL, sha[65], staged[512];
    fixture_write(f, "input/a", "abcd");
    assert_int_equal(stage(f, "a", 3, &path, sha, NULL), FUS_E_MEDIA_TOO_LARGE);
    assert_null(path);
    fixture_path(f, "temp/job_1/source_0", staged);
    assert_false(fus_fs_exists(staged));
}

static void a_full_disk_leaves_nothing_half_staged(void **state)
{
    struct fixture *f = *state;
    char *path = NULL, sha[65], staged[512], big[8192];
    struct rlimit old, small = {.rlim_cur = 1000};
    struct fus_error err = {0};
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    fixture_write(f, "input/a", big);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = stage(f, "a", 1 << 20, &path, sha, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(rc, FUS_E_STORAGE_UNAVAILABLE);
    fixture_path(f, "temp/job_1/source_0", staged);
    assert_false(fus_fs_exists(staged));
}

static void staging_survives_every_failing_allocation(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "input/a", "abc");
    FUS_AUTO_FD int fd = -1;
    assert_int_equal(fus_storage_open_input(f->storage, "a", &fd, NULL), 0);
    for (long calls = 0;; calls++) {
        FUS_AUTO_FREE char *path = NULL;
        char sha[65];
        fus_mem_fail_after(calls);
        int rc = fus_storage_stage(f->storage, fd, "job_1", "source_0", 10, &path, sha, NULL);
        bool failed = fus_mem_failed();
        fus_mem_fail_off();
        if (!failed) {
            assert_int_equal(rc, 0);
            return;
        }
        assert_int_equal(rc, FUS_E_OUT_OF_MEMORY);
    }
}

static void count_folder(void *user, const char *job_id)
{
    assert_string_equal(job_id, "job_old");
    (*(int *)user)++;
}

static void an_upload_becomes_the_jobs_folder_and_the_reaper_does_not_see_it_yet(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_FREE char *folder = NULL;
    char path[512];
    int seen = 0;
    assert_int_equal(fus_storage_upload_dir(f->storage, "job_new", &folder, NULL), 0);
    fixture_write(f, "temp/up_job_new/part_0", "abc");
    fus_storage_job_dirs(f->storage, count_folder, &seen);
    assert_int_equal(fus_storage_upload_adopt(f->storage, "job_new", NULL), 0);
    fixture_path(f, "temp/job_new/part_0", path);
    assert_true(fus_fs_exists(path));
    fus_storage_job_dirs(f->storage, count_folder, &seen);
    assert_int_equal(seen, 0);
    fus_storage_job_dir_remove(f->storage, "job_new");
    assert_false(fus_fs_exists(path));
    assert_int_equal(fus_storage_upload_adopt(f->storage, "job_none", NULL),
                     FUS_E_STORAGE_UNAVAILABLE);
}

static void an_abandoned_upload_is_removed(void **state)
{
    struct fixture *f = *state;
    FUS_AUTO_FREE char *folder = NULL;
    int seen = 0;
    struct timeval long_ago[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_int_equal(fus_storage_upload_dir(f->storage, "job_x", &folder, NULL), 0);
    assert_int_equal(utimes(folder, long_ago), 0);
    fus_storage_job_dirs(f->storage, count_folder, &seen);
    assert_false(fus_fs_exists(folder));
}

static void folders_of_jobs_have_plain_names(void **state)
{
    struct fixture *f = *state;
    char *folder = NULL;
    assert_int_equal(fus_storage_job_dir(f->storage, "../x", &folder, NULL), FUS_E_NOT_FOUND);
    assert_int_equal(fus_storage_job_dir(f->storage, "", &folder, NULL), FUS_E_NOT_FOUND);
    assert_int_equal(fus_storage_job_dir(f->storage, ".x", &folder, NULL), FUS_E_NOT_FOUND);
    fus_storage_job_dir_remove(f->storage, "../output");
    char path[512];
    fixture_path(f, "output", path);
    assert_true(fus_fs_exists(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_relative_path_resolves_beneath_the_first_root),
        FIXTURE_TEST(an_absolute_path_must_lie_beneath_a_root),
        FIXTURE_TEST(a_root_that_is_a_symlink_may_be_named_either_way),
        FIXTURE_TEST(paths_that_leave_the_root_are_refused),
        FIXTURE_TEST(a_symlink_that_stays_inside_is_followed),
        FIXTURE_TEST(magic_links_of_proc_are_refused),
        FIXTURE_TEST(only_regular_files_are_inputs),
        FIXTURE_TEST(the_detail_repeats_what_the_client_said_and_no_more),
        FIXTURE_TEST(staging_copies_and_hashes),
        FIXTURE_TEST(an_input_that_is_too_large_is_not_staged),
        FIXTURE_TEST(a_full_disk_leaves_nothing_half_staged),
        FIXTURE_TEST(staging_survives_every_failing_allocation),
        FIXTURE_TEST(an_upload_becomes_the_jobs_folder_and_the_reaper_does_not_see_it_yet),
        FIXTURE_TEST(an_abandoned_upload_is_removed),
        FIXTURE_TEST(folders_of_jobs_have_plain_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
