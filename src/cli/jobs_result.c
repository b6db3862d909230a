/* fusiond jobs result and cancel. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/jobs.h"

static const char *result_url(const json_t *job, struct fus_error *err)
{
    const char *url = fus_json_text(job, "result_url");
    if (*url != '\0')
        return url;
    if (fus_jobs_outcome(job, err) == 0)
        (void)fus_error_set(err, FUS_E_GONE, "the result has been removed");
    return NULL;
}

/* What the job says about its file, where it says so. */
static int verify(const json_t *job, uint64_t bytes, const char *sha256, struct fus_error *err)
{
    const json_t *output = json_object_get(job, "output");
    const json_t *promised = json_object_get(output, "bytes");
    if (json_is_integer(promised) && (uint64_t)json_integer_value(promised) != bytes)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE,
                             "%" PRIu64 " bytes came instead of %" PRId64, bytes,
                             (int64_t)json_integer_value(promised));
    const char *digest = fus_json_text(output, "sha256");
    if (*digest != '\0' && strcmp(digest, sha256) != 0)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "the result's digest is wrong");
    return 0;
}

static int fetch_into(struct fus_jobs_args *args, const json_t *job, const char *url,
                      const char *temporary, struct fus_error *err)
{
    FUS_AUTO_FD int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "%.200s can't be written: %s",
                             temporary, strerror(errno));
    uint64_t bytes = 0;
    char sha256[FUS_SHA256_HEX_SIZE];
    int rc = fus_client_download(args->client, url, fd, &bytes, sha256, err);
    return rc != 0 ? rc : verify(job, bytes, sha256, err);
}

int fus_jobs_fetch(struct fus_jobs_args *args, const json_t *job, const char *path,
                   struct fus_error *err)
{
    const char *url = result_url(job, err);
    if (url == NULL)
        return err->code;
    char id[FUS_ID_SIZE];
    fus_id_short("part", id);
    FUS_AUTO_STR struct fus_str temporary = {0};
    fus_str_printf(&temporary, "%s.%s", path, id);
    if (temporary.failed)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    int rc = fetch_into(args, job, url, temporary.text, err);
    if (rc == 0)
        rc = fus_fs_publish(temporary.text, path, err);
    if (rc != 0)
        (void)unlink(temporary.text);
    return rc;
}

/* ---- result ---- */

struct result_args {
    struct fus_jobs_args jobs;
    const char *output;
};

static const struct fus_option result_options[] = {
    {"output-path", 'o', FUS_OPTION_VALUE, "FILE", "Where the result goes"},
    FUS_JOBS_OPTIONS,
};

static int take_result(void *user, const struct fus_option *option, const char *value,
                       struct fus_error *err)
{
    struct result_args *args = user;
    if (fus_jobs_args_take(&args->jobs, option, value))
        return 0;
    if (option == NULL)
        return fus_jobs_args_take_id(&args->jobs, value, err);
    args->output = value;
    return 0;
}

static int result(struct result_args *args, struct fus_error *err)
{
    json_t *job = NULL;
    int rc = fus_jobs_connect(&args->jobs, err);
    if (rc == 0)
        rc = fus_jobs_get(&args->jobs, args->jobs.id, &job, err);
    if (rc == 0)
        rc = fus_jobs_fetch(&args->jobs, job, args->output, err);
    if (rc == 0 && args->jobs.json)
        rc = fus_jobs_print(job, err);
    json_decref(job);
    return rc;
}

int fus_cli_jobs_result(int argc, char **argv)
{
    static const struct fus_usage usage = {
        "fusiond jobs result", "ID -o FILE [options]",
        "Fetches the result of a completed job. FILE appears only when all of it is there.",
        result_options, FUS_COUNT(result_options)};
    struct fus_error err = {0};
    struct result_args args = {.output = NULL};
    fus_jobs_args_init(&args.jobs, usage.program);
    int rc = fus_options_parse(&usage, argc, argv, take_result, &args, &err);
    if (rc == FUS_OPTIONS_HELP)
        return FUS_EXIT_OK;
    if (rc == 0 && (args.jobs.id == NULL || args.output == NULL))
        rc = fus_error_set(&err, FUS_E_INVALID_PARAMETER, "%s is needed",
                           args.jobs.id == NULL ? "the id of a job" : "-o, --output-path");
    if (rc != 0)
        return fus_cli_usage_error(usage.program, &err);
    rc = result(&args, &err);
    int code = rc == 0 ? FUS_EXIT_OK : fus_jobs_fail(&args.jobs, &err);
    fus_jobs_args_done(&args.jobs);
    return code;
}

/* ---- cancel ---- */

static const struct fus_option cancel_options[] = {FUS_JOBS_OPTIONS};

int fus_cli_jobs_cancel(int argc, char **argv)
{
    static const struct fus_usage usage = {
        "fusiond jobs cancel", "ID [options]",
        "Stops a job that is queued or running. One that has ended can't be cancelled.",
        cancel_options, FUS_COUNT(cancel_options)};
    struct fus_error err = {0};
    FUS_AUTO_JOBS_ARGS struct fus_jobs_args args;
    fus_jobs_args_init(&args, usage.program);
    int rc = fus_jobs_args_parse(&args, &usage, argc, argv, &err);
    if (rc == FUS_OPTIONS_HELP)
        return FUS_EXIT_OK;
    if (rc != 0)
        return fus_cli_usage_error(usage.program, &err);
    char path[128];
    (void)snprintf(path, sizeof(path), "/api/v1/jobs/%s", args.id);
    json_t *job = NULL;
    rc = fus_jobs_connect(&args, &err);
    if (rc == 0)
        rc = fus_client_call(args.client, "DELETE", path, NULL, NULL, 0, &job, &err);
    if (rc == 0 && args.json)
        rc = fus_jobs_print(job, &err);
    else if (rc == 0)
        (void)printf("%s %s\n", args.id,
                     strcmp(fus_json_text(job, "status"), "cancelled") == 0 ? "cancelled"
                                                                            : "is being cancelled");
    json_decref(job);
    return rc == 0 ? FUS_EXIT_OK : fus_jobs_fail(&args, &err);
}
