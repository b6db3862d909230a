/* The output file: written under a hidden temporary name beside its place, published at the end,
 * removed otherwise. Internal to pipeline. */
#ifndef FUS_PIPELINE_OUTPUT_H
#define FUS_PIPELINE_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct fus_output {
    char *path, *temporary; /* temporary is NULL when there is no file to remove */
    int folder;             /* open while temporary is there, so that publishing can't fail for want
                               of memory or descriptors after the rename */
};

/* Makes the empty temporary file (O_EXCL, never through a link). FUS_E_STORAGE_UNAVAILABLE. */
int fus_output_open(struct fus_output *output, const char *path,
                    struct fus_error *err) FUS_MUST_CHECK;
/* The whole contents at once. */
int fus_output_write(struct fus_output *output, const void *bytes, size_t size,
                     struct fus_error *err) FUS_MUST_CHECK;
/* Digest and size of what is there, then fsync and rename. After it the file is in its place; after
 * a failure there is none. */
int fus_output_publish(struct fus_output *output, char sha256[65], int64_t *bytes,
                       struct fus_error *err) FUS_MUST_CHECK;
/* Removes a file that was not published. */
void fus_output_done(struct fus_output *output);

#endif
