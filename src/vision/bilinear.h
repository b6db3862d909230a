/* Pieces of the exact bilinear kernels (crop.c, paste.c); internal to this room.
 *
 * OpenCV 5 computes positions and interpolations with fused multiply-adds, so these do too. On
 * x86-64 a kernel is compiled twice: for machines that have the instruction (`fused` is true) and
 * for those that don't, where a product and sum in double round to the same float (a product of two
 * floats is exact in double). Vectors are GCC's, which clang reads as well; each pixel's channels
 * lie in the four lanes of one. */
#ifndef FUS_VISION_BILINEAR_H
#define FUS_VISION_BILINEAR_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "vision/affine.h"
#include "vision/simd.h"

typedef float fus_v4f __attribute__((vector_size(16)));
typedef int32_t fus_v4i __attribute__((vector_size(16)));
typedef uint8_t fus_v16b __attribute__((vector_size(16)));
typedef uint64_t fus_v2q __attribute__((vector_size(16)));

/* Columns whose positions are worked out together. */
#define FUS_BILINEAR_CHUNK 64

struct fus_positions {
    int x[FUS_BILINEAR_CHUNK], y[FUS_BILINEAR_CHUNK];
    float fx[FUS_BILINEAR_CHUNK], fy[FUS_BILINEAR_CHUNK];
};

/* The inverse matrix as the kernels use it. */
struct fus_inverse_f32 {
    float xx, xy, tx, yx, yy, ty;
};

FUS_SIMD_INLINE struct fus_inverse_f32 fus_inverse_to_f32(const struct fus_affine *m)
{
    return (struct fus_inverse_f32){(float)m->xx, (float)m->xy, (float)m->tx,
                                    (float)m->yx, (float)m->yy, (float)m->ty};
}

FUS_SIMD_INLINE float fus_fma(float a, float b, float c, bool fused)
{
    return fused ? __builtin_fmaf(a, b, c) : (float)((double)a * (double)b + (double)c);
}

FUS_SIMD_INLINE float fus_lerp(float a, float b, float t, bool fused)
{
    return fus_fma(t, b - a, a, fused);
}

FUS_SIMD_INLINE fus_v4f fus_lerp4(fus_v4f a, fus_v4f b, float t, bool fused)
{
    fus_v4f d = b - a, r;
    for (int i = 0; i < 4; i++)
        r[i] = fus_fma(t, d[i], a[i], fused);
    return r;
}

/* Farthest position that is worked out; beyond it a matrix is no alignment, and an int not safe. */
#define FUS_POSITION_MAX 1e8

static inline bool fus_positions_bounded(const struct fus_affine *inverse, int width, int height)
{
    double x = fabs(inverse->xx) * width + fabs(inverse->xy) * height + fabs(inverse->tx);
    double y = fabs(inverse->yx) * width + fabs(inverse->yy) * height + fabs(inverse->ty);
    return x < FUS_POSITION_MAX && y < FUS_POSITION_MAX;
}

FUS_SIMD_INLINE void fus_positions_at(struct fus_positions *at, const struct fus_inverse_f32 *m,
                                      int left, int row, int count, bool fused)
{
    float y = (float)row, row_x = m->xy * y + m->tx, row_y = m->yy * y + m->ty;
    float xx = m->xx, yx = m->yx;
    for (int i = 0; i < count; i++) {
        float column = (float)(left + i);
        float sx = fus_fma(xx, column, row_x, fused);
        float sy = fus_fma(yx, column, row_y, fused);
        int ix = (int)sx, iy = (int)sy;
        ix -= sx < (float)ix;
        iy -= sy < (float)iy;
        at->x[i] = ix;
        at->y[i] = iy;
        at->fx[i] = sx - (float)ix;
        at->fy[i] = sy - (float)iy;
    }
}

/* Two neighbouring pixels of three bytes; 8 bytes are read. */
FUS_SIMD_INLINE void fus_load_pair_u8(const uint8_t *p, fus_v4f *left, fus_v4f *right)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    fus_v16b b = (fus_v16b)(fus_v2q){word, 0}, z = {0};
    /* byte order: little endian, as on every machine this is built for */
    *left =
        __builtin_convertvector((fus_v4i)__builtin_shufflevector(b, z, 0, 16, 16, 16, 1, 16, 16, 16,
                                                                 2, 16, 16, 16, 3, 16, 16, 16),
                                fus_v4f);
    *right =
        __builtin_convertvector((fus_v4i)__builtin_shufflevector(b, z, 3, 16, 16, 16, 4, 16, 16, 16,
                                                                 5, 16, 16, 16, 6, 16, 16, 16),
                                fus_v4f);
}

FUS_SIMD_INLINE fus_v4f fus_load4(const float *p)
{
    fus_v4f v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Adding 1.5 * 2^23 leaves the number, rounded half to even, in the low bits; for 0..255. */
#define FUS_ROUND_BIAS 12582912.0f

FUS_SIMD_INLINE fus_v4i fus_round4(fus_v4f v)
{
    fus_v4f bias = {FUS_ROUND_BIAS, FUS_ROUND_BIAS, FUS_ROUND_BIAS, FUS_ROUND_BIAS};
    return (fus_v4i)(v + bias) & 0xff;
}

/* The four lanes' low bytes. */
FUS_SIMD_INLINE uint32_t fus_pack4(fus_v4i v)
{
    fus_v16b b = (fus_v16b)v;
    fus_v4i packed =
        (fus_v4i)__builtin_shufflevector(b, b, 0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    return (uint32_t)packed[0];
}

#endif
