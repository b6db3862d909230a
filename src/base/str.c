#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool reserve(struct fus_str *str, size_t extra)
{
    size_t need = 0;
    if (str->failed)
        return false;
    if (!fus_size_add(str->length, extra, &need) || need >= FUS_STR_MAX) {
        str->failed = true;
        return false;
    }
    if (need + 1 <= str->capacity)
        return true;
    size_t capacity = FUS_MAX(str->capacity * 2, need + 1);
    capacity = FUS_MAX(capacity, (size_t)64);
    char *text = fus_realloc(str->text, capacity, 1);
    if (text == NULL) {
        str->failed = true;
        return false;
    }
    str->text = text;
    str->capacity = capacity;
    return true;
}

void fus_str_append_n(struct fus_str *str, const char *text, size_t length)
{
    if (!reserve(str, length))
        return;
    if (length > 0)
        memcpy(str->text + str->length, text, length);
    str->length += length;
    str->text[str->length] = '\0';
}

void fus_str_append(struct fus_str *str, const char *text)
{
    fus_str_append_n(str, text, strlen(text));
}

void fus_str_vprintf(struct fus_str *str, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) {
        str->failed = true;
        return;
    }
    if (!reserve(str, (size_t)length))
        return;
    vsnprintf(str->text + str->length, (size_t)length + 1, format, args);
    str->length += (size_t)length;
}

void fus_str_printf(struct fus_str *str, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fus_str_vprintf(str, format, args);
    va_end(args);
}

/* Length of the valid UTF-8 sequence at text (1..4), or 0. RFC 3629: no surrogates, no overlongs.
 */
static size_t utf8_sequence(const unsigned char *text, size_t left)
{
    unsigned char lead = text[0];
    if (lead < 0x80)
        return 1;
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || left < length)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    }
    bool overlong = (lead == 0xE0 && text[1] < 0xA0) || (lead == 0xF0 && text[1] < 0x90);
    bool surrogate = lead == 0xED && text[1] > 0x9F;
    bool beyond = lead == 0xF4 && text[1] > 0x8F;
    return overlong || surrogate || beyond ? 0 : length;
}

bool fus_utf8_valid(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; i < length;) {
        size_t step = bytes[i] != 0 ? utf8_sequence(bytes + i, length - i) : 0;
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

static void append_escaped(struct fus_str *str, unsigned char c)
{
    static const char *const names[] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f",
        ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\"};
    if (c < FUS_COUNT(names) && names[c] != NULL)
        fus_str_append(str, names[c]);
    else
        fus_str_printf(str, "\\u%04x", c);
}

void fus_str_json(struct fus_str *str, const char *text)
{
    if (text == NULL) {
        fus_str_append(str, "null");
        return;
    }
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = strlen(text);
    fus_str_append_n(str, "\"", 1);
    for (size_t i = 0; i < length;) {
        size_t step = utf8_sequence(bytes + i, length - i);
        if (step == 0) {
            fus_str_append(str, "\xEF\xBF\xBD");
            step = 1;
        } else if (bytes[i] < 0x20 || bytes[i] == '"' || bytes[i] == '\\' || bytes[i] == 0x7F) {
            append_escaped(str, bytes[i]);
        } else {
            fus_str_append_n(str, text + i, step);
        }
        i += step;
    }
    fus_str_append_n(str, "\"", 1);
}

void fus_str_clear(struct fus_str *str)
{
    str->length = 0;
    str->failed = false;
    if (str->text != NULL)
        str->text[0] = '\0';
}

char *fus_str_take(struct fus_str *str)
{
    if (!str->failed && str->text == NULL)
        fus_str_append_n(str, "", 0);
    char *text = str->failed ? NULL : FUS_TAKE(str->text);
    fus_str_done(str);
    return text;
}

void fus_str_done(struct fus_str *str)
{
    fus_free(str->text);
    *str = (struct fus_str){0};
}

bool fus_strlcpy(char *dst, const char *src, size_t size)
{
    size_t length = strlen(src);
    size_t copied = FUS_MIN(length, size - 1);
    memcpy(dst, src, copied);
    dst[copied] = '\0';
    return copied == length;
}

bool fus_str_equal(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

bool fus_str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool fus_str_ends(const char *text, const char *suffix)
{
    size_t length = strlen(text), tail = strlen(suffix);
    return length >= tail && strcmp(text + length - tail, suffix) == 0;
}
