/* fusiond jobs submit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/jobs.h"
#include "cli/param_args.h"
#include "media/media.h"
#include "processors/processor.h"

struct submit_args {
    struct fus_jobs_args jobs;
    struct fus_param_args params;
    const char **sources;
    size_t source_count;
    const char *target, *output, *format;
    int64_t priority; /* -1: the server's default */
    bool by_path, wait, second;
};

static void submit_done(struct submit_args *args)
{
    fus_jobs_args_done(&args->jobs);
    fus_param_args_done(&args->params);
    fus_free(args->sources);
}

static const struct fus_option own[] = {
    {"source-paths", 's', FUS_OPTION_WORDS, "FILE", "Pictures of the face that is drawn", "Job"},
    {"target-path", 't', FUS_OPTION_VALUE, "FILE", "Picture or clip that is changed", "Job"},
    {"output-path", 'o', FUS_OPTION_VALUE, "FILE", "Wait, and fetch the result to here", "Job"},
    {"output-format", 0, FUS_OPTION_VALUE, "FORMAT",
     "jpg, png, webp, tiff, mp4, mov, m4v, mkv, webm, avi or wmv (default: by -o, else the "
     "target's)",
     "Job"},
    {"engine", 0, FUS_OPTION_VALUE, "NAME", "native, or facefusion if the server has it", "Job"},
    {"by-path", 0, FUS_OPTION_FLAG, NULL,
     "The files are the server's, by path; nothing is uploaded", "Job"},
    {"priority", 0, FUS_OPTION_VALUE, "N", "0 to 9 (default: 5)", "Job"},
    {"wait", 'w', FUS_OPTION_FLAG, NULL, "Follow the job to its end", "Job"},
    FUS_JOBS_OPTIONS,
};

static int take(void *user, const struct fus_option *option, const char *value,
                struct fus_error *err)
{
    struct submit_args *args = user;
    if (option == NULL)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "\"%.60s\" is no option; files are named by -s and -t", value);
    if (fus_param_args_take(&args->params, option, value) ||
        fus_jobs_args_take(&args->jobs, option, value))
        return 0;
    if (strcmp(option->name, "source-paths") == 0)
        args->sources[args->source_count++] = value;
    else if (strcmp(option->name, "target-path") == 0)
        args->target = value;
    else if (strcmp(option->name, "output-path") == 0)
        args->output = value;
    else if (strcmp(option->name, "output-format") == 0)
        args->format = value;
    else if (strcmp(option->name, "by-path") == 0)
        args->by_path = true;
    else if (strcmp(option->name, "wait") == 0)
        args->wait = true;
    else if (strcmp(option->name, "engine") == 0) {
        args->second = strcmp(value, "facefusion") == 0;
        if (!args->second && strcmp(value, "native") != 0)
            return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                                 "--engine must be native or facefusion, not \"%.60s\"", value);
    } else if (!fus_parse_int(value, 0, 9, &args->priority))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "--priority must be from 0 to 9");
    return 0;
}

static int parse(struct submit_args *args, int argc, char **argv, struct fus_error *err)
{
    args->priority = -1;
    args->sources = fus_calloc((size_t)argc + 1, sizeof(*args->sources));
    if (args->sources == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    int rc = fus_param_args_init(&args->params, fus_processors_schema(), own, FUS_COUNT(own), err);
    if (rc != 0)
        return rc;
    const struct fus_usage usage = {
        args->jobs.program, "-s FILE... -t FILE [options]",
        "Sends a job and prints its id. The options that are parameters have FaceFusion's names;\n"
        "`fusiond params` lists all of them.",
        args->params.options, args->params.count};
    rc = fus_options_parse(&usage, argc, argv, take, args, err);
    if (rc == 0 && args->target == NULL)
        rc = fus_error_set(err, FUS_E_INVALID_PARAMETER, "-t, --target-path is needed");
    if (rc == 0 && args->output != NULL && args->format == NULL) {
        const char *dot = strrchr(args->output, '.');
        enum fus_container container =
            dot != NULL ? fus_container_from_name(dot + 1) : FUS_CONTAINER_UNKNOWN;
        if (container == FUS_CONTAINER_UNKNOWN)
            return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                                 "the output's name must end in .jpg, .png, .webp, .mp4, .mov or "
                                 ".mkv");
        args->format = fus_container_name(container);
    }
    return rc;
}

/* What the table can check is checked here: all problems at once, before anything is uploaded. */
static json_t *parameters(const struct submit_args *args, struct fus_error *err)
{
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(args->params.schema);
    FUS_AUTO_FREE struct fus_error_list *errors = fus_calloc(1, sizeof(*errors));
    if (params == NULL || errors == NULL) {
        (void)fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
        return NULL;
    }
    if (args->second)
        fus_params_take_later(params);
    if (fus_param_args_apply(&args->params, params, errors) != 0) {
        size_t kept = fus_error_list_kept(errors);
        for (size_t i = 0; i + 1 < kept; i++)
            (void)fprintf(stderr, "%s: %s\n", args->jobs.program, errors->items[i].detail);
        *err = errors->items[kept - 1];
        return NULL;
    }
    json_t *object = fus_params_to_json(params);
    if (object == NULL)
        (void)fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    return object;
}

static int add_paths(const struct submit_args *args, json_t *request)
{
    json_t *sources = json_array();
    int failed = sources == NULL;
    for (size_t i = 0; failed == 0 && i < args->source_count; i++)
        failed |= json_array_append_new(sources, json_string(args->sources[i]));
    failed |= json_object_set_new(request, "source_images", sources);
    failed |= json_object_set_new(request, "target", json_string(args->target));
    return failed;
}

static char *request_text(const struct submit_args *args, json_t *params, struct fus_error *err)
{
    json_t *request = json_object();
    int failed = request == NULL;
    if (!failed) {
        failed |= json_object_set(request, "parameters", params);
        if (args->format != NULL)
            failed |= json_object_set_new(request, "output_format", json_string(args->format));
        if (args->second)
            failed |= json_object_set_new(request, "engine", json_string("facefusion"));
        if (args->priority >= 0)
            failed |= json_object_set_new(request, "priority", json_integer(args->priority));
        if (args->by_path)
            failed |= add_paths(args, request);
    }
    char *text = failed == 0 ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    /* jansson takes UTF-8 only, so that names of files may fail here. */
    if (text == NULL)
        (void)fus_error_set(err, FUS_E_INVALID_PARAMETER,
                            "the request can't be written as JSON: names must be UTF-8");
    return text;
}

static int send(struct submit_args *args, const char *body, json_t **job, struct fus_error *err)
{
    FUS_AUTO_FREE struct fus_client_part *parts =
        fus_calloc(args->source_count + 1, sizeof(*parts));
    if (parts == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    for (size_t i = 0; i < args->source_count; i++)
        parts[i] = (struct fus_client_part){"source_images", args->sources[i]};
    parts[args->source_count] = (struct fus_client_part){"target", args->target};
    return fus_client_call(args->jobs.client, "POST", "/api/v1/jobs", body, parts,
                           args->by_path ? 0 : args->source_count + 1, job, err);
}

static void print_warnings(const json_t *job)
{
    size_t index;
    json_t *warning;
    json_array_foreach(json_object_get(job, "warnings"), index, warning)(void)
        fprintf(stderr, "warning: %s\n", fus_json_text(warning, "detail"));
}

/* Follows and fetches, where that was asked for; *job becomes the job's last state. */
static int finish(struct submit_args *args, json_t **job, struct fus_error *err)
{
    if (!args->wait && args->output == NULL)
        return 0;
    json_t *last = NULL;
    int rc = fus_jobs_follow(&args->jobs, args->jobs.id, &last, err);
    if (rc != 0)
        return rc;
    rc = fus_jobs_outcome(last, err);
    if (rc == 0 && args->output != NULL)
        rc = fus_jobs_fetch(&args->jobs, last, args->output, err);
    /* The id that args holds lives in the first answer, which the caller keeps. */
    *job = last;
    return rc;
}

static int submit(struct submit_args *args, const char *body, struct fus_error *err)
{
    json_t *job = NULL, *last = NULL;
    int rc = fus_jobs_connect(&args->jobs, err);
    if (rc == 0)
        rc = send(args, body, &job, err);
    if (rc == 0)
        rc = fus_jobs_args_take_id(&args->jobs, fus_json_text(job, "job_id"), err);
    if (rc == 0 && !args->jobs.json) {
        print_warnings(job);
        (void)printf("%s\n", args->jobs.id);
        (void)fflush(stdout);
    }
    if (rc == 0)
        rc = finish(args, &last, err);
    if (args->jobs.json && job != NULL) {
        int printed = fus_jobs_print(last != NULL ? last : job, rc == 0 ? err : NULL);
        rc = rc == 0 ? printed : rc;
    }
    args->jobs.id = NULL;
    json_decref(last);
    json_decref(job);
    return rc;
}

int fus_cli_jobs_submit(int argc, char **argv)
{
    struct fus_error err = {0};
    __attribute__((cleanup(submit_done))) struct submit_args args = {.priority = -1};
    fus_jobs_args_init(&args.jobs, "fusiond jobs submit");
    int rc = parse(&args, argc, argv, &err);
    if (rc == FUS_OPTIONS_HELP)
        return FUS_EXIT_OK;
    json_t *params = rc == 0 ? parameters(&args, &err) : NULL;
    char *body = params != NULL ? request_text(&args, params, &err) : NULL;
    json_decref(params);
    if (body == NULL)
        return fus_cli_usage_error(args.jobs.program, &err);
    rc = submit(&args, body, &err);
    free(body);
    return rc == 0 ? FUS_EXIT_OK : fus_jobs_fail(&args.jobs, &err);
}
