#include "faces/estimator.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "faces/landmark_crop.h"
#include "vision/crop.h"
#include "vision/templates.h"

struct fus_estimator {
    const struct fus_model *model;
    struct fus_run *run;
};

int fus_estimator_new(struct fus_models *models, const struct fus_model *model, int threads,
                      struct fus_estimator **out, struct fus_error *err)
{
    FUS_CLEANUP(fus_estimator_free)
    struct fus_estimator *estimator = fus_calloc(1, sizeof(*estimator));
    if (estimator == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the landmarker.");
    estimator->model = model;
    struct fus_session *session = NULL;
    int rc = fus_models_session(models, model, threads, &session, err);
    if (rc == 0 && fus_session_inputs(session) != 1)
        rc = fus_error_set(err, FUS_E_MODEL_CORRUPT, "The face_landmarker %s has not one input.",
                           model->id);
    if (rc == 0)
        rc = fus_run_new(session, &estimator->run, err);
    if (rc == 0)
        *out = FUS_TAKE(estimator);
    return rc;
}

void fus_estimator_free(struct fus_estimator *estimator)
{
    if (estimator == NULL)
        return;
    fus_run_free(estimator->run);
    fus_free(estimator);
}

static int run(struct fus_estimator *estimator, const struct fus_affine *m,
               const struct fus_point points_5[5], struct fus_tensor *output, struct fus_error *err)
{
    static const int64_t SHAPE[3] = {1, 5, 2};
    float *data = NULL;
    int rc = fus_run_input(estimator->run, 0, SHAPE, 3, &data, err);
    for (size_t i = 0; rc == 0 && i < 5; i++) {
        struct fus_point p = fus_affine_apply(m, points_5[i]);
        data[2 * i] = p.x;
        data[2 * i + 1] = p.y;
    }
    if (rc == 0)
        rc = fus_run_execute(estimator->run, err);
    if (rc == 0)
        rc = fus_run_output(estimator->run, 0, output, err);
    if (rc == 0 && output->count != 136)
        rc = fus_error_set(err, FUS_E_MODEL_CORRUPT,
                           "The face_landmarker %s gives outputs of another size than its family.",
                           estimator->model->id);
    return rc;
}

int fus_estimator_find(struct fus_estimator *estimator, const struct fus_point points_5[5],
                       struct fus_face *face, struct fus_error *err)
{
    struct fus_affine to_unit, from_unit;
    face->has &= ~(unsigned)FUS_FACE_HAS_68_5;
    if (!fus_template_affine(FUS_TEMPLATE_FFHQ_512, points_5, 1, &to_unit) ||
        !fus_crop_inverse(&to_unit, &from_unit))
        return 0;
    struct fus_tensor output;
    int rc = run(estimator, &to_unit, points_5, &output, err);
    if (rc != 0)
        return rc;
    struct fus_point points[68];
    float sum = 0;
    for (size_t i = 0; i < 68; i++) {
        points[i] = (struct fus_point){output.data[2 * i], output.data[2 * i + 1]};
        sum += points[i].x + points[i].y;
    }
    if (!isfinite(sum))
        return 0;
    fus_points_map(&from_unit, points, 68, face->landmarks_68_5);
    face->angle = fus_face_angle(face->landmarks_68_5);
    face->has |= FUS_FACE_HAS_68_5;
    return 0;
}
