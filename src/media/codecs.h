/* Encoders that can be asked for: how the 0..100 scale and presets map onto each (FaceFusion's
 * mappings), and what containers take. Inside the room only. */
#ifndef FUS_MEDIA_CODECS_H
#define FUS_MEDIA_CODECS_H

#include "media/libav.h"
#include "media/writer.h"

/* What is used in the container where `asked` ("": nobody asked) was: FaceFusion's overrides, else
 * what was asked, else libx264 and aac. */
const char *fus_codec_video_for(enum fus_container container, const char *asked);
const char *fus_codec_audio_for(enum fus_container container, const char *asked);
/* The pixels that the encoder is given. */
enum AVPixelFormat fus_codec_pixels(const AVCodec *codec, enum fus_container container);

/* The encoder by its libav name, or FUS_E_INVALID_PARAMETER: not one of ours, not in this libav, or
 * not allowed in the container. */
int fus_codec_video(const char *name, enum fus_container container, const AVOutputFormat *format,
                    const AVCodec **codec, struct fus_error *err) FUS_MUST_CHECK;
int fus_codec_audio(const char *name, enum fus_container container, const AVOutputFormat *format,
                    const AVCodec **codec, struct fus_error *err) FUS_MUST_CHECK;

/* Quality and preset as the encoder's options, added to *dictionary. */
void fus_codec_video_options(const char *name, int quality, const char *preset,
                             AVDictionary **dictionary);
/* Sets quality in a context that is not open yet. */
void fus_codec_audio_quality(const char *name, int quality, AVCodecContext *context);

/* Whether coded sound of this kind may go into the container as it is. */
bool fus_codec_copies(enum fus_container container, const AVOutputFormat *format,
                      enum AVCodecID codec);

#endif
