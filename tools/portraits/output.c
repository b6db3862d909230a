#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "media/still.h"
#include "media/writer.h"

#define VOICE_RATE 44100

static enum fus_container container_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? fus_container_from_name(dot + 1) : FUS_CONTAINER_UNKNOWN;
}

int pt_output_still(const char *path, const struct fus_image *bgr, struct fus_error *err)
{
    struct fus_still still = {.image = *bgr, .container = container_of(path)};
    struct fus_still_options options = {.container = still.container, .quality = 92};
    FUS_AUTO_FREE uint8_t *bytes = NULL;
    size_t size = 0;
    if (options.container != FUS_CONTAINER_PNG && options.container != FUS_CONTAINER_JPEG &&
        options.container != FUS_CONTAINER_WEBP) {
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "a still ends in .png, .jpg or .webp");
    }
    int rc = fus_still_encode(&still, &options, &bytes, &size, err);
    return rc ? rc : fus_fs_write_atomic(path, bytes, size, 0644, err);
}

int pt_output_truth(const char *path, const struct pt_scene_spec *spec,
                    const struct pt_truth *truth, struct fus_error *err)
{
    FUS_AUTO_FREE char *faces = fus_malloc(PT_TRUTH_JSON_MAX);
    FUS_AUTO_FREE char *text = fus_malloc(PT_TRUTH_JSON_MAX + 128);
    if (!faces || !text) {
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "no memory for the truth");
    }
    pt_truth_json(truth, spec->people, faces, PT_TRUTH_JSON_MAX);
    int n =
        snprintf(text, PT_TRUTH_JSON_MAX + 128, "{\"width\": %d, \"height\": %d, \"faces\": %s}\n",
                 spec->width, spec->height, faces);
    return fus_fs_write_atomic(path, text, (size_t)n, 0644, err);
}

static void close_file(FILE **file)
{
    if (*file) {
        (void)fclose(*file);
    }
}

struct recording {
    struct pt_scene *scene;
    struct fus_writer *writer;
    FILE *truth;
    struct pt_voice voice;
    int64_t samples;
};

static int record_sound(struct recording *r, const struct pt_scene_spec *spec,
                        const struct pt_clip *clip, double until, struct fus_error *err)
{
    float block[1024];
    int64_t end = (int64_t)(until * VOICE_RATE);
    int rc = 0;
    while (rc == 0 && r->samples < end) {
        size_t count = (size_t)FUS_MIN(end - r->samples, (int64_t)FUS_COUNT(block));
        pt_voice_make(&r->voice, clip->script, spec->sitters[0].seed, VOICE_RATE, r->samples, block,
                      count);
        rc = fus_writer_put_pcm(r->writer, block, count, err);
        r->samples += (int64_t)count;
    }
    return rc;
}

static int record_frame(struct recording *r, const struct pt_scene_spec *spec,
                        const struct pt_clip *clip, int64_t index, const struct fus_image *bgr,
                        char *json, struct fus_error *err)
{
    struct pt_pose poses[PT_PEOPLE_MAX];
    struct pt_truth truth[PT_PEOPLE_MAX];
    double at = (double)index / clip->fps;
    for (int i = 0; i < spec->people; i++) {
        pt_script_pose(clip->script, spec->sitters[i].seed, at, &poses[i]);
        poses[i].yaw += clip->yaw;
    }
    int rc =
        pt_scene_render(r->scene, poses, spec->sitters[0].seed + (uint32_t)index, bgr, truth, err);
    rc = rc ? rc : fus_writer_put_image(r->writer, bgr, (int64_t)(at * 1e6 + 0.5), err);
    if (rc == 0 && r->truth) {
        pt_truth_json(truth, spec->people, json, PT_TRUTH_JSON_MAX);
        if (fprintf(r->truth, "%s\n{\"index\": %lld, \"time\": %.6f, \"faces\": %s}",
                    index ? "," : "", (long long)index, at, json) < 0) {
            rc = fus_error_errno(err, errno, "the truth could not be written");
        }
    }
    return rc;
}

int pt_output_clip(const char *path, const char *truth_path, const struct pt_scene_spec *spec,
                   const struct pt_clip *clip, struct fus_error *err)
{
    FUS_CLEANUP(pt_scene_free) struct pt_scene *scene = NULL;
    FUS_CLEANUP(fus_writer_free) struct fus_writer *writer = NULL;
    __attribute__((cleanup(close_file))) FILE *truth = NULL;
    FUS_AUTO_IMAGE struct fus_image bgr = {0};
    FUS_AUTO_FREE char *json = fus_malloc(PT_TRUTH_JSON_MAX);
    struct fus_writer_options options;
    fus_writer_options_default(&options);
    options.container = container_of(path);
    options.quality = 70;
    options.threads = 1;
    struct fus_writer_spec video = {.width = spec->width,
                                    .height = spec->height,
                                    .format = FUS_PIXEL_YUV420P8,
                                    .fps = clip->fps,
                                    .matrix = FUS_MATRIX_BT709,
                                    .audio_rate = clip->sound ? VOICE_RATE : 0,
                                    .audio_channels = clip->sound ? 1 : 0};
    int rc = json ? pt_scene_open(spec, &scene, err)
                  : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "no memory");
    rc = rc ? rc : fus_image_alloc(&bgr, FUS_PIXEL_BGR8, spec->width, spec->height, err);
    rc = rc ? rc : fus_writer_open_spec(path, &video, &options, &writer, err);
    if (rc == 0 && truth_path) {
        truth = fopen(truth_path, "we");
        if (!truth || fprintf(truth, "{\"width\": %d, \"height\": %d, \"fps\": %.6f, \"frames\": [",
                              spec->width, spec->height, clip->fps) < 0) {
            rc = fus_error_errno(err, errno, "the truth could not be written");
        }
    }
    if (rc) {
        return rc;
    }
    struct recording recording = {
        .scene = scene, .writer = writer, .truth = truth, .voice.random = 9};
    int64_t frames = (int64_t)(clip->seconds * clip->fps + 0.5);
    for (int64_t i = 0; rc == 0 && i < frames; i++) {
        rc = record_frame(&recording, spec, clip, i, &bgr, json, err);
        if (rc == 0 && clip->sound) {
            rc = record_sound(&recording, spec, clip, (double)(i + 1) / clip->fps, err);
        }
    }
    rc = rc ? rc : fus_writer_finish(writer, err);
    if (rc == 0 && truth && (fputs("\n]}\n", truth) < 0 || fflush(truth) != 0)) {
        rc = fus_error_errno(err, errno, "the truth could not be written");
    }
    return rc;
}
