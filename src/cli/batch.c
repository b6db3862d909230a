/* fusiond batch: every source with every target, one warm engine. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/batch_plan.h"
#include "cli/command.h"
#include "cli/local.h"
#include "processors/processor.h"

#define PROGRAM "fusiond batch"

struct batch_args {
    struct fus_local_args local;
    const char *source_pattern, *target_pattern, *output_pattern;
    bool halt_on_error;
};

/* How it goes. */
struct batch {
    const struct batch_args *args;
    struct fus_local local;
    json_t *items; /* --json: array */
    size_t done, failed;
};

static const struct fus_option own[] = {
    {"source-pattern", 's', FUS_OPTION_VALUE, "GLOB",
     "Pictures of the face that is drawn, each on its own", "Paths"},
    {"target-pattern", 't', FUS_OPTION_VALUE, "GLOB", "Pictures and clips that are changed",
     "Paths"},
    {"output-pattern", 'o', FUS_OPTION_VALUE, "NAME",
     "Results: {index}, {source_name}, {target_name}, {target_extension} are filled in", "Paths"},
    {"halt-on-error", 0, FUS_OPTION_FLAG, NULL, "Stop at the first item that fails", NULL},
};

/* ---- the command line ---- */

static int take(void *user, const struct fus_option *option, const char *value,
                struct fus_error *err)
{
    struct batch_args *args = user;
    if (option == NULL)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "\"%.60s\" is no option; the shell must not expand the patterns: put "
                             "them into quotes",
                             value);
    int rc = fus_local_args_take(&args->local, option, value, err);
    if (rc != 0)
        return rc > 0 ? 0 : rc;
    if (strcmp(option->name, "source-pattern") == 0)
        args->source_pattern = value;
    else if (strcmp(option->name, "target-pattern") == 0)
        args->target_pattern = value;
    else if (strcmp(option->name, "output-pattern") == 0)
        args->output_pattern = value;
    else
        args->halt_on_error = true;
    return 0;
}

static void or_ini(const char **value, const struct fus_facefusion_ini *ini, const char *section,
                   const char *key)
{
    if (*value == NULL)
        *value = fus_facefusion_ini_text(ini, section, key);
}

static int take_ini(struct batch_args *args, struct fus_error *err)
{
    const struct fus_facefusion_ini *ini = args->local.ini;
    const char *halt = fus_facefusion_ini_text(ini, "misc", "halt_on_error");
    or_ini(&args->source_pattern, ini, "patterns", "source_pattern");
    or_ini(&args->target_pattern, ini, "patterns", "target_pattern");
    or_ini(&args->output_pattern, ini, "patterns", "output_pattern");
    bool ini_halts = false;
    if (halt != NULL && fus_parse_bool(halt, &ini_halts))
        args->halt_on_error = args->halt_on_error || ini_halts;
    if (args->target_pattern == NULL || args->output_pattern == NULL)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s is needed",
                             args->target_pattern == NULL ? "-t, --target-pattern"
                                                          : "-o, --output-pattern");
    return 0;
}

static int parse(struct batch_args *args, int argc, char **argv, struct fus_error *err)
{
    int rc = fus_local_args_init(&args->local, fus_processors_schema(), own, FUS_COUNT(own), err);
    if (rc != 0)
        return rc;
    const struct fus_usage usage = {
        PROGRAM, "[-s 'GLOB'] -t 'GLOB' -o NAME [options]",
        "Does a job for every source with every target, one after another with the models kept\n"
        "warm. Patterns and placeholders are those of FaceFusion's batch-run; all other options\n"
        "are those of `fusiond run`. One that fails does not keep the others from being done.\n\n"
        "Exit status: 0 all done, 1 one has failed or there is nothing to do, 2 the command line\n"
        "or the facefusion.ini is not right, 130 interrupted.",
        args->local.params.options, args->local.params.count};
    rc = fus_options_parse(&usage, argc, argv, take, args, err);
    if (rc == 0)
        rc = fus_local_args_read_ini(&args->local, PROGRAM, err);
    return rc == 0 ? take_ini(args, err) : rc;
}

/* ---- one item ---- */

static void add_json(struct batch *batch, const struct fus_batch_item *item, const char *state,
                     const struct fus_pipeline_result *result, const struct fus_error *err)
{
    if (batch->items == NULL)
        return;
    json_t *object = json_pack("{s:s?, s:s, s:s, s:s}", "source_path", item->source, "target_path",
                               item->target, "output_path", item->output, "status", state);
    if (object == NULL)
        return;
    if (result != NULL)
        (void)json_object_set_new(object, "result", fus_pipeline_result_to_json(result));
    if (err != NULL)
        (void)json_object_set_new(object, "error",
                                  json_pack("{s:s, s:s}", "code", fus_error_info(err->code)->name,
                                            "detail", err->detail));
    (void)json_object_set(object, "warnings", batch->local.warnings);
    (void)json_array_append_new(batch->items, object);
}

/* A row of the table. */
static void say(const struct batch *batch, size_t index, const struct fus_batch_item *item,
                const char *state, double seconds, const char *reason)
{
    if (batch->items != NULL)
        return;
    (void)printf("%5zu  %-9s %8.1f  %s%s%s\n", index, state, seconds, item->output,
                 reason != NULL ? ": " : "", reason != NULL ? reason : "");
    (void)fflush(stdout);
}

static int do_item(struct batch *batch, size_t index, const struct fus_batch_item *item,
                   struct fus_pipeline_result *result)
{
    struct fus_error err = {0};
    const struct fus_run_files files = {&item->source, item->source != NULL, item->target,
                                        item->output};
    (void)json_array_clear(batch->local.warnings);
    int rc = fus_run_files_check(&files, &err);
    if (rc == 0)
        rc = fus_local_run(&batch->local, &files, result, &err);
    if (rc == 0) {
        batch->done++;
        add_json(batch, item, "completed", result, NULL);
        say(batch, index, item, "completed", result->timings.total_ms / 1000, NULL);
        return 0;
    }
    const char *state = rc == FUS_E_CONTENT_REJECTED ? "rejected"
                        : rc == FUS_E_CANCELLED      ? "cancelled"
                                                     : "failed";
    batch->failed++;
    add_json(batch, item, state, NULL, &err);
    say(batch, index, item, state, 0, err.detail);
    return rc;
}

static int do_all(struct batch *batch, const struct fus_batch_plan *plan)
{
    FUS_AUTO_FREE struct fus_pipeline_result *result = fus_calloc(1, sizeof(*result));
    if (result == NULL)
        return FUS_EXIT_FAILED;
    if (batch->items == NULL)
        (void)printf("%5s  %-9s %8s  %s\n", "index", "status", "seconds", "output");
    batch->local.items_total = plan->count;
    for (size_t i = 0; i < plan->count; i++) {
        batch->local.items_done = i;
        int rc = do_item(batch, i, &plan->items[i], result);
        if (fus_interrupt_seen(batch->local.interrupt))
            return FUS_EXIT_INTERRUPTED;
        if (rc != 0 && batch->args->halt_on_error)
            break;
    }
    return batch->failed == 0 ? FUS_EXIT_OK : FUS_EXIT_FAILED;
}

static int sum_up(struct batch *batch, const struct fus_batch_plan *plan, int code)
{
    size_t left = plan->count - batch->done - batch->failed;
    if (batch->items == NULL) {
        (void)printf("%zu %s: %zu done, %zu not", plan->count, plan->count == 1 ? "item" : "items",
                     batch->done, batch->failed);
        if (left > 0)
            (void)printf(", %zu not begun", left);
        (void)putchar('\n');
        return code;
    }
    json_t *object = json_pack("{s:O, s:I, s:I, s:I}", "items", batch->items, "completed",
                               (json_int_t)batch->done, "failed", (json_int_t)batch->failed,
                               "not_begun", (json_int_t)left);
    int printed = fus_local_print(object);
    json_decref(object);
    return code != FUS_EXIT_OK ? code : printed;
}

static int fail(const struct fus_error *err, int exit_code)
{
    return exit_code == FUS_EXIT_USAGE ? fus_cli_usage_error(PROGRAM, err)
                                       : fus_cli_failure(PROGRAM, err);
}

static int run(struct batch_args *args)
{
    struct fus_error err = {0};
    FUS_AUTO_BATCH_PLAN struct fus_batch_plan plan = {0};
    struct batch batch = {.args = args};
    /* What FaceFusion calls a failed job: exit status 1. */
    if (fus_batch_plan_make(&plan, args->source_pattern, args->target_pattern, args->output_pattern,
                            &err) != 0)
        return fail(&err, FUS_EXIT_FAILED);
    int rc = fus_local_open(&batch.local, PROGRAM, &args->local, &err);
    if (rc == 0 && args->local.json && (batch.items = json_array()) == NULL)
        rc = fus_error_set(&err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    int code = rc == 0
                   ? sum_up(&batch, &plan, do_all(&batch, &plan))
                   : fail(&err, rc == FUS_E_INVALID_PARAMETER ? FUS_EXIT_USAGE : FUS_EXIT_FAILED);
    json_decref(batch.items);
    fus_local_done(&batch.local);
    return code;
}

int fus_cli_batch(int argc, char **argv)
{
    struct fus_error err = {0};
    struct batch_args args = {0};
    int rc = parse(&args, argc, argv, &err);
    int code = rc == FUS_OPTIONS_HELP ? FUS_EXIT_OK
               : rc != 0              ? fail(&err, FUS_EXIT_USAGE)
                                      : run(&args);
    fus_local_args_done(&args.local);
    return code;
}
