/* One job in a process of its own, so that its peak of memory and its writes are its own. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
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

static struct fus_params *make_params(const char *text)
{
    struct fus_error_list errors = {0};
    struct fus_params *params = fus_params_new(fus_processors_schema());
    json_t *json = json_loads(text, 0, NULL);

    if (params && (!json || fus_params_take_json(params, json, "", &errors) != 0)) {
        fus_params_free(params);
        params = NULL;
    }
    json_decref(json);
    return params;
}

static int64_t process_cpu_us(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

struct costs {
    int64_t cpu_us, inference_us;
};

static int measure(struct fus_engine *engine, const struct fus_pipeline_request *request,
                   struct costs *costs, struct fus_pipeline_result *result, struct fus_error *err)
{
    int64_t inference_ns = fus_engine_inference_cpu_ns(engine), cpu_us = process_cpu_us();
    int rc = fus_pipeline_run(engine, request, NULL, result, err);

    costs->cpu_us = process_cpu_us() - cpu_us;
    costs->inference_us = (fus_engine_inference_cpu_ns(engine) - inference_ns) / 1000;
    return rc;
}

static int run_job(char **argv, struct costs *costs, struct fus_pipeline_result *result,
                   struct fus_error *err)
{
    bool models = argv[5][0] != '\0';
    int64_t threads = 1;
    FUS_CLEANUP(fus_engine_free) struct fus_engine *engine = NULL;
    FUS_CLEANUP(fus_params_free) struct fus_params *params = make_params(argv[3]);

    if (!params || !fus_parse_int(argv[4], 1, 64, &threads))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "The child's arguments are wrong.");

    /* the gate looks at one frame a second in a decode of its own: not what is measured here */
    const struct fus_engine_options options = {
        .threads = (int)threads, .models_dir = models ? argv[5] : NULL, .gate = FUS_GATE_OFF};
    const char *const sources[] = {argv[1]};
    struct fus_pipeline_request request = {.source_paths = sources,
                                           .source_count =
                                               fus_params_list_count(params, "processors") > 0,
                                           .target_path = argv[0],
                                           .output_path = argv[2],
                                           .params = params};
    int rc = fus_engine_new(&options, &engine, err);

    fus_media_limits_default(&request.limits);
    if (!rc && models)
        rc = measure(engine, &request, costs, result, err);
    return rc ? rc : measure(engine, &request, costs, result, err);
}

int bench_child_main(char **argv)
{
    struct fus_pipeline_result result;
    struct fus_error err = {0};
    struct costs costs;
    json_t *json;

    if (run_job(argv, &costs, &result, &err) != 0) {
        fprintf(stderr, "%s: %s\n", fus_error_info(err.code)->name, err.detail);
        return 1;
    }
    json = json_pack("{s:o,s:I,s:I,s:I,s:I,s:I}", "result", fus_pipeline_result_to_json(&result),
                     "cpu_us", (json_int_t)costs.cpu_us, "inference_us",
                     (json_int_t)costs.inference_us, "peak_rss_kb",
                     (json_int_t)proc_number("/proc/self/status", "VmHWM"), "wchar",
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
        run->cpu_us = json_integer_value(json_object_get(json, "cpu_us"));
        run->inference_us = json_integer_value(json_object_get(json, "inference_us"));
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
    FUS_AUTO_FREE char *params = fus_strdup(job->params);
    FUS_AUTO_FREE char *models = fus_strdup(job->models ? job->models : "");
    char *argv[] = {(char[]){"fusiond-bench"},
                    (char[]){"--child"},
                    clip,
                    donor,
                    output,
                    params,
                    threads,
                    models,
                    NULL};
    posix_spawn_file_actions_t actions;
    int ends[2], number, status = 0, rc;
    pid_t pid;

    snprintf(threads, sizeof(threads), "%d", job->threads);
    if (!clip || !donor || !output || !params || !models || pipe2(ends, O_CLOEXEC) != 0)
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
