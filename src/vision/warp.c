#include "vision/warp.h"

/* Where a result's pixel lies in the picture: top-left sample, steps to its neighbours, weights. */
struct tap {
    int x, y;
    int right, down; /* 0 at the border: the sample is its own neighbour */
    float fx, fy;
};

static inline struct tap locate(const struct fus_affine *m, int x, int y, int width, int height)
{
    /* Clamping the position replicates the border; doubles hold any picture's coordinates exactly.
     */
    double px = m->xx * x + m->xy * y + m->tx, py = m->yx * x + m->yy * y + m->ty;
    px = px > 0 ? px : 0; /* also NaN */
    py = py > 0 ? py : 0;
    px = px < width - 1 ? px : width - 1;
    py = py < height - 1 ? py : height - 1;
    int ix = (int)px, iy = (int)py;
    return (struct tap){
        ix, iy, ix + 1 < width, iy + 1 < height, (float)(px - ix), (float)(py - iy)};
}

static inline float mix(float a, float b, float t)
{
    return a + (b - a) * t;
}

void fus_warp_planar(const struct fus_float_planes *from, const struct fus_affine *from_to,
                     const struct fus_float_planes *to)
{
    for (int y = 0; y < to->height; y++) {
        float *out = to->data + (size_t)y * to->row_stride;
        for (int x = 0; x < to->width; x++) {
            struct tap t = locate(from_to, x, y, from->width, from->height);
            const float *top = from->data + (size_t)t.y * from->row_stride + t.x;
            const float *bottom = top + (t.down ? from->row_stride : 0);
            for (size_t c = 0; c < 3; c++) {
                out[c * to->plane_stride + (size_t)x] = mix(
                    mix(top[0], top[t.right], t.fx), mix(bottom[0], bottom[t.right], t.fx), t.fy);
                top += from->plane_stride;
                bottom += from->plane_stride;
            }
        }
    }
}
