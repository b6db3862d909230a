/* The generations that a lossy still goes through in FaceFusion 3.8: OpenCV writes what was
 * processed, FFmpeg reads that and writes the output. FFmpeg's JPEG encoder rounds coefficients its
 * own way, so its very files are only got from it. */
#include <libavcodec/avcodec.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "media/libav.h"
#include "media/still_codec.h"

#define WEBP_BEST 100

static int out_of_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a picture.");
}

static int broken(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_INTERNAL, "FFmpeg's JPEG codec failed.");
}

static void free_context(AVCodecContext **context)
{
    avcodec_free_context(context);
}

static void free_packet(AVPacket **packet)
{
    av_packet_free(packet);
}

static void free_frame(AVFrame **frame)
{
    av_frame_free(frame);
}

#define AUTO_CONTEXT __attribute__((cleanup(free_context)))
#define AUTO_PACKET __attribute__((cleanup(free_packet)))
#define AUTO_FRAME __attribute__((cleanup(free_frame)))

static int decode(const uint8_t *bytes, size_t size, AVFrame *frame, struct fus_error *err)
{
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_MJPEG);
    AUTO_CONTEXT AVCodecContext *context = codec ? avcodec_alloc_context3(codec) : NULL;
    AUTO_PACKET AVPacket *packet = av_packet_alloc();
    if (!context || !packet || size > INT32_MAX || av_new_packet(packet, (int)size) < 0)
        return out_of_memory(err);
    memcpy(packet->data, bytes, size);
    context->thread_count = 1;
    if (avcodec_open2(context, codec, NULL) < 0 || avcodec_send_packet(context, packet) < 0 ||
        avcodec_receive_frame(context, frame) < 0)
        return broken(err);
    return 0;
}

static int encode(AVFrame *frame, int scale, AVPacket *packet, struct fus_error *err)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    AUTO_CONTEXT AVCodecContext *context = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!context)
        return out_of_memory(err);
    context->width = frame->width;
    context->height = frame->height;
    context->pix_fmt = (enum AVPixelFormat)frame->format;
    context->color_range = AVCOL_RANGE_JPEG;
    context->time_base = (AVRational){1, 25};
    context->flags |= AV_CODEC_FLAG_QSCALE;
    context->global_quality = scale * FF_QP2LAMBDA;
    context->thread_count = 1;
    frame->quality = context->global_quality;
    frame->pict_type = AV_PICTURE_TYPE_NONE;
    frame->pts = 0;
    if (avcodec_open2(context, codec, NULL) < 0 || avcodec_send_frame(context, frame) < 0 ||
        avcodec_send_frame(context, NULL) < 0 || avcodec_receive_packet(context, packet) < 0)
        return broken(err);
    return 0;
}

int fus_jpeg_generations(const struct fus_still_job *job, uint8_t **bytes, size_t *size,
                         struct fus_error *err)
{
    FUS_AUTO_FREE uint8_t *first = NULL;
    size_t first_size = 0;
    AUTO_FRAME AVFrame *frame = av_frame_alloc();
    AUTO_PACKET AVPacket *packet = av_packet_alloc();
    int rc = frame && packet ? fus_jpeg_encode(job, &first, &first_size, err) : out_of_memory(err);
    fus_av_quiet();
    if (rc == 0)
        rc = decode(first, first_size, frame, err);
    if (rc == 0)
        rc =
            encode(frame, (int)nearbyint(31 - 0.31 * FUS_CLAMP(job->quality, 0, 100)), packet, err);
    if (rc < 0)
        return rc;
    uint8_t *copy = fus_memdup(packet->data, (size_t)packet->size);
    if (!copy)
        return out_of_memory(err);
    *bytes = copy;
    *size = (size_t)packet->size;
    return 0;
}

int fus_still_recode(struct fus_still *still, struct fus_error *err)
{
    const struct fus_still_job job = {.image = &still->image,
                                      .alpha = still->alpha.plane[0] ? &still->alpha : NULL,
                                      .quality = WEBP_BEST,
                                      .as_facefusion = true};
    FUS_AUTO_FREE uint8_t *bytes = NULL;
    FUS_AUTO_STILL struct fus_still made = {0};
    const struct fus_still_header header = {.container = FUS_CONTAINER_WEBP,
                                            .width = still->image.width,
                                            .height = still->image.height,
                                            .orientation = 1};
    size_t size = 0;
    if (still->container != FUS_CONTAINER_WEBP)
        return 0;
    int rc = fus_webp_encode(&job, &bytes, &size, err);
    if (rc == 0)
        rc = fus_webp_decode(bytes, size, &header, &made, err);
    if (rc == 0)
        fus_image_copy(&still->image, &made.image);
    return rc;
}
