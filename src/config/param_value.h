/* One parameter's value: from JSON, from text, to JSON. Internal to the room. */
#ifndef FUS_CONFIG_PARAM_VALUE_H
#define FUS_CONFIG_PARAM_VALUE_H

#include "base/str.h"
#include "config/param.h"

struct fus_param_value {
    bool has; /* given or by default */
    bool boolean;
    double real;      /* FLOAT */
    int64_t integer;  /* INT */
    char *text;       /* TEXT */
    char **texts;     /* TEXT_LIST: count owned strings */
    int64_t *numbers; /* INT_LIST, and BOX: always 4, top right bottom left */
    size_t count;
};
void fus_param_value_done(struct fus_param_value *value);
#define FUS_AUTO_PARAM_VALUE __attribute__((cleanup(fus_param_value_done)))

/* value must be zeroed; it is untouched by a failure. err->detail is a clause that begins with the
 * parameter's name; err->pointer is "" or "/<index>" of the list item that is wrong.
 * FUS_E_INVALID_PARAMETER, FUS_E_OUT_OF_MEMORY. */
int fus_param_value_from_json(const struct fus_param *param, const json_t *json,
                              struct fus_param_value *value, struct fus_error *err) FUS_MUST_CHECK;
int fus_param_value_from_text(const struct fus_param *param, const char *text,
                              struct fus_param_value *value, struct fus_error *err) FUS_MUST_CHECK;
/* New reference; NULL out of memory, JSON null without a value. */
json_t *fus_param_value_to_json(const struct fus_param *param, const struct fus_param_value *value);
void fus_param_value_print(const struct fus_param *param, const struct fus_param_value *value,
                           struct fus_str *out);
bool fus_param_value_equal(const struct fus_param *param, const struct fus_param_value *a,
                           const struct fus_param_value *b);

/* At most size - 1 bytes of text, cut between characters of UTF-8. Returns out. */
char *fus_param_clip(char *out, size_t size, const char *text);

#endif
