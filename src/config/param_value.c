#include "config/param_value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void fus_param_value_done(struct fus_param_value *value)
{
    for (size_t i = 0; value->texts != NULL && i < value->count; i++)
        fus_free(value->texts[i]);
    fus_free(value->texts);
    fus_free(value->numbers);
    fus_free(value->text);
    *value = (struct fus_param_value){0};
}

static int no_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the parameters");
}

char *fus_param_clip(char *out, size_t size, const char *text)
{
    size_t length = strlen(text);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
            length--;
    }
    memcpy(out, text, length);
    out[length] = '\0';
    return out;
}

/* ---- what is wrong ---- */

static void append_choices(struct fus_str *out, const char *const *choices)
{
    for (size_t i = 0; choices[i] != NULL; i++) {
        if (i > 0)
            fus_str_append(out, choices[i + 1] == NULL ? " or " : ", ");
        fus_str_append(out, choices[i]);
    }
}

/* "a number from 0 to 1", "one of a, b or c" */
static void append_expected(struct fus_str *out, const struct fus_param *param)
{
    switch (param->type) {
    case FUS_PARAM_BOOL:
        fus_str_append(out, "true or false");
        break;
    case FUS_PARAM_INT:
        fus_str_printf(out, "a whole number from %.0f to %.0f", param->min, param->max);
        break;
    case FUS_PARAM_FLOAT:
        fus_str_printf(out, "a number from %g to %g", param->min, param->max);
        break;
    case FUS_PARAM_INT_LIST:
        fus_str_printf(out, "a list of 1 to %d whole numbers from %.0f to %.0f", FUS_PARAM_LIST_MAX,
                       param->min, param->max);
        break;
    case FUS_PARAM_BOX:
        fus_str_printf(out, "one to four whole numbers from %.0f to %.0f (top right bottom left)",
                       param->min, param->max);
        break;
    case FUS_PARAM_TEXT:
        fus_str_append(out, param->choices != NULL ? "one of " : "a text");
        break;
    case FUS_PARAM_TEXT_LIST:
        fus_str_append(out, param->choices != NULL ? "a list out of " : "a list of texts");
        break;
    }
    bool named = param->type == FUS_PARAM_TEXT || param->type == FUS_PARAM_TEXT_LIST;
    if (named && param->choices != NULL)
        append_choices(out, param->choices);
}

static int wrong(const struct fus_param *param, struct fus_error *err)
{
    FUS_AUTO_STR struct fus_str expected = {0};
    append_expected(&expected, param);
    if (expected.failed)
        return no_memory(err);
    return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s must be %.380s", param->name,
                         expected.text);
}

static const char *nearest_choice(const char *const *choices, const char *text)
{
    const char *best = NULL;
    unsigned best_distance = (unsigned)FUS_MAX(2, strlen(text) / 3) + 1;
    for (size_t i = 0; choices[i] != NULL; i++) {
        unsigned distance = fus_edit_distance(choices[i], text);
        if (distance < best_distance) {
            best_distance = distance;
            best = choices[i];
        }
    }
    return best;
}

static bool among(const char *const *choices, const char *text)
{
    for (size_t i = 0; choices != NULL && choices[i] != NULL; i++) {
        if (strcmp(choices[i], text) == 0)
            return true;
    }
    return false;
}

/* Letters, digits and ._-/ as in "iperov/elon_musk_224"; nothing that could be read as a path. */
static bool plain_model_id(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= 96 && text[0] != '/' && text[0] != '.' &&
           strstr(text, "..") == NULL &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-/") ==
               length;
}

static int check_text(const struct fus_param *param, const char *text, struct fus_error *err)
{
    char shown[64];
    fus_param_clip(shown, sizeof(shown), text);
    if ((param->flags & FUS_PARAM_MODEL) != 0) {
        if (plain_model_id(text))
            return 0;
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s must be the id of a model",
                             param->name);
    }
    if (strlen(text) > FUS_PARAM_TEXT_MAX)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "%s must not be longer than %d characters", param->name,
                             FUS_PARAM_TEXT_MAX);
    if (param->choices == NULL || among(param->choices, text) ||
        (param->later_taken && among(param->choices_later, text)))
        return 0;
    FUS_AUTO_STR struct fus_str choices = {0};
    append_choices(&choices, param->choices);
    if (choices.failed)
        return no_memory(err);
    if (among(param->choices_later, text))
        return fus_error_set(
            err, FUS_E_INVALID_PARAMETER,
            "%s: this version does not do \"%s\" yet (engine: facefusion may); it does "
            "%.280s",
            param->name, shown, choices.text);
    const char *near = nearest_choice(param->choices, text);
    return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s: \"%s\" is not one of %.280s%s%s%s",
                         param->name, shown, choices.text, near != NULL ? "; did you mean " : "",
                         near != NULL ? near : "", near != NULL ? "?" : "");
}

/* ---- building ---- */

/* An exactly whole double inside the range; int64's own bounds are far outside of any table's. */
static bool whole(double real, const struct fus_param *param, int64_t *out)
{
    if (!(real >= param->min && real <= param->max) || rint(real) != real)
        return false;
    *out = (int64_t)real;
    return true;
}

static int take_number(const struct fus_param *param, double real, struct fus_param_value *value,
                       struct fus_error *err)
{
    int64_t integer = 0;
    if (param->type == FUS_PARAM_FLOAT) {
        if (!(real >= param->min && real <= param->max))
            return wrong(param, err);
        value->real = real;
    } else {
        if (!whole(real, param, &integer))
            return wrong(param, err);
        value->integer = integer;
    }
    value->has = true;
    return 0;
}

static int take_text(const struct fus_param *param, const char *text, struct fus_param_value *value,
                     struct fus_error *err)
{
    int rc = check_text(param, text, err);
    if (rc != 0)
        return rc;
    value->text = fus_strdup(text);
    if (value->text == NULL)
        return no_memory(err);
    value->has = true;
    return 0;
}

/* 1 to 4 numbers as in CSS: all; vertical horizontal; top horizontal bottom; top right bottom left.
 */
static void spread_box(int64_t numbers[4], size_t count)
{
    if (count == 1)
        numbers[1] = numbers[0];
    if (count <= 2)
        numbers[2] = numbers[0];
    if (count <= 3)
        numbers[3] = numbers[1];
}

static int take_numbers(const struct fus_param *param, const double *reals, size_t count,
                        struct fus_param_value *value, struct fus_error *err)
{
    bool box = param->type == FUS_PARAM_BOX;
    if (count == 0 || count > (box ? 4u : FUS_PARAM_LIST_MAX))
        return wrong(param, err);
    FUS_AUTO_FREE int64_t *numbers = fus_calloc(box ? 4 : count, sizeof(*numbers));
    if (numbers == NULL)
        return no_memory(err);
    for (size_t i = 0; i < count; i++) {
        if (!whole(reals[i], param, &numbers[i])) {
            int rc = wrong(param, err);
            if (err != NULL && count > 1)
                (void)snprintf(err->pointer, sizeof(err->pointer), "/%zu", i);
            return rc;
        }
    }
    if (box)
        spread_box(numbers, count);
    value->numbers = FUS_TAKE(numbers);
    value->count = box ? 4 : count;
    value->has = true;
    return 0;
}

/* Copies and checks the texts; item i's error gets the pointer "/i". */
static int take_texts(const struct fus_param *param, const char *const *texts, size_t count,
                      struct fus_param_value *value, struct fus_error *err)
{
    if (count > FUS_PARAM_LIST_MAX)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s must not have more than %d items",
                             param->name, FUS_PARAM_LIST_MAX);
    FUS_AUTO_PARAM_VALUE struct fus_param_value made = {0};
    made.texts = fus_calloc(count + 1, sizeof(*made.texts));
    if (made.texts == NULL)
        return no_memory(err);
    for (size_t i = 0; i < count; i++) {
        int rc = check_text(param, texts[i], err);
        if (rc != 0) {
            if (err != NULL)
                (void)snprintf(err->pointer, sizeof(err->pointer), "/%zu", i);
            return rc;
        }
        made.texts[i] = fus_strdup(texts[i]);
        if (made.texts[i] == NULL)
            return no_memory(err);
        made.count = i + 1;
    }
    made.has = true;
    *value = made;
    made = (struct fus_param_value){0};
    return 0;
}

/* ---- from JSON ---- */

/* The text of a JSON string without NUL inside, else NULL. */
static const char *plain_string(const json_t *json)
{
    const char *text = json_string_value(json);
    return text != NULL && strlen(text) == json_string_length(json) ? text : NULL;
}

static int list_from_json(const struct fus_param *param, const json_t *json,
                          struct fus_param_value *value, struct fus_error *err)
{
    size_t count = json_is_array(json) ? json_array_size(json) : 1;
    bool texts_wanted = param->type == FUS_PARAM_TEXT_LIST;
    const char *texts[FUS_PARAM_LIST_MAX] = {0};
    double reals[FUS_PARAM_LIST_MAX] = {0};
    if (count > FUS_PARAM_LIST_MAX)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s must not have more than %d items",
                             param->name, FUS_PARAM_LIST_MAX);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_is_array(json) ? json_array_get(json, i) : json;
        texts[i] = plain_string(item);
        reals[i] = json_number_value(item);
        if (texts_wanted ? texts[i] == NULL : !json_is_number(item)) {
            int rc = wrong(param, err);
            if (err != NULL && json_is_array(json))
                (void)snprintf(err->pointer, sizeof(err->pointer), "/%zu", i);
            return rc;
        }
    }
    return texts_wanted ? take_texts(param, texts, count, value, err)
                        : take_numbers(param, reals, count, value, err);
}

int fus_param_value_from_json(const struct fus_param *param, const json_t *json,
                              struct fus_param_value *value, struct fus_error *err)
{
    switch (param->type) {
    case FUS_PARAM_BOOL:
        if (!json_is_boolean(json))
            return wrong(param, err);
        value->boolean = json_is_true(json);
        value->has = true;
        return 0;
    case FUS_PARAM_INT:
    case FUS_PARAM_FLOAT:
        if (!json_is_number(json))
            return wrong(param, err);
        return take_number(param, json_number_value(json), value, err);
    case FUS_PARAM_TEXT: {
        const char *text = plain_string(json);
        return text == NULL ? wrong(param, err) : take_text(param, text, value, err);
    }
    default:
        return list_from_json(param, json, value, err);
    }
}

/* ---- from text ---- */

static int list_from_text(const struct fus_param *param, const char *text,
                          struct fus_param_value *value, struct fus_error *err)
{
    const char *texts[FUS_PARAM_LIST_MAX + 1] = {0};
    double reals[FUS_PARAM_LIST_MAX + 1] = {0};
    size_t count = 0;
    FUS_AUTO_FREE char *copy = fus_strdup(text);
    if (copy == NULL)
        return no_memory(err);
    char *rest = NULL;
    for (char *word = strtok_r(copy, " ,\t", &rest); word != NULL && count <= FUS_PARAM_LIST_MAX;
         word = strtok_r(NULL, " ,\t", &rest)) {
        bool number = param->type == FUS_PARAM_TEXT_LIST ||
                      fus_parse_double(word, -1e15, 1e15, &reals[count]);
        if (!number)
            return wrong(param, err);
        texts[count++] = word;
    }
    return param->type == FUS_PARAM_TEXT_LIST ? take_texts(param, texts, count, value, err)
                                              : take_numbers(param, reals, count, value, err);
}

int fus_param_value_from_text(const struct fus_param *param, const char *text,
                              struct fus_param_value *value, struct fus_error *err)
{
    double real = 0;
    switch (param->type) {
    case FUS_PARAM_BOOL:
        if (!fus_parse_bool(text, &value->boolean))
            return wrong(param, err);
        value->has = true;
        return 0;
    case FUS_PARAM_INT:
    case FUS_PARAM_FLOAT:
        if (!fus_parse_double(text, param->min, param->max, &real))
            return wrong(param, err);
        return take_number(param, real, value, err);
    case FUS_PARAM_TEXT:
        if (!fus_utf8_valid(text, strlen(text)))
            return wrong(param, err);
        return take_text(param, text, value, err);
    default:
        if (!fus_utf8_valid(text, strlen(text)))
            return wrong(param, err);
        return list_from_text(param, text, value, err);
    }
}

/* ---- out ---- */

json_t *fus_param_value_to_json(const struct fus_param *param, const struct fus_param_value *value)
{
    if (!value->has)
        return json_null();
    switch (param->type) {
    case FUS_PARAM_BOOL:
        return json_boolean(value->boolean);
    case FUS_PARAM_INT:
        return json_integer(value->integer);
    case FUS_PARAM_FLOAT:
        return json_real(value->real);
    case FUS_PARAM_TEXT:
        return json_string(value->text);
    default:
        break;
    }
    json_t *array = json_array();
    for (size_t i = 0; array != NULL && i < value->count; i++) {
        json_t *item = param->type == FUS_PARAM_TEXT_LIST ? json_string(value->texts[i])
                                                          : json_integer(value->numbers[i]);
        if (json_array_append_new(array, item) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

void fus_param_value_print(const struct fus_param *param, const struct fus_param_value *value,
                           struct fus_str *out)
{
    if (!value->has)
        return;
    switch (param->type) {
    case FUS_PARAM_BOOL:
        fus_str_append(out, value->boolean ? "true" : "false");
        return;
    case FUS_PARAM_INT:
        fus_str_printf(out, "%" PRId64, value->integer);
        return;
    case FUS_PARAM_FLOAT:
        fus_str_printf(out, "%.15g", value->real);
        return;
    case FUS_PARAM_TEXT:
        fus_str_append(out, value->text);
        return;
    default:
        break;
    }
    for (size_t i = 0; i < value->count; i++) {
        if (i > 0)
            fus_str_append(out, " ");
        if (param->type == FUS_PARAM_TEXT_LIST)
            fus_str_append(out, value->texts[i]);
        else
            fus_str_printf(out, "%" PRId64, value->numbers[i]);
    }
}

bool fus_param_value_equal(const struct fus_param *param, const struct fus_param_value *a,
                           const struct fus_param_value *b)
{
    if (a->has != b->has || a->count != b->count)
        return false;
    if (a->boolean != b->boolean || a->integer != b->integer || !fus_str_equal(a->text, b->text) ||
        fabs(a->real - b->real) > 1e-9)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (param->type == FUS_PARAM_TEXT_LIST ? strcmp(a->texts[i], b->texts[i]) != 0
                                               : a->numbers[i] != b->numbers[i])
            return false;
    }
    return true;
}
