#include "media/demux.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <libavutil/avstring.h>
#include <libavutil/parseutils.h>
#include <libavutil/pixdesc.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "media/orient.h"
#include "media/sniff.h"

/* A picture's packet stands at most this many packets from its place in time (H.264 reorders 16).
 */
#define REORDER_MARGIN 64
#define TIMES_MAX ((int64_t)1 << 24)

static int check_size(const struct fus_media_limits *limits, int width, int height,
                      struct fus_error *err)
{
    uint64_t pixels = (uint64_t)FUS_MAX(width, 0) * (uint64_t)FUS_MAX(height, 0);
    uint64_t most = FUS_IMAGE_PIXELS_MAX;
    if (limits->max_pixels && limits->max_pixels < most)
        most = limits->max_pixels;
    if (pixels > most || (limits->max_dimension && FUS_MAX(width, height) > limits->max_dimension))
        return fus_error_set(err, FUS_E_MEDIA_TOO_LARGE,
                             "A frame of %d x %d pixels is more than is allowed.", width, height);
    return 0;
}

static int open_container(struct fus_demux *demux, enum fus_container container,
                          const struct fus_media_limits *limits, struct fus_error *err)
{
    const char *name = fus_container_demuxer(container);
    const AVInputFormat *input = name ? av_find_input_format(name) : NULL;
    AVDictionary *options = NULL;
    demux->format = avformat_alloc_context();
    if (!input || !demux->format)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to open a clip.");
    demux->format->pb = demux->file.io;
    demux->format->io_open = fus_av_refuse_open;
    av_dict_set(&options, "format_whitelist", input->name, 0);
    av_dict_set(&options, "protocol_whitelist", "file", 0);
    av_dict_set(&options, "codec_whitelist", fus_av_codec_whitelist, 0);
    int rc = avformat_open_input(&demux->format, "", input, &options);
    av_dict_free(&options);
    if (rc < 0)
        return fus_av_demux_error(err, rc, "The clip cannot be opened");
    if (limits->max_streams && demux->format->nb_streams > (unsigned)limits->max_streams)
        return fus_error_set(err, FUS_E_MEDIA_TOO_LARGE,
                             "The clip has %u streams; at most %d are allowed.",
                             demux->format->nb_streams, limits->max_streams);
    return 0;
}

/* Sizes that the container tells are judged before find_stream_info may decode a first frame, and
 * the decoders that it opens get the same ceiling. */
static int find_streams(struct fus_demux *demux, const struct fus_media_limits *limits,
                        struct fus_error *err)
{
    AVFormatContext *format = demux->format;
    unsigned count = format->nb_streams;
    for (unsigned i = 0; i < count; i++) {
        const AVCodecParameters *par = format->streams[i]->codecpar;
        int rc = par->codec_type == AVMEDIA_TYPE_VIDEO
                     ? check_size(limits, par->width, par->height, err)
                     : 0;
        if (rc < 0)
            return rc;
    }
    char pixels[24];
    uint64_t most = limits->max_pixels ? limits->max_pixels : FUS_IMAGE_PIXELS_MAX;
    snprintf(pixels, sizeof(pixels), "%" PRIu64, FUS_MIN(most, (uint64_t)INT32_MAX));
    AVDictionary **options = fus_calloc(count ? count : 1, sizeof(*options));
    if (!options)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to open a clip.");
    for (unsigned i = 0; i < count; i++) {
        av_dict_set(&options[i], "max_pixels", pixels, 0);
        av_dict_set(&options[i], "threads", "1", 0);
    }
    int rc = avformat_find_stream_info(format, options);
    for (unsigned i = 0; i < count; i++)
        av_dict_free(&options[i]);
    fus_free(options);
    return rc < 0 ? fus_av_demux_error(err, rc, "The clip cannot be read") : 0;
}

static int choose_streams(struct fus_demux *demux, const struct fus_media_limits *limits,
                          struct fus_error *err)
{
    AVFormatContext *format = demux->format;
    int video = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (video < 0 || format->streams[video]->disposition & AV_DISPOSITION_ATTACHED_PIC)
        return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA, "The file has no moving picture.");
    demux->video = format->streams[video];
    int audio = av_find_best_stream(format, AVMEDIA_TYPE_AUDIO, -1, video, NULL, 0);
    demux->audio = audio >= 0 ? format->streams[audio] : NULL;
    for (unsigned i = 0; i < format->nb_streams; i++)
        if ((int)i != video && (int)i != audio)
            format->streams[i]->discard = AVDISCARD_ALL;
    const AVCodecParameters *par = demux->video->codecpar;
    const AVCodec *codec = avcodec_find_decoder(par->codec_id);
    if (!codec || av_match_list(codec->name, fus_av_codec_whitelist, ',') <= 0)
        return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA, "Video of codec %s cannot be decoded.",
                             avcodec_get_name(par->codec_id));
    if (par->width <= 0 || par->height <= 0)
        return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The clip does not tell its picture size.");
    return check_size(limits, par->width, par->height, err);
}

static void read_facts(struct fus_demux *demux)
{
    AVStream *video = demux->video;
    const AVCodecParameters *par = video->codecpar;
    const AVPixFmtDescriptor *pixel = av_pix_fmt_desc_get(par->format);
    const int32_t *matrix = fus_av_display_matrix(video);
    struct fus_clip_facts *facts = &demux->facts;
    *facts = (struct fus_clip_facts){
        .width = par->width,
        .height = par->height,
        .time_base = video->time_base,
        .frame_rate = av_guess_frame_rate(demux->format, video, NULL),
        .sample_aspect = av_guess_sample_aspect_ratio(demux->format, video, NULL),
        .range = par->color_range,
        .primaries = par->color_primaries,
        .transfer = par->color_trc,
        .space = par->color_space,
        .chroma_location = par->chroma_location,
        .orientation = matrix ? fus_orient_from_matrix(matrix) : 1,
        .has_audio = demux->audio != NULL,
    };
    if (fus_av_full_range(par->format, par->color_range))
        facts->range = AVCOL_RANGE_JPEG;
    /* RGB is converted on the way, by the matrix that players expect of an untagged clip. */
    if (facts->space == AVCOL_SPC_RGB || (pixel && pixel->flags & AV_PIX_FMT_FLAG_RGB)) {
        facts->range = AVCOL_RANGE_MPEG;
        facts->space =
            fus_av_matrix(AVCOL_SPC_UNSPECIFIED, par->width, par->height) == FUS_MATRIX_BT709
                ? AVCOL_SPC_BT709
                : AVCOL_SPC_SMPTE170M;
    }
    if (matrix && facts->orientation != 1) {
        facts->has_matrix = true;
        for (int i = 0; i < 9; i++)
            facts->matrix[i] = matrix[i];
    }
    if (demux->audio)
        facts->audio_time_base = demux->audio->time_base;
    if (demux->format->start_time != AV_NOPTS_VALUE)
        facts->origin_us = demux->format->start_time;
}

int64_t fus_demux_video_end_us(const struct fus_demux *demux)
{
    const AVStream *video = demux->video;
    const AVDictionaryEntry *tag = av_dict_get(video->metadata, "DURATION", NULL, 0);
    int64_t us = 0, start = video->start_time != AV_NOPTS_VALUE ? video->start_time : 0;
    if (tag && av_parse_time(&us, tag->value, 1) >= 0 && us > 0)
        return us;
    if (fus_container_is_ebml(demux->info.container) || video->duration <= 0 ||
        video->duration > INT64_MAX / 2)
        return 0; /* libav gives a Matroska track the length of the whole */
    return av_rescale_q(start + video->duration, video->time_base, fus_av_microseconds());
}

/* How long the pictures go on. */
static double video_seconds(const struct fus_demux *demux)
{
    const AVStream *video = demux->video;
    int64_t end_us = fus_demux_video_end_us(demux);
    double start = video->start_time != AV_NOPTS_VALUE
                       ? (double)video->start_time * av_q2d(video->time_base)
                       : 0;
    return end_us > 0 ? (double)end_us / 1e6 - start : demux->info.duration_seconds;
}

static void read_info(struct fus_demux *demux, enum fus_container container)
{
    const AVFormatContext *format = demux->format;
    const struct fus_clip_facts *facts = &demux->facts;
    struct fus_media_info *info = &demux->info;
    bool swap = fus_orient_swaps(facts->orientation);
    AVRational rate = demux->video->avg_frame_rate;
    if (rate.num <= 0 || rate.den <= 0)
        rate = facts->frame_rate;
    *info = (struct fus_media_info){
        .container = container,
        .is_video = true,
        .has_audio = demux->audio != NULL,
        .width = swap ? facts->height : facts->width,
        .height = swap ? facts->width : facts->height,
        .rotation = fus_orient_degrees(facts->orientation),
        .fps = rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0,
        .frames = demux->video->nb_frames,
    };
    info->hdr = facts->transfer == AVCOL_TRC_SMPTE2084 || facts->transfer == AVCOL_TRC_ARIB_STD_B67;
    if (format->duration != AV_NOPTS_VALUE && format->duration > 0)
        info->duration_seconds = (double)format->duration / 1e6;
    if (info->frames <= 0)
        info->frames = llround(FUS_MIN(video_seconds(demux) * info->fps, 1e15));
    fus_strlcpy(info->video_codec, avcodec_get_name(demux->video->codecpar->codec_id),
                sizeof(info->video_codec));
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *stream = format->streams[i];
        info->left_out += stream != demux->video && stream != demux->audio &&
                          !(stream->disposition & AV_DISPOSITION_ATTACHED_PIC);
    }
    if (demux->audio)
        fus_strlcpy(info->audio_codec, avcodec_get_name(demux->audio->codecpar->codec_id),
                    sizeof(info->audio_codec));
}

static int check_length(const struct fus_media_info *info, const struct fus_media_limits *limits,
                        struct fus_error *err)
{
    if (limits->max_seconds > 0 && info->duration_seconds > limits->max_seconds)
        return fus_error_set(err, FUS_E_VIDEO_TOO_LONG,
                             "The clip lasts %.1f s; at most %.1f s are allowed.",
                             info->duration_seconds, limits->max_seconds);
    if (limits->max_frames > 0 && info->frames > limits->max_frames)
        return fus_error_set(err, FUS_E_VIDEO_TOO_LONG,
                             "The clip has %lld frames; at most %lld are allowed.",
                             (long long)info->frames, (long long)limits->max_frames);
    return 0;
}

static int open_checked(struct fus_demux *demux, enum fus_container container,
                        const struct fus_media_limits *limits, struct fus_error *err)
{
    int rc = open_container(demux, container, limits, err);
    if (rc == 0)
        rc = find_streams(demux, limits, err);
    if (rc == 0)
        rc = choose_streams(demux, limits, err);
    if (rc == 0) {
        read_facts(demux);
        read_info(demux, container);
        rc = check_length(&demux->info, limits, err);
    }
    return rc;
}

int fus_demux_open(const char *path, const struct fus_media_limits *limits,
                   struct fus_demux **demux, struct fus_error *err)
{
    FUS_AUTO_FD int fd = -1;
    int64_t size = 0;
    enum fus_container container = FUS_CONTAINER_UNKNOWN;
    fus_av_quiet();
    int rc = fus_media_open_file(path, limits->max_bytes, &fd, &size, err);
    if (rc == 0)
        rc = fus_sniff_fd(fd, &container, err);
    if (rc < 0)
        return rc;
    if (!fus_container_is_video(container))
        return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA,
                             "This is a picture (%s) where a clip is wanted.",
                             fus_container_name(container));
    if (!fus_clip_is_whole(fd, size, container))
        return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The clip breaks off before its end.");
    FUS_CLEANUP(fus_demux_free) struct fus_demux *made = fus_calloc(1, sizeof(*made));
    if (!made)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to open a clip.");
    rc = fus_av_file_init(&made->file, fd, size, false, err);
    fd = -1;
    if (rc == 0)
        rc = open_checked(made, container, limits, err);
    if (rc < 0 && made->file.failure)
        rc = fus_av_file_error(&made->file, false, err);
    if (rc == 0)
        *demux = FUS_TAKE(made);
    return rc;
}

void fus_demux_free(struct fus_demux *demux)
{
    if (!demux)
        return;
    avformat_close_input(&demux->format);
    fus_av_file_done(&demux->file);
    fus_free(demux);
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int fus_demux_times(struct fus_demux *demux, int64_t count, int64_t **times, int64_t *found,
                    struct fus_error *err)
{
    int64_t want = count < TIMES_MAX - REORDER_MARGIN ? count + REORDER_MARGIN : TIMES_MAX;
    FUS_AUTO_FREE int64_t *list = NULL;
    int64_t n = 0, room = 0;
    AVPacket *packet = av_packet_alloc();
    int rc = packet ? 0 : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to read a clip.");
    while (rc == 0 && n < want && av_read_frame(demux->format, packet) >= 0) {
        bool counts =
            packet->stream_index == demux->video->index && !(packet->flags & AV_PKT_FLAG_DISCARD);
        int64_t time = packet->pts;
        av_packet_unref(packet);
        if (!counts)
            continue;
        if (time == AV_NOPTS_VALUE)
            rc = fus_error_set(err, FUS_E_NOT_FOUND, "The clip's packets have no times.");
        if (n == room) {
            room = room ? room * 2 : 1024;
            int64_t *grown = fus_realloc(list, (size_t)room, sizeof(*list));
            if (!grown)
                rc = fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to read a clip.");
            else
                list = grown;
        }
        if (rc == 0)
            list[n++] = time;
    }
    av_packet_free(&packet);
    if (rc < 0)
        return rc;
    if (n > 0)
        qsort(list, (size_t)n, sizeof(*list), compare_times);
    *found = n;
    *times = FUS_TAKE(list);
    return 0;
}
