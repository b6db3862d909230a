/* A still: read, find faces, change them in place, encode, label. */
#include "media/still.h"

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/job.h"

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

static int find_faces(struct fus_pipeline_job *job, const struct fus_still *still,
                      struct fus_faces *faces, struct fus_error *err)
{
    int64_t start_us = fus_clock_monotonic_us();
    int rc = fus_analyser_find(job->analyser, &still->image, faces, err);

    if (rc)
        return rc;
    job->result->timings.analyse_ms += fus_clock_ms_since(start_us);
    if (faces->count == 0)
        return fus_error_set(err, FUS_E_NO_FACE_IN_TARGET, "No face was found in the target.");
    job->result->faces_target_max = (int)faces->count;
    job->result->frames_with_faces = 1;
    fus_selection_choose(&job->selection, faces, false);
    return 0;
}

static int process(struct fus_pipeline_job *job, struct fus_still *still, struct fus_error *err)
{
    FUS_AUTO_FREE struct fus_faces *faces = fus_calloc(1, sizeof(*faces));
    bool needs_faces = job->chain.needs & FUS_NEEDS_FACES;
    int rc;

    if (!faces)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the faces.");
    if (needs_faces) {
        rc = find_faces(job, still, faces, err);
        if (rc)
            return rc;
        if (job->selection.count == 0) {
            fus_progress_warn(&job->progress, "no_face_selected",
                              "The selection leaves no face; the picture was not changed.");
            return 0;
        }
    }

    struct fus_processor_frame frame = {
        .image = &still->image,
        .faces = job->selection.faces,
        .face_count = job->selection.count,
    };
    int64_t start_us = fus_clock_monotonic_us();

    fus_progress_step(&job->progress, FUS_STEP_PROCESSING_FRAMES, 30);
    rc = fus_chain_process(&job->chain, &frame, err);
    job->result->timings.swap_ms += fus_clock_ms_since(start_us);
    job->result->faces_changed = (int64_t)job->selection.count;
    return rc;
}

static int encode(struct fus_pipeline_job *job, const struct fus_still *still, uint8_t **bytes,
                  size_t *size, struct fus_error *err)
{
    const struct fus_still_options options = {
        .container = job->container,
        .quality = (int)fus_params_int(job->request->params, "output_image_quality"),
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

    if (!rc && job->chain.count > 0)
        rc = process(job, &still, err);
    if (!rc)
        rc = fus_progress_check(&job->progress, err);
    if (!rc)
        rc = encode(job, &still, &bytes, &size, err);
    if (!rc)
        rc = label(job, bytes, size, err);
    return rc;
}
