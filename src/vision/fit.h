/* Sizes and ways to bring a picture to a size, as FaceFusion does. Pure, thread-safe. */
#ifndef FUS_VISION_FIT_H
#define FUS_VISION_FIT_H

#include "base/error.h"
#include "base/image.h"
#include "base/macros.h"
#include "vision/resample.h"

/* The size of a picture shrunk to fit into max_width x max_height; smaller ones keep theirs. Both
 * sides are cut to whole pixels; 0 is possible for extreme shapes. */
void fus_fit_restrict(int width, int height, int max_width, int max_height, int *to_width,
                      int *to_height);
/* Where the scaled picture (also enlarged) lies inside to_width x to_height when all of it shows.
 */
struct fus_rect fus_fit_contain(int width, int height, int to_width, int to_height);
/* The scaled picture when it covers to_width x to_height: width and height are its size, x and y
 * where the visible part begins. */
struct fus_rect fus_fit_cover(int width, int height, int to_width, int to_height);

/* Each side to the nearest even number, halves to even: (2.5, 3) gives (2, 4). */
void fus_fit_even(double width, double height, int *to_width, int *to_height);
/* (int)(side * scale), then even. */
void fus_fit_scaled(int width, int height, double scale, int *to_width, int *to_height);

/* Fill to: the picture inside on black, or covering it. 3 channels. FUS_E_OUT_OF_MEMORY. */
int fus_fit_contain_u8(struct fus_resampler *resampler, const struct fus_plane *from,
                       const struct fus_plane *to, struct fus_error *err) FUS_MUST_CHECK;
int fus_fit_cover_u8(struct fus_resampler *resampler, const struct fus_plane *from,
                     const struct fus_plane *to, struct fus_error *err) FUS_MUST_CHECK;

#endif
