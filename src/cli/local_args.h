/* What the commands that do jobs here and now (run, batch) have in common on their command line:
 * every parameter, the settings, the engine, and the defaults of a facefusion.ini. */
#ifndef FUS_CLI_LOCAL_ARGS_H
#define FUS_CLI_LOCAL_ARGS_H

#include "cli/config_args.h"
#include "cli/param_args.h"
#include "config/facefusion_ini.h"

struct fus_local_args {
    struct fus_config_args config;
    struct fus_param_args params;
    struct fus_facefusion_ini *ini; /* NULL: none was read */
    const char *ini_path;           /* given */
    bool second;                    /* engine: facefusion */
    bool json, quiet;
};

/* The command's own rows come first. */
int fus_local_args_init(struct fus_local_args *args, const struct fus_param_schema *schema,
                        const struct fus_option *own, size_t own_count,
                        struct fus_error *err) FUS_MUST_CHECK;
void fus_local_args_done(struct fus_local_args *args);

/* 1 if the option is one of these, 0 if it is the command's own, or an error. */
int fus_local_args_take(struct fus_local_args *args, const struct fus_option *option,
                        const char *value, struct fus_error *err) FUS_MUST_CHECK;
/* After the words: reads what --config-path names, else ./facefusion.ini if there is one; says so
 * on stderr, and what in it has no effect. FUS_E_INVALID_PARAMETER when it is not right, or when
 * the one that was named is not there. */
int fus_local_args_read_ini(struct fus_local_args *args, const char *program,
                            struct fus_error *err) FUS_MUST_CHECK;
/* The job's parameters: defaults of the ini, then the command line. Every problem is added. */
int fus_local_args_apply(const struct fus_local_args *args, struct fus_params *params,
                         struct fus_error_list *errors) FUS_MUST_CHECK;

#endif
