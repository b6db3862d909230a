/* OpenCV's Gaussian blur with an automatic kernel size: border reflected without its edge sample.
 *
 * vision/blur.h is the faster one that is only close. Thread-safe. */
#ifndef FUS_VISION_GAUSSIAN_H
#define FUS_VISION_GAUSSIAN_H

#include <stddef.h>

#include "base/error.h"
#include "base/macros.h"
#include "vision/resize.h"

/* Largest sigma that is taken (more is cut to it): kernels stay bounded. */
#define FUS_GAUSSIAN_SIGMA_MAX 1024.0

/* Floats of scratch for a tight plane of this size, any sigma. */
size_t fus_gaussian_scratch(int width, int height);
/* Tight planes of width x height; to may be from. Kernel of round(8 sigma + 1) | 1 taps; sigma <= 0
 * copies. */
void fus_gaussian_f32(const float *from, float *to, int width, int height, double sigma,
                      float *scratch);
/* 1..4 channels, to may be from. Kernel of round(6 sigma + 1) | 1 taps in 1/256. Allocates its rows
 * for each call: not for every frame. FUS_E_OUT_OF_MEMORY. */
int fus_gaussian_u8(const struct fus_plane *from, const struct fus_plane *to, double sigma,
                    struct fus_error *err) FUS_MUST_CHECK;

/* The kernel's taps for the float blur (at most FUS_GAUSSIAN_TAPS_MAX); returns their number. */
#define FUS_GAUSSIAN_TAPS_MAX (8 * 1024 + 3)
int fus_gaussian_kernel(double sigma, float *taps);

#endif
