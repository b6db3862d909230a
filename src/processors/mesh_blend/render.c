#include "processors/mesh_blend/render.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "processors/mesh_blend/compose.h"
#include "processors/mesh_blend/paint.h"
#include "processors/mesh_blend/rim.h"
#include "processors/mesh_blend/stats.h"
#include "vision/blur.h"
#include "vision/lab.h"
#include "vision/simd.h"

#define GREYS 1024
#define NOISE_SIZE 256 /* a tile that repeats */
#define GRAIN_SAMPLES_MIN 50
#define GRAIN_SAMPLES_MAX 16384
#define TAU_GRAIN 0.5
#define GRAIN_EVERY_S 0.09 /* it changes slowly: not measured in each frame of a clip */

struct fus_render {
    float *block; /* planes of the region, grows */
    size_t room;
    struct fus_rim rim;
    float lightness[GREYS + 1];
    float *noise;
    float samples[2][GRAIN_SAMPLES_MAX];
};

/* Planes of one face's region. */
struct region {
    struct fus_canvas canvas;
    struct fus_rim_grid grid;
    size_t count;
    float *target_l, *depth, *smooth, *fine, *scratch, *line;
};

static uint32_t scramble(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= x >> 15;
    x *= 0x846ca68bU;
    return x ^ (x >> 16);
}

/* White noise blurred by half a pixel, sd 1, seamless. */
static void make_noise(float *noise, float *raw)
{
    static const float kernel[3] = {0.1065f, 0.787f, 0.1065f};
    const size_t size = NOISE_SIZE, count = size * size;
    for (size_t i = 0; i < count; i++) {
        float sum = 0.0f; /* of eight uniform numbers: near enough to normal */
        for (uint32_t k = 0; k < 8; k++)
            sum += (float)(scramble((uint32_t)i * 8 + k + 1) >> 8) * (1.0f / 16777216.0f) - 0.5f;
        raw[i] = sum;
    }
    double square = 0.0;
    for (size_t y = 0; y < size; y++)
        for (size_t x = 0; x < size; x++) {
            float sum = 0.0f;
            for (size_t j = 0; j < 3; j++)
                for (size_t i = 0; i < 3; i++)
                    sum += kernel[j] * kernel[i] *
                           raw[(y + j + size - 1) % size * size + (x + i + size - 1) % size];
            noise[y * size + x] = sum;
            square += (double)sum * sum;
        }
    const float scale = (float)(1.0 / sqrt(square / (double)count));
    for (size_t i = 0; i < count; i++)
        noise[i] *= scale;
}

int fus_render_new(struct fus_render **render, struct fus_error *err)
{
    FUS_CLEANUP(fus_render_free) struct fus_render *r = fus_calloc(1, sizeof *r);
    const size_t tile = NOISE_SIZE * NOISE_SIZE;
    FUS_AUTO_FREE float *raw = fus_calloc(tile, sizeof *raw);
    if (r)
        r->noise = fus_calloc(tile, sizeof *r->noise);
    if (!r || !raw || !r->noise)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for a face");
    for (int i = 0; i <= GREYS; i++)
        r->lightness[i] = fus_lab_lightness((float)i / GREYS);
    make_noise(r->noise, raw);
    *render = FUS_TAKE(r);
    return 0;
}

void fus_render_free(struct fus_render *render)
{
    if (!render)
        return;
    fus_free(render->block);
    fus_free(render->noise);
    fus_free(render);
}

static int region_plan(struct fus_render *render, const struct fus_image *image,
                       const struct fus_mesh *mesh, struct region *region, struct fus_error *err)
{
    struct fus_rect *rect = &region->canvas.rect;
    rect->x = FUS_CLAMP((int)floorf(mesh->bounds.x1), 0, image->width) & ~1;
    rect->y = FUS_CLAMP((int)floorf(mesh->bounds.y1), 0, image->height) & ~1;
    rect->width = FUS_CLAMP((int)ceilf(mesh->bounds.x2) + 1, rect->x, image->width) - rect->x;
    rect->height = FUS_CLAMP((int)ceilf(mesh->bounds.y2) + 1, rect->y, image->height) - rect->y;
    region->count = (size_t)rect->width * (size_t)rect->height;
    if (rect->width < 8 || rect->height < 8)
        return 0;
    fus_rim_grid_plan(rect, mesh->scale, &region->grid);
    const size_t grid = fus_rim_grid_count(&region->grid);
    const size_t line = FUS_MAX((size_t)region->grid.columns, (size_t)rect->width) * 8 + 64;
    const size_t bytes = (region->count + 3) / 4; /* of the plain marks, as floats */
    const size_t need =
        8 * region->count + bytes + grid + line + fus_blur_scratch(rect->width, rect->height);
    if (need > render->room) {
        const size_t room = need + need / 4;
        float *block = fus_malloc_aligned(room * sizeof *block);
        if (!block)
            return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for a face");
        fus_free(render->block);
        render->block = block;
        render->room = room;
    }
    float *at = render->block;
    float **planes[] = {&region->canvas.l,    &region->canvas.a, &region->canvas.b,
                        &region->canvas.mask, &region->target_l, &region->depth,
                        &region->smooth,      &region->fine};
    for (size_t i = 0; i < FUS_COUNT(planes); i++, at += region->count)
        *planes[i] = at;
    region->canvas.plain = (uint8_t *)at;
    region->grid.values = at + bytes;
    region->line = region->grid.values + grid;
    region->scratch = region->line + line;
    return 0;
}

/* Lightness of the target by its luma: only its fine structure is asked for. */
static void read_lightness(const struct fus_render *render, const struct fus_image *image,
                           const struct region *region)
{
    const struct fus_rect *rect = &region->canvas.rect;
    float table[256];
    const bool yuv = fus_image_is_yuv(image);
    for (int i = 0; yuv && i < 256; i++) {
        const float grey = image->full_range ? (float)i / 255.0f : ((float)i - 16.0f) / 219.0f;
        table[i] = render->lightness[(int)(FUS_CLAMP(grey, 0.0f, 1.0f) * GREYS + 0.5f)];
    }
    for (int y = 0; y < rect->height; y++) {
        const uint8_t *in =
            image->plane[0] + (rect->y + y) * image->stride_bytes[0] + rect->x * (yuv ? 1 : 3);
        float *out = region->target_l + (size_t)y * (size_t)rect->width;
        for (int x = 0; x < rect->width; x++) {
            if (yuv) {
                out[x] = table[in[x]];
            } else { /* 0.114 0.587 0.299 of 1024 / 255 */
                const int grey =
                    (in[3 * x] * 7502 + in[3 * x + 1] * 38630 + in[3 * x + 2] * 19677) >> 14;
                out[x] = render->lightness[FUS_MIN(grey, GREYS)];
            }
        }
    }
}

FUS_SIMD_CLONES static void soften_mask(float *restrict mask, const float *restrict depth,
                                        float inset, float inverse_feather, float opacity,
                                        int count)
{
    for (int x = 0; x < count; x++) {
        float t = (depth[x] - inset) * inverse_feather;
        t = t > 0.0f ? t : 0.0f;
        t = t < 1.0f ? t : 1.0f;
        float value = mask[x] * (t * t * (3.0f - 2.0f * t));
        value = value > 0.0f ? value : 0.0f; /* bicubic taps overshoot */
        value = value < 1.0f ? value : 1.0f;
        mask[x] = opacity * value;
    }
}

/* Sizes of the fine structure of target and donor on plain skin. Medians: means would turn frames
 * of glasses, hair and fringes into freckles. */
static void measure_grain(struct fus_render *render, const struct region *region, double dt,
                          struct fus_blend_state *state)
{
    const size_t width = (size_t)region->canvas.rect.width;
    size_t found = 0;
    const size_t skip = region->count > 8 * GRAIN_SAMPLES_MAX ? 2 : 1;
    for (size_t y = 0; y < (size_t)region->canvas.rect.height; y += 2 * skip)
        for (size_t x = 0; x < width && found < GRAIN_SAMPLES_MAX; x += 2) {
            const size_t i = y * width + x;
            if (!region->canvas.plain[i] || region->depth[i] <= 0.12f ||
                region->canvas.mask[i] <= 0.3f)
                continue;
            render->samples[0][found] = fabsf(region->target_l[i] - region->smooth[i]);
            render->samples[1][found++] = fabsf(region->fine[i]);
        }
    float target = 1.0f, donor = 1.0f;
    if (found > GRAIN_SAMPLES_MIN / 4) {
        target = 1.4826f * fus_stats_median(render->samples[0], found);
        donor = 1.4826f * fus_stats_median(render->samples[1], found);
    }
    const float gain = (target + 0.15f) / (donor + 0.15f);
    const float missing = fminf(target, 2.0f) * fminf(target, 2.0f) - 1.69f * donor * donor;
    const float share = state->grain_known ? fus_blend_share(dt, TAU_GRAIN) : 1.0f;
    state->grain_gain += (FUS_CLAMP(gain, 0.35f, 1.3f) - state->grain_gain) * share;
    state->grain_add += (sqrtf(fmaxf(missing, 0.0f)) - state->grain_add) * share;
    state->grain_known = true;
}

FUS_SIMD_CLONES static void subtract(const float *restrict a, const float *restrict b,
                                     float *restrict out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = a[i] - b[i];
}

FUS_SIMD_CLONES static void add_scaled(float *restrict out, const float *restrict in, float factor,
                                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] += factor * in[i];
}

static void match_grain(struct fus_render *render, const struct region *region, float scale,
                        double dt, uint32_t seed, struct fus_blend_state *state)
{
    const struct fus_rect *rect = &region->canvas.rect;
    const float radius = 0.02f * scale + 0.6f;
    fus_blur_gaussian(region->canvas.l, region->smooth, rect->width, rect->height, radius,
                      region->scratch);
    subtract(region->canvas.l, region->smooth, region->fine, region->count);
    state->grain_wait_s += dt;
    if (!state->grain_known || dt < 0.0 || state->grain_wait_s >= GRAIN_EVERY_S) {
        fus_blur_gaussian(region->target_l, region->smooth, rect->width, rect->height, radius,
                          region->scratch);
        measure_grain(render, region, dt < 0.0 ? dt : state->grain_wait_s, state);
        state->grain_wait_s = 0.0;
    }
    add_scaled(region->canvas.l, region->fine, state->grain_gain - 1.0f, region->count);
    if (state->grain_add <= 0.15f)
        return;
    const uint32_t shift = scramble(seed);
    for (int y = 0; y < rect->height; y++) {
        const size_t row = ((size_t)y + (shift & 255)) % NOISE_SIZE * NOISE_SIZE;
        float *out = region->canvas.l + (size_t)y * (size_t)rect->width;
        for (int x = 0; x < rect->width;) {
            const size_t start = ((size_t)x + (shift >> 8 & 255)) % NOISE_SIZE;
            const int run = FUS_MIN(rect->width - x, (int)(NOISE_SIZE - start));
            add_scaled(out + x, render->noise + row + start, state->grain_add, (size_t)run);
            x += run;
        }
    }
}

int fus_render_face(struct fus_render *render, struct fus_image *image, const struct fus_mesh *mesh,
                    const struct fus_donor *donor, const struct fus_blend_look *look,
                    const struct fus_render_options *options, double dt,
                    struct fus_blend_state *state, struct fus_render_trace *trace,
                    struct fus_error *err)
{
    struct region region;
    const int failed = region_plan(render, image, mesh, &region, err);
    if (trace)
        *trace = (struct fus_render_trace){.rect = region.canvas.rect};
    const struct fus_rect *rect = &region.canvas.rect;
    if (failed || rect->width < 8 || rect->height < 8 || !(options->opacity > 0.0f))
        return failed;
    fus_rim_find(mesh, &render->rim);
    fus_rim_grid_fill(&render->rim, rect, mesh->scale,
                      fmaxf(options->inset + options->feather, 0.26f) + 0.05f, &region.grid);
    for (int y = 0; y < rect->height; y++)
        fus_rim_grid_row(&region.grid, y, rect->width, region.line,
                         region.depth + (size_t)y * (size_t)rect->width);
    read_lightness(render, image, &region);
    memcpy(region.canvas.l, region.target_l, region.count * sizeof(float));
    memset(region.canvas.a, 0, 3 * region.count * sizeof(float)); /* a, b, mask */
    memset(region.canvas.plain, 0, region.count);
    const struct fus_paint paint = {
        .mesh = mesh,
        .level = fus_donor_level(donor, mesh->scale),
        .look = look,
        .mouth = options->keep_mouth ? fus_smoothstep(mesh->gap, 0.008f, 0.03f) : 0.0f,
    };
    fus_paint(&paint, &region.canvas);
    soften_mask(region.canvas.mask, region.depth, options->inset,
                1.0f / fmaxf(options->feather, 0.01f), options->opacity, (int)region.count);
    match_grain(render, &region, mesh->scale, dt, options->seed, state);
    fus_compose(image, &region.canvas, region.line);
    if (trace) {
        trace->mask = region.canvas.mask;
        trace->depth = region.depth;
    }
    return 0;
}
