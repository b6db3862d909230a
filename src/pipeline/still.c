/* A still: read, find faces, change them in place, scale, encode, label. */
#include "media/still.h"

#include "base/clock.h"
#include "base/mem.h"
#include "media/scale.h"
#include "pipeline/job.h"
#include "pipeline/options.h"
#include "pipeline/size.h"

static int read_target(struct fus_pipeline_job *job, struct fus_still *still, struct fus_error *err)
{
    int64_t start_us = fus_clock_monotonic_us();
    int rc = fus_still_read(job->request->target_path, &job->request->limits, still, err);

    if (rc)
        return rc;
    job->result->timings.decode_ms = fus_clock_ms_since(start_us);
    job->result->width = still->image.width;
    job->result->height = still->image.height;
    job->result->frames = 1;
    return 0;
}

static struct fus_size size_of(const struct fus_image *image)
{
    return (struct fus_size){image->width, image->height};
}

/* The picture itself in another size. */
static int scale_image(struct fus_image *image, struct fus_size size, struct fus_error *err)
{
    struct fus_image scaled = {0};
    int rc;

    if (!image->plane[0] || fus_size_equal(size_of(image), size))
        return 0;
    rc = fus_image_alloc(&scaled, image->format, size.width, size.height, err);
    if (!rc)
        rc = fus_image_scale(image, &scaled, err);
    if (rc) {
        fus_image_done(&scaled);
        return rc;
    }
    fus_image_done(image);
    *image = scaled;
    return 0;
}

/* What was asked of the chosen faces alone. */
static int add_facts(struct fus_pipeline_job *job, const struct fus_image *image,
                     struct fus_faces *faces, struct fus_error *err)
{
    unsigned wants = job->chain.wants & FUS_FACE_HAS_ALL;
    int rc = 0;

    for (size_t i = 0; !rc && wants && i < job->selection.count; i++) {
        size_t chosen = (size_t)(job->selection.faces[i] - faces->items);

        rc = fus_analyser_add(job->analyser, image, wants, &faces->items[chosen], err);
    }
    return rc;
}

static int find_faces(struct fus_pipeline_job *job, const struct fus_still *still,
                      struct fus_faces *faces, struct fus_error *err)
{
    int64_t start_us = fus_clock_monotonic_us();
    unsigned wants = fus_selection_reference_wants(&job->selection);
    int rc = fus_analyser_find(job->analyser, &still->image, faces, err);

    for (size_t i = 0; !rc && wants && i < faces->count; i++)
        rc = fus_analyser_add(job->analyser, &still->image, wants, &faces->items[i], err);
    if (rc)
        return rc;
    if (faces->count == 0)
        return fus_error_set(err, FUS_E_NO_FACE_IN_TARGET, "No face was found in the target.");
    job->result->faces_target_max = (int)faces->count;
    job->result->frames_with_faces = 1;
    rc = fus_selection_choose(&job->selection, faces, false, err);
    if (!rc)
        rc = add_facts(job, &still->image, faces, err);
    if (!rc && job->selection.count == 0)
        fus_progress_warn(&job->progress, "no_face_selected",
                          "The selection leaves no face; the picture was not changed.");
    job->result->timings.analyse_ms += fus_clock_ms_since(start_us);
    return rc;
}

static int run_chain(struct fus_pipeline_job *job, struct fus_still *still,
                     struct fus_size faces_in, struct fus_canvas *canvas, struct fus_error *err)
{
    const struct fus_chain_frame frame = {
        .canvas = canvas,
        .faces = job->selection.faces,
        .face_count = job->selection.count,
        .face_width = faces_in.width,
        .face_height = faces_in.height,
    };
    int64_t start_us = fus_clock_monotonic_us();
    int rc;

    fus_progress_step(&job->progress, FUS_STEP_PROCESSING_FRAMES, 30);
    fus_canvas_start(canvas, &still->image);
    rc = fus_chain_process(&job->chain, &frame, err);
    if (!rc && canvas->sized) {
        fus_image_done(&still->image);
        still->image = canvas->buffer;
        canvas->buffer = (struct fus_image){0};
    }
    job->result->timings.swap_ms += fus_clock_ms_since(start_us);
    job->result->faces_changed = (int64_t)job->selection.count;
    return rc;
}

/* Faces are found in the target as it is; it is processed in the smaller of its own and the
 * output's size. */
static int process(struct fus_pipeline_job *job, struct fus_still *still, struct fus_error *err)
{
    FUS_AUTO_FREE struct fus_faces *faces = fus_calloc(1, sizeof(*faces));
    const struct fus_params *params = job->request->params;
    bool needs_faces = job->chain.needs & FUS_NEEDS_FACES;
    struct fus_size native = size_of(&still->image);
    struct fus_size output = fus_size_scaled(native, fus_params_float(params, "output_image_scale"),
                                             fus_options_compat(job->request->params));
    struct fus_canvas canvas = {0};
    int rc = 0;

    if (!faces)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the faces.");
    if (needs_faces)
        rc = find_faces(job, still, faces, err);
    if (!rc && fus_options_compat(job->request->params))
        rc = fus_still_recode(still, err);
    if (!rc)
        rc = scale_image(&still->image, fus_size_working(native, output), err);
    if (!rc && job->chain.count > 0 && (!needs_faces || job->selection.count > 0))
        rc = run_chain(job, still, native, &canvas, err);
    fus_canvas_done(&canvas);
    if (!rc)
        rc = scale_image(&still->image, output, err);
    if (!rc)
        rc = scale_image(&still->alpha, output, err);
    job->result->width = output.width;
    job->result->height = output.height;
    return rc;
}

static int encode(struct fus_pipeline_job *job, const struct fus_still *still, uint8_t **bytes,
                  size_t *size, struct fus_error *err)
{
    const struct fus_still_options options = {
        .container = job->container,
        .quality = (int)fus_params_int(job->request->params, "output_image_quality"),
        .as_facefusion = fus_options_compat(job->request->params),
    };
    int64_t start_us = fus_clock_monotonic_us();
    int rc;

    fus_progress_step(&job->progress, FUS_STEP_ENCODING_OUTPUT, 70);
    if (still->alpha.plane[0] && job->container == FUS_CONTAINER_JPEG)
        fus_progress_warn(&job->progress, "alpha_dropped",
                          "JPEG has no transparency; the picture's was dropped.");
    rc = fus_still_encode(still, &options, bytes, size, err);
    job->result->timings.encode_ms = fus_clock_ms_since(start_us);
    return rc;
}

static int label(struct fus_pipeline_job *job, const uint8_t *bytes, size_t size,
                 struct fus_error *err)
{
    FUS_AUTO_FREE uint8_t *labelled = NULL;
    int64_t start_us = fus_clock_monotonic_us();
    int rc;

    fus_progress_step(&job->progress, FUS_STEP_LABELLING, 90);
    if (job->labelled) {
        rc = fus_label_still(job->container, bytes, size, &job->label, &labelled, &size, err);
        if (rc)
            return rc;
        bytes = labelled;
    }
    rc = fus_output_write(&job->output, bytes, size, err);
    job->result->timings.label_ms = fus_clock_ms_since(start_us);
    return rc;
}

int fus_still_run(struct fus_pipeline_job *job, struct fus_error *err)
{
    FUS_AUTO_STILL struct fus_still still = {0};
    FUS_AUTO_FREE uint8_t *bytes = NULL;
    size_t size = 0;
    int rc = read_target(job, &still, err);

    if (!rc)
        rc = process(job, &still, err);
    if (!rc)
        rc = fus_progress_check(&job->progress, err);
    if (!rc)
        rc = encode(job, &still, &bytes, &size, err);
    if (!rc)
        rc = label(job, bytes, size, err);
    return rc;
}
