/* One job's values. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/param.h"
#include "config/param_value.h"

struct slot {
    const struct fus_param *param;
    struct fus_param_value value;
    bool given;
    const char *given_by; /* name of the row, long or short, that gave it */
    char *preset;         /* stands in for the row's default; NULL: none */
};

struct fus_params {
    struct fus_param_schema schema;
    bool later;         /* rows and choices that this version does not act on are taken */
    struct slot *slots; /* one a row, in the schema's order; those of short forms stay empty */
    size_t count;
};

/* A preset counts as given (a threshold in a file is one that somebody asked for) by nobody, so
 * that whoever gives a value replaces it. */
static int set_default(struct slot *slot)
{
    const char *text = slot->preset != NULL ? slot->preset : slot->param->default_text;
    slot->given = slot->preset != NULL;
    slot->given_by = NULL;
    fus_param_value_done(&slot->value);
    return text == NULL ? 0 : fus_param_value_from_text(slot->param, text, &slot->value, NULL);
}

struct fus_params *fus_params_new(const struct fus_param_schema *schema)
{
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_calloc(1, sizeof(*params));
    if (params == NULL)
        return NULL;
    params->schema = *schema;
    size_t count = fus_param_schema_size(schema);
    params->slots = fus_calloc(count, sizeof(*params->slots));
    if (params->slots == NULL)
        return NULL;
    params->count = count;
    for (size_t i = 0; i < count; i++) {
        params->slots[i].param = fus_param_at(schema, i);
        if (set_default(&params->slots[i]) != 0)
            return NULL;
    }
    return FUS_TAKE(params);
}

void fus_params_free(struct fus_params *params)
{
    if (params == NULL)
        return;
    for (size_t i = 0; i < params->count; i++) {
        fus_param_value_done(&params->slots[i].value);
        fus_free(params->slots[i].preset);
    }
    fus_free(params->slots);
    fus_free(params);
}

static struct slot *find(const struct fus_params *params, const char *name, size_t length)
{
    for (size_t i = 0; i < params->count; i++) {
        const char *candidate = params->slots[i].param->name;
        if (strncmp(candidate, name, length) == 0 && candidate[length] == '\0')
            return &params->slots[i];
    }
    return NULL;
}

/* ---- taking ---- */

/* A value in either of its forms. */
struct input {
    const json_t *json; /* or */
    const char *text;
};

/* later: what this version does not do is no error. */
static int parse(struct fus_param *param, bool later, const struct input *input,
                 struct fus_param_value *value, struct fus_error *err)
{
    param->later_taken = later;
    return input->json != NULL ? fus_param_value_from_json(param, input->json, value, err)
                               : fus_param_value_from_text(param, input->text, value, err);
}

static int check_later(const struct fus_param *param, const struct fus_param_value *value,
                       struct fus_error *err)
{
    if ((param->flags & FUS_PARAM_LATER) == 0)
        return 0;
    FUS_AUTO_PARAM_VALUE struct fus_param_value standard = {0};
    if (param->default_text != NULL) {
        int rc = fus_param_value_from_text(param, param->default_text, &standard, err);
        if (rc != 0)
            return rc;
    }
    if (fus_param_value_equal(param, value, &standard))
        return 0;
    return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                         "%s is known but this version does not act on it yet; leave it out%s%s%s; "
                         "engine: facefusion does",
                         param->name, param->default_text != NULL ? " or give its default, \"" : "",
                         param->default_text != NULL ? param->default_text : "",
                         param->default_text != NULL ? "\"" : "");
}

/* Puts the value given under `name` (the row's own, or that of its short form) into the slot. */
static int put(struct slot *slot, const char *name, bool later, const struct input *input,
               struct fus_error *err)
{
    struct fus_param row = *slot->param;
    row.name = name;
    FUS_AUTO_PARAM_VALUE struct fus_param_value value = {0};
    int rc = parse(&row, later, input, &value, err);
    if (rc == 0 && !later)
        rc = check_later(&row, &value, err);
    if (rc != 0)
        return rc;
    if (slot->given && slot->given_by != NULL && strcmp(slot->given_by, name) != 0 &&
        !fus_param_value_equal(&row, &value, &slot->value))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "%s and %s name the same thing and disagree; give one of them", name,
                             slot->given_by);
    fus_param_value_done(&slot->value);
    slot->value = value;
    value = (struct fus_param_value){0};
    slot->given = true;
    slot->given_by = name;
    return 0;
}

/* Follows a short form to the row or rows it stands for. */
static int put_any(struct fus_params *params, struct slot *slot, const struct input *input,
                   struct fus_error *err)
{
    const struct fus_param *param = slot->param;
    if (param->short_for == NULL)
        return put(slot, param->name, params->later, input, err);
    for (const char *at = param->short_for; *at != '\0';) {
        size_t length = strcspn(at, "|");
        struct slot *target = find(params, at, length);
        assert(target != NULL);
        int rc = put(target, param->name, params->later, input, err);
        if (rc != 0)
            return rc;
        at += length + (at[length] == '|');
    }
    return 0;
}

/* RFC 6901 escapes; long names are cut, always between characters. */
static void make_pointer(char out[96], const char *prefix, const char *name, const char *item)
{
    char shown[48];
    fus_param_clip(shown, sizeof(shown), name);
    size_t length = (size_t)snprintf(out, 40, "%.38s/", prefix);
    for (const char *c = shown; *c != '\0' && length + 3 + strlen(item) < 96; c++) {
        if (*c == '~' || *c == '/') {
            out[length++] = '~';
            out[length++] = *c == '~' ? '0' : '1';
        } else {
            out[length++] = *c;
        }
    }
    (void)fus_strlcpy(out + length, item, 96 - length);
}

static void describe_unknown(const struct fus_params *params, const char *name, bool search,
                             struct fus_error *err)
{
    char shown[64];
    const char *near = search ? fus_param_nearest(&params->schema, name) : NULL;
    (void)fus_error_set(err, FUS_E_INVALID_PARAMETER, "there is no parameter \"%s\"%s%s%s",
                        fus_param_clip(shown, sizeof(shown), name),
                        near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                        near != NULL ? "?" : "");
}

static int take_member(struct fus_params *params, const char *name, const json_t *json,
                       bool short_forms, const char *prefix, struct fus_error_list *errors)
{
    struct fus_error err = {0};
    int rc = 0;
    struct slot *slot = find(params, name, strlen(name));
    if (slot == NULL) {
        if (short_forms)
            return 0;
        /* Beyond what the list keeps, looking for near names would be work for nobody. */
        describe_unknown(params, name, errors->count < FUS_ERROR_LIST_MAX, &err);
        rc = FUS_E_INVALID_PARAMETER;
    } else {
        /* FaceFusion writes null for "not given". */
        if ((slot->param->short_for != NULL) != short_forms || json_is_null(json))
            return 0;
        rc = put_any(params, slot, &(struct input){.json = json}, &err);
    }
    if (rc == FUS_E_INVALID_PARAMETER) {
        char pointer[96];
        make_pointer(pointer, prefix, name, err.pointer);
        fus_error_list_add(errors, rc, pointer, "%s", err.detail);
    }
    return rc;
}

int fus_params_take_json(struct fus_params *params, const json_t *object, const char *prefix,
                         struct fus_error_list *errors)
{
    if (!json_is_object(object)) {
        fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, prefix,
                           "the parameters must be an object");
        return FUS_E_INVALID_PARAMETER;
    }
    int result = 0;
    for (int short_forms = 0; short_forms < 2; short_forms++) {
        const char *name;
        json_t *json;
        json_object_foreach((json_t *)(uintptr_t)object, name, json)
        {
            int rc = take_member(params, name, json, short_forms != 0, prefix, errors);
            if (rc != 0 && rc != FUS_E_INVALID_PARAMETER)
                return rc;
            if (rc != 0)
                result = rc;
        }
    }
    return result;
}

int fus_params_take_text(struct fus_params *params, const char *name, const char *text,
                         struct fus_error *err)
{
    struct slot *slot = find(params, name, strlen(name));
    if (slot == NULL) {
        describe_unknown(params, name, true, err);
        return FUS_E_INVALID_PARAMETER;
    }
    if (*text != '\0' || slot->param->type == FUS_PARAM_TEXT_LIST)
        return put_any(params, slot, &(struct input){.text = text}, err);
    for (size_t i = 0; i < params->count; i++) {
        struct slot *other = &params->slots[i];
        bool its =
            other == slot || (other->given && fus_str_equal(other->given_by, slot->param->name));
        if (its && set_default(other) != 0)
            return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the parameters");
    }
    return 0;
}

void fus_params_take_later(struct fus_params *params)
{
    params->later = true;
}

int fus_params_preset(struct fus_params *params, const char *name, const char *text,
                      struct fus_error *err)
{
    struct slot *slot = find(params, name, strlen(name));
    assert(slot != NULL && slot->param->short_for == NULL);
    struct fus_param row = *slot->param;
    FUS_AUTO_PARAM_VALUE struct fus_param_value value = {0};
    const struct input input = {.text = text};
    int rc = parse(&row, params->later, &input, &value, err);
    if (rc == 0 && !params->later)
        rc = check_later(&row, &value, err);
    if (rc != 0)
        return rc;
    FUS_AUTO_FREE char *copy = fus_strdup(text);
    if (copy == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the parameters");
    fus_free(slot->preset);
    slot->preset = FUS_TAKE(copy);
    if (slot->given && slot->given_by != NULL)
        return 0;
    fus_param_value_done(&slot->value);
    slot->value = value;
    value = (struct fus_param_value){0};
    slot->given = true;
    return 0;
}

/* ---- reading ---- */

static const struct slot *get(const struct fus_params *params, const char *name)
{
    const struct slot *slot = find(params, name, strlen(name));
    assert(slot != NULL && slot->param->short_for == NULL);
    return slot;
}

static const struct slot *get_typed(const struct fus_params *params, const char *name,
                                    enum fus_param_type type)
{
    const struct slot *slot = get(params, name);
    assert(slot->param->type == type);
    return slot;
}

bool fus_params_is_set(const struct fus_params *params, const char *name)
{
    return get(params, name)->given;
}

bool fus_params_has_value(const struct fus_params *params, const char *name)
{
    return get(params, name)->value.has;
}

bool fus_params_bool(const struct fus_params *params, const char *name)
{
    return get_typed(params, name, FUS_PARAM_BOOL)->value.boolean;
}

int64_t fus_params_int(const struct fus_params *params, const char *name)
{
    return get_typed(params, name, FUS_PARAM_INT)->value.integer;
}

double fus_params_float(const struct fus_params *params, const char *name)
{
    return get_typed(params, name, FUS_PARAM_FLOAT)->value.real;
}

const char *fus_params_text(const struct fus_params *params, const char *name)
{
    return get_typed(params, name, FUS_PARAM_TEXT)->value.text;
}

size_t fus_params_list_count(const struct fus_params *params, const char *name)
{
    return get(params, name)->value.count;
}

const char *fus_params_list_text(const struct fus_params *params, const char *name, size_t index)
{
    const struct slot *slot = get_typed(params, name, FUS_PARAM_TEXT_LIST);
    assert(index < slot->value.count);
    return slot->value.texts[index];
}

int64_t fus_params_list_int(const struct fus_params *params, const char *name, size_t index)
{
    const struct slot *slot = get_typed(params, name, FUS_PARAM_INT_LIST);
    assert(index < slot->value.count);
    return slot->value.numbers[index];
}

void fus_params_box(const struct fus_params *params, const char *name, int box[4])
{
    const struct slot *slot = get_typed(params, name, FUS_PARAM_BOX);
    for (size_t i = 0; i < 4; i++)
        box[i] = slot->value.has ? (int)slot->value.numbers[i] : 0;
}

const char *fus_params_ignored(const struct fus_params *params, size_t index)
{
    for (size_t i = 0; i < params->count; i++) {
        const struct slot *slot = &params->slots[i];
        if (slot->given && (slot->param->flags & FUS_PARAM_IGNORED) != 0 && index-- == 0)
            return slot->param->name;
    }
    return NULL;
}

void fus_params_print(const struct fus_params *params, const char *name, struct fus_str *out)
{
    const struct slot *slot = get(params, name);
    fus_param_value_print(slot->param, &slot->value, out);
}

static int by_name(const void *a, const void *b)
{
    const struct slot *const *left = a, *const *right = b;
    return strcmp((*left)->param->name, (*right)->param->name);
}

json_t *fus_params_to_json(const struct fus_params *params)
{
    FUS_AUTO_FREE const struct slot **given = fus_calloc(params->count + 1, sizeof(*given));
    if (given == NULL)
        return NULL;
    size_t count = 0;
    for (size_t i = 0; i < params->count; i++) {
        if (params->slots[i].given)
            given[count++] = &params->slots[i];
    }
    qsort(given, count, sizeof(*given), by_name);
    json_t *object = json_object();
    for (size_t i = 0; object != NULL && i < count; i++) {
        json_t *value = fus_param_value_to_json(given[i]->param, &given[i]->value);
        if (json_object_set_new(object, given[i]->param->name, value) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}
