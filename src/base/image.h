/* Pictures in memory, shared by media, vision, faces and processors. No I/O.
 *
 * struct fus_image is a view: who owns the planes is said by whoever hands it out. Rows are
 * stride_bytes apart (>= the row's bytes, may exceed it). Pixel (x, y) has its centre at (x, y).
 *
 * BGR8:     plane[0], 3 bytes a pixel, B G R.
 * GRAY8:    plane[0], 1 byte.
 * YUV420P8 / YUV422P8 / YUV444P8: planes Y, U (Cb), V (Cr), 8 bit; chroma planes have
 *           (width + 1) >> chroma_shift_x columns and (height + 1) >> chroma_shift_y rows. */
#ifndef FUS_BASE_IMAGE_H
#define FUS_BASE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"

enum fus_pixel_format {
    FUS_PIXEL_BGR8,
    FUS_PIXEL_GRAY8,
    FUS_PIXEL_YUV420P8,
    FUS_PIXEL_YUV422P8,
    FUS_PIXEL_YUV444P8,
};
enum fus_color_matrix { FUS_MATRIX_BT601, FUS_MATRIX_BT709, FUS_MATRIX_BT2020 };

struct fus_image {
    enum fus_pixel_format format;
    int width, height; /* > 0 */
    uint8_t *plane[3];
    ptrdiff_t stride_bytes[3];
    enum fus_color_matrix matrix; /* YUV only */
    bool full_range;              /* YUV only: 0..255 instead of 16..235/240 */
};

static inline bool fus_image_is_yuv(const struct fus_image *image)
{
    return image->format >= FUS_PIXEL_YUV420P8;
}
static inline int fus_image_chroma_shift_x(enum fus_pixel_format format)
{
    return format == FUS_PIXEL_YUV420P8 || format == FUS_PIXEL_YUV422P8;
}
static inline int fus_image_chroma_shift_y(enum fus_pixel_format format)
{
    return format == FUS_PIXEL_YUV420P8;
}

/* An owned picture: all planes in one 64-byte aligned block, rows padded to 64 bytes, not zeroed.
 * Sizes are checked: FUS_E_MEDIA_TOO_LARGE beyond FUS_IMAGE_PIXELS_MAX, FUS_E_OUT_OF_MEMORY. */
#define FUS_IMAGE_PIXELS_MAX ((size_t)1 << 28)
int fus_image_alloc(struct fus_image *image, enum fus_pixel_format format, int width, int height,
                    struct fus_error *err) FUS_MUST_CHECK;
/* Frees what fus_image_alloc made and zeroes the struct; takes a zeroed one. */
void fus_image_done(struct fus_image *image);
#define FUS_AUTO_IMAGE __attribute__((cleanup(fus_image_done)))
/* Copies pixels and colour facts; both of one format and size. */
void fus_image_copy(struct fus_image *to, const struct fus_image *from);

/* Axis-aligned box in pixels, float: left, top, right, bottom (exclusive). */
struct fus_box {
    float x1, y1, x2, y2;
};
struct fus_point {
    float x, y;
};
/* Whole-pixel rectangle. */
struct fus_rect {
    int x, y, width, height;
};

#endif
