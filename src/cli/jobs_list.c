/* fusiond jobs list. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/jobs.h"

struct list_args {
    struct fus_jobs_args jobs;
    const char *status;
    int64_t limit;
};

static const struct fus_option own[] = {
    {"status", 0, FUS_OPTION_VALUE, "STATUS",
     "Only these: queued, processing, completed, failed, cancelled, rejected or expired"},
    {"limit", 'n', FUS_OPTION_VALUE, "N", "At most so many, 1 to 200 (default: 20)"},
    FUS_JOBS_OPTIONS,
};

static bool known_status(const char *word)
{
    static const char *const names[] = {"queued",    "processing", "completed", "failed",
                                        "cancelled", "rejected",   "expired"};
    for (size_t i = 0; i < FUS_COUNT(names); i++) {
        if (strcmp(names[i], word) == 0)
            return true;
    }
    return false;
}

static int take(void *user, const struct fus_option *option, const char *value,
                struct fus_error *err)
{
    struct list_args *args = user;
    if (fus_jobs_args_take(&args->jobs, option, value))
        return 0;
    if (option == NULL)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "\"%.60s\" is no option", value);
    if (strcmp(option->name, "limit") == 0)
        return fus_parse_int(value, 1, 200, &args->limit)
                   ? 0
                   : fus_error_set(err, FUS_E_INVALID_PARAMETER, "--limit must be from 1 to 200");
    if (!known_status(value))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "there is no status \"%.40s\"", value);
    args->status = value;
    return 0;
}

static void print_table(const json_t *page)
{
    size_t index;
    json_t *job;
    json_array_foreach(json_object_get(page, "jobs"), index, job)
    {
        (void)printf("%-30s %-11s %3d%%  %s%s%s\n", fus_json_text(job, "job_id"),
                     fus_json_text(job, "status"),
                     (int)json_integer_value(json_object_get(job, "progress")),
                     fus_json_text(job, "created_at"),
                     *fus_json_text(job, "error_message") != '\0' ? "  " : "",
                     fus_json_text(job, "error_message"));
    }
}

int fus_cli_jobs_list(int argc, char **argv)
{
    static const struct fus_usage usage = {"fusiond jobs list", "[options]",
                                           "Lists jobs, newest first.", own, FUS_COUNT(own)};
    struct fus_error err = {0};
    struct list_args args = {.limit = 20};
    fus_jobs_args_init(&args.jobs, usage.program);
    int rc = fus_options_parse(&usage, argc, argv, take, &args, &err);
    if (rc == FUS_OPTIONS_HELP)
        return FUS_EXIT_OK;
    if (rc != 0)
        return fus_cli_usage_error(usage.program, &err);
    char path[128];
    (void)snprintf(path, sizeof(path), "/api/v1/jobs?limit=%d%s%s", (int)args.limit,
                   args.status != NULL ? "&status=" : "", args.status != NULL ? args.status : "");
    json_t *page = NULL;
    rc = fus_jobs_connect(&args.jobs, &err);
    if (rc == 0)
        rc = fus_client_call(args.jobs.client, "GET", path, NULL, NULL, 0, &page, &err);
    if (rc == 0 && args.jobs.json)
        rc = fus_jobs_print(page, &err);
    else if (rc == 0)
        print_table(page);
    json_decref(page);
    int code = rc == 0 ? FUS_EXIT_OK : fus_jobs_fail(&args.jobs, &err);
    fus_jobs_args_done(&args.jobs);
    return code;
}
