/* Exact Euclidean distance transform (Felzenszwalb and Huttenlocher, "Distance Transforms of
 * Sampled Functions", 2012). Tight planes. Thread-safe. */
#ifndef FUS_VISION_DISTANCE_H
#define FUS_VISION_DISTANCE_H

#include <stddef.h>

/* Floats of scratch. */
size_t fus_distance_scratch(int width, int height);
/* For each pixel the distance in pixels to the nearest one whose value is <= 0.5; what lies outside
 * the plane counts as such when border_is_outside. A plane without one gives width + height
 * everywhere. mask and target may be the same. */
void fus_distance_inside(const float *mask, float *target, int width, int height,
                         int border_is_outside, float *scratch);

#endif
