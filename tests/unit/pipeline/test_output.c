#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "folder.h"
#include "pipeline/output.h"

static void a_published_file_is_whole_and_alone(void **state)
{
    struct folder folder = new_folder();
    FUS_AUTO_FREE char *path = in_folder(&folder, "out.png");
    struct fus_output output = {0};
    char sha256[65];
    int64_t bytes = 0;

    assert_int_equal(fus_output_open(&output, path, NULL), 0);
    assert_false(fus_fs_exists(path));
    assert_int_equal(count_files(&folder), 1);
    assert_int_equal(fus_output_write(&output, "abc", 3, NULL), 0);
    assert_int_equal(fus_output_publish(&output, sha256, &bytes, NULL), 0);
    fus_output_done(&output);
    assert_int_equal(bytes, 3);
    assert_string_equal(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(count_files(&folder), 1);
    assert_int_equal(fus_fs_size(path), 3);
    end_folder(&folder);
}

static void what_is_not_published_leaves_nothing_and_keeps_the_old_file(void **state)
{
    struct folder folder = new_folder();
    FUS_AUTO_FREE char *path = in_folder(&folder, "out.png");
    struct fus_output output = {0};

    assert_int_equal(fus_fs_write_atomic(path, "old", 3, 0644, NULL), 0);
    assert_int_equal(fus_output_open(&output, path, NULL), 0);
    assert_int_equal(fus_output_write(&output, "newer", 5, NULL), 0);
    fus_output_done(&output);
    fus_output_done(&output);
    assert_int_equal(count_files(&folder), 1);
    assert_int_equal(fus_fs_size(path), 3);
    end_folder(&folder);
}

static void a_very_long_name_and_a_bare_one_work(void **state)
{
    struct folder folder = new_folder();
    char name[256];
    struct fus_output output = {0};

    memset(name, 'n', 255);
    name[255] = '\0';

    FUS_AUTO_FREE char *path = in_folder(&folder, name);

    assert_int_equal(fus_output_open(&output, path, NULL), 0);
    fus_output_done(&output);
    assert_int_equal(chdir(folder.path), 0);
    assert_int_equal(fus_output_open(&output, "bare.mp4", NULL), 0);
    assert_int_equal(strncmp(output.temporary, ".bare.mp4.", 10), 0);
    fus_output_done(&output);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(count_files(&folder), 0);
    end_folder(&folder);
}

static void a_folder_that_is_not_there_is_storage_unavailable(void **state)
{
    struct fus_output output = {0};
    struct fus_error err = {0};

    assert_int_equal(fus_output_open(&output, "/nonexistent/folder/out.png", &err),
                     FUS_E_STORAGE_UNAVAILABLE);
    assert_null(output.path);
    assert_null(strstr(err.detail, "/nonexistent")); /* no path of the server in a detail */
    fus_output_done(&output);
}

static void a_full_disk_is_storage_unavailable(void **state)
{
    struct fus_output output = {.temporary = fus_strdup("/dev/full")};

    if (access("/dev/full", W_OK) != 0)
        skip();
    assert_int_equal(fus_output_write(&output, "abc", 3, NULL), FUS_E_STORAGE_UNAVAILABLE);
    fus_free(output.temporary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_file_is_whole_and_alone),
        cmocka_unit_test(what_is_not_published_leaves_nothing_and_keeps_the_old_file),
        cmocka_unit_test(a_very_long_name_and_a_bare_one_work),
        cmocka_unit_test(a_folder_that_is_not_there_is_storage_unavailable),
        cmocka_unit_test(a_full_disk_is_storage_unavailable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
