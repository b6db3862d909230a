/* A job from its request to its published file; stills and clips part in still.c and clip.c. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "pipeline/job.h"
#include "pipeline/moderate.h"
#include "pipeline/options.h"

static int probe(struct fus_pipeline_job *job, struct fus_error *err)
{
    const struct fus_pipeline_request *request = job->request;
    int64_t start_us = fus_clock_monotonic_us();
    int rc;

    fus_progress_step(&job->progress, FUS_STEP_PROBING, 0);
    rc = fus_media_probe(request->target_path, &request->limits, &job->info, err);
    if (rc)
        return rc;
    job->result->timings.probe_ms = fus_clock_ms_since(start_us);
    job->result->is_video = job->info.is_video;
    job->result->width = job->info.width;
    job->result->height = job->info.height;
    return 0;
}

static int choose_container(struct fus_pipeline_job *job, struct fus_error *err)
{
    const char *format = job->request->output_format;
    bool video = job->info.is_video;

    job->container = format ? fus_container_from_name(format) : job->info.container;
    if (format && job->container == FUS_CONTAINER_UNKNOWN)
        return fus_error_set_at(err, FUS_E_INVALID_PARAMETER, "/output_format",
                                "\"%s\" is not a format that can be written and labelled.", format);
    /* A kind that can be read but not written and labelled becomes the usual one. */
    if (!format && fus_container_check_output(job->container, NULL) != 0)
        job->container = video ? FUS_CONTAINER_MP4 : FUS_CONTAINER_PNG;

    struct fus_error reason = {0};

    if (fus_container_check_output(job->container, &reason) != 0)
        return fus_error_set_at(err, FUS_E_INVALID_PARAMETER, "/output_format", "%s",
                                reason.detail);
    if (fus_container_is_video(job->container) != video)
        return fus_error_set_at(
            err, FUS_E_INVALID_PARAMETER, "/output_format",
            video ? "The target is a clip: its output is mp4, mov, m4v, mkv, webm, avi or wmv."
                  : "The target is a picture: its output is jpg, png, webp or tiff.");
    job->result->container = job->container;
    return 0;
}

static void add_model(struct fus_pipeline_job *job, const struct fus_model *model)
{
    struct fus_pipeline_result *result = job->result;
    const char *sha256;

    if (!model || result->model_count == FUS_COUNT(result->models))
        return;
    for (size_t i = 0; i < result->model_count; i++) {
        if (strcmp(result->models[i].id, model->id) == 0 &&
            strcmp(result->models[i].role, model->role) == 0)
            return;
    }
    sha256 = fus_models_sha256(job->engine->models, model);
    fus_strlcpy(result->models[result->model_count].id, model->id, sizeof(result->models[0].id));
    fus_strlcpy(result->models[result->model_count].role, model->role,
                sizeof(result->models[0].role));
    fus_strlcpy(result->models[result->model_count].sha256, sha256 ? sha256 : "",
                sizeof(result->models[0].sha256));
    result->model_count++;
}

/* Stills use the whole engine one stage after another; a clip's stages run side by side. */
static int analyser_threads(const struct fus_pipeline_job *job)
{
    return job->info.is_video ? fus_thread_plan(job->engine->threads).analyser
                              : job->engine->threads;
}

static void add_models(struct fus_pipeline_job *job)
{
    const struct fus_model *models[FUS_ANALYSER_MODELS_MAX];
    size_t count = fus_analyser_models(job->analyser, models, FUS_COUNT(models));

    for (size_t i = 0; i < count; i++)
        add_model(job, models[i]);
}

/* Whoever asks for less is served: only what an option or a processor looks at is found. */
/* The gate stands before everything that costs or makes anything. */
static int moderate(struct fus_pipeline_job *job, struct fus_error *err)
{
    const struct fus_params *params = job->request->params;
    const struct fus_model *rows[FUS_CHAIN_MODELS_MAX];
    size_t count =
        fus_chain_models(&job->chain, params, job->engine->models, rows, FUS_COUNT(rows));
    struct fus_moderation_request request = {
        .models = job->engine->models,
        .policy = job->engine->gate,
        .makes_pictures = job->chain.count > 0,
        .target_path = job->request->target_path,
        .info = &job->info,
        .limits = &job->request->limits,
        .start_frame = fus_params_has_value(params, "trim_frame_start")
                           ? fus_params_int(params, "trim_frame_start")
                           : 0,
        .end_frame = fus_params_has_value(params, "trim_frame_end")
                         ? fus_params_int(params, "trim_frame_end")
                         : 0,
        .threads = job->engine->threads,
    };

    for (size_t i = 0; i < count; i++)
        request.generates |= rows[i]->generator;
    return fus_moderate(&request, &job->progress, &job->result->moderation, err);
}

static int open_analyser(struct fus_pipeline_job *job, unsigned source_wants, struct fus_error *err)
{
    struct fus_analyser_options options;
    unsigned chain_wants = job->chain.wants & FUS_FACE_HAS_ALL;

    fus_options_analyser(job->request->params, analyser_threads(job), &options);
    options.wants = fus_selection_wants(&job->selection) | (chain_wants & FUS_FACE_HAS_68_5);
    options.may_want = chain_wants | source_wants | fus_selection_reference_wants(&job->selection);
    return fus_analyser_new(job->engine->models, &options, &job->analyser, err);
}

static int open_faces(struct fus_pipeline_job *job, struct fus_error *err)
{
    int64_t start_us = fus_clock_monotonic_us();
    unsigned source_wants = 0;
    int rc;

    fus_progress_step(&job->progress, FUS_STEP_ANALYSING_FACES, 2);
    if (!(job->chain.needs & (FUS_NEEDS_FACES | FUS_NEEDS_SOURCE_FACE)))
        return 0;
    fus_selection_init(&job->selection, job->request->params, job->engine->models);
    if (job->chain.needs & FUS_NEEDS_SOURCE_FACE) {
        source_wants = fus_selection_source_wants(&job->selection);
        if (job->chain.wants & FUS_WANTS_SOURCE_EMBEDDING)
            source_wants |= FUS_FACE_HAS_EMBEDDING;
    }
    rc = open_analyser(job, source_wants, err);
    if (rc)
        return rc;
    add_models(job);
    if (job->chain.needs & FUS_NEEDS_SOURCE_FACE) {
        rc = fus_sources_read(&job->sources, job->request, job->analyser, source_wants,
                              &job->progress, err);
        if (rc)
            return rc;
        job->result->faces_source = job->sources.faces;
        job->selection.source_faces = job->sources.all;
    }
    job->result->timings.analyse_ms += fus_clock_ms_since(start_us);
    return 0;
}

static int open_chain(struct fus_pipeline_job *job, struct fus_error *err)
{
    const struct fus_processor_context context = {
        .params = job->request->params,
        .models = job->engine->models,
        .sources = job->sources.items,
        .source_count = job->sources.count,
        .clip = job->info.is_video,
        .threads = job->info.is_video ? fus_thread_plan(job->engine->threads).processor
                                      : job->engine->threads,
        .compat = fus_options_compat(job->request->params),
        .opencv_4 = fus_options_opencv_4(job->request->params),
        .warn = fus_progress_warn_user,
        .warn_user = &job->progress,
    };
    int64_t start_us = fus_clock_monotonic_us();
    int rc = fus_chain_open(&job->chain, &context, err);

    job->result->timings.swap_ms += fus_clock_ms_since(start_us);
    return rc;
}

/* The claim of the output: that of its processors, and never less than the target's own label said.
 */
static void make_label(struct fus_pipeline_job *job)
{
    enum fus_digital_source_type target_type;
    bool target_labelled = fus_label_read(job->request->target_path, &target_type, NULL) == 0;
    FUS_AUTO_STR struct fus_str ids = {0};

    const struct fus_model *rows[FUS_CHAIN_MODELS_MAX];
    size_t count = fus_chain_models(&job->chain, job->request->params, job->engine->models, rows,
                                    FUS_COUNT(rows));

    for (size_t i = 0; i < count; i++)
        add_model(job, rows[i]);
    for (size_t i = 0; i < job->result->model_count; i++)
        fus_str_printf(&ids, "%s%s:%s", i ? " " : "", job->result->models[i].role,
                       job->result->models[i].id);
    if (!ids.failed && ids.text)
        fus_strlcpy(job->label_models, ids.text, sizeof(job->label_models));

    job->labelled = job->chain.source_type != FUS_SOURCE_TYPE_NONE || target_labelled;
    job->label = (struct fus_label){
        .type = FUS_DST_COMPOSITE_SYNTHETIC,
        .tool = "fusiond " FUS_VERSION,
        .job_id = job->request->job_id,
        .models = job->label_models[0] ? job->label_models : NULL,
    };
    if (job->chain.source_type == FUS_SOURCE_TYPE_COMPOSITE_TRAINED ||
        (target_labelled && target_type == FUS_DST_COMPOSITE_TRAINED))
        job->label.type = FUS_DST_COMPOSITE_TRAINED;
    if (job->labelled)
        fus_strlcpy(job->result->label_term, fus_label_term(job->label.type),
                    sizeof(job->result->label_term));
}

static int run(struct fus_pipeline_job *job, struct fus_error *err)
{
    int64_t start_us = fus_clock_monotonic_us();
    int rc = probe(job, err);

    if (!rc)
        rc = choose_container(job, err);
    if (!rc)
        rc = fus_chain_choose(&job->chain, job->request->params, job->engine->models, err);
    if (!rc)
        rc = fus_progress_check(&job->progress, err);
    if (!rc)
        rc = moderate(job, err);
    if (!rc)
        rc = open_faces(job, err);
    if (!rc)
        rc = open_chain(job, err);
    if (rc)
        return rc;
    make_label(job);
    rc = fus_output_open(&job->output, job->request->output_path, err);
    if (!rc)
        rc = job->info.is_video ? fus_clip_run(job, err) : fus_still_run(job, err);
    if (!rc)
        rc = fus_progress_check(&job->progress,
                                err); /* the last moment at which nothing is visible */
    if (!rc)
        rc = fus_output_publish(&job->output, job->result->sha256, &job->result->bytes, err);
    if (rc)
        return rc;
    job->result->timings.total_ms = fus_clock_ms_since(start_us);
    fus_progress_step(&job->progress, FUS_STEP_DONE, 100);
    return 0;
}

int fus_pipeline_run(struct fus_engine *engine, const struct fus_pipeline_request *request,
                     const struct fus_pipeline_events *events, struct fus_pipeline_result *result,
                     struct fus_error *err)
{
    /* on the heap: the sources' and the selection's faces are too much for a small thread's stack
     */
    FUS_AUTO_FREE struct fus_pipeline_job *job = fus_calloc(1, sizeof(*job));
    FUS_AUTO_FREE struct fus_pipeline_result *made = fus_calloc(1, sizeof(*made));
    int rc;

    if (!job || !made)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the job.");
    job->engine = engine;
    job->request = request;
    job->result = made;
    fus_progress_init(&job->progress, events);
    rc = run(job, err);
    fus_chain_done(&job->chain);
    fus_selection_done(&job->selection);
    fus_sources_done(&job->sources);
    fus_analyser_free(job->analyser);
    fus_output_done(&job->output);
    if (rc == 0)
        *result = *made;
    else if (rc == FUS_E_CONTENT_REJECTED)
        result->moderation = made->moderation;
    return rc;
}
