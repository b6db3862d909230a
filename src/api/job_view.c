#include "api/job_view.h"

#include <string.h>

#include "api/json.h"
#include "api/problem.h"
#include "base/clock.h"
#include "base/mem.h"

static json_t *time_json(int64_t us)
{
    char text[FUS_RFC3339_SIZE];
    if (us <= 0)
        return json_null();
    fus_clock_rfc3339(us, text);
    return json_string(text);
}

static json_t *loaded(const char *text, json_t *otherwise)
{
    json_t *json = text != NULL ? json_loads(text, 0, NULL) : NULL;
    if (json == NULL)
        return otherwise;
    json_decref(otherwise);
    return json;
}

const char *fus_job_object(const struct fus_job *job, json_t **result)
{
    *result = job->result != NULL ? json_loads(job->result, 0, NULL) : NULL;
    const char *object = json_string_value(json_object_get(*result, "object"));
    return object != NULL ? object : "";
}

bool fus_job_has_result(const struct fus_job *job, const char *object)
{
    bool expired = job->expires_us > 0 && job->expires_us <= fus_clock_real_us();
    return job->state == FUS_JOB_COMPLETED && !job->purged && !expired && object[0] != '\0';
}

int64_t fus_job_link_expires(const struct fus_api *api, const struct fus_job *job)
{
    int64_t lifetime = FUS_CLAMP(api->options.config->link_seconds, 1, 7 * 24 * 3600);
    int64_t now = fus_clock_real_us() / 1000000;
    /* In steps of a twelfth, so that the same link, and with it the same ETag, is given for a
     * while. */
    int64_t step = FUS_MAX(lifetime / 12, 1);
    int64_t expires = now / step * step + lifetime;
    return job->expires_us > 0 ? FUS_MIN(expires, job->expires_us / 1000000) : expires;
}

void fus_api_base_url(const struct fus_api *api, const struct fus_http_request *request,
                      struct fus_str *out)
{
    const char *url = api->options.config->public_url;
    const char *host = fus_http_header(request, "Host");
    if (url != NULL && url[0] != '\0') {
        size_t length = strlen(url);
        while (length > 0 && url[length - 1] == '/')
            length--;
        fus_str_append_n(out, url, length);
    } else if (host != NULL) {
        fus_str_printf(out, "http://%s", host);
    }
}

/* An honest guess from the speed so far, made at the last report of the worker; null when there is
 * nothing to go by. */
static json_t *estimate(const struct fus_job *job)
{
    if (job->state != FUS_JOB_PROCESSING || job->updated_us == 0)
        return json_null();
    int64_t left = job->frames_total - job->frames_done;
    if (job->fps > 0.01 && job->frames_done > 0 && left > 0)
        return time_json(job->updated_us + (int64_t)((double)left / job->fps * 1e6));
    int64_t elapsed = job->updated_us - job->started_us;
    if (job->progress < 5 || elapsed <= 0)
        return json_null();
    return time_json(job->updated_us + elapsed * (100 - job->progress) / job->progress);
}

static json_t *result_url(struct fus_api *api, const struct fus_http_request *request,
                          const struct fus_job *job, const char *object)
{
    if (!fus_job_has_result(job, object))
        return json_null();
    FUS_AUTO_FREE char *link =
        fus_storage_sign(api->options.storage, object, fus_job_link_expires(api, job));
    FUS_AUTO_STR struct fus_str url = {0};
    fus_api_base_url(api, request, &url);
    fus_str_append(&url, link != NULL ? link : "");
    return url.failed || link == NULL ? NULL : json_string(url.text);
}

/* The client's own name of the source picture that an error points to, or NULL. */
static const char *source_name(const json_t *request, const char *pointer)
{
    int64_t index = 0;
    if (pointer == NULL || !fus_str_starts(pointer, "/source_images/") ||
        !fus_parse_int(pointer + strlen("/source_images/"), 0, 1000, &index))
        return NULL;
    const json_t *source = json_array_get(json_object_get(request, "sources"), (size_t)index);
    const char *value = json_string_value(json_object_get(source, "value"));
    return value != NULL ? value : json_string_value(json_object_get(source, "name"));
}

/* job.error holds {code, detail, pointer}; clients get the whole problem. */
static json_t *error_json(const struct fus_job *job)
{
    FUS_AUTO_JSON json_t *kept = job->error != NULL ? json_loads(job->error, 0, NULL) : NULL;
    const char *name = json_string_value(json_object_get(kept, "code"));
    const char *detail = json_string_value(json_object_get(kept, "detail"));
    const char *pointer = json_string_value(json_object_get(kept, "pointer"));
    if (name == NULL)
        return json_null();
    int code = fus_error_from_name(name);
    detail = detail != NULL ? detail : fus_error_info(code)->title;
    FUS_AUTO_JSON json_t *asked = job->request != NULL ? json_loads(job->request, 0, NULL) : NULL;
    FUS_AUTO_STR struct fus_str named = {0};
    const char *source = source_name(asked, pointer);
    if (source != NULL) {
        fus_str_printf(&named, "%s (%s)", detail, source);
        detail = named.failed ? detail : named.text;
    }
    json_t *problem = fus_problem_json(code, fus_error_info(code)->http_status, detail);
    if (problem != NULL && pointer != NULL && pointer[0] != '\0')
        json_object_set_new(
            problem, "errors",
            json_pack("[{s:s, s:s, s:s}]", "pointer", pointer, "code", name, "detail", detail));
    return problem;
}

static void add_fixed(json_t *view, struct fus_api *api, const struct fus_http_request *request,
                      const struct fus_job *job, const char *object, const json_t *error)
{
    json_object_set_new(view, "job_id", json_string(job->id));
    json_object_set_new(view, "status", json_string(fus_job_state_name(job->state)));
    json_object_set_new(view, "progress", json_integer(job->progress));
    json_object_set_new(view, "step", json_string(job->step));
    json_object_set_new(view, "estimated_finish_time", estimate(job));
    json_object_set_new(view, "created_at", time_json(job->created_us));
    json_object_set_new(view, "updated_at", time_json(job->updated_us));
    json_object_set_new(view, "result_url", result_url(api, request, job, object));
    json_t *message = json_object_get(error, "detail");
    json_object_set_new(view, "error_message",
                        message != NULL ? json_incref(message) : json_null());
}

static json_t *milliseconds(const json_t *timings, const char *name)
{
    return json_integer((json_int_t)(json_number_value(json_object_get(timings, name)) + 0.5));
}

static json_t *timings_json(const struct fus_job *job, const json_t *result)
{
    const json_t *timings = json_object_get(result, "timings");
    static const char *const names[] = {"fetch_ms",   "probe_ms", "decode_ms",
                                        "analyse_ms", "swap_ms",  "encode_ms",
                                        "label_ms",   "store_ms", "total_ms"};
    int64_t queued = job->started_us > 0 ? job->started_us - job->created_us : 0;
    json_t *view = json_pack("{s:I}", "queue_ms", (json_int_t)(FUS_MAX(queued, 0) / 1000));
    for (size_t i = 0; i < FUS_COUNT(names); i++)
        json_object_set_new(view, names[i], milliseconds(timings, names[i]));
    return view;
}

static json_t *faces_json(const json_t *result)
{
    json_t *faces = json_object_get(result, "faces");
    return faces != NULL ? json_incref(faces)
                         : json_pack("{s:i, s:i}", "source", 0, "target_max", 0);
}

/* What the output says about itself: the IPTC term of its digital source type. */
static json_t *labels_json(const json_t *result)
{
    const char *term = json_string_value(json_object_get(result, "label"));
    return term != NULL && term[0] != '\0' ? json_pack("{s:s}", "digital_source_type", term)
                                           : json_object();
}

static json_t *output_json(const struct fus_job *job, const json_t *result)
{
    static const char *const names[] = {
        "container",        "is_video",  "width",       "height", "frames",
        "duration_seconds", "fps",       "bytes",       "sha256", "frames_with_faces",
        "faces_changed",    "has_audio", "audio_copied"};
    if (job->state != FUS_JOB_COMPLETED || result == NULL)
        return json_null();
    json_t *view = json_object();
    for (size_t i = 0; i < FUS_COUNT(names); i++) {
        json_t *value = json_object_get(result, names[i]);
        if (value != NULL)
            json_object_set(view, names[i], value);
    }
    return view;
}

static json_t *links_json(const struct fus_job *job)
{
    json_t *links = json_pack("{s:o, s:o, s:o}", "self", json_sprintf("/api/v1/jobs/%s", job->id),
                              "status", json_sprintf("/api/v1/jobs/%s/status", job->id), "result",
                              json_sprintf("/api/v1/jobs/%s/result", job->id));
    if (!fus_job_state_terminal(job->state))
        json_object_set_new(links, "cancel", json_sprintf("/api/v1/jobs/%s/cancel", job->id));
    return links;
}

static json_t *queue_position(struct fus_api *api, const struct fus_job *job)
{
    int64_t position = 0;
    if (job->state != FUS_JOB_QUEUED ||
        fus_store_queue_position(api->options.store, job, &position, NULL) != 0)
        return json_null();
    return json_integer(position);
}

static void add_rest(json_t *view, struct fus_api *api, const struct fus_job *job,
                     const json_t *result, const json_t *error)
{
    json_object_set_new(view, "started_at", time_json(job->started_us));
    json_object_set_new(view, "finished_at", time_json(job->finished_us));
    json_object_set_new(view, "expires_at", time_json(job->expires_us));
    if (job->cancel_requested_us > 0)
        json_object_set_new(view, "cancel_requested_at", time_json(job->cancel_requested_us));
    json_object_set_new(view, "attempt", json_integer(job->attempt));
    json_object_set_new(view, "max_attempts", json_integer(job->max_attempts));
    json_object_set_new(view, "timeout_seconds", json_integer(job->timeout_seconds));
    json_object_set_new(view, "priority", json_integer(job->priority));
    json_object_set_new(view, "queue_position", queue_position(api, job));
    json_object_set_new(view, "frames_done", json_integer(job->frames_done));
    json_object_set_new(view, "frames_total", json_integer(job->frames_total));
    json_object_set_new(view, "fps", json_real(job->fps));
    json_object_set_new(view, "faces", faces_json(result));
    json_object_set_new(view, "cached", json_false());
    json_object_set_new(view, "warnings", loaded(job->warnings, json_array()));
    json_object_set_new(view, "error", json_deep_copy(error));
    json_object_set_new(view, "output", output_json(job, result));
    json_object_set_new(view, "timings", timings_json(job, result));
    json_t *models = json_object_get(result, "models");
    json_object_set_new(view, "models", models != NULL ? json_incref(models) : json_array());
    json_t *moderation = json_object_get(result, "moderation");
    json_object_set_new(view, "moderation",
                        moderation != NULL ? json_incref(moderation) : json_null());
    json_object_set_new(view, "labels", labels_json(result));
    json_object_set_new(view, "metadata", loaded(job->metadata, json_object()));
    json_object_set_new(view, "links", links_json(job));
}

json_t *fus_job_view(struct fus_api *api, const struct fus_http_request *request,
                     const struct fus_job *job, bool fixed)
{
    FUS_AUTO_JSON json_t *result = NULL;
    const char *object = fus_job_object(job, &result);
    FUS_AUTO_JSON json_t *error = error_json(job);
    FUS_AUTO_JSON json_t *view = json_object();
    add_fixed(view, api, request, job, object, error);
    if (!fixed)
        add_rest(view, api, job, result, error);
    /* A value that could not be made was not set: then a fixed key is missing. */
    return json_object_size(view) >= 9 ? FUS_TAKE(view) : NULL;
}
