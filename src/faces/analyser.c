#include "faces/analyser.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "faces/analyser_rows.h"
#include "faces/builtin_detector.h"
#include "faces/classifier.h"
#include "faces/estimator.h"
#include "faces/landmarker.h"
#include "faces/landmarker_net.h"
#include "faces/picture.h"
#include "faces/recognizer.h"

struct fus_analyser {
    struct fus_analyser_rows rows;
    struct fus_builtin_detector *builtin_detector;
    struct fus_detector *detector;
    bool detector_off;
    struct fus_landmarker *builtin_landmarker;
    struct fus_estimator *estimator;
    struct fus_landmarker_net *landmarker; /* NULL beside an estimator: off */
    struct fus_recognizer *recognizer;
    struct fus_classifier *classifier;
    float landmark_threshold;
    int passes;
    unsigned wants;
    struct fus_picture picture;
    struct fus_detection found[FUS_FACES_MAX];
};

/* ------------------------------------------------------------------ opening */

static int open_detector(struct fus_analyser *analyser, struct fus_models *models,
                         const struct fus_analyser_options *options, struct fus_error *err)
{
    const struct fus_analyser_rows *rows = &analyser->rows;
    int threads = FUS_MAX(options->threads, 1);
    if (rows->builtin_detector != NULL)
        return fus_builtin_detector_new(models, rows->builtin_detector, options->detector_size,
                                        options->detector_score, threads,
                                        &analyser->builtin_detector, err);
    struct fus_detector_options detector = {
        .model_count = rows->detector_count,
        .size = options->detector_size,
        .score = options->detector_score,
        .angle_count = options->angle_count,
        .compat = options->compat,
        .opencv_4 = options->opencv_4,
        .threads = threads,
    };
    memcpy(detector.models, rows->detectors, sizeof(detector.models));
    memcpy(detector.margin, options->margin, sizeof(detector.margin));
    memcpy(detector.angles, options->angles, sizeof(detector.angles));
    analyser->detector_off = options->detector_off;
    return fus_detector_new(models, &detector, &analyser->detector, err);
}

static int open_landmarker(struct fus_analyser *analyser, struct fus_models *models,
                           const struct fus_analyser_options *options, struct fus_error *err)
{
    const struct fus_analyser_rows *rows = &analyser->rows;
    int threads = FUS_MAX(options->threads, 1), rc = 0;
    double threshold = options->landmarker_score;
    if (rows->builtin_landmarker != NULL) {
        rc = fus_landmarker_new(models, rows->builtin_landmarker, threads,
                                &analyser->builtin_landmarker, err);
        if (!(threshold > 0))
            threshold = rows->builtin_landmarker->score_threshold;
        threshold =
            FUS_MAX(threshold, 1e-3); /* score 0 also says that there are no points at all */
    } else if (rows->fan != NULL || rows->peppa != NULL) {
        rc = fus_landmarker_net_new(models, rows->fan, rows->peppa, options->opencv_4, threads,
                                    &analyser->landmarker, err);
        if (!(threshold > 0))
            threshold = 0.5;
    } else {
        threshold = 0;
    }
    if (rc == 0 && rows->estimator != NULL)
        rc = fus_estimator_new(models, rows->estimator, threads, &analyser->estimator, err);
    analyser->landmark_threshold = (float)threshold;
    analyser->passes = options->landmarker_passes > 0 ? options->landmarker_passes : 2;
    return rc;
}

static int open_rest(struct fus_analyser *analyser, struct fus_models *models,
                     const struct fus_analyser_options *options, struct fus_error *err)
{
    const struct fus_analyser_rows *rows = &analyser->rows;
    int threads = FUS_MAX(options->threads, 1), rc = 0;
    analyser->wants = options->wants;
    if (rows->recognizer != NULL)
        rc = fus_recognizer_new(models, rows->recognizer, options->opencv_4, threads,
                                &analyser->recognizer, err);
    if (rc == 0 && rows->classifier != NULL)
        rc = fus_classifier_new(models, rows->classifier, options->opencv_4, threads,
                                &analyser->classifier, err);
    return rc;
}

int fus_analyser_new(struct fus_models *models, const struct fus_analyser_options *options,
                     struct fus_analyser **out, struct fus_error *err)
{
    FUS_CLEANUP(fus_analyser_free) struct fus_analyser *analyser = fus_calloc(1, sizeof(*analyser));
    if (analyser == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to look for faces.");
    int rc = fus_analyser_rows_choose(models, options, &analyser->rows, err);
    if (rc == 0)
        rc = open_detector(analyser, models, options, err);
    if (rc == 0)
        rc = open_landmarker(analyser, models, options, err);
    if (rc == 0)
        rc = open_rest(analyser, models, options, err);
    if (rc == 0)
        *out = FUS_TAKE(analyser);
    return rc;
}

void fus_analyser_free(struct fus_analyser *analyser)
{
    if (analyser == NULL)
        return;
    fus_builtin_detector_free(analyser->builtin_detector);
    fus_detector_free(analyser->detector);
    fus_landmarker_free(analyser->builtin_landmarker);
    fus_estimator_free(analyser->estimator);
    fus_landmarker_net_free(analyser->landmarker);
    fus_recognizer_free(analyser->recognizer);
    fus_classifier_free(analyser->classifier);
    fus_picture_done(&analyser->picture);
    fus_free(analyser);
}

/* ------------------------------------------------------------------ what runs */

float fus_analyser_landmark_threshold(const struct fus_analyser *analyser)
{
    return analyser->landmark_threshold;
}

bool fus_analyser_detects_only(const struct fus_analyser *analyser)
{
    return analyser->builtin_landmarker == NULL && analyser->landmarker == NULL;
}

size_t fus_analyser_models(const struct fus_analyser *analyser, const struct fus_model **out,
                           size_t max)
{
    const struct fus_analyser_rows *rows = &analyser->rows;
    const struct fus_model *const all[FUS_ANALYSER_MODELS_MAX] = {
        rows->builtin_detector,   rows->detectors[0], rows->detectors[1], rows->detectors[2],
        rows->builtin_landmarker, rows->fan,          rows->peppa,        rows->estimator,
        rows->recognizer,         rows->classifier,
    };
    size_t count = 0;
    for (size_t i = 0; i < FUS_COUNT(all) && count < max; i++) {
        if (all[i] != NULL)
            out[count++] = all[i];
    }
    return count;
}

/* ------------------------------------------------------------------ detection */

static int detect(struct fus_analyser *analyser, const struct fus_image *image,
                  const struct fus_plane *bgr, struct fus_detection found[FUS_FACES_MAX],
                  size_t *count, struct fus_error *err)
{
    if (analyser->builtin_detector != NULL)
        return fus_builtin_detector_find(analyser->builtin_detector, image, found, count, err);
    *count = 0;
    return analyser->detector_off ? 0
                                  : fus_detector_find(analyser->detector, bgr, found, count, err);
}

int fus_analyser_detect(struct fus_analyser *analyser, const struct fus_image *image,
                        struct fus_detection found[FUS_FACES_MAX], size_t *count,
                        struct fus_error *err)
{
    struct fus_plane bgr = {0};
    int rc = 0;
    if (analyser->detector != NULL)
        rc = fus_picture_bgr(&analyser->picture, image, &bgr, err);
    return rc == 0 ? detect(analyser, image, &bgr, found, count, err) : rc;
}

/* ------------------------------------------------------------------ landmarks */

/* The built-in landmarker: each pass crops by the points of the one before. */
static int builtin_landmarks(struct fus_analyser *analyser, const struct fus_image *image,
                             const struct fus_point points_5[5], int passes, struct fus_face *face,
                             struct fus_error *err)
{
    struct fus_point five[5], points[68];
    float score = 0;
    memcpy(five, points_5, sizeof(five));
    for (int pass = 0; pass < passes; pass++) {
        float again = 0;
        int rc =
            fus_landmarker_find(analyser->builtin_landmarker, image, five, points, &again, err);
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

/* FaceFusion's way (spec/pipeline.md 5): the 68 points of the landmarker, whatever their score, or
 * those that are estimated from five; the five for alignment from the 68 only if their score is
 * good. A face that five points do not make has no FUS_FACE_HAS_68_5 afterwards. */
static int landmarks(struct fus_analyser *analyser, const struct fus_plane *bgr,
                     const struct fus_box *box, const struct fus_point points_5[5],
                     struct fus_face *face, struct fus_error *err)
{
    bool found = false;
    face->landmark_score = 0;
    int rc = fus_estimator_find(analyser->estimator, points_5, face, err);
    if (rc != 0 || !(face->has & FUS_FACE_HAS_68_5))
        return rc;
    if (analyser->landmarker != NULL)
        rc = fus_landmarker_net_find(analyser->landmarker, bgr, box, face->angle,
                                     face->landmarks_68, &face->landmark_score, &found, err);
    if (rc != 0)
        return rc;
    if (!found)
        memcpy(face->landmarks_68, face->landmarks_68_5, sizeof(face->landmarks_68));
    memcpy(face->landmarks_68_raw, face->landmarks_68, sizeof(face->landmarks_68));
    if (found && face->landmark_score > analyser->landmark_threshold)
        fus_face_points_5(face->landmarks_68, face->points_5);
    else
        memmove(face->points_5, points_5, sizeof(face->points_5));
    return 0;
}

int fus_analyser_landmarks(struct fus_analyser *analyser, const struct fus_image *image,
                           const struct fus_box *box, const struct fus_point points_5[5],
                           int passes, struct fus_face *face, struct fus_error *err)
{
    if (analyser->builtin_landmarker != NULL)
        return builtin_landmarks(analyser, image, points_5, passes, face, err);
    struct fus_plane bgr;
    int rc = fus_picture_bgr(&analyser->picture, image, &bgr, err);
    if (rc == 0)
        rc = landmarks(analyser, &bgr, box, points_5, face, err);
    if (rc == 0 && !(face->has & FUS_FACE_HAS_68_5))
        face->landmark_score = -1; /* under any threshold, also that of no landmarker */
    return rc;
}

/* ------------------------------------------------------------------ a picture's faces */

static int add_wants(struct fus_analyser *analyser, const struct fus_plane *bgr, unsigned wants,
                     struct fus_face *face, struct fus_error *err)
{
    int rc = 0;
    wants &= ~face->has;
    if ((wants & FUS_FACE_HAS_EMBEDDING) && analyser->recognizer != NULL)
        rc = fus_recognizer_find(analyser->recognizer, bgr, face, err);
    if (rc == 0 && (wants & FUS_FACE_HAS_CLASSES) && analyser->classifier != NULL)
        rc = fus_classifier_find(analyser->classifier, bgr, face, err);
    return rc;
}

int fus_analyser_add(struct fus_analyser *analyser, const struct fus_image *image, unsigned wants,
                     struct fus_face *face, struct fus_error *err)
{
    const unsigned can = FUS_FACE_HAS_EMBEDDING | FUS_FACE_HAS_CLASSES;
    if ((wants & can & ~face->has) == 0)
        return 0;
    struct fus_plane bgr;
    int rc = fus_picture_bgr(&analyser->picture, image, &bgr, err);
    return rc == 0 ? add_wants(analyser, &bgr, wants, face, err) : rc;
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

/* Fills *face from a detection; *is_face false: it is none after all. */
static int build_face(struct fus_analyser *analyser, const struct fus_image *image,
                      const struct fus_plane *bgr, const struct fus_detection *detection,
                      const struct fus_faces *before, struct fus_face *face, bool *is_face,
                      struct fus_error *err)
{
    *face = (struct fus_face){.box = detection->box, .score = detection->score, .fresh = true};
    memcpy(face->detector_5, detection->points_5, sizeof(face->detector_5));
    int rc;
    if (analyser->builtin_landmarker == NULL) {
        rc = landmarks(analyser, bgr, &detection->box, detection->points_5, face, err);
        *is_face = (face->has & FUS_FACE_HAS_68_5) != 0;
    } else {
        rc = builtin_landmarks(analyser, image, detection->points_5, analyser->passes, face, err);
        *is_face =
            face->landmark_score >= analyser->landmark_threshold && !already_there(before, face);
        if (rc == 0 && *is_face && analyser->estimator != NULL)
            rc = fus_estimator_find(analyser->estimator, detection->points_5, face, err);
        if (*is_face && !(face->has & FUS_FACE_HAS_68_5))
            face->angle = fus_face_angle(face->landmarks_68);
    }
    return rc == 0 && *is_face ? add_wants(analyser, bgr, analyser->wants, face, err) : rc;
}

int fus_analyser_find(struct fus_analyser *analyser, const struct fus_image *image,
                      struct fus_faces *faces, struct fus_error *err)
{
    size_t count = 0;
    struct fus_plane bgr = {0};
    int rc = 0;
    bool reads_bgr = analyser->detector != NULL || analyser->builtin_landmarker == NULL ||
                     (analyser->wants & (FUS_FACE_HAS_EMBEDDING | FUS_FACE_HAS_CLASSES)) != 0;
    if (reads_bgr)
        rc = fus_picture_bgr(&analyser->picture, image, &bgr, err);
    if (rc == 0)
        rc = detect(analyser, image, &bgr, analyser->found, &count, err);
    if (rc != 0)
        return rc;
    faces->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct fus_face *face = &faces->items[faces->count];
        bool is_face = false;
        rc = build_face(analyser, image, &bgr, &analyser->found[i], faces, face, &is_face, err);
        if (rc != 0)
            return rc;
        if (is_face)
            face->track_id = (int)faces->count++;
    }
    return 0;
}
