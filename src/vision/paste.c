#include "vision/paste.h"

#include <math.h>

#include "base/mem.h"
#include "vision/bilinear.h"
#include "vision/bilinear_f64.h"
#include "vision/crop.h"

struct fus_paste_scratch {
    int *columns; /* float64 crops: each column's part of x, then of y */
    int room;     /* columns */
};

struct fus_paste_scratch *fus_paste_scratch_new(void)
{
    return fus_calloc(1, sizeof(struct fus_paste_scratch));
}

void fus_paste_scratch_free(struct fus_paste_scratch *scratch)
{
    if (!scratch)
        return;
    fus_free(scratch->columns);
    fus_free(scratch);
}

static int round_and_bound(double v, int most)
{
    v = nearbyint(v);
    return v > 0 ? (v < most ? (int)v : most) : 0; /* NaN: 0 */
}

struct fus_rect fus_paste_rect(const struct fus_affine *m, int size, int frame_width,
                               int frame_height)
{
    struct fus_affine i;
    if (!fus_crop_inverse(m, &i))
        return (struct fus_rect){0};
    double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
    for (int k = 0; k < 4; k++) {
        double x = k & 1 ? size : 0, y = k & 2 ? size : 0;
        double to_x = i.xx * x + i.xy * y + i.tx, to_y = i.yx * x + i.yy * y + i.ty;
        left = fmin(left, to_x);
        right = fmax(right, to_x);
        top = fmin(top, to_y);
        bottom = fmax(bottom, to_y);
    }
    int x1 = round_and_bound(left, frame_width), x2 = round_and_bound(right, frame_width);
    int y1 = round_and_bound(top, frame_height), y2 = round_and_bound(bottom, frame_height);
    if (x2 <= x1 || y2 <= y1)
        return (struct fus_rect){0};
    return (struct fus_rect){x1, y1, x2 - x1, y2 - y1};
}

/* From pixels of the rectangle to the crop: the inverse is shifted and inverted again, so that its
 * bits are upstream's. */
static bool roi_to_crop(const struct fus_affine *m, const struct fus_rect *roi,
                        struct fus_affine *out)
{
    struct fus_affine there;
    if (!fus_crop_inverse(m, &there))
        return false;
    there.tx -= roi->x;
    there.ty -= roi->y;
    return fus_crop_inverse(&there, out) && fus_positions_bounded(out, roi->width, roi->height) &&
           fus_positions_bounded_f64(out, roi->width, roi->height);
}

FUS_SIMD_INLINE float mask_tap(const float *mask, int size, int x, int y)
{
    bool inside = (unsigned)x < (unsigned)size && (unsigned)y < (unsigned)size;
    return inside ? mask[(size_t)y * (size_t)size + (size_t)x] : 0;
}

/* The mask at a position, black outside, clipped to 0..1. */
FUS_SIMD_INLINE float mask_at(const float *mask, int size, int x, int y, float fx, float fy,
                              bool fused)
{
    float a, b, c, d;
    if ((unsigned)x < (unsigned)size - 1 && (unsigned)y < (unsigned)size - 1) {
        const float *p = mask + (size_t)y * (size_t)size + (size_t)x;
        a = p[0], b = p[1], c = p[size], d = p[size + 1];
    } else {
        a = mask_tap(mask, size, x, y), b = mask_tap(mask, size, x + 1, y);
        c = mask_tap(mask, size, x, y + 1), d = mask_tap(mask, size, x + 1, y + 1);
    }
    float m = fus_lerp(fus_lerp(a, b, fx, fused), fus_lerp(c, d, fx, fused), fy, fused);
    m = m > 0 ? m : 0;
    return m < 1 ? m : 1;
}

/* A pixel of the crop at the border, its position pulled inside. */
FUS_SIMD_INLINE fus_v4f edge_tap(const struct fus_crop_pixels *crop, int x, int y)
{
    x = FUS_CLAMP(x, 0, crop->size - 1);
    y = FUS_CLAMP(y, 0, crop->size - 1);
    size_t at = 3 * ((size_t)y * (size_t)crop->size + (size_t)x);
    if (crop->type == FUS_CROP_U8) {
        const uint8_t *p = (const uint8_t *)crop->bgr + at;
        return (fus_v4f){(float)p[0], (float)p[1], (float)p[2], 0};
    }
    const float *p = (const float *)crop->bgr + at;
    return (fus_v4f){p[0], p[1], p[2], 0};
}

FUS_SIMD_INLINE fus_v4f crop_at(const struct fus_crop_pixels *crop, int x, int y, float fx,
                                float fy, bool fused)
{
    fus_v4f a, b, c, d;
    unsigned inside = crop->size > 2 ? (unsigned)crop->size - 2 : 0;
    size_t row = 3 * (size_t)crop->size;
    if ((unsigned)x >= inside || (unsigned)y > inside) {
        a = edge_tap(crop, x, y), b = edge_tap(crop, x + 1, y);
        c = edge_tap(crop, x, y + 1), d = edge_tap(crop, x + 1, y + 1);
    } else if (crop->type == FUS_CROP_U8) {
        const uint8_t *p = (const uint8_t *)crop->bgr + (size_t)y * row + 3 * (size_t)x;
        fus_load_pair_u8(p, &a, &b);
        fus_load_pair_u8(p + row, &c, &d);
    } else {
        const float *p = (const float *)crop->bgr + (size_t)y * row + 3 * (size_t)x;
        a = fus_load4(p), b = fus_load4(p + 3);
        c = fus_load4(p + row), d = fus_load4(p + row + 3);
    }
    fus_v4f v = fus_lerp4(fus_lerp4(a, b, fx, fused), fus_lerp4(c, d, fx, fused), fy, fused);
    if (crop->type == FUS_CROP_U8)
        v = __builtin_convertvector(fus_round4(v), fus_v4f);
    return v;
}

FUS_SIMD_INLINE void blend(uint8_t *frame, fus_v4f crop, float mask)
{
    float rest = 1.0f - mask;
    fus_v4f old = {(float)frame[0], (float)frame[1], (float)frame[2], 0};
    uint32_t packed = fus_pack4(__builtin_convertvector(old * rest + crop * mask, fus_v4i));
    memcpy(frame, &packed, 3);
}

FUS_SIMD_INLINE void paste_rows(const struct fus_plane *frame, const struct fus_crop_pixels *crop,
                                const float *mask, const struct fus_inverse_f32 *m,
                                const struct fus_rect *roi, bool fused)
{
    struct fus_positions at;
    unsigned span = (unsigned)crop->size + 1;
    for (int row = 0; row < roi->height; row++) {
        uint8_t *line = frame->data + (roi->y + row) * frame->stride_bytes + (ptrdiff_t)3 * roi->x;
        for (int left = 0; left < roi->width; left += FUS_BILINEAR_CHUNK) {
            int count = FUS_MIN(FUS_BILINEAR_CHUNK, roi->width - left);
            fus_positions_at(&at, m, left, row, count, fused);
            for (int i = 0; i < count; i++) {
                int x = at.x[i], y = at.y[i];
                if ((unsigned)(x + 1) >= span || (unsigned)(y + 1) >= span)
                    continue; /* the mask is 0: the frame keeps its bits */
                float share = mask_at(mask, crop->size, x, y, at.fx[i], at.fy[i], fused);
                if (share > 0)
                    blend(line + (ptrdiff_t)3 * (left + i),
                          crop_at(crop, x, y, at.fx[i], at.fy[i], fused), share);
            }
        }
    }
}

FUS_SIMD_FMA static void paste_fma(const struct fus_plane *frame,
                                   const struct fus_crop_pixels *crop, const float *mask,
                                   const struct fus_inverse_f32 *m, const struct fus_rect *roi)
{
    /* compiled once for each type, so that neither tests it for each pixel */
    struct fus_crop_pixels c = *crop;
    c.type = FUS_CROP_U8;
    if (crop->type == FUS_CROP_U8) {
        paste_rows(frame, &c, mask, m, roi, true);
        return;
    }
    c.type = FUS_CROP_F32;
    paste_rows(frame, &c, mask, m, roi, true);
}

static void paste_base(const struct fus_plane *frame, const struct fus_crop_pixels *crop,
                       const float *mask, const struct fus_inverse_f32 *m,
                       const struct fus_rect *roi)
{
    paste_rows(frame, crop, mask, m, roi, false);
}

static int make_columns(struct fus_paste_scratch *scratch, const struct fus_affine *m, int width,
                        struct fus_error *err)
{
    if (width > scratch->room) {
        int *columns = fus_realloc(scratch->columns, 2 * (size_t)width, sizeof(*columns));
        if (!columns)
            return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "no memory to paste a face");
        scratch->columns = columns;
        scratch->room = width;
    }
    for (int x = 0; x < width; x++) {
        scratch->columns[x] = fus_column_part_f64(m->xx, x);
        scratch->columns[scratch->room + x] = fus_column_part_f64(m->yx, x);
    }
    return 0;
}

/* The mask still takes the float32 path, so each pixel has two positions. frame * (1 - mask) is a
 * float32 product; the crop's share and the sum are doubles. */
FUS_SIMD_INLINE void paste_rows_f64(const struct fus_paste_scratch *scratch,
                                    const struct fus_plane *frame,
                                    const struct fus_crop_pixels *crop, const float *mask,
                                    const struct fus_affine *exact, const struct fus_rect *roi,
                                    bool fused)
{
    union {
        const void *in;
        double *out;
    } pixels = {crop->bgr}; /* a view for reading */
    struct fus_dplane from = {pixels.out, 3 * crop->size, crop->size, crop->size, 3};
    struct fus_inverse_f32 m = fus_inverse_to_f32(exact);
    struct fus_positions at;
    for (int row = 0; row < roi->height; row++) {
        uint8_t *line = frame->data + (roi->y + row) * frame->stride_bytes + (ptrdiff_t)3 * roi->x;
        int row_x = fus_row_part_f64(exact->xy, exact->tx, row);
        int row_y = fus_row_part_f64(exact->yy, exact->ty, row);
        for (int left = 0; left < roi->width; left += FUS_BILINEAR_CHUNK) {
            int count = FUS_MIN(FUS_BILINEAR_CHUNK, roi->width - left);
            fus_positions_at(&at, &m, left, row, count, fused);
            for (int i = 0; i < count; i++) {
                float share =
                    mask_at(mask, crop->size, at.x[i], at.y[i], at.fx[i], at.fy[i], fused);
                if (!(share > 0))
                    continue;
                int column = left + i;
                struct fus_position_f64 p =
                    fus_position_f64(row_x + scratch->columns[column],
                                     row_y + scratch->columns[scratch->room + column]);
                double bgr[3];
                fus_pixel_f64(&from, true, &p, bgr);
                uint8_t *pixel = line + (ptrdiff_t)3 * column;
                for (int c = 0; c < 3; c++) {
                    double v = (double)((float)pixel[c] * (1.0f - share)) + bgr[c] * (double)share;
                    pixel[c] = (uint8_t)FUS_CLAMP(v, 0.0, 255.0);
                }
            }
        }
    }
}

FUS_SIMD_FMA static void paste_f64_fma(const struct fus_paste_scratch *scratch,
                                       const struct fus_plane *frame,
                                       const struct fus_crop_pixels *crop, const float *mask,
                                       const struct fus_affine *m, const struct fus_rect *roi)
{
    paste_rows_f64(scratch, frame, crop, mask, m, roi, true);
}

static void paste_f64_base(const struct fus_paste_scratch *scratch, const struct fus_plane *frame,
                           const struct fus_crop_pixels *crop, const float *mask,
                           const struct fus_affine *m, const struct fus_rect *roi)
{
    paste_rows_f64(scratch, frame, crop, mask, m, roi, false);
}

int fus_paste(struct fus_paste_scratch *scratch, const struct fus_plane *frame,
              const struct fus_crop_pixels *crop, const float *mask, const struct fus_affine *m,
              struct fus_rect *roi, struct fus_error *err)
{
    if (frame->channels != 3 || crop->size <= 0)
        return fus_error_set(err, FUS_E_INTERNAL, "a crop that cannot be pasted");
    struct fus_rect rect = fus_paste_rect(m, crop->size, frame->width, frame->height);
    struct fus_affine to_crop;
    if (rect.width == 0 || !roi_to_crop(m, &rect, &to_crop)) {
        rect = (struct fus_rect){0};
    } else if (crop->type == FUS_CROP_F64) {
        int rc = make_columns(scratch, &to_crop, rect.width, err);
        if (rc < 0)
            return rc;
        (fus_simd_has_fma() ? paste_f64_fma : paste_f64_base)(scratch, frame, crop, mask, &to_crop,
                                                              &rect);
    } else {
        struct fus_inverse_f32 inverse = fus_inverse_to_f32(&to_crop);
        (fus_simd_has_fma() ? paste_fma : paste_base)(frame, crop, mask, &inverse, &rect);
    }
    if (roi)
        *roi = rect;
    return 0;
}
