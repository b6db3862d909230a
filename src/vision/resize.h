/* Resizing 8-bit planes: area where an axis shrinks, bilinear where it grows.
 *
 * Half-pixel centres, borders replicated, as OpenCV's INTER_AREA and INTER_LINEAR define them
 * (results within 1 of the exact mean). A resizer is the scratch memory of one thread: it grows as
 * needed and is kept, so that a clip's frames allocate nothing after the first. */
#ifndef FUS_VISION_RESIZE_H
#define FUS_VISION_RESIZE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/image.h"
#include "base/macros.h"

enum fus_resize_filter {
    FUS_RESIZE_AREA,     /* coverage-weighted mean; an axis that grows is bilinear */
    FUS_RESIZE_BILINEAR, /* two samples an axis, also when it shrinks */
};

/* Interleaved 8-bit samples; a view. channels 1..4, width and height > 0. */
struct fus_plane {
    uint8_t *data;
    ptrdiff_t stride_bytes;
    int width, height, channels;
};

struct fus_resizer;
struct fus_resizer *fus_resizer_new(void); /* NULL: out of memory */
void fus_resizer_free(struct fus_resizer *resizer);
FUS_CLEANUP_DEFINE(fus_resizer_free, struct fus_resizer *)

/* Fills to from from; both of the same number of channels, not overlapping. Equal sizes copy.
 * FUS_E_OUT_OF_MEMORY (to unchanged), FUS_E_INTERNAL for impossible sizes. */
int fus_resize_plane(struct fus_resizer *resizer, const struct fus_plane *from,
                     const struct fus_plane *to, enum fus_resize_filter filter,
                     struct fus_error *err) FUS_MUST_CHECK;
/* Each plane of a picture; both of one format. Colour facts of `to` become those of `from`. */
int fus_resize_image(struct fus_resizer *resizer, const struct fus_image *from,
                     struct fus_image *to, enum fus_resize_filter filter,
                     struct fus_error *err) FUS_MUST_CHECK;

/* Plane `index` of rect of a picture as a view; for chroma the samples that the rectangle touches.
 */
struct fus_plane fus_plane_of(const struct fus_image *image, struct fus_rect rect, int index);

/* Plain twin in double precision; only tests call it. */
void fus_resize_plane_plain(const struct fus_plane *from, const struct fus_plane *to,
                            enum fus_resize_filter filter);

#endif
