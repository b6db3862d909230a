#include "processors/mesh_blend/mesh_blend.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

#define FADE_S 0.1            /* of a face that comes or goes */
#define DONOR_FADE_S 0.2      /* from one donor to another */
#define DONOR_HYSTERESIS 8.0f /* degrees */
#define GAP_S 0.5             /* longer without a frame: nothing is smoothed over it */
#define CUT_LIGHTNESS 8.0f    /* mean change of L under a lost face: the scene has changed */

struct track {
    int id;
    bool used, seen;
    int64_t pts_us;
    int donor, old_donor; /* old_donor -1: none is fading out */
    float donor_fade;     /* share of donor, to 1 */
    float fade;           /* of the whole face, to 1 */
    struct fus_blend_state state, old_state;
    struct fus_point points[68];
    float *lightness; /* low plane of the last frame */
};

struct fus_mesh_blend {
    struct fus_mesh_blend_options options;
    struct fus_atlas *low, *donor_atlas;
    struct fus_field *field;
    struct fus_render *render;
    struct fus_donor *donors[FUS_MESH_BLEND_DONORS_MAX];
    int donor_count;
    struct track *tracks[FUS_FACES_MAX]; /* made as needed, used again */
    struct track still;                  /* for what has no track */
    struct fus_render_trace trace;
    bool started;
    int64_t pts_us;
};

/* What one face of one frame needs to be drawn. */
struct job {
    struct fus_image *image;
    const struct fus_mesh *mesh;
    double dt;
    float opacity;
    uint32_t seed;
};

static int track_init(struct fus_mesh_blend *blend, struct track *track, struct fus_error *err)
{
    int failed = fus_blend_state_init(&track->state, blend->low, err);
    if (!failed)
        failed = fus_blend_state_init(&track->old_state, blend->low, err);
    if (failed)
        return failed;
    track->lightness = fus_calloc(fus_atlas_count(blend->low), sizeof *track->lightness);
    return track->lightness
               ? 0
               : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for a face");
}

static void track_done(struct track *track)
{
    fus_blend_state_done(&track->state);
    fus_blend_state_done(&track->old_state);
    fus_free(track->lightness);
    track->lightness = NULL;
}

static void track_reset(struct track *track)
{
    track->state.field_known = track->old_state.field_known = false;
    track->donor = track->old_donor = -1;
    track->donor_fade = 1.0f;
}

/* The face from the front is 2.2 wide and reaches from the brows' upper third to the chin. */
static void padding_limit(const struct fus_atlas *low, const struct fus_mesh_blend_options *options,
                          float *limit)
{
    const float left = -1.10f, right = 1.10f, top = -0.75f, bottom = 1.79f;
    const float soft = fmaxf(options->feather, 0.02f);
    const float edge[4] = {top + (bottom - top) * (float)options->padding[0] / 100.0f,
                           right - (right - left) * (float)options->padding[1] / 100.0f,
                           bottom - (bottom - top) * (float)options->padding[2] / 100.0f,
                           left + (right - left) * (float)options->padding[3] / 100.0f};
    for (int y = 0; y < low->height; y++)
        for (int x = 0; x < low->width; x++) {
            const float u = FUS_ATLAS_LEFT + ((float)x + 0.5f) / (float)low->n;
            const float v = FUS_ATLAS_TOP + ((float)y + 0.5f) / (float)low->n;
            const float inside[4] = {v - edge[0], edge[1] - u, edge[2] - v, u - edge[3]};
            float value = 1.0f;
            for (int side = 0; side < 4; side++)
                if (options->padding[side] > 0)
                    value *= fus_smoothstep(inside[side], 0.0f, soft);
            limit[(size_t)y * (size_t)low->width + (size_t)x] = value;
        }
}

int fus_mesh_blend_new(const struct fus_mesh_blend_options *options, struct fus_mesh_blend **blend,
                       struct fus_error *err)
{
    FUS_CLEANUP(fus_mesh_blend_free) struct fus_mesh_blend *b = fus_calloc(1, sizeof *b);
    if (b)
        b->low = fus_atlas_new(FUS_ATLAS_LOW);
    if (!b || !b->low)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the face mesh");
    b->options = *options;
    FUS_AUTO_FREE float *limit = fus_calloc(fus_atlas_count(b->low), sizeof *limit);
    if (!limit)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the face mesh");
    padding_limit(b->low, options, limit);
    int failed = fus_field_new(b->low, limit, &b->field, err);
    if (!failed)
        failed = fus_render_new(&b->render, err);
    if (!failed)
        failed = track_init(b, &b->still, err);
    if (failed)
        return failed;
    *blend = FUS_TAKE(b);
    return 0;
}

void fus_mesh_blend_free(struct fus_mesh_blend *blend)
{
    if (!blend)
        return;
    for (int i = 0; i < blend->donor_count; i++)
        fus_donor_free(blend->donors[i]);
    for (size_t i = 0; i < FUS_COUNT(blend->tracks); i++) {
        if (blend->tracks[i])
            track_done(blend->tracks[i]);
        fus_free(blend->tracks[i]);
    }
    track_done(&blend->still);
    fus_render_free(blend->render);
    fus_field_free(blend->field);
    fus_atlas_free(blend->donor_atlas);
    fus_atlas_free(blend->low);
    fus_free(blend);
}

int fus_mesh_blend_add_donor(struct fus_mesh_blend *blend, const struct fus_image *image,
                             const struct fus_point landmarks_68[68],
                             const struct fus_donor **donor, struct fus_error *err)
{
    if (blend->donor_count == FUS_MESH_BLEND_DONORS_MAX)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "at most %d source faces can be used",
                             FUS_MESH_BLEND_DONORS_MAX);
    struct fus_donor **slot = &blend->donors[blend->donor_count];
    const int failed =
        fus_donor_new(image, landmarks_68, blend->low, &blend->donor_atlas, slot, err);
    if (failed)
        return failed;
    blend->donor_count++;
    if (donor)
        *donor = *slot;
    return 0;
}

void fus_mesh_blend_donors_done(struct fus_mesh_blend *blend)
{
    fus_atlas_free(FUS_TAKE(blend->donor_atlas));
}

const struct fus_render_trace *fus_mesh_blend_trace(const struct fus_mesh_blend *blend)
{
    return &blend->trace;
}

/* The donor nearest in pose; the one in use stays unless another is clearly nearer. */
static int pick_donor(const struct fus_mesh_blend *blend, const struct fus_mesh *mesh, int current)
{
    float cost[FUS_MESH_BLEND_DONORS_MAX] = {0};
    int best = 0;
    for (int i = 0; i < blend->donor_count; i++) {
        const struct fus_donor *donor = blend->donors[i];
        cost[i] = fabsf(donor->yaw - mesh->yaw) + 0.7f * fabsf(donor->pitch - mesh->pitch);
        if (cost[i] < cost[best])
            best = i;
    }
    return current >= 0 && cost[current] < cost[best] + DONOR_HYSTERESIS ? current : best;
}

static void change_donor(struct track *track, int donor, double dt)
{
    if (donor == track->donor)
        return;
    if (track->donor >= 0 && dt >= 0.0) {
        const struct fus_blend_state kept = track->old_state;
        track->old_state = track->state;
        track->state = kept;
        track->old_donor = track->donor;
        track->donor_fade = 0.0f;
    }
    track->state.field_known = false;
    track->donor = donor;
}

/* 0 where the recipe has no answer: profiles, tiny faces, points that are no face. */
static float trust(const struct fus_mesh *mesh)
{
    return (1.0f - fus_smoothstep(fabsf(mesh->yaw), 55.0f, 75.0f)) *
           fus_smoothstep(mesh->scale, 9.0f, 14.0f) *
           (1.0f - fus_smoothstep(mesh->residual, 0.16f, 0.22f)) *
           (1.0f - fus_smoothstep(mesh->flipped, 0.10f, 0.20f));
}

static int draw(struct fus_mesh_blend *blend, const struct job *job, int donor, double dt,
                float opacity, struct fus_blend_state *state, struct fus_error *err)
{
    struct fus_blend_look look;
    const int failed = fus_field_look(blend->field, job->image, job->mesh, blend->donors[donor],
                                      blend->options.eyes, dt, state, &look, err);
    if (failed)
        return failed;
    const struct fus_render_options options = {
        .inset = blend->options.inset,
        .feather = blend->options.feather,
        .opacity = opacity,
        .keep_mouth = blend->options.keep_mouth,
        .seed = job->seed,
    };
    return fus_render_face(blend->render, job->image, job->mesh, blend->donors[donor], &look,
                           &options, dt, state, &blend->trace, err);
}

/* Draws a track's face; while donors change, the new one over the old one. */
static int draw_track(struct fus_mesh_blend *blend, const struct job *job, struct track *track,
                      struct fus_error *err)
{
    if (track->old_donor >= 0) {
        const int failed =
            draw(blend, job, track->old_donor, job->dt, job->opacity, &track->old_state, err);
        if (failed)
            return failed;
        track->donor_fade += (float)(job->dt / DONOR_FADE_S);
        if (track->donor_fade >= 1.0f) {
            track->donor_fade = 1.0f;
            track->old_donor = -1;
        }
    }
    return draw(blend, job, track->donor, job->dt, job->opacity * track->donor_fade, &track->state,
                err);
}

static struct track *find_track(struct fus_mesh_blend *blend, int id)
{
    for (size_t i = 0; i < FUS_COUNT(blend->tracks); i++)
        if (blend->tracks[i] && blend->tracks[i]->used && blend->tracks[i]->id == id)
            return blend->tracks[i];
    return NULL;
}

/* A free slot, made if need be; NULL when all are in use or memory is short. */
static struct track *start_track(struct fus_mesh_blend *blend, int id)
{
    for (size_t i = 0; i < FUS_COUNT(blend->tracks); i++) {
        struct track *track = blend->tracks[i];
        if (track && track->used)
            continue;
        if (!track) {
            track = fus_calloc(1, sizeof *track);
            if (!track || track_init(blend, track, NULL)) {
                if (track)
                    track_done(track);
                fus_free(track);
                return NULL;
            }
            blend->tracks[i] = track;
        }
        track->used = true;
        track->seen = false;
        track->id = id;
        track_reset(track);
        return track;
    }
    return NULL;
}

/* The face was there in the last frame and is not in this one: it goes on fading where it was,
 * unless the picture under it has changed. */
static int fade_out(struct fus_mesh_blend *blend, struct fus_image *image, struct track *track,
                    double dt, uint32_t seed, struct fus_error *err)
{
    track->fade -= (float)(dt / FADE_S);
    struct fus_mesh mesh;
    if (track->donor < 0 || !(track->fade > 0.0f) || !fus_mesh_place(track->points, &mesh)) {
        track->used = false;
        return 0;
    }
    struct fus_blend_look look;
    const int failed = fus_field_look(blend->field, image, &mesh, blend->donors[track->donor],
                                      blend->options.eyes, dt, &track->state, &look, err);
    if (failed)
        return failed;
    const float *face = blend->low->mask[FUS_ATLAS_FACE], *now = fus_field_lightness(blend->field);
    float change = 0.0f, all = 0.0f;
    for (size_t i = 0; i < fus_atlas_count(blend->low); i++) {
        change += face[i] * fabsf(now[i] - track->lightness[i]);
        all += face[i];
    }
    if (change > CUT_LIGHTNESS * all) {
        track->used = false;
        return 0;
    }
    const struct fus_render_options options = {
        .inset = blend->options.inset,
        .feather = blend->options.feather,
        .opacity = track->fade * trust(&mesh) * blend->options.strength,
        .keep_mouth = blend->options.keep_mouth,
        .seed = seed,
    };
    return fus_render_face(blend->render, image, &mesh, blend->donors[track->donor], &look,
                           &options, dt, &track->state, NULL, err);
}

static bool any_lost(const struct fus_mesh_blend *blend, const struct fus_face *const *faces,
                     size_t count)
{
    for (size_t i = 0; i < FUS_COUNT(blend->tracks); i++) {
        if (!blend->tracks[i] || !blend->tracks[i]->used)
            continue;
        bool here = false;
        for (size_t k = 0; k < count; k++)
            here = here || (faces[k]->track_id == blend->tracks[i]->id && !faces[k]->fresh);
        if (!here)
            return true;
    }
    return false;
}

/* The track of a face, its age and fade brought up to this frame. cut: the scene changed, so
 * nothing is faded in. */
static struct track *enter(struct fus_mesh_blend *blend, const struct fus_face *face, bool cut,
                           double dt, double *face_dt)
{
    struct track *track = blend->options.clip ? find_track(blend, face->track_id) : NULL;
    *face_dt = -1.0;
    if (track && !track->seen && !face->fresh && dt >= 0.0) {
        *face_dt = (double)(blend->pts_us - track->pts_us) * 1e-6;
        if (!(*face_dt >= 0.0 && *face_dt <= GAP_S))
            *face_dt = -1.0;
        track->fade = fminf(track->fade + (float)(dt / FADE_S), 1.0f);
        if (*face_dt < 0.0)
            track_reset(track);
        return track;
    }
    if (track && !track->seen) {
        track_reset(track);
        track->fade = 1.0f;
        return track;
    }
    if (blend->options.clip && !track)
        track = start_track(blend, face->track_id);
    else
        track = NULL;
    if (!track) {
        track = &blend->still;
        track_reset(track);
        cut = true;
    }
    track->fade = cut || dt < 0.0 ? 1.0f : fminf((float)(dt / FADE_S), 1.0f);
    return track;
}

static int swap_face(struct fus_mesh_blend *blend, struct fus_image *image,
                     const struct fus_face *face, bool cut, double dt, uint32_t seed,
                     struct fus_error *err)
{
    struct fus_mesh mesh;
    if (!fus_mesh_place(face->landmarks_68, &mesh))
        return 0;
    double face_dt;
    struct track *track = enter(blend, face, cut, dt, &face_dt);
    track->seen = true;
    track->pts_us = blend->pts_us;
    memcpy(track->points, face->landmarks_68, sizeof track->points);
    const float opacity = trust(&mesh) * blend->options.strength * track->fade;
    if (!(opacity > 0.0f))
        return 0;
    change_donor(track, pick_donor(blend, &mesh, track->donor), face_dt);
    const struct job job = {.image = image,
                            .mesh = &mesh,
                            .dt = face_dt,
                            .opacity = opacity,
                            .seed = seed ^ (uint32_t)track->id * 0x9e3779b9U};
    const int failed = draw_track(blend, &job, track, err);
    if (!failed && blend->options.clip)
        memcpy(track->lightness, fus_field_lightness(blend->field),
               fus_atlas_count(blend->low) * sizeof(float));
    return failed;
}

int fus_mesh_blend_frame(struct fus_mesh_blend *blend, struct fus_image *image,
                         const struct fus_face *const *faces, size_t count, int64_t pts_us,
                         int64_t index, struct fus_error *err)
{
    if (blend->donor_count == 0)
        return 0;
    double dt = -1.0;
    if (blend->options.clip && blend->started) {
        dt = (double)(pts_us - blend->pts_us) * 1e-6;
        if (!(dt >= 0.0 && dt <= GAP_S))
            dt = -1.0;
    }
    blend->started = true;
    blend->pts_us = pts_us;
    const bool cut = any_lost(blend, faces, count);
    for (size_t i = 0; i < FUS_COUNT(blend->tracks); i++)
        if (blend->tracks[i])
            blend->tracks[i]->seen = false;
    const uint32_t seed = (uint32_t)index * 2654435761U;
    for (size_t i = 0; i < count; i++) {
        const int failed = swap_face(blend, image, faces[i], cut, dt, seed, err);
        if (failed)
            return failed;
    }
    for (size_t i = 0; i < FUS_COUNT(blend->tracks); i++) {
        struct track *track = blend->tracks[i];
        if (!track || !track->used || track->seen)
            continue;
        if (dt < 0.0) {
            track->used = false;
            continue;
        }
        const int failed = fade_out(blend, image, track, dt, seed, err);
        if (failed)
            return failed;
    }
    return 0;
}
