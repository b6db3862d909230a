/* A picture as processors see it: as it came (a clip's planes, a still's BGR) and, when a processor
 * or a model wants that, as BGR8. Only what changed goes back into the planes. A picture that is
 * processed in another size than it came in lives in its BGR alone.
 *
 * Memory is kept from frame to frame. One thread at a time. Internal to pipeline. */
#ifndef FUS_PIPELINE_CANVAS_H
#define FUS_PIPELINE_CANVAS_H

#include "base/image.h"
#include "media/scale.h"
#include "vision/resample.h"

/* Zero-initialise. */
struct fus_canvas {
    struct fus_image *native; /* the owner's */
    struct fus_image bgr;     /* a view: of a BGR8 native, or of buffer */
    bool shown;               /* bgr holds the picture */
    bool sized;               /* in a size of its own: bgr is the picture, native is left alone */
    struct fus_rect changed;  /* of bgr, not yet in native; empty: none */
    struct fus_image buffer, spare;
    struct fus_image before; /* what native shows of the changed part */
    struct fus_image cover;  /* where it differs */
    struct fus_resampler *resampler;
    bool as_ffmpeg; /* the owner's: a clip's picture goes to BGR and back as a whole, as
                       FaceFusion 3.8 does it; else only what changed goes back, and untouched
                       pixels keep their bits */
    struct fus_recolor *recolor;
};

/* A new picture. The pixels of native may be written from the first fus_canvas_native or _finish
 * on. */
void fus_canvas_start(struct fus_canvas *canvas, struct fus_image *native);
/* The picture in another size (bilinear, as FaceFusion makes its temporary frames). */
int fus_canvas_resize(struct fus_canvas *canvas, int width, int height,
                      struct fus_error *err) FUS_MUST_CHECK;
/* The picture as BGR8, to be read, and written with fus_canvas_changed. */
int fus_canvas_bgr(struct fus_canvas *canvas, struct fus_image **bgr,
                   struct fus_error *err) FUS_MUST_CHECK;
/* rect of the BGR picture was written. */
void fus_canvas_changed(struct fus_canvas *canvas, struct fus_rect rect);
/* The picture as it came, up to date, to be written; BGR8 for a picture of its own size. */
int fus_canvas_native(struct fus_canvas *canvas, struct fus_image **native,
                      struct fus_error *err) FUS_MUST_CHECK;
/* Room for the picture `scale` times as wide and high; fus_canvas_take makes it the picture.
 * FUS_E_MEDIA_TOO_LARGE. */
int fus_canvas_enlarge(struct fus_canvas *canvas, int scale, struct fus_image **enlarged,
                       struct fus_error *err) FUS_MUST_CHECK;
void fus_canvas_take(struct fus_canvas *canvas);
int fus_canvas_width(const struct fus_canvas *canvas);
int fus_canvas_height(const struct fus_canvas *canvas);
/* native is up to date, unless the picture has a size of its own: then it is canvas->bgr. */
int fus_canvas_finish(struct fus_canvas *canvas, struct fus_error *err) FUS_MUST_CHECK;
void fus_canvas_done(struct fus_canvas *canvas);

#endif
