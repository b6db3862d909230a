/* Marks on a picture, with the pixels that OpenCV's drawing sets. 8-bit, 3 channels, B G R.
 *
 * Coordinates are whole pixels and may lie outside; those beyond +-2^20 draw nothing. Thickness
 * 1..FUS_DRAW_THICKNESS_MAX. Thread-safe; nothing is allocated unless said. */
#ifndef FUS_VISION_DRAW_H
#define FUS_VISION_DRAW_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"
#include "vision/resize.h"

#define FUS_DRAW_THICKNESS_MAX 32

struct fus_pixel {
    int x, y;
};

void fus_draw_line(const struct fus_plane *bgr, struct fus_pixel from, struct fus_pixel to,
                   const uint8_t color[3], int thickness);
/* Outline through both corners. */
void fus_draw_rectangle(const struct fus_plane *bgr, struct fus_pixel corner,
                        struct fus_pixel opposite, const uint8_t color[3], int thickness);
/* Filled circle. */
void fus_draw_disc(const struct fus_plane *bgr, struct fus_pixel centre, int radius,
                   const uint8_t color[3]);
/* The outer and inner borders of the regions of mask (1 channel, bgr's size; not 0: inside). */
void fus_draw_contours(const struct fus_plane *bgr, const struct fus_plane *mask,
                       const uint8_t color[3], int thickness);
/* Fills a convex polygon, edges included, into floats (width x height, tight) with value. At most
 * 512 points; more, or fewer than 1, draw nothing. */
void fus_draw_convex_f32(float *plane, int width, int height, const struct fus_pixel *points,
                         size_t count, float value);

#endif
