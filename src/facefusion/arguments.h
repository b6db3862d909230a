/* FaceFusion's command line, made from a job's parameters: those that are given, in its own
 * spelling. Internal to the room. */
#ifndef FUS_FACEFUSION_ARGUMENTS_H
#define FUS_FACEFUSION_ARGUMENTS_H

#include "config/param.h"

#define FUS_ARGUMENTS_MAX 1024

/* A NULL-terminated list of owned words. */
struct fus_arguments {
    char *words[FUS_ARGUMENTS_MAX + 1];
    size_t count;
    bool failed; /* out of memory, or too many */
};
void fus_arguments_add(struct fus_arguments *arguments, const char *word);
void fus_arguments_done(struct fus_arguments *arguments);

/* Whether FaceFusion's headless-run has an option of the parameter's name that is the client's. */
bool fus_arguments_known(const struct fus_param *param);
/* Whether it is a parameter that only fusiond has, and that changes pictures. */
bool fus_arguments_foreign(const struct fus_param *param);
/* --name and its value for every row of the schema that is given. */
void fus_arguments_add_params(struct fus_arguments *arguments,
                              const struct fus_param_schema *schema,
                              const struct fus_params *params);

#endif
