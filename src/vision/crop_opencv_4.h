/* OpenCV 4's bilinear warp of 8-bit and float32 pictures: positions in steps of 1/32 pixel, as its
 * older path has them for doubles (vision/bilinear_f64.h). 8-bit results are rounded half up. Only
 * vision/crop.c calls it, for FUS_BORDER_OPENCV_4; the rest of the contract is that of
 * vision/crop.h. Written for closeness, not for speed. */
#ifndef FUS_VISION_CROP_OPENCV_4_H
#define FUS_VISION_CROP_OPENCV_4_H

#include "vision/crop.h"

bool fus_crop_u8_opencv_4(const struct fus_plane *from, const struct fus_affine *m,
                          enum fus_border border, const struct fus_plane *to) FUS_MUST_CHECK;
bool fus_crop_f32_opencv_4(const struct fus_fplane *from, const struct fus_affine *m,
                           enum fus_border border, const struct fus_fplane *to) FUS_MUST_CHECK;

#endif
