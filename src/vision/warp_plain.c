/* The plain twin of warp.c: the definition, in doubles. */
#include <math.h>

#include "vision/warp.h"

static double pixel(const struct fus_float_planes *from, int x, int y, int c)
{
    x = FUS_CLAMP(x, 0, from->width - 1);
    y = FUS_CLAMP(y, 0, from->height - 1);
    return (double)
        from->data[(size_t)c * from->plane_stride + (size_t)y * from->row_stride + (size_t)x];
}

static double sample(const struct fus_float_planes *from, const struct fus_affine *m, int x, int y,
                     int c)
{
    double px = m->xx * x + m->xy * y + m->tx, py = m->yx * x + m->yy * y + m->ty;
    px = FUS_CLAMP(px, -1.0, (double)from->width);
    py = FUS_CLAMP(py, -1.0, (double)from->height);
    int ix = (int)floor(px), iy = (int)floor(py);
    double fx = px - ix, fy = py - iy;
    double top = pixel(from, ix, iy, c) * (1 - fx) + pixel(from, ix + 1, iy, c) * fx;
    double bottom = pixel(from, ix, iy + 1, c) * (1 - fx) + pixel(from, ix + 1, iy + 1, c) * fx;
    return top * (1 - fy) + bottom * fy;
}

void fus_warp_planar_plain(const struct fus_float_planes *from, const struct fus_affine *from_to,
                           const struct fus_float_planes *to)
{
    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++)
            for (int c = 0; c < 3; c++)
                to->data[(size_t)c * to->plane_stride + (size_t)y * to->row_stride + (size_t)x] =
                    (float)sample(from, from_to, x, y, c);
}
