#include "media/codecs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <libavutil/opt.h>

#include "base/str.h"

enum preset_kind { PRESET_NONE, PRESET_NAME, PRESET_NVENC, PRESET_AMF, PRESET_QSV };

struct video_encoder {
    const char *name;
    const char *option; /* the quality option, from worst to best value */
    double worst, best;
    enum preset_kind preset;
    const char *suffix; /* behind the number */
};

static const struct video_encoder video_encoders[] = {
    {"libx264", "crf", 51, 0, PRESET_NAME, ""},
    {"libx264rgb", "crf", 51, 0, PRESET_NAME, ""},
    {"libx265", "crf", 51, 0, PRESET_NAME, ""},
    {"libvpx-vp9", "crf", 63, 0, PRESET_NONE, ""},
    {"h264_nvenc", "cq", 51, 0, PRESET_NVENC, ""},
    {"hevc_nvenc", "cq", 51, 0, PRESET_NVENC, ""},
    {"h264_amf", "qp_i", 51, 0, PRESET_AMF, ""},
    {"hevc_amf", "qp_i", 51, 0, PRESET_AMF, ""},
    {"h264_qsv", "global_quality", 51, 0, PRESET_QSV, ""},
    {"hevc_qsv", "global_quality", 51, 0, PRESET_QSV, ""},
    {"h264_videotoolbox", "b", 1024, 50512, PRESET_NONE, "k"},
    {"hevc_videotoolbox", "b", 1024, 50512, PRESET_NONE, "k"},
    {"rawvideo", NULL, 0, 0, PRESET_NONE, ""},
};

/* FaceFusion's container overrides: where `asked` (NULL: whatever was asked) goes into `container`,
 * `instead` is used. */
struct override {
    enum fus_container container;
    const char *asked, *instead;
};

static const struct override video_overrides[] = {
    {FUS_CONTAINER_M4V, NULL, "libx264"},         {FUS_CONTAINER_WMV, NULL, "libx264"},
    {FUS_CONTAINER_MKV, "rawvideo", "libx264"},   {FUS_CONTAINER_MP4, "rawvideo", "libx264"},
    {FUS_CONTAINER_MOV, "libvpx-vp9", "libx264"}, {FUS_CONTAINER_WEBM, NULL, "libvpx-vp9"},
};

static const struct override audio_overrides[] = {
    {FUS_CONTAINER_AVI, "libopus", "aac"}, {FUS_CONTAINER_M4V, NULL, "aac"},
    {FUS_CONTAINER_WMV, NULL, "aac"},      {FUS_CONTAINER_MOV, "flac", "aac"},
    {FUS_CONTAINER_MOV, "libopus", "aac"}, {FUS_CONTAINER_WEBM, NULL, "libopus"},
};

enum audio_scale { SCALE_NONE, SCALE_QUALITY, SCALE_KBIT };

static const struct audio_encoder {
    const char *name;
    enum audio_scale scale;
    double worst, best;
    double step; /* values are rounded to it */
} audio_encoders[] = {
    {"aac", SCALE_QUALITY, 0.1, 2.0, 0.1}, {"libmp3lame", SCALE_QUALITY, 9, 0, 1},
    {"libopus", SCALE_KBIT, 64, 256, 1},   {"libvorbis", SCALE_QUALITY, -1, 10, 0.1},
    {"flac", SCALE_NONE, 0, 0, 1},         {"pcm_s16le", SCALE_NONE, 0, 0, 1},
    {"pcm_s32le", SCALE_NONE, 0, 0, 1},
};

static const struct video_encoder *find_video(const char *name)
{
    for (size_t i = 0; i < FUS_COUNT(video_encoders); i++)
        if (strcmp(video_encoders[i].name, name) == 0)
            return &video_encoders[i];
    return NULL;
}

static const struct audio_encoder *find_audio(const char *name)
{
    for (size_t i = 0; i < FUS_COUNT(audio_encoders); i++)
        if (strcmp(audio_encoders[i].name, name) == 0)
            return &audio_encoders[i];
    return NULL;
}

static const char *overridden(const struct override *rows, size_t count,
                              enum fus_container container, const char *asked)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].container == container && (!rows[i].asked || strcmp(rows[i].asked, asked) == 0))
            return rows[i].instead;
    return asked;
}

const char *fus_codec_video_for(enum fus_container container, const char *asked)
{
    return overridden(video_overrides, FUS_COUNT(video_overrides), container,
                      asked[0] ? asked : "libx264");
}

const char *fus_codec_audio_for(enum fus_container container, const char *asked)
{
    return overridden(audio_overrides, FUS_COUNT(audio_overrides), container,
                      asked[0] ? asked : "aac");
}

enum AVPixelFormat fus_codec_pixels(const AVCodec *codec, enum fus_container container)
{
    if (strcmp(codec->name, "libx264rgb") == 0)
        return AV_PIX_FMT_BGR24;
    if (codec->id == AV_CODEC_ID_RAWVIDEO) /* AVI stores B first, QuickTime R */
        return container == FUS_CONTAINER_AVI ? AV_PIX_FMT_BGR24 : AV_PIX_FMT_RGB24;
    return fus_av_takes_pixels(codec, AV_PIX_FMT_YUV420P) ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_NV12;
}

/* Those of ours that this libav has, for an error. */
static void list_available(struct fus_str *out, bool video)
{
    size_t count = video ? FUS_COUNT(video_encoders) : FUS_COUNT(audio_encoders);
    for (size_t i = 0; i < count; i++) {
        const char *name = video ? video_encoders[i].name : audio_encoders[i].name;
        if (avcodec_find_encoder_by_name(name))
            fus_str_printf(out, "%s%s", out->length ? ", " : "", name);
    }
}

static int find_codec(const char *name, bool known, bool video, enum fus_container container,
                      const AVOutputFormat *format, const AVCodec **codec, struct fus_error *err)
{
    const AVCodec *found = known ? avcodec_find_encoder_by_name(name) : NULL;
    if (!found) {
        FUS_AUTO_STR struct fus_str there = {0};
        list_available(&there, video);
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "The encoder %s is not available here; these are: %s.", name,
                             there.text ? there.text : "none");
    }
    if (avformat_query_codec(format, found->id, FF_COMPLIANCE_NORMAL) != 1)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s cannot hold what %s writes.",
                             fus_container_name(container), name);
    *codec = found;
    return 0;
}

int fus_codec_video(const char *name, enum fus_container container, const AVOutputFormat *format,
                    const AVCodec **codec, struct fus_error *err)
{
    return find_codec(name, find_video(name) != NULL, true, container, format, codec, err);
}

int fus_codec_audio(const char *name, enum fus_container container, const AVOutputFormat *format,
                    const AVCodec **codec, struct fus_error *err)
{
    return find_codec(name, find_audio(name) != NULL, false, container, format, codec, err);
}

static double on_scale(double worst, double best, int quality)
{
    return worst + (best - worst) * FUS_CLAMP(quality, 0, 100) / 100.0;
}

/* Whether the word stands in a list of words. */
static bool is_one_of(const char *name, const char *list)
{
    size_t length = strlen(name);
    for (const char *at = list; length && (at = strstr(at, name)); at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}

static const char *preset_for(enum preset_kind kind, const char *preset)
{
    bool quick = is_one_of(preset, "ultrafast superfast veryfast");
    bool middling = is_one_of(preset, "faster fast medium");
    switch (kind) {
    case PRESET_NAME:
        return preset;
    case PRESET_NVENC:
        return quick || is_one_of(preset, "faster fast") ? "fast" : middling ? "medium" : "slow";
    case PRESET_AMF:
        return quick ? "speed" : middling ? "balanced" : "quality";
    case PRESET_QSV:
        return quick ? "veryfast" : preset;
    default:
        return NULL;
    }
}

void fus_codec_video_options(const char *name, int quality, const char *preset,
                             AVDictionary **dictionary)
{
    const struct video_encoder *encoder = find_video(name);
    char value[32];
    if (!encoder || !encoder->option)
        return;
    /* nearbyint rounds halves to even, as upstream does. */
    snprintf(value, sizeof(value), "%.0f%s",
             nearbyint(on_scale(encoder->worst, encoder->best, quality)), encoder->suffix);
    av_dict_set(dictionary, encoder->option, value, 0);
    const char *word = preset_for(encoder->preset, preset);
    if (word)
        av_dict_set(dictionary, encoder->preset == PRESET_AMF ? "quality" : "preset", word, 0);
    if (encoder->preset == PRESET_AMF) {
        av_dict_set(dictionary, "qp_p", value, 0);
        av_dict_set(dictionary, "qp_b", value, 0);
        av_dict_set(dictionary, "rc", "cqp", 0);
    }
    if (strcmp(name, "libvpx-vp9") == 0) {
        av_dict_set(dictionary, "b", "0", 0); /* crf alone */
        av_dict_set(dictionary, "row-mt", "1", 0);
    }
    if (strcmp(name, "libx265") == 0)
        av_dict_set(dictionary, "x265-params", "log-level=none", 0);
}

void fus_codec_audio_quality(const char *name, int quality, AVCodecContext *context)
{
    const struct audio_encoder *encoder = find_audio(name);
    if (!encoder || encoder->scale == SCALE_NONE)
        return;
    double value = on_scale(encoder->worst, encoder->best, quality);
    value = nearbyint(value / encoder->step) * encoder->step;
    if (encoder->scale == SCALE_KBIT) {
        context->bit_rate = llround(value * 1000);
    } else {
        context->flags |= AV_CODEC_FLAG_QSCALE;
        context->global_quality = (int)lround(value * FF_QP2LAMBDA);
    }
}

bool fus_codec_copies(enum fus_container container, const AVOutputFormat *format,
                      enum AVCodecID codec)
{
    switch (container) {
    case FUS_CONTAINER_MKV:
        return avformat_query_codec(format, codec, FF_COMPLIANCE_NORMAL) == 1;
    case FUS_CONTAINER_WEBM:
        return codec == AV_CODEC_ID_OPUS || codec == AV_CODEC_ID_VORBIS;
    case FUS_CONTAINER_AVI:
        return codec == AV_CODEC_ID_MP3 || codec == AV_CODEC_ID_AC3 ||
               codec == AV_CODEC_ID_PCM_S16LE;
    case FUS_CONTAINER_WMV:
        return codec == AV_CODEC_ID_WMAV1 || codec == AV_CODEC_ID_WMAV2 || codec == AV_CODEC_ID_MP3;
    case FUS_CONTAINER_M4V:
        return codec == AV_CODEC_ID_AAC || codec == AV_CODEC_ID_ALAC || codec == AV_CODEC_ID_AC3;
    case FUS_CONTAINER_MOV:
        if (codec == AV_CODEC_ID_PCM_S16LE || codec == AV_CODEC_ID_PCM_S16BE ||
            codec == AV_CODEC_ID_PCM_S24LE || codec == AV_CODEC_ID_PCM_S24BE)
            return true;
        return codec == AV_CODEC_ID_AAC || codec == AV_CODEC_ID_MP3 || codec == AV_CODEC_ID_AC3 ||
               codec == AV_CODEC_ID_EAC3 || codec == AV_CODEC_ID_ALAC;
    case FUS_CONTAINER_MP4:
        return codec == AV_CODEC_ID_AAC || codec == AV_CODEC_ID_MP3 || codec == AV_CODEC_ID_AC3 ||
               codec == AV_CODEC_ID_EAC3 || codec == AV_CODEC_ID_ALAC ||
               codec == AV_CODEC_ID_OPUS || codec == AV_CODEC_ID_FLAC;
    default:
        return false;
    }
}
