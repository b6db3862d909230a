/* Reads manifests: JSON of the shape of models/manifest.json into rows. For models.c.
 *
 * {"manifest_version": 1,
 *  "helpers": {role: ["role/id", ...]},   what a role's models work with
 *  "defaults": {family: {key: value}},    what a row of that family says unless it says so itself
 *  "models": [row, ...]}
 * The keys of a row are those of struct fus_model; tensors are {name: [sizes]} or
 * {name: {"type": "int64", "shape": [sizes], "optional": true}}. */
#ifndef FUS_INFERENCE_MANIFEST_H
#define FUS_INFERENCE_MANIFEST_H

#include <jansson.h>

#include "inference/models.h"

enum {
    FUS_MANIFEST_ROWS_MAX = 512,
    FUS_MANIFEST_BYTES_MAX = 1 << 20,
    FUS_MANIFEST_ROLES_MAX = 32, /* with helpers */
    FUS_MANIFEST_HELPERS_MAX = 16,
};

struct fus_manifest_helpers {
    const char *role;
    const char *needs[FUS_MANIFEST_HELPERS_MAX];
    size_t count;
};

/* Rows of up to three manifests. Zero-initialise. */
struct fus_manifest {
    struct fus_model *rows; /* their strings belong to roots */
    size_t count;
    struct fus_manifest_helpers helpers[FUS_MANIFEST_ROLES_MAX];
    size_t helper_count;
    struct fus_tensor_spec *specs[3]; /* the rows' tensors, in one block a manifest */
    json_t *roots[3];
};
void fus_manifest_done(struct fus_manifest *manifest);

/* Adds the rows of a manifest; `what` names it in errors. At most three are taken. builtin: rows
 * may say that they are part of the program, and helpers may be told. A row of the same role and id
 * as an earlier one takes its place, but never that of a built-in. FUS_E_INVALID_PARAMETER with a
 * sentence; the manifest is then only good for fus_manifest_done. */
int fus_manifest_add(struct fus_manifest *manifest, const char *what, const void *bytes,
                     size_t size, bool builtin, struct fus_error *err) FUS_MUST_CHECK;

/* manifest_row.c: one row. Its tensors are written to *spec, which is advanced. */
int fus_manifest_row(const json_t *json, const char *what, struct fus_model *model,
                     struct fus_tensor_spec **spec, struct fus_error *err) FUS_MUST_CHECK;

#endif
