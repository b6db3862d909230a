/* Clips: flicker of a real one, lag on a rendered one. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "faces/tracker.h"
#include "looks.h"
#include "media/reader.h"
#include "pictures.h"
#include "processors/mesh_blend/stats.h"
#include "scene.h"
#include "script.h"
#include "vision/color.h"

#define PROTOTYPE_FLICKER 0.505f
#define FLICKER_GOAL 0.55f
#define LAG_GOAL 0.012f
#define LAG_FRAMES 200
#define LAG_FPS 25.0

/* Face planes of one frame, before and after. */
struct look_back {
    struct fus_pull pull;
    struct fus_atlas *atlas;
    float *now[2][3], *last[2][3], *lab[3];
    float *block;
    bool known;
    double sum[2], frames;
};

static void look_back_done(struct look_back *back)
{
    fus_pull_done(&back->pull);
    fus_atlas_free(back->atlas);
    fus_free(back->block);
}

static int look_back_init(struct look_back *back, struct fus_error *err)
{
    back->atlas = fus_atlas_new(FUS_ATLAS_LOW);
    if (back->atlas)
        back->block = fus_calloc(15 * fus_atlas_count(back->atlas), sizeof *back->block);
    if (!back->block)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    float *at = back->block;
    for (int c = 0; c < 3; c++)
        for (int k = 0; k < 5; k++, at += fus_atlas_count(back->atlas))
            *(k < 2 ? &back->now[k][c] : k < 4 ? &back->last[k - 2][c] : &back->lab[c]) = at;
    return 0;
}

/* Mean absolute change since the last frame, inside the face without forehead. */
static void compare(struct look_back *back)
{
    for (int k = 0; k < 2; k++) {
        double sum = 0.0, count = 0.0;
        for (size_t i = 0; i < fus_atlas_count(back->atlas); i++) {
            if (!(back->atlas->mask[FUS_ATLAS_DEPTH][i] > 0.1f &&
                  back->atlas->mask[FUS_ATLAS_FOREHEAD][i] < 0.5f))
                continue;
            for (int c = 0; c < 3; c++)
                sum += fabs((double)back->now[k][c][i] - back->last[k][c][i]);
            count += 3.0;
        }
        back->sum[k] += sum / count;
    }
    back->frames += 1.0;
}

static int look(struct look_back *back, const struct fus_image *before,
                const struct fus_image *after, const struct fus_mesh *mesh, struct fus_error *err)
{
    const float scale = 1.5f * FUS_ATLAS_LOW / mesh->scale;
    const struct fus_image *both[2] = {before, after};
    for (int k = 0; k < 2; k++) {
        const int failed = fus_pull_atlas(&back->pull, both[k], mesh, scale, back->atlas, back->lab,
                                          back->now[k], err);
        if (failed)
            return failed;
    }
    if (back->known)
        compare(back);
    for (int k = 0; k < 2; k++)
        for (int c = 0; c < 3; c++) {
            float *swap = back->last[k][c];
            back->last[k][c] = back->now[k][c];
            back->now[k][c] = swap;
        }
    back->known = true;
    return 0;
}

static const struct fus_face *largest(const struct fus_faces *faces)
{
    const struct fus_face *best = NULL;
    for (size_t i = 0; i < faces->count; i++)
        if (!best || fus_face_eye_distance(&faces->items[i]) > fus_face_eye_distance(best))
            best = &faces->items[i];
    return best;
}

static int one_frame(struct looks *looks, struct fus_tracker *tracker, struct fus_mesh_blend *blend,
                     struct look_back *back, const struct fus_frame *frame, bool yuv,
                     struct fus_error *err)
{
    FUS_AUTO_IMAGE struct fus_image before = {0}, after = {0};
    struct fus_faces faces;
    int failed = 0;
    if (yuv) {
        failed = pictures_copy(&frame->image, &before, err);
    } else {
        const struct fus_rect all = {0, 0, frame->image.width, frame->image.height};
        failed = fus_image_alloc(&before, FUS_PIXEL_BGR8, all.width, all.height, err);
        if (!failed)
            fus_color_to_bgr(&frame->image, all, before.plane[0], before.stride_bytes[0]);
    }
    if (!failed)
        failed = pictures_copy(&before, &after, err);
    if (!failed)
        failed = fus_tracker_next(tracker, &before, frame->pts_us, -1, &faces, err);
    const struct fus_face *face = failed ? NULL : largest(&faces);
    if (!failed)
        failed = fus_mesh_blend_frame(blend, &after, &face, face ? 1 : 0, frame->pts_us,
                                      frame->index, err);
    struct fus_mesh mesh;
    if (failed || !face || !fus_mesh_place(face->landmarks_68, &mesh)) {
        back->known = false;
        return failed;
    }
    if (!yuv && (frame->index == 40 || frame->index == 120 || frame->index == 200)) {
        char path[800];
        FUS_AUTO_IMAGE struct fus_image sheet = {0};
        snprintf(path, sizeof path, "%s/clip-%d.png", looks->out, (int)frame->index);
        failed = pictures_sheet(&sheet, 2, 1, err);
        for (int i = 0; !failed && i < 2; i++)
            failed = pictures_put(&sheet, i, 0, i ? &after : &before, face->points_5[2],
                                  2.6f * mesh.scale, err);
        if (!failed)
            failed = pictures_write_png(path, &sheet, err);
    }
    return failed ? failed : look(back, &before, &after, &mesh, err);
}

static int clip_flicker(struct looks *looks, bool yuv, float *ratio, struct fus_error *err)
{
    char donor_path[800], clip_path[800];
    snprintf(donor_path, sizeof donor_path, "%s/images/mona_lisa.jpg", looks->media);
    snprintf(clip_path, sizeof clip_path, "%s/video/obama_speaking.mp4", looks->media);
    FUS_AUTO_IMAGE struct fus_image donor = {0};
    float shrink;
    struct fus_faces faces;
    int failed = pictures_read(donor_path, &donor, &shrink, err);
    if (!failed)
        failed = fus_analyser_find(looks->analyser, &donor, &faces, err);
    if (!failed && faces.count == 0)
        failed = fus_error_set(err, FUS_E_NO_FACE_IN_SOURCE, "no face in the donor's picture");
    FUS_CLEANUP(fus_mesh_blend_free) struct fus_mesh_blend *blend = NULL;
    FUS_CLEANUP(fus_tracker_free) struct fus_tracker *tracker = NULL;
    FUS_CLEANUP(fus_reader_free) struct fus_reader *reader = NULL;
    __attribute__((cleanup(look_back_done))) struct look_back back = {0};
    if (!failed)
        failed = looks_blend(true, &blend, err);
    if (!failed)
        failed = fus_mesh_blend_add_donor(blend, &donor, largest(&faces)->landmarks_68, NULL, err);
    const struct fus_tracker_options options = {0};
    if (!failed)
        failed = fus_tracker_new(looks->analyser, &options, &tracker, err);
    struct fus_media_limits limits;
    fus_media_limits_default(&limits);
    const struct fus_reader_options reading = {.threads = 1, .video_only = true};
    if (!failed)
        failed = fus_reader_open(clip_path, &limits, &reading, &reader, err);
    if (!failed)
        failed = look_back_init(&back, err);
    for (bool end = false; !failed && !end;) {
        FUS_CLEANUP(fus_message_free) struct fus_message *message = NULL;
        failed = fus_reader_next(reader, &message, err);
        if (failed)
            break;
        end = message->kind == FUS_MESSAGE_END;
        if (message->kind == FUS_MESSAGE_VIDEO)
            failed = one_frame(looks, tracker, blend, &back, &message->frame, yuv, err);
    }
    *ratio = back.sum[0] > 0.0 ? (float)(back.sum[1] / back.sum[0]) : 0.0f;
    return failed;
}

int looks_flicker(struct looks *looks, struct fus_error *err)
{
    float ratio, planar;
    int failed = clip_flicker(looks, false, &ratio, err);
    if (!failed)
        failed = clip_flicker(looks, true, &planar, err);
    if (failed)
        return failed;
    looks_verdict(looks, "flicker ratio, speech clip", ratio, false, FLICKER_GOAL,
                  "prototype 0.505");
    printf("  the same in 8-bit 4:2:0 planes, whose rounding of colour adds to it: %.3f\n",
           (double)planar);
    return 0;
}

/* What is left of the error along one axis when all that depends on the pose alone (1, yaw, yaw^2)
 * is taken out: the delay, since the head turns to and fro. */
static void take_out_pose(const float *yaw, const float *error, size_t step, size_t count,
                          float *left)
{
    double m[3][4] = {{0}};
    for (size_t t = 0; t < count; t++) {
        const double basis[3] = {1.0, yaw[t] / 30.0, yaw[t] * yaw[t] / 900.0};
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++)
                m[i][j] += basis[i] * basis[j];
            m[i][3] += basis[i] * error[t * step];
        }
    }
    for (int i = 0; i < 3; i++) { /* Gauss-Jordan; the matrix is positive definite */
        const double pivot = m[i][i] > 1e-9 ? m[i][i] : 1e-9;
        for (int j = 0; j < 4; j++)
            m[i][j] /= pivot;
        for (int k = 0; k < 3; k++) {
            const double factor = m[k][i];
            for (int j = 0; k != i && j < 4; j++)
                m[k][j] -= factor * m[i][j];
        }
    }
    for (size_t t = 0; t < count; t++)
        left[t * step] = (float)(error[t * step] - m[0][3] - m[1][3] * yaw[t] / 30.0 -
                                 m[2][3] * yaw[t] * yaw[t] / 900.0);
}

struct lag_frame {
    float truth[68][2], error[68][2], left[68][2];
    float scale;
};

static int render_and_track(struct looks *looks, struct lag_frame *frames, float *yaw,
                            struct fus_error *err)
{
    const struct pt_scene_spec spec = {
        .width = 480,
        .height = 360,
        .light = (enum pt_light_kind)0,
        .background_seed = 3,
        .people = 1,
        .sitters = {{.seed = 5,
                     .tone = -1,
                     .hair_style = -1,
                     .centre_x = 240.0f,
                     .centre_y = 160.0f,
                     .eye_distance_px = 64.0f}},
    };
    FUS_CLEANUP(pt_scene_free) struct pt_scene *scene = NULL;
    FUS_CLEANUP(fus_tracker_free) struct fus_tracker *tracker = NULL;
    FUS_AUTO_IMAGE struct fus_image picture = {0};
    const struct fus_tracker_options options = {0};
    int failed = pt_scene_open(&spec, &scene, err);
    if (!failed)
        failed = fus_tracker_new(looks->analyser, &options, &tracker, err);
    if (!failed)
        failed = fus_image_alloc(&picture, FUS_PIXEL_BGR8, spec.width, spec.height, err);
    for (int t = 0; !failed && t < LAG_FRAMES; t++) {
        struct pt_pose pose;
        struct pt_truth truth;
        struct fus_faces faces;
        pt_script_pose(PT_SCRIPT_TURNING, 5, t / LAG_FPS, &pose);
        failed = pt_scene_render(scene, &pose, (uint32_t)t + 1, &picture, &truth, err);
        if (!failed)
            failed =
                fus_tracker_next(tracker, &picture, (int64_t)(1e6 * t / LAG_FPS), -1, &faces, err);
        const struct fus_face *face = failed ? NULL : largest(&faces);
        if (!failed && !face)
            failed = fus_error_set(err, FUS_E_NO_FACE_IN_TARGET,
                                   "the rendered face was lost in frame %d", t);
        if (failed)
            break;
        yaw[t] = truth.yaw;
        memcpy(frames[t].truth, truth.landmarks, sizeof truth.landmarks);
        frames[t].scale = truth.eye_distance;
        for (int i = 0; i < 68; i++) {
            frames[t].error[i][0] = face->landmarks_68[i].x - truth.landmarks[i][0];
            frames[t].error[i][1] = face->landmarks_68[i].y - truth.landmarks[i][1];
        }
    }
    return failed;
}

int looks_lag(struct looks *looks, struct fus_error *err)
{
    FUS_AUTO_FREE struct lag_frame *frames = fus_calloc(LAG_FRAMES, sizeof *frames);
    float yaw[LAG_FRAMES], lags[LAG_FRAMES];
    if (!frames)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    const int failed = render_and_track(looks, frames, yaw, err);
    if (failed)
        return failed;
    const size_t step = sizeof *frames / sizeof(float);
    for (int i = 0; i < 68; i++)
        for (int k = 0; k < 2; k++)
            take_out_pose(yaw, &frames[0].error[i][k], step, LAG_FRAMES, &frames[0].left[i][k]);
    size_t count = 0;
    for (int t = 1; t + 1 < LAG_FRAMES; t++) {
        double behind = 0.0, weight = 0.0;
        for (int i = 0; i < 68; i++) { /* against the point's own way, by how fast it goes */
            const double vx = frames[t + 1].truth[i][0] - frames[t - 1].truth[i][0];
            const double vy = frames[t + 1].truth[i][1] - frames[t - 1].truth[i][1];
            behind -= frames[t].left[i][0] * vx + frames[t].left[i][1] * vy;
            weight += hypot(vx, vy);
        }
        if (weight > 68.0 * 0.004 * frames[t].scale) /* moving at all */
            lags[count++] = (float)(behind / weight / frames[t].scale);
    }
    looks_verdict(looks, "median lag, rendered turning clip, eye distances",
                  fus_stats_median(lags, count), false, LAG_GOAL,
                  "One Euro 2/15 of the study 0.008");
    return 0;
}
