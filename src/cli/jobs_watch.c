/* fusiond jobs watch, and the following of a job that submit uses too. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/jobs.h"
#include "cli/progress.h"

#define POLL_FIRST_MS 100
#define POLL_MAX_MS 1000
#define AWAY_US (30 * INT64_C(1000000)) /* how long a server that is away is waited for */

static bool terminal(const char *status)
{
    return strcmp(status, "queued") != 0 && strcmp(status, "processing") != 0;
}

static int64_t integer(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void show(struct fus_cli_progress *view, const json_t *job)
{
    const char *step = fus_json_text(job, "step");
    fus_cli_progress_show(view, (int)integer(job, "progress"),
                          *step != '\0' ? step : fus_json_text(job, "status"),
                          integer(job, "frames_done"), integer(job, "frames_total"),
                          json_number_value(json_object_get(job, "fps")));
}

int fus_jobs_follow(struct fus_jobs_args *args, const char *id, json_t **job, struct fus_error *err)
{
    struct fus_cli_progress view;
    fus_cli_progress_init(&view, stderr, args->quiet);
    int64_t seen_us = fus_clock_monotonic_us();
    int rc = 0, pause_ms = POLL_FIRST_MS;
    for (;;) {
        json_t *now = NULL;
        rc = fus_jobs_get(args, id, &now, err);
        if (rc == 0) {
            seen_us = fus_clock_monotonic_us();
            show(&view, now);
            if (terminal(fus_json_text(now, "status"))) {
                *job = now;
                break;
            }
            json_decref(now);
        } else if (rc != FUS_E_NOT_READY || fus_clock_monotonic_us() - seen_us > AWAY_US) {
            break;
        }
        if (fus_interrupt_sleep(args->interrupt, pause_ms)) {
            rc = fus_error_set(err, FUS_E_CANCELLED, "interrupted; the job goes on: %s", id);
            break;
        }
        pause_ms = FUS_MIN(pause_ms * 3 / 2, POLL_MAX_MS);
    }
    fus_cli_progress_clear(&view);
    return rc;
}

int fus_jobs_outcome(const json_t *job, struct fus_error *err)
{
    const char *status = fus_json_text(job, "status"), *id = fus_json_text(job, "job_id");
    if (strcmp(status, "completed") == 0)
        return 0;
    const json_t *problem = json_object_get(job, "error");
    const char *code = fus_json_text(problem, "code");
    const char *detail = fus_json_text(job, "error_message");
    return fus_error_set(err, *code != '\0' ? fus_error_from_name(code) : FUS_E_INTERNAL,
                         "%s %s%s%s", id, status, *detail != '\0' ? ": " : "", detail);
}

static const struct fus_option own[] = {FUS_JOBS_OPTIONS};

int fus_cli_jobs_watch(int argc, char **argv)
{
    static const struct fus_usage usage = {"fusiond jobs watch", "ID [options]",
                                           "Follows a job to its end.\n\nExit status: 0 completed, "
                                           "1 failed or cancelled, 130 interrupted "
                                           "(the job goes on).",
                                           own, FUS_COUNT(own)};
    struct fus_error err = {0};
    FUS_AUTO_JOBS_ARGS struct fus_jobs_args args;
    fus_jobs_args_init(&args, usage.program);
    int rc = fus_jobs_args_parse(&args, &usage, argc, argv, &err);
    if (rc == FUS_OPTIONS_HELP)
        return FUS_EXIT_OK;
    if (rc != 0)
        return fus_cli_usage_error(usage.program, &err);
    json_t *job = NULL;
    rc = fus_jobs_connect(&args, &err);
    if (rc == 0)
        rc = fus_jobs_follow(&args, args.id, &job, &err);
    if (rc == 0 && args.json)
        rc = fus_jobs_print(job, &err);
    if (rc == 0)
        rc = fus_jobs_outcome(job, &err);
    if (rc == 0 && !args.json)
        (void)printf("%s completed\n", args.id);
    json_decref(job);
    return rc == 0 ? FUS_EXIT_OK : fus_jobs_fail(&args, &err);
}
