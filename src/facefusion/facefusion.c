#include "facefusion/facefusion.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "facefusion/arguments.h"
#include "facefusion/group.h"
#include "facefusion/output.h"
#include "processors/processor.h"
#include "safety/moderation.h"

enum { LOOK_MS = 50, READS_AT_A_TIME = 64, EXIT_REFUSED = 2 };

static int no_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to run FaceFusion.");
}

/* ---- is it there? ---- */

/* The program's path: as it is, or looked up on PATH. Links stay: they choose the environment. */
static char *find_python(const char *python)
{
    if (strchr(python, '/') != NULL)
        return access(python, X_OK) == 0 ? fus_strdup(python) : NULL;
    const char *at = getenv("PATH");
    for (at = at != NULL ? at : "/usr/bin:/bin"; *at != '\0'; at += *at == ':') {
        size_t length = strcspn(at, ":");
        FUS_AUTO_STR struct fus_str path = {0};
        fus_str_append_n(&path, at, length);
        fus_str_printf(&path, "/%s", python);
        if (!path.failed && at[0] == '/' && access(path.text, X_OK) == 0)
            return fus_str_take(&path);
        at += length;
    }
    return NULL;
}

int fus_facefusion_available(const struct fus_config *config, struct fus_error *err)
{
    if (config->facefusion_path == NULL || *config->facefusion_path == '\0')
        return fus_error_set_at(err, FUS_E_INVALID_PARAMETER, "/engine",
                                "The engine facefusion is off; the setting engine.facefusion_path, "
                                "the folder of an installed FaceFusion, turns it on.");
    FUS_AUTO_FREE char *script = fus_fs_join(config->facefusion_path, "facefusion.py");
    if (script == NULL)
        return no_memory(err);
    if (!fus_fs_exists(script))
        return fus_error_set_at(err, FUS_E_INVALID_PARAMETER, "/engine",
                                "There is no facefusion.py in the folder that the setting "
                                "engine.facefusion_path names.");
    FUS_AUTO_FREE char *python = find_python(config->facefusion_python);
    if (python == NULL)
        return fus_error_set_at(err, FUS_E_INVALID_PARAMETER, "/engine",
                                "The Python that the setting engine.facefusion_python names cannot "
                                "be found.");
    return 0;
}

static void refuse_own_parameters(const struct fus_params *params, const char *prefix,
                                  struct fus_error_list *errors)
{
    const struct fus_param_schema *schema = fus_processors_schema();
    for (size_t i = 0; i < fus_param_schema_size(schema); i++) {
        const struct fus_param *param = fus_param_at(schema, i);
        char pointer[96];
        if (!fus_arguments_foreign(param) || !fus_params_is_set(params, param->name))
            continue;
        (void)snprintf(pointer, sizeof(pointer), "%s/%s", prefix, param->name);
        fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, pointer,
                           "%s is fusiond's own: the engine facefusion does not have it",
                           param->name);
    }
}

void fus_facefusion_check(const struct fus_params *params, const struct fus_models *models,
                          const char *gate, const char *prefix, struct fus_error_list *errors)
{
    char pointer[96];
    refuse_own_parameters(params, prefix, errors);
    (void)snprintf(pointer, sizeof(pointer), "%s/processors", prefix);
    if (fus_params_list_count(params, "processors") == 0)
        fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, pointer,
                           "the engine facefusion needs a processor");
    /* what it makes is always a generator's: the gate is needed unless it is off */
    fus_processors_check_gate(params, models,
                              fus_gate_policy_parse(gate) == FUS_GATE_OFF ? "off" : "required",
                              prefix, errors);
}

/* ---- the job's own folder ---- */

struct paths {
    char *input, *temp, *jobs, *output, *ini, *made, *target;
};

static void paths_done(struct paths *paths)
{
    fus_free(paths->input);
    fus_free(paths->temp);
    fus_free(paths->jobs);
    fus_free(paths->output);
    fus_free(paths->ini);
    fus_free(paths->made);
    fus_free(paths->target);
}

static int storage(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE,
                         "The folder of FaceFusion's job cannot be made (%s).", strerror(errno));
}

/* FaceFusion knows files by their endings, so they get links with the right ones. */
static char *ending_of_source(const char *path)
{
    unsigned char head[12] = {0};
    enum fus_container container;
    if (fus_media_sniff(path, &container, NULL) == 0)
        return fus_strdup(fus_container_name(container));
    FUS_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, head, sizeof(head)) != (ssize_t)sizeof(head))
        return fus_strdup("bin");
    if (memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WAVE", 4) == 0)
        return fus_strdup("wav");
    if (memcmp(head, "fLaC", 4) == 0)
        return fus_strdup("flac");
    if (memcmp(head, "OggS", 4) == 0)
        return fus_strdup("ogg");
    if (memcmp(head, "ID3", 3) == 0 || (head[0] == 0xFF && (head[1] & 0xE0) == 0xE0))
        return fus_strdup("mp3");
    return fus_strdup(memcmp(head + 4, "ftyp", 4) == 0 ? "m4a" : "bin");
}

static int add_link(const char *folder, const char *name, const char *ending, const char *path,
                    char **made, struct fus_error *err)
{
    FUS_AUTO_STR struct fus_str link_path = {0};
    FUS_AUTO_FREE char *real = NULL;
    char *resolved = realpath(path, NULL);
    real = fus_strdup(resolved);
    free(resolved);
    fus_str_printf(&link_path, "%s/%s.%s", folder, name, ending);
    char *text = fus_str_take(&link_path);
    if (text == NULL || real == NULL || symlink(real, text) != 0) {
        int rc = text == NULL ? no_memory(err) : storage(err);
        fus_free(text);
        return rc;
    }
    *made = text;
    return 0;
}

static int make_folders(const struct fus_facefusion_job *job, struct paths *paths,
                        struct fus_error *err)
{
    FUS_AUTO_STR struct fus_str result = {0};
    (void)fus_fs_remove_tree(job->scratch, NULL); /* of an earlier attempt */
    paths->input = fus_fs_join(job->scratch, "input");
    paths->temp = fus_fs_join(job->scratch, "temp");
    paths->jobs = fus_fs_join(job->scratch, "jobs");
    paths->output = fus_fs_join(job->scratch, "output");
    paths->ini = fus_fs_join(job->scratch, "empty.ini");
    fus_str_printf(&result, "%s/output/result.%s", job->scratch,
                   fus_container_name(job->container));
    paths->made = fus_str_take(&result);
    if (paths->input == NULL || paths->temp == NULL || paths->jobs == NULL ||
        paths->output == NULL || paths->ini == NULL || paths->made == NULL)
        return no_memory(err);
    if (mkdir(job->scratch, 0700) != 0 || mkdir(paths->input, 0700) != 0 ||
        mkdir(paths->temp, 0700) != 0 || mkdir(paths->jobs, 0700) != 0 ||
        mkdir(paths->output, 0700) != 0)
        return storage(err);
    FUS_AUTO_FD int ini = open(paths->ini, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (ini < 0)
        return storage(err);
    return add_link(paths->input, "target", fus_container_name(job->container), job->target,
                    &paths->target, err);
}

/* ---- its command line and environment ---- */

static int add_sources(const struct fus_facefusion_job *job, const struct paths *paths,
                       struct fus_arguments *arguments, struct fus_error *err)
{
    if (job->source_count > 0)
        fus_arguments_add(arguments, "--source-paths");
    for (size_t i = 0; i < job->source_count; i++) {
        char name[32];
        FUS_AUTO_FREE char *ending = ending_of_source(job->sources[i]);
        FUS_AUTO_FREE char *made = NULL;
        (void)snprintf(name, sizeof(name), "source_%zu", i);
        if (ending == NULL)
            return no_memory(err);
        int rc = add_link(paths->input, name, ending, job->sources[i], &made, err);
        if (rc != 0)
            return rc;
        fus_arguments_add(arguments, made);
    }
    return 0;
}

static int make_arguments(const struct fus_config *config, const struct fus_facefusion_job *job,
                          const struct paths *paths, struct fus_arguments *arguments,
                          struct fus_error *err)
{
    FUS_AUTO_FREE char *python = find_python(config->facefusion_python);
    FUS_AUTO_FREE char *script = fus_fs_join(config->facefusion_path, "facefusion.py");
    if (python == NULL || script == NULL)
        return no_memory(err);
    const char *const head[] = {python,      script,        "headless-run", "--config-path",
                                paths->ini,  "--temp-path", paths->temp,    "--jobs-path",
                                paths->jobs, "--log-level", "info"};
    for (size_t i = 0; i < FUS_COUNT(head); i++)
        fus_arguments_add(arguments, head[i]);
    int rc = add_sources(job, paths, arguments, err);
    if (rc != 0)
        return rc;
    fus_arguments_add(arguments, "--target-path");
    fus_arguments_add(arguments, paths->target);
    fus_arguments_add(arguments, "--output-path");
    fus_arguments_add(arguments, paths->made);
    fus_arguments_add_params(arguments, fus_processors_schema(), job->params);
    return arguments->failed ? no_memory(err) : 0;
}

static void set_variable(struct fus_arguments *environment, const char *name, const char *value)
{
    FUS_AUTO_STR struct fus_str text = {0};
    fus_str_printf(&text, "%s=%s", name, value);
    if (text.failed)
        environment->failed = true;
    else
        fus_arguments_add(environment, text.text);
}

/* Nothing of ours, where secrets are: what finds programs, libraries and devices. */
static int make_environment(const struct paths *paths, struct fus_arguments *environment,
                            struct fus_error *err)
{
    static const char *const passed_on[] = {"PATH",
                                            "HOME",
                                            "TZ",
                                            "LD_LIBRARY_PATH",
                                            "CUDA_VISIBLE_DEVICES",
                                            "CUDA_HOME",
                                            "CUDA_PATH",
                                            "CONDA_PREFIX",
                                            "CONDA_READY",
                                            "VIRTUAL_ENV",
                                            "ROCR_VISIBLE_DEVICES",
                                            "HIP_VISIBLE_DEVICES",
                                            "NVIDIA_VISIBLE_DEVICES",
                                            "NVIDIA_DRIVER_CAPABILITIES",
                                            "https_proxy",
                                            "HTTPS_PROXY",
                                            "http_proxy",
                                            "no_proxy"};
    for (size_t i = 0; i < FUS_COUNT(passed_on); i++) {
        const char *value = getenv(passed_on[i]);
        if (value != NULL)
            set_variable(environment, passed_on[i], value);
    }
    set_variable(environment, "LANG", "C.UTF-8");
    set_variable(environment, "OMP_NUM_THREADS", "1");
    set_variable(environment, "PYTHONUNBUFFERED", "1");
    set_variable(environment, "PYTHONDONTWRITEBYTECODE", "1");
    set_variable(environment, "TMPDIR", paths->temp);
    return environment->failed ? no_memory(err) : 0;
}

/* ---- the run ---- */

struct run {
    const struct fus_facefusion_job *job;
    const struct fus_pipeline_events *events;
    struct fus_group group;
    struct fus_facefusion_output output;
    bool asked;         /* to stop */
    int64_t kill_at_us; /* then */
};

static void listen_to_it(struct run *run)
{
    char bytes[4096];
    bool moved = false;
    for (int i = 0; i < READS_AT_A_TIME && run->group.said >= 0; i++) {
        ssize_t got = read(run->group.said, bytes, sizeof(bytes));
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (got <= 0) {
            fus_close(run->group.said);
            run->group.said = -1;
            break;
        }
        moved = fus_facefusion_output_take(&run->output, bytes, (size_t)got) || moved;
    }
    if (moved && run->events != NULL && run->events->progress != NULL)
        run->events->progress(run->events->user, &run->output.progress);
}

static bool cancelled(const struct run *run)
{
    return run->events != NULL && run->events->cancelled != NULL &&
           run->events->cancelled(run->events->user);
}

static void watch(struct run *run)
{
    int64_t now_us = fus_clock_monotonic_us();
    if (!run->asked && cancelled(run)) {
        run->asked = true;
        run->kill_at_us = now_us + run->job->grace_ms * 1000;
        fus_group_ask(&run->group);
    }
    if (run->asked && now_us >= run->kill_at_us)
        fus_group_kill(&run->group);
}

static int follow(struct run *run)
{
    int status = 0;
    while (!fus_group_ended(&run->group, &status)) {
        struct pollfd said = {.fd = run->group.said, .events = POLLIN};
        (void)poll(&said, 1, LOOK_MS);
        listen_to_it(run);
        watch(run);
    }
    listen_to_it(run);
    fus_facefusion_output_end(&run->output);
    return status;
}

static int failed(const struct run *run, int code, const char *how, struct fus_error *err)
{
    FUS_AUTO_STR struct fus_str tail = {0};
    fus_facefusion_output_tail(&run->output, &tail);
    if (tail.length == 0)
        return fus_error_set(
            err, code,
            "FaceFusion %s and said nothing; it does so when its own content check "
            "refuses the target.",
            how);
    return fus_error_set(err, code, "FaceFusion %s. The last it said: %.380s", how, tail.text);
}

static int judge(const struct run *run, int status, const char *made, struct fus_error *err)
{
    char how[64];
    struct stat facts;
    if (run->asked)
        return fus_error_set(err, FUS_E_CANCELLED, "The job was cancelled.");
    if (WIFSIGNALED(status)) {
        (void)snprintf(how, sizeof(how), "was ended by signal %d", WTERMSIG(status));
        return failed(run, FUS_E_WORKER_CRASHED, how, err);
    }
    if (WEXITSTATUS(status) == EXIT_REFUSED)
        return failed(run, FUS_E_INVALID_PARAMETER, "refused to begin (exit status 2)", err);
    if (WEXITSTATUS(status) != 0) {
        (void)snprintf(how, sizeof(how), "ended with exit status %d", WEXITSTATUS(status));
        return failed(run, FUS_E_ENGINE_FAILED, how, err);
    }
    /* A link could name any file of ours. */
    if (lstat(made, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_nlink != 1 ||
        facts.st_size == 0)
        return failed(run, FUS_E_ENGINE_FAILED, "ended well but wrote no file", err);
    return 0;
}

int fus_facefusion_run(const struct fus_config *config, const struct fus_facefusion_job *job,
                       const struct fus_pipeline_events *events, char **made, struct fus_error *err)
{
    int rc = fus_facefusion_available(config, err);
    if (rc != 0)
        return rc;
    FUS_AUTO_FREE struct fus_arguments *arguments = fus_calloc(1, sizeof(*arguments));
    FUS_AUTO_FREE struct fus_arguments *environment = fus_calloc(1, sizeof(*environment));
    FUS_AUTO_FREE struct run *run = fus_calloc(1, sizeof(*run));
    struct paths paths = {0};
    if (arguments == NULL || environment == NULL || run == NULL)
        return no_memory(err);
    run->job = job;
    run->events = events;
    rc = make_folders(job, &paths, err);
    if (rc == 0)
        rc = make_arguments(config, job, &paths, arguments, err);
    if (rc == 0)
        rc = make_environment(&paths, environment, err);
    if (rc == 0)
        rc = fus_group_start(&run->group, config->facefusion_path, arguments->words,
                             environment->words, err);
    if (rc == 0) {
        int status = follow(run);
        fus_group_done(&run->group);
        rc = judge(run, status, paths.made, err);
    }
    if (rc == 0)
        *made = FUS_TAKE(paths.made);
    fus_arguments_done(arguments);
    fus_arguments_done(environment);
    paths_done(&paths);
    return rc;
}
