#include "media/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "media/codecs.h"
#include "media/orient.h"
#include "media/reader_facts.h"
#include "media/writer_internal.h"

/* Ticks are at least this fine, so that times in microseconds survive a coarse source. */
#define TICKS_MIN 10000
/* A label's packet has about a thousand bytes; 65000 at the most. */
#define AVI_HEADER_ROOM 8192

static int out_of_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to write a clip.");
}

void fus_writer_options_default(struct fus_writer_options *options)
{
    *options = (struct fus_writer_options){
        .container = FUS_CONTAINER_MP4,
        .quality = 80,
        .threads = 1,
        .audio_quality = 80,
        .audio_volume = 100,
    };
}

static int open_file(struct fus_writer *writer, const char *path, struct fus_error *err)
{
    const char *muxer = fus_container_muxer(writer->container);
    if (!muxer)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "A clip cannot be written as %s.",
                             fus_container_name(writer->container));
    int rc = avformat_alloc_output_context2(&writer->format, NULL, muxer, NULL);
    if (rc < 0)
        return fus_av_error(err, FUS_E_INTERNAL, rc, "The clip cannot be written");
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd < 0)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "The clip cannot be created: %s.",
                             strerror(errno));
    rc = fus_av_file_init(&writer->file, fd, 0, true, err);
    if (rc < 0)
        return rc;
    writer->format->pb = writer->file.io;
    writer->format->io_open = fus_av_refuse_open;
    writer->format->flags |=
        AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT; /* no random ids, no dates */
    if (writer->container == FUS_CONTAINER_AVI)     /* room in the header, for the label */
        writer->format->metadata_header_padding = AVI_HEADER_ROOM;
    return 0;
}

/* The encoder's tick: the rate's, or the source's divided until it is fine enough. */
static AVRational time_base(const struct fus_writer *writer)
{
    AVRational base = writer->facts.time_base;
    if (writer->fps > 0)
        return av_inv_q(av_d2q(writer->fps, 100000));
    if (base.num <= 0 || base.den <= 0)
        return (AVRational){1, TICKS_MIN};
    int64_t factor = ((int64_t)TICKS_MIN * base.num + base.den - 1) / base.den;
    av_reduce(&base.num, &base.den, base.num, (int64_t)base.den * FUS_MAX(factor, 1), INT32_MAX);
    /* x264 counts in 32 bits; nanoseconds are more than anybody needs. */
    if (base.den / base.num > 1000000)
        base = fus_av_microseconds();
    return base;
}

static void set_video(struct fus_writer *writer, const struct fus_writer_options *options)
{
    const struct fus_clip_facts *facts = &writer->facts;
    AVCodecContext *video = writer->video;
    bool swap = writer->turn_pixels && fus_orient_swaps(facts->orientation);
    video->width = ((swap ? writer->height : writer->width) + 1) & ~1;
    video->height = ((swap ? writer->width : writer->height) + 1) & ~1;
    video->pix_fmt = fus_codec_pixels(video->codec, writer->container);
    video->time_base = time_base(writer);
    video->framerate = writer->fps > 0 ? av_inv_q(video->time_base) : facts->frame_rate;
    video->sample_aspect_ratio = facts->sample_aspect;
    if (swap && facts->sample_aspect.num > 0)
        video->sample_aspect_ratio = av_inv_q(facts->sample_aspect);
    video->color_range = facts->range;
    video->color_primaries = facts->primaries;
    video->color_trc = facts->transfer;
    video->colorspace = facts->space;
    if (fus_av_is_rgb(video->pix_fmt)) {
        video->color_range = AVCOL_RANGE_JPEG;
        video->colorspace = AVCOL_SPC_RGB;
    }
    video->chroma_sample_location = facts->chroma_location;
    video->thread_count = FUS_CLAMP(options->threads, 1, 64);
    if (writer->format->oformat->flags & AVFMT_GLOBALHEADER)
        video->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    bool hevc = video->codec_id == AV_CODEC_ID_HEVC;
    if (hevc && fus_container_is_bmff(writer->container))
        video->codec_tag = MKTAG('h', 'v', 'c', '1');
}

static int open_video(struct fus_writer *writer, const struct fus_writer_options *options,
                      struct fus_error *err)
{
    const AVCodec *codec = NULL;
    AVDictionary *settings = NULL;
    int rc = fus_codec_video(writer->video_encoder, writer->container, writer->format->oformat,
                             &codec, err);
    if (rc < 0)
        return rc;
    writer->video = avcodec_alloc_context3(codec);
    writer->video_stream = avformat_new_stream(writer->format, NULL);
    if (!writer->video || !writer->video_stream)
        return out_of_memory(err);
    set_video(writer, options);
    fus_codec_video_options(writer->video_encoder, options->quality,
                            options->preset[0] ? options->preset : "veryfast", &settings);
    rc = avcodec_open2(writer->video, codec, &settings);
    av_dict_free(&settings);
    if (rc == AVERROR_EXTERNAL) /* the settings have been checked; it is memory that it lacks */
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY,
                             "There is not enough memory to encode the clip.");
    if (rc < 0)
        return fus_av_error(err, FUS_E_INVALID_PARAMETER, rc, "The video encoder cannot be opened");
    AVStream *stream = writer->video_stream;
    rc = avcodec_parameters_from_context(stream->codecpar, writer->video);
    /* The container has its own name for plain samples. */
    if (stream->codecpar->codec_id == AV_CODEC_ID_RAWVIDEO)
        stream->codecpar->codec_tag = 0;
    stream->time_base = writer->video->time_base;
    stream->avg_frame_rate = writer->video->framerate;
    stream->sample_aspect_ratio = writer->video->sample_aspect_ratio;
    if (rc >= 0 && writer->facts.has_matrix && !writer->turn_pixels &&
        !fus_av_set_display_matrix(stream, writer->facts.matrix))
        return out_of_memory(err);
    return rc < 0 ? out_of_memory(err) : 0;
}

/* source: the coded sound, or NULL for PCM of pcm_rate and pcm_channels. */
static int open_audio(struct fus_writer *writer, const struct fus_writer_options *options,
                      const AVCodecParameters *source, int pcm_rate, int pcm_channels,
                      struct fus_error *err)
{
    const AVOutputFormat *muxer = writer->format->oformat;
    writer->audio_stream = avformat_new_stream(writer->format, NULL);
    if (!writer->audio_stream)
        return out_of_memory(err);
    AVStream *stream = writer->audio_stream;
    writer->copies_audio = source && !options->audio_encode && options->audio_volume >= 100 &&
                           fus_codec_copies(writer->container, muxer, source->codec_id) &&
                           (source->codec_id != AV_CODEC_ID_AAC || source->extradata_size > 0);
    if (writer->copies_audio) {
        if (avcodec_parameters_copy(stream->codecpar, source) < 0)
            return out_of_memory(err);
        stream->codecpar->codec_tag = 0;
        stream->time_base = writer->facts.audio_time_base;
        return 0;
    }
    struct fus_audio_encode_options encode = {
        .encoder = fus_codec_audio_for(writer->container, options->audio_encoder),
        .quality = options->audio_quality,
        .volume = options->audio_volume,
        .global_header = (muxer->flags & AVFMT_GLOBALHEADER) != 0,
        .source = source,
        .source_time_base = writer->facts.audio_time_base,
        .origin_us = writer->facts.origin_us,
        .rate = pcm_rate,
        .channels = pcm_channels,
    };
    int rc = fus_codec_audio(encode.encoder, writer->container, muxer, &encode.codec, err);
    if (rc == 0)
        rc = fus_audio_encode_new(&encode, &writer->audio, err);
    if (rc < 0)
        return rc;
    const AVCodecContext *context = fus_audio_encode_context(writer->audio);
    stream->time_base = context->time_base;
    return avcodec_parameters_from_context(stream->codecpar, context) < 0 ? out_of_memory(err) : 0;
}

static int write_header(struct fus_writer *writer, const struct fus_writer_options *options,
                        struct fus_error *err)
{
    AVDictionary *settings = NULL;
    const char *const *pair = options->metadata;
    for (; pair && pair[0] && pair[1]; pair += 2)
        if (av_dict_set(&writer->format->metadata, pair[0], pair[1], 0) < 0)
            return out_of_memory(err);
    /* Any key, not only iTunes' handful. */
    if (options->metadata && fus_container_is_bmff(writer->container))
        av_dict_set(&settings, "movflags", "use_metadata_tags", 0);
    /* Offsets of tracks are told in the movie's ticks; libav's 1000 a second are coarser than the
     * pictures'. */
    if (fus_container_is_bmff(writer->container))
        av_dict_set_int(&settings, "movie_timescale", writer->video->time_base.den, 0);
    /* FLAC in mp4 has its specification; FFmpeg 5.1 still asks for consent. */
    writer->format->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
    int rc = avformat_write_header(writer->format, &settings);
    av_dict_free(&settings);
    if (writer->file.failure)
        return fus_av_file_error(&writer->file, true, err);
    if (rc < 0)
        return fus_av_error(err, FUS_E_INVALID_PARAMETER, rc, "The container cannot be written");
    writer->header_written = true;
    return 0;
}

/* The picture's size as stored, before the pixels are turned. */
static int choose_size(struct fus_writer *writer, const struct fus_writer_options *options,
                       struct fus_error *err)
{
    struct fus_clip_facts *facts = &writer->facts;
    bool swap = options->upright && fus_orient_swaps(facts->orientation);
    int width = swap ? options->height : options->width;
    int height = swap ? options->width : options->height;
    writer->width = facts->width;
    writer->height = facts->height;
    /* What a player guesses of an untagged clip depends on its size: the guess is made once. */
    writer->matrix = fus_av_matrix(facts->space, facts->width, facts->height);
    if (width == 0 && height == 0)
        return 0;
    if (width <= 0 || height <= 0 || width > FUS_WRITER_SIDE_MAX || height > FUS_WRITER_SIDE_MAX)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "No clip of %d x %d pixels.", width,
                             height);
    writer->width = width;
    writer->height = height;
    if (writer->matrix != fus_av_matrix(facts->space, width, height))
        facts->space = fus_av_space(writer->matrix);
    return 0;
}

/* A writer with everything but its streams. */
static int writer_new(const char *path, const struct fus_clip_facts *facts,
                      const struct fus_writer_options *options, struct fus_writer **writer,
                      struct fus_error *err)
{
    FUS_CLEANUP(fus_writer_free) struct fus_writer *made = fus_calloc(1, sizeof(*made));
    if (!made)
        return out_of_memory(err);
    fus_av_quiet();
    made->file.fd = -1;
    made->facts = *facts;
    made->container = options->container;
    made->fps = FUS_CLAMP(options->fps, 0, 1000);
    /* AVI has no times, only a rate. */
    if (options->container == FUS_CONTAINER_AVI && !(made->fps > 0))
        made->fps =
            facts->frame_rate.num > 0 && facts->frame_rate.den > 0 ? av_q2d(facts->frame_rate) : 25;
    /* Few players look for a rotation in Matroska, and FFmpeg 5.1 writes none. */
    made->turn_pixels =
        facts->has_matrix && (options->upright || !fus_container_is_bmff(options->container));
    made->upright = options->upright;
    fus_strlcpy(made->video_encoder,
                fus_codec_video_for(options->container, options->video_encoder),
                sizeof(made->video_encoder));
    made->packet = av_packet_alloc();
    made->pool = fus_frame_pool_new();
    if (!made->packet || !made->pool)
        return out_of_memory(err);
    int rc = choose_size(made, options, err);
    if (rc == 0)
        rc = open_file(made, path, err);
    if (rc == 0)
        rc = open_video(made, options, err);
    if (rc == 0)
        *writer = FUS_TAKE(made);
    return rc;
}

int fus_writer_open(const char *path, const struct fus_reader *source,
                    const struct fus_writer_options *options, struct fus_writer **writer,
                    struct fus_error *err)
{
    FUS_CLEANUP(fus_writer_free) struct fus_writer *made = NULL;
    struct fus_clip_facts facts;
    const AVCodecParameters *audio = NULL;
    fus_reader_facts(source, &facts, &audio);
    int rc = writer_new(path, &facts, options, &made, err);
    if (rc == 0 && audio && options->audio_volume > 0)
        rc = open_audio(made, options, audio, 0, 0, err);
    if (rc == 0)
        rc = write_header(made, options, err);
    if (rc == 0)
        *writer = FUS_TAKE(made);
    return rc;
}

int fus_writer_open_spec(const char *path, const struct fus_writer_spec *spec,
                         const struct fus_writer_options *options, struct fus_writer **writer,
                         struct fus_error *err)
{
    FUS_CLEANUP(fus_writer_free) struct fus_writer *made = NULL;
    struct fus_clip_facts facts = {
        .width = spec->width,
        .height = spec->height,
        .time_base = {1, TICKS_MIN},
        .frame_rate = av_d2q(spec->fps, 100000),
        .range = spec->full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG,
        .primaries = AVCOL_PRI_BT709,
        .transfer = AVCOL_TRC_BT709,
        .space = fus_av_space(spec->matrix),
        .orientation = fus_orient_from_degrees(spec->rotation),
    };
    if (spec->width <= 0 || spec->height <= 0 || spec->width > FUS_WRITER_SIDE_MAX ||
        spec->height > FUS_WRITER_SIDE_MAX || !(spec->fps > 0 && spec->fps <= 1000))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "No clip of this size and rate.");
    facts.has_matrix = facts.orientation != 1;
    fus_orient_to_matrix(facts.orientation, facts.matrix);
    int rc = writer_new(path, &facts, options, &made, err);
    if (rc == 0 && spec->audio_rate > 0)
        rc = open_audio(made, options, NULL, spec->audio_rate, spec->audio_channels, err);
    if (rc == 0)
        rc = write_header(made, options, err);
    if (rc == 0)
        *writer = FUS_TAKE(made);
    return rc;
}

void fus_writer_free(struct fus_writer *writer)
{
    if (!writer)
        return;
    av_frame_free(&writer->held);
    avcodec_free_context(&writer->video);
    fus_audio_encode_free(writer->audio);
    av_packet_free(&writer->packet);
    fus_scaler_done(&writer->scaler);
    fus_scaler_done(&writer->image_scaler);
    fus_scaler_done(&writer->pack_scaler);
    avformat_free_context(writer->format);
    fus_av_file_done(&writer->file);
    fus_frame_pool_unref(writer->pool);
    fus_free(writer);
}

int fus_writer_mux(struct fus_writer *writer, AVStream *stream, AVPacket *packet, AVRational base,
                   struct fus_error *err)
{
    av_packet_rescale_ts(packet, base, stream->time_base);
    /* A short last frame of sound rounds onto the tick before it where ticks are frames (AVI). */
    if (stream == writer->audio_stream && packet->dts != AV_NOPTS_VALUE) {
        if (writer->audio_packets > 0 && packet->dts <= writer->last_audio_dts)
            packet->dts = writer->last_audio_dts + 1;
        if (packet->pts != AV_NOPTS_VALUE)
            packet->pts = FUS_MAX(packet->pts, packet->dts);
        writer->last_audio_dts = packet->dts;
        writer->audio_packets++;
    }
    packet->stream_index = stream->index;
    packet->pos = -1;
    int rc = av_interleaved_write_frame(writer->format, packet);
    if (writer->file.failure)
        return fus_av_file_error(&writer->file, true, err);
    return rc < 0 ? fus_av_error(err, FUS_E_INTERNAL, rc, "The clip cannot be written") : 0;
}

static int mux_sound(void *user, AVPacket *packet, struct fus_error *err)
{
    struct fus_writer *writer = user;
    return fus_writer_mux(writer, writer->audio_stream, packet,
                          fus_audio_encode_context(writer->audio)->time_base, err);
}

static int write_audio(struct fus_writer *writer, AVPacket *packet, struct fus_error *err)
{
    if (!writer->audio_stream)
        return 0;
    if (writer->audio)
        return fus_audio_encode_packet(writer->audio, packet, mux_sound, writer, err);
    AVRational base = writer->facts.audio_time_base;
    int64_t origin = av_rescale_q(writer->facts.origin_us, fus_av_microseconds(), base);
    if (packet->pts != AV_NOPTS_VALUE)
        packet->pts -= origin;
    if (packet->dts != AV_NOPTS_VALUE)
        packet->dts -= origin;
    return fus_writer_mux(writer, writer->audio_stream, packet, base, err);
}

int fus_writer_write(struct fus_writer *writer, struct fus_message *message, struct fus_error *err)
{
    FUS_CLEANUP(fus_message_free) struct fus_message *owned = message;
    if (writer->finished || writer->failed)
        return fus_error_set(err, FUS_E_INTERNAL, "The clip is closed already.");
    int rc = 0;
    if (owned->kind == FUS_MESSAGE_VIDEO) {
        struct fus_frame_handle *handle = owned->frame.handle;
        rc = fus_writer_message_picture(writer, FUS_TAKE(handle->av), owned->frame.pts_us,
                                        owned->frame.duration_us, err);
    } else if (owned->kind == FUS_MESSAGE_AUDIO) {
        rc = write_audio(writer, owned->packet, err);
    }
    writer->failed = rc < 0;
    return rc;
}

int fus_writer_put_pcm(struct fus_writer *writer, const float *samples, size_t frames,
                       struct fus_error *err)
{
    if (!writer->audio)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "The clip has no sound.");
    return fus_audio_encode_pcm(writer->audio, samples, frames, mux_sound, writer, err);
}

int fus_writer_finish(struct fus_writer *writer, struct fus_error *err)
{
    if (writer->finished || writer->failed)
        return fus_error_set(err, FUS_E_INTERNAL, "The clip cannot be completed.");
    int rc = fus_writer_flush_video(writer, err);
    if (rc == 0 && writer->frames == 0)
        rc = fus_error_set(err, FUS_E_INVALID_PARAMETER, "The wanted part has no frames.");
    if (rc == 0 && writer->audio)
        rc = fus_audio_encode_flush(writer->audio, mux_sound, writer, err);
    writer->failed = rc < 0;
    if (rc < 0)
        return rc;
    int wrote = av_write_trailer(writer->format);
    avio_flush(writer->file.io);
    writer->finished = true;
    if (writer->file.failure)
        return fus_av_file_error(&writer->file, true, err);
    if (wrote < 0)
        return fus_av_error(err, FUS_E_INTERNAL, wrote, "The clip cannot be completed");
    return 0;
}

int64_t fus_writer_frames(const struct fus_writer *writer)
{
    return writer->frames;
}

bool fus_writer_audio_copied(const struct fus_writer *writer)
{
    return writer->copies_audio;
}

const char *fus_writer_video_encoder(const struct fus_writer *writer)
{
    return writer->video_encoder;
}

const char *fus_writer_audio_encoder(const struct fus_writer *writer)
{
    return writer->audio ? fus_audio_encode_context(writer->audio)->codec->name : "";
}
