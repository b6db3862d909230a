/* The built-in detector: a picture of any format in, boxes and five points out. It reads the
 * frame's own planes. One detector belongs to one thread. */
#ifndef FUS_FACES_BUILTIN_DETECTOR_H
#define FUS_FACES_BUILTIN_DETECTOR_H

#include "faces/detection.h"

struct fus_builtin_detector;
/* size: longer side of the picture that the net sees, 0: 640. score 0 or less: the model's. The
 * errors of fus_models_session. */
int fus_builtin_detector_new(struct fus_models *models, const struct fus_model *model, int size,
                             double score, int threads, struct fus_builtin_detector **detector,
                             struct fus_error *err) FUS_MUST_CHECK;
void fus_builtin_detector_free(struct fus_builtin_detector *detector);
FUS_CLEANUP_DEFINE(fus_builtin_detector_free, struct fus_builtin_detector *)

/* At most FUS_FACES_MAX, best score first, in pixels of the picture. The picture is only made
 * smaller, never larger, and padded with 0 right and below. */
int fus_builtin_detector_find(struct fus_builtin_detector *detector, const struct fus_image *image,
                              struct fus_detection found[FUS_FACES_MAX], size_t *count,
                              struct fus_error *err) FUS_MUST_CHECK;

#endif
