#include "vision/crop_opencv_4.h"

#include <math.h>

#include "base/macros.h"
#include "vision/bilinear_f64.h"

/* Index of the sample k (0..3: top left, top right, bottom left, bottom right) at a position, in
 * pixels from the picture's start: row * width + column. -1: black. */
static ptrdiff_t sample(int width, int height, enum fus_border border,
                        const struct fus_position_f64 *at, int k)
{
    int x = at->x + (k & 1), y = at->y + (k >> 1);
    if (border & FUS_BORDER_REPLICATE) {
        x = FUS_CLAMP(x, 0, width - 1);
        y = FUS_CLAMP(y, 0, height - 1);
    }
    if (x < 0 || y < 0 || x >= width || y >= height)
        return -1;
    return (ptrdiff_t)y * width + x;
}

static struct fus_position_f64 position(const struct fus_affine *inverse, int x, int y)
{
    return fus_position_f64(
        fus_row_part_f64(inverse->xy, inverse->tx, y) + fus_column_part_f64(inverse->xx, x),
        fus_row_part_f64(inverse->yy, inverse->ty, y) + fus_column_part_f64(inverse->yx, x));
}

bool fus_crop_u8_opencv_4(const struct fus_plane *from, const struct fus_affine *m,
                          enum fus_border border, const struct fus_plane *to)
{
    struct fus_affine inverse;
    if (!fus_crop_inverse(m, &inverse) ||
        !fus_positions_bounded_f64(&inverse, to->width, to->height))
        return false;
    for (int y = 0; y < to->height; y++) {
        uint8_t *out = to->data + y * to->stride_bytes;
        for (int x = 0; x < to->width; x++, out += to->channels) {
            const struct fus_position_f64 at = position(&inverse, x, y);
            double sums[4] = {0};
            for (int k = 0; k < 4; k++) {
                ptrdiff_t i = sample(from->width, from->height, border, &at, k);
                for (int c = 0; i >= 0 && c < FUS_MIN(from->channels, 4); c++)
                    sums[c] += at.weight[k] * from->data[i / from->width * from->stride_bytes +
                                                         i % from->width * from->channels + c];
            }
            for (int c = 0; c < FUS_MIN(to->channels, 4); c++)
                out[c] = (uint8_t)floor(sums[c] + 0.5);
        }
    }
    return true;
}

bool fus_crop_f32_opencv_4(const struct fus_fplane *from, const struct fus_affine *m,
                           enum fus_border border, const struct fus_fplane *to)
{
    struct fus_affine inverse;
    if (!fus_crop_inverse(m, &inverse) ||
        !fus_positions_bounded_f64(&inverse, to->width, to->height))
        return false;
    for (int y = 0; y < to->height; y++) {
        float *out = to->data + y * to->stride;
        for (int x = 0; x < to->width; x++, out += to->channels) {
            const struct fus_position_f64 at = position(&inverse, x, y);
            for (int c = 0; c < to->channels; c++)
                out[c] = 0;
            for (int k = 0; k < 4; k++) {
                ptrdiff_t i = sample(from->width, from->height, border, &at, k);
                for (int c = 0; i >= 0 && c < from->channels; c++)
                    out[c] +=
                        (float)at.weight[k] * from->data[i / from->width * from->stride +
                                                         i % from->width * from->channels + c];
            }
        }
    }
    return true;
}
