#include "media/scale.h"

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
