/* An opened clip: container, its one video and at most one audio stream, and their facts. The part
 * that fus_media_probe, the reader and the frame counter have in common. Inside the room only. */
#ifndef FUS_MEDIA_DEMUX_H
#define FUS_MEDIA_DEMUX_H

#include "media/libav.h"

/* What a writer needs to know of a source; plain values, copied freely. */
struct fus_clip_facts {
    int width, height; /* stored */
    AVRational time_base, frame_rate, sample_aspect;
    enum AVColorRange range;
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
    enum AVColorSpace space;
    enum AVChromaLocation chroma_location;
    bool has_matrix;
    int32_t matrix[9]; /* display matrix */
    int orientation;   /* 1..8 (media/orient.h), 1 without a matrix */
    bool has_audio;
    AVRational audio_time_base;
    int64_t origin_us; /* the file's time that counts as 0 */
};

struct fus_demux {
    struct fus_av_file file;
    AVFormatContext *format;
    AVStream *video, *audio; /* audio may be NULL; every other stream is discarded */
    struct fus_media_info info;
    struct fus_clip_facts facts;
};

/* Errors as fus_media_probe. */
int fus_demux_open(const char *path, const struct fus_media_limits *limits,
                   struct fus_demux **demux, struct fus_error *err) FUS_MUST_CHECK;
void fus_demux_free(struct fus_demux *demux);
FUS_CLEANUP_DEFINE(fus_demux_free, struct fus_demux *)

/* When the last picture has been shown, in the file's time, as the container tells of the video
 * track itself; 0 if it tells nothing. */
int64_t fus_demux_video_end_us(const struct fus_demux *demux);

/* Times of pictures without decoding: reads video packets of a freshly opened clip until `count` +
 * a reorder margin are seen or the clip ends, and sorts their times. *times (fus_free) has *found
 * entries in the stream's time base. FUS_E_NOT_FOUND if packets carry no times. */
int fus_demux_times(struct fus_demux *demux, int64_t count, int64_t **times, int64_t *found,
                    struct fus_error *err) FUS_MUST_CHECK;

/* false if the file ends before its outermost structure (mp4 and mov boxes, Matroska segment) does.
 */
bool fus_clip_is_whole(int fd, int64_t size, enum fus_container container);

#endif
