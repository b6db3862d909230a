#include "pipeline/moderate.h"

#include <math.h>

#include "media/reader.h"
#include "media/still.h"
#include "safety/gate.h"
#include "vision/color.h"

static int reject(const struct fus_moderation *moderation, bool clip, struct fus_error *err)
{
    if (!clip)
        return fus_error_set_at(err, FUS_E_CONTENT_REJECTED, "/target",
                                "The content gate found explicit content in the target.");
    return fus_error_set_at(
        err, FUS_E_CONTENT_REJECTED, "/target",
        "The content gate found explicit content in %lld of %lld sampled frames (%.1f %%).",
        (long long)moderation->voted, (long long)moderation->sampled, moderation->rate);
}

static int look(struct fus_gate *gate, const struct fus_image *bgr, int64_t frame,
                struct fus_moderation *moderation, struct fus_error *err)
{
    bool voted = false;
    int rc = fus_gate_look(gate, bgr, &voted, NULL, err);

    if (!rc)
        fus_moderation_count(moderation, frame, voted);
    return rc;
}

static int moderate_still(const struct fus_moderation_request *request, struct fus_gate *gate,
                          struct fus_moderation *moderation, struct fus_error *err)
{
    FUS_AUTO_STILL struct fus_still still = {0};
    int rc = fus_still_read(request->target_path, request->limits, &still, err);

    return rc ? rc : look(gate, &still.image, 0, moderation, err);
}

/* A frame of the clip. The first one is kept, and looked at if it is a sample; of the others those
 * that are no sample are only decoded. */
static int take_frame(const struct fus_frame *frame, int64_t number, bool first, int64_t every,
                      struct fus_gate *gate, struct fus_image *bgr,
                      struct fus_moderation *moderation, struct fus_error *err)
{
    const struct fus_image *image = &frame->image;
    bool sample = number % every == 0;
    int rc = 0;

    if (!sample && !first)
        return 0;
    if (!bgr->plane[0])
        rc = fus_image_alloc(bgr, FUS_PIXEL_BGR8, image->width, image->height, err);
    if (rc)
        return rc;
    fus_color_to_bgr(image, (struct fus_rect){0, 0, image->width, image->height}, bgr->plane[0],
                     bgr->stride_bytes[0]);
    return sample ? look(gate, bgr, number, moderation, err) : 0;
}

/* One frame a second, counted from the clip's first frame, of the range that will be processed. A
 * range too short to hold one is judged by its first frame: FaceFusion lets it pass unseen. */
static int moderate_clip(const struct fus_moderation_request *request, struct fus_gate *gate,
                         struct fus_progress *progress, struct fus_moderation *moderation,
                         struct fus_error *err)
{
    const struct fus_reader_options options = {
        .threads = request->threads,
        .video_only = true,
        .start_frame = request->start_frame,
        .end_frame = request->end_frame,
    };
    int64_t every = FUS_MAX((int64_t)request->info->fps, 1), number = request->start_frame;
    FUS_CLEANUP(fus_reader_free) struct fus_reader *reader = NULL;
    FUS_AUTO_IMAGE struct fus_image bgr = {0};
    int rc = fus_reader_open(request->target_path, request->limits, &options, &reader, err);

    while (!rc) {
        FUS_CLEANUP(fus_message_free) struct fus_message *message = NULL;

        rc = fus_progress_check(progress, err);
        if (!rc)
            rc = fus_reader_next(reader, &message, err);
        if (rc || message->kind == FUS_MESSAGE_END)
            break;
        if (message->kind == FUS_MESSAGE_VIDEO) {
            rc = take_frame(&message->frame, number, number == request->start_frame, every, gate,
                            &bgr, moderation, err);
            number++;
        }
    }
    if (!rc && moderation->sampled == 0 && bgr.plane[0])
        rc = look(gate, &bgr, request->start_frame, moderation, err);
    return rc;
}

static int look_at_target(const struct fus_moderation_request *request,
                          struct fus_progress *progress, struct fus_moderation *moderation,
                          struct fus_error *err)
{
    FUS_CLEANUP(fus_gate_free) struct fus_gate *gate = NULL;
    bool clip = request->info->is_video;
    int rc = fus_gate_new(request->models, request->threads, &gate, err);

    if (!rc)
        rc = clip ? moderate_clip(request, gate, progress, moderation, err)
                  : moderate_still(request, gate, moderation, err);
    if (rc)
        return rc;
    if (clip ? moderation->rate > FUS_GATE_RATE_MAX : moderation->voted > 0) {
        moderation->state = FUS_MODERATION_REJECTED;
        return reject(moderation, clip, err);
    }
    moderation->state = FUS_MODERATION_PASSED;
    return 0;
}

int fus_moderate(const struct fus_moderation_request *request, struct fus_progress *progress,
                 struct fus_moderation *moderation, struct fus_error *err)
{
    *moderation = (struct fus_moderation){.state = FUS_MODERATION_NONE};
    if (!request->makes_pictures)
        return 0;
    if (request->policy == FUS_GATE_OFF) {
        moderation->state = FUS_MODERATION_OFF;
        fus_progress_warn(progress, "content_gate_off",
                          "The content gate is off (policy.gate = off): the target was not looked "
                          "at.");
        return 0;
    }
    if (request->policy == FUS_GATE_AUTO && !request->generates &&
        !fus_gate_installed(request->models, NULL)) {
        moderation->state = FUS_MODERATION_NOT_INSTALLED;
        return 0;
    }
    fus_progress_step(progress, FUS_STEP_MODERATING, 1);
    return look_at_target(request, progress, moderation, err);
}
