#include "api/job_inputs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "api/json.h"
#include "base/fs.h"

static const char *const source_parts[] = {"source_images", "source_images[]", "source", "sources"};
static const char *const target_parts[] = {"target", "target_video", "target_image"};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* ---- one input ---- */

static json_t *upload_json(const struct fus_form_part *part, const char *pointer,
                           struct fus_error_list *errors)
{
    if (part->size == 0) {
        fus_error_list_add(errors, FUS_E_UNSUPPORTED_MEDIA, pointer,
                           "The file \"%.100s\" is empty.", part->filename);
        return NULL;
    }
    return json_pack("{s:s, s:s, s:s, s:s}", "kind", "upload", "file", part->file, "name",
                     part->filename[0] != '\0' ? part->filename : part->name, "sha256",
                     part->sha256);
}

static json_t *part_json(const char *name, const struct fus_form *form, const char *pointer,
                         struct fus_error_list *errors)
{
    for (size_t i = 0; form != NULL && i < form->count; i++)
        if (form->parts[i].file[0] != '\0' && strcmp(form->parts[i].name, name) == 0)
            return upload_json(&form->parts[i], pointer, errors);
    fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, pointer,
                       "The request has no file part named \"%.100s\".", name);
    return NULL;
}

static json_t *path_json(struct fus_api *api, const char *path, const char *pointer,
                         struct fus_error_list *errors)
{
    struct fus_error err = {0};
    struct stat facts = {0};
    FUS_AUTO_FD int fd = -1;
    const struct fus_config *config = api->options.config;
    if (fus_storage_open_input(api->options.storage, path, &fd, &err) != 0 ||
        fstat(fd, &facts) != 0) {
        fus_error_list_add(errors, err.code != 0 ? err.code : FUS_E_SOURCE_FETCH_FAILED, pointer,
                           "%s", err.detail);
        return NULL;
    }
    if (facts.st_size == 0) {
        fus_error_list_add(errors, FUS_E_UNSUPPORTED_MEDIA, pointer, "\"%.100s\" is empty.", path);
        return NULL;
    }
    if ((uint64_t)facts.st_size > config->max_file_bytes) {
        fus_error_list_add(errors, FUS_E_MEDIA_TOO_LARGE, pointer,
                           "\"%.100s\" is larger than %llu bytes.", path,
                           (unsigned long long)config->max_file_bytes);
        return NULL;
    }
    return json_pack("{s:s, s:s}", "kind", "path", "value", path);
}

/* "https:", "s3:", "data:" and any other scheme; a path may hold a colon, but not in such a place.
 */
static bool has_scheme(const char *text)
{
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) ||
           (length > 0 && strchr("+-.", text[length]) != NULL && text[length] != '\0'))
        length++;
    return length > 1 && text[length] == ':' &&
           (text[length + 1] == '/' || strncmp(text, "data:", 5) == 0);
}

static json_t *input_json(struct fus_api *api, const json_t *value, const struct fus_form *form,
                          const char *pointer, struct fus_error_list *errors)
{
    const char *text = json_string_value(value);
    if (text == NULL) {
        fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, pointer, "This must be a string.");
        return NULL;
    }
    if (strncmp(text, "part:", 5) == 0)
        return part_json(text + 5, form, pointer, errors);
    if (strncmp(text, "upl_", 4) == 0 || has_scheme(text)) {
        fus_error_list_add(
            errors, FUS_E_INVALID_PARAMETER, pointer,
            "This version takes paths beneath its input folders and files sent as "
            "multipart parts; uploads by id, https, s3 and data sources come later.");
        return NULL;
    }
    return path_json(api, text, pointer, errors);
}

/* ---- sources ---- */

static void add(json_t *list, json_t *item)
{
    if (item != NULL)
        json_array_append_new(list, item);
}

static size_t add_source_parts(json_t *list, const struct fus_form *form,
                               struct fus_error_list *errors)
{
    size_t count = 0;
    for (size_t i = 0; form != NULL && i < form->count; i++) {
        const struct fus_form_part *part = &form->parts[i];
        if (part->file[0] == '\0' || !is_one_of(part->name, source_parts, FUS_COUNT(source_parts)))
            continue;
        add(list, upload_json(part, "/source_images", errors));
        count++;
    }
    return count;
}

json_t *fus_job_sources(struct fus_api *api, const json_t *body, const struct fus_form *form,
                        bool needed, struct fus_error_list *errors)
{
    json_t *list = json_array();
    const json_t *given = json_object_get(body, "source_images");
    size_t max = (size_t)api->options.config->max_sources, count = 0;
    if (given == NULL) {
        count = add_source_parts(list, form, errors);
    } else if (json_is_string(given)) {
        add(list, input_json(api, given, form, "/source_images", errors));
        count = 1;
    } else if (json_is_array(given)) {
        count = json_array_size(given);
        for (size_t i = 0; i < FUS_MIN(count, max); i++) {
            char pointer[96];
            snprintf(pointer, sizeof(pointer), "/source_images/%zu", i);
            add(list, input_json(api, json_array_get(given, i), form, pointer, errors));
        }
    } else {
        fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, "/source_images",
                           "This must be an array of strings.");
        return list;
    }
    if (count > max)
        fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, "/source_images",
                           "At most %zu source pictures are taken.", max);
    else if (count == 0 && needed)
        fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, "/source_images",
                           "At least one picture with the face to put in is needed.");
    return list;
}

/* ---- target ---- */

json_t *fus_job_target(struct fus_api *api, const json_t *body, const struct fus_form *form,
                       struct fus_error_list *errors)
{
    const char *found = NULL;
    const struct fus_form_part *file = NULL;
    char pointer[96] = "/target";
    for (size_t i = 0; i < FUS_COUNT(target_parts); i++) {
        if (json_object_get(body, target_parts[i]) == NULL)
            continue;
        fus_json_pointer(pointer, "", target_parts[i]);
        if (found != NULL)
            fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, pointer,
                               "Only one of target, target_image and target_video may be given.");
        found = target_parts[i];
    }
    if (found != NULL) {
        fus_json_pointer(pointer, "", found);
        return input_json(api, json_object_get(body, found), form, pointer, errors);
    }
    for (size_t i = 0; form != NULL && i < form->count; i++) {
        const struct fus_form_part *part = &form->parts[i];
        if (part->file[0] == '\0' || !is_one_of(part->name, target_parts, FUS_COUNT(target_parts)))
            continue;
        if (file != NULL)
            fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, "/target",
                               "More than one target file was sent.");
        file = part;
    }
    if (file != NULL)
        return upload_json(file, "/target", errors);
    fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, "/target",
                       "A target is needed: target, target_image or target_video.");
    return NULL;
}

static bool refers_to(const json_t *input, const char *file)
{
    const char *used = json_string_value(json_object_get(input, "file"));
    return used != NULL && strcmp(used, file) == 0;
}

void fus_job_unused_parts(const json_t *sources, const json_t *target, const struct fus_form *form,
                          struct fus_error_list *errors)
{
    for (size_t i = 0; form != NULL && i < form->count; i++) {
        const struct fus_form_part *part = &form->parts[i];
        bool used = part->file[0] == '\0' || part->size == 0 || refers_to(target, part->file);
        for (size_t k = 0; !used && k < json_array_size(sources); k++)
            used = refers_to(json_array_get(sources, k), part->file);
        if (!used)
            fus_error_list_add(errors, FUS_E_INVALID_PARAMETER, "",
                               "The file part \"%.60s\" is not used: name it source_images or "
                               "target, or refer to it as \"part:%.60s\" in the request.",
                               part->name, part->name);
    }
}
