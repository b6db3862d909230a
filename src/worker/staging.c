#include "worker/staging.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

enum { STREAMS_MAX = 32, SOURCES_MAX = 1024 };

struct stage {
    struct fus_storage *storage;
    const struct fus_config *config;
    const char *job_id;
    const char *folder;
};

static int bad_request(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_INTERNAL, "The stored request cannot be read.");
}

static int no_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to stage the inputs.");
}

static int stage_path(const struct stage *stage, const char *value, const char *staged_name,
                      char **path, struct fus_error *err)
{
    FUS_AUTO_FD int fd = -1;
    char sha256[FUS_SHA256_HEX_SIZE];
    int rc = fus_storage_open_input(stage->storage, value, &fd, err);
    if (rc)
        return rc;
    return fus_storage_stage(stage->storage, fd, stage->job_id, staged_name,
                             stage->config->max_file_bytes, path, sha256, err);
}

static int find_upload(const struct stage *stage, const char *file, char **path,
                       struct fus_error *err)
{
    struct stat facts;
    if (strchr(file, '/') || file[0] == '.' || file[0] == '\0')
        return bad_request(err);
    FUS_AUTO_FREE char *found = fus_fs_join(stage->folder, file);
    if (!found)
        return no_memory(err);
    if (lstat(found, &facts) != 0 || !S_ISREG(facts.st_mode))
        return fus_error_set(err, FUS_E_SOURCE_FETCH_FAILED,
                             "An uploaded file is no longer there.");
    *path = FUS_TAKE(found);
    return 0;
}

static int stage_input(const struct stage *stage, const json_t *input, const char *staged_name,
                       const char *pointer, char **path, struct fus_error *err)
{
    const char *kind = json_string_value(json_object_get(input, "kind"));
    const char *value = json_string_value(json_object_get(input, "value"));
    const char *file = json_string_value(json_object_get(input, "file"));
    int rc;
    if (fus_str_equal(kind, "path") && value)
        rc = stage_path(stage, value, staged_name, path, err);
    else if (fus_str_equal(kind, "upload") && file)
        rc = find_upload(stage, file, path, err);
    else
        rc = bad_request(err);
    if (rc && err && err->pointer[0] == '\0')
        fus_strlcpy(err->pointer, pointer, sizeof(err->pointer));
    return rc;
}

static int stage_sources(const struct stage *stage, const json_t *sources, struct fus_task *task,
                         struct fus_error *err)
{
    size_t count = json_array_size(sources);
    if (count > SOURCES_MAX)
        return bad_request(err);
    task->sources = fus_calloc(count + 1, sizeof(*task->sources));
    if (!task->sources)
        return no_memory(err);
    for (size_t i = 0; i < count; i++) {
        char name[32], pointer[48];
        snprintf(name, sizeof(name), "staged_source_%zu", i);
        snprintf(pointer, sizeof(pointer), "/source_images/%zu", i);
        int rc =
            stage_input(stage, json_array_get(sources, i), name, pointer, &task->sources[i], err);
        if (rc)
            return rc;
        task->source_count++;
    }
    return 0;
}

static void set_limits(const struct fus_config *config, struct fus_media_limits *limits)
{
    *limits = (struct fus_media_limits){
        .max_bytes = config->max_file_bytes,
        .max_pixels = config->max_pixels,
        .max_dimension = (int)FUS_CLAMP(config->max_dimension, 0, 1 << 20),
        .max_seconds = (double)config->max_video_seconds,
        .max_frames = config->max_frames,
        .max_streams = STREAMS_MAX,
    };
}

static int make_task(const struct stage *stage, const json_t *request, struct fus_task *task,
                     struct fus_error *err)
{
    const json_t *sources = json_object_get(request, "sources");
    json_t *parameters = json_object_get(request, "parameters");
    const char *format = json_string_value(json_object_get(request, "output_format"));
    if (!json_is_object(request) || (sources && !json_is_array(sources)) ||
        (parameters && !json_is_object(parameters)))
        return bad_request(err);
    task->parameters = parameters ? json_incref(parameters) : json_object();
    task->second =
        fus_str_equal(json_string_value(json_object_get(request, "engine")), "facefusion");
    task->output_format = fus_strdup(format);
    task->output = fus_fs_join(stage->folder, "result");
    if (!task->parameters || !task->output || (format && !task->output_format))
        return no_memory(err);
    if (unlink(task->output) != 0 && errno != ENOENT)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "An old result cannot be removed.");
    set_limits(stage->config, &task->limits);
    int rc = stage_sources(stage, sources, task, err);
    if (rc)
        return rc;
    return stage_input(stage, json_object_get(request, "target"), "staged_target", "/target",
                       &task->target, err);
}

int fus_stage_job(struct fus_storage *storage, const struct fus_config *config,
                  const struct fus_job *job, struct fus_task *out, struct fus_error *err)
{
    FUS_AUTO_FREE char *folder = NULL;
    int rc = fus_storage_job_dir(storage, job->id, &folder, err);
    if (rc)
        return rc;
    FUS_AUTO_TASK struct fus_task task = {.source_count = 0};
    fus_strlcpy(task.job_id, job->id, sizeof(task.job_id));
    const struct stage stage = {
        .storage = storage, .config = config, .job_id = job->id, .folder = folder};
    json_t *request = json_loads(job->request ? job->request : "", JSON_REJECT_DUPLICATES, NULL);
    rc = make_task(&stage, request, &task, err);
    json_decref(request);
    if (rc)
        return rc;
    *out = task;
    memset(&task, 0, sizeof(task));
    return 0;
}
