/* A picture of any format as the BGR8 plane that FaceFusion's models look at. */
#ifndef FUS_FACES_PICTURE_H
#define FUS_FACES_PICTURE_H

#include "base/image.h"
#include "vision/resize.h"

/* Memory for conversions; grows and is kept. Zero-initialise. */
struct fus_picture {
    uint8_t *data;
    size_t capacity;
};
void fus_picture_done(struct fus_picture *picture);

/* BGR8: the image's own pixels; else a converted copy, which is good until the next call. */
int fus_picture_bgr(struct fus_picture *picture, const struct fus_image *image,
                    struct fus_plane *plane, struct fus_error *err) FUS_MUST_CHECK;
/* A plane of 3 channels in the picture's memory, not zeroed. */
int fus_picture_plane(struct fus_picture *picture, int width, int height, struct fus_plane *plane,
                      struct fus_error *err) FUS_MUST_CHECK;

#endif
