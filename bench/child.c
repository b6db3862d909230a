/* One job in a process of its own, so that its peak of memory and its writes are its own. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "bench.h"
#include "processors/processor.h"

/* The number behind "name:" in a file of /proc, or -1. */
static int64_t proc_number(const char *path, const char *name)
{
    FILE *file = fopen(path, "re");
    char line[256];
    int64_t number = -1;

    while (file && fgets(line, sizeof(line), file)) {
        size_t n = strlen(name);

        if (strncmp(line, name, n) == 0 && line[n] == ':')
            number = strtoll(line + n + 1, NULL, 10);
    }
    if (file)
        fclose(file);
    return number;
}

static struct fus_params *make_params(bool swap)
{
    struct fus_error_list errors = {0};
    struct fus_params *params = fus_params_new(fus_processors_schema());
    json_t *json =
        json_pack("{s:o}", "processors", swap ? json_pack("[s]", "face_swapper") : json_array());

    if (params && fus_params_take_json(params, json, "", &errors) != 0) {
        fus_params_free(params);
        params = NULL;
    }
    json_decref(json);
    return params;
}

static int run_job(char **argv, struct fus_pipeline_result *result, struct fus_error *err)
{
    bool swap = strcmp(argv[3], "swap") == 0;
    int64_t threads = 1;
    FUS_CLEANUP(fus_engine_free) struct fus_engine *engine = NULL;
    FUS_CLEANUP(fus_params_free) struct fus_params *params = make_params(swap);

    if (!params || !fus_parse_int(argv[4], 1, 64, &threads))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "The child's arguments are wrong.");

    const struct fus_engine_options options = {.threads = (int)threads};
    const char *const sources[] = {argv[1]};
    struct fus_pipeline_request request = {.source_paths = sources,
                                           .source_count = swap,
                                           .target_path = argv[0],
                                           .output_path = argv[2],
                                           .params = params};
    int rc = fus_engine_new(&options, &engine, err);

    fus_media_limits_default(&request.limits);
    return rc ? rc : fus_pipeline_run(engine, &request, NULL, result, err);
}

int bench_child_main(char **argv)
{
    struct fus_pipeline_result result;
    struct fus_error err = {0};
    json_t *json;

    if (run_job(argv, &result, &err) != 0) {
        fprintf(stderr, "%s: %s\n", fus_error_info(err.code)->name, err.detail);
        return 1;
    }
    json = json_pack("{s:o,s:I,s:I,s:I}", "result", fus_pipeline_result_to_json(&result),
                     "peak_rss_kb", (json_int_t)proc_number("/proc/self/status", "VmHWM"), "wchar",
                     (json_int_t)proc_number("/proc/self/io", "wchar"), "write_bytes",
                     (json_int_t)proc_number("/proc/self/io", "write_bytes"));
    json_dumpf(json, stdout, JSON_COMPACT);
    json_decref(json);
    return 0;
}

static int read_answer(int fd, struct bench_run *run, struct fus_error *err)
{
    char text[8192];
    size_t size = 0;
    json_t *json;
    int rc;

    for (ssize_t n;
         size < sizeof(text) - 1 && (n = read(fd, text + size, sizeof(text) - 1 - size)) > 0;)
        size += (size_t)n;
    json = json_loadb(text, size, 0, NULL);
    rc = json ? fus_pipeline_result_from_json(json_object_get(json, "result"), &run->result)
              : FUS_E_INTERNAL;
    if (rc == 0) {
        int64_t calls = json_integer_value(json_object_get(json, "wchar"));
        int64_t disk = json_integer_value(json_object_get(json, "write_bytes"));

        run->seconds = run->result.timings.total_ms / 1000.0;
        run->peak_rss_kb = json_integer_value(json_object_get(json, "peak_rss_kb"));
        run->written = FUS_MAX(calls, disk);
    }
    json_decref(json);
    return rc ? fus_error_set(err, rc, "A run of the benchmark failed.") : 0;
}

int bench_run_child(const struct bench_job *job, struct bench_run *run, struct fus_error *err)
{
    char threads[16];
    FUS_AUTO_FREE char *clip = fus_strdup(job->clip);
    FUS_AUTO_FREE char *donor = fus_strdup(job->donor);
    FUS_AUTO_FREE char *output = fus_strdup(job->output);
    char *argv[] = {(char[]){"fusiond-bench"},
                    (char[]){"--child"},
                    clip,
                    donor,
                    output,
                    job->swap ? (char[]){"swap"} : (char[]){"pass"},
                    threads,
                    NULL};
    posix_spawn_file_actions_t actions;
    int ends[2], number, status = 0, rc;
    pid_t pid;

    snprintf(threads, sizeof(threads), "%d", job->threads);
    if (!clip || !donor || !output || pipe2(ends, O_CLOEXEC) != 0)
        return fus_error_errno(err, errno, "A pipe could not be made");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    number = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (number != 0) {
        close(ends[0]);
        return fus_error_errno(err, number, "The child could not be started");
    }
    rc = read_answer(ends[0], run, err);
    close(ends[0]);
    waitpid(pid, &status, 0);
    return rc;
}
