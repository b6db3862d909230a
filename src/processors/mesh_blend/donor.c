#include "processors/mesh_blend/donor.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "processors/mesh_blend/stats.h"
#include "vision/blur.h"
#include "vision/lab.h"

#define LEVEL_SMALLEST 16

/* Lightness below the skin's. */
#define SHADOW_SOME 12.0f
#define SHADOW_DEEP 22.0f

/* Share of what is unlike skin around the mouth, and its redness against skin in shadow. */
#define BEARD_SOME 0.15f
#define BEARD_FULL 0.35f
#define BEARD_RED 1.1f
#define BEARD_TOO_RED 1.5f

/* Planes of the size of the donor's atlas while it is made. */
struct bench {
    const struct fus_atlas *atlas;
    size_t count;
    float *lab[3], *bgr[3], *level[3];
    float *skin, *own, *hair, *weight, *wide, *alpha, *crease, *scratch;
    struct fus_pull pull;
    float *block;
};

static void bench_done(struct bench *bench)
{
    fus_free(bench->block);
    fus_pull_done(&bench->pull);
}

static int bench_init(struct bench *bench, const struct fus_atlas *atlas, struct fus_error *err)
{
    bench->atlas = atlas;
    bench->count = fus_atlas_count(atlas);
    float **planes[] = {&bench->lab[0],   &bench->lab[1], &bench->lab[2],   &bench->bgr[0],
                        &bench->bgr[1],   &bench->bgr[2], &bench->level[0], &bench->level[1],
                        &bench->level[2], &bench->skin,   &bench->own,      &bench->hair,
                        &bench->weight,   &bench->wide,   &bench->alpha,    &bench->crease,
                        &bench->scratch};
    const size_t scratch = fus_blur_scratch(atlas->width, atlas->height);
    bench->block = fus_malloc_aligned((FUS_COUNT(planes) * bench->count + scratch) * sizeof(float));
    if (!bench->block)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for a donor");
    for (size_t i = 0; i < FUS_COUNT(planes); i++)
        *planes[i] = bench->block + i * bench->count;
    return 0;
}

static void blur(const struct bench *b, const float *source, float *target, float radius)
{
    fus_blur_gaussian(source, target, b->atlas->width, b->atlas->height,
                      radius * (float)b->atlas->n, b->scratch);
}

static void learn_skin(struct bench *b, struct fus_skin *skin)
{
    fus_skin_learn(b->atlas, b->lab, NULL, b->weight, skin);
}

static void see_skin(struct bench *b, const struct fus_skin *skin)
{
    if (skin->sure)
        fus_skin_like(b->atlas, skin, b->lab, b->skin);
    else
        memcpy(b->skin, b->atlas->mask[FUS_ATLAS_FACE], b->count * sizeof(float));
}

/* How far each vertex is seen better than its mirror image. */
static void own_side(struct bench *b, const struct fus_mesh *mesh)
{
    float own[FUS_MESH_VERTICES];
    for (int i = 0; i < FUS_MESH_VERTICES; i++) {
        const float here = fmaxf(mesh->front[i], 0.0f);
        const float there = fmaxf(mesh->front[fus_mesh_vertices[i].mirror], 0.05f);
        own[i] = fus_smoothstep(here / there, 0.30f, 0.70f);
    }
    fus_atlas_spread(b->atlas, own, 0.0f, b->own);
}

/* Colour by which the mirrored half has to be moved to fit this one: two masked blurs, the wide one
 * where the narrow one sees nothing. Leaves it in level[]. */
static void level_mirror(struct bench *b)
{
    const int width = b->atlas->width;
    for (size_t i = 0; i < b->count; i++) {
        const size_t row = i / (size_t)width, x = i % (size_t)width;
        const size_t mirror = row * (size_t)width + (size_t)width - 1 - x;
        b->weight[i] = b->skin[i] * b->skin[mirror] * b->atlas->mask[FUS_ATLAS_NO_FEATURE][i];
        for (int c = 0; c < 3; c++)
            b->level[c][i] = (b->bgr[c][i] - b->bgr[c][mirror]) * b->weight[i];
    }
    for (int c = 0; c < 3; c++) {
        blur(b, b->level[c], b->wide, 0.9f);
        blur(b, b->level[c], b->level[c], 0.3f);
        for (size_t i = 0; i < b->count; i++)
            b->level[c][i] += 0.1f * b->wide[i];
    }
    blur(b, b->weight, b->wide, 0.9f);
    blur(b, b->weight, b->weight, 0.3f);
    for (size_t i = 0; i < b->count; i++)
        for (int c = 0; c < 3; c++)
            b->level[c][i] /= b->weight[i] + 0.1f * b->wide[i] + 1e-3f;
}

/* Puts the levelled mirror image where this half is turned away or covered by hair. */
static void mirror_fill(struct bench *b)
{
    const int width = b->atlas->width;
    fus_skin_covered(b->atlas, b->skin, 0.04f, b->hair, b->scratch);
    level_mirror(b);
    for (size_t i = 0; i < b->count; i++) {
        const size_t row = i / (size_t)width, x = i % (size_t)width;
        const size_t mirror = row * (size_t)width + (size_t)width - 1 - x;
        const float here = b->hair[i] * (1.0f - b->atlas->mask[FUS_ATLAS_BEARD][i]);
        b->weight[i] = FUS_CLAMP(b->own[i], 0.0f, 1.0f) * (1.0f - here * (1.0f - b->hair[mirror]));
    }
    blur(b, b->weight, b->weight, 0.04f);
    for (int c = 0; c < 3; c++) {
        float *filled = b->lab[c];
        for (size_t i = 0; i < b->count; i++) {
            const size_t row = i / (size_t)width, x = i % (size_t)width;
            const size_t mirror = row * (size_t)width + (size_t)width - 1 - x;
            const float w = b->weight[i];
            const float value =
                w * b->bgr[c][i] + (1.0f - w) * (b->bgr[c][mirror] + b->level[c][i]);
            filled[i] = FUS_CLAMP(value, 0.0f, 1.0f);
        }
    }
    fus_lab_from_bgr(b->lab[0], b->lab[1], b->lab[2], b->lab[0], b->lab[1], b->lab[2], b->count);
}

/* Hair around the mouth: much of what is there looks unlike skin, and it is no shadow, which on
 * skin is redder than the light alone makes it. */
static float find_beard(const struct bench *b, const struct fus_skin *skin)
{
    float all = 1e-6f, hair = 1e-6f, light = 0.0f, red = 0.0f;
    for (size_t i = 0; i < b->count; i++) {
        const float w = b->atlas->mask[FUS_ATLAS_BEARD][i] * b->atlas->mask[FUS_ATLAS_SKIN][i];
        const float unlike = w * (1.0f - b->skin[i]);
        all += w;
        hair += unlike;
        light += unlike * b->lab[0][i];
        red += unlike * b->lab[1][i];
    }
    const float darker = (light / hair + 16.0f) / (skin->middle[0] + 16.0f);
    const float shadow = darker * fmaxf(skin->middle[1], 4.0f);
    return fus_smoothstep(hair / all, BEARD_SOME, BEARD_FULL) *
           (1.0f - fus_smoothstep(red / hair / shadow, BEARD_RED, BEARD_TOO_RED));
}

static void find_alpha_and_crease(struct bench *b, float beard)
{
    fus_skin_covered(b->atlas, b->skin, 0.06f, b->alpha, b->scratch);
    for (size_t i = 0; i < b->count; i++) { /* a beard goes on to the mask's soft edge */
        const float own = 1.0f - beard * b->atlas->mask[FUS_ATLAS_BEARD][i];
        b->alpha[i] = 1.0f - b->alpha[i] * b->atlas->mask[FUS_ATLAS_CUT_DONOR][i] * own;
    }
    blur(b, b->lab[0], b->crease, 0.02f + 0.3f / (float)b->atlas->n);
    blur(b, b->lab[0], b->wide, 0.20f);
    for (size_t i = 0; i < b->count; i++) {
        const float band = b->crease[i] - b->wide[i];
        b->crease[i] = b->atlas->mask[FUS_ATLAS_CREASE][i] * (band < 0.0f ? 0.95f : 0.6f) * band;
    }
}

static int16_t pack(float value, float scale)
{
    return (int16_t)lrintf(FUS_CLAMP(value * scale, -32767.0f, 32767.0f));
}

static void fill_sharpest(struct bench *b, struct fus_donor *donor)
{
    /* Masks of parts that the render cuts out are softened here, once. */
    const struct {
        enum fus_texel texel;
        enum fus_atlas_mask mask;
        float radius, pixels;
    } parts[] = {
        {FUS_TEXEL_INNER, FUS_ATLAS_INNER, 0.012f, 0.3f},
        {FUS_TEXEL_EYEBALL, FUS_ATLAS_EYEBALL, 0.012f, 0.3f},
        {FUS_TEXEL_LIDS, FUS_ATLAS_LIDS, 0.0f, 0.0f},
    };
    int16_t *texels = donor->levels[0].texels;
    for (size_t i = 0; i < b->count; i++) {
        int16_t *texel = texels + FUS_TEXELS * i;
        for (int c = 0; c < 3; c++)
            texel[FUS_TEXEL_L + c] = pack(b->lab[c][i], FUS_TEXEL_COLOUR_SCALE);
        texel[FUS_TEXEL_CREASE] = pack(b->crease[i], FUS_TEXEL_COLOUR_SCALE);
        texel[FUS_TEXEL_ALPHA] = pack(b->alpha[i], FUS_TEXEL_MASK_SCALE);
    }
    for (size_t p = 0; p < FUS_COUNT(parts); p++) {
        blur(b, b->atlas->mask[parts[p].mask], b->wide,
             parts[p].radius + parts[p].pixels / (float)b->atlas->n);
        for (size_t i = 0; i < b->count; i++)
            texels[FUS_TEXELS * i + parts[p].texel] = pack(b->wide[i], FUS_TEXEL_MASK_SCALE);
    }
}

static void halve(const struct fus_donor_level *from, const struct fus_donor_level *to)
{
    for (int y = 0; y < to->height; y++) {
        for (int x = 0; x < to->width; x++) {
            const size_t stride = FUS_TEXELS * (size_t)from->width;
            const int16_t *in = from->texels + 2 * (size_t)y * stride + 2 * FUS_TEXELS * (size_t)x;
            int16_t *out = to->texels + FUS_TEXELS * ((size_t)y * (size_t)to->width + (size_t)x);
            for (int c = 0; c < FUS_TEXELS; c++)
                out[c] = (int16_t)((in[c] + in[c + FUS_TEXELS] + in[c + stride] +
                                    in[c + stride + FUS_TEXELS] + 2) >>
                                   2);
        }
    }
}

static int make_levels(struct bench *b, struct fus_donor *donor, struct fus_error *err)
{
    size_t total = 0;
    int width = b->atlas->width, height = b->atlas->height;
    for (int n = b->atlas->n; n >= LEVEL_SMALLEST && donor->level_count < FUS_DONOR_LEVELS;
         n /= 2) {
        donor->levels[donor->level_count++] = (struct fus_donor_level){n, width, height, NULL};
        total += (size_t)width * (size_t)height;
        width /= 2;
        height /= 2;
    }
    donor->texel_block = fus_malloc_aligned(total * FUS_TEXELS * sizeof(int16_t));
    if (!donor->texel_block)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for a donor");
    int16_t *texels = donor->texel_block;
    for (int i = 0; i < donor->level_count; i++) {
        struct fus_donor_level *level = &donor->levels[i];
        level->texels = texels;
        texels += FUS_TEXELS * (size_t)level->width * (size_t)level->height;
        if (i == 0)
            fill_sharpest(b, donor);
        else
            halve(level - 1, level);
    }
    return 0;
}

/* What should rather be the target's own skin. */
static void find_shadows(const struct fus_atlas *low, struct fus_donor *donor, float *scratch)
{
    for (size_t i = 0; i < fus_atlas_count(low); i++) {
        const float bare = 1.0f - low->mask[FUS_ATLAS_BEARD][i];
        const float rim = 1.0f - fus_smoothstep(low->mask[FUS_ATLAS_DEPTH][i], 0.25f, 0.50f);
        donor->low_alien[i] = (1.0f - donor->low_skin[i]) * bare;
        donor->low_shadow[i] =
            rim * bare * fus_smoothstep(donor->skin_l - donor->low[0][i], SHADOW_SOME, SHADOW_DEEP);
    }
    const float n = (float)low->n;
    fus_blur_gaussian(donor->low_alien, donor->low_alien, low->width, low->height, 0.03f * n,
                      scratch);
    fus_blur_gaussian(donor->low_shadow, donor->low_shadow, low->width, low->height, 0.05f * n,
                      scratch);
}

static int make_low(struct bench *b, const struct fus_atlas *low, struct fus_donor *donor,
                    struct fus_error *err)
{
    const size_t count = fus_atlas_count(low);
    donor->low_block = fus_malloc_aligned(6 * count * sizeof(float));
    if (!donor->low_block)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for a donor");
    const float scale = (float)low->n / (float)b->atlas->n;
    for (int c = 0; c < 4; c++) {
        float *plane = donor->low_block + (size_t)c * count;
        const int failed =
            fus_pull_resize(&b->pull, c < 3 ? b->lab[c] : b->skin, b->atlas->width,
                            b->atlas->height, plane, low->width, low->height, scale, err);
        if (failed)
            return failed;
        *(c < 3 ? &donor->low[c] : &donor->low_skin) = plane;
    }
    donor->low_alien = donor->low_block + 4 * count;
    donor->low_shadow = donor->low_block + 5 * count;
    find_shadows(low, donor, b->scratch);
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (low->mask[FUS_ATLAS_DEPTH][i] > 0.12f)
            b->weight[found++] = donor->low[0][i];
    donor->contrast =
        fus_stats_quantile(b->weight, found, 0.99f) - fus_stats_quantile(b->weight, found, 0.01f);
    fus_gaze(low, donor->low[0], b->weight, donor->gaze);
    return 0;
}

int fus_donor_new(const struct fus_image *image, const struct fus_point landmarks_68[68],
                  const struct fus_atlas *low, struct fus_atlas **cache, struct fus_donor **donor,
                  struct fus_error *err)
{
    struct fus_mesh mesh;
    if (!fus_mesh_place(landmarks_68, &mesh))
        return fus_error_set(err, FUS_E_NO_FACE_IN_SOURCE, "the face's points are unusable");
    const int n = mesh.scale > 170.0f ? 256 : mesh.scale > 70.0f ? 128 : 64;
    if (!*cache || (*cache)->n != n) {
        fus_atlas_free(*cache);
        *cache = fus_atlas_new(n);
        if (!*cache)
            return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for a donor");
    }
    FUS_CLEANUP(fus_donor_free) struct fus_donor *made = fus_calloc(1, sizeof *made);
    __attribute__((cleanup(bench_done))) struct bench bench = {0};
    if (!made)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for a donor");
    made->scale = mesh.scale;
    made->yaw = mesh.yaw;
    made->pitch = mesh.pitch;
    made->smile = mesh.smile;
    memcpy(made->openness, mesh.openness, sizeof made->openness);
    int failed = bench_init(&bench, *cache, err);
    if (!failed)
        failed = fus_pull_atlas(&bench.pull, image, &mesh, 1.1f * (float)n / mesh.scale, *cache,
                                bench.lab, bench.bgr, err);
    if (failed)
        return failed;
    struct fus_skin skin;
    learn_skin(&bench, &skin);
    see_skin(&bench, &skin);
    own_side(&bench, &mesh);
    mirror_fill(&bench);
    see_skin(&bench, &skin);
    made->skin_l = skin.middle[0];
    made->beard = find_beard(&bench, &skin);
    find_alpha_and_crease(&bench, made->beard);
    failed = make_levels(&bench, made, err);
    if (!failed)
        failed = make_low(&bench, low, made, err);
    if (failed)
        return failed;
    *donor = FUS_TAKE(made);
    return 0;
}

void fus_donor_free(struct fus_donor *donor)
{
    if (!donor)
        return;
    fus_free(donor->low_block);
    fus_free(donor->texel_block);
    fus_free(donor);
}

const struct fus_donor_level *fus_donor_level(const struct fus_donor *donor, float scale)
{
    int i = 0;
    while (i + 1 < donor->level_count && 0.75f * (float)donor->levels[i].n > scale)
        i++;
    return &donor->levels[i];
}

void fus_gaze(const struct fus_atlas *atlas, const float *lightness, float *values, float gaze[2])
{
    const float *eyeball = atlas->mask[FUS_ATLAS_EYEBALL];
    for (int side = 0; side < 2; side++) {
        const float left = fus_atlas_vertex(atlas->n, 36 + 6 * side).x;
        const float right = fus_atlas_vertex(atlas->n, 39 + 6 * side).x;
        size_t found = 0;
        gaze[side] = 0.0f;
        for (size_t i = 0; i < fus_atlas_count(atlas); i++) {
            const float x = (float)(i % (size_t)atlas->width);
            if (eyeball[i] > 0.5f && x >= left && x <= right)
                values[found++] = lightness[i];
        }
        if (found < 4)
            continue;
        const float limit = fus_stats_quantile(values, found, 0.3f) + 4.0f;
        float sum = 1e-6f, moment = 0.0f;
        for (size_t i = 0; i < fus_atlas_count(atlas); i++) {
            const float x = (float)(i % (size_t)atlas->width);
            if (x < left || x > right)
                continue;
            const float w = eyeball[i] * fmaxf(limit - lightness[i], 0.0f);
            sum += w;
            moment += w * x;
        }
        gaze[side] = (moment / sum - 0.5f * (left + right)) / (right - left);
    }
}
