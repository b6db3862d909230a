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

static inline void sample_bgr(const struct fus_plane *from, struct tap t, float out[3])
{
    const uint8_t *top = from->data + t.y * from->stride_bytes + 3 * (ptrdiff_t)t.x;
    const uint8_t *bottom = top + (t.down ? from->stride_bytes : 0);
    ptrdiff_t right = 3 * t.right;
    for (int c = 0; c < 3; c++)
        out[c] =
            mix(mix(top[c], top[c + right], t.fx), mix(bottom[c], bottom[c + right], t.fx), t.fy);
}

void fus_warp_bgr8(const struct fus_plane *from, const struct fus_affine *from_to,
                   const struct fus_plane *to)
{
    for (int y = 0; y < to->height; y++) {
        uint8_t *out = to->data + y * to->stride_bytes;
        for (int x = 0; x < to->width; x++) {
            float v[3];
            sample_bgr(from, locate(from_to, x, y, from->width, from->height), v);
            for (int c = 0; c < 3; c++)
                out[3 * x + c] = (uint8_t)(v[c] + 0.5f);
        }
    }
}

void fus_warp_bgr8_to_planar(const struct fus_plane *from, const struct fus_affine *from_to,
                             int width, int height, const struct fus_planar *out)
{
    for (int y = 0; y < height; y++) {
        float *row = out->data + (size_t)y * out->row_stride;
        for (int x = 0; x < width; x++) {
            float v[3];
            sample_bgr(from, locate(from_to, x, y, from->width, from->height), v);
            for (size_t c = 0; c < 3; c++) {
                size_t plane = out->rgb ? 2 - c : c;
                row[plane * out->plane_stride + (size_t)x] = (v[c] - out->mean) * out->scale;
            }
        }
    }
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
