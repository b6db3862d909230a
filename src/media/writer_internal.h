/* The writer's inside, shared by writer.c (open, streams, close) and writer_video.c (pictures). */
#ifndef FUS_MEDIA_WRITER_INTERNAL_H
#define FUS_MEDIA_WRITER_INTERNAL_H

#include "media/audio_encode.h"
#include "media/demux.h"
#include "media/frame.h"
#include "media/writer.h"

/* Durations wait here for their packets: an encoder holds back fewer pictures than this. */
#define FUS_WRITER_DURATIONS 512
#define FUS_WRITER_SIDE_MAX 16384

struct fus_writer {
    struct fus_av_file file;
    AVFormatContext *format;
    struct fus_clip_facts facts;
    enum fus_container container;
    char video_encoder[24];
    int width, height;            /* of pictures before they are turned; facts have the source's */
    enum fus_color_matrix matrix; /* of the pictures that are written */
    bool turn_pixels;             /* the container has no place for the display matrix */
    bool upright;                 /* pictures that are put are turned already */
    double fps;                   /* > 0: constant rate */
    AVCodecContext *video;
    AVStream *video_stream, *audio_stream;
    struct fus_audio_encode *audio; /* NULL: copied, or no sound */
    bool copies_audio;
    AVPacket *packet;
    struct fus_frame_pool *pool;
    struct fus_scaler scaler, image_scaler, pack_scaler;
    struct {
        int64_t pts, duration; /* encoder time base */
    } durations[FUS_WRITER_DURATIONS];
    size_t duration_next;
    AVFrame *held; /* constant rate: the picture that is shown until the next comes */
    int64_t held_tick, held_end_us;
    int64_t last_pts; /* of the picture before, in the encoder's time base */
    int64_t frames;
    int64_t audio_packets, last_audio_dts; /* in the stream's time base */
    bool header_written, failed, finished;
};

/* Sends a picture of the source (any size and kind, in the source's colours) into the encoder and
 * what comes out into the file; av is taken over. */
int fus_writer_message_picture(struct fus_writer *writer, AVFrame *av, int64_t pts_us,
                               int64_t duration_us, struct fus_error *err) FUS_MUST_CHECK;
/* The same for a picture of the writer's size and colours, 4:2:0 or as the encoder takes it;
 * `turned`: as it is to be seen. */
int fus_writer_picture(struct fus_writer *writer, AVFrame *av, bool turned, int64_t pts_us,
                       int64_t duration_us, struct fus_error *err) FUS_MUST_CHECK;
/* The held picture, and all that the encoder holds. */
int fus_writer_flush_video(struct fus_writer *writer, struct fus_error *err) FUS_MUST_CHECK;
/* Interleaves a packet in `base` times into the file; the packet is left empty. */
int fus_writer_mux(struct fus_writer *writer, AVStream *stream, AVPacket *packet, AVRational base,
                   struct fus_error *err) FUS_MUST_CHECK;

#endif
