#include "faces/aligned.h"

#include "base/mem.h"
#include "vision/crop.h"
#include "vision/templates.h"

int fus_aligned_open(struct fus_aligned *aligned, struct fus_models *models,
                     const struct fus_model *model, int size, size_t outputs, int threads,
                     struct fus_error *err)
{
    struct fus_session *session = NULL;
    aligned->model = model;
    aligned->size = size;
    int rc = fus_models_session(models, model, threads, &session, err);
    if (rc == 0 && (fus_session_inputs(session) != 1 || fus_session_outputs(session) < outputs))
        rc = fus_error_set(err, FUS_E_MODEL_CORRUPT,
                           "The %s %s has other inputs or outputs than its family.", model->role,
                           model->id);
    if (rc == 0)
        rc = fus_run_new(session, &aligned->run, err);
    if (rc != 0)
        return rc;
    aligned->crop = fus_malloc_aligned((size_t)size * (size_t)size * 3);
    if (aligned->crop == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the %s.",
                             model->role);
    return 0;
}

void fus_aligned_close(struct fus_aligned *aligned)
{
    fus_run_free(aligned->run);
    fus_free(aligned->crop);
    *aligned = (struct fus_aligned){0};
}

int fus_aligned_run(struct fus_aligned *aligned, const struct fus_plane *bgr,
                    const struct fus_point points_5[5], bool *ran, struct fus_error *err)
{
    int size = aligned->size;
    size_t side = (size_t)size;
    const struct fus_plane crop = {aligned->crop, 3 * (ptrdiff_t)size, size, size, 3};
    struct fus_affine m;
    *ran = false;
    if (!fus_template_affine(FUS_TEMPLATE_ARCFACE_112_V2, points_5, size, &m) ||
        !fus_crop_u8(bgr, &m, fus_border_for(FUS_BORDER_REPLICATE, aligned->opencv_4), &crop))
        return 0;
    const int64_t shape[4] = {1, 3, size, size};
    float *data = NULL;
    int rc = fus_run_input(aligned->run, 0, shape, 4, &data, err);
    if (rc != 0)
        return rc;
    fus_lut_chw(&aligned->lut, &crop, data, side * side, side);
    rc = fus_run_execute(aligned->run, err);
    *ran = rc == 0;
    return rc;
}

int fus_aligned_output(struct fus_aligned *aligned, size_t index, size_t least,
                       struct fus_tensor *output, struct fus_error *err)
{
    int rc = fus_run_output(aligned->run, index, output, err);
    if (rc == 0 && output->count < least)
        rc = fus_error_set(err, FUS_E_MODEL_CORRUPT,
                           "The %s %s gives outputs of another size than its family.",
                           aligned->model->role, aligned->model->id);
    return rc;
}
