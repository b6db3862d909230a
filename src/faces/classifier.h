/* Gender, age and race as fairface sees them (spec/pipeline.md 8); only face selection by filters
 * asks for it. One classifier belongs to one thread. */
#ifndef FUS_FACES_CLASSIFIER_H
#define FUS_FACES_CLASSIFIER_H

#include "faces/face.h"
#include "inference/models.h"
#include "vision/resize.h"

struct fus_classifier;
int fus_classifier_new(struct fus_models *models, const struct fus_model *model, bool opencv_4,
                       int threads, struct fus_classifier **classifier,
                       struct fus_error *err) FUS_MUST_CHECK;
void fus_classifier_free(struct fus_classifier *classifier);
FUS_CLEANUP_DEFINE(fus_classifier_free, struct fus_classifier *)

/* Fills gender, race and age of *face from its points_5 and says so in face->has; points that give
 * no crop leave it without. */
int fus_classifier_find(struct fus_classifier *classifier, const struct fus_plane *bgr,
                        struct fus_face *face, struct fus_error *err) FUS_MUST_CHECK;
/* What the net's three ids mean. */
void fus_classes_of(int race_id, int gender_id, int age_id, struct fus_face *face);

#endif
