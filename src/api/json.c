#include "api/json.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Brackets outside strings; a text that is not JSON may be miscounted, which the parser then tells.
 */
static bool too_deep(const char *text, size_t size)
{
    unsigned depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > FUS_JSON_DEPTH_MAX)
                return true;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return false;
}

int fus_json_parse(const char *text, size_t size, json_t **json, struct fus_error *err)
{
    json_error_t where;
    if (too_deep(text, size))
        return fus_error_set(err, FUS_E_INVALID_REQUEST,
                             "The JSON is nested deeper than %d levels.", FUS_JSON_DEPTH_MAX);
    json_t *parsed = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
    if (parsed != NULL) {
        *json = parsed;
        return 0;
    }
    if (json_error_code(&where) == json_error_out_of_memory)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to read the JSON.");
    if (json_error_code(&where) == json_error_null_character) /* the parser's words name its flag */
        return fus_error_set(err, FUS_E_INVALID_REQUEST,
                             "The JSON cannot be read: \\u0000 may not stand in a text (line %d, "
                             "column %d).",
                             where.line, where.column);
    return fus_error_set(err, FUS_E_INVALID_REQUEST,
                         "The JSON cannot be read: %.120s (line %d, column %d).", where.text,
                         where.line, where.column);
}

void fus_json_pointer(char out[96], const char *prefix, const char *name)
{
    size_t length = (size_t)snprintf(out, 96, "%s/", prefix);
    for (; *name != '\0' && length + 3 < 96; name++) {
        if (*name == '~' || *name == '/') {
            out[length++] = '~';
            out[length++] = *name == '~' ? '0' : '1';
        } else {
            out[length++] = *name;
        }
    }
    if (length < 96)
        out[length] = '\0';
}
