/* A clip: one pass, frames in order, nothing on disk but the output. This file is the middle of the
 * pipeline (clip_stages.h): faces and selection, which run in the reader's thread so that they
 * overlap with the processors, and the processors. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "faces/tracker.h"
#include "pipeline/clip_stages.h"
#include "pipeline/job.h"
#include "pipeline/options.h"
#include "pipeline/upright.h"

/* Percent of the job at the first and behind the last frame. */
#define FRAMES_FROM 5
#define FRAMES_TO 95

/* A turned clip's frame as it is seen. */
struct view {
    int rotation;
    struct fus_image upright;
};

/* Used by the reader's thread alone between fus_clip_stages_start and _finish; `job->selection` is
 * too. */
struct analysis {
    struct fus_selection *selection;
    struct fus_tracker *tracker; /* NULL when no processor needs faces */
    struct view view;
    int64_t frames_with_faces;
    int faces_max;
    double busy_ms;
};

struct clip {
    struct fus_pipeline_job *job;
    struct fus_reader *reader;
    struct fus_writer *writer;
    struct analysis analysis;
    struct fus_clip_stages stages;
    struct view view;
    struct fus_label_tags tags; /* alive as long as the writer */
};

static bool needs_faces(const struct clip *clip)
{
    return clip->job->chain.needs & FUS_NEEDS_FACES;
}

static int open_ends(struct clip *clip, struct fus_error *err)
{
    struct fus_pipeline_job *job = clip->job;
    const struct fus_pipeline_request *request = job->request;
    struct fus_thread_plan plan = fus_thread_plan(job->engine->threads);
    struct fus_reader_options reader_options = {.threads = plan.decoder};
    struct fus_writer_options writer_options;
    bool tagged = job->labelled && fus_label_by_tags(job->container);
    int rc = fus_reader_open(request->target_path, &request->limits, &reader_options, &clip->reader,
                             err);

    if (rc)
        return rc;
    job->info = *fus_reader_info(clip->reader);
    if (tagged)
        fus_label_tags(&job->label, &clip->tags);
    fus_options_writer(request->params, job->container, plan.encoder,
                       tagged ? clip->tags.items : NULL, &writer_options);
    return fus_writer_open(job->output.temporary, clip->reader, &writer_options, &clip->writer,
                           err);
}

/* The reference face from a frame that the request names. Frames before it are decided by place and
 * size, as are those behind a miss. */
static int find_reference(struct clip *clip, struct fus_error *err)
{
    struct fus_pipeline_job *job = clip->job;
    struct fus_selection *selection = &job->selection;
    struct fus_image picture = {0};
    FUS_AUTO_FREE struct fus_faces *faces = NULL;
    int rc;

    if (selection->mode != FUS_SELECT_REFERENCE)
        return 0;
    fus_progress_warn(
        &job->progress, "reference_by_tracking",
        "No face recognizer is installed: the reference face is followed by tracking and "
        "found again by place and size.");
    if (!selection->frame_given)
        return 0;
    faces = fus_calloc(1, sizeof(*faces));
    if (!faces)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the faces.");
    rc = fus_reader_frame_at(job->request->target_path, &job->request->limits, job->engine->threads,
                             selection->frame_number, &picture, err);
    if (!rc)
        rc = fus_analyser_find(job->analyser, &picture, faces, err);
    if (!rc)
        rc = fus_selection_refer(selection, faces, err);
    fus_image_done(&picture);
    return rc;
}

static int open_faces(struct clip *clip, struct fus_error *err)
{
    struct fus_pipeline_job *job = clip->job;
    const struct fus_tracker_options options = {0};
    int64_t start_us = fus_clock_monotonic_us();
    int rc;

    if (!needs_faces(clip))
        return 0;
    rc = find_reference(clip, err);
    if (!rc)
        rc = fus_tracker_new(job->analyser, &options, &clip->analysis.tracker, err);
    job->result->timings.analyse_ms += fus_clock_ms_since(start_us);
    return rc;
}

/* The picture that faces and processors see: the frame itself, or its upright copy. */
static int look(struct view *view, struct fus_frame *frame, struct fus_image **seen,
                struct fus_error *err)
{
    *seen = &frame->image;
    if (view->rotation == 0)
        return 0;
    if (!view->upright.plane[0]) {
        int rc = fus_upright_alloc(&view->upright, &frame->image, view->rotation, err);

        if (rc)
            return rc;
    }
    fus_upright_from(&view->upright, &frame->image, view->rotation);
    *seen = &view->upright;
    return 0;
}

/* In the reader's thread. */
static int analyse_frame(void *user, struct fus_clip_item *item, struct fus_error *err)
{
    struct analysis *analysis = user;
    struct fus_selection *selection = analysis->selection;
    int64_t start_us = fus_clock_monotonic_us();
    struct fus_image *seen;
    int rc = look(&analysis->view, &item->message->frame, &seen, err);

    if (!rc)
        rc = fus_tracker_next(analysis->tracker, seen, item->message->frame.pts_us,
                              fus_selection_track(selection), &item->faces, err);
    if (rc)
        return rc;
    analysis->frames_with_faces += item->faces.count > 0;
    analysis->faces_max = FUS_MAX(analysis->faces_max, (int)item->faces.count);
    fus_selection_choose(selection, &item->faces, true);
    memcpy(item->chosen, selection->faces, selection->count * sizeof(*item->chosen));
    item->chosen_count = selection->count;
    analysis->busy_ms += fus_clock_ms_since(start_us);
    return 0;
}

static int change_frame(struct clip *clip, struct fus_clip_item *item, struct fus_error *err)
{
    struct fus_pipeline_job *job = clip->job;
    struct fus_frame *frame = &item->message->frame;
    int64_t start_us = fus_clock_monotonic_us();
    struct fus_image *seen;
    int rc = fus_frame_make_writable(frame, err);

    if (!rc)
        rc = look(&clip->view, frame, &seen, err);
    if (rc)
        return rc;

    struct fus_processor_frame work = {
        .image = seen,
        .faces = item->chosen,
        .face_count = item->chosen_count,
        .pts_us = frame->pts_us,
        .index = frame->index,
    };

    rc = fus_chain_process(&job->chain, &work, err);
    if (!rc && seen != &frame->image)
        fus_upright_to(seen, &frame->image, clip->view.rotation);
    job->result->timings.swap_ms += fus_clock_ms_since(start_us);
    job->result->faces_changed += (int64_t)item->chosen_count;
    return rc;
}

static int process_frame(struct clip *clip, struct fus_clip_item *item, struct fus_error *err)
{
    struct fus_pipeline_job *job = clip->job;
    bool concerned = job->chain.count > 0 && (!needs_faces(clip) || item->chosen_count > 0);
    int rc = fus_progress_check(&job->progress, err);

    if (!rc && concerned)
        rc = change_frame(clip, item, err);
    if (rc)
        return rc;
    job->result->frames++;
    fus_progress_frames(&job->progress, job->result->frames, job->info.frames, FRAMES_FROM,
                        FRAMES_TO);
    return 0;
}

/* Items from the reader to the writer until END. FUS_E_INTERNAL without a text when one of the ends
 * has stopped: its own error says why. An item that is not given on is freed with the stages. */
static int pump(struct clip *clip, struct fus_error *err)
{
    bool last = false;

    while (!last) {
        bool ended;
        struct fus_clip_item *item = fus_clip_stages_take(&clip->stages, 100, &ended);
        int rc = 0;

        if (!item) {
            rc = ended ? FUS_E_INTERNAL : fus_progress_check(&clip->job->progress, err);
            if (rc)
                return rc;
            continue;
        }
        if (item->message->kind == FUS_MESSAGE_VIDEO)
            rc = process_frame(clip, item, err);
        if (rc)
            return rc;
        last = item->message->kind == FUS_MESSAGE_END;
        /* behind END the reader's thread writes no more, and the queue has handed its figures over
         */
        if (last && needs_faces(clip) && clip->analysis.frames_with_faces == 0)
            return fus_error_set(err, FUS_E_NO_FACE_IN_TARGET,
                                 "No face was found in any frame of the target.");
        if (!fus_clip_stages_give(&clip->stages, item))
            return FUS_E_INTERNAL;
    }
    return 0;
}

static int stream(struct clip *clip, struct fus_error *err)
{
    const struct fus_clip_analysis analysis = {
        .user = &clip->analysis,
        .frame = clip->analysis.tracker ? analyse_frame : NULL,
    };
    struct fus_error stage_err = {0};
    int rc, stage_rc;

    clip->analysis.selection = &clip->job->selection;
    clip->analysis.view.rotation = clip->view.rotation = clip->job->info.rotation;

    fus_progress_step(&clip->job->progress, FUS_STEP_PROCESSING_FRAMES, FRAMES_FROM);
    rc = fus_clip_stages_start(&clip->stages, clip->reader, clip->writer, &analysis, err);
    if (!rc)
        rc = pump(clip, err);
    if (!rc)
        fus_progress_step(&clip->job->progress, FUS_STEP_ENCODING_OUTPUT, FRAMES_TO);
    stage_rc = fus_clip_stages_finish(&clip->stages, rc != 0, &stage_err);
    if (stage_rc && (rc == 0 || rc == FUS_E_INTERNAL)) {
        if (err)
            *err = stage_err;
        return stage_rc;
    }
    return rc;
}

static void take_facts(struct clip *clip)
{
    struct fus_pipeline_job *job = clip->job;
    struct fus_pipeline_result *result = job->result;

    result->timings.decode_ms = clip->stages.read.busy_ms;
    result->timings.encode_ms = clip->stages.write.busy_ms;
    result->timings.analyse_ms += clip->analysis.busy_ms;
    result->frames_with_faces = clip->analysis.frames_with_faces;
    result->faces_target_max = clip->analysis.faces_max;
    result->has_audio = job->info.has_audio;
    result->audio_copied = fus_writer_audio_copied(clip->writer);
    /* a constant rate drops or repeats frames: the facts are the output's, not the target's */
    result->frames = fus_writer_frames(clip->writer);
    result->fps = job->info.fps;
    if (fus_params_has_value(job->request->params, "output_video_fps"))
        result->fps = fus_params_float(job->request->params, "output_video_fps");
    result->duration_seconds = job->info.duration_seconds;
    if (needs_faces(clip) && result->faces_changed == 0)
        fus_progress_warn(&job->progress, "no_face_selected",
                          "The selection leaves no face in any frame; the clip was not changed.");
    if (fus_reader_skipped(clip->reader) > 0)
        fus_progress_warn(&job->progress, "damaged_frames",
                          "Some of the target's packets were damaged and have been skipped.");
}

static int label(struct clip *clip, struct fus_error *err)
{
    struct fus_pipeline_job *job = clip->job;
    int64_t start_us = fus_clock_monotonic_us();
    int rc = 0;

    fus_progress_step(&job->progress, FUS_STEP_LABELLING, 98);
    if (job->labelled)
        rc = fus_label_clip(job->output.temporary, job->container, &job->label, err);
    job->result->timings.label_ms = fus_clock_ms_since(start_us);
    return rc;
}

int fus_clip_run(struct fus_pipeline_job *job, struct fus_error *err)
{
    FUS_AUTO_FREE struct clip *clip = fus_calloc(1, sizeof(*clip));
    int rc;

    if (!clip)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the clip.");
    clip->job = job;
    rc = open_ends(clip, err);
    if (!rc)
        rc = open_faces(clip, err);
    if (!rc)
        rc = stream(clip, err);
    if (!rc)
        take_facts(clip);
    fus_clip_stages_done(&clip->stages);
    fus_writer_free(clip->writer);
    fus_reader_free(clip->reader);
    fus_tracker_free(clip->analysis.tracker);
    fus_image_done(&clip->analysis.view.upright);
    fus_image_done(&clip->view.upright);
    return rc ? rc : label(clip, err);
}
