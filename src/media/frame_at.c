#include "base/mem.h"
#include "media/demux.h"
#include "media/frame.h"
#include "media/orient.h"
#include "media/reader_facts.h"

/* The number itself, or that of the clip's last frame. */
static int clamp_number(const char *path, const struct fus_media_limits *limits, int64_t *number,
                        struct fus_error *err)
{
    FUS_CLEANUP(fus_demux_free) struct fus_demux *demux = NULL;
    FUS_AUTO_FREE int64_t *times = NULL;
    int64_t found = 0;
    struct fus_error reason = {0};
    int rc = fus_demux_open(path, limits, &demux, err);
    if (rc < 0)
        return rc;
    rc = fus_demux_times(demux, *number + 1, &times, &found, &reason);
    if (rc == FUS_E_NOT_FOUND)
        return 0;
    if (rc < 0)
        return fus_error_set(err, rc, "%s", reason.detail);
    *number = FUS_CLAMP(*number, 0, FUS_MAX(found - 1, 0));
    return 0;
}

static int to_upright_bgr(const struct fus_frame *frame, int orientation, struct fus_image *bgr,
                          struct fus_error *err)
{
    const struct fus_frame_handle *handle = frame->handle;
    int width = frame->image.width, height = frame->image.height;
    bool swap = fus_orient_swaps(orientation);
    FUS_AUTO_IMAGE struct fus_image stored = {0};
    struct fus_scaler scaler = {0};
    AVFrame *view = av_frame_alloc();
    int rc = view ? fus_image_alloc(&stored, FUS_PIXEL_BGR8, width, height, err)
                  : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a frame.");
    if (rc == 0) {
        view->format = AV_PIX_FMT_BGR24;
        view->width = width;
        view->height = height;
        view->data[0] = stored.plane[0];
        view->linesize[0] = (int)stored.stride_bytes[0];
        rc = fus_scaler_run(&scaler, handle->av, view, frame->image.matrix, true, err);
    }
    av_frame_free(&view);
    fus_scaler_done(&scaler);
    if (rc == 0 && orientation == 1) {
        *bgr = stored;
        stored = (struct fus_image){0};
        return 0;
    }
    struct fus_image upright = {0};
    if (rc == 0)
        rc = fus_image_alloc(&upright, FUS_PIXEL_BGR8, swap ? height : width, swap ? width : height,
                             err);
    if (rc < 0)
        return rc;
    fus_orient_plane(orientation, 3, stored.plane[0], stored.stride_bytes[0], width, height,
                     upright.plane[0], upright.stride_bytes[0]);
    *bgr = upright;
    return 0;
}

int fus_reader_frame_at(const char *path, const struct fus_media_limits *limits, int threads,
                        int64_t frame_number, struct fus_image *bgr, struct fus_error *err)
{
    int64_t number = FUS_MAX(frame_number, 0);
    int rc = number > 0 ? clamp_number(path, limits, &number, err) : 0;
    if (rc < 0)
        return rc;
    struct fus_reader_options options = {
        .threads = threads, .video_only = true, .start_frame = number};
    FUS_CLEANUP(fus_reader_free) struct fus_reader *reader = NULL;
    FUS_CLEANUP(fus_message_free) struct fus_message *message = NULL;
    struct fus_clip_facts facts;
    const AVCodecParameters *audio = NULL;
    rc = fus_reader_open(path, limits, &options, &reader, err);
    if (rc == 0)
        rc = fus_reader_next(reader, &message, err);
    if (rc < 0)
        return rc;
    if (message->kind != FUS_MESSAGE_VIDEO)
        return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "Frame %lld cannot be decoded.",
                             (long long)number);
    fus_reader_facts(reader, &facts, &audio);
    return to_upright_bgr(&message->frame, facts.orientation, bgr, err);
}
