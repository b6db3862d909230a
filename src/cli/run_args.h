/* The command line of `fusiond run`. */
#ifndef FUS_CLI_RUN_ARGS_H
#define FUS_CLI_RUN_ARGS_H

#include "cli/config_args.h"
#include "cli/param_args.h"
#include "media/media.h"

struct fus_run_args {
    struct fus_config_args config;
    struct fus_param_args params;
    const char **sources; /* words of argv */
    size_t source_count;
    const char *target, *output;
    enum fus_container format; /* by the name of the output */
    bool json, quiet;
};

/* 0, FUS_OPTIONS_HELP, FUS_E_INVALID_PARAMETER, FUS_E_OUT_OF_MEMORY. */
int fus_run_args_parse(struct fus_run_args *args, const struct fus_param_schema *schema, int argc,
                       char **argv, struct fus_error *err) FUS_MUST_CHECK;
void fus_run_args_done(struct fus_run_args *args);
#define FUS_AUTO_RUN_ARGS __attribute__((cleanup(fus_run_args_done)))

/* FUS_E_INVALID_PARAMETER: the output is one of the inputs (by inode, whatever the names);
 * FUS_E_NOT_FOUND: an input, or the output's folder, isn't there. */
int fus_run_args_check_files(const struct fus_run_args *args, struct fus_error *err) FUS_MUST_CHECK;

#endif
