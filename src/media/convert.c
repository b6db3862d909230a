#include <string.h>

#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "media/frame.h"
#include "media/orient.h"

static int out_of_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a frame.");
}

void fus_scaler_done(struct fus_scaler *scaler)
{
    sws_freeContext(scaler->context);
    *scaler = (struct fus_scaler){0};
}

/* The J kinds are full range by another name; swscale wants the range told once. */
static int plain_format(int format)
{
    switch (format) {
    case AV_PIX_FMT_YUVJ420P:
        return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
        return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
        return AV_PIX_FMT_YUV444P;
    default:
        return format;
    }
}

static const int *coefficients(enum fus_color_matrix matrix)
{
    return sws_getCoefficients(matrix == FUS_MATRIX_BT709    ? SWS_CS_ITU709
                               : matrix == FUS_MATRIX_BT2020 ? SWS_CS_BT2020
                                                             : SWS_CS_ITU601);
}

static int scaler_open(struct fus_scaler *scaler, struct fus_error *err)
{
    bool from_rgb = fus_av_is_rgb(scaler->key.from_format),
         to_rgb = fus_av_is_rgb(scaler->key.to_format);
    bool resized = scaler->key.from_width != scaler->key.to_width ||
                   scaler->key.from_height != scaler->key.to_height;
    int flags = SWS_BICUBIC;
    if ((from_rgb || to_rgb) && !scaler->plain)
        flags |= SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT;
    if (from_rgb && to_rgb &&
        !scaler->plain) /* both ends have all their colour: none of it is thinned out */
        flags |= SWS_FULL_CHR_H_INP;
    if (resized)
        flags |= SWS_ACCURATE_RND;
    sws_freeContext(scaler->context);
    scaler->context =
        sws_getContext(scaler->key.from_width, scaler->key.from_height, scaler->key.from_format,
                       scaler->key.to_width, scaler->key.to_height, scaler->key.to_format, flags,
                       NULL, NULL, NULL);
    if (!scaler->context)
        return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA,
                             "Pictures of format %s cannot be converted.",
                             av_get_pix_fmt_name(scaler->key.from_format));
    /* Fails only where neither side is YUV: then there is nothing to set. */
    sws_setColorspaceDetails(
        scaler->context, coefficients((enum fus_color_matrix)scaler->key.from_matrix),
        scaler->key.from_full, coefficients((enum fus_color_matrix)scaler->key.to_matrix),
        scaler->key.to_full, 0, 1 << 16, 1 << 16);
    return 0;
}

static bool frame_is_full(const AVFrame *frame)
{
    return fus_av_is_rgb(frame->format) || fus_av_full_range(frame->format, frame->color_range);
}

int fus_scaler_run(struct fus_scaler *scaler, const AVFrame *from, AVFrame *to,
                   enum fus_color_matrix matrix, bool to_full, struct fus_error *err)
{
    if (!fus_av_is_rgb(from->format) && !fus_av_is_rgb(to->format))
        to_full = frame_is_full(from);
    return fus_scaler_recolor(scaler, from, to, matrix, matrix, to_full, err);
}

int fus_scaler_recolor(struct fus_scaler *scaler, const AVFrame *from, AVFrame *to,
                       enum fus_color_matrix from_matrix, enum fus_color_matrix to_matrix,
                       bool to_full, struct fus_error *err)
{
    struct fus_scaler wanted = {.context = scaler->context};
    memset(&wanted.key, 0, sizeof(wanted.key));
    wanted.key.from_format = plain_format(from->format);
    wanted.key.from_width = from->width;
    wanted.key.from_height = from->height;
    wanted.key.to_format = plain_format(to->format);
    wanted.key.to_width = to->width;
    wanted.key.to_height = to->height;
    wanted.key.from_matrix = (int)from_matrix;
    wanted.key.to_matrix = (int)to_matrix;
    wanted.key.from_full = frame_is_full(from);
    wanted.key.to_full = to_full || fus_av_is_rgb(to->format);
    if (!scaler->context || memcmp(&wanted.key, &scaler->key, sizeof(wanted.key)) != 0) {
        scaler->key = wanted.key;
        int rc = scaler_open(scaler, err);
        if (rc < 0)
            return rc;
    }
    int rows = sws_scale(scaler->context, (const uint8_t *const *)from->data, from->linesize, 0,
                         from->height, to->data, to->linesize);
    if (rows <= 0)
        return fus_error_set(err, FUS_E_INTERNAL, "A frame cannot be converted.");
    to->color_range = to_full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    return 0;
}

/* An empty frame of the pool with from's properties; its colour facts stay those of `from`. */
static int new_like(struct fus_frame_pool *pool, const AVFrame *from, int width, int height,
                    AVFrame **made, struct fus_error *err)
{
    AVFrame *frame = av_frame_alloc();
    int rc = frame ? fus_frame_pool_get(pool, AV_PIX_FMT_YUV420P, width, height, frame, err)
                   : out_of_memory(err);
    if (rc == 0 && av_frame_copy_props(frame, from) < 0)
        rc = out_of_memory(err);
    if (rc < 0)
        av_frame_free(&frame);
    else if (fus_av_full_range(from->format, from->color_range))
        frame->color_range = AVCOL_RANGE_JPEG;
    if (rc == 0)
        *made = frame;
    return rc;
}

int fus_frame_convert(struct fus_scaler *scaler, struct fus_frame_pool *pool, const AVFrame *from,
                      int width, int height, enum fus_color_matrix matrix, AVFrame **made,
                      struct fus_error *err)
{
    AVFrame *frame = NULL;
    int rc = new_like(pool, from, width, height, &frame, err);
    if (rc < 0)
        return rc;
    rc = fus_scaler_run(scaler, from, frame, matrix, false, err);
    if (rc < 0) {
        av_frame_free(&frame);
        return rc;
    }
    if (fus_av_is_rgb(from->format))
        frame->colorspace = fus_av_space(matrix);
    *made = frame;
    return 0;
}

int fus_frame_repack(struct fus_scaler *scaler, struct fus_frame_pool *pool, const AVFrame *from,
                     enum AVPixelFormat format, enum fus_color_matrix matrix, AVFrame **made,
                     struct fus_error *err)
{
    AVFrame *frame = av_frame_alloc();
    int rc = frame ? fus_frame_pool_get(pool, format, from->width, from->height, frame, err)
                   : out_of_memory(err);
    if (rc == 0)
        rc = fus_scaler_run(scaler, from, frame, matrix, true, err);
    if (rc < 0) {
        av_frame_free(&frame);
        return rc;
    }
    if (fus_av_is_rgb(format))
        frame->colorspace = AVCOL_SPC_RGB;
    *made = frame;
    return 0;
}

int fus_frame_orient(struct fus_frame_pool *pool, const AVFrame *from, int orientation,
                     AVFrame **made, struct fus_error *err)
{
    bool swap = fus_orient_swaps(orientation);
    AVFrame *frame = NULL;
    int rc = new_like(pool, from, swap ? from->height : from->width,
                      swap ? from->width : from->height, &frame, err);
    if (rc < 0)
        return rc;
    for (int i = 0; i < 3; i++)
        fus_orient_plane(orientation, 1, from->data[i], from->linesize[i],
                         i ? (from->width + 1) >> 1 : from->width,
                         i ? (from->height + 1) >> 1 : from->height, frame->data[i],
                         frame->linesize[i]);
    *made = frame;
    return 0;
}

int fus_frame_pad_even(struct fus_frame_pool *pool, const AVFrame *from, AVFrame **made,
                       struct fus_error *err)
{
    int width = (from->width + 1) & ~1, height = (from->height + 1) & ~1;
    AVFrame *frame = NULL;
    int rc = new_like(pool, from, width, height, &frame, err);
    if (rc < 0)
        return rc;
    for (int y = 0; y < height; y++) {
        uint8_t *to = frame->data[0] + (ptrdiff_t)frame->linesize[0] * y;
        int source = FUS_MIN(y, from->height - 1);
        memcpy(to, from->data[0] + (ptrdiff_t)from->linesize[0] * source, (size_t)from->width);
        to[width - 1] = to[from->width - 1];
    }
    for (int i = 1; i < 3; i++)
        for (int y = 0; y < height / 2; y++)
            memcpy(frame->data[i] + (ptrdiff_t)frame->linesize[i] * y,
                   from->data[i] + (ptrdiff_t)from->linesize[i] * y, (size_t)width / 2);
    *made = frame;
    return 0;
}
