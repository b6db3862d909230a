/* BMP and the first picture of a GIF by libav's decoders: simple formats whose structure has been
 * walked before (still_header_raster.c), so that no half picture comes out. */
#include <string.h>

#include "media/frame.h"
#include "media/still_codec.h"

static int out_of_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a picture.");
}

static int damaged(const struct fus_still_header *header, struct fus_error *err)
{
    return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The %s file is damaged or breaks off.",
                         header->container == FUS_CONTAINER_BMP ? "BMP" : "GIF");
}

/* One picture out of the whole file. */
static int decode(AVCodecContext *decoder, const uint8_t *bytes, size_t size, AVFrame *frame)
{
    AVPacket *packet = av_packet_alloc();
    int rc = packet ? av_new_packet(packet, (int)size) : AVERROR(ENOMEM);
    if (rc >= 0) {
        memcpy(packet->data, bytes, size);
        packet->flags |= AV_PKT_FLAG_KEY;
        rc = avcodec_send_packet(decoder, packet);
    }
    av_packet_free(&packet);
    if (rc >= 0)
        rc = avcodec_receive_frame(decoder, frame);
    return rc;
}

static int take_pixels(AVFrame *frame, const struct fus_still_header *header,
                       struct fus_still *still, struct fus_error *err)
{
    struct fus_scaler scaler = {0};
    AVFrame *bgra = av_frame_alloc();
    int rc = 0;
    frame->color_range = AVCOL_RANGE_JPEG;
    if (bgra) {
        bgra->format = AV_PIX_FMT_BGRA;
        bgra->width = frame->width;
        bgra->height = frame->height;
    }
    if (!bgra || av_frame_get_buffer(bgra, 0) < 0)
        rc = out_of_memory(err);
    if (rc == 0)
        rc =
            fus_scaler_recolor(&scaler, frame, bgra, FUS_MATRIX_BT601, FUS_MATRIX_BT601, true, err);
    if (rc == 0)
        rc = fus_image_alloc(&still->image, FUS_PIXEL_BGR8, frame->width, frame->height, err);
    if (rc == 0)
        rc = fus_image_alloc(&still->alpha, FUS_PIXEL_GRAY8, frame->width, frame->height, err);
    for (int y = 0; rc == 0 && y < frame->height; y++)
        fus_bgra_split(bgra->data[0] + (ptrdiff_t)bgra->linesize[0] * y,
                       still->image.plane[0] + still->image.stride_bytes[0] * y,
                       still->alpha.plane[0] + still->alpha.stride_bytes[0] * y, frame->width);
    if (rc == 0 && !header->has_alpha)
        fus_image_done(&still->alpha);
    av_frame_free(&bgra);
    fus_scaler_done(&scaler);
    return rc;
}

int fus_av_still_decode(const uint8_t *bytes, size_t size, const struct fus_still_header *header,
                        struct fus_still *still, struct fus_error *err)
{
    enum AVCodecID id = header->container == FUS_CONTAINER_BMP ? AV_CODEC_ID_BMP : AV_CODEC_ID_GIF;
    const AVCodec *codec = avcodec_find_decoder(id);
    fus_av_quiet();
    if (!codec)
        return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA,
                             "This libav has no decoder for the picture.");
    AVCodecContext *decoder = avcodec_alloc_context3(codec);
    AVFrame *frame = av_frame_alloc();
    int rc = 0;
    if (!decoder || !frame || size > INT32_MAX - AV_INPUT_BUFFER_PADDING_SIZE) {
        rc = out_of_memory(err);
    } else {
        decoder->thread_count = 1;
        decoder->err_recognition = AV_EF_EXPLODE;
        decoder->max_pixels = FUS_IMAGE_PIXELS_MAX; /* the header has been judged */
        int got = avcodec_open2(decoder, codec, NULL);
        if (got >= 0)
            got = decode(decoder, bytes, size, frame);
        if (got == AVERROR(ENOMEM))
            rc = out_of_memory(err);
        else if (got == AVERROR_PATCHWELCOME)
            rc = fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA,
                               "This variant of the format is not supported.");
        else if (got < 0 || frame->decode_error_flags || frame->width != header->width ||
                 frame->height != header->height)
            rc = damaged(header, err);
        else
            rc = take_pixels(frame, header, still, err);
    }
    av_frame_free(&frame);
    avcodec_free_context(&decoder);
    return rc;
}
