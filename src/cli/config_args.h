/* The flags that set settings, shared by the commands that read them: --config, --set
 * section.key=value and the ones with a name of their own (--listen, --data-dir, ...). */
#ifndef FUS_CLI_CONFIG_ARGS_H
#define FUS_CLI_CONFIG_ARGS_H

#include "cli/options.h"
#include "config/config.h"

struct fus_config_args {
    struct fus_config_builder *builder;
    const char *file; /* --config, of the command line */
};

/* Rows to be copied into a command's own; tags are this file's. */
const struct fus_option *fus_config_options(size_t *count);
bool fus_config_option_is(const struct fus_option *option);
/* Takes one of those options. */
int fus_config_args_take(struct fus_config_args *args, const struct fus_option *option,
                         const char *value, struct fus_error *err) FUS_MUST_CHECK;
/* Loads files and environment below the flags taken so far, and finishes. */
int fus_config_args_finish(struct fus_config_args *args, struct fus_config **config,
                           struct fus_error *err) FUS_MUST_CHECK;
void fus_config_args_done(struct fus_config_args *args);
#define FUS_AUTO_CONFIG_ARGS __attribute__((cleanup(fus_config_args_done)))

#endif
