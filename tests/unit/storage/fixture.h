/* A data directory of its own for each test, removed afterwards. */
#ifndef FUS_TEST_STORAGE_FIXTURE_H
#define FUS_TEST_STORAGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "storage/storage.h"

struct fixture {
    char dir[64];
    char roots[256];
    struct fus_config config;
    struct fus_storage *storage;
};

static inline void fixture_path(const struct fixture *f, const char *name, char out[512])
{
    snprintf(out, 512, "%s/%s", f->dir, name);
}

static inline void fixture_write(const struct fixture *f, const char *name, const char *text)
{
    char path[512];
    fixture_path(f, name, path);
    assert_int_equal(fus_fs_write_atomic(path, text, strlen(text), 0600, NULL), 0);
}

static inline void fixture_reopen(struct fixture *f)
{
    struct fus_error err = {0};
    fus_storage_free(FUS_TAKE(f->storage));
    int rc = fus_storage_open(&f->config, &f->storage, &err);
    if (rc != 0)
        print_error("%s\n", err.detail);
    assert_int_equal(rc, 0);
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    snprintf(f->dir, sizeof(f->dir), "/tmp/fus-storage-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->roots, sizeof(f->roots), "%s/input", f->dir);
    f->config.data_dir = f->dir;
    f->config.input_roots = f->roots;
    fixture_reopen(f);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    fus_storage_free(f->storage);
    (void)fus_fs_remove_tree(f->dir, NULL);
    free(f);
    return 0;
}

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

#endif
