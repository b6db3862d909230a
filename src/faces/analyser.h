/* Finds faces in a picture: detector, then landmarker on each box (its score is part of the
 * detection). One analyser belongs to one thread; the sessions behind it are shared. */
#ifndef FUS_FACES_ANALYSER_H
#define FUS_FACES_ANALYSER_H

#include "faces/detection.h"
#include "faces/face.h"
#include "inference/models.h"

struct fus_analyser_options {
    const char *detector_model;   /* NULL: default */
    const char *landmarker_model; /* NULL: default */
    int detector_size;            /* longer side given to the detector, e.g. 640; 0: 640 */
    double detector_score;        /* threshold; 0 or less: the model's own */
    double landmarker_score;      /* 0 or less: the model's own, 0.5 */
    int landmarker_passes;        /* 1 or 2; 0: 2 for stills */
    int threads;                  /* intra-op, >= 1 */
};

struct fus_analyser;
int fus_analyser_new(struct fus_models *models, const struct fus_analyser_options *options,
                     struct fus_analyser **analyser, struct fus_error *err) FUS_MUST_CHECK;
void fus_analyser_free(struct fus_analyser *analyser);
FUS_CLEANUP_DEFINE(fus_analyser_free, struct fus_analyser *)

/* All faces, best score first. The picture may be BGR8 or YUV. No face is no error: count 0. */
int fus_analyser_find(struct fus_analyser *analyser, const struct fus_image *image,
                      struct fus_faces *faces, struct fus_error *err) FUS_MUST_CHECK;
/* The detector alone: boxes and five points, best score first, at most FUS_FACES_MAX. A box is a
 * face only if the landmarker agrees. */
int fus_analyser_detect(struct fus_analyser *analyser, const struct fus_image *image,
                        struct fus_detection found[FUS_FACES_MAX], size_t *count,
                        struct fus_error *err) FUS_MUST_CHECK;
/* The landmarker alone on a crop given by five points: fills landmarks_68(_raw), points_5,
 * landmark_score of *face. passes 1 or 2; the score
 * is the lower of the passes'. A score of 0 leaves the points as they were. */
int fus_analyser_landmarks(struct fus_analyser *analyser, const struct fus_image *image,
                           const struct fus_point points_5[5], int passes, struct fus_face *face,
                           struct fus_error *err) FUS_MUST_CHECK;
/* Below this a landmarker's score means that there is no face in the crop. */
float fus_analyser_landmark_threshold(const struct fus_analyser *analyser);
/* What ran, for the job's `models`. */
const struct fus_model *fus_analyser_detector(const struct fus_analyser *analyser);
const struct fus_model *fus_analyser_landmarker(const struct fus_analyser *analyser);

#endif
