#include "worker/protocol.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "safety/moderation.h"

enum { SOURCES_MAX = 1024, WARNING_TEXT_MAX = 1000 };

void fus_task_done(struct fus_task *task)
{
    for (size_t i = 0; i < task->source_count; i++)
        fus_free(task->sources[i]);
    fus_free(task->sources);
    fus_free(task->target);
    fus_free(task->output);
    fus_free(task->output_format);
    fus_free(task->made);
    json_decref(task->parameters);
    memset(task, 0, sizeof(*task));
}

json_t *fus_task_to_json(const struct fus_task *task)
{
    json_t *sources = json_array();
    for (size_t i = 0; i < task->source_count; i++) {
        if (json_array_append_new(sources, json_string(task->sources[i]))) {
            json_decref(sources);
            return NULL;
        }
    }
    const struct fus_media_limits *limits = &task->limits;
    return json_pack(
        "{s:s, s:s, s:i, s:b, s:s?, s:o, s:s, s:s, s:s?, s:O, s:{s:I, s:I, s:i, s:f, s:I, s:i}}",
        "type", "job", "job_id", task->job_id, "stage", (int)task->stage, "second",
        (int)task->second, "made", task->made, "sources", sources, "target", task->target, "output",
        task->output, "output_format", task->output_format, "parameters", task->parameters,
        "limits", "max_bytes", (json_int_t)limits->max_bytes, "max_pixels",
        (json_int_t)limits->max_pixels, "max_dimension", limits->max_dimension, "max_seconds",
        limits->max_seconds, "max_frames", (json_int_t)limits->max_frames, "max_streams",
        limits->max_streams);
}

static int not_a_task(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_INVALID_REQUEST, "The message is not a task.");
}

static int copy_sources(const json_t *sources, struct fus_task *task, struct fus_error *err)
{
    size_t count = json_array_size(sources);
    if (!json_is_array(sources) || count > SOURCES_MAX)
        return not_a_task(err);
    task->sources = fus_calloc(count + 1, sizeof(*task->sources));
    for (size_t i = 0; task->sources && i < count; i++) {
        const char *path = json_string_value(json_array_get(sources, i));
        if (!path)
            return not_a_task(err);
        task->sources[i] = fus_strdup(path);
        if (!task->sources[i])
            break;
        task->source_count++;
    }
    if (!task->sources || task->source_count != count)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for a task.");
    return 0;
}

int fus_task_from_json(const json_t *message, struct fus_task *out, struct fus_error *err)
{
    FUS_AUTO_TASK struct fus_task task = {.job_id = ""};
    const char *job_id, *target, *output;
    const char *format = json_string_value(json_object_get(message, "output_format"));
    const char *made = json_string_value(json_object_get(message, "made"));
    json_t *sources, *parameters;
    int stage = FUS_TASK_RUN, second = 0;
    json_int_t max_bytes, max_pixels, max_frames;
    /* jansson only reads through the pointer when it unpacks. */
    json_t *readable = (json_t *)(uintptr_t)message;
    if (json_unpack(readable,
                    "{s:s, s?:i, s?:b, s:o, s:s, s:s, s:o, s:{s:I, s:I, s:i, s:F, s:I, s:i}}",
                    "job_id", &job_id, "stage", &stage, "second", &second, "sources", &sources,
                    "target", &target, "output", &output, "parameters", &parameters, "limits",
                    "max_bytes", &max_bytes, "max_pixels", &max_pixels, "max_dimension",
                    &task.limits.max_dimension, "max_seconds", &task.limits.max_seconds,
                    "max_frames", &max_frames, "max_streams", &task.limits.max_streams) ||
        !json_is_object(parameters) || !fus_strlcpy(task.job_id, job_id, sizeof(task.job_id)) ||
        max_bytes < 0 || max_pixels < 0 || stage < FUS_TASK_RUN || stage > FUS_TASK_ADOPT ||
        (stage == FUS_TASK_ADOPT && !made))
        return not_a_task(err);
    task.stage = (enum fus_task_stage)stage;
    task.second = second != 0;
    task.limits.max_bytes = (uint64_t)max_bytes;
    task.limits.max_pixels = (uint64_t)max_pixels;
    task.limits.max_frames = max_frames;
    int rc = copy_sources(sources, &task, err);
    if (rc)
        return rc;
    task.target = fus_strdup(target);
    task.output = fus_strdup(output);
    task.output_format = fus_strdup(format);
    task.made = fus_strdup(made);
    task.parameters = json_incref(parameters);
    if (!task.target || !task.output || (format && !task.output_format) || (made && !task.made))
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for a task.");
    *out = task;
    memset(&task, 0, sizeof(task));
    return 0;
}

static int not_a_report(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_INVALID_REQUEST,
                         "The worker broke the protocol: a message has the wrong form.");
}

static bool snake_case(const char *text)
{
    return *text && strlen(text) < 48 &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static bool take_progress(json_t *message, struct fus_report *report)
{
    const char *step;
    json_int_t done, total;
    if (json_unpack(message, "{s:s, s:i, s:I, s:I, s:F}", "step", &step, "percent",
                    &report->percent, "frames_done", &done, "frames_total", &total, "fps",
                    &report->fps))
        return false;
    report->frames_done = done;
    report->frames_total = total;
    return snake_case(step) && fus_strlcpy(report->step, step, sizeof(report->step)) &&
           report->percent >= 0 && report->percent <= 100 && done >= 0 && total >= 0 &&
           report->fps >= 0;
}

static bool take_failed(json_t *message, struct fus_report *report)
{
    const char *code, *detail, *pointer;
    if (json_unpack(message, "{s:s, s:s, s:s}", "code", &code, "detail", &detail, "pointer",
                    &pointer))
        return false;
    fus_error_set_at(&report->error, fus_error_from_name(code), pointer, "%s", detail);
    report->moderation = json_object_get(message, "moderation");
    struct fus_moderation checked;
    return !report->moderation || fus_moderation_from_json(report->moderation, &checked);
}

static bool take_body(const char *type, json_t *message, struct fus_report *report)
{
    if (fus_str_equal(type, "progress")) {
        report->type = FUS_REPORT_PROGRESS;
        return take_progress(message, report);
    }
    if (fus_str_equal(type, "alive")) {
        report->type = FUS_REPORT_ALIVE;
        return true;
    }
    if (fus_str_equal(type, "warning")) {
        report->type = FUS_REPORT_WARNING;
        return json_unpack(message, "{s:s, s:s}", "code", &report->code, "text", &report->text) ==
                   0 &&
               snake_case(report->code) && strlen(report->text) <= WARNING_TEXT_MAX;
    }
    if (fus_str_equal(type, "result")) {
        report->type = FUS_REPORT_RESULT;
        report->result = json_object_get(message, "result");
        return json_is_object(report->result);
    }
    if (fus_str_equal(type, "failed")) {
        report->type = FUS_REPORT_FAILED;
        return take_failed(message, report);
    }
    report->type = FUS_REPORT_READY;
    int version = 0;
    return fus_str_equal(type, "ready") &&
           json_unpack(message, "{s:i}", "version", &version) == 0 &&
           version == FUS_PROTOCOL_VERSION;
}

int fus_report_from_json(const json_t *message, struct fus_report *out, struct fus_error *err)
{
    struct fus_report report = {.job_id = ""};
    const char *type, *job_id = "";
    json_t *readable = (json_t *)(uintptr_t)message;
    if (json_unpack(readable, "{s:s, s?:s}", "type", &type, "job_id", &job_id) ||
        !fus_strlcpy(report.job_id, job_id, sizeof(report.job_id)) ||
        !take_body(type, readable, &report))
        return not_a_report(err);
    *out = report;
    return 0;
}

json_t *fus_message_hello(int threads, const char *models_dir, const char *runtime_library,
                          const char *gate)
{
    return json_pack("{s:s, s:i, s:i, s:s?, s:s?, s:s?}", "type", "hello", "version",
                     FUS_PROTOCOL_VERSION, "threads", threads, "models_dir", models_dir,
                     "runtime_library", runtime_library, "gate", gate);
}

json_t *fus_message_simple(const char *type, const char *job_id)
{
    return json_pack("{s:s, s:s}", "type", type, "job_id", job_id);
}

json_t *fus_text_to_json(const char *text)
{
    size_t length = strlen(text);
    if (fus_utf8_valid(text, length))
        return json_stringn(text, length);
    FUS_AUTO_FREE char *ascii = fus_strdup(text);
    for (size_t i = 0; ascii && i < length; i++) {
        if ((unsigned char)ascii[i] >= 0x80)
            ascii[i] = '?';
    }
    return ascii ? json_stringn(ascii, length) : NULL;
}

json_t *fus_error_to_json(const struct fus_error *error)
{
    return json_pack("{s:s, s:o, s:o}", "code", fus_error_info(error->code)->name, "detail",
                     fus_text_to_json(error->detail), "pointer", fus_text_to_json(error->pointer));
}

json_t *fus_message_warning(const char *job_id, const char *code, const char *text)
{
    char cut[WARNING_TEXT_MAX];
    fus_strlcpy(cut, text, sizeof(cut));
    return json_pack("{s:s, s:s, s:s, s:o}", "type", "warning", "job_id", job_id, "code", code,
                     "text", fus_text_to_json(cut));
}

json_t *fus_message_failed(const char *job_id, const struct fus_error *error, json_t *moderation)
{
    json_t *message = fus_error_to_json(error);
    int failed = message ? json_object_set_new(message, "type", json_string("failed")) ||
                               json_object_set_new(message, "job_id", json_string(job_id))
                         : 0;
    if (moderation && (!message || failed))
        json_decref(moderation);
    else if (moderation)
        failed = json_object_set_new(message, "moderation", moderation);
    if (failed) {
        json_decref(message);
        return NULL;
    }
    return message;
}
