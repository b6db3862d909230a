#include "inference/manifest.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { SPECS_MAX = 8192 }; /* tensors of all rows of one manifest */

void fus_manifest_done(struct fus_manifest *manifest)
{
    fus_free(manifest->rows);
    fus_free(manifest->specs);
    fus_free(manifest->more_specs);
    for (size_t i = 0; i < FUS_COUNT(manifest->roots); i++)
        json_decref(manifest->roots[i]);
    *manifest = (struct fus_manifest){0};
}

/* State of reading one row. */
struct row {
    const json_t *json;
    const char *what; /* the manifest */
    const char *id;
    struct fus_error *err;
    int rc;
};

static void row_fails(struct row *row, const char *key, const char *want)
{
    if (row->rc == 0)
        row->rc = fus_error_set(row->err, FUS_E_INVALID_PARAMETER,
                                "%s: in the row of model %s, %s is to be %s.", row->what,
                                row->id != NULL ? row->id : "(no id)", key, want);
}

static const char *text(struct row *row, const char *key, const char *fallback)
{
    const json_t *value = json_object_get(row->json, key);
    if (value == NULL && fallback != NULL)
        return fallback;
    const char *string = json_string_value(value);
    if (string == NULL || string[0] == '\0' || strlen(string) > 200) {
        row_fails(row, key, "a short text");
        return "";
    }
    return string;
}

static bool flag(struct row *row, const char *key)
{
    const json_t *value = json_object_get(row->json, key);
    if (value != NULL && !json_is_boolean(value))
        row_fails(row, key, "true or false");
    return json_is_true(value);
}

static double number(struct row *row, const char *key, double fallback, double low, double high)
{
    const json_t *value = json_object_get(row->json, key);
    if (value == NULL)
        return fallback;
    double v = json_number_value(value);
    if (!json_is_number(value) || !isfinite(v) || v < low || v > high) {
        row_fails(row, key, "a number in its range");
        return fallback;
    }
    return v;
}

/* A name inside the models folder: no way out of it. */
static const char *file_name(struct row *row)
{
    const char *file = text(row, "file", "");
    if (file[0] == '/' || strstr(file, "..") != NULL)
        row_fails(row, "file", "a name inside the models folder");
    return file;
}

static const char *digest(struct row *row)
{
    const char *hex = text(row, "sha256", "");
    if (hex[0] != '\0' && (strlen(hex) != 64 || strspn(hex, "0123456789abcdef") != 64))
        row_fails(row, "sha256", "64 hexadecimal digits in lower case");
    return hex;
}

static void one_spec(struct row *row, const char *name, const json_t *shape,
                     struct fus_tensor_spec *spec)
{
    size_t rank = json_array_size(shape);
    if (!json_is_array(shape) || rank > FUS_TENSOR_MAX_RANK) {
        row_fails(row, name, "the list of its sizes, 0 where free");
        return;
    }
    spec->name = name;
    spec->rank = (int)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *size = json_array_get(shape, i);
        if (!json_is_integer(size) || json_integer_value(size) < 0)
            row_fails(row, name, "the list of its sizes, 0 where free");
        spec->shape[i] = json_integer_value(size);
    }
}

static size_t specs(struct row *row, const char *key, struct fus_tensor_spec *out,
                    const struct fus_tensor_spec **first)
{
    json_t *object = json_object_get(row->json, key);
    size_t count = 0;
    const char *name;
    json_t *shape;
    *first = out;
    json_object_foreach(object, name, shape) one_spec(row, name, shape, &out[count++]);
    return count;
}

static enum fus_score_rule score_rule(struct row *row)
{
    const char *rule = text(row, "score_rule", "product");
    if (strcmp(rule, "sqrt_product") == 0)
        return FUS_SCORE_SQRT_PRODUCT;
    if (strcmp(rule, "product") != 0)
        row_fails(row, "score_rule", "\"product\" or \"sqrt_product\"");
    return FUS_SCORE_PRODUCT;
}

/* *spec is advanced by the tensors that the row names. */
static void read_row(struct row *row, struct fus_model *model, struct fus_tensor_spec **spec)
{
    row->id = json_string_value(json_object_get(row->json, "id"));
    model->id = text(row, "id", NULL);
    model->role = text(row, "role", NULL);
    model->family = text(row, "family", NULL);
    model->file = file_name(row);
    model->sha256 = digest(row);
    model->license = text(row, "license", NULL);
    model->vendor = text(row, "vendor", "unknown");
    model->commercial_use = flag(row, "commercial_use");
    model->builtin = flag(row, "builtin");
    model->generator = flag(row, "generator");
    model->input_width = (int)number(row, "width", 0, 0, 8192);
    model->input_height = (int)number(row, "height", 0, 0, 8192);
    model->size_multiple = (int)number(row, "multiple", 1, 1, 1024);
    model->mean = number(row, "mean", 0, -1e6, 1e6);
    model->scale = number(row, "scale", 1, 1e-9, 1e6);
    const char *channels = text(row, "channels", "bgr");
    model->rgb = strcmp(channels, "rgb") == 0;
    if (!model->rgb && strcmp(channels, "bgr") != 0)
        row_fails(row, "channels", "\"bgr\" or \"rgb\"");
    model->score_rule = score_rule(row);
    model->score_threshold = number(row, "score_threshold", 0.5, 0, 1);
    model->nms_threshold = number(row, "nms_threshold", 0.4, 0, 1);
    model->input_count = specs(row, "inputs", *spec, &model->inputs);
    *spec += model->input_count;
    model->output_count = specs(row, "outputs", *spec, &model->outputs);
    *spec += model->output_count;
}

static int place_row(struct fus_manifest *manifest, const char *what, bool builtin,
                     const struct fus_model *model, struct fus_error *err)
{
    if (model->builtin && !builtin)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "%s: model %s cannot be part of the program.", what, model->id);
    if (!model->builtin && model->file[0] == '\0')
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
static struct fus_tensor_spec *reserve(struct fus_manifest *manifest, const json_t *rows)
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
    struct fus_tensor_spec *block = fus_calloc(tensors, sizeof(*block));
    if (manifest->specs == NULL)
        manifest->specs = block;
    else
        manifest->more_specs = block;
    return block;
}

int fus_manifest_add(struct fus_manifest *manifest, const char *what, const void *bytes,
                     size_t size, bool builtin, struct fus_error *err)
{
    json_error_t problem;
    size_t slot = manifest->roots[0] == NULL ? 0 : 1;
    if (manifest->roots[slot] != NULL)
        return fus_error_set(err, FUS_E_INTERNAL, "Only two manifests can be read.");
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
    struct fus_tensor_spec *spec = reserve(manifest, rows);
    if (spec == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to read %s.", what);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        struct fus_model model = {0};
        struct row row = {.json = json_array_get(rows, i), .what = what, .err = err};
        read_row(&row, &model, &spec);
        int rc = row.rc != 0 ? row.rc : place_row(manifest, what, builtin, &model, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}
