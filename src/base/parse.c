/* The strict parsers and name distances of base/str.h. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

bool fus_parse_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
    if (text == NULL || !(digit(text[0]) || (text[0] == '-' && digit(text[1]))))
        return false;
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || value < min || value > max)
        return false;
    *out = value;
    return true;
}

/* [-] digits [. digits] [e [+-] digits], with at least one digit before or after the point. */
static bool looks_like_number(const char *text)
{
    if (*text == '-')
        text++;
    size_t whole = strspn(text, "0123456789"), part = 0;
    text += whole;
    if (*text == '.') {
        part = strspn(text + 1, "0123456789");
        text += 1 + part;
    }
    if (whole + part == 0)
        return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        if (*text == '+' || *text == '-')
            text++;
        size_t exponent = strspn(text, "0123456789");
        if (exponent == 0)
            return false;
        text += exponent;
    }
    return *text == '\0';
}

/* The process never leaves the C locale (nobody calls setlocale), so strtod reads '.' everywhere.
 */
bool fus_parse_double(const char *text, double min, double max, double *out)
{
    if (text == NULL || !looks_like_number(text))
        return false;
    double value = strtod(text, NULL);
    if (!isfinite(value) || value < min || value > max)
        return false;
    *out = value;
    return true;
}

bool fus_parse_bool(const char *text, bool *out)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};
    for (size_t i = 0; text != NULL && i < FUS_COUNT(yes); i++) {
        if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
            *out = strcasecmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

static int unit_shift(const char *unit)
{
    static const struct {
        const char *name;
        int shift;
    } units[] = {{"", 0},     {"B", 0},   {"K", 10},   {"KB", 10}, {"KiB", 10},
                 {"M", 20},   {"MB", 20}, {"MiB", 20}, {"G", 30},  {"GB", 30},
                 {"GiB", 30}, {"T", 40},  {"TB", 40},  {"TiB", 40}};
    for (size_t i = 0; i < FUS_COUNT(units); i++) {
        if (strcasecmp(unit, units[i].name) == 0)
            return units[i].shift;
    }
    return -1;
}

bool fus_parse_bytes(const char *text, uint64_t *out)
{
    char number[32];
    size_t length = text != NULL ? strspn(text, "0123456789.") : 0;
    if (length == 0 || length >= sizeof(number))
        return false;
    memcpy(number, text, length);
    number[length] = '\0';
    int shift = unit_shift(text + length);
    int64_t whole = 0;
    double value = 0;
    if (shift < 0)
        return false;
    if (fus_parse_int(number, 0, INT64_MAX >> shift, &whole)) {
        *out = (uint64_t)whole << shift;
        return true;
    }
    /* 2^62: a double holds such products without overflow of int64. */
    if (!fus_parse_double(number, 0, ldexp(1, 62 - shift), &value) || strchr(number, '.') == NULL)
        return false;
    *out = (uint64_t)llround(ldexp(value, shift));
    return true;
}

#define NAME_MAX_LENGTH 63

/* Optimal string alignment (Damerau-Levenshtein without repeated edits), three rows. */
unsigned fus_edit_distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    if (la > NAME_MAX_LENGTH || lb > NAME_MAX_LENGTH)
        return strcmp(a, b) == 0 ? 0 : (unsigned)FUS_MAX(la, lb);
    unsigned rows[3][NAME_MAX_LENGTH + 1];
    for (size_t j = 0; j <= lb; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= la; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= lb; j++) {
            unsigned cost = a[i - 1] == b[j - 1] ? 0 : 1;
            unsigned best = FUS_MIN(above[j] + 1, row[j - 1] + 1);
            best = FUS_MIN(best, above[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = FUS_MIN(best, above2[j - 2] + 1);
            row[j] = best;
        }
    }
    return rows[la % 3][lb];
}
