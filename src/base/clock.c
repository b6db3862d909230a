#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MICROSECONDS 1000000

static int64_t read_clock(clockid_t id)
{
    struct timespec now = {0};
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * MICROSECONDS + now.tv_nsec / 1000;
}

int64_t fus_clock_monotonic_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t fus_clock_real_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

double fus_clock_ms_since(int64_t start_us)
{
    return (double)(fus_clock_monotonic_us() - start_us) / 1000.0;
}

/* Rounds towards minus infinity, so that times before 1970 keep their order. */
static void split(int64_t real_us, struct tm *utc, int *millis)
{
    int64_t seconds = real_us / MICROSECONDS, rest = real_us % MICROSECONDS;
    if (rest < 0) {
        rest += MICROSECONDS;
        seconds--;
    }
    time_t when = (time_t)seconds;
    *millis = (int)(rest / 1000);
    if (gmtime_r(&when, utc) == NULL)
        memset(utc, 0, sizeof(*utc));
}

void fus_clock_rfc3339(int64_t real_us, char out[FUS_RFC3339_SIZE])
{
    struct tm utc;
    int millis = 0;
    split(real_us, &utc, &millis);
    size_t length = strftime(out, FUS_RFC3339_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out + length, FUS_RFC3339_SIZE - length, ".%03dZ", millis);
}

void fus_clock_date(int64_t real_us, char out[9])
{
    struct tm utc;
    int millis = 0;
    split(real_us, &utc, &millis);
    int year = FUS_CLAMP(utc.tm_year + 1900, 0, 9999);
    snprintf(out, 9, "%04d%02u%02u", year, (unsigned)(utc.tm_mon + 1) % 100,
             (unsigned)utc.tm_mday % 100);
}

/* Reads exactly `digits` decimal digits. */
static bool take_digits(const char **text, int digits, int *value)
{
    int result = 0;
    for (int i = 0; i < digits; i++) {
        char c = (*text)[i];
        if (c < '0' || c > '9')
            return false;
        result = result * 10 + (c - '0');
    }
    *text += digits;
    *value = result;
    return true;
}

static bool take_char(const char **text, char wanted)
{
    if (**text != wanted)
        return false;
    (*text)++;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_fraction(const char **text, int64_t *microseconds)
{
    *microseconds = 0;
    if (**text != '.')
        return true;
    (*text)++;
    int64_t unit = 100000;
    if (**text < '0' || **text > '9')
        return false;
    for (; **text >= '0' && **text <= '9'; (*text)++, unit /= 10)
        *microseconds += (**text - '0') * unit;
    return true;
}

static bool take_offset(const char **text, int *minutes)
{
    *minutes = 0;
    if (**text == 'Z' || **text == 'z') {
        (*text)++;
        return true;
    }
    int sign = **text == '-' ? -1 : **text == '+' ? 1 : 0, hours = 0, rest = 0;
    if (sign == 0)
        return false;
    (*text)++;
    if (!take_digits(text, 2, &hours) || !take_char(text, ':') || !take_digits(text, 2, &rest) ||
        hours > 23 || rest > 59)
        return false;
    *minutes = sign * (hours * 60 + rest);
    return true;
}

bool fus_clock_parse_rfc3339(const char *text, int64_t *real_us)
{
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offset = 0;
    int64_t micros = 0;
    if (text == NULL || !take_digits(&text, 4, &year) || !take_char(&text, '-') ||
        !take_digits(&text, 2, &month) || !take_char(&text, '-') || !take_digits(&text, 2, &day))
        return false;
    if (!take_char(&text, 'T') && !take_char(&text, 't') && !take_char(&text, ' '))
        return false;
    if (!take_digits(&text, 2, &hour) || !take_char(&text, ':') ||
        !take_digits(&text, 2, &minute) || !take_char(&text, ':') ||
        !take_digits(&text, 2, &second) || !take_fraction(&text, &micros) ||
        !take_offset(&text, &offset) || *text != '\0')
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
        minute > 59 || second > 60)
        return false;
    struct tm utc = {.tm_year = year - 1900,
                     .tm_mon = month - 1,
                     .tm_mday = day,
                     .tm_hour = hour,
                     .tm_min = minute,
                     .tm_sec = second};
    int64_t seconds = (int64_t)timegm(&utc) - (int64_t)offset * 60;
    *real_us = seconds * MICROSECONDS + micros;
    return true;
}

void fus_clock_sleep_ms(int64_t ms)
{
    if (ms <= 0)
        return;
    struct timespec until = {0};
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
}
