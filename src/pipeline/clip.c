/* A clip: one pass, frames in order, nothing on disk but the output. This file is the middle of the
 * pipeline (clip_stages.h): faces and selection, which run in the reader's thread so that they
 * overlap with the processors, and the processors. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "faces/track_window.h"
#include "faces/tracker.h"
#include "pipeline/clip_stages.h"
#include "pipeline/job.h"
#include "pipeline/options.h"
#include "pipeline/size.h"
#include "pipeline/upright.h"

/* Percent of the job at the first and behind the last frame. */
#define FRAMES_FROM 5
#define FRAMES_TO 95

/* Used by the reader's thread alone between fus_clip_stages_start and _finish; `job->selection` and
 * the analyser are too. */
struct analysis {
    struct fus_pipeline_job *job;
    struct fus_tracker *tracker;     /* filtered points, for processors that want tracks */
    struct fus_track_window *window; /* FaceFusion's, if asked for */
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
    struct fus_size native, working, output; /* as seen */
    struct fus_label_tags tags;              /* alive as long as the writer */
};

static bool needs_faces(const struct clip *clip)
{
    return clip->job->chain.needs & FUS_NEEDS_FACES;
}

/* The picture leaves the pipeline in a size of its own, or comes from one. */
static bool is_sized(const struct clip *clip)
{
    return !fus_size_equal(clip->native, clip->output) || fus_chain_enlarges(&clip->job->chain);
}

static void plan_sizes(struct clip *clip)
{
    double scale = fus_params_float(clip->job->request->params, "output_video_scale");

    clip->native = (struct fus_size){clip->job->info.width, clip->job->info.height};
    clip->output =
        fus_size_scaled(clip->native, scale, fus_options_compat(clip->job->request->params));
    clip->working = fus_size_working(clip->native, clip->output);
}

/* FaceFusion 3.8 takes every picture of a clip to BGR and back, changed or not. */
static bool as_ffmpeg(const struct fus_pipeline_job *job)
{
    return job->chain.bgr && fus_options_compat(job->request->params);
}

static void reader_options_of(const struct fus_pipeline_job *job, int threads,
                              struct fus_reader_options *options)
{
    const struct fus_params *params = job->request->params;

    *options = (struct fus_reader_options){.threads = threads, .untagged_bt601 = as_ffmpeg(job)};
    if (fus_params_has_value(params, "trim_frame_start"))
        options->start_frame = fus_params_int(params, "trim_frame_start");
    if (fus_params_has_value(params, "trim_frame_end"))
        options->end_frame = fus_params_int(params, "trim_frame_end");
}

/* A range without a frame is the request's mistake. */
static int check_range(const struct fus_reader_options *options, bool end_given,
                       struct fus_error *err)
{
    if (end_given && options->end_frame <= options->start_frame)
        return fus_error_set_at(err, FUS_E_INVALID_PARAMETER, "/parameters/trim_frame_end",
                                "No frame lies between trim_frame_start %lld and trim_frame_end "
                                "%lld.",
                                (long long)options->start_frame, (long long)options->end_frame);
    return 0;
}

static int open_ends(struct clip *clip, struct fus_error *err)
{
    struct fus_pipeline_job *job = clip->job;
    const struct fus_pipeline_request *request = job->request;
    struct fus_thread_plan plan = fus_thread_plan(job->engine->threads);
    struct fus_reader_options reader_options;
    struct fus_writer_options writer_options;
    bool tagged = job->labelled && fus_label_by_tags(job->container);
    int rc;

    reader_options_of(job, plan.decoder, &reader_options);
    rc = check_range(&reader_options, fus_params_has_value(request->params, "trim_frame_end"), err);
    if (!rc)
        rc = fus_reader_open(request->target_path, &request->limits, &reader_options, &clip->reader,
                             err);
    if (rc)
        return rc;
    job->info = *fus_reader_info(clip->reader);
    plan_sizes(clip);
    if (tagged)
        fus_label_tags(&job->label, &clip->tags);
    fus_options_writer(request->params, job->container, plan.encoder,
                       tagged ? clip->tags.items : NULL, &writer_options);
    if (is_sized(clip)) {
        writer_options.upright = true;
        writer_options.width = clip->output.width;
        writer_options.height = clip->output.height;
    }
    return fus_writer_open(job->output.temporary, clip->reader, &writer_options, &clip->writer,
                           err);
}

static int analyse_reference(struct fus_pipeline_job *job, struct fus_image *picture,
                             struct fus_faces *faces, struct fus_error *err)
{
    struct fus_selection *selection = &job->selection;
    unsigned wants = fus_selection_reference_wants(selection);
    int rc = fus_reader_frame_at(job->request->target_path, &job->request->limits,
                                 job->engine->threads, selection->frame_number, picture, err);

    if (!rc)
        rc = fus_analyser_find(job->analyser, picture, faces, err);
    for (size_t i = 0; !rc && wants && i < faces->count; i++)
        rc = fus_analyser_add(job->analyser, picture, wants, &faces->items[i], err);
    return rc ? rc : fus_selection_refer(selection, faces, err);
}

/* The faces of the reference frame. Without a recognizer frames before a named one are decided by
 * place and size, as are those behind a miss, and without a name the first face is it. */
static int find_reference(struct clip *clip, struct fus_error *err)
{
    struct fus_pipeline_job *job = clip->job;
    struct fus_selection *selection = &job->selection;
    struct fus_image picture = {0};
    FUS_AUTO_FREE struct fus_faces *faces = NULL;
    int rc;

    if (selection->options.mode != FUS_SELECT_REFERENCE)
        return 0;
    if (!selection->by_embedding)
        fus_progress_warn(
            &job->progress, "reference_by_tracking",
            "No face recognizer is installed: the reference face is followed by tracking and "
            "found again by place and size.");
    if (!selection->by_embedding && !selection->frame_given)
        return 0;
    faces = fus_calloc(1, sizeof(*faces));
    if (!faces)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the faces.");
    rc = analyse_reference(job, &picture, faces, err);
    fus_image_done(&picture);
    return rc;
}

static int open_faces(struct clip *clip, struct fus_error *err)
{
    struct fus_pipeline_job *job = clip->job;
    const struct fus_params *params = job->request->params;
    const struct fus_tracker_options options = {0};
    double score = fus_params_float(params, "face_tracker_score");
    int64_t start_us = fus_clock_monotonic_us();
    int rc;

    if (!needs_faces(clip))
        return 0;
    rc = find_reference(clip, err);
    if (rc)
        return rc;
    if (job->chain.wants & FUS_WANTS_TRACKS)
        rc = fus_tracker_new(job->analyser, &options, &clip->analysis.tracker, err);
    else if (score > 0)
        rc = fus_track_window_new((int)fus_params_int(params, "target_frame_amount"), score,
                                  &clip->analysis.window, err);
    job->result->timings.analyse_ms += fus_clock_ms_since(start_us);
    return rc;
}

/* The canvas of an item: the frame itself, or its upright copy. */
static int show(struct fus_pipeline_job *job, struct fus_clip_item *item, struct fus_error *err)
{
    struct fus_image *frame = &item->message->frame.image;
    int rotation = job->info.rotation;

    item->canvas.as_ffmpeg = as_ffmpeg(job);
    if (rotation == 0) {
        fus_canvas_start(&item->canvas, frame);
        return 0;
    }
    if (!item->upright.plane[0]) {
        int rc = fus_upright_alloc(&item->upright, frame, rotation, err);

        if (rc)
            return rc;
    }
    fus_upright_from(&item->upright, frame, rotation);
    fus_canvas_start(&item->canvas, &item->upright);
    return 0;
}

/* The picture that models look at; as BGR at once if processors will want that anyway. */
static int seen_picture(const struct fus_pipeline_job *job, struct fus_clip_item *item,
                        struct fus_image **seen, struct fus_error *err)
{
    if (job->chain.bgr)
        return fus_canvas_bgr(&item->canvas, seen, err);
    *seen = item->canvas.shown ? &item->canvas.bgr : item->canvas.native;
    return 0;
}

static int find(struct analysis *analysis, struct fus_clip_item *item, struct fus_error *err)
{
    struct fus_pipeline_job *job = analysis->job;
    struct fus_image *seen;
    int rc = show(job, item, err);

    if (!rc)
        rc = seen_picture(job, item, &seen, err);
    if (rc)
        return rc;
    if (analysis->tracker)
        return fus_tracker_next(analysis->tracker, seen, item->message->frame.pts_us,
                                fus_selection_track(&job->selection), &item->faces, err);
    rc = fus_analyser_find(job->analyser, seen, &item->faces, err);
    if (!rc && analysis->window)
        rc = fus_track_window_push(analysis->window, &item->faces, err);
    return rc;
}

/* In the reader's thread, as is settle. */
static int look(void *user, struct fus_clip_item *item, struct fus_error *err)
{
    struct analysis *analysis = user;
    int64_t start_us = fus_clock_monotonic_us();
    int rc = find(analysis, item, err);

    analysis->busy_ms += fus_clock_ms_since(start_us);
    return rc;
}

/* What the selection looks at of all faces (a tracker finds only points), and what processors want
 * of the chosen ones. */
static int add_facts(struct analysis *analysis, struct fus_clip_item *item, unsigned wants,
                     const struct fus_face *const *faces, size_t count, struct fus_error *err)
{
    struct fus_image *seen;
    int rc = 0;

    if (!wants || count == 0)
        return 0;
    rc = seen_picture(analysis->job, item, &seen, err);
    for (size_t i = 0; !rc && i < count; i++) {
        /* all of them are this item's own */
        struct fus_face *face = &item->faces.items[faces ? faces[i] - item->faces.items : (long)i];

        if ((face->has & wants) != wants)
            rc = fus_analyser_add(analysis->job->analyser, seen, wants, face, err);
    }
    return rc;
}

static int choose(struct analysis *analysis, struct fus_clip_item *item, struct fus_error *err)
{
    struct fus_pipeline_job *job = analysis->job;
    struct fus_selection *selection = &job->selection;
    unsigned wants = fus_selection_wants(selection);
    int rc;

    if (!selection->referred)
        wants |= fus_selection_reference_wants(selection);
    wants &= ~(unsigned)FUS_FACE_HAS_68_5;
    rc = add_facts(analysis, item, wants, NULL, item->faces.count, err);
    if (!rc)
        rc = fus_selection_choose(selection, &item->faces, true, err);
    if (!rc)
        rc = add_facts(analysis, item,
                       job->chain.wants & (FUS_FACE_HAS_EMBEDDING | FUS_FACE_HAS_CLASSES),
                       selection->faces, selection->count, err);
    return rc;
}

static int settle(void *user, struct fus_clip_item *item, struct fus_error *err)
{
    struct analysis *analysis = user;
    const struct fus_selection *selection = &analysis->job->selection;
    int64_t start_us = fus_clock_monotonic_us();
    int rc;

    if (analysis->window && !fus_track_window_pop(analysis->window, &item->faces)) {
        fus_track_window_finish(analysis->window); /* no frame will come any more */
        if (!fus_track_window_pop(analysis->window, &item->faces))
            item->faces.count = 0;
    }
    analysis->frames_with_faces += item->faces.count > 0;
    analysis->faces_max = FUS_MAX(analysis->faces_max, (int)item->faces.count);
    rc = choose(analysis, item, err);
    if (rc)
        return rc;
    memcpy(item->chosen, selection->faces, selection->count * sizeof(*item->chosen));
    item->chosen_count = selection->count;
    analysis->busy_ms += fus_clock_ms_since(start_us);
    return 0;
}

/* The canvas with what processors make of it, in the output's size if that is another. */
static int run_chain(struct clip *clip, struct fus_clip_item *item, struct fus_error *err)
{
    struct fus_pipeline_job *job = clip->job;
    const struct fus_chain_frame work = {
        .canvas = &item->canvas,
        .faces = item->chosen,
        .face_count = item->chosen_count,
        .face_width = clip->native.width,
        .face_height = clip->native.height,
        .pts_us = item->message->frame.pts_us,
        .index = item->message->frame.index,
    };
    int rc = 0;

    if (!fus_size_equal(clip->working, clip->native))
        rc = fus_canvas_resize(&item->canvas, clip->working.width, clip->working.height, err);
    if (!rc)
        rc = fus_chain_process(&job->chain, &work, err);
    if (!rc && fus_chain_enlarges(&job->chain))
        rc = fus_canvas_resize(&item->canvas, clip->output.width, clip->output.height, err);
    return rc;
}

static int change_frame(struct clip *clip, struct fus_clip_item *item, struct fus_error *err)
{
    struct fus_pipeline_job *job = clip->job;
    struct fus_frame *frame = &item->message->frame;
    int64_t start_us = fus_clock_monotonic_us();
    int rc = fus_frame_make_writable(frame, err);

    if (!rc && !clip->stages.analysis.look)
        rc = show(job, item, err);
    if (!rc)
        rc = run_chain(clip, item, err);
    if (!rc && !item->canvas.sized && job->info.rotation != 0)
        fus_upright_to(&item->upright, &frame->image, job->info.rotation);
    job->result->timings.swap_ms += fus_clock_ms_since(start_us);
    job->result->faces_changed += (int64_t)item->chosen_count;
    return rc;
}

static int process_frame(struct clip *clip, struct fus_clip_item *item, struct fus_error *err)
{
    struct fus_pipeline_job *job = clip->job;
    bool concerned =
        job->chain.count > 0 && (!needs_faces(clip) || item->chosen_count > 0 || as_ffmpeg(job) ||
                                 !fus_size_equal(clip->working, clip->native));
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
        .look = needs_faces(clip) ? look : NULL,
        .settle = needs_faces(clip) ? settle : NULL,
        .hold = clip->analysis.window
                    ? (int)fus_params_int(clip->job->request->params, "target_frame_amount")
                    : 0,
    };
    struct fus_error stage_err = {0};
    int rc, stage_rc;

    clip->analysis.job = clip->job;
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

/* What the output is not, although somebody may think so. */
static void warn_about_output(struct clip *clip)
{
    struct fus_pipeline_job *job = clip->job;
    const char *asked = fus_params_text(job->request->params, "output_video_encoder");
    const char *ran = fus_writer_video_encoder(clip->writer);
    char text[160];

    if (fus_params_is_set(job->request->params, "output_video_encoder") && ran[0] != '\0' &&
        strcmp(asked, ran) != 0) {
        snprintf(text, sizeof(text), "The container takes no %s; the pictures were encoded by %s.",
                 asked, ran);
        fus_progress_warn(&job->progress, "encoder_replaced", text);
    }
    if (job->info.left_out > 0) {
        snprintf(text, sizeof(text),
                 "%d further streams of the target (sound, subtitles, data) were left out.",
                 job->info.left_out);
        fus_progress_warn(&job->progress, "streams_left_out", text);
    }
    if (job->info.hdr)
        fus_progress_warn(&job->progress, "hdr_not_mapped",
                          "The target is HDR; its pictures were reduced to 8 bits without tone "
                          "mapping.");
    if (needs_faces(clip) && job->result->faces_changed == 0)
        fus_progress_warn(&job->progress, "no_face_selected",
                          "The selection leaves no face in any frame; the clip was not changed.");
    if (fus_reader_skipped(clip->reader) > 0)
        fus_progress_warn(&job->progress, "damaged_frames",
                          "Some of the target's packets were damaged and have been skipped.");
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
    if (fus_params_has_value(job->request->params, "trim_frame_start") ||
        fus_params_has_value(job->request->params, "trim_frame_end"))
        result->duration_seconds =
            result->fps > 0 ? (double)result->frames / result->fps : 0; /* of what is left */
    result->width = clip->output.width;
    result->height = clip->output.height;
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
    if (!rc)
        warn_about_output(clip);
    fus_clip_stages_done(&clip->stages);
    fus_writer_free(clip->writer);
    fus_reader_free(clip->reader);
    fus_tracker_free(clip->analysis.tracker);
    fus_track_window_free(clip->analysis.window);
    return rc ? rc : label(clip, err);
}
