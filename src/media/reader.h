/* Reads a clip: video frames and audio packets in file order, one pass.
 *
 * A reader belongs to one thread at a time. fus_reader_next yields messages; END is one of them.
 * The caller owns each message and gives it back with fus_message_free (any thread). Decoder
 * threads are the caller's to set. Frames are 8-bit planar YUV (4:2:0, 4:2:2, 4:4:4) of one size;
 * anything else (10 bit, RGB, NV12, a change of size) is converted to 4:2:0 on the way. The pixels
 * stay as stored: rotation is not applied to them (info.rotation tells it); the writer carries the
 * display matrix, or turns the pixels where the container has no place for one. */
#ifndef FUS_MEDIA_READER_H
#define FUS_MEDIA_READER_H

#include <stdint.h>

#include "media/media.h"

enum fus_message_kind { FUS_MESSAGE_VIDEO, FUS_MESSAGE_AUDIO, FUS_MESSAGE_END };

/* One decoded picture. `image` is a view of memory owned by the frame; it may be written after
 * fus_frame_make_writable. */
struct fus_frame {
    struct fus_image image;
    int64_t pts_us; /* presentation time from the clip's start (the first frame's may be > 0) */
    int64_t duration_us; /* 0 if not known */
    int64_t index;       /* 0, 1, 2, ... in presentation order */
    void *handle;        /* libav's */
};

struct fus_message {
    enum fus_message_kind kind;
    struct fus_frame frame; /* VIDEO */
    void *packet;           /* AUDIO: a coded packet of the source's audio stream */
};
void fus_message_free(struct fus_message *message);
FUS_CLEANUP_DEFINE(fus_message_free, struct fus_message *)

/* Makes the frame's planes writable, copying them only if the decoder still holds them. */
int fus_frame_make_writable(struct fus_frame *frame, struct fus_error *err) FUS_MUST_CHECK;

struct fus_reader_options {
    int threads;     /* decoder threads, >= 1 */
    bool video_only; /* drop audio */
    /* First frame wanted (0: all), by decoding from the key frame before; times then count from it,
     * and sound before it is dropped. Beyond the clip: END comes at once. */
    int64_t start_frame;
    int64_t end_frame; /* first frame not wanted; 0 or less: none */
    /* Colours without a tag are BT.601 whatever the size, as they are to swscale, and a writer says
     * so; false: from 720 lines on they are BT.709, as players guess. */
    bool untagged_bt601;
};

struct fus_reader;
int fus_reader_open(const char *path, const struct fus_media_limits *limits,
                    const struct fus_reader_options *options, struct fus_reader **reader,
                    struct fus_error *err) FUS_MUST_CHECK;
void fus_reader_free(struct fus_reader *reader);
FUS_CLEANUP_DEFINE(fus_reader_free, struct fus_reader *)
const struct fus_media_info *fus_reader_info(const struct fus_reader *reader);

/* FUS_E_CORRUPT_MEDIA when nothing could be decoded at all or the container breaks off in the
 * middle of its structure; single damaged packets inside a clip are skipped and counted
 * (fus_reader_skipped). FUS_E_VIDEO_TOO_LONG / MEDIA_TOO_LARGE when the clip turns out to exceed
 * the limits. After END every further call gives END. */
int fus_reader_next(struct fus_reader *reader, struct fus_message **message,
                    struct fus_error *err) FUS_MUST_CHECK;
int64_t fus_reader_skipped(const struct fus_reader *reader);

/* The single frame `frame_number` (0-based, presentation order, the last one if the clip is
 * shorter) as upright BGR8, on a fresh decode. */
int fus_reader_frame_at(const char *path, const struct fus_media_limits *limits, int threads,
                        int64_t frame_number, struct fus_image *bgr,
                        struct fus_error *err) FUS_MUST_CHECK;

#endif
