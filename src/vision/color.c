#include "vision/color.h"

#include <string.h>

#include "vision/color_matrix.h"
#include "vision/simd.h"

enum { BLOCK = 256 }; /* pixels of a row handled at a time, so that scratch stays on the stack */

/* Fixed point, 14 bits: 255 * 2.2 * 2^14 fits int32 with room for the sum. */
enum { SHIFT = 14, HALF = 1 << (SHIFT - 1) };

struct decode_fixed {
    int y, rv, gu, gv, bu, y_offset;
};

static int fixed(double v)
{
    return (int)(v * (1 << SHIFT) + (v < 0 ? -0.5 : 0.5));
}

static struct decode_fixed decode_fixed(enum fus_color_matrix matrix, bool full_range)
{
    struct fus_yuv_decode d = fus_yuv_decode(matrix, full_range);
    return (struct decode_fixed){fixed(d.y),  fixed(d.rv), fixed(d.gu),
                                 fixed(d.gv), fixed(d.bu), (int)d.y_offset};
}

static inline uint8_t clip8(int v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* One block of pixels, chroma already at full width. */
FUS_SIMD_CLONES
static void decode_block(const uint8_t *restrict y, const uint8_t *restrict u,
                         const uint8_t *restrict v, int count, struct decode_fixed k,
                         uint8_t *restrict bgr)
{
    uint8_t b[BLOCK], g[BLOCK], r[BLOCK];
    for (int i = 0; i < count; i++) {
        int luma = (y[i] - k.y_offset) * k.y + HALF, cb = u[i] - 128, cr = v[i] - 128;
        b[i] = clip8((luma + k.bu * cb) >> SHIFT);
        g[i] = clip8((luma + k.gu * cb + k.gv * cr) >> SHIFT);
        r[i] = clip8((luma + k.rv * cr) >> SHIFT);
    }
    for (int i = 0; i < count; i++) {
        bgr[3 * i] = b[i];
        bgr[3 * i + 1] = g[i];
        bgr[3 * i + 2] = r[i];
    }
}

/* Chroma samples of pixels x .. x + count - 1 of a row, one for each pixel. */
static const uint8_t *spread_chroma(const uint8_t *row, int x, int count, int shift, uint8_t *out)
{
    if (shift == 0)
        return row + x;
    for (int i = 0; i < count; i++)
        out[i] = row[(x + i) >> 1];
    return out;
}

static void gray_to_bgr(const uint8_t *gray, int count, uint8_t *bgr)
{
    for (int i = 0; i < count; i++)
        bgr[3 * i] = bgr[3 * i + 1] = bgr[3 * i + 2] = gray[i];
}

void fus_color_to_bgr(const struct fus_image *image, struct fus_rect rect, uint8_t *bgr,
                      ptrdiff_t stride_bytes)
{
    int shift_x = fus_image_chroma_shift_x(image->format);
    int shift_y = fus_image_chroma_shift_y(image->format);
    struct decode_fixed k = decode_fixed(image->matrix, image->full_range);
    for (int row = 0; row < rect.height; row++) {
        int y = rect.y + row;
        uint8_t *out = bgr + row * stride_bytes;
        const uint8_t *luma = image->plane[0] + y * image->stride_bytes[0];
        if (image->format == FUS_PIXEL_BGR8) {
            memcpy(out, luma + 3 * (size_t)rect.x, 3 * (size_t)rect.width);
            continue;
        }
        if (image->format == FUS_PIXEL_GRAY8) {
            gray_to_bgr(luma + rect.x, rect.width, out);
            continue;
        }
        const uint8_t *cb = image->plane[1] + (y >> shift_y) * image->stride_bytes[1];
        const uint8_t *cr = image->plane[2] + (y >> shift_y) * image->stride_bytes[2];
        for (int x = 0; x < rect.width; x += BLOCK) {
            int count = FUS_MIN(rect.width - x, (int)BLOCK);
            uint8_t u[BLOCK], v[BLOCK];
            decode_block(luma + rect.x + x, spread_chroma(cb, rect.x + x, count, shift_x, u),
                         spread_chroma(cr, rect.x + x, count, shift_x, v), count, k,
                         out + 3 * (size_t)x);
        }
    }
}

struct encode_fixed {
    int yr, yg, yb, ur, ug, ub, vr, vg, vb, y_offset;
};

static struct encode_fixed encode_fixed(enum fus_color_matrix matrix, bool full_range)
{
    struct fus_yuv_encode e = fus_yuv_encode(matrix, full_range);
    return (struct encode_fixed){fixed(e.yr), fixed(e.yg),    fixed(e.yb), fixed(e.ur),
                                 fixed(e.ug), fixed(e.ub),    fixed(e.vr), fixed(e.vg),
                                 fixed(e.vb), (int)e.y_offset};
}

FUS_SIMD_CLONES
static void encode_luma(const uint8_t *restrict bgr, const uint8_t *restrict coverage, int count,
                        struct encode_fixed k, uint8_t *restrict y)
{
    for (int i = 0; i < count; i++) {
        int v = k.yb * bgr[3 * i] + k.yg * bgr[3 * i + 1] + k.yr * bgr[3 * i + 2] + HALF;
        uint8_t luma = clip8((v >> SHIFT) + k.y_offset);
        y[i] = coverage == NULL || coverage[i] != 0 ? luma : y[i];
    }
}

/* What from_bgr knows about one call. */
struct write_back {
    struct fus_image *image;
    struct fus_rect rect;
    const uint8_t *bgr;
    ptrdiff_t stride;
    const uint8_t *coverage;
    ptrdiff_t coverage_stride;
};

/* The cell (cx, cy): sums over its covered pixels in rect; what is not covered counts as it was. */
static void encode_cell(const struct write_back *w, struct encode_fixed k, int cx, int cy,
                        int shift_x, int shift_y)
{
    const struct fus_rect *r = &w->rect;
    int x_end = FUS_MIN((cx + 1) << shift_x, w->image->width);
    int y_end = FUS_MIN((cy + 1) << shift_y, w->image->height);
    int pixels = (x_end - (cx << shift_x)) * (y_end - (cy << shift_y));
    int x_begin = FUS_MAX(cx << shift_x, r->x), y_begin = FUS_MAX(cy << shift_y, r->y);
    x_end = FUS_MIN(x_end, r->x + r->width);
    y_end = FUS_MIN(y_end, r->y + r->height);

    int covered = 0, b = 0, g = 0, red = 0;
    for (int y = y_begin; y < y_end; y++) {
        const uint8_t *row = w->bgr + (y - r->y) * w->stride - 3 * (ptrdiff_t)r->x;
        const uint8_t *cover =
            w->coverage ? w->coverage + (y - r->y) * w->coverage_stride - r->x : NULL;
        for (int x = x_begin; x < x_end; x++) {
            if (cover != NULL && cover[x] == 0)
                continue;
            covered++;
            b += row[3 * x];
            g += row[3 * x + 1];
            red += row[3 * x + 2];
        }
    }
    if (covered == 0)
        return;
    uint8_t *u = w->image->plane[1] + cy * w->image->stride_bytes[1] + cx;
    uint8_t *v = w->image->plane[2] + cy * w->image->stride_bytes[2] + cx;
    int rest = pixels - covered;
    /* 128 is added per pixel before the division, so that the sum is never negative. */
    int64_t one = (int64_t)1 << SHIFT, half = pixels * one / 2;
    int64_t us = (int64_t)k.ur * red + (int64_t)k.ug * g + (int64_t)k.ub * b +
                 (128 * covered + *u * rest) * one + half;
    int64_t vs = (int64_t)k.vr * red + (int64_t)k.vg * g + (int64_t)k.vb * b +
                 (128 * covered + *v * rest) * one + half;
    *u = clip8((int)(us / (pixels * one)));
    *v = clip8((int)(vs / (pixels * one)));
}

static void copy_covered(uint8_t *to, const uint8_t *bgr, const uint8_t *coverage, int count)
{
    if (coverage == NULL) {
        memcpy(to, bgr, 3 * (size_t)count);
        return;
    }
    for (int i = 0; i < count; i++) {
        if (coverage[i] != 0)
            memcpy(to + 3 * i, bgr + 3 * i, 3);
    }
}

void fus_color_from_bgr(struct fus_image *image, struct fus_rect rect, const uint8_t *bgr,
                        ptrdiff_t stride_bytes, const uint8_t *coverage,
                        ptrdiff_t coverage_stride_bytes)
{
    bool gray = image->format == FUS_PIXEL_GRAY8;
    struct encode_fixed k =
        encode_fixed(gray ? FUS_MATRIX_BT601 : image->matrix, gray || image->full_range);
    for (int row = 0; row < rect.height; row++) {
        uint8_t *to = image->plane[0] + (rect.y + row) * image->stride_bytes[0];
        const uint8_t *from = bgr + row * stride_bytes;
        const uint8_t *cover = coverage ? coverage + row * coverage_stride_bytes : NULL;
        if (image->format == FUS_PIXEL_BGR8)
            copy_covered(to + 3 * (size_t)rect.x, from, cover, rect.width);
        else
            encode_luma(from, cover, rect.width, k, to + rect.x);
    }
    if (!fus_image_is_yuv(image) || rect.width <= 0 || rect.height <= 0)
        return;
    int shift_x = fus_image_chroma_shift_x(image->format);
    int shift_y = fus_image_chroma_shift_y(image->format);
    struct write_back w = {image, rect, bgr, stride_bytes, coverage, coverage_stride_bytes};
    for (int cy = rect.y >> shift_y; cy <= (rect.y + rect.height - 1) >> shift_y; cy++) {
        for (int cx = rect.x >> shift_x; cx <= (rect.x + rect.width - 1) >> shift_x; cx++)
            encode_cell(&w, k, cx, cy, shift_x, shift_y);
    }
}

static inline float clip255(float v)
{
    v = v < 0 ? 0 : v;
    return v > 255 ? 255 : v;
}

struct decode_float {
    float y, rv, gu, gv, bu, y_offset, mean, scale;
};

FUS_SIMD_CLONES
static void planar_row(const uint8_t *restrict y, const uint8_t *restrict u,
                       const uint8_t *restrict v, int count, struct decode_float k,
                       float *restrict b, float *restrict g, float *restrict r)
{
    for (int i = 0; i < count; i++) {
        float luma = ((float)y[i] - k.y_offset) * k.y;
        float cb = (float)u[i] - 128, cr = (float)v[i] - 128;
        b[i] = (clip255(luma + k.bu * cb) - k.mean) * k.scale;
        g[i] = (clip255(luma + k.gu * cb + k.gv * cr) - k.mean) * k.scale;
        r[i] = (clip255(luma + k.rv * cr) - k.mean) * k.scale;
    }
}

void fus_color_yuv444_to_planar(const uint8_t *const plane[3], const ptrdiff_t stride_bytes[3],
                                int width, int height, enum fus_color_matrix matrix,
                                bool full_range, const struct fus_planar *out)
{
    struct fus_yuv_decode d = fus_yuv_decode(matrix, full_range);
    struct decode_float k = {(float)d.y,  (float)d.rv,       (float)d.gu, (float)d.gv,
                             (float)d.bu, (float)d.y_offset, out->mean,   out->scale};
    for (int row = 0; row < height; row++) {
        float *first = out->data + (size_t)row * out->row_stride;
        float *last = first + 2 * out->plane_stride;
        planar_row(plane[0] + row * stride_bytes[0], plane[1] + row * stride_bytes[1],
                   plane[2] + row * stride_bytes[2], width, k, out->rgb ? last : first,
                   first + out->plane_stride, out->rgb ? first : last);
    }
}

void fus_color_to_planar(const struct fus_image *image, struct fus_rect rect,
                         const struct fus_planar *out)
{
    int shift_x = fus_image_chroma_shift_x(image->format);
    int shift_y = fus_image_chroma_shift_y(image->format);
    struct fus_yuv_decode d = fus_yuv_decode(image->matrix, image->full_range);
    struct decode_float k = {(float)d.y,  (float)d.rv,       (float)d.gu, (float)d.gv,
                             (float)d.bu, (float)d.y_offset, out->mean,   out->scale};
    for (int row = 0; row < rect.height; row++) {
        int y = rect.y + row;
        float *first = out->data + (size_t)row * out->row_stride;
        float *last = first + 2 * out->plane_stride;
        const uint8_t *luma = image->plane[0] + y * image->stride_bytes[0] + rect.x;
        const uint8_t *cb = image->plane[1] + (y >> shift_y) * image->stride_bytes[1];
        const uint8_t *cr = image->plane[2] + (y >> shift_y) * image->stride_bytes[2];
        for (int x = 0; x < rect.width; x += BLOCK) {
            int count = FUS_MIN(rect.width - x, (int)BLOCK);
            uint8_t u[BLOCK], v[BLOCK];
            planar_row(luma + x, spread_chroma(cb, rect.x + x, count, shift_x, u),
                       spread_chroma(cr, rect.x + x, count, shift_x, v), count, k,
                       (out->rgb ? last : first) + x, first + out->plane_stride + x,
                       (out->rgb ? first : last) + x);
        }
    }
}

FUS_SIMD_CLONES
static void split_row(const uint8_t *restrict bgr, int count, float mean, float scale,
                      float *restrict b, float *restrict g, float *restrict r)
{
    for (int i = 0; i < count; i++) {
        b[i] = ((float)bgr[3 * i] - mean) * scale;
        g[i] = ((float)bgr[3 * i + 1] - mean) * scale;
        r[i] = ((float)bgr[3 * i + 2] - mean) * scale;
    }
}

void fus_color_bgr_to_planar(const uint8_t *bgr, ptrdiff_t stride_bytes, int width, int height,
                             const struct fus_planar *out)
{
    for (int row = 0; row < height; row++) {
        float *first = out->data + (size_t)row * out->row_stride;
        float *last = first + 2 * out->plane_stride;
        split_row(bgr + row * stride_bytes, width, out->mean, out->scale, out->rgb ? last : first,
                  first + out->plane_stride, out->rgb ? first : last);
    }
}
