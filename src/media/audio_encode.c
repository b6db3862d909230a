#include "media/audio_encode.h"

#include <libavutil/audio_fifo.h>
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <libavutil/samplefmt.h>
#include <libswresample/swresample.h>

#include "base/mem.h"
#include "media/codecs.h"

/* Encoders without a frame size of their own. */
#define FRAME_SAMPLES 1024
/* Jitter of times below this many seconds is left to the player, as ffmpeg's async resampling does.
 */
#define DRIFT_SECONDS 0.1
#define RATE_MAX 384000

struct fus_audio_encode {
    AVRational source_time_base;
    int64_t origin_us;
    int volume;
    int pcm_rate, pcm_channels; /* of what fus_audio_encode_pcm is given */
    AVCodecContext *decoder, *encoder;
    SwrContext *resampler;
    int from_format, from_rate; /* what the resampler was made for */
    AVChannelLayout from_layout;
    AVAudioFifo *fifo;
    AVFrame *decoded, *samples; /* samples: the resampler's output */
    AVFrame *frame;             /* the encoder's input */
    AVPacket *packet;
    int64_t next_pts; /* of the fifo's first sample, in encoder samples */
    bool started;
};

static int out_of_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for the sound.");
}

static int open_decoder(struct fus_audio_encode *encode, const AVCodecParameters *source,
                        struct fus_error *err)
{
    const AVCodec *codec = avcodec_find_decoder(source->codec_id);
    AVDictionary *options = NULL;
    if (codec)
        encode->decoder = avcodec_alloc_context3(codec);
    if (codec && (!encode->decoder || avcodec_parameters_to_context(encode->decoder, source) < 0))
        return out_of_memory(err);
    int rc = AVERROR_DECODER_NOT_FOUND;
    if (codec) {
        encode->decoder->pkt_timebase = encode->source_time_base;
        encode->decoder->thread_count = 1;
        av_dict_set(&options, "codec_whitelist", fus_av_codec_whitelist, 0);
        rc = avcodec_open2(encode->decoder, codec, &options);
        av_dict_free(&options);
    }
    if (rc < 0)
        return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA,
                             "Sound of codec %s can be neither copied nor decoded; an audio volume "
                             "of 0 leaves it out.",
                             avcodec_get_name(source->codec_id));
    return 0;
}

/* The source's rate if the encoder has it, else the lowest that loses nothing, else the highest. */
static int choose_rate(const AVCodec *codec, int rate)
{
    const int *rates = fus_av_sample_rates(codec);
    int best = 0;
    if (!rates)
        return rate;
    for (; *rates; rates++) {
        bool better = *rates >= rate ? best < rate || *rates < best : best < *rates;
        if (best == 0 || better)
            best = *rates;
    }
    return best;
}

static int try_encoder(struct fus_audio_encode *encode,
                       const struct fus_audio_encode_options *options, int rate,
                       const AVChannelLayout *layout)
{
    avcodec_free_context(&encode->encoder);
    AVCodecContext *context = avcodec_alloc_context3(options->codec);
    encode->encoder = context;
    if (!context || av_channel_layout_copy(&context->ch_layout, layout) < 0)
        return AVERROR(ENOMEM);
    context->sample_rate = choose_rate(options->codec, rate);
    context->sample_fmt = fus_av_sample_format(options->codec);
    context->time_base = (AVRational){1, context->sample_rate};
    context->thread_count = 1;
    if (options->global_header)
        context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    fus_codec_audio_quality(options->encoder, options->quality, context);
    return avcodec_open2(context, options->codec, NULL);
}

static int open_encoder(struct fus_audio_encode *encode,
                        const struct fus_audio_encode_options *options, struct fus_error *err)
{
    AVChannelLayout layout = {0};
    int rate = options->source ? options->source->sample_rate : options->rate;
    int channels = options->source ? options->source->ch_layout.nb_channels : options->channels;
    if (rate <= 0 || rate > RATE_MAX || channels <= 0 || channels > 64)
        return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The sound has impossible parameters.");
    if (options->source && options->source->ch_layout.order == AV_CHANNEL_ORDER_NATIVE) {
        if (av_channel_layout_copy(&layout, &options->source->ch_layout) < 0)
            return out_of_memory(err);
    } else {
        av_channel_layout_default(&layout, channels);
    }
    int rc = try_encoder(encode, options, rate, &layout);
    av_channel_layout_uninit(&layout);
    if (rc < 0 && rc != AVERROR(ENOMEM)) {
        av_channel_layout_default(&layout, 2);
        rc = try_encoder(encode, options, rate, &layout);
    }
    return rc < 0 ? fus_av_error(err, FUS_E_INVALID_PARAMETER, rc, "The sound cannot be encoded")
                  : 0;
}

static int frame_samples(const struct fus_audio_encode *encode)
{
    return encode->encoder->frame_size > 0 ? encode->encoder->frame_size : FRAME_SAMPLES;
}

static int make_frames(struct fus_audio_encode *encode)
{
    const AVCodecContext *context = encode->encoder;
    encode->decoded = av_frame_alloc();
    encode->samples = av_frame_alloc();
    encode->frame = av_frame_alloc();
    encode->packet = av_packet_alloc();
    encode->fifo = av_audio_fifo_alloc(context->sample_fmt, context->ch_layout.nb_channels,
                                       2 * frame_samples(encode));
    return encode->decoded && encode->samples && encode->frame && encode->packet && encode->fifo
               ? 0
               : AVERROR(ENOMEM);
}

int fus_audio_encode_new(const struct fus_audio_encode_options *options,
                         struct fus_audio_encode **encode, struct fus_error *err)
{
    FUS_CLEANUP(fus_audio_encode_free) struct fus_audio_encode *made = fus_calloc(1, sizeof(*made));
    if (!made)
        return out_of_memory(err);
    made->source_time_base = options->source_time_base;
    made->origin_us = options->origin_us;
    made->pcm_rate = options->rate;
    made->pcm_channels = options->channels;
    made->volume = FUS_CLAMP(options->volume, 0, 100);
    int rc = options->source ? open_decoder(made, options->source, err) : 0;
    if (rc == 0)
        rc = open_encoder(made, options, err);
    if (rc == 0 && make_frames(made) < 0)
        rc = out_of_memory(err);
    if (rc == 0)
        *encode = FUS_TAKE(made);
    return rc;
}

void fus_audio_encode_free(struct fus_audio_encode *encode)
{
    if (!encode)
        return;
    avcodec_free_context(&encode->decoder);
    avcodec_free_context(&encode->encoder);
    swr_free(&encode->resampler);
    av_channel_layout_uninit(&encode->from_layout);
    if (encode->fifo)
        av_audio_fifo_free(encode->fifo);
    av_frame_free(&encode->decoded);
    av_frame_free(&encode->samples);
    av_frame_free(&encode->frame);
    av_packet_free(&encode->packet);
    fus_free(encode);
}

const AVCodecContext *fus_audio_encode_context(const struct fus_audio_encode *encode)
{
    return encode->encoder;
}

static int drain(struct fus_audio_encode *encode, fus_audio_sink sink, void *user,
                 struct fus_error *err)
{
    for (;;) {
        int rc = avcodec_receive_packet(encode->encoder, encode->packet);
        if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF)
            return 0;
        if (rc < 0)
            return fus_av_error(err, FUS_E_INTERNAL, rc, "The sound cannot be encoded");
        rc = sink(user, encode->packet, err);
        av_packet_unref(encode->packet);
        if (rc < 0)
            return rc;
    }
}

static int encode_samples(struct fus_audio_encode *encode, int count, fus_audio_sink sink,
                          void *user, struct fus_error *err)
{
    AVFrame *frame = encode->frame;
    const AVCodecContext *context = encode->encoder;
    av_frame_unref(frame);
    frame->format = context->sample_fmt;
    frame->sample_rate = context->sample_rate;
    frame->nb_samples = count;
    if (av_channel_layout_copy(&frame->ch_layout, &context->ch_layout) < 0 ||
        av_frame_get_buffer(frame, 0) < 0)
        return out_of_memory(err);
    int got = av_audio_fifo_read(encode->fifo, (void **)frame->extended_data, count);
    if (got < 0)
        return out_of_memory(err);
    frame->nb_samples = got;
    frame->pts = encode->next_pts;
    encode->next_pts += got;
    int rc = avcodec_send_frame(encode->encoder, frame);
    if (rc < 0)
        return fus_av_error(err, FUS_E_INTERNAL, rc, "The sound cannot be encoded");
    return drain(encode, sink, user, err);
}

static int encode_full_frames(struct fus_audio_encode *encode, fus_audio_sink sink, void *user,
                              struct fus_error *err)
{
    int rc = 0;
    while (rc == 0 && av_audio_fifo_size(encode->fifo) >= frame_samples(encode))
        rc = encode_samples(encode, frame_samples(encode), sink, user, err);
    return rc;
}

/* Fills a hole in time, a frame at a time so that memory stays small. */
static int add_silence(struct fus_audio_encode *encode, int64_t count, fus_audio_sink sink,
                       void *user, struct fus_error *err)
{
    const AVCodecContext *context = encode->encoder;
    AVFrame *silence = encode->samples;
    int rc = 0;
    while (rc == 0 && count > 0) {
        int step = (int)FUS_MIN(count, (int64_t)FRAME_SAMPLES);
        av_frame_unref(silence);
        silence->format = context->sample_fmt;
        silence->sample_rate = context->sample_rate;
        silence->nb_samples = step;
        if (av_channel_layout_copy(&silence->ch_layout, &context->ch_layout) < 0 ||
            av_frame_get_buffer(silence, 0) < 0)
            return out_of_memory(err);
        av_samples_set_silence(silence->extended_data, 0, step, context->ch_layout.nb_channels,
                               context->sample_fmt);
        if (av_audio_fifo_write(encode->fifo, (void **)silence->extended_data, step) < step)
            return out_of_memory(err);
        count -= step;
        rc = encode_full_frames(encode, sink, user, err);
    }
    return rc;
}

/* (Re)makes the resampler when the kind of samples changes. Volume is its mixing gain. */
static int match_resampler(struct fus_audio_encode *encode, int format, int rate,
                           const AVChannelLayout *layout, struct fus_error *err)
{
    AVCodecContext *to = encode->encoder;
    if (encode->resampler && encode->from_format == format && encode->from_rate == rate &&
        av_channel_layout_compare(&encode->from_layout, layout) == 0)
        return 0;
    swr_free(&encode->resampler);
    av_channel_layout_uninit(&encode->from_layout);
    if (layout->nb_channels <= 0 || rate <= 0 || rate > RATE_MAX)
        return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The sound has impossible parameters.");
    int rc = 0;
    if (layout->order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&encode->from_layout, layout->nb_channels);
    else
        rc = av_channel_layout_copy(&encode->from_layout, layout);
    if (rc >= 0)
        rc =
            swr_alloc_set_opts2(&encode->resampler, &to->ch_layout, to->sample_fmt, to->sample_rate,
                                &encode->from_layout, (enum AVSampleFormat)format, rate, 0, NULL);
    if (rc >= 0 && encode->volume != 100)
        av_opt_set_double(encode->resampler, "rematrix_volume", encode->volume / 100.0, 0);
    if (rc >= 0)
        rc = swr_init(encode->resampler);
    encode->from_format = format;
    encode->from_rate = rate;
    return rc < 0 ? fus_av_error(err, FUS_E_INTERNAL, rc, "The sound cannot be resampled") : 0;
}

/* Keeps the written sound in step with `pts` (encoder samples): 1 if this frame is to be left out.
 */
static int keep_time(struct fus_audio_encode *encode, int64_t pts, fus_audio_sink sink, void *user,
                     struct fus_error *err)
{
    int64_t drift_max = (int64_t)(DRIFT_SECONDS * encode->encoder->sample_rate);
    if (!encode->started) {
        encode->started = true;
        encode->next_pts = pts;
        return 0;
    }
    int64_t expected = encode->next_pts + av_audio_fifo_size(encode->fifo) +
                       swr_get_delay(encode->resampler, encode->encoder->sample_rate);
    if (pts > expected + drift_max)
        return add_silence(encode, pts - expected, sink, user, err);
    return pts < expected - drift_max;
}

/* count samples of the resampler's input, or NULL and 0: its rest. */
static int add_samples(struct fus_audio_encode *encode, const uint8_t **data, int count,
                       struct fus_error *err)
{
    AVFrame *out = encode->samples;
    const AVCodecContext *to = encode->encoder;
    int room = swr_get_out_samples(encode->resampler, count);
    if (room <= 0)
        return 0;
    av_frame_unref(out);
    out->format = to->sample_fmt;
    out->sample_rate = to->sample_rate;
    out->nb_samples = room;
    if (av_channel_layout_copy(&out->ch_layout, &to->ch_layout) < 0 ||
        av_frame_get_buffer(out, 0) < 0)
        return out_of_memory(err);
    int made = swr_convert(encode->resampler, out->extended_data, room, data, count);
    if (made < 0)
        return fus_av_error(err, FUS_E_INTERNAL, made, "The sound cannot be resampled");
    if (made > 0 && av_audio_fifo_write(encode->fifo, (void **)out->extended_data, made) < made)
        return out_of_memory(err);
    return 0;
}

static int take_decoded(struct fus_audio_encode *encode, fus_audio_sink sink, void *user,
                        struct fus_error *err)
{
    const AVFrame *frame = encode->decoded;
    int rc = match_resampler(encode, frame->format, frame->sample_rate, &frame->ch_layout, err);
    if (rc < 0)
        return rc;
    if (frame->best_effort_timestamp != AV_NOPTS_VALUE) {
        AVRational base = encode->encoder->time_base;
        int64_t pts = av_rescale_q(frame->best_effort_timestamp, encode->source_time_base, base) -
                      av_rescale_q(encode->origin_us, fus_av_microseconds(), base);
        rc = keep_time(encode, pts, sink, user, err);
    }
    if (rc == 0)
        rc = add_samples(encode, (void *)frame->extended_data, frame->nb_samples, err);
    if (rc == 0)
        rc = encode_full_frames(encode, sink, user, err);
    return rc < 0 ? rc : 0;
}

static int decode_all(struct fus_audio_encode *encode, fus_audio_sink sink, void *user,
                      struct fus_error *err)
{
    int rc = 0;
    while (rc == 0) {
        int got = avcodec_receive_frame(encode->decoder, encode->decoded);
        if (got == AVERROR(ENOMEM))
            return out_of_memory(err);
        if (got < 0)
            return 0; /* no more for now, or damage that becomes a hole */
        rc = take_decoded(encode, sink, user, err);
        av_frame_unref(encode->decoded);
    }
    return rc;
}

int fus_audio_encode_packet(struct fus_audio_encode *encode, const AVPacket *packet,
                            fus_audio_sink sink, void *user, struct fus_error *err)
{
    if (avcodec_send_packet(encode->decoder, packet) == AVERROR(ENOMEM))
        return out_of_memory(err);
    return decode_all(encode, sink, user, err);
}

int fus_audio_encode_pcm(struct fus_audio_encode *encode, const float *samples, size_t frames,
                         fus_audio_sink sink, void *user, struct fus_error *err)
{
    const uint8_t *data[1] = {(const uint8_t *)samples};
    AVChannelLayout layout = {0};
    if (frames > INT32_MAX / 1024)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "Too many samples at once.");
    av_channel_layout_default(&layout, encode->pcm_channels);
    int rc = match_resampler(encode, AV_SAMPLE_FMT_FLT, encode->pcm_rate, &layout, err);
    av_channel_layout_uninit(&layout);
    encode->started = true;
    if (rc == 0)
        rc = add_samples(encode, data, (int)frames, err);
    return rc == 0 ? encode_full_frames(encode, sink, user, err) : rc;
}

int fus_audio_encode_flush(struct fus_audio_encode *encode, fus_audio_sink sink, void *user,
                           struct fus_error *err)
{
    int rc = 0;
    if (encode->decoder) {
        avcodec_send_packet(encode->decoder, NULL);
        rc = decode_all(encode, sink, user, err);
    }
    if (rc == 0 && encode->resampler)
        rc = add_samples(encode, NULL, 0, err);
    if (rc == 0)
        rc = encode_full_frames(encode, sink, user, err);
    int left = av_audio_fifo_size(encode->fifo);
    if (rc == 0 && left > 0) {
        /* Encoders that take no short last frame get it filled up. */
        int caps = encode->encoder->codec->capabilities;
        if (!(caps & (AV_CODEC_CAP_SMALL_LAST_FRAME | AV_CODEC_CAP_VARIABLE_FRAME_SIZE)))
            rc = add_silence(encode, frame_samples(encode) - left, sink, user, err);
        left = av_audio_fifo_size(encode->fifo);
        if (rc == 0 && left > 0)
            rc = encode_samples(encode, left, sink, user, err);
    }
    if (rc == 0) {
        avcodec_send_frame(encode->encoder, NULL);
        rc = drain(encode, sink, user, err);
    }
    return rc;
}
