/* OpenCV's older bilinear warp, which float64 pictures still take; internal to this room.
 *
 * A column's share of the position is rounded to 1/1024 pixel on its own, the row's too; their sum
 * is cut to 1/32 pixel. The weights are products of 32nds, exact in any precision. */
#ifndef FUS_VISION_BILINEAR_F64_H
#define FUS_VISION_BILINEAR_F64_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "vision/affine.h"
#include "vision/float_plane.h"

#define FUS_F64_SCALE 1024.0
#define FUS_F64_CUT_BITS 5
#define FUS_F64_PARTS 32

struct fus_position_f64 {
    int x, y;
    double weight[4]; /* top left, top right, bottom left, bottom right */
};

/* Positions stay below 1e8 / 1024 (checked by the callers): far beyond any crop. */
static inline bool fus_positions_bounded_f64(const struct fus_affine *inverse, int width,
                                             int height)
{
    double x = fabs(inverse->xx) * width + fabs(inverse->xy) * height + fabs(inverse->tx);
    double y = fabs(inverse->yx) * width + fabs(inverse->yy) * height + fabs(inverse->ty);
    return x < 1e6 && y < 1e6;
}

static inline int fus_row_part_f64(double across, double shift, int row)
{
    return (int)lrint((across * row + shift) * FUS_F64_SCALE) + (1 << (FUS_F64_CUT_BITS - 1));
}

static inline int fus_column_part_f64(double along, int column)
{
    return (int)lrint(along * column * FUS_F64_SCALE);
}

static inline struct fus_position_f64 fus_position_f64(int x_1024, int y_1024)
{
    int x = x_1024 >> FUS_F64_CUT_BITS, y = y_1024 >> FUS_F64_CUT_BITS;
    double fx = (x & (FUS_F64_PARTS - 1)) / (double)FUS_F64_PARTS;
    double fy = (y & (FUS_F64_PARTS - 1)) / (double)FUS_F64_PARTS;
    return (struct fus_position_f64){
        x >> 5,
        y >> 5,
        {(1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx},
    };
}

static inline double fus_sample_f64(const struct fus_dplane *from, bool replicate, int x, int y,
                                    int c)
{
    if (replicate) {
        x = x < 0 ? 0 : x >= from->width ? from->width - 1 : x;
        y = y < 0 ? 0 : y >= from->height ? from->height - 1 : y;
    } else if (x < 0 || y < 0 || x >= from->width || y >= from->height) {
        return 0;
    }
    return from->data[y * from->stride + (ptrdiff_t)x * from->channels + c];
}

/* All channels of one result. */
static inline void fus_pixel_f64(const struct fus_dplane *from, bool replicate,
                                 const struct fus_position_f64 *p, double *to)
{
    bool inside = p->x >= 0 && p->y >= 0 && p->x < from->width - 1 && p->y < from->height - 1;
    const double *w = p->weight;
    int n = from->channels;
    if (inside) {
        const double *a = from->data + p->y * from->stride + (ptrdiff_t)p->x * n;
        const double *b = a + from->stride;
        for (int c = 0; c < n; c++)
            to[c] = a[c] * w[0] + a[c + n] * w[1] + b[c] * w[2] + b[c + n] * w[3];
        return;
    }
    for (int c = 0; c < n; c++)
        to[c] = fus_sample_f64(from, replicate, p->x, p->y, c) * w[0] +
                fus_sample_f64(from, replicate, p->x + 1, p->y, c) * w[1] +
                fus_sample_f64(from, replicate, p->x, p->y + 1, c) * w[2] +
                fus_sample_f64(from, replicate, p->x + 1, p->y + 1, c) * w[3];
}

#endif
