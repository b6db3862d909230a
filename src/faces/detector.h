/* The detector: a picture in, boxes and five points out. One detector belongs to one thread.
 * Families: yunet (and the built-in, which has its tensors), scrfd (and retinaface). */
#ifndef FUS_FACES_DETECTOR_H
#define FUS_FACES_DETECTOR_H

#include "faces/detection.h"

struct fus_detector;
/* true if this version has the code that runs the model. */
bool fus_detector_runs(const struct fus_model *model);
/* size: longer side of the picture that the net sees, 0: 640; a net of fixed size has its own.
 * score 0 or less: the model's. FUS_E_MODEL_NOT_FOUND if the model's family is not known here, and
 * the errors of fus_models_session. */
int fus_detector_new(struct fus_models *models, const struct fus_model *model, int size,
                     double score, int threads, struct fus_detector **detector,
                     struct fus_error *err) FUS_MUST_CHECK;
void fus_detector_free(struct fus_detector *detector);
FUS_CLEANUP_DEFINE(fus_detector_free, struct fus_detector *)

/* At most FUS_FACES_MAX, best score first, in pixels of the picture. The picture is only made
 * smaller, never larger, and padded with 0 right and below. */
int fus_detector_find(struct fus_detector *detector, const struct fus_image *image,
                      struct fus_detection found[FUS_FACES_MAX], size_t *count,
                      struct fus_error *err) FUS_MUST_CHECK;

#endif
