#include "media/libav.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <libavutil/display.h>
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>

#include "base/fs.h"

#define IO_BUFFER_BYTES (128 * 1024)
/* Where so much can still be had, memory is not short. */
#define SPARE_BYTES ((size_t)64 << 20)

const char fus_av_codec_whitelist[] =
    "h264,hevc,libdav1d,av1,libaom-av1,vp8,vp9,mpeg4,mpeg2video,mpeg1video,h263,prores,dnxhd,mjpeg,"
    "ffv1,huffyuv,ffvhuff,utvideo,png,qtrle,rawvideo,v210,theora,svq3,gif,jpeg2000,libopenjpeg,"
    "dvvideo,msmpeg4v2,msmpeg4,wmv1,wmv2,wmv3,vc1,"
    "aac,mp3float,mp3,opus,libopus,vorbis,flac,alac,ac3,eac3,dca,mp2float,mp2,amrnb,amrwb,"
    "libopencore_amrnb,libopencore_amrwb,wmav1,wmav2,wmapro,adpcm_ms,adpcm_ima_wav,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,"
    "pcm_u8,pcm_s8,pcm_alaw,pcm_mulaw,adpcm_ima_qt";

void fus_av_quiet(void)
{
    if (av_log_get_level() != AV_LOG_QUIET)
        av_log_set_level(AV_LOG_QUIET);
}

int fus_av_error(struct fus_error *err, int code, int averror, const char *what)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    if (averror == AVERROR(ENOMEM))
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "%s: out of memory.", what);
    av_strerror(averror, text, sizeof(text));
    return fus_error_set(err, code, "%s: %s.", what, text);
}

int fus_av_demux_error(struct fus_error *err, int averror, const char *what)
{
    /* Demuxers answer impossible sizes in a damaged file with a lack of memory. */
    void *spare = averror == AVERROR(ENOMEM) ? av_malloc(SPARE_BYTES) : NULL;
    if (spare) {
        av_free(spare);
        return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "%s: its index is damaged.", what);
    }
    return fus_av_error(err, FUS_E_CORRUPT_MEDIA, averror, what);
}

static int file_read(void *opaque, uint8_t *to, int size)
{
    struct fus_av_file *file = opaque;
    ssize_t n = 0;
    do
        n = pread(file->fd, to, (size_t)size, (off_t)file->position);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        file->failure = errno;
        return AVERROR(errno);
    }
    file->position += n;
    return n > 0 ? (int)n : AVERROR_EOF;
}

#if LIBAVFORMAT_VERSION_MAJOR >= 61
static int file_write(void *opaque, const uint8_t *from, int size)
#else
static int file_write(void *opaque, uint8_t *from, int size)
#endif
{
    struct fus_av_file *file = opaque;
    for (int done = 0; done < size && !file->failure;) {
        ssize_t n = pwrite(file->fd, from + done, (size_t)(size - done), (off_t)file->position);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            file->failure = n < 0 ? errno : ENOSPC;
            break;
        }
        done += (int)n;
        file->position += n;
        file->size = FUS_MAX(file->size, file->position);
    }
    return file->failure ? AVERROR(file->failure) : size;
}

static int64_t file_seek(void *opaque, int64_t offset, int whence)
{
    struct fus_av_file *file = opaque;
    int64_t base = 0;
    if (whence & AVSEEK_SIZE)
        return file->size;
    whence &= ~AVSEEK_FORCE;
    if (whence == SEEK_CUR)
        base = file->position;
    else if (whence == SEEK_END)
        base = file->size;
    else if (whence != SEEK_SET)
        return AVERROR(EINVAL);
    if (__builtin_add_overflow(base, offset, &offset) || offset < 0)
        return AVERROR(EINVAL);
    file->position = offset;
    return offset;
}

int fus_av_file_init(struct fus_av_file *file, int fd, int64_t size, bool writing,
                     struct fus_error *err)
{
    *file = (struct fus_av_file){.fd = fd, .size = size};
    uint8_t *buffer = av_malloc(IO_BUFFER_BYTES);
    if (buffer)
        file->io =
            avio_alloc_context(buffer, IO_BUFFER_BYTES, writing, file, writing ? NULL : file_read,
                               writing ? file_write : NULL, file_seek);
    if (!file->io) {
        av_free(buffer);
        fus_av_file_done(file);
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to open a clip.");
    }
    return 0;
}

void fus_av_file_done(struct fus_av_file *file)
{
    if (file->io)
        av_freep(&file->io->buffer);
    avio_context_free(&file->io);
    fus_close(file->fd);
    file->fd = -1;
}

int fus_av_file_error(const struct fus_av_file *file, bool writing, struct fus_error *err)
{
    bool full = file->failure == ENOSPC || file->failure == EDQUOT || file->failure == EFBIG;
    return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "The clip cannot be %s: %s.",
                         writing ? "written" : "read",
                         full ? "the disk is full" : "input/output error");
}

int fus_av_refuse_open(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                       AVDictionary **options)
{
    (void)format;
    (void)io;
    (void)url;
    (void)flags;
    (void)options;
    return AVERROR(EPERM);
}

#if LIBAVFORMAT_VERSION_MAJOR >= 61
const int32_t *fus_av_display_matrix(const AVStream *stream)
{
    const AVPacketSideData *data =
        av_packet_side_data_get(stream->codecpar->coded_side_data,
                                stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
    return data && data->size >= 36 ? (const int32_t *)(const void *)data->data : NULL;
}

bool fus_av_set_display_matrix(AVStream *stream, const int32_t matrix[9])
{
    AVPacketSideData *data = av_packet_side_data_new(&stream->codecpar->coded_side_data,
                                                     &stream->codecpar->nb_coded_side_data,
                                                     AV_PKT_DATA_DISPLAYMATRIX, 36, 0);
    if (data)
        memcpy(data->data, matrix, 36);
    return data != NULL;
}
#else
const int32_t *fus_av_display_matrix(const AVStream *stream)
{
    size_t size = 0;
    const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    return data && size >= 36 ? (const int32_t *)(const void *)data : NULL;
}

bool fus_av_set_display_matrix(AVStream *stream, const int32_t matrix[9])
{
    uint8_t *data = av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, 36);
    if (data)
        memcpy(data, matrix, 36);
    return data != NULL;
}
#endif

int64_t fus_av_frame_duration(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    return frame->duration;
#else
    return frame->pkt_duration;
#endif
}

#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 13, 100)
enum AVSampleFormat fus_av_sample_format(const AVCodec *codec)
{
    const void *formats = NULL;
    int count = 0;
    if (avcodec_get_supported_config(NULL, codec, AV_CODEC_CONFIG_SAMPLE_FORMAT, 0, &formats,
                                     &count) < 0 ||
        !formats || count < 1)
        return AV_SAMPLE_FMT_FLTP;
    return *(const enum AVSampleFormat *)formats;
}

const int *fus_av_sample_rates(const AVCodec *codec)
{
    const void *rates = NULL;
    int count = 0;
    if (avcodec_get_supported_config(NULL, codec, AV_CODEC_CONFIG_SAMPLE_RATE, 0, &rates, &count) <
        0)
        return NULL;
    return rates;
}

static const enum AVPixelFormat *pixel_formats(const AVCodec *codec)
{
    const void *formats = NULL;
    int count = 0;
    if (avcodec_get_supported_config(NULL, codec, AV_CODEC_CONFIG_PIX_FORMAT, 0, &formats, &count) <
        0)
        return NULL;
    return formats;
}
#else
enum AVSampleFormat fus_av_sample_format(const AVCodec *codec)
{
    return codec->sample_fmts ? codec->sample_fmts[0] : AV_SAMPLE_FMT_FLTP;
}

const int *fus_av_sample_rates(const AVCodec *codec)
{
    return codec->supported_samplerates;
}

static const enum AVPixelFormat *pixel_formats(const AVCodec *codec)
{
    return codec->pix_fmts;
}
#endif

bool fus_av_takes_pixels(const AVCodec *codec, enum AVPixelFormat format)
{
    const enum AVPixelFormat *formats = pixel_formats(codec);
    for (; formats && *formats != AV_PIX_FMT_NONE; formats++)
        if (*formats == format)
            return true;
    return !pixel_formats(codec);
}

bool fus_av_is_rgb(int format)
{
    const AVPixFmtDescriptor *pixel = av_pix_fmt_desc_get(format);
    return pixel && pixel->flags & AV_PIX_FMT_FLAG_RGB;
}

bool fus_av_pixel_format(int format, enum fus_pixel_format *ours)
{
    switch (format) {
    case AV_PIX_FMT_YUV420P:
    case AV_PIX_FMT_YUVJ420P:
        *ours = FUS_PIXEL_YUV420P8;
        return true;
    case AV_PIX_FMT_YUV422P:
    case AV_PIX_FMT_YUVJ422P:
        *ours = FUS_PIXEL_YUV422P8;
        return true;
    case AV_PIX_FMT_YUV444P:
    case AV_PIX_FMT_YUVJ444P:
        *ours = FUS_PIXEL_YUV444P8;
        return true;
    default:
        return false;
    }
}

enum fus_color_matrix fus_av_matrix(enum AVColorSpace space, int width, int height)
{
    switch (space) {
    case AVCOL_SPC_BT709:
        return FUS_MATRIX_BT709;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
        return FUS_MATRIX_BT2020;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_FCC:
        return FUS_MATRIX_BT601;
    default:
        return FUS_MIN(width, height) >= 720 ? FUS_MATRIX_BT709 : FUS_MATRIX_BT601;
    }
}

enum AVColorSpace fus_av_space(enum fus_color_matrix matrix)
{
    return matrix == FUS_MATRIX_BT709    ? AVCOL_SPC_BT709
           : matrix == FUS_MATRIX_BT2020 ? AVCOL_SPC_BT2020_NCL
                                         : AVCOL_SPC_SMPTE170M;
}

bool fus_av_full_range(int format, enum AVColorRange range)
{
    return range == AVCOL_RANGE_JPEG || format == AV_PIX_FMT_YUVJ420P ||
           format == AV_PIX_FMT_YUVJ422P || format == AV_PIX_FMT_YUVJ444P;
}
