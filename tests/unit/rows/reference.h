/* FaceFusion's geometry and masks once more, in plain doubles and pixel by pixel, so that tests of
 * whole processors have an expectation that owes nothing to the code under test. Slow.
 *
 * Pictures are doubles, interleaved, B G R 0..255. Functions abort the test when out of memory. */
#ifndef FUS_TESTS_ROWS_REFERENCE_H
#define FUS_TESTS_ROWS_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/image.h"

struct ref_picture {
    double *data;
    int width, height, channels;
};
struct ref_picture ref_picture_new(int width, int height, int channels); /* zeroed */
struct ref_picture ref_picture_of(const struct fus_image *bgr);
void ref_picture_free(struct ref_picture *picture);
double *ref_at(const struct ref_picture *picture, int x, int y);

/* x' = a x - b y + tx, y' = b x + a y + ty */
struct ref_similarity {
    double a, b, tx, ty;
};
/* From five points of a picture to FaceFusion's template ("arcface_128", ...) in a crop. */
struct ref_similarity ref_template(const char *name, const struct fus_point points_5[5], int size);

/* Bilinear; outside: the nearest pixel, or black. */
double ref_sample(const struct ref_picture *picture, double x, double y, int channel,
                  bool replicate);
/* The crop, rounded to bytes. */
struct ref_picture ref_crop(const struct ref_picture *from, struct ref_similarity m, int size);
/* Box mask (one channel) of blur 0.3 without padding. */
struct ref_picture ref_box_mask(int size);
/* Gaussian of a one-channel picture, sigma; kernel of round(8 sigma + 1) | 1 taps, reflect-101. */
void ref_blur(struct ref_picture *mask, double sigma);
/* Bilinear with half-pixel centres. */
struct ref_picture ref_resize(const struct ref_picture *from, int width, int height);
/* crop into the picture under the mask, values cut to whole ones. */
void ref_paste(struct ref_picture *to, const struct ref_picture *crop,
               const struct ref_picture *mask, struct ref_similarity m);

struct ref_difference {
    double max, mean;
    int x, y; /* of max */
};
struct ref_difference ref_compare(const struct ref_picture *want, const struct fus_image *got);

#endif
