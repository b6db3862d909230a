/* 8-bit pictures to a net's float input, through a table of 256 values a channel.
 *
 * Every normalisation of a byte is a function of 256 values, so it can be evaluated in exactly the
 * precision and order that FaceFusion uses, at no cost for each pixel. Pure, thread-safe. */
#ifndef FUS_VISION_LUT_H
#define FUS_VISION_LUT_H

#include <stdbool.h>
#include <stddef.h>

#include "vision/resize.h"

struct fus_lut {
    float value[3][256]; /* [c]: of the output's channel c */
    bool rgb;            /* output order R G B; false: B G R as the picture */
    /* divisor not 0: all three are (v - mean) / divisor in float32, which is quicker than looking
     */
    float mean, divisor;
};

/* mean and deviation: in the order of the output's channels. */

/* v / 255 in float32. */
void fus_lut_unit(struct fus_lut *lut, bool rgb);
/* (v / 255 - mean) / deviation in double, rounded once at the end. */
void fus_lut_mean_std_f64(struct fus_lut *lut, const double mean[3], const double deviation[3],
                          bool rgb);
/* The same with each step in float32 (face parsers). */
void fus_lut_mean_std_f32(struct fus_lut *lut, const double mean[3], const double deviation[3],
                          bool rgb);
/* v / 255 in float32, then each further step in double and rounded to float32 (classifier). */
void fus_lut_mixed(struct fus_lut *lut, const double mean[3], const double deviation[3], bool rgb);
/* v / 127.5 - 1 in double, rounded at the end (recognizer). */
void fus_lut_127(struct fus_lut *lut, bool rgb);
/* (v - mean) / divisor in float32 (detectors: 127.5, 128; or 0, 1 for 0..255). */
void fus_lut_offset(struct fus_lut *lut, float mean, float divisor, bool rgb);

/* bgr: 3 channels. Three planes, plane_stride floats apart, rows row_stride floats apart. */
void fus_lut_chw(const struct fus_lut *lut, const struct fus_plane *bgr, float *chw,
                 size_t plane_stride, size_t row_stride);
/* Interleaved, rows row_stride floats apart. */
void fus_lut_hwc(const struct fus_lut *lut, const struct fus_plane *bgr, float *hwc,
                 size_t row_stride);

#endif
