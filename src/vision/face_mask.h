/* Masks of a face crop, as FaceFusion makes them: float32 0..1, tight rows, size x size.
 *
 * The final mask is the minimum of all that were asked for, clipped to 0..1. Thread-safe; scratch
 * of fus_mask_scratch floats is the caller's. Nothing is allocated. */
#ifndef FUS_VISION_FACE_MASK_H
#define FUS_VISION_FACE_MASK_H

#include <stddef.h>

#include "base/image.h"

enum fus_mask_area {
    FUS_AREA_UPPER_FACE = 1u << 0,
    FUS_AREA_LOWER_FACE = 1u << 1,
    FUS_AREA_MOUTH = 1u << 2,
};

size_t fus_mask_scratch(int width, int height);

/* Ones with soft edges: blur 0..1; padding in percent: top, right, bottom, left. A frame of one
 * pixel stays 0 even with blur 0. */
void fus_mask_box(float *mask, int size, double blur, const int padding_trbl[4], float *scratch);
/* Blur of sigma 5, then 0.5..1 stretched to 0..1: the mask shrinks to its sure part. */
void fus_mask_soften(float *mask, int width, int height, float *scratch);
/* The filled convex hull of the areas' points together (FUS_AREA_*), softened. The points are in
 * the crop and cut to whole pixels. */
void fus_mask_area(float *mask, int size, const struct fus_point landmarks_68[68], unsigned areas,
                   float *scratch);

void fus_mask_ones(float *mask, size_t count);
void fus_mask_min(float *mask, const float *other, size_t count);
void fus_mask_clip01(float *mask, size_t count);

#endif
