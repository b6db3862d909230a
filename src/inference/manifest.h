/* Reads manifests: JSON of the shape of models/manifest.json into rows. For models.c. */
#ifndef FUS_INFERENCE_MANIFEST_H
#define FUS_INFERENCE_MANIFEST_H

#include <jansson.h>

#include "inference/models.h"

enum { FUS_MANIFEST_ROWS_MAX = 512, FUS_MANIFEST_BYTES_MAX = 1 << 20 };

/* Rows of one or more manifests. Zero-initialise. */
struct fus_manifest {
    struct fus_model *rows; /* their strings belong to roots */
    size_t count;
    struct fus_tensor_spec *specs; /* the rows' tensors, in one block a manifest */
    struct fus_tensor_spec *more_specs;
    json_t *roots[2];
};
void fus_manifest_done(struct fus_manifest *manifest);

/* Adds the rows of a manifest; `what` names it in errors. At most two are taken. builtin: rows may
 * say that they are part of the program. A row of the same role and id as an earlier one takes its
 * place, but never that of a built-in. FUS_E_INVALID_PARAMETER with a sentence; the manifest is
 * then only good for fus_manifest_done. */
int fus_manifest_add(struct fus_manifest *manifest, const char *what, const void *bytes,
                     size_t size, bool builtin, struct fus_error *err) FUS_MUST_CHECK;

#endif
