#include "cli/local.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/fs.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/engine_args.h"
#include "facefusion/facefusion.h"
#include "processors/processor.h"

enum { GRACE_MS = 1000 };

static void on_progress(void *user, const struct fus_pipeline_progress *progress)
{
    struct fus_local *local = user;
    int percent = progress->percent;
    if (local->items_total > 0) {
        percent = (int)((local->items_done * 100 + (size_t)FUS_CLAMP(percent, 0, 100)) /
                        local->items_total);
        (void)snprintf(local->view.prefix, sizeof(local->view.prefix), "%zu of %zu, ",
                       local->items_done + 1, local->items_total);
    }
    fus_cli_progress_show(&local->view, percent, fus_step_name(progress->step),
                          progress->frames_done, progress->frames_total, progress->fps);
}

static void on_warning(void *user, const char *code, const char *text)
{
    struct fus_local *local = user;
    fus_cli_progress_clear(&local->view);
    if (!local->args->quiet)
        (void)fprintf(stderr, "warning: %s\n", text);
    json_t *warning = json_pack("{s:s, s:s}", "code", code, "detail", text);
    if (warning != NULL)
        (void)json_array_append_new(local->warnings, warning);
}

static bool on_cancelled(void *user)
{
    const struct fus_local *local = user;
    return fus_interrupt_seen(local->interrupt);
}

/* ---- making ---- */

static int take_parameters(struct fus_local *local, struct fus_error_list *errors)
{
    int rc = fus_local_args_apply(local->args, local->params, errors);
    if (rc == 0 && local->args->second)
        fus_facefusion_check(local->params, fus_engine_models(local->engine), local->config->gate,
                             "", errors);
    else if (rc == 0)
        fus_processors_check(local->params, fus_engine_models(local->engine), "", errors);
    return errors->count == 0 ? rc : errors->items[0].code;
}

static int check_parameters(struct fus_local *local, struct fus_error *err)
{
    local->params = fus_params_new(local->args->params.schema);
    FUS_AUTO_FREE struct fus_error_list *errors = fus_calloc(1, sizeof(*errors));
    if (local->params == NULL || errors == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    if (take_parameters(local, errors) == 0)
        return 0;
    size_t kept = fus_error_list_kept(errors);
    for (size_t i = 0; i + 1 < kept; i++)
        (void)fprintf(stderr, "%s: %s\n", local->program, errors->items[i].detail);
    *err = errors->items[kept - 1];
    return err->code;
}

static void warn_ignored(struct fus_local *local)
{
    const char *name;
    for (size_t i = 0; (name = fus_params_ignored(local->params, i)) != NULL; i++) {
        char text[160];
        (void)snprintf(text, sizeof(text), "%s has no effect", name);
        on_warning(local, "parameter_ignored", text);
    }
}

int fus_local_open(struct fus_local *local, const char *program, struct fus_local_args *args,
                   struct fus_error *err)
{
    *local = (struct fus_local){.program = program, .args = args};
    int rc = fus_config_args_finish(&args->config, &local->config, err);
    if (rc != 0)
        return rc;
    if (args->second && (rc = fus_facefusion_available(local->config, err)) != 0)
        return rc;
    args->quiet = args->quiet || strcmp(local->config->log_level, "warn") == 0 ||
                  strcmp(local->config->log_level, "error") == 0;
    fus_cli_progress_init(&local->view, stderr, args->quiet);
    local->warnings = json_array();
    if (local->warnings == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    /* Before the engine: its threads must inherit the blocked signals. */
    rc = fus_interrupt_start(FUS_EXIT_INTERRUPTED, &local->interrupt, err);
    if (rc != 0)
        return rc;
    struct fus_engine_options options;
    fus_cli_engine_options(local->config, &options);
    rc = fus_engine_new(&options, &local->engine, err);
    if (rc == 0)
        rc = check_parameters(local, err);
    if (rc == 0 && !args->second)
        warn_ignored(local);
    return rc;
}

void fus_local_done(struct fus_local *local)
{
    json_decref(local->warnings);
    fus_params_free(local->params);
    fus_engine_free(local->engine);
    fus_interrupt_stop(local->interrupt);
    fus_config_free(local->config);
    *local = (struct fus_local){0};
}

/* ---- running ---- */

/* FaceFusion's folder lies beside the output, whose file system the result has to be on. */
static char *scratch_name(const char *output)
{
    FUS_AUTO_STR struct fus_str path = {0};
    const char *slash = strrchr(output, '/');
    char id[FUS_ID_SIZE];
    fus_id_short("facefusion", id);
    char cwd[4096];
    if (output[0] != '/' && getcwd(cwd, sizeof(cwd)) != NULL)
        fus_str_printf(&path, "%s/", cwd);
    if (slash != NULL)
        fus_str_append_n(&path, output, (size_t)(slash - output) + 1);
    fus_str_printf(&path, ".%s", id);
    return fus_str_take(&path);
}

static int run_second(struct fus_local *local, const struct fus_pipeline_request *request,
                      const struct fus_pipeline_events *events, struct fus_pipeline_result *result,
                      struct fus_error *err)
{
    FUS_AUTO_FREE char *scratch = scratch_name(request->output_path);
    FUS_AUTO_FREE char *made = NULL;
    int64_t start_us = fus_clock_monotonic_us();
    if (scratch == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    int rc = fus_pipeline_screen(local->engine, request, events, result, err);
    if (rc != 0)
        return rc;
    const struct fus_facefusion_job job = {.sources = request->source_paths,
                                           .source_count = request->source_count,
                                           .target = request->target_path,
                                           .container = result->container,
                                           .params = local->params,
                                           .scratch = scratch,
                                           .grace_ms = GRACE_MS};
    const struct fus_moderation seen = result->moderation;
    rc = fus_facefusion_run(local->config, &job, events, &made, err);
    if (rc == 0)
        rc = fus_pipeline_adopt(local->engine, request, made, events, result, err);
    (void)fus_fs_remove_tree(scratch, NULL);
    if (rc == 0) {
        result->moderation = seen;
        result->timings.total_ms = fus_clock_ms_since(start_us);
    }
    return rc;
}

int fus_local_run(struct fus_local *local, const struct fus_run_files *files,
                  struct fus_pipeline_result *result, struct fus_error *err)
{
    enum fus_container format;
    int rc = fus_run_format(files->output, &format, err);
    if (rc != 0)
        return rc;
    struct fus_pipeline_request request = {
        .source_paths = files->sources,
        .source_count = files->source_count,
        .target_path = files->target,
        .output_path = files->output,
        .output_format = fus_container_name(format),
        .params = local->params,
    };
    fus_cli_media_limits(local->config, &request.limits);
    const struct fus_pipeline_events events = {local, on_progress, on_warning, on_cancelled};
    rc = local->args->second ? run_second(local, &request, &events, result, err)
                             : fus_pipeline_run(local->engine, &request, &events, result, err);
    fus_cli_progress_clear(&local->view);
    return rc;
}

/* ---- answers ---- */

int fus_local_exit(const struct fus_local *local, int code)
{
    if (code == 0)
        return FUS_EXIT_OK;
    if (code == FUS_E_CONTENT_REJECTED)
        return FUS_EXIT_REJECTED;
    if (code == FUS_E_CANCELLED && local->interrupt != NULL && fus_interrupt_seen(local->interrupt))
        return FUS_EXIT_INTERRUPTED;
    return FUS_EXIT_FAILED;
}

int fus_local_print(const json_t *object)
{
    if (object == NULL || json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10)) != 0)
        return FUS_EXIT_FAILED;
    (void)putchar('\n');
    return fflush(stdout) == 0 ? FUS_EXIT_OK : FUS_EXIT_FAILED;
}
