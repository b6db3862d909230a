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

typedef uint8_t v16b __attribute__((vector_size(16)));

/* Three planes to pixels of three bytes, 16 pixels at a time: b and g are mixed first, then r put
 * between them. */
FUS_SIMD_INLINE void interleave_16(const uint8_t *b, const uint8_t *g, const uint8_t *r,
                                   uint8_t *bgr)
{
    v16b blue, green, red, out;
    memcpy(&blue, b, sizeof(blue));
    memcpy(&green, g, sizeof(green));
    memcpy(&red, r, sizeof(red));
    out = __builtin_shufflevector(blue, green, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
    out =
        __builtin_shufflevector(out, red, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15);
    memcpy(bgr, &out, sizeof(out));
    out =
        __builtin_shufflevector(blue, green, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
    out =
        __builtin_shufflevector(out, red, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15);
    memcpy(bgr + 16, &out, sizeof(out));
    out = __builtin_shufflevector(blue, green, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15,
                                  31, 0);
    out =
        __builtin_shufflevector(out, red, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31);
    memcpy(bgr + 32, &out, sizeof(out));
}

/* For what lies in 16 bits anyway: compilers make two instructions of it, of clip8 many. */
FUS_SIMD_INLINE void clip_row(const int16_t *restrict wide, int count, uint8_t *restrict out)
{
    for (int i = 0; i < count; i++) {
        int16_t v = FUS_MAX(wide[i], (int16_t)0);
        out[i] = (uint8_t)FUS_MIN(v, (int16_t)255);
    }
}

/* One block of pixels, chroma already at full width. All factors but one fit 16 bits, and products
 * of 16 bits are the cheap ones: of bu, which may exceed 2, 32768 is taken apart. */
FUS_SIMD_CLONES
static void decode_block(const uint8_t *restrict y, const uint8_t *restrict u,
                         const uint8_t *restrict v, int count, struct decode_fixed k,
                         uint8_t *restrict bgr)
{
    int16_t blue[BLOCK], green[BLOCK], red[BLOCK];
    uint8_t b[BLOCK], g[BLOCK], r[BLOCK];
    int16_t by_y = (int16_t)k.y, bu = (int16_t)(k.bu - (1 << 15));
    int16_t gu = (int16_t)k.gu, gv = (int16_t)k.gv, rv = (int16_t)k.rv;
    for (int i = 0; i < count; i++) {
        int16_t light = (int16_t)(y[i] - k.y_offset);
        int16_t cb = (int16_t)(u[i] - 128), cr = (int16_t)(v[i] - 128);
        int luma = light * by_y + HALF;
        blue[i] = (int16_t)((luma + bu * cb + cb * (1 << 15)) >> SHIFT);
        green[i] = (int16_t)((luma + gu * cb + gv * cr) >> SHIFT);
        red[i] = (int16_t)((luma + rv * cr) >> SHIFT);
    }
    clip_row(blue, count, b);
    clip_row(green, count, g);
    clip_row(red, count, r);
    int i = 0;
    for (; i + 16 <= count; i += 16)
        interleave_16(b + i, g + i, r + i, bgr + 3 * (ptrdiff_t)i);
    for (; i < count; i++) {
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
    int i = 0;
    if (x & 1)
        out[i++] = row[x >> 1];
    const uint8_t *from = row + ((x + i) >> 1);
    for (; i + 32 <= count; i += 32, from += 16) {
        v16b c, half;
        memcpy(&c, from, sizeof(c));
        half = __builtin_shufflevector(c, c, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
        memcpy(out + i, &half, sizeof(half));
        half = __builtin_shufflevector(c, c, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15,
                                       15);
        memcpy(out + i + 16, &half, sizeof(half));
    }
    for (; i < count; i++)
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
    int16_t wide[BLOCK];
    uint8_t luma[BLOCK];
    int16_t yb = (int16_t)k.yb, yg = (int16_t)k.yg, yr = (int16_t)k.yr;
    for (int left = 0; left < count; left += BLOCK) {
        int n = FUS_MIN(count - left, (int)BLOCK);
        const uint8_t *p = bgr + 3 * (ptrdiff_t)left;
        for (int i = 0; i < n; i++) {
            int16_t b = p[3 * i], g = p[3 * i + 1], r = p[3 * i + 2];
            wide[i] = (int16_t)(((yb * b + yg * g + yr * r + HALF) >> SHIFT) + k.y_offset);
        }
        clip_row(wide, n, luma);
        if (coverage == NULL) {
            memcpy(y + left, luma, (size_t)n);
            continue;
        }
        for (int i = 0; i < n; i++)
            y[left + i] = coverage[left + i] != 0 ? luma[i] : y[left + i];
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

/* What of a cell is covered. */
struct cell_sum {
    int count, b, g, r;
};

static inline void store_cell(const struct write_back *w, struct encode_fixed k, int cx, int cy,
                              int pixels, const struct cell_sum *sum)
{
    uint8_t *u = w->image->plane[1] + cy * w->image->stride_bytes[1] + cx;
    uint8_t *v = w->image->plane[2] + cy * w->image->stride_bytes[2] + cx;
    int rest = pixels - sum->count;
    /* 128 is added per pixel before the division, so that the sum is never negative; a cell has 1,
     * 2 or 4 pixels, so that the division is a shift. */
    int shift = SHIFT + (pixels >> 1);
    int one = 1 << SHIFT, half = pixels * one / 2; /* all sums stay below 2^26 */
    int us =
        k.ur * sum->r + k.ug * sum->g + k.ub * sum->b + (128 * sum->count + *u * rest) * one + half;
    int vs =
        k.vr * sum->r + k.vg * sum->g + k.vb * sum->b + (128 * sum->count + *v * rest) * one + half;
    *u = clip8(us >> shift);
    *v = clip8(vs >> shift);
}

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
    if (covered != 0)
        store_cell(w, k, cx, cy, pixels, &(struct cell_sum){covered, b, g, red});
}

/* A cell of four pixels inside rect: most of them are covered wholly or not at all. */
static inline bool encode_whole_cell(const struct write_back *w, struct encode_fixed k, int cx,
                                     int cy)
{
    ptrdiff_t x = 2 * cx - w->rect.x, y = 2 * cy - w->rect.y;
    if (w->coverage) {
        const uint8_t *upper = w->coverage + y * w->coverage_stride + x;
        const uint8_t *lower = upper + w->coverage_stride;
        if ((upper[0] | upper[1] | lower[0] | lower[1]) == 0)
            return true;
        if (!upper[0] || !upper[1] || !lower[0] || !lower[1])
            return false;
    }
    const uint8_t *a = w->bgr + y * w->stride + 3 * x, *b = a + w->stride;
    const struct cell_sum sum = {4, a[0] + a[3] + b[0] + b[3], a[1] + a[4] + b[1] + b[4],
                                 a[2] + a[5] + b[2] + b[5]};
    store_cell(w, k, cx, cy, 4, &sum);
    return true;
}

static void encode_cells(const struct write_back *w, struct encode_fixed k, int shift_x,
                         int shift_y)
{
    const struct fus_rect *r = &w->rect;
    int left = r->x >> shift_x, right = (r->x + r->width - 1) >> shift_x;
    for (int cy = r->y >> shift_y; cy <= (r->y + r->height - 1) >> shift_y; cy++) {
        bool whole_row =
            shift_x == 1 && shift_y == 1 && 2 * cy >= r->y && 2 * cy + 1 < r->y + r->height;
        for (int cx = left; cx <= right; cx++) {
            bool whole = whole_row && 2 * cx >= r->x && 2 * cx + 1 < r->x + r->width;
            if (!whole || !encode_whole_cell(w, k, cx, cy))
                encode_cell(w, k, cx, cy, shift_x, shift_y);
        }
    }
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
    encode_cells(&w, k, shift_x, shift_y);
}

FUS_SIMD_CLONES
static void differ_row(const uint8_t *restrict a, const uint8_t *restrict b, int count,
                       uint8_t *restrict differs)
{
    for (int i = 0; i < count; i++)
        differs[i] = (uint8_t)((a[3 * i] ^ b[3 * i]) | (a[3 * i + 1] ^ b[3 * i + 1]) |
                               (a[3 * i + 2] ^ b[3 * i + 2]));
}

void fus_color_differs(const struct fus_plane *a, const struct fus_plane *b, uint8_t *differs,
                       ptrdiff_t stride_bytes)
{
    for (int y = 0; y < a->height; y++)
        differ_row(a->data + y * a->stride_bytes, b->data + y * b->stride_bytes, a->width,
                   differs + y * stride_bytes);
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
