/* The real worker child with a pipeline whose behaviour stands in the target file: what a job does
 * is written in its target as "<verb> <argument>". Linked only here. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "pipeline/pipeline.h"
#include "processors/processor.h"
#include "worker/supervisor.h"

struct fus_engine {
    int jobs;
};

int fus_engine_new(const struct fus_engine_options *options, struct fus_engine **engine,
                   struct fus_error *err)
{
    /* A models folder of this name makes a worker that cannot start. */
    if (options->models_dir && fus_str_ends(options->models_dir, "/broken"))
        return fus_error_set(err, FUS_E_MODEL_CORRUPT, "A model file is damaged.");
    *engine = fus_calloc(1, sizeof(**engine));
    return *engine ? 0 : FUS_E_OUT_OF_MEMORY;
}

void fus_engine_free(struct fus_engine *engine)
{
    fus_free(engine);
}

static const struct fus_param items[] = {
    {.name = "strength",
     .type = FUS_PARAM_FLOAT,
     .min = 0,
     .max = 1,
     .default_text = "1",
     .group = "face_swapper",
     .doc = "Strength."},
};
static const struct fus_param_table table = {items, FUS_COUNT(items)};
static const struct fus_param_schema schema = {.tables = {&table}, .count = 1};

const struct fus_param_schema *fus_processors_schema(void)
{
    return &schema;
}

struct call {
    const struct fus_pipeline_request *request;
    const struct fus_pipeline_events *events;
    struct fus_pipeline_result *result;
    struct fus_error *err;
    const char *argument;
    struct fus_engine *engine;
};

static int write_output(const struct call *call, const char *text)
{
    int rc = fus_fs_write_atomic(call->request->output_path, text, strlen(text), 0600, call->err);
    if (rc)
        return rc;
    call->result->container = FUS_CONTAINER_PNG;
    call->result->width = call->result->height = 8;
    call->result->frames = 1;
    call->result->bytes = (int64_t)strlen(text);
    memset(call->result->sha256, 'a', 64);
    fus_strlcpy(call->result->label_term, "compositeSynthetic", sizeof(call->result->label_term));
    return 0;
}

static void tell(const struct call *call, enum fus_step step, int percent)
{
    const struct fus_pipeline_progress progress = {
        .step = step, .percent = percent, .frames_done = percent, .frames_total = 100, .fps = 25};
    call->events->progress(call->events->user, &progress);
}

/* "ok [ms]": runs so long, with progress, and obeys a cancel. */
static int do_ok(const struct call *call)
{
    int64_t ms = 0;
    (void)!fus_parse_int(call->argument, 0, 1000000, &ms);
    int64_t begun_us = fus_clock_monotonic_us();
    tell(call, FUS_STEP_PROBING, 1);
    for (int64_t passed = 0; passed < ms; passed = (fus_clock_monotonic_us() - begun_us) / 1000) {
        if (call->events->cancelled(call->events->user))
            return fus_error_set(call->err, FUS_E_CANCELLED, "Cancelled.");
        tell(call, FUS_STEP_PROCESSING_FRAMES, (int)(passed * 98 / ms));
        fus_clock_sleep_ms(5);
    }
    char text[64];
    snprintf(text, sizeof(text), "job %d of this process", ++call->engine->jobs);
    return write_output(call, text);
}

static int do_crash(const struct call *call)
{
    tell(call, FUS_STEP_PROCESSING_FRAMES, 50);
    raise(SIGKILL);
    return 0;
}

/* "crash-once <flag file>" */
static int do_crash_once(const struct call *call)
{
    if (!fus_fs_exists(call->argument)) {
        int fd = open(call->argument, O_CREAT | O_WRONLY, 0600);
        fus_close(fd);
        return do_crash(call);
    }
    return write_output(call, "second attempt");
}

static int do_stubborn(const struct call *call)
{
    tell(call, FUS_STEP_PROCESSING_FRAMES, 10);
    fus_clock_sleep_ms(60000);
    return 0;
}

/* "error <code>" */
static int do_error(const struct call *call)
{
    return fus_error_set(call->err, fus_error_from_name(call->argument),
                         "As the target asks: \xff.");
}

static int do_garbage(const struct call *call)
{
    static const char text[] =
        "{\"seq\":2,\"type\":\"result\",\"job_id\":\"else\",\"result\":{}}\n[1,2\n";
    ssize_t sent = send(3, text, sizeof(text) - 1, MSG_NOSIGNAL);
    (void)sent;
    return do_stubborn(call);
}

static int do_flood(const struct call *call)
{
    static char line[65536];
    memset(line, 'x', sizeof(line));
    for (int i = 0; i < 64; i++) {
        if (send(3, line, sizeof(line), MSG_NOSIGNAL) < 0)
            break;
    }
    return do_stubborn(call);
}

static int do_link(const struct call *call)
{
    int rc = write_output(call, "x");
    unlink(call->request->output_path);
    return rc ? rc : symlink("/etc/passwd", call->request->output_path);
}

static int do_warn(const struct call *call)
{
    for (int i = 0; i < 100; i++)
        call->events->warning(call->events->user, "low_quality", "A warning \xc3");
    return write_output(call, "warned");
}

static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* "facts": what this process is like, for the test to read. */
static int do_facts(const struct call *call)
{
    FUS_AUTO_STR struct fus_str text = {0};
    struct rlimit core, memory;
    int death = 0;
    getrlimit(RLIMIT_CORE, &core);
    getrlimit(RLIMIT_AS, &memory);
    prctl(PR_GET_PDEATHSIG, &death);
    FUS_AUTO_FREE void *score = NULL;
    size_t size = 0;
    (void)!fus_fs_read("/proc/self/oom_score_adj", 64, &score, &size, NULL);
    fus_str_printf(&text, "descriptors %d\ncore %ld\nmemory %ld\ndeath %d\nprivs %d\noom %s",
                   count_descriptors(), (long)core.rlim_cur, (long)memory.rlim_cur, death,
                   prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), score ? (char *)score : "?\n");
    for (char **variable = environ; *variable; variable++)
        fus_str_printf(&text, "env %s\n", *variable);
    return write_output(call, text.text);
}

/* What a library might write to stderr: a line, a long one, bytes that are no text, half a line. */
static int do_mutter(const struct call *call)
{
    char line[2000];
    memset(line, 'x', sizeof(line));
    static const char lines[] = "a library speaks\n\n", rest[] = "\n\x01\xff\"{\nhalf a line";
    if (write(2, lines, sizeof(lines) - 1) < 0 || write(2, line, sizeof(line)) < 0 ||
        write(2, rest, sizeof(rest) - 1) < 0)
        return FUS_E_INTERNAL;
    return do_ok(call);
}

static const struct {
    const char *verb;
    int (*run)(const struct call *call);
} verbs[] = {
    {"ok", do_ok},       {"crash", do_crash},       {"crash-once", do_crash_once},
    {"error", do_error}, {"stubborn", do_stubborn}, {"garbage", do_garbage},
    {"flood", do_flood}, {"link", do_link},         {"warn", do_warn},
    {"facts", do_facts}, {"mutter", do_mutter},
};

int fus_pipeline_run(struct fus_engine *engine, const struct fus_pipeline_request *request,
                     const struct fus_pipeline_events *events, struct fus_pipeline_result *result,
                     struct fus_error *err)
{
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size;
    int rc = fus_fs_read(request->target_path, 4096, &bytes, &size, err);
    if (rc)
        return rc;
    char *text = bytes;
    char *argument = strchr(text, ' ');
    if (argument)
        *argument++ = '\0';
    const struct call call = {request, events, result, err, argument ? argument : "", engine};
    for (size_t i = 0; i < FUS_COUNT(verbs); i++) {
        if (fus_str_equal(verbs[i].verb, text))
            return verbs[i].run(&call);
    }
    return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA, "Unknown target.");
}

int main(int argc, char **argv)
{
    if (argc != 2 || !fus_str_equal(argv[1], "worker-child"))
        return 64;
    return fus_worker_main(3);
}
