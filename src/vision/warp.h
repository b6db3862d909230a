/* Affine warps: bilinear, borders replicated. Pure functions, thread-safe, allocate nothing. */
#ifndef FUS_VISION_WARP_H
#define FUS_VISION_WARP_H

#include <stddef.h>
#include <stdint.h>

#include "vision/affine.h"
#include "vision/color.h"
#include "vision/resize.h"

/* from_to maps pixel centres of the result to pixel centres of the picture (the inverse of the
 * similarity that describes the crop). Both planes have 3 channels; each result is rounded. */
void fus_warp_bgr8(const struct fus_plane *from, const struct fus_affine *from_to,
                   const struct fus_plane *to);
/* The same into float planes of width x height, with out's normalisation. */
void fus_warp_bgr8_to_planar(const struct fus_plane *from, const struct fus_affine *from_to,
                             int width, int height, const struct fus_planar *out);

/* Three float planes to three float planes, without normalisation. */
struct fus_float_planes {
    float *data;
    size_t plane_stride, row_stride; /* in floats */
    int width, height;
};
void fus_warp_planar(const struct fus_float_planes *from, const struct fus_affine *from_to,
                     const struct fus_float_planes *to);

/* Plain twins, sample by sample in doubles; only tests call them. */
void fus_warp_bgr8_plain(const struct fus_plane *from, const struct fus_affine *from_to,
                         const struct fus_plane *to);
void fus_warp_planar_plain(const struct fus_float_planes *from, const struct fus_affine *from_to,
                           const struct fus_float_planes *to);

#endif
