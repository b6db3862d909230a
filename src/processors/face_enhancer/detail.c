#include "processors/face_enhancer/detail.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "faces/face.h"
#include "processors/face_enhancer/detail_filter.h"
#include "processors/face_enhancer/detail_mask.h"
#include "vision/blur.h"
#include "vision/rect.h"
#include "vision/simd.h"

/* Widths, as shares of the distance between the eyes; below a sigma of FINE_MIN px the pixels have
 * nothing finer, above FINE_MAX there is nothing to gain. */
#define FINE_SHARE 0.013f
#define FINE_MIN 0.7f
#define FINE_MAX 2.6f
#define COARSE_SHARE 0.05f
#define COARSE_MIN 1.5f
#define COARSE_NODES 3.0f /* the coarse sigma on its own, smaller plane */

#define FINE_GAIN 2.1f
#define COARSE_GAIN 0.45f
#define EDGE 11.0f /* contrast, in levels, from which on the base keeps an edge */

/* Fine structure below this is noise: so many standard deviations, and so much of a block's step.
 */
#define CORE_FLOOR 0.8f
#define CORE_NOISE 2.2f
#define CORE_BLOCKS 2.0f
#define BLURRED_NOISE 0.282f /* of white noise, a Gaussian leaves 1 / (2 sqrt(pi) sigma) */

#define MARGIN 2.0f
#define MARGIN_SHARE 0.06f

/* Small faces are faded in, so that one that comes nearer does not jump. */
#define EYES_FULL 14.0f

#define TILE 256     /* pixels a side that are worked on at once */
#define MEASURED 256 /* pixels a side in which noise is measured, in the face's middle */

struct plane {
    float *data;
    size_t capacity;
};

struct fus_detail {
    uint16_t *luma; /* of `region`, in 1/128 levels as stored */
    size_t luma_capacity;
    struct fus_rect region;
    struct plane mask, gain;                       /* on the grid */
    struct plane base_a, base_b, work[3], scratch; /* on the coarse plane */
    struct plane tile[6];
    struct plane tile_scratch;
    struct plane rows; /* six rows of TILE + two of nodes */
    int column_index[2][TILE];
    float column_share[2][TILE];
    struct fus_detail_trace trace;
};

/* What of one face does not change from tile to tile. */
struct face {
    float eyes, fine_sigma, radius, coarse_sigma;
    float strength;
    int halo;             /* px that a tile needs around itself */
    struct fus_rect rect; /* to be changed */
    struct fus_detail_grid grid;
    int factor;                    /* px of a node of the coarse plane */
    int columns, rows;             /* of the coarse plane */
    float luma_scale, luma_offset; /* stored value -> levels of 0..255 */
};

int fus_detail_new(struct fus_detail **out, struct fus_error *err)
{
    struct fus_detail *detail = fus_calloc(1, sizeof *detail);
    if (!detail)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory to sharpen faces");
    *out = detail;
    return 0;
}

void fus_detail_free(struct fus_detail *detail)
{
    if (!detail)
        return;
    struct plane *const planes[] = {
        &detail->mask,    &detail->gain,    &detail->base_a,       &detail->base_b,
        &detail->work[0], &detail->work[1], &detail->work[2],      &detail->scratch,
        &detail->tile[0], &detail->tile[1], &detail->tile[2],      &detail->tile[3],
        &detail->tile[4], &detail->tile[5], &detail->tile_scratch, &detail->rows};
    for (size_t i = 0; i < FUS_COUNT(planes); i++)
        fus_free(planes[i]->data);
    fus_free(detail->luma);
    fus_free(detail);
}

struct fus_detail_trace fus_detail_trace(const struct fus_detail *detail)
{
    return detail->trace;
}

static bool grow(struct plane *plane, size_t count)
{
    if (count <= plane->capacity)
        return true;
    size_t bytes;
    if (!fus_size_mul(count, sizeof(float), &bytes))
        return false;
    fus_free(FUS_TAKE(plane->data));
    plane->capacity = 0;
    plane->data = fus_malloc_aligned(bytes);
    if (!plane->data)
        return false;
    plane->capacity = count;
    return true;
}

static bool grow_luma(struct fus_detail *detail, size_t count)
{
    if (count <= detail->luma_capacity)
        return true;
    fus_free(FUS_TAKE(detail->luma));
    detail->luma_capacity = 0;
    detail->luma = fus_malloc_aligned(count * sizeof *detail->luma);
    if (!detail->luma)
        return false;
    detail->luma_capacity = count;
    return true;
}

static bool reserve(struct fus_detail *detail, const struct face *face)
{
    const size_t nodes = (size_t)face->grid.columns * (size_t)face->grid.rows;
    const size_t coarse = (size_t)face->columns * (size_t)face->rows;
    const size_t side = TILE + 2 * (size_t)face->halo;
    bool enough = grow_luma(detail, (size_t)detail->region.width * (size_t)detail->region.height) &&
                  grow(&detail->mask, nodes) && grow(&detail->gain, nodes) &&
                  grow(&detail->base_a, coarse) && grow(&detail->base_b, coarse) &&
                  grow(&detail->scratch, fus_blur_scratch(face->columns, face->rows)) &&
                  grow(&detail->rows, 5 * TILE + (size_t)face->columns + FUS_DETAIL_GRID_SIDE) &&
                  grow(&detail->tile_scratch,
                       FUS_MAX(4 * side * side, fus_blur_scratch((int)side, (int)side)));
    for (size_t i = 0; enough && i < FUS_COUNT(detail->work); i++)
        enough = grow(&detail->work[i], coarse);
    for (size_t i = 0; enough && i < FUS_COUNT(detail->tile); i++)
        enough = grow(&detail->tile[i], side * side);
    return enough;
}

/* ---- luma ---- */

FUS_SIMD_CLONES static void luma_row(const uint8_t *restrict from, uint16_t *restrict to, int width,
                                     bool bgr)
{
    if (bgr)
        for (int x = 0; x < width; x++)
            to[x] =
                (uint16_t)((29 * from[3 * x] + 150 * from[3 * x + 1] + 77 * from[3 * x + 2]) >> 1);
    else
        for (int x = 0; x < width; x++)
            to[x] = (uint16_t)(from[x] << 7);
}

static void take_luma(struct fus_detail *detail, const struct fus_image *image)
{
    const struct fus_rect region = detail->region;
    const bool bgr = image->format == FUS_PIXEL_BGR8;
    for (int y = 0; y < region.height; y++)
        luma_row(image->plane[0] + (region.y + y) * image->stride_bytes[0] +
                     (ptrdiff_t)region.x * (bgr ? 3 : 1),
                 detail->luma + (size_t)y * (size_t)region.width, region.width, bgr);
}

/* width x height levels from picture position (x, y) on; beyond the region its border goes on. */
static void load_tile(const struct fus_detail *detail, const struct face *face, int x, int y,
                      int width, int height, float *to)
{
    const struct fus_rect region = detail->region;
    for (int j = 0; j < height; j++) {
        const int row = FUS_CLAMP(y + j - region.y, 0, region.height - 1);
        const uint16_t *from = detail->luma + (size_t)row * (size_t)region.width;
        float *out = to + (size_t)j * (size_t)width;
        const int before = FUS_CLAMP(region.x - x, 0, width);
        const int inside = FUS_CLAMP(region.x + region.width - x, before, width);
        for (int i = before; i < inside; i++)
            out[i] = (float)from[x + i - region.x] * face->luma_scale + face->luma_offset;
        for (int i = 0; i < before; i++)
            out[i] = (float)from[0] * face->luma_scale + face->luma_offset;
        for (int i = inside; i < width; i++)
            out[i] = (float)from[region.width - 1] * face->luma_scale + face->luma_offset;
    }
}

/* ---- the edge-aware base, on a smaller plane ---- */

static void shrink_luma(const struct fus_detail *detail, const struct face *face, float *to)
{
    const struct fus_rect region = detail->region;
    for (int row = 0; row < face->rows; row++) {
        const int y1 = row * face->factor, y2 = FUS_MIN(y1 + face->factor, region.height);
        for (int column = 0; column < face->columns; column++) {
            const int x1 = column * face->factor, x2 = FUS_MIN(x1 + face->factor, region.width);
            uint64_t sum = 0;
            for (int y = y1; y < y2; y++)
                for (int x = x1; x < x2; x++)
                    sum += detail->luma[(size_t)y * (size_t)region.width + (size_t)x];
            to[(size_t)row * (size_t)face->columns + (size_t)column] =
                (float)((double)sum / ((double)(y2 - y1) * (x2 - x1))) * face->luma_scale +
                face->luma_offset;
        }
    }
}

/* The self-guided filter (He, Sun, Tang, TPAMI 2013) with a Gaussian window: base = a * luma + b,
 * where a is near 1 at edges and near 0 where there is only texture. Its coefficients are smooth,
 * so that a smaller plane has all of them (He, Sun 2015). */
static void find_base(struct fus_detail *detail, const struct face *face)
{
    const size_t count = (size_t)face->columns * (size_t)face->rows;
    const float sigma = face->coarse_sigma / (float)face->factor;
    float *luma = detail->work[0].data, *mean = detail->work[1].data,
          *square = detail->work[2].data;
    float *a = detail->base_a.data, *b = detail->base_b.data;
    shrink_luma(detail, face, luma);
    for (size_t i = 0; i < count; i++)
        square[i] = luma[i] * luma[i];
    fus_blur_gaussian(luma, mean, face->columns, face->rows, sigma, detail->scratch.data);
    fus_blur_gaussian(square, square, face->columns, face->rows, sigma, detail->scratch.data);
    for (size_t i = 0; i < count; i++) {
        const float variance = FUS_MAX(square[i] - mean[i] * mean[i], 0.0f);
        a[i] = variance / (variance + EDGE * EDGE);
        b[i] = (1.0f - a[i]) * mean[i];
    }
    fus_blur_gaussian(a, a, face->columns, face->rows, sigma, detail->scratch.data);
    fus_blur_gaussian(b, b, face->columns, face->rows, sigma, detail->scratch.data);
}

/* ---- reading coarse planes at each pixel ---- */

static void columns_for(struct fus_detail *detail, int which, float first, float step, int nodes,
                        int width)
{
    for (int x = 0; x < width; x++) {
        const float at = FUS_CLAMP(first + (float)x * step, 0.0f, (float)(nodes - 1));
        const int index = FUS_MIN((int)at, FUS_MAX(nodes - 2, 0));
        detail->column_index[which][x] = index;
        detail->column_share[which][x] = nodes > 1 ? at - (float)index : 0.0f;
    }
}

static void read_row(const struct fus_detail *detail, int which, const float *plane, int nodes,
                     int node_rows, float at, float *between, float *out, int width)
{
    at = FUS_CLAMP(at, 0.0f, (float)(node_rows - 1));
    const int row = FUS_MIN((int)at, FUS_MAX(node_rows - 2, 0));
    const float share = at - (float)row;
    const float *above = plane + (size_t)row * (size_t)nodes;
    const float *below = node_rows > 1 ? above + nodes : above;
    for (int i = 0; i < nodes; i++)
        between[i] = above[i] + share * (below[i] - above[i]);
    const int *index = detail->column_index[which];
    const float *part = detail->column_share[which];
    const int next = nodes > 1;
    for (int x = 0; x < width; x++)
        out[x] = between[index[x]] + part[x] * (between[index[x] + next] - between[index[x]]);
}

/* ---- writing ---- */

FUS_SIMD_CLONES static void add_to_bgr(uint8_t *restrict pixels, const float *restrict delta,
                                       int width)
{
    for (int x = 0; x < width; x++) {
        for (int c = 0; c < 3; c++) {
            const float value = (float)pixels[3 * x + c] + delta[x] + 0.5f;
            pixels[3 * x + c] = (uint8_t)FUS_CLAMP(value, 0.0f, 255.0f);
        }
    }
}

FUS_SIMD_CLONES static void add_to_plane(uint8_t *restrict pixels, const float *restrict delta,
                                         float scale, int width)
{
    for (int x = 0; x < width; x++) {
        const float value = (float)pixels[x] + delta[x] * scale + 0.5f;
        pixels[x] = (uint8_t)FUS_CLAMP(value, 0.0f, 255.0f);
    }
}

static void write_row(struct fus_image *image, const struct face *face, int x, int y,
                      const float *delta, int width)
{
    uint8_t *row = image->plane[0] + y * image->stride_bytes[0];
    if (image->format == FUS_PIXEL_BGR8)
        add_to_bgr(row + 3 * (ptrdiff_t)x, delta, width);
    else
        add_to_plane(row + x, delta, 1.0f / (128.0f * face->luma_scale), width);
}

/* ---- one face ---- */

static void sharpen_tile(struct fus_detail *detail, const struct face *face,
                         struct fus_image *image, struct fus_rect tile)
{
    const int halo = face->halo, width = tile.width + 2 * halo, height = tile.height + 2 * halo;
    const struct fus_rect region = detail->region;
    float *luma = detail->tile[0].data, *blurred = detail->tile[1].data;
    float *low = detail->tile[2].data, *high = detail->tile[3].data;
    float *rows = detail->rows.data, *between = rows + 5 * TILE;
    load_tile(detail, face, tile.x - halo, tile.y - halo, width, height, luma);
    fus_blur_gaussian(luma, blurred, width, height, face->fine_sigma, detail->tile_scratch.data);
    fus_detail_extremes(luma, low, high, width, height, face->radius, detail->tile_scratch.data);
    const float mask_step = 1.0f / face->grid.step, base_step = 1.0f / (float)face->factor;
    const float middle = 0.5f * (float)(face->factor - 1);
    columns_for(detail, 0, ((float)tile.x - face->grid.x0) * mask_step, mask_step,
                face->grid.columns, tile.width);
    columns_for(detail, 1, ((float)(tile.x - region.x) - middle) * base_step, base_step,
                face->columns, tile.width);
    struct fus_detail_row row = {
        .mask = rows,
        .gain = rows + TILE,
        .base_a = rows + 2 * TILE,
        .base_b = rows + 3 * TILE,
        .fine = FINE_GAIN * face->strength,
        .coarse = COARSE_GAIN * face->strength,
        .fine_core =
            CORE_FLOOR + CORE_NOISE * detail->trace.noise + CORE_BLOCKS * detail->trace.blocks,
        .coarse_core = CORE_NOISE * detail->trace.noise * BLURRED_NOISE / face->fine_sigma +
                       CORE_BLOCKS * detail->trace.blocks,
        .margin = MARGIN,
        .share = MARGIN_SHARE,
    };
    for (int y = 0; y < tile.height; y++) {
        const float mask_at = ((float)(tile.y + y) - face->grid.y0) * mask_step;
        const float base_at = ((float)(tile.y + y - region.y) - middle) * base_step;
        const size_t at = (size_t)(y + halo) * (size_t)width + (size_t)halo;
        read_row(detail, 0, detail->mask.data, face->grid.columns, face->grid.rows, mask_at,
                 between, rows, tile.width);
        read_row(detail, 0, detail->gain.data, face->grid.columns, face->grid.rows, mask_at,
                 between, rows + TILE, tile.width);
        read_row(detail, 1, detail->base_a.data, face->columns, face->rows, base_at, between,
                 rows + 2 * TILE, tile.width);
        read_row(detail, 1, detail->base_b.data, face->columns, face->rows, base_at, between,
                 rows + 3 * TILE, tile.width);
        row.luma = luma + at;
        row.blurred = blurred + at;
        row.low = low + at;
        row.high = high + at;
        fus_detail_sharpen_row(&row, rows + 4 * TILE, tile.width);
        write_row(image, face, tile.x, tile.y + y, rows + 4 * TILE, tile.width);
    }
}

/* Noise and blocks in the face's middle, where its mask is. */
static void measure(struct fus_detail *detail, const struct face *face)
{
    const struct fus_rect rect = face->rect;
    const int width = FUS_MIN(rect.width, MEASURED), height = FUS_MIN(rect.height, MEASURED);
    const int x = rect.x + (rect.width - width) / 2, y = rect.y + (rect.height - height) / 2;
    float *luma = detail->tile[0].data, *where = detail->tile[1].data;
    const float step = 1.0f / face->grid.step;
    load_tile(detail, face, x, y, width, height, luma);
    columns_for(detail, 0, ((float)x - face->grid.x0) * step, step, face->grid.columns, width);
    for (int j = 0; j < height; j++)
        read_row(detail, 0, detail->mask.data, face->grid.columns, face->grid.rows,
                 ((float)(y + j) - face->grid.y0) * step, detail->rows.data + 5 * TILE,
                 where + (size_t)j * (size_t)width, width);
    detail->trace = (struct fus_detail_trace){
        face->eyes,
        fus_detail_noise(luma, where, width, height),
        fus_detail_blocks(luma, where, width, height),
    };
}

/* false: nothing to do. */
static bool plan(struct fus_detail *detail, const struct fus_image *image,
                 const struct fus_point points[68], float strength, struct face *face)
{
    const float eyes = fus_face_points_eye_distance(points);
    if (!(eyes >= FUS_DETAIL_EYES_MIN) || !(strength > 0.0f) ||
        !fus_detail_grid_for(points, eyes, image->width, image->height, &face->grid, &face->rect))
        return false;
    face->eyes = eyes;
    face->strength =
        FUS_MIN(strength, 1.0f) *
        FUS_MIN((eyes - FUS_DETAIL_EYES_MIN) / (EYES_FULL - FUS_DETAIL_EYES_MIN), 1.0f);
    face->fine_sigma = FUS_CLAMP(FINE_SHARE * eyes, FINE_MIN, FINE_MAX);
    face->radius = face->fine_sigma * 1.3f;
    face->coarse_sigma = FUS_MAX(COARSE_SHARE * eyes, COARSE_MIN);
    face->factor = FUS_MAX((int)(face->coarse_sigma / COARSE_NODES), 1);
    face->halo = FUS_MAX((int)ceilf(3.0f * face->fine_sigma), (int)face->radius + 1);
    /* Around it what the filters see, from a whole node of the picture on: a node's pixels stay the
     * same when the face moves. */
    const int around = (int)ceilf(3.0f * face->coarse_sigma) + face->halo;
    struct fus_rect region = {face->rect.x - around, face->rect.y - around,
                              face->rect.width + 2 * around, face->rect.height + 2 * around};
    if (!fus_rect_clip(region, image->width, image->height, &region))
        return false;
    const int left = region.x % face->factor, top = region.y % face->factor;
    detail->region = (struct fus_rect){region.x - left, region.y - top, region.width + left,
                                       region.height + top};
    face->columns = (detail->region.width + face->factor - 1) / face->factor;
    face->rows = (detail->region.height + face->factor - 1) / face->factor;
    const bool limited = fus_image_is_yuv(image) && !image->full_range;
    face->luma_scale = (limited ? 255.0f / 219.0f : 1.0f) / 128.0f;
    face->luma_offset = limited ? -16.0f * 255.0f / 219.0f : 0.0f;
    return true;
}

int fus_detail_face(struct fus_detail *detail, struct fus_image *image,
                    const struct fus_point points[68], float strength, struct fus_rect *changed,
                    struct fus_error *err)
{
    struct face face;
    *changed = (struct fus_rect){0, 0, 0, 0};
    if (!plan(detail, image, points, strength, &face))
        return 0;
    if (!reserve(detail, &face))
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory to sharpen faces");
    fus_detail_grid_fill(&face.grid, points, face.eyes, detail->mask.data, detail->gain.data);
    take_luma(detail, image);
    measure(detail, &face);
    find_base(detail, &face);
    const struct fus_rect rect = face.rect;
    for (int y = 0; y < rect.height; y += TILE)
        for (int x = 0; x < rect.width; x += TILE)
            sharpen_tile(detail, &face, image,
                         (struct fus_rect){rect.x + x, rect.y + y, FUS_MIN(TILE, rect.width - x),
                                           FUS_MIN(TILE, rect.height - y)});
    *changed = rect;
    return 0;
}
