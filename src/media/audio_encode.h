/* Sound that is not copied: decoded (or given as PCM), resampled, its volume set, encoded. Times
 * are kept: holes are filled with silence, overlaps cut. One thread at a time. Inside the room
 * only. */
#ifndef FUS_MEDIA_AUDIO_ENCODE_H
#define FUS_MEDIA_AUDIO_ENCODE_H

#include "media/libav.h"

struct fus_audio_encode_options {
    const AVCodec *codec; /* the encoder */
    const char *encoder;  /* its name, for the quality scale */
    int quality, volume;  /* 0..100 */
    bool global_header;
    const AVCodecParameters *source; /* coded sound, or NULL: PCM of the next two */
    AVRational source_time_base;
    int64_t origin_us; /* of source times that counts as 0 */
    int rate, channels;
};

struct fus_audio_encode;
/* Errors: unsupported_media (the source's codec cannot be decoded), invalid_parameter (the encoder
 * refuses). */
int fus_audio_encode_new(const struct fus_audio_encode_options *options,
                         struct fus_audio_encode **encode, struct fus_error *err) FUS_MUST_CHECK;
void fus_audio_encode_free(struct fus_audio_encode *encode);
FUS_CLEANUP_DEFINE(fus_audio_encode_free, struct fus_audio_encode *)
/* The open encoder: parameters and time base. */
const AVCodecContext *fus_audio_encode_context(const struct fus_audio_encode *encode);

/* Gives coded packets to `sink` (it takes the reference; negative stops) as they come up. */
typedef int (*fus_audio_sink)(void *user, AVPacket *packet, struct fus_error *err);
/* A packet of the source; damaged ones become silence. */
int fus_audio_encode_packet(struct fus_audio_encode *encode, const AVPacket *packet,
                            fus_audio_sink sink, void *user, struct fus_error *err) FUS_MUST_CHECK;
/* Interleaved float, frames samples of each channel. */
int fus_audio_encode_pcm(struct fus_audio_encode *encode, const float *samples, size_t frames,
                         fus_audio_sink sink, void *user, struct fus_error *err) FUS_MUST_CHECK;
int fus_audio_encode_flush(struct fus_audio_encode *encode, fus_audio_sink sink, void *user,
                           struct fus_error *err) FUS_MUST_CHECK;

#endif
