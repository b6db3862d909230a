/* Affine warps of float planes: bilinear, borders replicated. Pure, thread-safe, allocate nothing.
 * Crops of 8-bit pictures: vision/crop.h. */
#ifndef FUS_VISION_WARP_H
#define FUS_VISION_WARP_H

#include <stddef.h>
#include <stdint.h>

#include "vision/affine.h"
#include "vision/color.h"
#include "vision/resize.h"

/* Three planes of one size, rows row_stride floats apart. */
struct fus_float_planes {
    float *data;
    size_t plane_stride, row_stride; /* in floats */
    int width, height;
};
/* from_to maps pixel centres of the result to pixel centres of the picture. */
void fus_warp_planar(const struct fus_float_planes *from, const struct fus_affine *from_to,
                     const struct fus_float_planes *to);

/* Plain twin, sample by sample in doubles; only tests call it. */
void fus_warp_planar_plain(const struct fus_float_planes *from, const struct fus_affine *from_to,
                           const struct fus_float_planes *to);

#endif
