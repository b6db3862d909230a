/* Affine warps to the bit as FaceFusion 3.8 gets them from OpenCV 5: bilinear, nothing filtered.
 *
 * 8-bit and float32 pictures: the inverse matrix is computed in double and rounded to float32; the
 * source position of column x in row y is fmaf(m0, x, m1 * y + m2), all float32; the three
 * interpolations are fused float32; 8-bit results are rounded half to even. float64 pictures take
 * OpenCV's older path: positions in 1/32 pixel, weights in doubles.
 * m maps the picture to the crop (what an alignment gives). Pure, thread-safe, nothing is
 * allocated. All return false, and leave `to` alone, when m has no
 * inverse or points farther than 1e8 pixels away. */
#ifndef FUS_VISION_CROP_H
#define FUS_VISION_CROP_H

#include <stdbool.h>

#include "base/macros.h"
#include "vision/affine.h"
#include "vision/float_plane.h"
#include "vision/resize.h"

enum fus_border {
    FUS_BORDER_BLACK,        /* each of the four samples counts as 0 outside the picture */
    FUS_BORDER_REPLICATE,    /* each of the four samples is the nearest one inside */
    FUS_BORDER_OPENCV_4 = 4, /* or-ed to one of them: OpenCV 4's warp, see fus_border_for */
};

/* FaceFusion 3.8 pins OpenCV 5, but runs with OpenCV 4 as well, whose warp of 8-bit and float32
 * pictures cuts positions to 1/32 pixel: its pictures are a little different. */
static inline enum fus_border fus_border_for(enum fus_border border, bool opencv_4)
{
    return opencv_4 ? (enum fus_border)(border | FUS_BORDER_OPENCV_4) : border;
}

/* The inverse with OpenCV's order of operations, so that its bits agree; false: none. */
bool fus_crop_inverse(const struct fus_affine *m, struct fus_affine *inverse) FUS_MUST_CHECK;

/* from and to: the same number of channels, 1, 3 or 4; not overlapping. */
bool fus_crop_u8(const struct fus_plane *from, const struct fus_affine *m, enum fus_border border,
                 const struct fus_plane *to) FUS_MUST_CHECK;
/* 1 or 3 channels. */
bool fus_crop_f32(const struct fus_fplane *from, const struct fus_affine *m, enum fus_border border,
                  const struct fus_fplane *to) FUS_MUST_CHECK;
bool fus_crop_f64(const struct fus_dplane *from, const struct fus_affine *m, enum fus_border border,
                  const struct fus_dplane *to) FUS_MUST_CHECK;

/* Plain twins, sample by sample; only tests call them. */
bool fus_crop_u8_plain(const struct fus_plane *from, const struct fus_affine *m,
                       enum fus_border border, const struct fus_plane *to) FUS_MUST_CHECK;
bool fus_crop_f32_plain(const struct fus_fplane *from, const struct fus_affine *m,
                        enum fus_border border, const struct fus_fplane *to) FUS_MUST_CHECK;

#endif
