/* Parameters: defined once, in tables.
 *
 * A table row gives JSON validation, the CLI flag (--name-with-dashes), the INI key, the schema that
 * GET /api/v1/processors shows, and the docs. Tables are static const; a schema is a list of tables; a
 * set holds one job's values. Tables are immutable and may be shared by threads; a set is not locked. */
#ifndef FUS_CONFIG_PARAM_H
#define FUS_CONFIG_PARAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"
#include "base/str.h"

enum fus_param_type {
    FUS_PARAM_BOOL,
    FUS_PARAM_INT,
    FUS_PARAM_FLOAT,
    FUS_PARAM_TEXT,        /* free text, or one of choices */
    FUS_PARAM_TEXT_LIST,   /* each one of choices (or free); JSON array; CLI: words or repeated */
    FUS_PARAM_INT_LIST,    /* JSON array (or one number); min..max each */
    FUS_PARAM_BOX,         /* 1 to 4 ints, CSS order; JSON number or array; always kept as 4 */
};

enum fus_param_flag {
    FUS_PARAM_IGNORED = 1,     /* accepted, no effect, a warning says so (temp_directory, ...) */
    FUS_PARAM_LATER = 2,       /* a FaceFusion parameter that this version does not act on: any value but
                                  the default is 422 with a sentence that says so */
    FUS_PARAM_MODEL = 4,       /* value is a model id of role `role`: not checked against choices (they
                                  are the known names, shown in schema and docs) but against the model
                                  store, by the caller */
};

struct fus_param {
    const char *name;            /* snake_case, FaceFusion's where it has one */
    enum fus_param_type type;
    double min, max;             /* numbers and list items */
    double step;                 /* shown in the schema; values off the grid are taken (as JSON jobs are
                                    upstream) */
    const char *const *choices;  /* NULL-terminated, or NULL */
    const char *default_text;    /* as on the command line; NULL: no value */
    const char *group;           /* ini section: "face_detector", "processors", ... */
    const char *short_for;       /* for short forms (face_detector -> face_detector_model): the long
                                    name or names separated by '|'; a short and a long form that disagree
                                    are an error */
    const char *role;            /* FUS_PARAM_MODEL */
    unsigned flags;
    const char *doc;             /* one sentence */
    /* Values that FaceFusion knows and this version does not: NULL-terminated, or NULL. Naming one is an
     * error that says so. */
    const char *const *choices_later;
    bool later_taken; /* in copies of a row only, of a set that takes choices_later too */
};

struct fus_param_table {
    const struct fus_param *items;
    size_t count;
};

#define FUS_SCHEMA_TABLES_MAX 24
/* A list of tables; plain struct, tables stay the owner's. */
struct fus_param_schema {
    const struct fus_param_table *tables[FUS_SCHEMA_TABLES_MAX];
    size_t count;
};
const struct fus_param *fus_param_find(const struct fus_param_schema *schema, const char *name);
/* Number of rows in all tables, and the row by number. */
size_t fus_param_schema_size(const struct fus_param_schema *schema);
const struct fus_param *fus_param_at(const struct fus_param_schema *schema, size_t index);
/* Nearest name by edit distance (for "did you mean"), or NULL when nothing is near. */
const char *fus_param_nearest(const struct fus_param_schema *schema, const char *name);
/* JSON Schema of one row: {"type":..., "minimum":..., "enum":[...], "default":..., "description":...}. */
json_t *fus_param_json_schema(const struct fus_param *param);

/* The longest text of a value, and the most items of a list. */
#define FUS_PARAM_TEXT_MAX 512
#define FUS_PARAM_LIST_MAX 32

struct fus_params;
/* All defaults. The schema is copied (tables are not). NULL out of memory. */
struct fus_params *fus_params_new(const struct fus_param_schema *schema);
void fus_params_free(struct fus_params *params);
FUS_CLEANUP_DEFINE(fus_params_free, struct fus_params *)

/* Takes a JSON object of parameters; every problem is added to the list with pointer
 * "<prefix>/<name>". Short forms are resolved: `output_quality` goes to output_image_quality and
 * output_video_quality both. Returns 0, or FUS_E_INVALID_PARAMETER if anything was added,
 * FUS_E_OUT_OF_MEMORY. */
int fus_params_take_json(struct fus_params *params, const json_t *object, const char *prefix,
                         struct fus_error_list *errors) FUS_MUST_CHECK;
/* One value in text form (CLI, INI); list values are separated by spaces or commas; "" is an empty list,
 * or takes a value back. Giving a name again replaces its value. */
int fus_params_take_text(struct fus_params *params, const char *name, const char *text,
                         struct fus_error *err) FUS_MUST_CHECK;

/* From now on the set takes what FUS_PARAM_LATER and choices_later stand for: its job goes to
 * another engine. */
void fus_params_take_later(struct fus_params *params);
/* A value that stands in for the row's default: it counts as set, and gives way without a word to
 * whatever is taken, before or after. name is a long one of the schema. FUS_E_INVALID_PARAMETER,
 * FUS_E_OUT_OF_MEMORY. */
int fus_params_preset(struct fus_params *params, const char *name, const char *text,
                      struct fus_error *err) FUS_MUST_CHECK;

/* Getters by long name; a wrong name or type is a bug (assert). Text is NULL when unset without
 * default; owned by the set. */
bool fus_params_is_set(const struct fus_params *params, const char *name); /* given, not by default */
bool fus_params_has_value(const struct fus_params *params, const char *name); /* given or default */
bool fus_params_bool(const struct fus_params *params, const char *name);
int64_t fus_params_int(const struct fus_params *params, const char *name);
double fus_params_float(const struct fus_params *params, const char *name);
const char *fus_params_text(const struct fus_params *params, const char *name);
size_t fus_params_list_count(const struct fus_params *params, const char *name);
const char *fus_params_list_text(const struct fus_params *params, const char *name, size_t index);
int64_t fus_params_list_int(const struct fus_params *params, const char *name, size_t index);
void fus_params_box(const struct fus_params *params, const char *name, int box[4]); /* t r b l */
/* Names of parameters that were given and are ignored (FUS_PARAM_IGNORED), by index; NULL at the end. */
const char *fus_params_ignored(const struct fus_params *params, size_t index);

/* Writes one value the way the command line takes it, "face_swapper face_enhancer", "0 0 0 0"; "" when
 * there is none. For messages and `doctor`. */
void fus_params_print(const struct fus_params *params, const char *name, struct fus_str *out);

/* Given values only, canonical (long names, sorted keys); feeding it back gives the same set. */
json_t *fus_params_to_json(const struct fus_params *params);

#endif
