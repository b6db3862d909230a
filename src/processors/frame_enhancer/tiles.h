/* A picture cut into square tiles that overlap, and what a net made of them put together again: how
 * FaceFusion enlarges pictures of any size with nets of one size.
 *
 * A tile of `side` px has a border of `overlap` px that is dropped from the result, and the first
 * ones begin `padding` px outside the picture; what lies outside is black. Pure, thread-safe. */
#ifndef FUS_PROCESSORS_FRAME_ENHANCER_TILES_H
#define FUS_PROCESSORS_FRAME_ENHANCER_TILES_H

#include "base/image.h"
#include "vision/resize.h"

struct fus_tiles {
    int side, padding, overlap, scale;
    int width, height;               /* of the picture */
    int inner;                       /* side without its borders */
    int columns, rows;               /* FaceFusion's; the last ones may lie outside the picture */
    int padded_width, padded_height; /* what all tiles cover */
};

/* false: the numbers describe no tiles (side <= 2 overlap, a negative one, a scale below 1). */
bool fus_tiles_plan(int width, int height, const int tile[3], int scale, struct fus_tiles *tiles);

/* Where the inner part of tile (column, row) lies in the picture; false: all of it is outside. */
bool fus_tile_rect(const struct fus_tiles *tiles, int column, int row, struct fus_rect *rect);
/* The tile's pixels: crop has 3 channels, side x side. */
void fus_tile_take(const struct fus_tiles *tiles, const struct fus_plane *picture, int column,
                   int row, const struct fus_plane *crop);
/* A net's output, planes red green blue of 0..1, side * scale squared, into the enlarged picture
 * (BGR8): times 255, cut to 0..255 and down to whole numbers. What is not a number becomes 0. */
void fus_tile_put(const struct fus_tiles *tiles, const float *chw, int column, int row,
                  const struct fus_plane *enlarged);

#endif
