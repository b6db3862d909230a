/* Small clips made and looked at by the clip tests. */
#ifndef FUS_TESTS_CLIP_TEST_H
#define FUS_TESTS_CLIP_TEST_H

#include <math.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>

#include "media/reader.h"
#include "media/writer.h"
#include "media_test.h"

#define CLIP_FRAMES_MAX 400

struct clip_spec {
    struct fus_writer_spec spec;
    struct fus_writer_options options;
    int frames;
    const int64_t *pts_us; /* NULL: constant rate */
    double tone;           /* Hz; 0: one click at half time */
};

__attribute__((unused)) static void clip_spec_default(struct clip_spec *clip)
{
    *clip = (struct clip_spec){.frames = 30, .tone = 440};
    clip->spec = (struct fus_writer_spec){.width = 96,
                                          .height = 64,
                                          .format = FUS_PIXEL_YUV420P8,
                                          .fps = 25,
                                          .matrix = FUS_MATRIX_BT709};
    fus_writer_options_default(&clip->options);
    clip->options.quality = 90;
}

/* Frame `index`: luma rises with the frame's number; the stored top left corner is bright. */
__attribute__((unused)) static void clip_draw(struct fus_image *image, int index)
{
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            image->plane[0][image->stride_bytes[0] * y + x] =
                (uint8_t)(x < image->width / 4 && y < image->height / 4 ? 230
                                                                        : 40 + index * 3 % 160);
    for (int i = 1; i < 3; i++)
        for (int y = 0; y < (image->height + 1) / 2; y++)
            memset(image->plane[i] + image->stride_bytes[i] * y, i == 1 ? 100 : 150,
                   (size_t)(image->width + 1) / 2);
}

/* The frame's number from its luma far from the corner, or -1. */
__attribute__((unused)) static int clip_number(const struct fus_image *image)
{
    int y = image->height * 3 / 4, x = image->width * 3 / 4;
    int luma = image->plane[0][image->stride_bytes[0] * y + x];
    return (luma - 40 + 1) / 3;
}

__attribute__((unused)) static void clip_make(const char *path, const struct clip_spec *clip)
{
    struct fus_error err = {0};
    struct fus_writer *writer = NULL;
    FUS_AUTO_IMAGE struct fus_image image = {0};
    assert_ok(fus_writer_open_spec(path, &clip->spec, &clip->options, &writer, &err));
    assert_ok(
        fus_image_alloc(&image, FUS_PIXEL_YUV420P8, clip->spec.width, clip->spec.height, &err));
    image.full_range = clip->spec.full_range;
    image.matrix = clip->spec.matrix;
    int rate = clip->spec.audio_rate, channels = clip->spec.audio_channels;
    int64_t sample = 0, click = (int64_t)(clip->frames / clip->spec.fps / 2 * rate);
    for (int i = 0; i < clip->frames; i++) {
        int64_t pts = clip->pts_us ? clip->pts_us[i] : llround(i * 1e6 / clip->spec.fps);
        clip_draw(&image, i);
        assert_ok(fus_writer_put_image(writer, &image, pts, &err));
        int64_t until = rate ? (int64_t)((i + 1) / clip->spec.fps * rate) : 0;
        for (; sample < until; sample++) {
            float values[8],
                value = (float)(0.5 * sin(2 * M_PI * clip->tone * (double)sample / rate));
            if (!(clip->tone > 0))
                value = sample >= click && sample < click + 32 ? 0.9f : 0.0f;
            for (int c = 0; c < channels; c++)
                values[c] = value;
            assert_ok(fus_writer_put_pcm(writer, values, 1, &err));
        }
    }
    assert_ok(fus_writer_finish(writer, &err));
    fus_writer_free(writer);
}

struct clip_seen {
    int frames, packets;
    int64_t pts_us[CLIP_FRAMES_MAX];
    int numbers[CLIP_FRAMES_MAX];
    int width, height;
    bool full_range;
    enum fus_color_matrix matrix;
    enum fus_pixel_format format;
    struct fus_media_info info;
    int64_t skipped;
    uint64_t hash;
};

__attribute__((unused)) static void hash_image(const struct fus_image *image, uint64_t *hash)
{
    for (int i = 0; i < 3; i++) {
        int sx = i ? fus_image_chroma_shift_x(image->format) : 0;
        int sy = i ? fus_image_chroma_shift_y(image->format) : 0;
        for (int y = 0; y < (image->height + sy) >> sy; y++)
            for (int x = 0; x < (image->width + sx) >> sx; x++)
                *hash = (*hash ^ image->plane[i][image->stride_bytes[i] * y + x]) * 1099511628211u;
    }
}

/* Reads all of a clip; the reader's answer comes back. */
__attribute__((unused)) static int clip_read(const char *path,
                                             const struct fus_media_limits *limits,
                                             const struct fus_reader_options *options,
                                             struct clip_seen *seen, struct fus_error *err)
{
    struct fus_reader *reader = NULL;
    struct fus_reader_options one = {.threads = 1};
    memset(seen, 0, sizeof(*seen));
    int rc = fus_reader_open(path, limits, options ? options : &one, &reader, err);
    for (bool ended = false; rc == 0 && !ended;) {
        struct fus_message *message = NULL;
        rc = fus_reader_next(reader, &message, err);
        if (rc < 0)
            break;
        ended = message->kind == FUS_MESSAGE_END;
        seen->packets += message->kind == FUS_MESSAGE_AUDIO;
        if (message->kind == FUS_MESSAGE_VIDEO && seen->frames < CLIP_FRAMES_MAX) {
            const struct fus_image *image = &message->frame.image;
            seen->pts_us[seen->frames] = message->frame.pts_us;
            seen->numbers[seen->frames++] = clip_number(image);
            seen->width = image->width;
            seen->height = image->height;
            seen->full_range = image->full_range;
            seen->matrix = image->matrix;
            seen->format = image->format;
            hash_image(image, &seen->hash);
        }
        fus_message_free(message);
    }
    if (reader) {
        seen->info = *fus_reader_info(reader);
        seen->skipped = fus_reader_skipped(reader);
    }
    fus_reader_free(reader);
    return rc;
}

/* Reader to writer, as the pipeline does; the first failure comes back. */
__attribute__((unused)) static int clip_pass(const char *from, const char *to,
                                             const struct fus_reader_options *options,
                                             const struct fus_writer_options *wanted, bool *copied,
                                             struct fus_error *err)
{
    struct fus_media_limits limits;
    struct fus_reader *reader = NULL;
    struct fus_writer *writer = NULL;
    struct fus_reader_options one = {.threads = 1};
    fus_media_limits_default(&limits);
    int rc = fus_reader_open(from, &limits, options ? options : &one, &reader, err);
    if (rc == 0)
        rc = fus_writer_open(to, reader, wanted, &writer, err);
    for (bool ended = false; rc == 0 && !ended;) {
        struct fus_message *message = NULL;
        rc = fus_reader_next(reader, &message, err);
        ended = rc == 0 && message->kind == FUS_MESSAGE_END;
        if (ended)
            fus_message_free(message);
        else if (rc == 0)
            rc = fus_writer_write(writer, message, err);
    }
    if (rc == 0)
        rc = fus_writer_finish(writer, err);
    if (writer && copied)
        *copied = fus_writer_audio_copied(writer);
    fus_writer_free(writer);
    fus_reader_free(reader);
    return rc;
}

/* A clip of one colour in any pixel format that FFV1 takes, straight from libav: Y 100 or RGB 100,
 * the rest in the middle. */
__attribute__((unused)) static void raw_clip_make_sized(const char *path, enum AVPixelFormat pixel,
                                                        int frames, int wide, int high)
{
    AVFormatContext *format = NULL;
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_FFV1);
    AVCodecContext *encoder = avcodec_alloc_context3(codec);
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get(pixel);
    assert_true(avformat_alloc_output_context2(&format, NULL, "matroska", path) >= 0);
    AVStream *stream = avformat_new_stream(format, NULL);
    encoder->width = frame->width = wide;
    encoder->height = frame->height = high;
    encoder->pix_fmt = pixel;
    encoder->time_base = (AVRational){1, 25};
    encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    frame->format = pixel;
    assert_int_equal(avcodec_open2(encoder, codec, NULL), 0);
    avcodec_parameters_from_context(stream->codecpar, encoder);
    assert_true(avio_open(&format->pb, path, AVIO_FLAG_WRITE) >= 0);
    assert_true(avformat_write_header(format, NULL) >= 0);
    for (int i = 0; i <= frames; i++) {
        if (i < frames) {
            assert_true(av_frame_get_buffer(frame, 0) >= 0);
            for (int c = 0; c < kind->nb_components; c++) {
                const AVComponentDescriptor *part = &kind->comp[c];
                int deep = part->depth - 8, chroma = c == 1 || c == 2;
                bool yuv = !(kind->flags & AV_PIX_FMT_FLAG_RGB);
                int value = (yuv && chroma ? 128 : 100) << deep;
                int width = chroma ? AV_CEIL_RSHIFT(wide, kind->log2_chroma_w) : wide;
                int height = chroma ? AV_CEIL_RSHIFT(high, kind->log2_chroma_h) : high;
                for (int y = 0; y < height; y++)
                    for (int x = 0; x < width; x++) {
                        uint8_t *to = frame->data[part->plane] + frame->linesize[part->plane] * y +
                                      part->step * x + part->offset;
                        to[0] = (uint8_t)value;
                        if (deep > 0)
                            to[1] = (uint8_t)(value >> 8);
                    }
            }
            frame->pts = i;
        }
        assert_true(avcodec_send_frame(encoder, i < frames ? frame : NULL) >= 0);
        av_frame_unref(frame);
        frame->width = wide;
        frame->height = high;
        frame->format = pixel;
        while (avcodec_receive_packet(encoder, packet) >= 0) {
            av_packet_rescale_ts(packet, encoder->time_base, stream->time_base);
            assert_true(av_interleaved_write_frame(format, packet) >= 0);
        }
    }
    assert_int_equal(av_write_trailer(format), 0);
    avio_closep(&format->pb);
    avformat_free_context(format);
    avcodec_free_context(&encoder);
    av_frame_free(&frame);
    av_packet_free(&packet);
}

__attribute__((unused)) static void raw_clip_make(const char *path, enum AVPixelFormat pixel,
                                                  int frames)
{
    raw_clip_make_sized(path, pixel, frames, 48, 32);
}

struct sound {
    char codec[24];
    int rate, channels;
    double loudest;    /* of the first channel */
    double loudest_at; /* seconds */
    double seconds;    /* end of the last frame */
};

/* Decodes the sound with libav alone. */
__attribute__((unused)) static void sound_read(const char *path, struct sound *sound)
{
    AVFormatContext *format = NULL;
    memset(sound, 0, sizeof(*sound));
    assert_int_equal(avformat_open_input(&format, path, NULL, NULL), 0);
    assert_true(avformat_find_stream_info(format, NULL) >= 0);
    int index = av_find_best_stream(format, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0);
    if (index < 0) {
        avformat_close_input(&format);
        return;
    }
    AVStream *stream = format->streams[index];
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    AVCodecContext *decoder = avcodec_alloc_context3(codec);
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    avcodec_parameters_to_context(decoder, stream->codecpar);
    decoder->pkt_timebase = stream->time_base;
    decoder->request_sample_fmt = AV_SAMPLE_FMT_FLTP;
    assert_int_equal(avcodec_open2(decoder, codec, NULL), 0);
    snprintf(sound->codec, sizeof(sound->codec), "%s", avcodec_get_name(codec->id));
    double base = av_q2d(stream->time_base);
    for (int rc = 0; rc != AVERROR_EOF;) {
        bool more = av_read_frame(format, packet) >= 0;
        if (more && packet->stream_index != index) {
            av_packet_unref(packet);
            continue;
        }
        avcodec_send_packet(decoder, more ? packet : NULL);
        av_packet_unref(packet);
        while ((rc = avcodec_receive_frame(decoder, frame)) >= 0) {
            double at = (double)frame->best_effort_timestamp * base;
            sound->rate = frame->sample_rate;
            sound->channels = frame->ch_layout.nb_channels;
            sound->seconds = at + (double)frame->nb_samples / frame->sample_rate;
            for (int i = 0; frame->format == AV_SAMPLE_FMT_FLTP && i < frame->nb_samples; i++) {
                double value = fabs((double)((const float *)(void *)frame->data[0])[i]);
                if (value > sound->loudest) {
                    sound->loudest = value;
                    sound->loudest_at = at + (double)i / frame->sample_rate;
                }
            }
            av_frame_unref(frame);
        }
    }
    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&decoder);
    avformat_close_input(&format);
}

#endif
