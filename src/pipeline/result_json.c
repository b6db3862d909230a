/* The result as JSON and back. It comes back from a worker that has decoded hostile bytes, so every
 * member is checked like any other outside text. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "pipeline/pipeline.h"

static const struct {
    const char *name;
    size_t offset;
} timing_fields[] = {
    {"probe_ms", offsetof(struct fus_pipeline_timings, probe_ms)},
    {"decode_ms", offsetof(struct fus_pipeline_timings, decode_ms)},
    {"analyse_ms", offsetof(struct fus_pipeline_timings, analyse_ms)},
    {"swap_ms", offsetof(struct fus_pipeline_timings, swap_ms)},
    {"encode_ms", offsetof(struct fus_pipeline_timings, encode_ms)},
    {"label_ms", offsetof(struct fus_pipeline_timings, label_ms)},
    {"total_ms", offsetof(struct fus_pipeline_timings, total_ms)},
};

static double *timing(struct fus_pipeline_timings *timings, size_t index)
{
    return (double *)(void *)((char *)timings + timing_fields[index].offset);
}

static json_t *timings_to_json(const struct fus_pipeline_timings *timings)
{
    struct fus_pipeline_timings copy = *timings;
    json_t *object = json_object();

    for (size_t i = 0; object && i < FUS_COUNT(timing_fields); i++)
        json_object_set_new(object, timing_fields[i].name,
                            json_real(round(*timing(&copy, i) * 1000.0) / 1000.0));
    return object;
}

static json_t *models_to_json(const struct fus_pipeline_result *result)
{
    json_t *array = json_array();

    for (size_t i = 0; array && i < result->model_count; i++)
        json_array_append_new(array, json_pack("{s:s,s:s,s:s}", "id", result->models[i].id, "role",
                                               result->models[i].role, "sha256",
                                               result->models[i].sha256));
    return array;
}

json_t *fus_pipeline_result_to_json(const struct fus_pipeline_result *result)
{
    return json_pack(
        "{s:s,s:b,s:i,s:i,s:I,s:f,s:f,s:I,s:s,s:{s:i,s:i},s:I,s:I,s:b,s:b,s:s,s:o,s:o,s:o}",
        "container", fus_container_name(result->container), "is_video", result->is_video, "width",
        result->width, "height", result->height, "frames", (json_int_t)result->frames,
        "duration_seconds", result->duration_seconds, "fps", result->fps, "bytes",
        (json_int_t)result->bytes, "sha256", result->sha256, "faces", "source",
        result->faces_source, "target_max", result->faces_target_max, "frames_with_faces",
        (json_int_t)result->frames_with_faces, "faces_changed", (json_int_t)result->faces_changed,
        "has_audio", result->has_audio, "audio_copied", result->audio_copied, "label",
        result->label_term, "timings", timings_to_json(&result->timings), "models",
        models_to_json(result), "moderation", fus_moderation_to_json(&result->moderation));
}

static bool take_text(const json_t *object, const char *name, char *to, size_t size)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text && fus_strlcpy(to, text, size);
}

static bool take_count(const json_t *object, const char *name, int64_t max, int64_t *to)
{
    const json_t *value = json_object_get(object, name);
    json_int_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < 0 || number > max)
        return false;
    *to = number;
    return true;
}

static bool take_int(const json_t *object, const char *name, int *to)
{
    int64_t number;

    if (!take_count(object, name, INT32_MAX, &number))
        return false;
    *to = (int)number;
    return true;
}

static bool take_real(const json_t *object, const char *name, double *to)
{
    const json_t *value = json_object_get(object, name);
    double number = json_number_value(value);

    if (!json_is_number(value) || !isfinite(number) || number < 0)
        return false;
    *to = number;
    return true;
}

static bool take_bool(const json_t *object, const char *name, bool *to)
{
    const json_t *value = json_object_get(object, name);

    *to = json_is_true(value);
    return json_is_boolean(value);
}

static bool take_timings(const json_t *object, struct fus_pipeline_timings *timings)
{
    for (size_t i = 0; i < FUS_COUNT(timing_fields); i++) {
        if (!take_real(object, timing_fields[i].name, timing(timings, i)))
            return false;
    }
    return true;
}

static bool take_models(const json_t *array, struct fus_pipeline_result *result)
{
    size_t count = json_array_size(array);

    if (!json_is_array(array) || count > FUS_COUNT(result->models))
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(array, i);

        if (!take_text(row, "id", result->models[i].id, sizeof(result->models[i].id)) ||
            !take_text(row, "role", result->models[i].role, sizeof(result->models[i].role)) ||
            !take_text(row, "sha256", result->models[i].sha256, sizeof(result->models[i].sha256)))
            return false;
    }
    result->model_count = count;
    return true;
}

static bool is_sha256(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool take_result(const json_t *json, struct fus_pipeline_result *result)
{
    const json_t *faces = json_object_get(json, "faces");
    const char *container = json_string_value(json_object_get(json, "container"));

    if (!container)
        return false;
    result->container = fus_container_from_name(container);
    return fus_container_check_output(result->container, NULL) == 0 &&
           take_bool(json, "is_video", &result->is_video) &&
           take_int(json, "width", &result->width) && take_int(json, "height", &result->height) &&
           take_count(json, "frames", INT64_MAX, &result->frames) &&
           take_real(json, "duration_seconds", &result->duration_seconds) &&
           take_real(json, "fps", &result->fps) &&
           take_count(json, "bytes", INT64_MAX, &result->bytes) &&
           take_text(json, "sha256", result->sha256, sizeof(result->sha256)) &&
           is_sha256(result->sha256) && take_int(faces, "source", &result->faces_source) &&
           take_int(faces, "target_max", &result->faces_target_max) &&
           take_count(json, "frames_with_faces", INT64_MAX, &result->frames_with_faces) &&
           take_count(json, "faces_changed", INT64_MAX, &result->faces_changed) &&
           take_bool(json, "has_audio", &result->has_audio) &&
           take_bool(json, "audio_copied", &result->audio_copied) &&
           take_text(json, "label", result->label_term, sizeof(result->label_term)) &&
           take_timings(json_object_get(json, "timings"), &result->timings) &&
           take_models(json_object_get(json, "models"), result) &&
           fus_moderation_from_json(json_object_get(json, "moderation"), &result->moderation);
}

int fus_pipeline_result_from_json(const json_t *json, struct fus_pipeline_result *result)
{
    struct fus_pipeline_result made = {0};

    if (!take_result(json, &made))
        return FUS_E_INVALID_REQUEST;
    *result = made;
    return 0;
}
