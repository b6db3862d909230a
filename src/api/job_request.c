#include "api/job_request.h"

#include <stdio.h>
#include <string.h>

#include "api/job_inputs.h"
#include "api/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "facefusion/facefusion.h"
#include "media/media.h"
#include "processors/processor.h"

#define METADATA_KEYS_MAX 16
#define METADATA_BYTES_MAX 8192
#define ATTEMPTS_MAX 10

/* `later`: members of the contract that this version does not act on. */
static const struct member {
    const char *name;
    bool later;
} members[] = {
    {"source_images", false},
    {"target", false},
    {"target_image", false},
    {"target_video", false},
    {"output_format", false},
    {"parameters", false},
    {"priority", false},
    {"timeout_seconds", false},
    {"max_attempts", false},
    {"metadata", false},
    {"cache", false},
    {"engine", false},
    {"webhook", true},
    {"consent", true},
    {"labels", true},
    {"deadline", true},
    {"queue_timeout_seconds", true},
};

static const struct member *find_member(const char *name)
{
    for (size_t i = 0; i < FUS_COUNT(members); i++)
        if (strcmp(members[i].name, name) == 0)
            return &members[i];
    return NULL;
}

static void unknown_member(const char *name, struct fus_error_list *errors)
{
    char pointer[96];
    const char *nearest = NULL;
    unsigned best = 4;
    fus_json_pointer(pointer, "", name);
    for (size_t i = 0; i < FUS_COUNT(members) && strlen(name) < 64; i++) {
        unsigned distance = fus_edit_distance(members[i].name, name);
        if (distance < best) {
            best = distance;
            nearest = members[i].name;
        }
    }
    if (nearest != NULL)
        fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, pointer,
                           "There is no member \"%.60s\": did you mean \"%s\"?", name, nearest);
    else if (fus_param_find(fus_processors_schema(), name) != NULL)
        fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, pointer,
                           "\"%.60s\" is a parameter: it belongs into \"parameters\".", name);
    else
        fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, pointer,
                           "There is no member \"%.60s\".", name);
}

static void check_members(const json_t *body, struct fus_error_list *errors)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)body, name, value)
    {
        const struct member *member = find_member(name);
        if (member == NULL) {
            unknown_member(name, errors);
        } else if (member->later && !json_is_null(value)) {
            char pointer[96];
            fus_json_pointer(pointer, "", name);
            fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, pointer,
                               "\"%s\" is not supported in this version.", name);
        }
    }
}

static int64_t take_int(const json_t *body, const char *name, int64_t min, int64_t max,
                        int64_t otherwise, struct fus_error_list *errors)
{
    const json_t *value = json_object_get(body, name);
    char pointer[96];
    if (value == NULL)
        return otherwise;
    if (json_is_integer(value) && json_integer_value(value) >= min &&
        json_integer_value(value) <= max)
        return json_integer_value(value);
    fus_json_pointer(pointer, "", name);
    fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, pointer,
                       "This must be an integer from %lld to %lld.", (long long)min,
                       (long long)max);
    return otherwise;
}

/* Formats that have a place for the label and that this version writes. */
static const char *take_format(const json_t *body, struct fus_error_list *errors)
{
    const json_t *value = json_object_get(body, "output_format");
    const char *text = json_string_value(value);
    struct fus_error reason = {0};
    if (value == NULL || json_is_null(value))
        return NULL;
    enum fus_container container = fus_container_from_name(text);
    if (container != FUS_CONTAINER_UNKNOWN && fus_container_check_output(container, &reason) == 0)
        return fus_container_name(container);
    fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, "/output_format", "%s",
                       container != FUS_CONTAINER_UNKNOWN
                           ? reason.detail
                           : "Output formats are mp4, mov, m4v, mkv, webm, avi, wmv for clips and "
                             "jpg, png, webp, tiff for stills.");
    return NULL;
}

/* true: FaceFusion is to do it, and it is there. */
static bool take_engine(const struct fus_api *api, const json_t *body,
                        struct fus_error_list *errors)
{
    const json_t *value = json_object_get(body, "engine");
    const char *text = json_string_value(value);
    struct fus_error err = {0};
    if (value == NULL || json_is_null(value) || (text != NULL && strcmp(text, "native") == 0))
        return false;
    if (text == NULL || strcmp(text, "facefusion") != 0) {
        fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, "/engine",
                           "This must be \"native\" or \"facefusion\".");
        return false;
    }
    if (fus_facefusion_available(api->options.config, &err) != 0)
        fus_error_list_add(errors, err.code, err.pointer, "%s", err.detail);
    return true;
}

static void take_cache(const json_t *body, struct fus_error_list *errors)
{
    const json_t *value = json_object_get(body, "cache");
    const char *text = json_string_value(value);
    if (value == NULL || (text != NULL && (strcmp(text, "use") == 0 || strcmp(text, "off") == 0 ||
                                           strcmp(text, "refresh") == 0)))
        return;
    fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, "/cache",
                       "This must be \"use\", \"refresh\" or \"off\".");
}

static char *take_metadata(const json_t *body, struct fus_error_list *errors)
{
    const json_t *value = json_object_get(body, "metadata");
    if (value == NULL)
        return fus_strdup("{}");
    if (!json_is_object(value) || json_object_size(value) > METADATA_KEYS_MAX) {
        fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, "/metadata",
                           "This must be an object of at most %d members.", METADATA_KEYS_MAX);
        return fus_strdup("{}");
    }
    char *dumped = json_dumps(value, JSON_COMPACT);
    char *text = fus_strdup(dumped);
    free(dumped);
    if (text != NULL && strlen(text) > METADATA_BYTES_MAX)
        fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, "/metadata",
                           "This is larger than %d bytes.", METADATA_BYTES_MAX);
    return text;
}

/* ---- parameters ---- */

/* The given ones, with the processor of a short cut put in. New reference. */
static json_t *preset_parameters(const json_t *given, const char *preset,
                                 struct fus_error_list *errors)
{
    json_t *parameters = given != NULL ? json_copy((json_t *)(uintptr_t)given) : json_object();
    if (preset == NULL)
        return parameters;
    if (json_object_get(parameters, "processors") != NULL)
        fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, "/parameters/processors",
                           "This address stands for \"%s\"; use /api/v1/jobs for other processors.",
                           preset);
    json_object_set_new(parameters, "processors", json_pack("[s]", preset));
    return parameters;
}

static bool needs_source(const struct fus_params *params, bool second)
{
    /* What FaceFusion's processors need it says itself. */
    for (size_t i = 0; i < fus_params_list_count(params, "processors"); i++) {
        const struct fus_processor_descriptor *found =
            fus_processor_find(fus_params_list_text(params, "processors", i));
        if (!second && found != NULL && (found->needs & FUS_NEEDS_SOURCE_FACE) != 0)
            return true;
    }
    return false;
}

/* The values as they are kept: canonical, and the processors by name even when they were left out.
 */
static json_t *kept_parameters(const struct fus_params *params)
{
    json_t *kept = fus_params_to_json(params);
    json_t *names = json_array();
    for (size_t i = 0; i < fus_params_list_count(params, "processors"); i++)
        json_array_append_new(names, json_string(fus_params_list_text(params, "processors", i)));
    json_object_set_new(kept, "processors", names);
    return kept;
}

static char *ignored_warnings(const struct fus_params *params, bool second)
{
    if (second)
        return fus_strdup("[]"); /* the other engine acts on them */
    FUS_AUTO_STR struct fus_str text = {0};
    const char *name = NULL;
    fus_str_append(&text, "[");
    for (size_t i = 0; (name = fus_params_ignored(params, i)) != NULL; i++)
        fus_str_printf(&text,
                       "%s{\"code\":\"parameter_ignored\",\"detail\":\"%s is accepted and has no "
                       "effect.\"}",
                       i > 0 ? "," : "", name);
    fus_str_append(&text, "]");
    return fus_str_take(&text);
}

static int check_parameters(struct fus_api *api, const json_t *body, const char *preset,
                            bool second, struct fus_params *params, struct fus_error_list *errors)
{
    if (second)
        fus_params_take_later(params);
    const json_t *given = json_object_get(body, "parameters");
    if (given != NULL && !json_is_object(given)) {
        fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, "/parameters",
                           "This must be an object.");
        given = NULL;
    }
    FUS_AUTO_JSON json_t *parameters = preset_parameters(given, preset, errors);
    int rc = fus_facefusion_ini_apply(api->options.defaults, second, params, NULL);
    if (rc == 0)
        rc = fus_params_take_json(params, parameters, "/parameters", errors);
    if (rc == FUS_E_OUT_OF_MEMORY)
        return rc;
    if (second) {
        fus_facefusion_check(params, api->options.models, api->options.config->gate, "/parameters",
                             errors);
        return 0;
    }
    fus_processors_check(params, api->options.models, "/parameters", errors);
    if (errors->count == 0)
        fus_processors_check_gate(params, api->options.models, api->options.config->gate,
                                  "/parameters", errors);
    return 0;
}

/* ---- the whole ---- */

static char *dump(json_t *json)
{
    char *dumped = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    char *text = fus_strdup(dumped);
    free(dumped);
    return text;
}

static int check_all(struct fus_api *api, const json_t *body, const struct fus_form *form,
                     const char *preset, const char *digest, struct fus_params *params,
                     struct fus_job *job, struct fus_error_list *errors)
{
    const struct fus_config *config = api->options.config;
    check_members(body, errors);
    bool second = take_engine(api, body, errors);
    int rc = check_parameters(api, body, preset, second, params, errors);
    if (rc != 0)
        return rc;
    FUS_AUTO_JSON json_t *sources =
        fus_job_sources(api, body, form, needs_source(params, second), errors);
    FUS_AUTO_JSON json_t *target = fus_job_target(api, body, form, errors);
    fus_job_unused_parts(sources, target, form, errors);
    const char *format = take_format(body, errors);
    take_cache(body, errors);
    job->priority = (int)take_int(body, "priority", 0, 9, 5, errors);
    job->max_attempts =
        (int)take_int(body, "max_attempts", 1, ATTEMPTS_MAX, config->max_attempts, errors);
    job->timeout_seconds = take_int(body, "timeout_seconds", 1, config->timeout_seconds,
                                    config->timeout_seconds, errors);
    job->metadata = take_metadata(body, errors);
    if (errors->count > 0)
        return errors->items[0].code;
    FUS_AUTO_JSON json_t *kept =
        json_pack("{s:O, s:O, s:s?, s:o}", "sources", sources, "target", target, "output_format",
                  format, "parameters", kept_parameters(params));
    if (digest != NULL)
        json_object_set_new(kept, "idempotency", json_string(digest));
    if (second)
        json_object_set_new(kept, "engine", json_string("facefusion"));
    job->request = dump(kept);
    job->warnings = ignored_warnings(params, second);
    return job->request != NULL && job->warnings != NULL && job->metadata != NULL
               ? 0
               : FUS_E_OUT_OF_MEMORY;
}

int fus_job_request_check(struct fus_api *api, const json_t *body, const struct fus_form *form,
                          const char *preset, const char *digest, struct fus_job *job,
                          struct fus_error_list *errors)
{
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = fus_params_new(fus_processors_schema());
    int rc = params == NULL ? FUS_E_OUT_OF_MEMORY
                            : check_all(api, body, form, preset, digest, params, job, errors);
    if (rc == FUS_E_OUT_OF_MEMORY && errors->count == 0)
        fus_error_list_add(errors, rc, "", "No memory to check the request.");
    return rc;
}

/* ---- a form's texts ---- */

/* `output_format=mp4` is a string, `priority=7` and `parameters={…}` are JSON. */
static json_t *text_value(const char *name, const char *text)
{
    json_t *value = NULL;
    bool is_text = strcmp(name, "output_format") == 0 || strncmp(name, "target", 6) == 0 ||
                   strcmp(name, "cache") == 0 || strcmp(name, "engine") == 0;
    if (!is_text && fus_json_parse(text, strlen(text), &value, NULL) == 0)
        return value;
    return json_string(text);
}

static int merge_text(json_t *body, const struct fus_form_part *part, struct fus_error *err)
{
    if (strncmp(part->name, "source", 6) == 0) {
        json_t *list = json_object_get(body, "source_images");
        if (list == NULL) {
            list = json_array();
            json_object_set_new(body, "source_images", list);
        }
        return json_array_append_new(list, json_string(part->text)) == 0
                   ? 0
                   : fus_error_set(err, FUS_E_INVALID_REQUEST, "source_images is given twice.");
    }
    if (json_object_get(body, part->name) != NULL)
        return fus_error_set(err, FUS_E_INVALID_REQUEST, "\"%.60s\" is given twice.", part->name);
    return json_object_set_new(body, part->name, text_value(part->name, part->text)) == 0
               ? 0
               : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to read the request.");
}

int fus_job_request_from_form(const struct fus_form *form, json_t **body, struct fus_error *err)
{
    FUS_AUTO_JSON json_t *merged = NULL;
    for (size_t i = 0; i < form->count; i++) {
        const struct fus_form_part *part = &form->parts[i];
        if (part->text == NULL || strcmp(part->name, "request") != 0)
            continue;
        if (merged != NULL)
            return fus_error_set(err, FUS_E_INVALID_REQUEST, "The part \"request\" came twice.");
        int rc = fus_json_parse(part->text, strlen(part->text), &merged, err);
        if (rc != 0)
            return rc;
        if (!json_is_object(merged))
            return fus_error_set(err, FUS_E_INVALID_REQUEST,
                                 "The part \"request\" must be a JSON object.");
    }
    if (merged == NULL)
        merged = json_object();
    for (size_t i = 0; i < form->count; i++) {
        const struct fus_form_part *part = &form->parts[i];
        if (part->text == NULL || strcmp(part->name, "request") == 0)
            continue;
        int rc = merge_text(merged, part, err);
        if (rc != 0)
            return rc;
    }
    *body = FUS_TAKE(merged);
    return 0;
}
