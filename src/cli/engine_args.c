#include "cli/engine_args.h"

#include <sched.h>

#include "base/fs.h"
#include "base/str.h"

int fus_cli_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    return FUS_MAX(CPU_COUNT(&set), 1);
}

void fus_cli_engine_options(const struct fus_config *config, struct fus_engine_options *options)
{
    *options = (struct fus_engine_options){
        .runtime_library = *config->runtime_library != '\0' ? config->runtime_library : NULL,
        .models_dir = fus_fs_exists(config->models_dir) ? config->models_dir : NULL,
        .commercial = fus_str_equal(config->policy_commercial, "true"),
        .gate = fus_gate_policy_parse(config->gate),
        .threads = config->threads > 0 ? (int)config->threads : fus_cli_cores(),
    };
}

void fus_cli_media_limits(const struct fus_config *config, struct fus_media_limits *limits)
{
    fus_media_limits_default(limits);
    limits->max_bytes = config->max_file_bytes;
    limits->max_pixels = config->max_pixels;
    limits->max_dimension = (int)config->max_dimension;
    limits->max_seconds = (double)config->max_video_seconds;
    limits->max_frames = config->max_frames;
}
