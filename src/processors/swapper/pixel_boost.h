/* Pixel boost: a crop of n times a net's size, cut into n x n crops of the net's size that each
 * hold every n-th pixel, and put together again from what the net made of them.
 *
 * Tile (a, b) is number a n + b and holds crop[i n + a][j n + b]; n = 1 is the crop itself. Tiles
 * are planar, red first, m x m, one behind the other, as a batch. Pure, thread-safe. */
#ifndef FUS_PROCESSORS_SWAPPER_PIXEL_BOOST_H
#define FUS_PROCESSORS_SWAPPER_PIXEL_BOOST_H

#include "vision/lut.h"

/* Tiles first .. first + count - 1 of crop (3 channels, square, side a multiple of n) through an
 * RGB table. tiles: count x 3 x m x m floats. */
void fus_pixel_boost_implode(const struct fus_plane *crop, int n, const struct fus_lut *lut,
                             int first, int count, float *tiles);
/* The way back into a tight BGR crop of side n m, 0..255: each value is cut to 0..1 and multiplied
 * by 255. What is not a number becomes 0. */
void fus_pixel_boost_explode_f32(const float *tiles, int n, int m, int first, int count,
                                 float *bgr);
/* The same in double, with value * deviation + mean first (red, green, blue). */
void fus_pixel_boost_explode_f64(const float *tiles, int n, int m, int first, int count,
                                 const double mean[3], const double deviation[3], double *bgr);

#endif
