/* Grey dilation of a float plane by a square. Tight planes, borders replicated. Thread-safe. */
#ifndef FUS_VISION_MORPH_H
#define FUS_VISION_MORPH_H

/* Greatest value within `radius` columns and rows (radius iterations of a 3x3 square); radius 0
 * copies. scratch: width * height floats; source and target may be the same. */
void fus_morph_dilate(const float *source, float *target, int width, int height, int radius,
                      float *scratch);
void fus_morph_dilate_plain(const float *source, float *target, int width, int height, int radius,
                            float *scratch);

#endif
