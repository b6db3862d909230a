/* fusiond run: one job in this process. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/command.h"
#include "cli/engine_args.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/run_args.h"
#include "pipeline/pipeline.h"
#include "processors/processor.h"

#define PROGRAM "fusiond run"

struct running {
    struct fus_cli_progress view;
    const struct fus_interrupt *interrupt;
    json_t *warnings; /* array */
    bool quiet;
};

static void on_progress(void *user, const struct fus_pipeline_progress *progress)
{
    struct running *running = user;
    fus_cli_progress_show(&running->view, progress->percent, fus_step_name(progress->step),
                          progress->frames_done, progress->frames_total, progress->fps);
}

static void on_warning(void *user, const char *code, const char *text)
{
    struct running *running = user;
    fus_cli_progress_clear(&running->view);
    if (!running->quiet)
        (void)fprintf(stderr, "warning: %s\n", text);
    json_t *warning = json_pack("{s:s, s:s}", "code", code, "detail", text);
    if (warning != NULL)
        (void)json_array_append_new(running->warnings, warning);
}

static bool on_cancelled(void *user)
{
    const struct running *running = user;
    return fus_interrupt_seen(running->interrupt);
}

/* ---- answers ---- */

static int print_json(json_t *object)
{
    if (object == NULL || json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10)) != 0)
        return FUS_EXIT_FAILED;
    (void)putchar('\n');
    return fflush(stdout) == 0 ? FUS_EXIT_OK : FUS_EXIT_FAILED;
}

static int fail(const struct fus_run_args *args, const struct fus_error *err, int exit_code)
{
    if (args->json) {
        json_t *object = json_pack("{s:{s:s, s:s}}", "error", "code",
                                   fus_error_info(err->code)->name, "detail", err->detail);
        (void)print_json(object);
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
    if (args->json) {
        json_t *object = fus_pipeline_result_to_json(result);
        if (object != NULL) {
            (void)json_object_set_new(object, "output_path", json_string(args->output));
            (void)json_object_set(object, "warnings", warnings);
        }
        int code = print_json(object);
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

/* ---- the job ---- */

static int take_parameters(const struct fus_run_args *args, const struct fus_models *models,
                           struct fus_params *params, struct fus_error_list *errors)
{
    int rc = fus_param_args_apply(&args->params, params, errors);
    if (rc == 0)
        fus_processors_check(params, models, "", errors);
    return errors->count == 0 ? rc : errors->items[0].code;
}

/* Says all that is wrong with the parameters, the last one by the caller. */
static void print_all_but_last(const struct fus_error_list *errors)
{
    for (size_t i = 0; i + 1 < fus_error_list_kept(errors); i++)
        (void)fprintf(stderr, "%s: %s\n", PROGRAM, errors->items[i].detail);
}

static void warn_ignored(const struct fus_params *params, struct running *running)
{
    const char *name;
    for (size_t i = 0; (name = fus_params_ignored(params, i)) != NULL; i++) {
        char text[160];
        (void)snprintf(text, sizeof(text), "%s has no effect", name);
        on_warning(running, "parameter_ignored", text);
    }
}

static int run_job(const struct fus_run_args *args, const struct fus_config *config,
                   struct running *running, struct fus_engine *engine)
{
    struct fus_error err = {0};
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(args->params.schema);
    FUS_AUTO_FREE struct fus_error_list *errors = fus_calloc(1, sizeof(*errors));
    if (params == NULL || errors == NULL) {
        (void)fus_error_set(&err, FUS_E_OUT_OF_MEMORY, "not enough memory");
        return fail(args, &err, FUS_EXIT_FAILED);
    }
    if (take_parameters(args, fus_engine_models(engine), params, errors) != 0) {
        print_all_but_last(errors);
        err = errors->items[fus_error_list_kept(errors) - 1];
        return fail(args, &err,
                    err.code == FUS_E_INVALID_PARAMETER ? FUS_EXIT_USAGE : FUS_EXIT_FAILED);
    }
    warn_ignored(params, running);

    struct fus_pipeline_request request = {
        .source_paths = args->sources,
        .source_count = args->source_count,
        .target_path = args->target,
        .output_path = args->output,
        .output_format = fus_container_name(args->format),
        .params = params,
    };
    fus_cli_media_limits(config, &request.limits);
    const struct fus_pipeline_events events = {running, on_progress, on_warning, on_cancelled};
    FUS_AUTO_FREE struct fus_pipeline_result *result = fus_calloc(1, sizeof(*result));
    int rc = result == NULL ? fus_error_set(&err, FUS_E_OUT_OF_MEMORY, "not enough memory")
                            : fus_pipeline_run(engine, &request, &events, result, &err);
    fus_cli_progress_clear(&running->view);
    if (rc == 0)
        return succeed(args, result, running->warnings);
    return fail(args, &err,
                rc == FUS_E_CANCELLED && fus_interrupt_seen(running->interrupt)
                    ? FUS_EXIT_INTERRUPTED
                    : FUS_EXIT_FAILED);
}

static int run_with_engine(const struct fus_run_args *args, const struct fus_config *config,
                           struct fus_interrupt *interrupt)
{
    struct fus_error err = {0};
    struct fus_engine_options options;
    fus_cli_engine_options(config, &options);
    FUS_CLEANUP(fus_engine_free) struct fus_engine *engine = NULL;
    if (fus_engine_new(&options, &engine, &err) != 0)
        return fail(args, &err, FUS_EXIT_FAILED);
    struct running running = {.interrupt = interrupt, .quiet = args->quiet};
    fus_cli_progress_init(&running.view, stderr, args->quiet);
    running.warnings = json_array();
    if (running.warnings == NULL) {
        (void)fus_error_set(&err, FUS_E_OUT_OF_MEMORY, "not enough memory");
        return fail(args, &err, FUS_EXIT_FAILED);
    }
    int code = run_job(args, config, &running, engine);
    json_decref(running.warnings);
    return code;
}

int fus_cli_run(int argc, char **argv)
{
    struct fus_error err = {0};
    FUS_AUTO_RUN_ARGS struct fus_run_args args = {0};
    int rc = fus_run_args_parse(&args, fus_processors_schema(), argc, argv, &err);
    if (rc == FUS_OPTIONS_HELP)
        return FUS_EXIT_OK;
    FUS_CLEANUP(fus_config_free) struct fus_config *config = NULL;
    if (rc == 0)
        rc = fus_config_args_finish(&args.config, &config, &err);
    if (rc != 0)
        return fail(&args, &err, FUS_EXIT_USAGE);
    rc = fus_run_args_check_files(&args, &err);
    if (rc != 0)
        return fail(&args, &err, rc == FUS_E_INVALID_PARAMETER ? FUS_EXIT_USAGE : FUS_EXIT_FAILED);
    /* Before the engine: its threads must inherit the blocked signals. */
    FUS_CLEANUP(fus_interrupt_stop) struct fus_interrupt *interrupt = NULL;
    if (fus_interrupt_start(FUS_EXIT_INTERRUPTED, &interrupt, &err) != 0)
        return fail(&args, &err, FUS_EXIT_FAILED);
    return run_with_engine(&args, config, interrupt);
}
