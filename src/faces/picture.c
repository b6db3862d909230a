#include "faces/picture.h"

#include "base/mem.h"
#include "vision/color.h"

void fus_picture_done(struct fus_picture *picture)
{
    fus_free(picture->data);
    *picture = (struct fus_picture){0};
}

int fus_picture_plane(struct fus_picture *picture, int width, int height, struct fus_plane *plane,
                      struct fus_error *err)
{
    size_t size = 3 * (size_t)width * (size_t)height;
    /* The largest: a picture with a margin of half its size on every side. */
    if (width <= 0 || height <= 0 || size / 3 > 4 * FUS_IMAGE_PIXELS_MAX)
        return fus_error_set(err, FUS_E_MEDIA_TOO_LARGE,
                             "The picture is too large to look for faces in.");
    if (size > picture->capacity) {
        fus_picture_done(picture);
        picture->data = fus_malloc_aligned(size);
        if (picture->data == NULL)
            return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to look for faces.");
        picture->capacity = size;
    }
    *plane = (struct fus_plane){picture->data, 3 * (ptrdiff_t)width, width, height, 3};
    return 0;
}

int fus_picture_bgr(struct fus_picture *picture, const struct fus_image *image,
                    struct fus_plane *plane, struct fus_error *err)
{
    const struct fus_rect all = {0, 0, image->width, image->height};
    if (image->format == FUS_PIXEL_BGR8) {
        *plane = fus_plane_of(image, all, 0);
        return 0;
    }
    int rc = fus_picture_plane(picture, image->width, image->height, plane, err);
    if (rc == 0)
        fus_color_to_bgr(image, all, plane->data, plane->stride_bytes);
    return rc;
}
