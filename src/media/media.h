/* What media can take, its limits, and the facts of a file. libav stays inside this room. */
#ifndef FUS_MEDIA_MEDIA_H
#define FUS_MEDIA_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/image.h"

enum fus_container {
    FUS_CONTAINER_UNKNOWN,
    FUS_CONTAINER_JPEG,
    FUS_CONTAINER_PNG,
    FUS_CONTAINER_WEBP,
    FUS_CONTAINER_MP4,
    FUS_CONTAINER_MOV,
    FUS_CONTAINER_MKV,
    FUS_CONTAINER_TIFF,
    FUS_CONTAINER_BMP,
    FUS_CONTAINER_GIF, /* one picture */
    FUS_CONTAINER_GIF_CLIP,
    FUS_CONTAINER_M4V,
    FUS_CONTAINER_WEBM,
    FUS_CONTAINER_AVI,
    FUS_CONTAINER_WMV, /* ASF */
    FUS_CONTAINER_MXF,
    FUS_CONTAINER_MPEG,   /* program stream */
    FUS_CONTAINER_MPEGTS, /* transport stream */
};

/* Checked from the header before anything is decoded, and again while decoding. 0 = no limit. */
struct fus_media_limits {
    uint64_t max_bytes;  /* file size: media_too_large */
    uint64_t max_pixels; /* of one frame: media_too_large; a still whose header promises more
                            than max_pixels from a tiny file is decompression_bomb */
    int max_dimension;   /* either side */
    double max_seconds;  /* video_too_long */
    int64_t max_frames;  /* video_too_long */
    int max_streams;     /* of a container: media_too_large */
};
void fus_media_limits_default(struct fus_media_limits *limits);

struct fus_media_info {
    enum fus_container container;
    bool is_video;
    bool has_audio;
    bool has_alpha;    /* stills */
    bool grey;         /* stills */
    int width, height; /* as shown: after EXIF orientation or the display matrix */
    int rotation;      /* degrees clockwise that a player turns the stored picture: 0 90 180 270 */
    double duration_seconds;
    double fps;                            /* average frame rate, video */
    int64_t frames;                        /* known or estimated; 0 if neither */
    char video_codec[24], audio_codec[24]; /* libav names, "" if none */
    int left_out; /* streams of sound, subtitles and data beyond the ones that are taken */
    bool hdr;     /* PQ or HLG light: goes along with its tags in 8 bits, not tone-mapped */
};

/* Type by content, never by name: looks at the first bytes, and at a GIF's structure for a second
 * picture. Pictures and containers that are known but not taken (HEIC, AVIF, FLV, ...) give
 * FUS_E_UNSUPPORTED_MEDIA that names the format; unknown or empty bytes give
 * FUS_E_UNSUPPORTED_MEDIA too; WebM and Matroska are told apart by DocType. */
int fus_media_sniff(const char *path, enum fus_container *container,
                    struct fus_error *err) FUS_MUST_CHECK;

/* Sniffs, opens with that demuxer alone (format_whitelist, protocol_whitelist "file"), checks
 * limits, reads facts. Errors: not_found, unsupported_media, corrupt_media, media_too_large,
 * video_too_long, decompression_bomb. Thread-safe. */
int fus_media_probe(const char *path, const struct fus_media_limits *limits,
                    struct fus_media_info *info, struct fus_error *err) FUS_MUST_CHECK;

/* "mp4" -> FUS_CONTAINER_MP4; any case; also jpeg, tif, mpg, asf, m2ts, mts. UNKNOWN if it isn't
 * one of ours. */
enum fus_container fus_container_from_name(const char *name);
const char *fus_container_name(enum fus_container container); /* "jpg", "mp4", ... */
const char *fus_container_mime(enum fus_container container); /* "image/jpeg", ... */
bool fus_container_is_video(enum fus_container container);
/* libav's names of a clip's reader and writer; NULL if there is none. */
const char *fus_container_demuxer(enum fus_container container);
const char *fus_container_muxer(enum fus_container container);
/* Whether it can be an output: 0, or FUS_E_INVALID_PARAMETER with the reason (no place for the
 * label, or nothing of ours writes it). */
int fus_container_check_output(enum fus_container container, struct fus_error *err) FUS_MUST_CHECK;

#endif
