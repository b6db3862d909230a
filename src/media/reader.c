#include "media/reader.h"

#include "base/mem.h"
#include "base/str.h"
#include "media/demux.h"
#include "media/frame.h"
#include "media/orient.h"
#include "media/reader_facts.h"

/* A seek lands this much before the wanted frame, so that frames which refer across the key frame
 * are whole. */
#define SEEK_LEAD_SECONDS 2
/* A decoder that gives nothing but errors is done. */
#define ERRORS_MAX 4096
/* Containers tell a clip's end this exactly. */
#define END_SLACK_US 250000

struct fus_reader {
    char *path;
    struct fus_media_limits limits;
    struct fus_reader_options options;
    struct fus_demux *demux;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *decoded;
    struct fus_frame_pool *pool;
    struct fus_scaler scaler;
    int64_t first_time;  /* stream time base: frames before are not wanted; or AV_NOPTS_VALUE */
    int64_t end_time;    /* frames from here on are not wanted; or AV_NOPTS_VALUE */
    int64_t drop_count;  /* no times to go by: frames still to be dropped from the start */
    int64_t origin_us;   /* file time that is 0 to the caller */
    int64_t index;       /* of the next frame */
    int64_t last_pts_us; /* of the frame before, INT64_MIN at first */
    int64_t last_end_us; /* when it has been shown */
    int64_t decoded_frames, skipped;
    int errors_in_a_row;
    bool sought, draining, torn, ended;
};

static int out_of_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to read a clip.");
}

static int open_decoder(struct fus_reader *reader, struct fus_error *err)
{
    const AVStream *stream = reader->demux->video;
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    const struct fus_media_limits *limits = &reader->limits;
    AVCodecContext *decoder = codec ? avcodec_alloc_context3(codec) : NULL;
    AVDictionary *options = NULL;
    reader->decoder = decoder;
    if (!decoder || avcodec_parameters_to_context(decoder, stream->codecpar) < 0)
        return out_of_memory(err);
    decoder->pkt_timebase = stream->time_base;
    decoder->thread_count = FUS_CLAMP(reader->options.threads, 1, 64);
    decoder->max_pixels = (int64_t)FUS_IMAGE_PIXELS_MAX;
    if (limits->max_pixels && limits->max_pixels < FUS_IMAGE_PIXELS_MAX)
        decoder->max_pixels = (int64_t)limits->max_pixels;
    av_dict_set(&options, "codec_whitelist", fus_av_codec_whitelist, 0);
    int rc = avcodec_open2(decoder, codec, &options);
    av_dict_free(&options);
    return rc < 0 ? fus_av_error(err, FUS_E_UNSUPPORTED_MEDIA, rc, "The video cannot be decoded")
                  : 0;
}

/* The times of the wanted part's first frame and of the frame behind its last, counted on a demuxer
 * of its own. Without times in the packets the part is counted while decoding. */
static int find_part(struct fus_reader *reader, struct fus_error *err)
{
    int64_t start = reader->options.start_frame, end = reader->options.end_frame;
    FUS_CLEANUP(fus_demux_free) struct fus_demux *counter = NULL;
    FUS_AUTO_FREE int64_t *times = NULL;
    int64_t found = 0;
    struct fus_error ignored = {0};
    int rc = fus_demux_open(reader->path, &reader->limits, &counter, err);
    if (rc < 0)
        return rc;
    rc = fus_demux_times(counter, FUS_MAX(start, end) + 1, &times, &found, &ignored);
    if (rc == FUS_E_NOT_FOUND) {
        reader->drop_count = start;
        return 0;
    }
    if (rc < 0)
        return fus_error_set(err, rc, "%s", ignored.detail);
    if (start >= found)
        reader->ended = true; /* the part lies behind the clip */
    else if (start > 0)
        reader->first_time = times[start];
    if (end > 0 && end < found)
        reader->end_time = times[end];
    return 0;
}

static int seek_part(struct fus_reader *reader)
{
    const AVStream *stream = reader->demux->video;
    int64_t lead = av_rescale_q(SEEK_LEAD_SECONDS, (AVRational){1, 1}, stream->time_base);
    int64_t target = reader->first_time - lead;
    reader->origin_us = av_rescale_q(reader->first_time, stream->time_base, fus_av_microseconds());
    reader->index = reader->options.start_frame;
    reader->sought =
        avformat_seek_file(reader->demux->format, stream->index, INT64_MIN, target, target, 0) >= 0;
    return 0;
}

static void name_colours(struct fus_reader *reader)
{
    struct fus_clip_facts *facts = &reader->demux->facts;
    if (reader->options.untagged_bt601 && facts->space == AVCOL_SPC_UNSPECIFIED)
        facts->space = AVCOL_SPC_SMPTE170M;
}

static int open_all(struct fus_reader *reader, const char *path, struct fus_error *err)
{
    reader->path = fus_strdup(path);
    reader->packet = av_packet_alloc();
    reader->decoded = av_frame_alloc();
    reader->pool = fus_frame_pool_new();
    if (!reader->path || !reader->packet || !reader->decoded || !reader->pool)
        return out_of_memory(err);
    int rc = fus_demux_open(path, &reader->limits, &reader->demux, err);
    if (rc == 0)
        rc = open_decoder(reader, err);
    if (rc < 0)
        return rc;
    name_colours(reader);
    reader->origin_us = reader->demux->facts.origin_us;
    if (reader->options.start_frame > 0 || reader->options.end_frame > 0)
        rc = find_part(reader, err);
    if (rc == 0 && reader->first_time != AV_NOPTS_VALUE)
        rc = seek_part(reader);
    if (reader->options.video_only && reader->demux->audio)
        reader->demux->audio->discard = AVDISCARD_ALL;
    return rc;
}

int fus_reader_open(const char *path, const struct fus_media_limits *limits,
                    const struct fus_reader_options *options, struct fus_reader **reader,
                    struct fus_error *err)
{
    FUS_CLEANUP(fus_reader_free) struct fus_reader *made = fus_calloc(1, sizeof(*made));
    if (!made)
        return out_of_memory(err);
    made->limits = *limits;
    made->options = *options;
    made->first_time = made->end_time = AV_NOPTS_VALUE;
    made->last_pts_us = INT64_MIN;
    int rc = open_all(made, path, err);
    if (rc == 0)
        *reader = FUS_TAKE(made);
    return rc;
}

void fus_reader_free(struct fus_reader *reader)
{
    if (!reader)
        return;
    avcodec_free_context(&reader->decoder);
    av_packet_free(&reader->packet);
    av_frame_free(&reader->decoded);
    fus_scaler_done(&reader->scaler);
    fus_frame_pool_unref(reader->pool);
    fus_demux_free(reader->demux);
    fus_free(reader->path);
    fus_free(reader);
}

const struct fus_media_info *fus_reader_info(const struct fus_reader *reader)
{
    return &reader->demux->info;
}

int64_t fus_reader_skipped(const struct fus_reader *reader)
{
    return reader->skipped;
}

void fus_reader_facts(const struct fus_reader *reader, struct fus_clip_facts *facts,
                      const AVCodecParameters **audio)
{
    *facts = reader->demux->facts;
    facts->origin_us = reader->origin_us;
    facts->has_audio = reader->demux->audio && !reader->options.video_only;
    *audio = facts->has_audio ? reader->demux->audio->codecpar : NULL;
}

/* Presentation time and duration of the decoded frame, strictly rising. */
static void frame_times(struct fus_reader *reader, const AVFrame *av, struct fus_frame *frame)
{
    const struct fus_clip_facts *facts = &reader->demux->facts;
    int64_t duration = fus_av_frame_duration(av);
    if (duration > 0)
        frame->duration_us = av_rescale_q(duration, facts->time_base, fus_av_microseconds());
    else if (facts->frame_rate.num > 0 && facts->frame_rate.den > 0)
        frame->duration_us = av_rescale_q(1, av_inv_q(facts->frame_rate), fus_av_microseconds());
    int64_t floor_us = INT64_MIN;
    if (reader->last_pts_us !=
        INT64_MIN) /* at least a tick of both the source's and the target's */
        floor_us = reader->last_pts_us +
                   FUS_MAX(av_rescale_q(1, facts->time_base, fus_av_microseconds()), 100);
    if (av->best_effort_timestamp != AV_NOPTS_VALUE)
        frame->pts_us =
            av_rescale_q(av->best_effort_timestamp, facts->time_base, fus_av_microseconds()) -
            reader->origin_us;
    else if (reader->last_pts_us != INT64_MIN)
        frame->pts_us = reader->last_pts_us + frame->duration_us;
    frame->pts_us = FUS_MAX(frame->pts_us, floor_us);
    reader->last_pts_us = frame->pts_us;
    reader->last_end_us = frame->pts_us + frame->duration_us;
}

static int check_limits(const struct fus_reader *reader, const struct fus_frame *frame,
                        struct fus_error *err)
{
    const struct fus_media_limits *limits = &reader->limits;
    if (limits->max_frames > 0 && reader->decoded_frames > limits->max_frames)
        return fus_error_set(err, FUS_E_VIDEO_TOO_LONG,
                             "The clip has more than the %lld frames that are allowed.",
                             (long long)limits->max_frames);
    if (limits->max_seconds > 0 && (double)frame->pts_us > (limits->max_seconds + 1) * 1e6)
        return fus_error_set(err, FUS_E_VIDEO_TOO_LONG,
                             "The clip lasts longer than the %.1f s that are allowed.",
                             limits->max_seconds);
    return 0;
}

/* Takes the planes as they are if they can be, else a converted copy. */
static int planar_frame(struct fus_reader *reader, AVFrame **made, struct fus_error *err)
{
    AVFrame *decoded = reader->decoded;
    const struct fus_clip_facts *facts = &reader->demux->facts;
    enum fus_pixel_format ours;
    if (fus_av_pixel_format(decoded->format, &ours) && decoded->width == facts->width &&
        decoded->height == facts->height) {
        AVFrame *kept = av_frame_alloc();
        if (!kept)
            return out_of_memory(err);
        av_frame_move_ref(kept, decoded);
        *made = kept;
        return 0;
    }
    enum AVColorSpace space =
        decoded->colorspace == AVCOL_SPC_RGB ? facts->space : decoded->colorspace;
    return fus_frame_convert(&reader->scaler, reader->pool, decoded, facts->width, facts->height,
                             fus_av_matrix(space, facts->width, facts->height), made, err);
}

static int make_video(struct fus_reader *reader, struct fus_message **message,
                      struct fus_error *err)
{
    AVFrame *av = NULL;
    int rc = planar_frame(reader, &av, err);
    if (rc < 0)
        return rc;
    /* What a stream leaves untold in its pictures its container may have told. */
    const struct fus_clip_facts *facts = &reader->demux->facts;
    if (av->colorspace == AVCOL_SPC_UNSPECIFIED)
        av->colorspace = facts->space;
    if (av->color_range == AVCOL_RANGE_UNSPECIFIED)
        av->color_range = facts->range;
    FUS_CLEANUP(fus_message_free) struct fus_message *made = NULL;
    rc = fus_message_new_video(av, reader->pool, &made, err);
    if (rc < 0)
        return rc;
    frame_times(reader, av, &made->frame);
    made->frame.index = reader->index++;
    rc = check_limits(reader, &made->frame, err);
    if (rc == 0)
        *message = FUS_TAKE(made);
    return rc;
}

/* Whether the decoded frame is before the wanted part. */
static bool before_part(struct fus_reader *reader)
{
    int64_t time = reader->decoded->best_effort_timestamp;
    if (reader->drop_count > 0) {
        reader->drop_count--;
        if (reader->drop_count == 0)
            reader->index = reader->options.start_frame;
        return true;
    }
    return reader->first_time != AV_NOPTS_VALUE && time != AV_NOPTS_VALUE &&
           time < reader->first_time;
}

static bool behind_part(const struct fus_reader *reader)
{
    int64_t time = reader->decoded->best_effort_timestamp;
    if (reader->end_time != AV_NOPTS_VALUE)
        return time != AV_NOPTS_VALUE && time >= reader->end_time;
    return reader->options.end_frame > 0 && reader->index >= reader->options.end_frame;
}

/* 1: the packet is a message now. 0: it is not wanted. */
static int take_audio(struct fus_reader *reader, struct fus_message **message,
                      struct fus_error *err)
{
    AVPacket *packet = reader->packet;
    AVRational base = reader->demux->facts.audio_time_base;
    if (packet->pts != AV_NOPTS_VALUE) {
        int64_t end = av_rescale_q(packet->pts + packet->duration, base, fus_av_microseconds());
        int64_t start = av_rescale_q(packet->pts, base, fus_av_microseconds());
        /* Sound from before the start: one packet is kept, by which a decoder warms up. A packet
         * at the start may be of unknown length. */
        if (start < reader->origin_us && end + (end - start) <= reader->origin_us)
            return 0;
        if (reader->end_time != AV_NOPTS_VALUE &&
            start >= av_rescale_q(reader->end_time, reader->demux->facts.time_base,
                                  fus_av_microseconds()))
            return 0;
    }
    int rc = fus_message_new_audio(packet, message, err);
    return rc < 0 ? rc : 1;
}

/* Reads one packet and feeds the decoder, or hands sound out: 1 with a message, 0 to go on. */
static int feed(struct fus_reader *reader, struct fus_message **message, struct fus_error *err)
{
    struct fus_demux *demux = reader->demux;
    AVPacket *packet = reader->packet;
    int rc = av_read_frame(demux->format, packet);
    if (demux->file.failure)
        return fus_av_file_error(&demux->file, false, err);
    if (rc == AVERROR(ENOMEM))
        return fus_av_demux_error(err, rc, "The clip cannot be read");
    if (rc < 0 && (rc != AVERROR_EOF || reader->torn))
        return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The clip breaks off before its end.");
    if (rc < 0) {
        reader->draining = true;
        avcodec_send_packet(reader->decoder, NULL);
        return 0;
    }
    rc = 0;
    reader->torn = packet->flags & AV_PKT_FLAG_CORRUPT;
    if (demux->audio && packet->stream_index == demux->audio->index && !reader->options.video_only)
        rc = take_audio(reader, message, err);
    else if (packet->stream_index == demux->video->index &&
             avcodec_send_packet(reader->decoder, packet) < 0)
        reader->skipped++;
    av_packet_unref(packet);
    return rc;
}

static int at_end(struct fus_reader *reader, struct fus_message **message, struct fus_error *err)
{
    if (!reader->ended && reader->decoded_frames == 0)
        return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "No frame of the clip can be decoded.");
    reader->ended = true;
    return fus_message_new_end(message, err);
}

/* A demuxer that has lost its way in a damaged file ends early and calls it the end. */
static void judge_end(struct fus_reader *reader)
{
    bool part = reader->options.start_frame > 0 || reader->options.end_frame > 0;
    int64_t told_us = fus_demux_video_end_us(reader->demux);
    if (!part && told_us > 0 && reader->last_end_us < told_us - reader->origin_us - END_SLACK_US)
        reader->skipped++;
}

/* The seek landed behind the wanted frame: once more from the clip's start. */
static int restart(struct fus_reader *reader, struct fus_error *err)
{
    av_frame_unref(reader->decoded);
    avcodec_free_context(&reader->decoder);
    fus_demux_free(FUS_TAKE(reader->demux));
    reader->sought = reader->draining = reader->torn = false;
    reader->decoded_frames = 0;
    int rc = fus_demux_open(reader->path, &reader->limits, &reader->demux, err);
    if (rc < 0)
        return rc;
    name_colours(reader);
    return open_decoder(reader, err);
}

/* A frame stands in reader->decoded: 1 with a message, 0 to go on. */
static int take_frame(struct fus_reader *reader, struct fus_message **message,
                      struct fus_error *err)
{
    bool landed_late = reader->sought && reader->decoded_frames == 0 &&
                       reader->decoded->best_effort_timestamp > reader->first_time;
    reader->errors_in_a_row = 0;
    reader->decoded_frames++;
    int rc = 0;
    if (landed_late) {
        rc = restart(reader, err);
    } else if (!before_part(reader)) {
        if (behind_part(reader))
            rc = at_end(reader, message, err);
        else
            rc = make_video(reader, message, err);
        rc = rc < 0 ? rc : 1;
    }
    av_frame_unref(reader->decoded);
    return rc;
}

int fus_reader_next(struct fus_reader *reader, struct fus_message **message, struct fus_error *err)
{
    int rc = 0;
    while (rc == 0) {
        if (reader->ended)
            return at_end(reader, message, err);
        int got = avcodec_receive_frame(reader->decoder, reader->decoded);
        if (got == 0) {
            rc = take_frame(reader, message, err);
        } else if (got == AVERROR_EOF) {
            judge_end(reader);
            return at_end(reader, message, err);
        } else if (got == AVERROR(EAGAIN)) {
            rc = feed(reader, message, err);
        } else if (got == AVERROR(ENOMEM)) {
            return out_of_memory(err);
        } else {
            reader->skipped++;
            if (++reader->errors_in_a_row > ERRORS_MAX)
                return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The video cannot be decoded.");
        }
    }
    return rc < 0 ? rc : 0;
}
