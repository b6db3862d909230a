#include "inference/manifest.h"

#include <string.h>

#include "base/mem.h"

enum { SPECS_MAX = 8192 }; /* tensors of all rows of one manifest */

void fus_manifest_done(struct fus_manifest *manifest)
{
    fus_free(manifest->rows);
    for (size_t i = 0; i < FUS_COUNT(manifest->roots); i++) {
        fus_free(manifest->specs[i]);
        json_decref(manifest->roots[i]);
    }
    *manifest = (struct fus_manifest){0};
}

static int place_row(struct fus_manifest *manifest, const char *what, bool builtin,
                     const struct fus_model *model, struct fus_error *err)
{
    if (model->builtin && !builtin)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "%s: model %s cannot be part of the program.", what, model->id);
    if (!model->builtin && model->file[0] == '\0' && model->need_count == 0)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s: model %s names no file.", what,
                             model->id);
    for (size_t i = 0; i < manifest->count; i++) {
        struct fus_model *row = &manifest->rows[i];
        if (strcmp(row->role, model->role) != 0 || strcmp(row->id, model->id) != 0)
            continue;
        if (row->builtin)
            return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                                 "%s: %s %s is part of the program and cannot be replaced.", what,
                                 model->role, model->id);
        *row = *model;
        return 0;
    }
    manifest->rows[manifest->count++] = *model;
    return 0;
}

/* Room for the new rows and a block for their tensors. */
static struct fus_tensor_spec *reserve(struct fus_manifest *manifest, size_t slot,
                                       const json_t *rows)
{
    size_t tensors = 1, count = json_array_size(rows);
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(rows, i);
        tensors += json_object_size(json_object_get(row, "inputs"));
        tensors += json_object_size(json_object_get(row, "outputs"));
    }
    if (tensors > SPECS_MAX)
        return NULL;
    struct fus_model *grown =
        fus_realloc(manifest->rows, manifest->count + count + 1, sizeof(*grown));
    if (grown == NULL)
        return NULL;
    manifest->rows = grown;
    manifest->specs[slot] = fus_calloc(tensors, sizeof(*manifest->specs[slot]));
    return manifest->specs[slot];
}

/* Each row gets what it leaves to its family. */
static int spread_defaults(const char *what, const json_t *root, const json_t *rows,
                           struct fus_error *err)
{
    const json_t *defaults = json_object_get(root, "defaults");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        const char *family = json_string_value(json_object_get(row, "family"));
        json_t *common = family != NULL ? json_object_get(defaults, family) : NULL;
        if (common != NULL && json_is_object(row) && json_object_update_missing(row, common) != 0)
            return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                                 "%s: the defaults of %s are to be an object.", what, family);
    }
    return 0;
}

static int read_helpers(struct fus_manifest *manifest, const char *what, json_t *helpers,
                        struct fus_error *err)
{
    const char *role;
    json_t *list;
    json_object_foreach(helpers, role, list)
    {
        size_t count = json_array_size(list);
        if (manifest->helper_count == FUS_MANIFEST_ROLES_MAX || count > FUS_MANIFEST_HELPERS_MAX)
            return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s tells too many helpers.", what);
        struct fus_manifest_helpers *of = &manifest->helpers[manifest->helper_count++];
        *of = (struct fus_manifest_helpers){.role = role, .count = count};
        for (size_t i = 0; i < count; i++) {
            of->needs[i] = json_string_value(json_array_get(list, i));
            if (of->needs[i] == NULL)
                return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                                     "%s: the helpers of %s are to be texts.", what, role);
        }
    }
    return 0;
}

static int parse(struct fus_manifest *manifest, size_t slot, const char *what, const void *bytes,
                 size_t size, struct fus_error *err)
{
    json_error_t problem;
    json_t *root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &problem);
    if (root == NULL)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s is not JSON: line %d: %s.", what,
                             problem.line, problem.text);
    manifest->roots[slot] = root;
    const json_t *rows = json_object_get(root, "models");
    if (!json_is_array(rows) || json_array_size(rows) > FUS_MANIFEST_ROWS_MAX ||
        json_integer_value(json_object_get(root, "manifest_version")) != 1)
        return fus_error_set(
            err, FUS_E_INVALID_PARAMETER,
            "%s is to have \"manifest_version\": 1 and a list \"models\" of at most "
            "%d rows.",
            what, FUS_MANIFEST_ROWS_MAX);
    return 0;
}

int fus_manifest_add(struct fus_manifest *manifest, const char *what, const void *bytes,
                     size_t size, bool builtin, struct fus_error *err)
{
    size_t slot = 0;
    while (slot < FUS_COUNT(manifest->roots) && manifest->roots[slot] != NULL)
        slot++;
    if (slot == FUS_COUNT(manifest->roots))
        return fus_error_set(err, FUS_E_INTERNAL, "Only three manifests can be read.");
    int rc = parse(manifest, slot, what, bytes, size, err);
    if (rc != 0)
        return rc;
    const json_t *rows = json_object_get(manifest->roots[slot], "models");
    rc = spread_defaults(what, manifest->roots[slot], rows, err);
    if (rc == 0 && builtin)
        rc = read_helpers(manifest, what, json_object_get(manifest->roots[slot], "helpers"), err);
    if (rc != 0)
        return rc;
    struct fus_tensor_spec *spec = reserve(manifest, slot, rows);
    if (spec == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to read %s.", what);
    for (size_t i = 0; rc == 0 && i < json_array_size(rows); i++) {
        struct fus_model model = {.of_folder = !builtin};
        rc = fus_manifest_row(json_array_get(rows, i), what, &model, &spec, err);
        if (rc == 0)
            rc = place_row(manifest, what, builtin, &model, err);
    }
    return rc;
}
