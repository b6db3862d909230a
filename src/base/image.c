#include "base/image.h"

#include <string.h>

#include "base/mem.h"

#define ROW_ALIGNMENT 64
/* Kernels may load a whole vector from the last pixels of a row. */
#define TAIL_BYTES 64

static int plane_count(enum fus_pixel_format format)
{
    return format >= FUS_PIXEL_YUV420P8 ? 3 : 1;
}

static size_t plane_row_bytes(const struct fus_image *image, int plane)
{
    if (image->format == FUS_PIXEL_BGR8)
        return (size_t)image->width * 3;
    int shift = plane > 0 ? fus_image_chroma_shift_x(image->format) : 0;
    return (size_t)((image->width + shift) >> shift);
}

static size_t plane_rows(const struct fus_image *image, int plane)
{
    int shift = plane > 0 ? fus_image_chroma_shift_y(image->format) : 0;
    return (size_t)((image->height + shift) >> shift);
}

int fus_image_alloc(struct fus_image *image, enum fus_pixel_format format, int width, int height,
                    struct fus_error *err)
{
    size_t pixels = 0;
    if (width <= 0 || height <= 0 || !fus_size_mul((size_t)width, (size_t)height, &pixels) ||
        pixels > FUS_IMAGE_PIXELS_MAX)
        return fus_error_set(err, FUS_E_MEDIA_TOO_LARGE,
                             "A picture of %d x %d pixels is beyond what can be held.", width,
                             height);
    struct fus_image made = {.format = format, .width = width, .height = height};
    size_t offset[3] = {0}, total = 0;
    for (int i = 0; i < plane_count(format); i++) {
        size_t stride = plane_row_bytes(&made, i) + ROW_ALIGNMENT - 1;
        stride &= ~(size_t)(ROW_ALIGNMENT - 1);
        made.stride_bytes[i] = (ptrdiff_t)stride;
        offset[i] = total;
        total += stride * plane_rows(&made, i);
    }
    uint8_t *block = fus_malloc_aligned(total + TAIL_BYTES);
    if (block == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a picture of %d x %d pixels.",
                             width, height);
    for (int i = 0; i < plane_count(format); i++)
        made.plane[i] = block + offset[i];
    *image = made;
    return 0;
}

void fus_image_done(struct fus_image *image)
{
    fus_free(image->plane[0]);
    *image = (struct fus_image){0};
}

void fus_image_copy(struct fus_image *to, const struct fus_image *from)
{
    to->matrix = from->matrix;
    to->full_range = from->full_range;
    for (int i = 0; i < plane_count(from->format); i++) {
        size_t bytes = plane_row_bytes(from, i), rows = plane_rows(from, i);
        for (size_t y = 0; y < rows; y++)
            memcpy(to->plane[i] + (ptrdiff_t)y * to->stride_bytes[i],
                   from->plane[i] + (ptrdiff_t)y * from->stride_bytes[i], bytes);
    }
}
