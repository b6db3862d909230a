/* 68 points from five: FaceFusion's fan_68_5 (spec/pipeline.md 5.1). One belongs to one thread. */
#ifndef FUS_FACES_ESTIMATOR_H
#define FUS_FACES_ESTIMATOR_H

#include "faces/face.h"
#include "inference/models.h"

struct fus_estimator;
int fus_estimator_new(struct fus_models *models, const struct fus_model *model, int threads,
                      struct fus_estimator **estimator, struct fus_error *err) FUS_MUST_CHECK;
void fus_estimator_free(struct fus_estimator *estimator);
FUS_CLEANUP_DEFINE(fus_estimator_free, struct fus_estimator *)

/* Fills landmarks_68_5 and angle of *face and says so in face->has. Points in one place leave it as
 * it was: a face without FUS_FACE_HAS_68_5 is none. */
int fus_estimator_find(struct fus_estimator *estimator, const struct fus_point points_5[5],
                       struct fus_face *face, struct fus_error *err) FUS_MUST_CHECK;

#endif
