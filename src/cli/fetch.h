/* Downloads of model files: several at a time, resumed, proven before they are put in place.
 *
 * Of each file X.onnx the X.hash comes first (it says what the file should be), then the file into
 * X.onnx.part, which an interrupted download leaves behind for the next one. A place is tried a few
 * times where trying again can help, then the next place. A file whose CRC-32 (or SHA-256 of its
 * row) is another is removed. Never is a half file in place. */
#ifndef FUS_CLI_FETCH_H
#define FUS_CLI_FETCH_H

#include <stdint.h>

#include "inference/models.h"
#include "inference/verify.h"

enum { FUS_FETCH_PLACES_MAX = 48, FUS_FETCH_ITEMS_MAX = 512 };

struct fus_fetch_item {
    const struct fus_model *model;
    /* The result: 0 once it is in place, else the last place's reason. */
    int rc;
    struct fus_error err;
    int64_t total, done; /* bytes; total 0 while unknown */
    bool finished;
};

struct fus_fetch {
    const char *folder;
    const char *base_urls; /* separated by spaces: templates with {release}, {file} and {path},
                              plain prefixes, folders beginning with '/' */
    int connections;
    int64_t stall_ms;
    bool (*cancelled)(void *user);
    /* Some times a second, and at each end of a file (item not NULL). */
    void (*progress)(void *user, const struct fus_fetch_item *items, size_t count,
                     const struct fus_fetch_item *item);
    void *user;
};

/* Brings all items as far as it can; each has its own result. FUS_E_CANCELLED: stopped by
 * cancelled. Blocks. */
int fus_fetch_all(const struct fus_fetch *fetch, struct fus_fetch_item *items, size_t count,
                  struct fus_error *err) FUS_MUST_CHECK;

/* fetch_place.c: the addresses of a file in the order in which they are tried, each to be freed. A
 * template is used as it is; a prefix gives PREFIX/release/file, PREFIX/path and PREFIX/file.
 * hash: of the .hash beside it. */
size_t fus_fetch_places(const char *base_urls, const struct fus_model *model, bool hash,
                        char *places[FUS_FETCH_PLACES_MAX]);

#endif
