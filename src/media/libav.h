/* What the clip files of this room share about libav: errors, file access on our own descriptors,
 * colour names, and the few places where FFmpeg 5.1 and 7.1 differ. Inside the room only. */
#ifndef FUS_MEDIA_LIBAV_H
#define FUS_MEDIA_LIBAV_H

#include <stdbool.h>
#include <stdint.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>

#include "media/media.h"

/* Decoders that hostile bytes may reach; what phones, cameras, editors and browsers write. */
extern const char fus_av_codec_whitelist[];

/* libav prints to stderr unless told not to; its level is the process's. Idempotent. */
void fus_av_quiet(void);

/* Fills err: out_of_memory for ENOMEM, else `code`, with "what: <libav's text>.". Returns the code.
 */
int fus_av_error(struct fus_error *err, int code, int averror, const char *what);

/* The same for what a demuxer answered: corrupt_media, or out_of_memory where memory really is
 * short.
 */
int fus_av_demux_error(struct fus_error *err, int averror, const char *what);

/* libav's I/O on a descriptor of ours; libav opens no file itself. pread and pwrite: the
 * descriptor's offset is not used. */
struct fus_av_file {
    int fd; /* owned */
    int64_t position, size;
    int failure; /* errno of the first failed read or write, 0 if none */
    AVIOContext *io;
};
/* Takes over fd, also on failure. */
int fus_av_file_init(struct fus_av_file *file, int fd, int64_t size, bool writing,
                     struct fus_error *err) FUS_MUST_CHECK;
void fus_av_file_done(struct fus_av_file *file);
/* storage_unavailable with the reason in file->failure, which is set. */
int fus_av_file_error(const struct fus_av_file *file, bool writing, struct fus_error *err);

/* io_open for a context that may open nothing more. */
int fus_av_refuse_open(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                       AVDictionary **options);

/* ISO base media: mp4, mov, m4v. */
static inline bool fus_container_is_bmff(enum fus_container container)
{
    return container == FUS_CONTAINER_MP4 || container == FUS_CONTAINER_MOV ||
           container == FUS_CONTAINER_M4V;
}
static inline bool fus_container_is_ebml(enum fus_container container)
{
    return container == FUS_CONTAINER_MKV || container == FUS_CONTAINER_WEBM;
}

/* The stream's display matrix or NULL; and setting one. */
const int32_t *fus_av_display_matrix(const AVStream *stream);
bool fus_av_set_display_matrix(AVStream *stream, const int32_t matrix[9]) FUS_MUST_CHECK;
int64_t fus_av_frame_duration(const AVFrame *frame);
/* First sample format and the rates (0-terminated, or NULL: any) that an encoder takes. */
enum AVSampleFormat fus_av_sample_format(const AVCodec *codec);
const int *fus_av_sample_rates(const AVCodec *codec);
/* Whether a video encoder takes the pixel format; one that tells nothing takes all. */
bool fus_av_takes_pixels(const AVCodec *codec, enum AVPixelFormat format);

bool fus_av_is_rgb(int format);
/* Our name of an 8-bit planar pixel format (also the J kinds); false if it isn't one. */
bool fus_av_pixel_format(int format, enum fus_pixel_format *ours);
/* Untagged pictures are BT.709 from 720 lines on, as players have it, and BT.601 below. */
enum fus_color_matrix fus_av_matrix(enum AVColorSpace space, int width, int height);
/* The tag of a matrix. */
enum AVColorSpace fus_av_space(enum fus_color_matrix matrix);
bool fus_av_full_range(int format, enum AVColorRange range);

static inline AVRational fus_av_microseconds(void)
{
    return (AVRational){1, 1000000};
}

#endif
