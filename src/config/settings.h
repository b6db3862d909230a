/* The table of settings: one row drives ini files, environment, flags, checks, doctor and the help.
 * Internal to the room (config/config.h is its face), except that the command line's help and docs
 * read the rows through fus_settings. */
#ifndef FUS_CONFIG_SETTINGS_H
#define FUS_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"

enum fus_setting_type {
    FUS_SETTING_TEXT,
    FUS_SETTING_CHOICE,  /* one of `choices` */
    FUS_SETTING_PATH,    /* made absolute when the settings are finished */
    FUS_SETTING_PATHS,   /* colon separated, each made absolute */
    FUS_SETTING_ADDRESS, /* host:port, [v6]:port; "" when optional */
    FUS_SETTING_INT,
    FUS_SETTING_BYTES,        /* "512M" */
    FUS_SETTING_SECONDS,      /* "24h", "90"; a bare number is seconds */
    FUS_SETTING_MILLISECONDS, /* "1s", "1000"; a bare number is milliseconds */
};

enum fus_setting_flag {
    FUS_SETTING_SECRET = 1,   /* never shown */
    FUS_SETTING_OPTIONAL = 2, /* "" is a value */
};

struct fus_setting {
    const char *section, *key;
    enum fus_setting_type type;
    size_t offset;            /* of the member in struct fus_config */
    const char *default_text; /* NULL: decided when finished (data_dir and what depends on it) */
    int64_t min, max;         /* numbers, in bytes, seconds or milliseconds */
    unsigned flags;
    const char *const *choices; /* NULL-terminated */
    const char *doc;
};

const struct fus_setting *fus_settings(size_t *count);
/* By "section.key", or NULL. */
const struct fus_setting *fus_setting_find(const char *name);
/* The nearest "section.key" by edit distance, written into out; false if none is near. */
bool fus_setting_nearest(const char *name, char *out, size_t size);
/* FUSIOND_<SECTION>_<KEY>. */
void fus_setting_env_name(const struct fus_setting *setting, char *out, size_t size);

/* Checks one text form. Numbers are written to *number (may be NULL). The error's detail says what
 * a right value looks like and repeats a wrong one unless it is a secret. */
int fus_setting_parse(const struct fus_setting *setting, const char *text, int64_t *number,
                      struct fus_error *err) FUS_MUST_CHECK;

/* "90", "1500ms", "30s", "5m", "24h", "30d", "2w": in units of unit_ms milliseconds for a bare
 * number. The result is in milliseconds; false when it is malformed or overflows. */
bool fus_parse_duration_ms(const char *text, int64_t unit_ms, int64_t *out_ms) FUS_MUST_CHECK;
/* host:port or [v6]:port; the port 0..65535. host needs 256 characters; outputs may be NULL. */
bool fus_parse_address(const char *text, char host[256], int *port) FUS_MUST_CHECK;

/* Reads an ini file through inih; calls each(user, "section.key", value, line). Stops at the first
 * error: a line inih does not understand, one longer than it takes, or each's own non-zero answer,
 * which is returned. FUS_E_NOT_FOUND if the file is missing. */
int fus_ini_read(const char *path,
                 int (*each)(void *user, const char *name, const char *value, int line,
                             struct fus_error *err),
                 void *user, struct fus_error *err) FUS_MUST_CHECK;

#endif
