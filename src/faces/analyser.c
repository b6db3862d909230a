#include "faces/analyser.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "faces/detector.h"
#include "faces/landmarker.h"

struct fus_analyser {
    const struct fus_model *detector_model, *landmarker_model;
    struct fus_detector *detector;
    struct fus_landmarker *landmarker;
    float landmark_threshold;
    int passes;
    struct fus_detection found[FUS_FACES_MAX];
};

/* The model of a role: the named one; else FaceFusion's default, if it is installed and this
 * version can run it; else the built-in. */
static int choose(const struct fus_models *models, const char *role, const char *value,
                  const char *preferred, bool (*runs)(const struct fus_model *),
                  const struct fus_model **model, struct fus_error *err)
{
    const struct fus_model *row = fus_models_find(models, role, preferred);
    bool usable = row != NULL && runs(row);
    return fus_models_choose(models, role, value, usable ? preferred : NULL, model, err);
}

int fus_analyser_new(struct fus_models *models, const struct fus_analyser_options *options,
                     struct fus_analyser **out, struct fus_error *err)
{
    FUS_CLEANUP(fus_analyser_free) struct fus_analyser *analyser = fus_calloc(1, sizeof(*analyser));
    if (analyser == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to look for faces.");
    int rc = choose(models, "face_detector", options->detector_model, "yolo_face",
                    fus_detector_runs, &analyser->detector_model, err);
    if (rc == 0)
        rc = choose(models, "face_landmarker", options->landmarker_model, "2dfan4",
                    fus_landmarker_runs, &analyser->landmarker_model, err);
    int threads = FUS_MAX(options->threads, 1);
    if (rc == 0)
        rc = fus_detector_new(models, analyser->detector_model, options->detector_size,
                              options->detector_score, threads, &analyser->detector, err);
    if (rc == 0)
        rc = fus_landmarker_new(models, analyser->landmarker_model, threads, &analyser->landmarker,
                                err);
    if (rc != 0)
        return rc;
    analyser->landmark_threshold =
        (float)(options->landmarker_score > 0 ? options->landmarker_score
                                              : analyser->landmarker_model->score_threshold);
    /* Score 0 also says that there are no points at all. */
    analyser->landmark_threshold = FUS_MAX(analyser->landmark_threshold, 1e-3f);
    analyser->passes = options->landmarker_passes > 0 ? options->landmarker_passes : 2;
    *out = FUS_TAKE(analyser);
    return 0;
}

void fus_analyser_free(struct fus_analyser *analyser)
{
    if (analyser == NULL)
        return;
    fus_detector_free(analyser->detector);
    fus_landmarker_free(analyser->landmarker);
    fus_free(analyser);
}

int fus_analyser_detect(struct fus_analyser *analyser, const struct fus_image *image,
                        struct fus_detection found[FUS_FACES_MAX], size_t *count,
                        struct fus_error *err)
{
    return fus_detector_find(analyser->detector, image, found, count, err);
}

int fus_analyser_landmarks(struct fus_analyser *analyser, const struct fus_image *image,
                           const struct fus_box *box, const struct fus_point points_5[5],
                           int passes, struct fus_face *face, struct fus_error *err)
{
    (void)box;
    struct fus_point five[5], points[68];
    float score = 0;
    memcpy(five, points_5, sizeof(five));
    for (int pass = 0; pass < passes; pass++) {
        float again = 0;
        int rc = fus_landmarker_find(analyser->landmarker, image, five, points, &again, err);
        if (rc != 0)
            return rc;
        /* Each pass has its say: points that come from a crop without a face are no use, and a
         * second crop that looks like a face does not make one of a first that did not. */
        score = pass == 0 ? again : FUS_MIN(score, again);
        if (!(again >= analyser->landmark_threshold))
            break;
        memcpy(face->landmarks_68, points, sizeof(points));
        fus_face_points_5(points, five);
    }
    face->landmark_score = score;
    if (score >= analyser->landmark_threshold) {
        memcpy(face->landmarks_68_raw, face->landmarks_68, sizeof(points));
        memcpy(face->points_5, five, sizeof(five));
    }
    return 0;
}

/* Two boxes whose landmarks ran together on one face. */
static bool already_there(const struct fus_faces *faces, const struct fus_face *face)
{
    struct fus_point centre = fus_face_centre(face->points_5);
    float eyes = fus_face_eye_distance(face);
    for (size_t i = 0; i < faces->count; i++) {
        struct fus_point other = fus_face_centre(faces->items[i].points_5);
        float larger = FUS_MAX(eyes, fus_face_eye_distance(&faces->items[i]));
        if (hypotf(centre.x - other.x, centre.y - other.y) < 0.35f * larger)
            return true;
    }
    return false;
}

int fus_analyser_find(struct fus_analyser *analyser, const struct fus_image *image,
                      struct fus_faces *faces, struct fus_error *err)
{
    size_t count = 0;
    int rc = fus_analyser_detect(analyser, image, analyser->found, &count, err);
    if (rc != 0)
        return rc;
    faces->count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct fus_detection *detection = &analyser->found[i];
        struct fus_face *face = &faces->items[faces->count];
        *face = (struct fus_face){.box = detection->box, .score = detection->score};
        memcpy(face->detector_5, detection->points_5, sizeof(face->detector_5));
        rc = fus_analyser_landmarks(analyser, image, &detection->box, detection->points_5,
                                    analyser->passes, face, err);
        if (rc != 0)
            return rc;
        if (!(face->landmark_score >= analyser->landmark_threshold) || already_there(faces, face))
            continue;
        face->track_id = (int)faces->count;
        face->fresh = true;
        faces->count++;
    }
    return 0;
}

float fus_analyser_landmark_threshold(const struct fus_analyser *analyser)
{
    return analyser->landmark_threshold;
}

bool fus_analyser_detects_only(const struct fus_analyser *analyser)
{
    (void)analyser;
    return false;
}

size_t fus_analyser_models(const struct fus_analyser *analyser, const struct fus_model **rows,
                           size_t max)
{
    const struct fus_model *const run[] = {analyser->detector_model, analyser->landmarker_model};
    size_t count = FUS_MIN(max, FUS_COUNT(run));
    for (size_t i = 0; i < count; i++)
        rows[i] = run[i];
    return count;
}

bool fus_analyser_can_embed(const struct fus_models *models)
{
    const struct fus_model *row = fus_models_find(models, "face_recognizer", "arcface");
    return row != NULL && fus_models_installed(models, row);
}
