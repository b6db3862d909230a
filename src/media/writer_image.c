/* Pictures on their way into a clip: scaled to its size, converted to its kind and colours. */
#include "media/orient.h"
#include "media/writer_internal.h"

int fus_writer_message_picture(struct fus_writer *writer, AVFrame *av, int64_t pts_us,
                               int64_t duration_us, struct fus_error *err)
{
    enum fus_pixel_format ours = FUS_PIXEL_BGR8;
    bool is_yuv = fus_av_pixel_format(av->format, &ours);
    if (!is_yuv || ours != FUS_PIXEL_YUV420P8 || av->width != writer->width ||
        av->height != writer->height) {
        AVFrame *next = NULL;
        int rc = fus_frame_convert(&writer->scaler, writer->pool, av, writer->width, writer->height,
                                   writer->matrix, &next, err);
        av_frame_free(&av);
        if (rc < 0)
            return rc;
        av = next;
    }
    av->colorspace = writer->facts.space;
    return fus_writer_picture(writer, av, false, pts_us, duration_us, err);
}

/* Whether the image's samples can go in as they are. */
static bool is_as_written(const struct fus_writer *writer, const struct fus_image *image,
                          const AVFrame *to)
{
    return image->format == FUS_PIXEL_YUV420P8 && to->format == AV_PIX_FMT_YUV420P &&
           image->width == to->width && image->height == to->height &&
           image->matrix == writer->matrix &&
           image->full_range == (writer->facts.range == AVCOL_RANGE_JPEG);
}

/* RGB goes to an encoder of RGB as it is, unless its size or side has to be mended first. */
static enum AVPixelFormat pixels_for(const struct fus_writer *writer, int width, int height)
{
    bool as_is = !(width & 1 || height & 1) && (!writer->turn_pixels || writer->upright);
    return as_is && fus_av_is_rgb(writer->video->pix_fmt) ? writer->video->pix_fmt
                                                          : AV_PIX_FMT_YUV420P;
}

/* A pooled copy in the writer's own size and colours. */
static int copy_image(struct fus_writer *writer, const struct fus_image *image, AVFrame **made,
                      struct fus_error *err)
{
    const struct fus_clip_facts *facts = &writer->facts;
    bool swap = writer->upright && fus_orient_swaps(facts->orientation);
    int width = swap ? writer->height : writer->width;
    int height = swap ? writer->width : writer->height;
    AVFrame *from = fus_frame_of_image(image), *to = av_frame_alloc();
    int rc = from && to ? fus_frame_pool_get(writer->pool, pixels_for(writer, width, height), width,
                                             height, to, err)
                        : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to write a clip.");
    if (rc == 0 && is_as_written(writer, image, to))
        rc = av_frame_copy(to, from) < 0
                 ? fus_error_set(err, FUS_E_INTERNAL, "A picture cannot be copied.")
                 : 0;
    else if (rc == 0)
        rc = fus_scaler_recolor(&writer->image_scaler, from, to,
                                fus_image_is_yuv(image) ? image->matrix : writer->matrix,
                                writer->matrix, facts->range == AVCOL_RANGE_JPEG, err);
    av_frame_free(&from);
    if (rc < 0) {
        av_frame_free(&to);
        return rc;
    }
    if (!fus_av_is_rgb(to->format)) {
        to->color_range = facts->range;
        to->colorspace = facts->space;
    }
    *made = to;
    return 0;
}

int fus_writer_put_timed(struct fus_writer *writer, const struct fus_image *image, int64_t pts_us,
                         int64_t duration_us, struct fus_error *err)
{
    AVFrame *av = NULL;
    const AVRational rate = writer->facts.frame_rate;
    if (writer->finished || writer->failed)
        return fus_error_set(err, FUS_E_INTERNAL, "The clip is closed already.");
    if (duration_us <= 0 && rate.num > 0 && rate.den > 0)
        duration_us = av_rescale_q(1, av_inv_q(rate), fus_av_microseconds());
    int rc = copy_image(writer, image, &av, err);
    if (rc == 0)
        rc = fus_writer_picture(writer, av, writer->upright, pts_us, duration_us, err);
    writer->failed = rc < 0;
    return rc;
}

int fus_writer_put_image(struct fus_writer *writer, const struct fus_image *image, int64_t pts_us,
                         struct fus_error *err)
{
    return fus_writer_put_timed(writer, image, pts_us, 0, err);
}
