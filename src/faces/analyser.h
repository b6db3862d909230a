/* Finds faces in a picture and what a job needs to know about them: detector, 68-point landmarker,
 * and, only where asked for, recognizer and classifier. One analyser belongs to one thread; the
 * sessions behind it are shared.
 *
 * Two ways lead to a face. With the built-in landmarker a box is a face only if the landmarker
 * agrees. With FaceFusion's models (spec/pipeline.md 4 to 8) every box that is left by the detector
 * is a face; the landmarker's score decides whether points_5 come from its 68 points or from the
 * detector. */
#ifndef FUS_FACES_ANALYSER_H
#define FUS_FACES_ANALYSER_H

#include "faces/detection.h"
#include "faces/face.h"
#include "inference/models.h"

#define FUS_ANALYSER_MODELS_MAX 10 /* one of each that there can be */

struct fus_analyser_options {
    const char *detector_model;   /* NULL: yolo_face if installed, else built in; or "many" */
    const char *landmarker_model; /* NULL: 2dfan4 if installed, else built in; or "many" */
    int detector_size;            /* longer side given to the detector, e.g. 640; 0: 640 */
    double detector_score;        /* threshold; 0 or less: the model's own */
    double landmarker_score;      /* 0 or less: the model's own, 0.5 */
    /* FaceFusion's meaning of a score that is given as 0: its detectors find no face (the built-in
     * ignores it); no landmarker runs and the 68 points are estimated from the detector's five
     * (without effect where fan_68_5 is not installed or the landmarker is named "builtin"). */
    bool detector_off, landmarker_off;
    int landmarker_passes; /* of the built-in; 1 or 2; 0: 2 for stills */
    int margin[4];         /* percent, 0..100: top right bottom left; not for the built-in */
    int angles[4];         /* 0, 90, 180, 270 in the order to be tried; not for the built-in */
    int angle_count;       /* 0: angle 0 alone */
    unsigned wants;        /* enum fus_face_has: what fus_analyser_find finds for every face */
    unsigned may_want;     /* further ones that fus_analyser_add will be asked for */
    bool compat;           /* FaceFusion 3.8's defects of detection (performance.md 6) */
    bool opencv_4;         /* FaceFusion with OpenCV 4: its warp cuts the crops */
    int threads;           /* intra-op, >= 1 */
};

struct fus_analyser;
/* FUS_E_MODEL_NOT_FOUND with the command that installs it, if a model is named or wanted and not
 * installed; FUS_E_INVALID_PARAMETER for a detector_size that the detector doesn't offer. */
int fus_analyser_new(struct fus_models *models, const struct fus_analyser_options *options,
                     struct fus_analyser **analyser, struct fus_error *err) FUS_MUST_CHECK;
void fus_analyser_free(struct fus_analyser *analyser);
FUS_CLEANUP_DEFINE(fus_analyser_free, struct fus_analyser *)

/* All faces, best score first. The picture may be BGR8 or YUV; FaceFusion's models look at its
 * BGR8. No face is no error: count 0. */
int fus_analyser_find(struct fus_analyser *analyser, const struct fus_image *image,
                      struct fus_faces *faces, struct fus_error *err) FUS_MUST_CHECK;
/* Adds to a face of this picture what it has not of `wants` (enum fus_face_has, of options.wants
 * and may_want): the embedding of the one face that matters costs less than that of all.
 * FUS_FACE_HAS_68_5 is added by fus_analyser_find or not at all. */
int fus_analyser_add(struct fus_analyser *analyser, const struct fus_image *image, unsigned wants,
                     struct fus_face *face, struct fus_error *err) FUS_MUST_CHECK;
/* true if a recognizer is installed, so that faces can be compared. */
bool fus_analyser_can_embed(const struct fus_models *models);

/* The detector alone: boxes and five points, best score first, at most FUS_FACES_MAX. */
int fus_analyser_detect(struct fus_analyser *analyser, const struct fus_image *image,
                        struct fus_detection found[FUS_FACES_MAX], size_t *count,
                        struct fus_error *err) FUS_MUST_CHECK;
/* The landmarker alone on the face that a box and five points describe: fills landmarks_68(_raw),
 * points_5, landmark_score of *face, with FaceFusion's models landmarks_68_5 and angle as well. The
 * built-in looks only at the points, `passes` (1 or 2) times, and the score is the lower of the
 * passes'. A score of 0 leaves the points as they were. */
int fus_analyser_landmarks(struct fus_analyser *analyser, const struct fus_image *image,
                           const struct fus_box *box, const struct fus_point points_5[5],
                           int passes, struct fus_face *face, struct fus_error *err) FUS_MUST_CHECK;
/* Below this a landmarker's score means that there is no face in the crop. */
float fus_analyser_landmark_threshold(const struct fus_analyser *analyser);
/* true if landmarks come from the detector's points alone: nothing can be followed by them. */
bool fus_analyser_detects_only(const struct fus_analyser *analyser);

/* The models that run, for the job's `models`: detectors, landmarkers, recognizer, classifier.
 * Returns their number, at most max. */
size_t fus_analyser_models(const struct fus_analyser *analyser, const struct fus_model **rows,
                           size_t max);

#endif
