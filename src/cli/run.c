/* fusiond run: one job in this process. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/command.h"
#include "cli/local.h"
#include "processors/processor.h"

#define PROGRAM "fusiond run"

static int fail(const struct fus_run_args *args, const struct fus_error *err, int exit_code)
{
    if (args->local.json) {
        json_t *object = json_pack("{s:{s:s, s:s}}", "error", "code",
                                   fus_error_info(err->code)->name, "detail", err->detail);
        (void)fus_local_print(object);
        json_decref(object);
    }
    if (exit_code == FUS_EXIT_USAGE)
        return fus_cli_usage_error(PROGRAM, err);
    (void)fus_cli_failure(PROGRAM, err);
    return exit_code;
}

static int succeed(const struct fus_run_args *args, const struct fus_pipeline_result *result,
                   json_t *warnings)
{
    if (args->local.json) {
        json_t *object = fus_pipeline_result_to_json(result);
        if (object != NULL) {
            (void)json_object_set_new(object, "output_path", json_string(args->output));
            (void)json_object_set(object, "warnings", warnings);
        }
        int code = fus_local_print(object);
        json_decref(object);
        return code;
    }
    double seconds = result->timings.total_ms / 1000;
    (void)printf("%s: %dx%d", args->output, result->width, result->height);
    if (result->is_video)
        (void)printf(", %lld frames", (long long)result->frames);
    (void)printf(", %lld %s changed, %.1f s", (long long)result->faces_changed,
                 result->faces_changed == 1 ? "face" : "faces", seconds);
    if (result->is_video && seconds > 0)
        (void)printf(" (%.1f frames/s)", (double)result->frames / seconds);
    (void)putchar('\n');
    return FUS_EXIT_OK;
}

static int run(struct fus_run_args *args)
{
    struct fus_error err = {0};
    FUS_AUTO_LOCAL struct fus_local local = {0};
    const struct fus_run_files files = {args->sources, args->source_count, args->target,
                                        args->output};
    int rc = fus_run_files_check(&files, &err);
    if (rc == 0)
        rc = fus_local_open(&local, PROGRAM, &args->local, &err);
    if (rc != 0)
        return fail(args, &err, rc == FUS_E_INVALID_PARAMETER ? FUS_EXIT_USAGE : FUS_EXIT_FAILED);
    FUS_AUTO_FREE struct fus_pipeline_result *result = fus_calloc(1, sizeof(*result));
    rc = result == NULL ? fus_error_set(&err, FUS_E_OUT_OF_MEMORY, "not enough memory")
                        : fus_local_run(&local, &files, result, &err);
    return rc == 0 ? succeed(args, result, local.warnings)
                   : fail(args, &err, fus_local_exit(&local, rc));
}

int fus_cli_run(int argc, char **argv)
{
    struct fus_error err = {0};
    FUS_AUTO_RUN_ARGS struct fus_run_args args = {0};
    int rc = fus_run_args_parse(&args, fus_processors_schema(), argc, argv, &err);
    if (rc == FUS_OPTIONS_HELP)
        return FUS_EXIT_OK;
    return rc != 0 ? fail(&args, &err, FUS_EXIT_USAGE) : run(&args);
}
