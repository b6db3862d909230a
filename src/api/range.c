#include "api/range.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <strings.h>

/* Digits; a number beyond 2^63 is as good as that one. NULL if there is none. */
static const char *number(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    if (!isdigit((unsigned char)*text))
        return NULL;
    for (; isdigit((unsigned char)*text); text++)
        value = value > INT64_MAX / 10 - 1 ? INT64_MAX / 2 : value * 10 + (uint64_t)(*text - '0');
    *out = value;
    return text;
}

static const char *skip(const char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    return text;
}

static enum fus_range suffix_range(const char *at, uint64_t size, uint64_t *offset,
                                   uint64_t *length)
{
    uint64_t last = 0;
    at = number(at, &last);
    if (at == NULL || *skip(at) != '\0')
        return FUS_RANGE_NONE;
    if (last == 0 || size == 0)
        return FUS_RANGE_UNSATISFIABLE;
    *length = FUS_MIN(last, size);
    *offset = size - *length;
    return FUS_RANGE_OK;
}

enum fus_range fus_range_parse(const char *header, uint64_t size, uint64_t *offset,
                               uint64_t *length)
{
    uint64_t first = 0, last = UINT64_MAX;
    if (header == NULL || strncasecmp(header, "bytes=", 6) != 0)
        return FUS_RANGE_NONE;
    const char *at = skip(header + 6);
    if (*at == '-')
        return suffix_range(at + 1, size, offset, length);
    at = number(at, &first);
    if (at == NULL || *at != '-')
        return FUS_RANGE_NONE;
    at++;
    if (isdigit((unsigned char)*at)) {
        at = number(at, &last);
        if (last < first)
            return FUS_RANGE_NONE;
    }
    if (*skip(at) != '\0')
        return FUS_RANGE_NONE;
    if (first >= size)
        return FUS_RANGE_UNSATISFIABLE;
    *offset = first;
    *length = FUS_MIN(last, size - 1) - first + 1;
    return FUS_RANGE_OK;
}
