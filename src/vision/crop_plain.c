#include <math.h>

#include "vision/crop.h"

static float at_u8(const struct fus_plane *from, enum fus_border border, int x, int y, int c)
{
    bool inside = x >= 0 && y >= 0 && x < from->width && y < from->height;
    if (border == FUS_BORDER_BLACK && !inside)
        return 0;
    x = FUS_CLAMP(x, 0, from->width - 1);
    y = FUS_CLAMP(y, 0, from->height - 1);
    return (float)from->data[y * from->stride_bytes + (ptrdiff_t)x * from->channels + c];
}

static float at_f32(const struct fus_fplane *from, enum fus_border border, int x, int y, int c)
{
    bool inside = x >= 0 && y >= 0 && x < from->width && y < from->height;
    if (border == FUS_BORDER_BLACK && !inside)
        return 0;
    x = FUS_CLAMP(x, 0, from->width - 1);
    y = FUS_CLAMP(y, 0, from->height - 1);
    return from->data[y * from->stride + (ptrdiff_t)x * from->channels + c];
}

struct position {
    int x, y;
    float fx, fy;
};

static struct position position(const struct fus_affine *inverse, int column, int row)
{
    float x = (float)column, y = (float)row;
    float sx = fmaf((float)inverse->xx, x, (float)inverse->xy * y + (float)inverse->tx);
    float sy = fmaf((float)inverse->yx, x, (float)inverse->yy * y + (float)inverse->ty);
    float left = floorf(sx), top = floorf(sy);
    return (struct position){(int)left, (int)top, sx - left, sy - top};
}

static float bilinear(float a, float b, float c, float d, struct position p)
{
    float top = fmaf(p.fx, b - a, a), bottom = fmaf(p.fx, d - c, c);
    return fmaf(p.fy, bottom - top, top);
}

bool fus_crop_u8_plain(const struct fus_plane *from, const struct fus_affine *m,
                       enum fus_border border, const struct fus_plane *to)
{
    struct fus_affine inverse;
    if (!fus_crop_inverse(m, &inverse))
        return false;
    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++) {
            struct position p = position(&inverse, x, y);
            for (int c = 0; c < to->channels; c++) {
                float v =
                    bilinear(at_u8(from, border, p.x, p.y, c), at_u8(from, border, p.x + 1, p.y, c),
                             at_u8(from, border, p.x, p.y + 1, c),
                             at_u8(from, border, p.x + 1, p.y + 1, c), p);
                to->data[y * to->stride_bytes + (ptrdiff_t)x * to->channels + c] =
                    (uint8_t)nearbyintf(v);
            }
        }
    return true;
}

bool fus_crop_f32_plain(const struct fus_fplane *from, const struct fus_affine *m,
                        enum fus_border border, const struct fus_fplane *to)
{
    struct fus_affine inverse;
    if (!fus_crop_inverse(m, &inverse))
        return false;
    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++) {
            struct position p = position(&inverse, x, y);
            for (int c = 0; c < to->channels; c++)
                to->data[y * to->stride + (ptrdiff_t)x * to->channels + c] = bilinear(
                    at_f32(from, border, p.x, p.y, c), at_f32(from, border, p.x + 1, p.y, c),
                    at_f32(from, border, p.x, p.y + 1, c),
                    at_f32(from, border, p.x + 1, p.y + 1, c), p);
        }
    return true;
}
