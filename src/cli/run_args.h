/* The command line of `fusiond run`. */
#ifndef FUS_CLI_RUN_ARGS_H
#define FUS_CLI_RUN_ARGS_H

#include "cli/local_args.h"
#include "media/media.h"

/* One job's files; what batch makes many of. The texts belong to somebody else. */
struct fus_run_files {
    const char *const *sources;
    size_t source_count;
    const char *target, *output;
};

struct fus_run_args {
    struct fus_local_args local;
    const char **sources; /* words of argv, or of ini_sources */
    size_t source_count;
    char *ini_sources;
    const char *target, *output;
    enum fus_container format; /* by the name of the output */
};

/* 0, FUS_OPTIONS_HELP, FUS_E_INVALID_PARAMETER, FUS_E_OUT_OF_MEMORY. What the command line leaves
 * out is taken from the facefusion.ini. */
int fus_run_args_parse(struct fus_run_args *args, const struct fus_param_schema *schema, int argc,
                       char **argv, struct fus_error *err) FUS_MUST_CHECK;
void fus_run_args_done(struct fus_run_args *args);
#define FUS_AUTO_RUN_ARGS __attribute__((cleanup(fus_run_args_done)))

/* The format that a file's name stands for. FUS_E_INVALID_PARAMETER: none that can be labelled. */
int fus_run_format(const char *output, enum fus_container *format,
                   struct fus_error *err) FUS_MUST_CHECK;
/* FUS_E_INVALID_PARAMETER: the output is one of the inputs (by inode, whatever the names);
 * FUS_E_NOT_FOUND: an input, or the output's folder, isn't there. */
int fus_run_files_check(const struct fus_run_files *files, struct fus_error *err) FUS_MUST_CHECK;

#endif
