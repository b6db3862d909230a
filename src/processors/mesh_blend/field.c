#include "processors/mesh_blend/field.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "processors/mesh_blend/shade.h"
#include "processors/mesh_blend/stats.h"
#include "vision/blur.h"
#include "vision/morph.h"
#include "vision/simd.h"

#define FIELD_RADIUS 0.27f /* eye distances; 0.30 gives a little more identity, more seam */
#define WIDE_RADIUS 0.90f
#define WIDE_SHARE 0.12f
#define AROUND_RADIUS 0.20f
#define AROUND_MEAN 0.05f
#define BASE_RADIUS 0.35f
#define GAIN_L_MIN 0.5f
#define GAIN_L_MAX 1.6f
#define GAIN_C_MAX 1.3f
#define SHADE_PART 2.1f /* of the skin's spread in lightness that any face may have */
#define CHROMA_OWN 0.3f /* below this gain the target's own chroma comes in */

/* Time constants, seconds. */
#define TAU_FIELD 0.25
#define TAU_ALPHA 0.20
#define TAU_SKIN 0.30
#define TAU_GAIN 0.50
#define TAU_CREASE 0.15
#define TAU_BLINK 0.04

struct fus_field {
    const struct fus_atlas *atlas;
    size_t count;
    struct fus_pull pull;
    /* fixed */
    float *limit, *eyeball_soft, *lips, *mouth_soft, *occlusion_norm, *deep, *deep_bare;
    float *bare;
    /* of the frame */
    float *target[3], *seen, *like, *weight, *masked, *base_norm, *donor_base[3], *target_base[3];
    float *field[3], *drawn[3], *around[3], *change[3], *wide, *occlusion, *covered, *alpha,
        *texels, *scratch;
    float *block;
};

#define STATE_PLANES 10

static void lay_out(struct fus_blend_state *state, size_t count)
{
    for (size_t c = 0; c < 3; c++) {
        state->field[c] = state->block + c * count;
        state->base[c] = state->block + (3 + c) * count;
        state->around[c] = state->block + (6 + c) * count;
    }
    state->alpha = state->block + 9 * count;
}

int fus_blend_state_init(struct fus_blend_state *state, const struct fus_atlas *low,
                         struct fus_error *err)
{
    *state = (struct fus_blend_state){0};
    const size_t count = fus_atlas_count(low);
    state->block = fus_malloc_aligned(STATE_PLANES * count * sizeof(float));
    if (!state->block)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for a face");
    lay_out(state, count);
    return 0;
}

void fus_blend_state_done(struct fus_blend_state *state)
{
    fus_free(state->block);
    *state = (struct fus_blend_state){0};
}

float fus_blend_share(double dt, double tau)
{
    return dt < 0.0 ? 1.0f : (float)(1.0 - exp(-dt / tau));
}

static void blur(struct fus_field *f, const float *source, float *target, float radius)
{
    fus_blur_gaussian(source, target, f->atlas->width, f->atlas->height,
                      radius * (float)f->atlas->n, f->scratch);
}

static void make_fixed(struct fus_field *f, const float *limit)
{
    float *const *mask = f->atlas->mask;
    for (size_t i = 0; i < f->count; i++) {
        f->limit[i] = mask[FUS_ATLAS_BELOW_HAIR][i] * (limit ? limit[i] : 1.0f);
        f->masked[i] = mask[FUS_ATLAS_NO_FEATURE][i] * mask[FUS_ATLAS_FACE][i];
        f->deep[i] = mask[FUS_ATLAS_DEPTH][i] > 0.12f ? 1.0f : 0.0f;
        f->deep_bare[i] =
            f->deep[i] * (1.0f - mask[FUS_ATLAS_BEARD][i]) * (1.0f - mask[FUS_ATLAS_FOREHEAD][i]);
    }
    blur(f, mask[FUS_ATLAS_EYEBALL], f->eyeball_soft, 0.03f);
    blur(f, mask[FUS_ATLAS_MOUTH], f->mouth_soft, 0.03f);
    blur(f, mask[FUS_ATLAS_INNER], f->lips, 0.01f);
    blur(f, f->masked, f->occlusion_norm, 0.09f);
    blur(f, mask[FUS_ATLAS_SKIN], f->bare, 0.02f);
    for (size_t i = 0; i < f->count; i++) {
        f->lips[i] = mask[FUS_ATLAS_MOUTH][i] * (1.0f - fminf(f->lips[i], 1.0f));
        f->occlusion_norm[i] = 1.0f / (f->occlusion_norm[i] + 0.15f);
    }
}

int fus_field_new(const struct fus_atlas *low, const float *limit, struct fus_field **field,
                  struct fus_error *err)
{
    FUS_CLEANUP(fus_field_free) struct fus_field *f = fus_calloc(1, sizeof *f);
    if (!f)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for a face");
    f->atlas = low;
    f->count = fus_atlas_count(low);
    float **planes[] = {
        &f->limit,          &f->eyeball_soft,  &f->lips,           &f->mouth_soft,
        &f->occlusion_norm, &f->deep,          &f->deep_bare,      &f->target[0],
        &f->target[1],      &f->target[2],     &f->seen,           &f->like,
        &f->weight,         &f->masked,        &f->base_norm,      &f->donor_base[0],
        &f->donor_base[1],  &f->donor_base[2], &f->target_base[0], &f->target_base[1],
        &f->target_base[2], &f->field[0],      &f->field[1],       &f->field[2],
        &f->wide,           &f->occlusion,     &f->covered,        &f->alpha,
        &f->bare,           &f->around[0],     &f->around[1],      &f->around[2],
        &f->drawn[0],       &f->drawn[1],      &f->drawn[2],       &f->change[0],
        &f->change[1],      &f->change[2],
    };
    const size_t scratch = fus_blur_scratch(low->width, low->height);
    f->block = fus_malloc_aligned(((FUS_COUNT(planes) + 4) * f->count + scratch) * sizeof(float));
    if (!f->block)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for a face");
    for (size_t i = 0; i < FUS_COUNT(planes); i++)
        *planes[i] = f->block + i * f->count;
    f->texels = f->block + FUS_COUNT(planes) * f->count;
    f->scratch = f->texels + 4 * f->count;
    make_fixed(f, limit);
    *field = FUS_TAKE(f);
    return 0;
}

void fus_field_free(struct fus_field *field)
{
    if (!field)
        return;
    fus_pull_done(&field->pull);
    fus_free(field->block);
    fus_free(field);
}

const float *fus_field_lightness(const struct fus_field *field)
{
    return field->target[0];
}

static void mix(float *kept, float value, float share)
{
    *kept += (value - *kept) * share;
}

FUS_SIMD_CLONES static void mix_plane(float *restrict kept, const float *restrict value,
                                      float share, size_t count)
{
    for (size_t i = 0; i < count; i++)
        kept[i] += (value[i] - kept[i]) * share;
}

FUS_SIMD_CLONES static void multiply(const float *restrict a, const float *restrict b,
                                     float *restrict out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = a[i] * b[i];
}

static void see(struct fus_field *f, const struct fus_mesh *mesh)
{
    float value[FUS_MESH_VERTICES];
    for (int i = 0; i < FUS_MESH_VERTICES; i++)
        value[i] = fus_smoothstep(mesh->front[i], 0.10f, 0.40f);
    fus_atlas_spread(f->atlas, value, 0.0f, f->seen);
}

static void learn_skin(struct fus_field *f, double dt, struct fus_blend_state *state)
{
    struct fus_skin skin;
    fus_skin_learn(f->atlas, f->target, f->seen, f->masked, &skin);
    const float share = fus_blend_share(dt, TAU_SKIN);
    for (int c = 0; c < 3; c++) {
        mix(&state->skin.middle[c], skin.middle[c], share);
        mix(&state->skin.spread[c], skin.spread[c], share);
    }
    state->skin.sure = skin.sure;
    if (skin.sure)
        fus_skin_like(f->atlas, &state->skin, f->target, f->like);
    else
        memcpy(f->like, f->atlas->mask[FUS_ATLAS_FACE], f->count * sizeof(float));
}

/* Where both show skin: what the field may be learned from. */
static void weigh(struct fus_field *f, const struct fus_donor *donor)
{
    const float *skin = f->atlas->mask[FUS_ATLAS_SKIN];
    float sum = 0.0f, all = 0.0f;
    for (size_t i = 0; i < f->count; i++) {
        f->weight[i] = skin[i] * f->like[i] * donor->low_skin[i] * f->seen[i];
        sum += f->weight[i];
        all += skin[i];
    }
    if (sum >= 0.10f * all)
        return;
    for (size_t i = 0; i < f->count; i++)
        f->weight[i] += 0.5f * skin[i] * fmaxf(f->seen[i], 0.05f);
}

/* Low-passes of donor and target under the visible face. */
static void find_bases(struct fus_field *f, const struct fus_donor *donor)
{
    float *face = f->wide; /* visible face */
    for (size_t i = 0; i < f->count; i++)
        face[i] = f->atlas->mask[FUS_ATLAS_FACE][i] * fmaxf(f->seen[i], 0.02f);
    blur(f, face, f->base_norm, BASE_RADIUS);
    for (size_t i = 0; i < f->count; i++)
        f->base_norm[i] = 1.0f / (f->base_norm[i] + 1e-4f);
    for (int c = 0; c < 3; c++) {
        multiply(donor->low[c], face, f->masked, f->count);
        blur(f, f->masked, f->masked, BASE_RADIUS);
        multiply(f->masked, f->base_norm, f->donor_base[c], f->count);
        multiply(f->target[c], face, f->masked, f->count);
        blur(f, f->masked, f->masked, BASE_RADIUS);
        multiply(f->masked, f->base_norm, f->target_base[c], f->count);
    }
}

static void find_gains(struct fus_field *f, const struct fus_donor *donor, double dt,
                       struct fus_blend_state *state)
{
    float target_l = 0.0f, donor_l = 1e-6f, target_c = 0.0f, donor_c = 1e-6f;
    size_t found = 0;
    const size_t width = (size_t)f->atlas->width;
    for (size_t i = 0; i < f->count; i++) {
        if (i % width == 0 && i / width % 2 == 1)
            i += width; /* every second row is enough for sums and quantiles */
        if (i >= f->count)
            break;
        if (f->deep[i] == 0.0f)
            continue;
        const float w = f->seen[i], bare = w * f->deep_bare[i];
        target_l += bare * fabsf(f->target[0][i] - f->target_base[0][i]);
        donor_l += bare * fabsf(donor->low[0][i] - f->donor_base[0][i]);
        for (int c = 1; c < 3; c++) {
            const float t = f->target[c][i] - f->target_base[c][i];
            const float d = donor->low[c][i] - f->donor_base[c][i];
            target_c += w * t * t;
            donor_c += w * d * d;
        }
        if (w > 0.5f)
            f->masked[found++] = f->target[0][i];
    }
    float range = 1.0f;
    if (found > 50)
        range = fus_stats_quantile(f->masked, found, 0.99f) -
                fus_stats_quantile(f->masked, found, 0.01f);
    const float ratio = target_l / donor_l * range / (donor->contrast + 1e-3f);
    const float gain_l = powf(fmaxf(ratio, 1e-6f), 0.35f);
    const float share = fus_blend_share(dt, TAU_GAIN);
    mix(&state->gain_l, FUS_CLAMP(gain_l, GAIN_L_MIN, GAIN_L_MAX), share);
    mix(&state->gain_c, FUS_CLAMP(sqrtf(target_c / donor_c), 0.0f, GAIN_C_MAX), share);
}

/* target minus the donor with its contrast set, per channel. */
FUS_SIMD_CLONES static void differ(const float *restrict target, const float *restrict donor,
                                   const float *restrict base, float gain, float *restrict out,
                                   size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = target[i] - (base[i] + gain * (donor[i] - base[i]));
}

static float weighted_mean(const float *value, const float *a, const float *b, size_t count,
                           float *weights)
{
    float sum = 0.0f, total = 0.0f;
    for (size_t i = 0; i < count; i++) {
        const float w = a[i] * b[i];
        sum += w * value[i];
        total += w;
    }
    *weights = total;
    return total > 0.0f ? sum / total : 0.0f;
}

/* Whites of the eyes and lips have no say in the field; without a shift of their own they would
 * take the skin's. */
static void mend_eyes_and_lips(struct fus_field *f, int channel, const float *difference,
                               float *field)
{
    const float *eyeball = f->atlas->mask[FUS_ATLAS_EYEBALL];
    float weight;
    float shift = weighted_mean(difference, eyeball, f->seen, f->count, &weight);
    if (channel > 0 && weight > 4.0f) {
        shift = FUS_CLAMP(shift, -14.0f, 14.0f);
        for (size_t i = 0; i < f->count; i++)
            field[i] += f->eyeball_soft[i] * (shift - field[i]);
    }
    shift = weighted_mean(difference, f->lips, f->seen, f->count, &weight);
    if (weight > 4.0f) {
        shift -= weighted_mean(field, f->lips, f->seen, f->count, &weight);
        shift = FUS_CLAMP(shift, -15.0f, 15.0f) * (channel == 0 ? 0.4f : 0.6f);
        for (size_t i = 0; i < f->count; i++)
            field[i] += f->mouth_soft[i] * shift;
    }
}

/* The target's skin around each pixel, features left out; far from any skin its mean. */
static void find_around(struct fus_field *f, double dt, struct fus_blend_state *state)
{
    const float share = fus_blend_share(dt, TAU_FIELD);
    const float *skin = f->atlas->mask[FUS_ATLAS_SKIN];
    float *weight = f->covered, *norm = f->wide;
    for (size_t i = 0; i < f->count; i++)
        weight[i] = skin[i] * f->like[i] * f->seen[i];
    blur(f, weight, norm, AROUND_RADIUS);
    for (size_t i = 0; i < f->count; i++)
        norm[i] = 1.0f / (norm[i] + AROUND_MEAN);
    for (int c = 0; c < 3; c++) {
        float sum;
        const float mean = weighted_mean(f->target[c], weight, f->seen, f->count, &sum);
        multiply(f->target[c], weight, f->masked, f->count);
        blur(f, f->masked, f->masked, AROUND_RADIUS);
        for (size_t i = 0; i < f->count; i++)
            f->masked[i] = (f->masked[i] + AROUND_MEAN * mean) * norm[i];
        mix_plane(state->around[c], f->masked, share, f->count);
        const float lips = weighted_mean(f->target[c], f->lips, f->seen, f->count, &sum);
        if (sum > 4.0f || dt < 0.0)
            mix(&state->lips[c], sum > 4.0f ? lips : mean, share);
    }
}

static void find_field(struct fus_field *f, const struct fus_donor *donor, double dt,
                       struct fus_blend_state *state)
{
    const float share = fus_blend_share(dt, TAU_FIELD);
    float *difference = f->occlusion, *wide_weight = f->covered, *near_weight = f->alpha;
    blur(f, f->weight, near_weight, FIELD_RADIUS);
    blur(f, f->weight, wide_weight, WIDE_RADIUS);
    for (size_t i = 0; i < f->count; i++) {
        near_weight[i] = 1.0f / (near_weight[i] + WIDE_SHARE);
        wide_weight[i] = WIDE_SHARE / (wide_weight[i] + 1e-4f);
    }
    for (int c = 0; c < 3; c++) {
        mix_plane(state->base[c], f->donor_base[c], share, f->count);
        differ(f->target[c], donor->low[c], state->base[c], c ? state->gain_c : state->gain_l,
               difference, f->count);
        multiply(difference, f->weight, f->masked, f->count);
        blur(f, f->masked, f->wide, WIDE_RADIUS);
        blur(f, f->masked, f->field[c], FIELD_RADIUS);
        for (size_t i = 0; i < f->count; i++)
            f->field[c][i] = (f->field[c][i] + wide_weight[i] * f->wide[i]) * near_weight[i];
        mend_eyes_and_lips(f, c, difference, f->field[c]);
        mix_plane(state->field[c], f->field[c], share, f->count);
    }
}

/* Opaque coloured glasses: each eye's zone, by the share of unlike pixels around the eye. */
static void find_lenses(struct fus_field *f, float lens[2])
{
    const float *bare = f->atlas->mask[FUS_ATLAS_NO_FEATURE];
    for (int side = 0; side < 2; side++) {
        const float *zone = f->atlas->mask[FUS_ATLAS_LENS_LEFT + side];
        float hit = 0.0f, all = 1e-3f;
        for (size_t i = 0; i < f->count; i++) {
            const float w = zone[i] * bare[i];
            hit += w * f->occlusion[i];
            all += f->seen[i] > 0.3f ? w : 0.0f;
        }
        lens[side] = fus_smoothstep(hit / all, 0.30f, 0.50f);
    }
}

FUS_SIMD_CLONES static void occlusion_pixels(const float *l, const float *a, const float *b,
                                             const float *face, const float *seen,
                                             const struct fus_skin *skin, float *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const float dl = (l[i] - skin->middle[0]) / skin->spread[0];
        const float da = (a[i] - skin->middle[1]) / skin->spread[1];
        const float db = (b[i] - skin->middle[2]) / skin->spread[2];
        const float far = sqrtf(0.22f * dl * dl + da * da + db * db);
        out[i] = (seen[i] > 0.3f ? face[i] : 0.0f) * fus_smoothstep(far, 2.6f, 4.2f);
    }
}

/* The target's own mask: hair over the rim, things before the face, dark glasses. */
static void find_alpha(struct fus_field *f, double dt, struct fus_blend_state *state)
{
    float *const *mask = f->atlas->mask;
    const float share = fus_blend_share(dt, TAU_ALPHA);
    if (!state->skin.sure) {
        for (size_t i = 0; i < f->count; i++)
            f->alpha[i] = 1.0f;
        mix_plane(state->alpha, f->alpha, share, f->count);
        return;
    }
    occlusion_pixels(f->target[0], f->target[1], f->target[2], mask[FUS_ATLAS_FACE], f->seen,
                     &state->skin, f->occlusion, f->count);
    float lens[2];
    find_lenses(f, lens);
    multiply(f->occlusion, mask[FUS_ATLAS_NO_FEATURE], f->masked, f->count);
    blur(f, f->masked, f->masked, 0.09f);
    for (size_t i = 0; i < f->count; i++)
        f->masked[i] = fus_smoothstep(f->masked[i] * f->occlusion_norm[i], 0.45f, 0.75f) *
                       (1.0f - mask[FUS_ATLAS_BEARD][i]);
    const int radius = FUS_MAX((int)lrintf(0.06f * (float)f->atlas->n), 1);
    fus_morph_dilate(f->masked, f->masked, f->atlas->width, f->atlas->height, radius, f->scratch);
    blur(f, f->masked, f->masked, 0.06f);
    fus_skin_covered(f->atlas, f->like, 0.02f, f->covered, f->scratch);
    for (size_t i = 0; i < f->count; i++) {
        const float cut = f->seen[i] > 0.3f ? f->covered[i] * mask[FUS_ATLAS_CUT_TARGET][i] : 0.0f;
        /* the zones do not touch */
        const float glass =
            lens[0] * mask[FUS_ATLAS_ZONE_LEFT][i] + lens[1] * mask[FUS_ATLAS_ZONE_RIGHT][i];
        const float value = (1.0f - cut) * (1.0f - f->masked[i]) * (1.0f - glass);
        f->alpha[i] = FUS_CLAMP(value, 0.0f, 1.0f);
    }
    mix_plane(state->alpha, f->alpha, share, f->count);
}

/* How the donor's light and shadow, as they would be drawn, have to change to fit this face. */
static void find_shade(struct fus_field *f, const struct fus_donor *donor,
                       const struct fus_blend_state *state)
{
    float *const *mask = f->atlas->mask;
    for (int c = 0; c < 3; c++) {
        const float gain = c ? state->gain_c : state->gain_l;
        const float *base = state->base[c], *texture = donor->low[c], *field = state->field[c];
        for (size_t i = 0; i < f->count; i++)
            f->drawn[c][i] = base[i] + gain * (texture[i] - base[i]) + field[i];
    }
    for (int c = 0; c < 3;
         c++) { /* lips are lips in shadow too, halfway to the target's; eyes stay */
        float weight;
        const float own = weighted_mean(f->drawn[c], f->lips, f->seen, f->count, &weight);
        const float lips = 0.5f * (own + state->lips[c]);
        for (size_t i = 0; i < f->count; i++) {
            const float around = state->around[c][i];
            f->around[c][i] = around + f->mouth_soft[i] * (lips - around);
            f->around[c][i] += f->eyeball_soft[i] * (f->drawn[c][i] - f->around[c][i]);
        }
    }
    for (size_t i = 0; i < f->count; i++) {
        const float beard = mask[FUS_ATLAS_BEARD][i];
        f->masked[i] = f->bare[i] * (1.0f - donor->beard * beard);
    }
    const struct fus_shade shade = {
        .drawn = {f->drawn[0], f->drawn[1], f->drawn[2]},
        .skin = {f->around[0], f->around[1], f->around[2]},
        .bare = f->masked,
        .smooth = donor->low_shadow,
        .alien = donor->low_alien,
        .contrast = SHADE_PART * state->skin.spread[0],
    };
    fus_shade_limit(&shade, f->change, f->count);
}

/* Everything that is added to the gained texture, and the mask, in one texture. */
static void make_texels(struct fus_field *f, const struct fus_blend_state *state,
                        struct fus_blend_look *look)
{
    const float keep = fminf(state->gain_c / CHROMA_OWN, 1.0f);
    look->gain_l = state->gain_l;
    look->gain_c = state->gain_c * keep;
    for (int c = 0; c < 3; c++) {
        const float gain = c ? state->gain_c : state->gain_l;
        const float *field = state->field[c], *base = state->base[c];
        float *out = f->texels + c;
        for (size_t i = 0; i < f->count; i++)
            out[4 * i] = field[i] + (1.0f - gain) * base[i] + f->change[c][i];
        if (c == 0 || keep >= 1.0f)
            continue;
        blur(f, f->target[c], f->masked, 0.08f);
        for (size_t i = 0; i < f->count; i++)
            out[4 * i] = keep * out[4 * i] + (1.0f - keep) * f->masked[i];
    }
    for (size_t i = 0; i < f->count; i++) {
        f->texels[4 * i + 3] = state->alpha[i] * f->limit[i] * f->seen[i];
        f->wide[i] = f->atlas->mask[FUS_ATLAS_SKIN][i] * f->like[i] * f->seen[i];
    }
    look->texels = f->texels;
    look->grain = f->wide;
}

static void find_expression(struct fus_field *f, const struct fus_mesh *mesh,
                            const struct fus_donor *donor, enum fus_blend_eyes eyes, double dt,
                            struct fus_blend_state *state, struct fus_blend_look *look)
{
    const float more = fus_smoothstep(donor->smile - mesh->smile, 0.04f, 0.22f);
    mix(&state->crease, more, fus_blend_share(dt, TAU_CREASE));
    look->crease = state->crease;
    for (int side = 0; side < 2; side++) {
        const float open = mesh->openness[side] / fmaxf(donor->openness[side], 0.08f);
        mix(&state->blink[side], 1.0f - fus_smoothstep(open, 0.35f, 0.6f),
            fus_blend_share(dt, TAU_BLINK));
        look->blink[side] = state->blink[side];
    }
    look->eyes = eyes == FUS_BLEND_EYES_TARGET ? 1.0f : 0.0f;
    if (eyes == FUS_BLEND_EYES_BY_GAZE) {
        float gaze[2];
        fus_gaze(f->atlas, f->target[0], f->masked, gaze);
        const float apart =
            0.5f * (fabsf(gaze[0] - donor->gaze[0]) + fabsf(gaze[1] - donor->gaze[1]));
        look->eyes = fus_smoothstep(apart, 0.14f, 0.22f);
    }
}

int fus_field_look(struct fus_field *field, const struct fus_image *image,
                   const struct fus_mesh *mesh, const struct fus_donor *donor,
                   enum fus_blend_eyes eyes, double dt, struct fus_blend_state *state,
                   struct fus_blend_look *look, struct fus_error *err)
{
    if (!state->field_known) {
        float *block = state->block;
        *state = (struct fus_blend_state){.block = block};
        lay_out(state, field->count);
        memset(block, 0, STATE_PLANES * field->count * sizeof *block);
        dt = -1.0;
    }
    const int failed =
        fus_pull_atlas(&field->pull, image, mesh, (float)field->atlas->n / mesh->scale,
                       field->atlas, field->target, NULL, err);
    if (failed)
        return failed;
    see(field, mesh);
    learn_skin(field, dt, state);
    weigh(field, donor);
    find_bases(field, donor);
    find_gains(field, donor, dt, state);
    find_field(field, donor, dt, state);
    find_alpha(field, dt, state);
    find_expression(field, mesh, donor, eyes, dt, state, look);
    find_around(field, dt, state);
    find_shade(field, donor, state);
    make_texels(field, state, look);
    state->field_known = true;
    return 0;
}
