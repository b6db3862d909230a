/* The plain twins of warp.c: the definition, in doubles. */
#include <math.h>

#include "vision/warp.h"

struct source {
    const struct fus_plane *bytes;
    const struct fus_float_planes *floats;
    int width, height;
};

static double pixel(const struct source *s, int x, int y, int c)
{
    x = FUS_CLAMP(x, 0, s->width - 1);
    y = FUS_CLAMP(y, 0, s->height - 1);
    if (s->bytes != NULL)
        return s->bytes->data[y * s->bytes->stride_bytes + 3 * x + c];
    return (double)s->floats
        ->data[(size_t)c * s->floats->plane_stride + (size_t)y * s->floats->row_stride + (size_t)x];
}

static double sample(const struct source *s, const struct fus_affine *m, int x, int y, int c)
{
    double px = m->xx * x + m->xy * y + m->tx, py = m->yx * x + m->yy * y + m->ty;
    px = FUS_CLAMP(px, -1.0, (double)s->width);
    py = FUS_CLAMP(py, -1.0, (double)s->height);
    int ix = (int)floor(px), iy = (int)floor(py);
    double fx = px - ix, fy = py - iy;
    double top = pixel(s, ix, iy, c) * (1 - fx) + pixel(s, ix + 1, iy, c) * fx;
    double bottom = pixel(s, ix, iy + 1, c) * (1 - fx) + pixel(s, ix + 1, iy + 1, c) * fx;
    return top * (1 - fy) + bottom * fy;
}

void fus_warp_bgr8_plain(const struct fus_plane *from, const struct fus_affine *from_to,
                         const struct fus_plane *to)
{
    struct source s = {from, NULL, from->width, from->height};
    for (int y = 0; y < to->height; y++) {
        for (int x = 0; x < to->width; x++) {
            for (int c = 0; c < 3; c++)
                to->data[y * to->stride_bytes + 3 * x + c] =
                    (uint8_t)floor(sample(&s, from_to, x, y, c) + 0.5);
        }
    }
}

void fus_warp_planar_plain(const struct fus_float_planes *from, const struct fus_affine *from_to,
                           const struct fus_float_planes *to)
{
    struct source s = {NULL, from, from->width, from->height};
    for (int y = 0; y < to->height; y++) {
        for (int x = 0; x < to->width; x++) {
            for (int c = 0; c < 3; c++)
                to->data[(size_t)c * to->plane_stride + (size_t)y * to->row_stride + (size_t)x] =
                    (float)sample(&s, from_to, x, y, c);
        }
    }
}
