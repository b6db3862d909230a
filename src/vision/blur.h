/* Gaussian blur of a float plane, borders replicated.
 *
 * Planes are tight: width * height floats, rows one behind the other. From sigma 6 on the work is
 * done on a plane shrunk by a whole factor; its own softness and that of growing it again are taken
 * off the kernel. The plain twin is the textbook kernel cut at four sigma; the fast one keeps
 * within 1 % of the plane's range on smooth pictures. Thread-safe; the caller brings the scratch.
 */
#ifndef FUS_VISION_BLUR_H
#define FUS_VISION_BLUR_H

#include <stddef.h>

/* Floats of scratch that a plane of this size needs. */
size_t fus_blur_scratch(int width, int height);

/* sigma in pixels; below 0.3 it copies. source and target may be the same. NaN is spread, nothing
 * worse. */
void fus_blur_gaussian(const float *source, float *target, int width, int height, float sigma,
                       float *scratch);
void fus_blur_gaussian_plain(const float *source, float *target, int width, int height, float sigma,
                             float *scratch);

#endif
