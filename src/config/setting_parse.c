/* Text forms of settings: numbers with units, addresses. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "config/settings.h"

static int64_t unit_milliseconds(const char *unit, int64_t bare)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1},      {"s", 1000},       {"m", 60000},      {"min", 60000},
                 {"h", 3600000}, {"d", 86400000LL}, {"w", 604800000LL}};
    if (*unit == '\0')
        return bare;
    for (size_t i = 0; i < FUS_COUNT(units); i++) {
        if (strcmp(unit, units[i].name) == 0)
            return units[i].ms;
    }
    return 0;
}

bool fus_parse_duration_ms(const char *text, int64_t unit_ms, int64_t *out_ms)
{
    char number[24];
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits >= sizeof(number))
        return false;
    memcpy(number, text, digits);
    number[digits] = '\0';
    int64_t unit = unit_milliseconds(text + digits, unit_ms), value = 0;
    if (unit <= 0 || !fus_parse_int(number, 0, INT64_MAX / unit, &value))
        return false;
    *out_ms = value * unit;
    return true;
}

bool fus_parse_address(const char *text, char host[256], int *port)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL)
        return false;
    size_t length = (size_t)(colon - text);
    bool bracketed = text[0] == '[';
    if (bracketed) {
        if (length < 3 || text[length - 1] != ']')
            return false;
        text++;
        length -= 2;
    }
    if (length == 0 || length > 255)
        return false;
    char name[256];
    memcpy(name, text, length);
    name[length] = '\0';
    /* An IPv6 address without brackets would leave it open where the port begins. */
    if (strspn(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_:%") !=
            length ||
        (strchr(name, ':') != NULL) != bracketed)
        return false;
    int64_t number = 0;
    if (!fus_parse_int(colon + 1, 0, 65535, &number))
        return false;
    if (host != NULL)
        memcpy(host, name, length + 1);
    if (port != NULL)
        *port = (int)number;
    return true;
}

static int wrong(const struct fus_setting *setting, const char *text, const char *expected,
                 struct fus_error *err)
{
    bool secret = (setting->flags & FUS_SETTING_SECRET) != 0;
    return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s.%s must be %s%s%.80s%s",
                         setting->section, setting->key, expected, secret ? "" : ", not \"",
                         secret ? "" : text, secret ? "" : "\"");
}

static int parse_number(const struct fus_setting *setting, const char *text, int64_t *number,
                        struct fus_error *err)
{
    int64_t value = 0;
    uint64_t bytes = 0;
    bool ok = false;
    char expected[160];
    switch (setting->type) {
    case FUS_SETTING_BYTES:
        ok = fus_parse_bytes(text, &bytes) && bytes <= INT64_MAX;
        value = ok ? (int64_t)bytes : 0;
        (void)snprintf(expected, sizeof(expected),
                       "a size such as 64M or 2G from %" PRId64 " to %" PRId64, setting->min,
                       setting->max);
        break;
    case FUS_SETTING_SECONDS:
        ok = fus_parse_duration_ms(text, 1000, &value);
        ok = ok && value % 1000 == 0;
        value /= 1000;
        (void)snprintf(expected, sizeof(expected),
                       "a duration such as 90s, 24h or 30d from %" PRId64 " to %" PRId64 " seconds",
                       setting->min, setting->max);
        break;
    case FUS_SETTING_MILLISECONDS:
        ok = fus_parse_duration_ms(text, 1, &value);
        (void)snprintf(expected, sizeof(expected),
                       "a duration such as 500ms or 1s from %" PRId64 " to %" PRId64
                       " milliseconds",
                       setting->min, setting->max);
        break;
    default:
        ok = fus_parse_int(text, INT64_MIN, INT64_MAX, &value);
        (void)snprintf(expected, sizeof(expected), "a whole number from %" PRId64 " to %" PRId64,
                       setting->min, setting->max);
        break;
    }
    if (!ok || value < setting->min || value > setting->max)
        return wrong(setting, text, expected, err);
    if (number != NULL)
        *number = value;
    return 0;
}

static int parse_choice(const struct fus_setting *setting, const char *text, struct fus_error *err)
{
    for (size_t i = 0; setting->choices[i] != NULL; i++) {
        if (strcmp(setting->choices[i], text) == 0)
            return 0;
    }
    return wrong(setting, text, setting->doc, err);
}

int fus_setting_parse(const struct fus_setting *setting, const char *text, int64_t *number,
                      struct fus_error *err)
{
    bool empty = *text == '\0', optional = (setting->flags & FUS_SETTING_OPTIONAL) != 0;
    if (!fus_utf8_valid(text, strlen(text)))
        return wrong(setting, "(not UTF-8)", "UTF-8 text", err);
    switch (setting->type) {
    case FUS_SETTING_TEXT:
    case FUS_SETTING_PATH:
    case FUS_SETTING_PATHS:
        return empty && !optional ? wrong(setting, text, "given a value", err) : 0;
    case FUS_SETTING_ADDRESS:
        if ((empty && optional) || fus_parse_address(text, NULL, NULL))
            return 0;
        return wrong(setting, text, "an address such as 127.0.0.1:8000 or [::1]:8000", err);
    case FUS_SETTING_CHOICE:
        return parse_choice(setting, text, err);
    default:
        return parse_number(setting, text, number, err);
    }
}
