#include "media/scale.h"

#include "base/mem.h"
#include "media/frame.h"

int fus_image_scale(const struct fus_image *from, struct fus_image *to, struct fus_error *err)
{
    if (from->format != to->format || fus_image_is_yuv(from))
        return fus_error_set(err, FUS_E_INTERNAL, "Only BGR and grey pictures are scaled.");
    if (from->width == to->width && from->height == to->height) {
        fus_image_copy(to, from);
        return 0;
    }
    struct fus_scaler scaler = {0};
    AVFrame *source = fus_frame_of_image(from), *target = fus_frame_of_image(to);
    int rc = source && target
                 ? fus_scaler_recolor(&scaler, source, target, FUS_MATRIX_BT601, FUS_MATRIX_BT601,
                                      true, err)
                 : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to scale a picture.");
    av_frame_free(&source);
    av_frame_free(&target);
    fus_scaler_done(&scaler);
    return rc;
}

struct fus_recolor {
    struct fus_scaler in, out; /* to BGR, from BGR */
};

struct fus_recolor *fus_recolor_new(void)
{
    struct fus_recolor *recolor = fus_calloc(1, sizeof(*recolor));
    if (recolor)
        recolor->in.plain = recolor->out.plain = true;
    return recolor;
}

void fus_recolor_free(struct fus_recolor *recolor)
{
    if (!recolor)
        return;
    fus_scaler_done(&recolor->in);
    fus_scaler_done(&recolor->out);
    fus_free(recolor);
}

int fus_recolor_run(struct fus_recolor *recolor, const struct fus_image *from, struct fus_image *to,
                    struct fus_error *err)
{
    bool in = fus_image_is_yuv(from);
    const struct fus_image *yuv = in ? from : to, *bgr = in ? to : from;
    if (!fus_image_is_yuv(yuv) || bgr->format != FUS_PIXEL_BGR8 || from->width != to->width ||
        from->height != to->height)
        return fus_error_set(err, FUS_E_INTERNAL,
                             "Only whole pictures go between YUV and BGR of one size.");
    AVFrame *source = fus_frame_of_image(from), *target = fus_frame_of_image(to);
    int rc = source && target
                 ? fus_scaler_recolor(in ? &recolor->in : &recolor->out, source, target,
                                      yuv->matrix, yuv->matrix, in || yuv->full_range, err)
                 : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to convert a picture.");
    av_frame_free(&source);
    av_frame_free(&target);
    return rc;
}
