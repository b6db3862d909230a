/* Coefficients between R'G'B' in 0..255 and 8-bit Y'CbCr codes (ITU-R BT.601-7, BT.709-6,
 * BT.2020-2). For vision/color*.c only. */
#ifndef FUS_VISION_COLOR_MATRIX_H
#define FUS_VISION_COLOR_MATRIX_H

#include <stdbool.h>

#include "base/image.h"

/* B = y (Y - y_offset) + bu (Cb - 128), and so on. */
struct fus_yuv_decode {
    double y, rv, gu, gv, bu, y_offset;
};
/* Y = y_offset + yr R + yg G + yb B,  Cb = 128 + ur R + ug G + ub B,  Cr = 128 + vr R + vg G + vb B
 */
struct fus_yuv_encode {
    double yr, yg, yb, ur, ug, ub, vr, vg, vb, y_offset;
};

static inline void fus_yuv_weights(enum fus_color_matrix matrix, double *kr, double *kb)
{
    *kr = matrix == FUS_MATRIX_BT709 ? 0.2126 : matrix == FUS_MATRIX_BT2020 ? 0.2627 : 0.299;
    *kb = matrix == FUS_MATRIX_BT709 ? 0.0722 : matrix == FUS_MATRIX_BT2020 ? 0.0593 : 0.114;
}

static inline struct fus_yuv_decode fus_yuv_decode(enum fus_color_matrix matrix, bool full_range)
{
    double kr, kb;
    fus_yuv_weights(matrix, &kr, &kb);
    double kg = 1 - kr - kb, luma = full_range ? 1 : 255.0 / 219,
           chroma = full_range ? 1 : 255.0 / 224;
    return (struct fus_yuv_decode){
        .y = luma,
        .rv = 2 * (1 - kr) * chroma,
        .gu = -2 * (1 - kb) * kb / kg * chroma,
        .gv = -2 * (1 - kr) * kr / kg * chroma,
        .bu = 2 * (1 - kb) * chroma,
        .y_offset = full_range ? 0 : 16,
    };
}

static inline struct fus_yuv_encode fus_yuv_encode(enum fus_color_matrix matrix, bool full_range)
{
    double kr, kb;
    fus_yuv_weights(matrix, &kr, &kb);
    double kg = 1 - kr - kb, luma = full_range ? 1 : 219.0 / 255;
    double u = (full_range ? 1 : 224.0 / 255) / (2 * (1 - kb));
    double v = (full_range ? 1 : 224.0 / 255) / (2 * (1 - kr));
    return (struct fus_yuv_encode){
        .yr = kr * luma,
        .yg = kg * luma,
        .yb = kb * luma,
        .ur = -kr * u,
        .ug = -kg * u,
        .ub = (1 - kb) * u,
        .vr = (1 - kr) * v,
        .vg = -kg * v,
        .vb = -kb * v,
        .y_offset = full_range ? 0 : 16,
    };
}

#endif
