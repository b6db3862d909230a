/* Writes a clip: video encoded, audio copied or encoded to AAC, one pass, into `path`.
 *
 * The writer takes its stream facts from a reader (size, time base, colour tags, rotation, audio
 * parameters) or from an explicit spec. One thread at a time. The file is complete only after
 * fus_writer_finish returned 0; a writer that is freed without it leaves an incomplete file that
 * the caller removes (callers write under a temporary name). */
#ifndef FUS_MEDIA_WRITER_H
#define FUS_MEDIA_WRITER_H

#include <stdint.h>

#include "media/reader.h"

struct fus_writer_options {
    enum fus_container container; /* MP4, MOV, M4V, MKV, WEBM, AVI, WMV */
    char video_encoder[24];       /* "libx264" (default when empty), "libx265", ... */
    char preset[16];              /* "veryfast" when empty */
    int quality;                  /* 0..100 as FaceFusion's output_video_quality; x264: CRF =
                                     round(51 - quality * 0.51) (spec/pipeline.md section 14) */
    double fps;                   /* 0: keep the source's times (VFR kept); else constant rate:
                                     frames are dropped or repeated by time */
    int width, height;            /* of the pictures; 0 and 0: the source's. As the source stores
                                     them, or as they are seen if `upright`. Odd ones become even by
                                     repeating the edge */
    bool upright;                 /* pictures go in as they are seen: those of the source are turned
                                     on the way, those of the caller are upright already; false: the
                                     display matrix goes along where the container takes one */
    int threads;                  /* encoder threads, >= 1 */
    bool audio_encode;            /* false: copy if the container takes the codec, else AAC */
    char audio_encoder[24];       /* "aac" when empty */
    int audio_quality;            /* 0..100 */
    int audio_volume;             /* 0..100, 100 unchanged; 0 drops the sound */
    const char *const *metadata;  /* key, value, key, value, ..., NULL; container level tags */
};
void fus_writer_options_default(struct fus_writer_options *options);

struct fus_writer;
/* Takes over the reader's stream facts; the reader may be used and freed independently. Errors:
 * FUS_E_INVALID_PARAMETER (encoder not available or not allowed in the container),
 * storage_unavailable. */
int fus_writer_open(const char *path, const struct fus_reader *source,
                    const struct fus_writer_options *options, struct fus_writer **writer,
                    struct fus_error *err) FUS_MUST_CHECK;

/* A clip made from nothing (sample media, tests). */
struct fus_writer_spec {
    int width, height;
    enum fus_pixel_format format; /* YUV420P8 */
    double fps;
    enum fus_color_matrix matrix;
    bool full_range;
    int rotation;   /* display matrix, degrees clockwise */
    int audio_rate; /* 0: no sound */
    int audio_channels;
};
int fus_writer_open_spec(const char *path, const struct fus_writer_spec *spec,
                         const struct fus_writer_options *options, struct fus_writer **writer,
                         struct fus_error *err) FUS_MUST_CHECK;
void fus_writer_free(struct fus_writer *writer);
FUS_CLEANUP_DEFINE(fus_writer_free, struct fus_writer *)

/* VIDEO and AUDIO messages of the source, in its order; the writer owns the message, even on
 * failure. ENOSPC is FUS_E_STORAGE_UNAVAILABLE. */
int fus_writer_write(struct fus_writer *writer, struct fus_message *message,
                     struct fus_error *err) FUS_MUST_CHECK;
/* A picture of the caller's own (copied) instead of a VIDEO message, shown from pts_us on for a
 * frame of the source's rate: any format and size; scaled (bicubic) to the clip's size and
 * converted to its pixel format, matrix and range. Times rise. At a constant rate it is dropped or
 * repeated like any other. */
int fus_writer_put_image(struct fus_writer *writer, const struct fus_image *image, int64_t pts_us,
                         struct fus_error *err) FUS_MUST_CHECK;
/* The same with the time that it is shown (0: a frame of the source's rate); what the last picture
 * of a clip of uneven times needs. */
int fus_writer_put_timed(struct fus_writer *writer, const struct fus_image *image, int64_t pts_us,
                         int64_t duration_us, struct fus_error *err) FUS_MUST_CHECK;
/* For spec writers: PCM (interleaved float, copied). */
int fus_writer_put_pcm(struct fus_writer *writer, const float *samples, size_t frames,
                       struct fus_error *err) FUS_MUST_CHECK;
/* Flushes and closes. FUS_E_INVALID_PARAMETER if no picture was written. */
int fus_writer_finish(struct fus_writer *writer, struct fus_error *err) FUS_MUST_CHECK;
int64_t fus_writer_frames(const struct fus_writer *writer);
/* true if the source's sound went in as it was. */
bool fus_writer_audio_copied(const struct fus_writer *writer);
/* The encoders that work, which are other than the wanted ones where FaceFusion's container
 * overrides say so (VP9 in WebM, H.264 and AAC in WMV and M4V, ...); "" for sound that is copied or
 * not there. They live as long as the writer. */
const char *fus_writer_video_encoder(const struct fus_writer *writer);
const char *fus_writer_audio_encoder(const struct fus_writer *writer);

#endif
