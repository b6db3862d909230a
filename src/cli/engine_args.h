/* From settings to what the engine wants. */
#ifndef FUS_CLI_ENGINE_ARGS_H
#define FUS_CLI_ENGINE_ARGS_H

#include "config/config.h"
#include "media/media.h"
#include "pipeline/pipeline.h"

/* Cores that this process may use, at least 1. */
int fus_cli_cores(void);
/* Borrows texts of config. */
void fus_cli_engine_options(const struct fus_config *config, struct fus_engine_options *options);
void fus_cli_media_limits(const struct fus_config *config, struct fus_media_limits *limits);

#endif
