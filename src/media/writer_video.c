#include <math.h>

#include "media/orient.h"
#include "media/writer_internal.h"

static void remember_duration(struct fus_writer *writer, int64_t pts, int64_t duration)
{
    size_t slot = writer->duration_next++ % FUS_WRITER_DURATIONS;
    writer->durations[slot].pts = pts;
    writer->durations[slot].duration = duration;
}

/* Encoders of FFmpeg 5.1 do not hand a picture's duration on; the last packet's is all that tells a
 * muxer how long the last picture is shown. */
static int64_t recall_duration(const struct fus_writer *writer, int64_t pts)
{
    size_t known = FUS_MIN(writer->duration_next, (size_t)FUS_WRITER_DURATIONS);
    for (size_t i = 0; i < known; i++)
        if (writer->durations[i].pts == pts)
            return writer->durations[i].duration;
    return 0;
}

static int drain(struct fus_writer *writer, struct fus_error *err)
{
    AVPacket *packet = writer->packet;
    for (;;) {
        int rc = avcodec_receive_packet(writer->video, packet);
        if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF)
            return 0;
        if (rc < 0)
            return fus_av_error(err, FUS_E_INTERNAL, rc, "The video cannot be encoded");
        int64_t duration = recall_duration(writer, packet->pts);
        if (duration > 0)
            packet->duration = duration;
        rc = fus_writer_mux(writer, writer->video_stream, packet, writer->video->time_base, err);
        if (rc < 0)
            return rc;
    }
}

static int encode(struct fus_writer *writer, AVFrame *av, int64_t pts, int64_t duration,
                  struct fus_error *err)
{
    /* Encoders want rising times. */
    if (writer->frames > 0 && pts <= writer->last_pts)
        pts = writer->last_pts + 1;
    writer->last_pts = pts;
    av->pts = pts;
    av->pict_type = AV_PICTURE_TYPE_NONE;
    remember_duration(writer, pts, duration);
    int rc = avcodec_send_frame(writer->video, av);
    if (rc < 0)
        return fus_av_error(err, FUS_E_INTERNAL, rc, "The video cannot be encoded");
    writer->frames++;
    return drain(writer, err);
}

/* *av becomes a picture that the encoder takes: turned if need be, even. */
static int fit(struct fus_writer *writer, AVFrame **av, bool turned, struct fus_error *err)
{
    const enum AVPixelFormat wanted = writer->video->pix_fmt;
    AVFrame *next = NULL;
    int rc = 0;
    if ((*av)->format == wanted && wanted != AV_PIX_FMT_YUV420P)
        return 0;
    if (writer->turn_pixels && !turned) {
        rc = fus_frame_orient(writer->pool, *av, writer->facts.orientation, &next, err);
        if (rc < 0)
            return rc;
        av_frame_free(av);
        *av = next;
    }
    if ((*av)->width & 1 || (*av)->height & 1) {
        rc = fus_frame_pad_even(writer->pool, *av, &next, err);
        if (rc < 0)
            return rc;
        av_frame_free(av);
        *av = next;
    }
    (*av)->format = AV_PIX_FMT_YUV420P; /* full range is told by the tag, not by the J kind */
    if (wanted == AV_PIX_FMT_YUV420P)
        return 0;
    rc = fus_frame_repack(&writer->pack_scaler, writer->pool, *av, wanted, writer->matrix, &next,
                          err);
    if (rc < 0)
        return rc;
    av_frame_free(av);
    *av = next;
    return 0;
}

/* Constant rate: each tick shows the picture whose time, rounded, is nearest before it. */
static int hold(struct fus_writer *writer, AVFrame *av, int64_t pts_us, int64_t duration_us,
                struct fus_error *err)
{
    int64_t tick = llround((double)pts_us * writer->fps / 1e6);
    int rc = 0;
    for (; rc == 0 && writer->held && writer->held_tick < tick; writer->held_tick++)
        rc = encode(writer, writer->held, writer->held_tick, 1, err);
    if (rc < 0) {
        av_frame_free(&av);
        return rc;
    }
    if (!writer->held)
        writer->held_tick = FUS_MAX(tick, 0);
    av_frame_free(&writer->held);
    writer->held = av;
    writer->held_end_us = pts_us + duration_us;
    return 0;
}

int fus_writer_picture(struct fus_writer *writer, AVFrame *av, bool turned, int64_t pts_us,
                       int64_t duration_us, struct fus_error *err)
{
    int rc = fit(writer, &av, turned, err);
    if (rc < 0) {
        av_frame_free(&av);
        return rc;
    }
    if (writer->fps > 0)
        return hold(writer, av, pts_us, duration_us, err);
    AVRational base = writer->video->time_base;
    rc = encode(writer, av, av_rescale_q(pts_us, fus_av_microseconds(), base),
                av_rescale_q(duration_us, fus_av_microseconds(), base), err);
    av_frame_free(&av);
    return rc;
}

int fus_writer_flush_video(struct fus_writer *writer, struct fus_error *err)
{
    int rc = 0;
    if (writer->held) {
        int64_t end = llround((double)writer->held_end_us * writer->fps / 1e6);
        if (writer->frames == 0) /* a clip shorter than a tick has its picture all the same */
            end = FUS_MAX(end, writer->held_tick + 1);
        for (; rc == 0 && writer->held_tick < end; writer->held_tick++)
            rc = encode(writer, writer->held, writer->held_tick, 1, err);
        av_frame_free(&writer->held);
    }
    if (rc == 0 && writer->frames > 0) {
        avcodec_send_frame(writer->video, NULL);
        rc = drain(writer, err);
    }
    return rc;
}
