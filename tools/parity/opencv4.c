/* OpenCV 4's bilinear warp of 8-bit and float32 pictures in place of OpenCV 5's, on request.
 *
 * FaceFusion 3.8 pins OpenCV 5, whose warp interpolates at the exact place; so does ours. The whole
 * runs were recorded with OpenCV 4.10, which cuts places to 1/32 pixel. With its warp in ours'
 * place (the linker sends all callers here: --wrap in tools/meson.build) what is left of a case's
 * difference is not the warp's. Only this program is linked so. */
#include "opencv4.h"

#include <math.h>
#include <stdatomic.h>

#include "base/macros.h"
#include "vision/bilinear_f64.h"
#include "vision/crop.h"

static atomic_bool wanted;

bool __real_fus_crop_u8(const struct fus_plane *from, const struct fus_affine *m,
                        enum fus_border border, const struct fus_plane *to);
bool __real_fus_crop_f32(const struct fus_fplane *from, const struct fus_affine *m,
                         enum fus_border border, const struct fus_fplane *to);
bool __wrap_fus_crop_u8(const struct fus_plane *from, const struct fus_affine *m,
                        enum fus_border border, const struct fus_plane *to);
bool __wrap_fus_crop_f32(const struct fus_fplane *from, const struct fus_affine *m,
                         enum fus_border border, const struct fus_fplane *to);

void parity_opencv4(bool on)
{
    atomic_store(&wanted, on);
}

/* Index of the sample k (0..3: top left, top right, bottom left, bottom right) at a position, in
 * pixels from the picture's start: row * width + column. -1: black. */
static ptrdiff_t sample(int width, int height, enum fus_border border,
                        const struct fus_position_f64 *at, int k)
{
    int x = at->x + (k & 1), y = at->y + (k >> 1);
    if (border == FUS_BORDER_REPLICATE) {
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

bool __wrap_fus_crop_u8(const struct fus_plane *from, const struct fus_affine *m,
                        enum fus_border border, const struct fus_plane *to)
{
    struct fus_affine inverse;
    if (!atomic_load(&wanted))
        return __real_fus_crop_u8(from, m, border, to);
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

bool __wrap_fus_crop_f32(const struct fus_fplane *from, const struct fus_affine *m,
                         enum fus_border border, const struct fus_fplane *to)
{
    struct fus_affine inverse;
    if (!atomic_load(&wanted))
        return __real_fus_crop_f32(from, m, border, to);
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
