/* CIE Lab (D65) from gamma-coded sRGB and back, in planes of float.
 *
 * B, G, R 0..1; L 0..100, a and b about -128..127. Formulas: CIE 15, IEC 61966-2-1. In and out may
 * be the same planes. The plain twins use the C library's powers and are what the fast ones are
 * held to: within 0.02 in Lab and 0.0005 in BGR. Thread-safe; nothing is allocated. */
#ifndef FUS_VISION_LAB_H
#define FUS_VISION_LAB_H

#include <stddef.h>

void fus_lab_from_bgr(const float *blue, const float *green, const float *red, float *l, float *a,
                      float *b, size_t count);
void fus_lab_from_bgr_plain(const float *blue, const float *green, const float *red, float *l,
                            float *a, float *b, size_t count);

/* Colours outside sRGB are clipped channel by channel. */
void fus_lab_to_bgr(const float *l, const float *a, const float *b, float *blue, float *green,
                    float *red, size_t count);
void fus_lab_to_bgr_plain(const float *l, const float *a, const float *b, float *blue, float *green,
                          float *red, size_t count);

/* L of a grey of gamma-coded value 0..1. */
float fus_lab_lightness(float grey);

#endif
