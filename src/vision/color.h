/* Between 8-bit BGR and the planes of a frame, for a rectangle of it. Pure functions, thread-safe.
 *
 * Chroma is taken for each pixel from the sample of its own cell (no interpolation) and written
 * back as the mean over the cell, so that a picture which is converted and written back unchanged
 * keeps its chroma to rounding. Interpolating would blur it a little with every pass. Matrix
 * coefficients: ITU-R BT.601, BT.709, BT.2020 (non-constant luminance); ranges as in struct
 * fus_image. */
#ifndef FUS_VISION_COLOR_H
#define FUS_VISION_COLOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/image.h"
#include "vision/resize.h"

/* rect of image (any format) to rows of B G R. rect lies inside the picture. bgr: rect.height rows
 * of 3 * rect.width bytes, stride_bytes apart. */
void fus_color_to_bgr(const struct fus_image *image, struct fus_rect rect, uint8_t *bgr,
                      ptrdiff_t stride_bytes);

/* Writes BGR rows back into rect of image (any format; GRAY8 gets the BT.601 luma). Only pixels
 * whose coverage is not 0 are written (coverage NULL: all of them); coverage has one byte a pixel
 * of rect. Luma and BGR of the others keep their bits, and so does chroma of a cell without a
 * covered pixel; a shared cell gets the mean of its covered pixels' chroma and, for the others, of
 * what it had. */
void fus_color_from_bgr(struct fus_image *image, struct fus_rect rect, const uint8_t *bgr,
                        ptrdiff_t stride_bytes, const uint8_t *coverage,
                        ptrdiff_t coverage_stride_bytes);

/* a and b: 3 channels, the same size. Writes not 0 where pixels of the two differ. */
void fus_color_differs(const struct fus_plane *a, const struct fus_plane *b, uint8_t *differs,
                       ptrdiff_t stride_bytes);

/* Full-size YUV planes (width x height each, e.g. made by vision/resize.h) to three float planes of
 * width x height, plane_stride floats apart, rows row_stride floats apart: (v - mean) * scale of B,
 * G, R in 0..255 (rgb: of R, G, B). */
struct fus_planar {
    float *data;
    size_t plane_stride, row_stride; /* in floats */
    float mean, scale;
    bool rgb;
};
void fus_color_yuv444_to_planar(const uint8_t *const plane[3], const ptrdiff_t stride_bytes[3],
                                int width, int height, enum fus_color_matrix matrix,
                                bool full_range, const struct fus_planar *out);
/* The same from rect of a YUV picture, at its own size. */
void fus_color_to_planar(const struct fus_image *image, struct fus_rect rect,
                         const struct fus_planar *out);
/* The same from BGR rows. */
void fus_color_bgr_to_planar(const uint8_t *bgr, ptrdiff_t stride_bytes, int width, int height,
                             const struct fus_planar *out);

/* Plain twins, in double precision and pixel by pixel; only tests call them. */
void fus_color_to_bgr_plain(const struct fus_image *image, struct fus_rect rect, uint8_t *bgr,
                            ptrdiff_t stride_bytes);
void fus_color_from_bgr_plain(struct fus_image *image, struct fus_rect rect, const uint8_t *bgr,
                              ptrdiff_t stride_bytes, const uint8_t *coverage,
                              ptrdiff_t coverage_stride_bytes);
void fus_color_differs_plain(const struct fus_plane *a, const struct fus_plane *b, uint8_t *differs,
                             ptrdiff_t stride_bytes);

#endif
