/* A job that another engine does: what comes before it, and what becomes of the file it wrote. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "media/reader.h"
#include "media/still.h"
#include "pipeline/job.h"
#include "pipeline/moderate.h"

enum { FILE_MAX = 1 << 30 };

/* Matroska and WebM take their label from the writer, and nothing is written anew here; the others
 * that are left out have no place for one. */
static bool can_label(enum fus_container container)
{
    switch (container) {
    case FUS_CONTAINER_JPEG:
    case FUS_CONTAINER_PNG:
    case FUS_CONTAINER_WEBP:
    case FUS_CONTAINER_TIFF:
    case FUS_CONTAINER_MP4:
    case FUS_CONTAINER_MOV:
    case FUS_CONTAINER_M4V:
    case FUS_CONTAINER_AVI:
    case FUS_CONTAINER_WMV:
        return true;
    default:
        return false;
    }
}

static int check_format(const struct fus_pipeline_request *request,
                        const struct fus_media_info *info, struct fus_error *err)
{
    const char *name = fus_container_name(info->container);
    if (!can_label(info->container))
        return fus_error_set_at(err, FUS_E_INVALID_PARAMETER, "/engine",
                                "FaceFusion's output has the format of the target, and a finished "
                                "file of this one cannot be labelled; jpg, png, webp, tiff, mp4, "
                                "mov, m4v, avi and wmv can.");
    if (request->output_format &&
        fus_container_from_name(request->output_format) != info->container)
        return fus_error_set_at(err, FUS_E_INVALID_PARAMETER, "/output_format",
                                "FaceFusion's output has the format of the target, which is %s.",
                                name);
    return 0;
}

/* What FaceFusion makes is a generator's. */
static int moderate(struct fus_engine *engine, const struct fus_pipeline_request *request,
                    const struct fus_media_info *info, struct fus_progress *progress,
                    struct fus_moderation *moderation, struct fus_error *err)
{
    const struct fus_params *params = request->params;
    const struct fus_moderation_request asked = {
        .models = engine->models,
        .policy = engine->gate,
        .makes_pictures = true,
        .generates = true,
        .target_path = request->target_path,
        .info = info,
        .limits = &request->limits,
        .start_frame = fus_params_has_value(params, "trim_frame_start")
                           ? fus_params_int(params, "trim_frame_start")
                           : 0,
        .end_frame = fus_params_has_value(params, "trim_frame_end")
                         ? fus_params_int(params, "trim_frame_end")
                         : 0,
        .threads = engine->threads,
    };
    return fus_moderate(&asked, progress, moderation, err);
}

int fus_pipeline_screen(struct fus_engine *engine, const struct fus_pipeline_request *request,
                        const struct fus_pipeline_events *events,
                        struct fus_pipeline_result *result, struct fus_error *err)
{
    struct fus_progress progress;
    struct fus_media_info info;
    struct fus_moderation moderation = {0};
    fus_progress_init(&progress, events);
    fus_progress_step(&progress, FUS_STEP_PROBING, 0);
    int rc = fus_media_probe(request->target_path, &request->limits, &info, err);
    if (rc == 0)
        rc = check_format(request, &info, err);
    if (rc == 0)
        rc = fus_progress_check(&progress, err);
    if (rc == 0)
        rc = moderate(engine, request, &info, &progress, &moderation, err);
    if (rc == FUS_E_CONTENT_REJECTED)
        result->moderation = moderation;
    if (rc)
        return rc;
    *result = (struct fus_pipeline_result){.container = info.container,
                                           .is_video = info.is_video,
                                           .width = info.width,
                                           .height = info.height,
                                           .moderation = moderation};
    memset(result->sha256, '0', sizeof(result->sha256) - 1);
    return 0;
}

/* ---- afterwards ---- */

static int wrong_output(struct fus_error *err, const struct fus_error *why)
{
    return fus_error_set(err, FUS_E_ENGINE_FAILED, "FaceFusion's output is not right: %s",
                         why->detail);
}

/* Every frame, so that a file that breaks off is not passed on. */
static int decode_clip(const char *path, const struct fus_pipeline_request *request, int threads,
                       struct fus_progress *progress, int64_t *frames, struct fus_error *err)
{
    const struct fus_reader_options options = {.threads = threads, .video_only = true};
    FUS_CLEANUP(fus_reader_free) struct fus_reader *reader = NULL;
    int rc = fus_reader_open(path, &request->limits, &options, &reader, err);
    while (rc == 0) {
        FUS_CLEANUP(fus_message_free) struct fus_message *message = NULL;
        rc = fus_reader_next(reader, &message, err);
        if (rc == 0 && message->kind == FUS_MESSAGE_END)
            break;
        if (rc == 0)
            rc = fus_progress_check(progress, err);
        *frames += rc == 0;
    }
    if (rc == 0 && fus_reader_skipped(reader) > 0)
        rc = fus_error_set(err, FUS_E_CORRUPT_MEDIA, "some of its frames are damaged");
    return rc;
}

static int check_made(struct fus_engine *engine, const struct fus_pipeline_request *request,
                      const char *made, struct fus_progress *progress,
                      struct fus_pipeline_result *result, struct fus_error *err)
{
    struct fus_media_info info;
    struct fus_error why = {0};
    int64_t start_us = fus_clock_monotonic_us();
    int rc = fus_media_probe(made, &request->limits, &info, &why);
    if (rc == 0 && info.container != result->container)
        rc = fus_error_set(&why, FUS_E_UNSUPPORTED_MEDIA, "it has another format than the target");
    if (rc == 0 && info.is_video) {
        rc = decode_clip(made, request, engine->threads, progress, &result->frames, &why);
    } else if (rc == 0) {
        FUS_AUTO_STILL struct fus_still still = {0};
        rc = fus_still_read(made, &request->limits, &still, &why);
    }
    if (rc == FUS_E_CANCELLED || rc == FUS_E_OUT_OF_MEMORY) {
        if (err)
            *err = why;
        return rc;
    }
    if (rc)
        return wrong_output(err, &why);
    result->width = info.width;
    result->height = info.height;
    result->fps = info.fps;
    result->duration_seconds = info.duration_seconds;
    result->has_audio = info.has_audio;
    result->timings.decode_ms = fus_clock_ms_since(start_us);
    return 0;
}

static int label_still(const char *made, enum fus_container container,
                       const struct fus_label *label, struct fus_output *output,
                       struct fus_error *err)
{
    FUS_AUTO_FREE void *bytes = NULL;
    FUS_AUTO_FREE uint8_t *labelled = NULL;
    size_t size = 0, labelled_size = 0;
    int rc = fus_fs_read(made, FILE_MAX, &bytes, &size, err);
    if (rc == 0)
        rc = fus_label_still(container, bytes, size, label, &labelled, &labelled_size, err);
    return rc == 0 ? fus_output_write(output, labelled, labelled_size, err) : rc;
}

static int label_clip(const char *made, enum fus_container container, const struct fus_label *label,
                      struct fus_output *output, struct fus_error *err)
{
    /* It is a plain file of ours on the same file system; nothing is copied. */
    if (chmod(made, 0644) != 0 || rename(made, output->temporary) != 0)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE,
                             "FaceFusion's output cannot be taken over.");
    return fus_label_clip(output->temporary, container, label, err);
}

static int adopt(struct fus_engine *engine, const struct fus_pipeline_request *request,
                 const char *made, struct fus_progress *progress, struct fus_output *output,
                 struct fus_pipeline_result *result, struct fus_error *err)
{
    const struct fus_label label = {
        .type = FUS_DST_COMPOSITE_TRAINED,
        .tool = "fusiond " FUS_VERSION,
        .job_id = request->job_id,
        .models = "engine:facefusion",
    };
    fus_progress_step(progress, FUS_STEP_ENCODING_OUTPUT, 95);
    int rc = check_made(engine, request, made, progress, result, err);
    if (rc)
        return rc;
    int64_t start_us = fus_clock_monotonic_us();
    fus_progress_step(progress, FUS_STEP_LABELLING, 97);
    rc = fus_output_open(output, request->output_path, err);
    if (rc == 0)
        rc = (result->is_video ? label_clip : label_still)(made, result->container, &label, output,
                                                           err);
    if (rc == 0)
        rc = fus_progress_check(progress, err); /* the last moment at which nothing is visible */
    if (rc == 0)
        rc = fus_output_publish(output, result->sha256, &result->bytes, err);
    if (rc)
        return rc;
    snprintf(result->label_term, sizeof(result->label_term), "%s", fus_label_term(label.type));
    result->timings.label_ms = fus_clock_ms_since(start_us);
    return 0;
}

int fus_pipeline_adopt(struct fus_engine *engine, const struct fus_pipeline_request *request,
                       const char *made, const struct fus_pipeline_events *events,
                       struct fus_pipeline_result *result, struct fus_error *err)
{
    struct fus_progress progress;
    struct fus_output output = {0};
    struct fus_media_info info;
    fus_progress_init(&progress, events);
    int rc = fus_media_probe(request->target_path, &request->limits, &info, err);
    if (rc == 0)
        rc = check_format(request, &info, err);
    if (rc)
        return rc;
    struct fus_pipeline_result got = {.container = info.container, .is_video = info.is_video};
    rc = adopt(engine, request, made, &progress, &output, &got, err);
    fus_output_done(&output);
    if (rc)
        return rc;
    *result = got;
    fus_progress_step(&progress, FUS_STEP_DONE, 100);
    return 0;
}
