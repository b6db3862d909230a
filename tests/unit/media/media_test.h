/* What the media tests share: a scratch folder, files, patterns, outside media. */
#ifndef FUS_TESTS_MEDIA_TEST_H
#define FUS_TESTS_MEDIA_TEST_H

#include <math.h>
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
#include "media/media.h"

__attribute__((unused)) static int scratch_make(void **state)
{
    char folder[] = "/tmp/fus-media-XXXXXX";
    if (!mkdtemp(folder))
        return -1;
    *state = strdup(folder);
    return *state ? 0 : -1;
}

__attribute__((unused)) static int scratch_remove(void **state)
{
    int rc = fus_fs_remove_tree(*state, NULL);
    free(*state);
    return rc;
}

/* "<scratch>/<name>" in one of a few turning buffers. */
__attribute__((unused)) static const char *scratch_path(void **state, const char *name)
{
    static char paths[8][256];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof(paths[0]), "%s/%s", (const char *)*state, name);
    return path;
}

__attribute__((unused)) static void file_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* The folder of outside media, or a skip. */
__attribute__((unused)) static const char *shared_media(void)
{
    static char folder[512];
    const char *media = getenv("FUS_MEDIA_DIR"), *shared = getenv("FUS_SHARED_DIR");
    if (media)
        snprintf(folder, sizeof(folder), "%s", media);
    else if (shared)
        snprintf(folder, sizeof(folder), "%s/media", shared);
    else
        snprintf(folder, sizeof(folder), "%s/../shared/media", FUS_SOURCE_ROOT);
    if (!fus_fs_exists(folder)) {
        print_message("skipped: no media in %s\n", folder);
        skip();
    }
    return folder;
}

__attribute__((unused)) static uint32_t noise(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 24;
}

#define assert_ok(call)                                                  \
    do {                                                                 \
        int assert_ok_rc = (call);                                       \
        if (assert_ok_rc != 0)                                           \
            print_error("%s: %d %s\n", #call, assert_ok_rc, err.detail); \
        assert_int_equal(assert_ok_rc, 0);                               \
    } while (0)

#endif
