#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const struct fus_error_info table[] = {
#define FUS_ERROR_ROW(suffix, name, status, retryable, level, title) \
    {name, status, retryable, level, title},
    FUS_ERROR_TABLE(FUS_ERROR_ROW)
#undef FUS_ERROR_ROW
};

const struct fus_error_info *fus_error_info(int code)
{
    int ordinal = -1 - code;
    if (code >= 0 || ordinal >= FUS_ERROR_COUNT)
        ordinal = FUS_ERROR_ORDINAL_INTERNAL;
    return &table[ordinal];
}

int fus_error_from_name(const char *name)
{
    for (int i = 0; i < FUS_ERROR_COUNT; i++) {
        if (fus_str_equal(table[i].name, name))
            return -1 - i;
    }
    return FUS_E_INTERNAL;
}

/* vsnprintf may cut a UTF-8 sequence in two; drop the incomplete tail. */
static void trim_utf8(char *text)
{
    size_t length = strlen(text), start = length;
    while (start > 0 && length - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0 || start > length)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (want > 1 && length - (start - 1) < want)
        text[start - 1] = '\0';
}

static void fill(struct fus_error *err, int code, const char *pointer, const char *format,
                 va_list args) FUS_PRINTF(4, 0);

static void fill(struct fus_error *err, int code, const char *pointer, const char *format,
                 va_list args)
{
    err->code = code;
    (void)fus_strlcpy(err->pointer, pointer, sizeof(err->pointer));
    if (vsnprintf(err->detail, sizeof(err->detail), format, args) < 0)
        err->detail[0] = '\0';
    trim_utf8(err->detail);
}

int fus_error_set(struct fus_error *err, int code, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        fill(err, code, "", format, args);
        va_end(args);
    }
    return code;
}

int fus_error_set_at(struct fus_error *err, int code, const char *pointer, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        fill(err, code, pointer, format, args);
        va_end(args);
    }
    return code;
}

int fus_error_errno(struct fus_error *err, int errno_value, const char *what)
{
    char text[128];
    const char *reason = strerror_r(errno_value, text, sizeof(text));
    int code = errno_value == ENOMEM ? FUS_E_OUT_OF_MEMORY : FUS_E_INTERNAL;
    return fus_error_set(err, code, "%s: %s", what, reason);
}

void fus_error_list_add(struct fus_error_list *list, int code, const char *pointer,
                        const char *format, ...)
{
    if (list->count < FUS_ERROR_LIST_MAX) {
        va_list args;
        va_start(args, format);
        fill(&list->items[list->count], code, pointer, format, args);
        va_end(args);
    }
    list->count++;
}

size_t fus_error_list_kept(const struct fus_error_list *list)
{
    return FUS_MIN(list->count, (size_t)FUS_ERROR_LIST_MAX);
}
