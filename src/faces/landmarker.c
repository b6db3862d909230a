#include "faces/landmarker.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "vision/planar.h"

struct fus_landmarker {
    const struct fus_model *model;
    int size; /* of the square crop */
    struct fus_run *run;
    size_t landmarks, score; /* outputs */
    struct fus_planar_scratch *scratch;
};

bool fus_landmarker_runs(const struct fus_model *model)
{
    return strcmp(model->family, "landmarks_68") == 0;
}

int fus_landmarker_new(struct fus_models *models, const struct fus_model *model, int threads,
                       struct fus_landmarker **out, struct fus_error *err)
{
    FUS_CLEANUP(fus_landmarker_free)
    struct fus_landmarker *landmarker = fus_calloc(1, sizeof(*landmarker));
    if (landmarker == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the landmarker.");
    landmarker->model = model;
    landmarker->size = model->input_width > 0 ? model->input_width : 128;
    struct fus_session *session = NULL;
    int rc = fus_models_session(models, model, threads, &session, err);
    if (rc != 0)
        return rc;
    int landmarks = fus_session_output_index(session, "landmarks");
    int score = fus_session_output_index(session, "score");
    if (landmarks < 0 || score < 0)
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "The face_landmarker %s has no outputs landmarks and score.",
                             model->id);
    landmarker->landmarks = (size_t)landmarks;
    landmarker->score = (size_t)score;
    rc = fus_run_new(session, &landmarker->run, err);
    if (rc != 0)
        return rc;
    landmarker->scratch = fus_planar_scratch_new();
    if (landmarker->scratch == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the landmarker.");
    *out = FUS_TAKE(landmarker);
    return 0;
}

void fus_landmarker_free(struct fus_landmarker *landmarker)
{
    if (landmarker == NULL)
        return;
    fus_run_free(landmarker->run);
    fus_planar_scratch_free(landmarker->scratch);
    fus_free(landmarker);
}

/* Picture to crop: the five points onto the net's template, which is the 112-px alignment of
 * ArcFace made smaller by a quarter and moved up a little, so that chin and brows are inside. */
static bool crop_of(const struct fus_point points_5[5], int size, struct fus_affine *to_crop)
{
    static const struct fus_point ALIGNED[5] = {{38.2946f, 51.6963f},
                                                {73.5318f, 51.5014f},
                                                {56.0252f, 71.7366f},
                                                {41.5493f, 92.3655f},
                                                {70.7299f, 92.2041f}};
    struct fus_point template[5];
    for (int i = 0; i < 5; i++) {
        template[i].x = ((ALIGNED[i].x / 112 - 0.5f) * 0.75f + 0.5f) * (float)size;
        template[i].y = ((ALIGNED[i].y / 112 - 0.5f) * 0.75f + 0.5f - 0.035f) * (float)size;
    }
    /* A crop of one pixel's or a whole gallery's size is no face; it would only cost memory. */
    return fus_affine_similarity(points_5, template, 5, to_crop) &&
           fus_affine_scale(to_crop) > 1e-3 && fus_affine_scale(to_crop) < 100;
}

int fus_landmarker_find(struct fus_landmarker *landmarker, const struct fus_image *image,
                        const struct fus_point points_5[5], struct fus_point landmarks_68[68],
                        float *score, struct fus_error *err)
{
    struct fus_affine to_crop, from_crop;
    if (!crop_of(points_5, landmarker->size, &to_crop) ||
        !fus_affine_invert(&to_crop, &from_crop)) {
        *score = 0;
        return 0;
    }
    size_t size = (size_t)landmarker->size;
    const int64_t shape[4] = {1, 3, landmarker->size, landmarker->size};
    float *data = NULL;
    int rc = fus_run_input(landmarker->run, 0, shape, 4, &data, err);
    if (rc != 0)
        return rc;
    struct fus_planar out = {data,
                             size * size,
                             size,
                             (float)landmarker->model->mean,
                             (float)landmarker->model->scale,
                             landmarker->model->rgb};
    rc = fus_planar_crop(landmarker->scratch, image, &to_crop, landmarker->size, &out, err);
    if (rc == 0)
        rc = fus_run_execute(landmarker->run, err);
    struct fus_tensor points, confidence;
    if (rc == 0)
        rc = fus_run_output(landmarker->run, landmarker->landmarks, &points, err);
    if (rc == 0)
        rc = fus_run_output(landmarker->run, landmarker->score, &confidence, err);
    if (rc != 0)
        return rc;
    if (points.count != 136 || confidence.count != 1)
        return fus_error_set(
            err, FUS_E_MODEL_CORRUPT,
            "The face_landmarker %s gives outputs of another size than its family.",
            landmarker->model->id);
    struct fus_point mapped[68];
    float sum = confidence.data[0];
    for (size_t i = 0; i < 68; i++) {
        struct fus_point p = {points.data[2 * i] * (float)size,
                              points.data[2 * i + 1] * (float)size};
        mapped[i] = fus_affine_apply(&from_crop, p);
        sum += mapped[i].x + mapped[i].y;
    }
    if (!isfinite(sum)) {
        *score = 0;
        return 0;
    }
    memcpy(landmarks_68, mapped, sizeof(mapped));
    *score = FUS_CLAMP(confidence.data[0], 0.0f, 1.0f);
    return 0;
}
