#include "vision/crop.h"

#include "vision/crop_opencv_4.h"

#include <math.h>

#include "vision/bilinear.h"

bool fus_crop_inverse(const struct fus_affine *m, struct fus_affine *inverse)
{
    double det = m->xx * m->yy - m->xy * m->yx;
    if (!isfinite(det) || !(fabs(det) > 0) || !isfinite(m->tx) || !isfinite(m->ty))
        return false;
    /* times the reciprocal, as OpenCV: dividing rounds differently */
    double scale = 1.0 / det;
    struct fus_affine i = {.xx = m->yy * scale, .yy = m->xx * scale};
    i.xy = m->xy * -scale;
    i.yx = m->yx * -scale;
    i.tx = -i.xx * m->tx - i.xy * m->ty;
    i.ty = -i.yx * m->tx - i.yy * m->ty;
    if (!isfinite(i.xx) || !isfinite(i.xy) || !isfinite(i.tx) || !isfinite(i.yx) ||
        !isfinite(i.yy) || !isfinite(i.ty))
        return false;
    *inverse = i;
    return true;
}

/* One sample; the border applies to it alone. */
FUS_SIMD_INLINE float tap_u8(const struct fus_plane *from, enum fus_border border, int x, int y,
                             int c)
{
    if (border == FUS_BORDER_REPLICATE) {
        x = FUS_CLAMP(x, 0, from->width - 1);
        y = FUS_CLAMP(y, 0, from->height - 1);
    } else if (x < 0 || y < 0 || x >= from->width || y >= from->height) {
        return 0;
    }
    return (float)from->data[y * from->stride_bytes + (ptrdiff_t)x * from->channels + c];
}

FUS_SIMD_INLINE void edge_pixel_u8(const struct fus_plane *from, enum fus_border border,
                                   const struct fus_positions *at, int i, uint8_t *to, bool fused)
{
    int x = at->x[i], y = at->y[i];
    float fx = at->fx[i], fy = at->fy[i];
    for (int c = 0; c < from->channels; c++) {
        float top =
            fus_lerp(tap_u8(from, border, x, y, c), tap_u8(from, border, x + 1, y, c), fx, fused);
        float bottom = fus_lerp(tap_u8(from, border, x, y + 1, c),
                                tap_u8(from, border, x + 1, y + 1, c), fx, fused);
        union {
            float f;
            uint32_t u;
        } rounded = {fus_lerp(top, bottom, fy, fused) + FUS_ROUND_BIAS};
        to[c] = (uint8_t)rounded.u;
    }
}

FUS_SIMD_INLINE void crop_u8(const struct fus_plane *from, const struct fus_inverse_f32 *m,
                             enum fus_border border, const struct fus_plane *to, bool fused)
{
    struct fus_positions at;
    /* two pixels are read as 8 bytes: never from the last two columns */
    unsigned inside_x = from->channels == 3 && from->width > 2 ? (unsigned)from->width - 2 : 0;
    unsigned inside_y = (unsigned)from->height - 1;
    for (int row = 0; row < to->height; row++) {
        uint8_t *out = to->data + row * to->stride_bytes;
        for (int left = 0; left < to->width; left += FUS_BILINEAR_CHUNK) {
            int count = FUS_MIN(FUS_BILINEAR_CHUNK, to->width - left);
            fus_positions_at(&at, m, left, row, count, fused);
            for (int i = 0; i < count; i++, out += to->channels) {
                if ((unsigned)at.x[i] >= inside_x || (unsigned)at.y[i] >= inside_y) {
                    edge_pixel_u8(from, border, &at, i, out, fused);
                    continue;
                }
                const uint8_t *p = from->data + at.y[i] * from->stride_bytes + at.x[i] * 3;
                fus_v4f a, b, c, d;
                fus_load_pair_u8(p, &a, &b);
                fus_load_pair_u8(p + from->stride_bytes, &c, &d);
                fus_v4f v = fus_lerp4(fus_lerp4(a, b, at.fx[i], fused),
                                      fus_lerp4(c, d, at.fx[i], fused), at.fy[i], fused);
                uint32_t packed = fus_pack4(fus_round4(v));
                /* the fourth byte is the next pixel's, which is written after this one */
                if (left + i + 1 < to->width) {
                    memcpy(out, &packed, 4);
                } else {
                    memcpy(out, &packed, 3);
                }
            }
        }
    }
}

FUS_SIMD_FMA static void crop_u8_fma(const struct fus_plane *from, const struct fus_inverse_f32 *m,
                                     enum fus_border border, const struct fus_plane *to)
{
    crop_u8(from, m, border, to, true);
}

static void crop_u8_base(const struct fus_plane *from, const struct fus_inverse_f32 *m,
                         enum fus_border border, const struct fus_plane *to)
{
    crop_u8(from, m, border, to, false);
}

bool fus_crop_u8(const struct fus_plane *from, const struct fus_affine *m, enum fus_border border,
                 const struct fus_plane *to)
{
    struct fus_affine inverse;
    if (border & FUS_BORDER_OPENCV_4)
        return fus_crop_u8_opencv_4(from, m, border, to);
    if (!fus_crop_inverse(m, &inverse) || !fus_positions_bounded(&inverse, to->width, to->height))
        return false;
    struct fus_inverse_f32 i = fus_inverse_to_f32(&inverse);
    (fus_simd_has_fma() ? crop_u8_fma : crop_u8_base)(from, &i, border, to);
    return true;
}

FUS_SIMD_INLINE float tap_f32(const struct fus_fplane *from, enum fus_border border, int x, int y,
                              int c)
{
    if (border == FUS_BORDER_REPLICATE) {
        x = FUS_CLAMP(x, 0, from->width - 1);
        y = FUS_CLAMP(y, 0, from->height - 1);
    } else if (x < 0 || y < 0 || x >= from->width || y >= from->height) {
        return 0;
    }
    return from->data[y * from->stride + (ptrdiff_t)x * from->channels + c];
}

FUS_SIMD_INLINE void crop_f32(const struct fus_fplane *from, const struct fus_inverse_f32 *m,
                              enum fus_border border, const struct fus_fplane *to, bool fused)
{
    struct fus_positions at;
    int channels = from->channels;
    unsigned inside_x = (unsigned)from->width - 1, inside_y = (unsigned)from->height - 1;
    for (int row = 0; row < to->height; row++) {
        float *out = to->data + row * to->stride;
        for (int left = 0; left < to->width; left += FUS_BILINEAR_CHUNK) {
            int count = FUS_MIN(FUS_BILINEAR_CHUNK, to->width - left);
            fus_positions_at(&at, m, left, row, count, fused);
            for (int i = 0; i < count; i++, out += channels) {
                int x = at.x[i], y = at.y[i];
                float fx = at.fx[i], fy = at.fy[i];
                bool inside = (unsigned)x < inside_x && (unsigned)y < inside_y;
                const float *p = from->data;
                if (inside)
                    p += y * from->stride + (ptrdiff_t)x * channels;
                for (int c = 0; c < channels; c++) {
                    float v[4];
                    if (inside) {
                        v[0] = p[c];
                        v[1] = p[c + channels];
                        v[2] = p[c + from->stride];
                        v[3] = p[c + channels + from->stride];
                    } else {
                        for (int k = 0; k < 4; k++)
                            v[k] = tap_f32(from, border, x + (k & 1), y + (k >> 1), c);
                    }
                    out[c] = fus_lerp(fus_lerp(v[0], v[1], fx, fused),
                                      fus_lerp(v[2], v[3], fx, fused), fy, fused);
                }
            }
        }
    }
}

FUS_SIMD_FMA static void crop_f32_fma(const struct fus_fplane *from,
                                      const struct fus_inverse_f32 *m, enum fus_border border,
                                      const struct fus_fplane *to)
{
    crop_f32(from, m, border, to, true);
}

static void crop_f32_base(const struct fus_fplane *from, const struct fus_inverse_f32 *m,
                          enum fus_border border, const struct fus_fplane *to)
{
    crop_f32(from, m, border, to, false);
}

bool fus_crop_f32(const struct fus_fplane *from, const struct fus_affine *m, enum fus_border border,
                  const struct fus_fplane *to)
{
    struct fus_affine inverse;
    if (border & FUS_BORDER_OPENCV_4)
        return fus_crop_f32_opencv_4(from, m, border, to);
    if (!fus_crop_inverse(m, &inverse) || !fus_positions_bounded(&inverse, to->width, to->height))
        return false;
    struct fus_inverse_f32 i = fus_inverse_to_f32(&inverse);
    (fus_simd_has_fma() ? crop_f32_fma : crop_f32_base)(from, &i, border, to);
    return true;
}
