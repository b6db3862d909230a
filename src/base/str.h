/* Strings: a growing buffer, strict number parsing, small predicates. */
#ifndef FUS_BASE_STR_H
#define FUS_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

/* A growing, always terminated string. Zero-initialise; fus_str_done frees. After a failed append
 * `failed` is set and later appends do nothing, so one check at the end is enough. Not thread-safe. */
struct fus_str {
    char *text; /* NULL until the first append */
    size_t length;
    size_t capacity;
    bool failed; /* out of memory, or longer than FUS_STR_MAX */
};
#define FUS_STR_MAX ((size_t)256 << 20)
void fus_str_append(struct fus_str *str, const char *text);
void fus_str_append_n(struct fus_str *str, const char *text, size_t length);
void fus_str_printf(struct fus_str *str, const char *format, ...) FUS_PRINTF(2, 3);
void fus_str_vprintf(struct fus_str *str, const char *format, va_list args) FUS_PRINTF(2, 0);
/* Appends text as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD. NULL appends null. */
void fus_str_json(struct fus_str *str, const char *text);
void fus_str_clear(struct fus_str *str);
/* The text, owned by the caller (fus_free); NULL if failed. An empty buffer gives "". */
char *fus_str_take(struct fus_str *str) FUS_MUST_CHECK;
void fus_str_done(struct fus_str *str);
#define FUS_AUTO_STR __attribute__((cleanup(fus_str_done)))

/* Copies src into dst[size], always terminated; false if it was cut. */
bool fus_strlcpy(char *dst, const char *src, size_t size);
bool fus_str_equal(const char *a, const char *b); /* both may be NULL */
bool fus_str_starts(const char *text, const char *prefix);
bool fus_str_ends(const char *text, const char *suffix);

/* Strict decimal parsers: the whole text, no spaces, no sign but '-', inside [min, max]; else false
 * and *out unchanged. fus_parse_double refuses inf and nan and does not depend on the locale. */
bool fus_parse_int(const char *text, int64_t min, int64_t max, int64_t *out) FUS_MUST_CHECK;
bool fus_parse_double(const char *text, double min, double max, double *out) FUS_MUST_CHECK;
/* true/false/yes/no/on/off/1/0, any case. */
bool fus_parse_bool(const char *text, bool *out) FUS_MUST_CHECK;
/* "64M", "1.5G", "4096": bytes, powers of 1024. */
bool fus_parse_bytes(const char *text, uint64_t *out) FUS_MUST_CHECK;

/* Edit distance (Levenshtein with transposition) of two short names, for "did you mean". */
unsigned fus_edit_distance(const char *a, const char *b);

/* true if the bytes are valid UTF-8 without NUL. */
bool fus_utf8_valid(const char *text, size_t length);

#endif
