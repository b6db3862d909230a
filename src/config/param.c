/* Schemas: finding rows, near misses, JSON Schema. */
#include "config/param.h"

#include <string.h>

#include "base/str.h"
#include "config/param_value.h"

size_t fus_param_schema_size(const struct fus_param_schema *schema)
{
    size_t size = 0;
    for (size_t i = 0; i < schema->count; i++)
        size += schema->tables[i]->count;
    return size;
}

const struct fus_param *fus_param_at(const struct fus_param_schema *schema, size_t index)
{
    for (size_t i = 0; i < schema->count; i++) {
        if (index < schema->tables[i]->count)
            return &schema->tables[i]->items[index];
        index -= schema->tables[i]->count;
    }
    return NULL;
}

const struct fus_param *fus_param_find(const struct fus_param_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->count; i++) {
        for (size_t j = 0; j < schema->tables[i]->count; j++) {
            if (strcmp(schema->tables[i]->items[j].name, name) == 0)
                return &schema->tables[i]->items[j];
        }
    }
    return NULL;
}

/* Near: at most a third of the letters differ, two at least being allowed. Among equals a parameter
 * that has an effect goes before one that has none. */
const char *fus_param_nearest(const struct fus_param_schema *schema, const char *name)
{
    size_t length = strlen(name);
    if (length > 63)
        return NULL;
    unsigned best_distance = (unsigned)FUS_MAX(2, length / 3) + 1;
    const struct fus_param *best = NULL;
    for (size_t i = 0; i < fus_param_schema_size(schema); i++) {
        const struct fus_param *param = fus_param_at(schema, i);
        unsigned distance = fus_edit_distance(name, param->name);
        unsigned idle = FUS_PARAM_LATER | FUS_PARAM_IGNORED;
        if (distance < best_distance || (best != NULL && distance == best_distance &&
                                         (best->flags & idle) != 0 && (param->flags & idle) == 0)) {
            best_distance = distance;
            best = param;
        }
    }
    return best != NULL ? best->name : NULL;
}

/* ---- JSON Schema ---- */

static int set(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value);
}

static json_t *strings(const char *const *choices)
{
    json_t *array = json_array();
    for (size_t i = 0; array != NULL && choices[i] != NULL; i++) {
        if (json_array_append_new(array, json_string(choices[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* Whole numbers without a fraction, so that "minimum" of an integer is an integer. */
static json_t *number(double value)
{
    return value > -1e15 && value < 1e15 && (double)(int64_t)value >= value &&
                   (double)(int64_t)value <= value
               ? json_integer((int64_t)value)
               : json_real(value);
}

static int set_range(json_t *object, const struct fus_param *param)
{
    int failed = set(object, "minimum", number(param->min));
    failed |= set(object, "maximum", number(param->max));
    if (param->step > 0)
        failed |= set(object, "x-step", number(param->step));
    return failed;
}

static int set_choices(json_t *object, const struct fus_param *param)
{
    if (param->choices == NULL)
        return 0;
    return set(object, (param->flags & FUS_PARAM_MODEL) != 0 ? "examples" : "enum",
               strings(param->choices));
}

static int set_array(json_t *object, const struct fus_param *param)
{
    bool texts = param->type == FUS_PARAM_TEXT_LIST;
    json_t *items = json_object();
    int failed = items == NULL;
    if (items != NULL) {
        failed |= set(items, "type", json_string(texts ? "string" : "integer"));
        failed |= texts ? set_choices(items, param) : set_range(items, param);
    }
    failed |= set(object, "type", json_string("array"));
    failed |= set(object, "items", items);
    failed |= set(object, "minItems", json_integer(texts ? 0 : 1));
    failed |= set(object, "maxItems",
                  json_integer(param->type == FUS_PARAM_BOX ? 4 : FUS_PARAM_LIST_MAX));
    return failed;
}

static int set_type(json_t *object, const struct fus_param *param)
{
    switch (param->type) {
    case FUS_PARAM_BOOL:
        return set(object, "type", json_string("boolean"));
    case FUS_PARAM_INT:
        return set(object, "type", json_string("integer")) | set_range(object, param);
    case FUS_PARAM_FLOAT:
        return set(object, "type", json_string("number")) | set_range(object, param);
    case FUS_PARAM_TEXT:
        return set(object, "type", json_string("string")) | set_choices(object, param);
    default:
        return set_array(object, param);
    }
}

static int set_default(json_t *object, const struct fus_param *param)
{
    if (param->default_text == NULL)
        return 0;
    FUS_AUTO_PARAM_VALUE struct fus_param_value value = {0};
    if (fus_param_value_from_text(param, param->default_text, &value, NULL) != 0)
        return -1;
    return set(object, "default", fus_param_value_to_json(param, &value));
}

json_t *fus_param_json_schema(const struct fus_param *param)
{
    json_t *object = json_object();
    if (object == NULL)
        return NULL;
    int failed = set_type(object, param);
    failed |= set_default(object, param);
    failed |= set(object, "description", json_string(param->doc));
    if (param->group != NULL)
        failed |= set(object, "x-group", json_string(param->group));
    if (param->short_for != NULL)
        failed |= set(object, "x-short-for", json_string(param->short_for));
    if (param->role != NULL)
        failed |= set(object, "x-model-role", json_string(param->role));
    if ((param->flags & (FUS_PARAM_LATER | FUS_PARAM_IGNORED)) != 0)
        failed |= set(object, "x-status",
                      json_string((param->flags & FUS_PARAM_LATER) != 0 ? "later" : "ignored"));
    if (failed != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}
