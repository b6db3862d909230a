/* One row of a manifest: each key has its type, its range and its default. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "inference/manifest.h"

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
                                "%s: in the row of model %.80s, %.80s is to be %s.", row->what,
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

static bool flag(struct row *row, const char *key, bool fallback)
{
    const json_t *value = json_object_get(row->json, key);
    if (value == NULL)
        return fallback;
    if (!json_is_boolean(value))
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

/* Three numbers, or the same fallback thrice. */
static void triple(struct row *row, const char *key, double fallback, double low, double out[3])
{
    const json_t *list = json_object_get(row->json, key);
    for (size_t i = 0; i < 3; i++) {
        const json_t *value = json_array_get(list, i);
        out[i] = value != NULL ? json_number_value(value) : fallback;
        if (list != NULL && (json_array_size(list) != 3 || !json_is_number(value) ||
                             !isfinite(out[i]) || out[i] < low || out[i] > 1e6))
            row_fails(row, key, "three numbers in their range");
    }
}

/* Whole numbers from 0 to 65536; their number comes back. */
static size_t whole_numbers(struct row *row, const char *key, int *out, size_t max)
{
    const json_t *list = json_object_get(row->json, key);
    if (list == NULL)
        return 0;
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > max) {
        row_fails(row, key, "a short list of numbers");
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, i);
        json_int_t v = json_integer_value(value);
        if (!json_is_integer(value) || v < 0 || v > 65536) {
            row_fails(row, key, "a short list of numbers");
            return 0;
        }
        out[i] = (int)v;
    }
    return count;
}

/* A name inside the models folder: no way out of it, nothing hidden. */
static const char *file_name(struct row *row)
{
    const char *file = text(row, "file", "");
    if (file[0] == '/' || file[0] == '.' || strstr(file, "..") != NULL ||
        strstr(file, "/.") != NULL)
        row_fails(row, "file", "a name inside the models folder");
    return file;
}

static const char *digest(struct row *row, const char *key, size_t digits, const char *want)
{
    const char *hex = text(row, key, "");
    if (hex[0] != '\0' && (strlen(hex) != digits || strspn(hex, "0123456789abcdef") != digits))
        row_fails(row, key, want);
    return hex;
}

static enum fus_tensor_type tensor_type(struct row *row, const char *name, const json_t *value)
{
    static const char *const names[] = {"float32", "float64", "float16", "int64"};
    const char *type = json_string_value(value);
    if (value == NULL)
        return FUS_TENSOR_FLOAT32;
    for (size_t i = 0; type != NULL && i < FUS_COUNT(names); i++) {
        if (strcmp(names[i], type) == 0)
            return (enum fus_tensor_type)i;
    }
    row_fails(row, name, "of type float32, float64, float16 or int64");
    return FUS_TENSOR_FLOAT32;
}

static void one_spec(struct row *row, const char *name, const json_t *value,
                     struct fus_tensor_spec *spec)
{
    const json_t *shape = json_is_object(value) ? json_object_get(value, "shape") : value;
    size_t rank = json_array_size(shape);
    if (!json_is_array(shape) || rank > FUS_TENSOR_MAX_RANK) {
        row_fails(row, name, "the list of its sizes, 0 where free");
        return;
    }
    spec->name = name;
    spec->rank = (int)rank;
    if (json_is_object(value)) {
        spec->type = tensor_type(row, name, json_object_get(value, "type"));
        spec->optional = json_is_true(json_object_get(value, "optional"));
    }
    for (size_t i = 0; i < rank; i++) {
        const json_t *size = json_array_get(shape, i);
        if (!json_is_integer(size) || json_integer_value(size) < 0)
            row_fails(row, name, "the list of its sizes, 0 where free");
        spec->shape[i] = json_integer_value(size);
    }
    int64_t position;
    if (name[0] == '#' && !fus_parse_int(name + 1, 0, 63, &position))
        row_fails(row, name, "a position such as #0");
}

static size_t specs(struct row *row, const char *key, struct fus_tensor_spec *out,
                    const struct fus_tensor_spec **first)
{
    json_t *object = json_object_get(row->json, key);
    size_t count = 0;
    const char *name;
    json_t *value;
    *first = out;
    json_object_foreach(object, name, value) one_spec(row, name, value, &out[count++]);
    return count;
}

static void needs(struct row *row, struct fus_model *model)
{
    const json_t *list = json_object_get(row->json, "needs");
    size_t count = json_array_size(list);
    if (list == NULL)
        return;
    if (!json_is_array(list) || count > FUS_MODEL_NEEDS_MAX) {
        row_fails(row, "needs", "a short list of \"role/id\"");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *need = json_string_value(json_array_get(list, i));
        if (need == NULL || strchr(need, '/') == NULL || strlen(need) > 200) {
            row_fails(row, "needs", "a short list of \"role/id\"");
            return;
        }
        model->needs[model->need_count++] = need;
    }
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

static void read_origin(struct row *row, struct fus_model *model)
{
    model->id = text(row, "id", NULL);
    model->role = text(row, "role", NULL);
    model->family = text(row, "family", NULL);
    model->file = file_name(row);
    model->release = text(row, "release", "");
    model->sha256 = digest(row, "sha256", 64, "64 hexadecimal digits in lower case");
    model->crc32 = digest(row, "crc32", 8, "8 hexadecimal digits in lower case");
    model->license = text(row, "license", NULL);
    model->vendor = text(row, "vendor", "unknown");
    model->year = (int)number(row, "year", 0, 0, 9999);
    model->commercial_use = flag(row, "commercial_use", false);
    model->free_license = flag(row, "free", model->commercial_use);
    model->builtin = flag(row, "builtin", false);
    model->generator = flag(row, "generator", false);
    needs(row, model);
}

static void read_numbers(struct row *row, struct fus_model *model)
{
    model->input_width = (int)number(row, "width", 0, 0, 8192);
    model->input_height = (int)number(row, "height", 0, 0, 8192);
    model->size_multiple = (int)number(row, "multiple", 1, 1, 1024);
    model->size_count = whole_numbers(row, "sizes", model->sizes, FUS_MODEL_SIZES_MAX);
    size_t tile = whole_numbers(row, "tile", model->tile, 3);
    if (tile != 0 && tile != 3)
        row_fails(row, "tile", "tile, padding and overlap");
    model->enlarge = (int)number(row, "enlarge", 1, 1, 16);
    model->face_template = text(row, "template", "");
    model->precision = text(row, "precision", "");
    model->mean = number(row, "mean", 0, -1e6, 1e6);
    model->scale = number(row, "scale", 1, 1e-9, 1e6);
    triple(row, "mean3", 0, -1e6, model->mean3);
    triple(row, "std3", 1, 1e-9, model->std3);
    const char *channels = text(row, "channels", "bgr");
    model->rgb = strcmp(channels, "rgb") == 0;
    if (!model->rgb && strcmp(channels, "bgr") != 0)
        row_fails(row, "channels", "\"bgr\" or \"rgb\"");
    model->score_rule = score_rule(row);
    model->score_threshold = number(row, "score_threshold", 0.5, 0, 1);
    model->nms_threshold = number(row, "nms_threshold", 0.4, 0, 1);
}

int fus_manifest_row(const json_t *json, const char *what, struct fus_model *model,
                     struct fus_tensor_spec **spec, struct fus_error *err)
{
    struct row row = {.json = json, .what = what, .err = err};
    row.id = json_string_value(json_object_get(json, "id"));
    read_origin(&row, model);
    read_numbers(&row, model);
    model->input_count = specs(&row, "inputs", *spec, &model->inputs);
    *spec += model->input_count;
    model->output_count = specs(&row, "outputs", *spec, &model->outputs);
    *spec += model->output_count;
    return row.rc;
}
