/* Pictures and masks of floating-point samples, as views: the sisters of struct fus_plane.
 *
 * Samples are interleaved; a row begins stride samples (not bytes) behind the one above. Who owns
 * the samples is said by whoever hands the view out. */
#ifndef FUS_VISION_FLOAT_PLANE_H
#define FUS_VISION_FLOAT_PLANE_H

#include <stddef.h>

struct fus_fplane {
    float *data;
    ptrdiff_t stride; /* floats, >= width * channels */
    int width, height, channels;
};

struct fus_dplane {
    double *data;
    ptrdiff_t stride; /* doubles, >= width * channels */
    int width, height, channels;
};

#endif
