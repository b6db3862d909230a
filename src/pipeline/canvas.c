#include "pipeline/canvas.h"

#include <string.h>

#include "vision/color.h"
#include "vision/rect.h"

void fus_canvas_start(struct fus_canvas *canvas, struct fus_image *native)
{
    canvas->native = native;
    canvas->sized = false;
    canvas->changed = (struct fus_rect){0};
    canvas->shown = native->format == FUS_PIXEL_BGR8;
    if (canvas->shown)
        canvas->bgr = *native;
}

/* Memory of at least that size; a larger one stays as it is. */
static int provide(struct fus_image *memory, enum fus_pixel_format format, int width, int height,
                   struct fus_error *err)
{
    if (memory->plane[0] && memory->width == width && memory->height == height)
        return 0;
    fus_image_done(memory);
    return fus_image_alloc(memory, format, width, height, err);
}

static struct fus_rect whole(const struct fus_image *image)
{
    return (struct fus_rect){0, 0, image->width, image->height};
}

static int recolor(struct fus_canvas *canvas, const struct fus_image *from, struct fus_image *to,
                   struct fus_error *err)
{
    if (!canvas->recolor)
        canvas->recolor = fus_recolor_new();
    if (!canvas->recolor)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to convert a picture.");
    return fus_recolor_run(canvas->recolor, from, to, err);
}

/* native's picture into buffer. */
static int to_bgr(struct fus_canvas *canvas, struct fus_error *err)
{
    const struct fus_image *native = canvas->native;

    if (canvas->as_ffmpeg)
        return recolor(canvas, native, &canvas->buffer, err);
    fus_color_to_bgr(native, whole(native), canvas->buffer.plane[0],
                     canvas->buffer.stride_bytes[0]);
    return 0;
}

int fus_canvas_bgr(struct fus_canvas *canvas, struct fus_image **bgr, struct fus_error *err)
{
    if (!canvas->shown) {
        const struct fus_image *native = canvas->native;
        int rc = provide(&canvas->buffer, FUS_PIXEL_BGR8, native->width, native->height, err);

        if (!rc)
            rc = to_bgr(canvas, err);
        if (rc)
            return rc;
        canvas->bgr = canvas->buffer;
        canvas->shown = true;
    }
    *bgr = &canvas->bgr;
    return 0;
}

void fus_canvas_changed(struct fus_canvas *canvas, struct fus_rect rect)
{
    struct fus_rect *sum = &canvas->changed;

    if (!fus_rect_clip(rect, canvas->bgr.width, canvas->bgr.height, &rect))
        return;
    if (sum->width == 0) {
        *sum = rect;
        return;
    }

    int right = FUS_MAX(sum->x + sum->width, rect.x + rect.width);
    int bottom = FUS_MAX(sum->y + sum->height, rect.y + rect.height);

    sum->x = FUS_MIN(sum->x, rect.x);
    sum->y = FUS_MIN(sum->y, rect.y);
    sum->width = right - sum->x;
    sum->height = bottom - sum->y;
}

/* Not 0 where the pixel differs from what native shows. */
static void compare(const struct fus_canvas *canvas, struct fus_rect rect)
{
    const struct fus_rect part = {0, 0, rect.width, rect.height};
    const struct fus_plane before = fus_plane_of(&canvas->before, part, 0);
    const struct fus_plane after = fus_plane_of(&canvas->bgr, rect, 0);

    fus_color_differs(&before, &after, canvas->cover.plane[0], canvas->cover.stride_bytes[0]);
}

/* What changed of a clip's picture goes into its planes; pixels that look as before keep their
 * bits, which the way through BGR and back would not. */
static int write_back(struct fus_canvas *canvas, struct fus_error *err)
{
    struct fus_rect rect = canvas->changed;
    struct fus_image *native = canvas->native;
    int rc;

    if (native->format == FUS_PIXEL_BGR8)
        return 0;
    if (canvas->as_ffmpeg) {
        struct fus_image *bgr;

        rc = fus_canvas_bgr(canvas, &bgr, err);
        return rc ? rc : recolor(canvas, bgr, native, err);
    }
    if (rect.width == 0)
        return 0;
    rc = provide(&canvas->before, FUS_PIXEL_BGR8, native->width, native->height, err);
    if (!rc)
        rc = provide(&canvas->cover, FUS_PIXEL_GRAY8, native->width, native->height, err);
    if (rc)
        return rc;
    fus_color_to_bgr(native, rect, canvas->before.plane[0], canvas->before.stride_bytes[0]);
    compare(canvas, rect);
    fus_color_from_bgr(
        native, rect,
        canvas->bgr.plane[0] + canvas->bgr.stride_bytes[0] * rect.y + 3 * (ptrdiff_t)rect.x,
        canvas->bgr.stride_bytes[0], canvas->cover.plane[0], canvas->cover.stride_bytes[0]);
    return 0;
}

int fus_canvas_finish(struct fus_canvas *canvas, struct fus_error *err)
{
    int rc = canvas->sized ? 0 : write_back(canvas, err);

    if (!rc)
        canvas->changed = (struct fus_rect){0};
    return rc;
}

int fus_canvas_native(struct fus_canvas *canvas, struct fus_image **native, struct fus_error *err)
{
    int rc = fus_canvas_finish(canvas, err);

    if (rc)
        return rc;
    *native = canvas->sized ? &canvas->bgr : canvas->native;
    /* whoever writes the planes makes the BGR old */
    if (!canvas->sized && canvas->native->format != FUS_PIXEL_BGR8)
        canvas->shown = false;
    return 0;
}

/* The picture moves into `spare`, which changes its place with `buffer`. */
void fus_canvas_take(struct fus_canvas *canvas)
{
    struct fus_image old = canvas->buffer;

    canvas->buffer = canvas->spare;
    canvas->spare = old;
    canvas->bgr = canvas->buffer;
    canvas->shown = canvas->sized = true;
    canvas->changed = (struct fus_rect){0};
}

int fus_canvas_enlarge(struct fus_canvas *canvas, int scale, struct fus_image **enlarged,
                       struct fus_error *err)
{
    int64_t width = (int64_t)fus_canvas_width(canvas) * scale;
    int64_t height = (int64_t)fus_canvas_height(canvas) * scale;
    int rc;

    if (width * height > (int64_t)FUS_IMAGE_PIXELS_MAX)
        return fus_error_set(err, FUS_E_MEDIA_TOO_LARGE,
                             "Enlarged %d times the picture would have %lld x %lld pixels, more "
                             "than can be held.",
                             scale, (long long)width, (long long)height);
    rc = provide(&canvas->spare, FUS_PIXEL_BGR8, (int)width, (int)height, err);
    if (!rc)
        *enlarged = &canvas->spare;
    return rc;
}

int fus_canvas_resize(struct fus_canvas *canvas, int width, int height, struct fus_error *err)
{
    struct fus_image *bgr;
    int rc = fus_canvas_bgr(canvas, &bgr, err);

    if (rc || (bgr->width == width && bgr->height == height))
        return rc;
    if (!canvas->resampler)
        canvas->resampler = fus_resampler_new();
    if (!canvas->resampler)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to scale a picture.");
    rc = provide(&canvas->spare, FUS_PIXEL_BGR8, width, height, err);
    if (rc)
        return rc;

    const struct fus_plane from = fus_plane_of(bgr, whole(bgr), 0);
    const struct fus_plane to = fus_plane_of(&canvas->spare, whole(&canvas->spare), 0);

    rc = fus_resample_u8(canvas->resampler, &from, &to, FUS_RESAMPLE_BILINEAR, err);
    if (!rc)
        fus_canvas_take(canvas);
    return rc;
}

int fus_canvas_width(const struct fus_canvas *canvas)
{
    return canvas->sized ? canvas->bgr.width : canvas->native->width;
}

int fus_canvas_height(const struct fus_canvas *canvas)
{
    return canvas->sized ? canvas->bgr.height : canvas->native->height;
}

void fus_canvas_done(struct fus_canvas *canvas)
{
    fus_image_done(&canvas->buffer);
    fus_image_done(&canvas->spare);
    fus_image_done(&canvas->before);
    fus_image_done(&canvas->cover);
    fus_resampler_free(canvas->resampler);
    fus_recolor_free(canvas->recolor);
    *canvas = (struct fus_canvas){0};
}
