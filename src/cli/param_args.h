/* Every parameter of the schema as an option, --name-with-dashes, for the commands that make jobs.
 */
#ifndef FUS_CLI_PARAM_ARGS_H
#define FUS_CLI_PARAM_ARGS_H

#include "base/str.h"
#include "cli/options.h"
#include "config/param.h"

struct fus_param_args {
    const struct fus_param_schema *schema;
    struct fus_option *options; /* the command's own rows, then the parameters' */
    size_t count;
    struct fus_param_arg *args; /* one a row of the schema */
};

/* Copies the command's own rows (what they name is not made again for a parameter). */
int fus_param_args_init(struct fus_param_args *args, const struct fus_param_schema *schema,
                        const struct fus_option *own, size_t own_count,
                        struct fus_error *err) FUS_MUST_CHECK;
void fus_param_args_done(struct fus_param_args *args);
#define FUS_AUTO_PARAM_ARGS __attribute__((cleanup(fus_param_args_done)))

/* false if the option is one of the command's own. */
bool fus_param_args_take(struct fus_param_args *args, const struct fus_option *option,
                         const char *value);
/* Puts what was taken into the set; every problem is added to the list. */
int fus_param_args_apply(const struct fus_param_args *args, struct fus_params *params,
                         struct fus_error_list *errors) FUS_MUST_CHECK;

/* "reference_face_position" -> "reference-face-position". */
void fus_param_flag_name(const char *name, char out[64]);
/* The sentence of the help: doc, choices, range, default. */
void fus_param_describe(const struct fus_param *param, struct fus_str *out);

#endif
