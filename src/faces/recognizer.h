/* A face as 512 numbers that are near to those of the same person's other pictures:
 * arcface_w600k_r50 (spec/pipeline.md 7). One recognizer belongs to one thread. */
#ifndef FUS_FACES_RECOGNIZER_H
#define FUS_FACES_RECOGNIZER_H

#include "faces/face.h"
#include "inference/models.h"
#include "vision/resize.h"

struct fus_recognizer;
int fus_recognizer_new(struct fus_models *models, const struct fus_model *model, bool opencv_4,
                       int threads, struct fus_recognizer **recognizer,
                       struct fus_error *err) FUS_MUST_CHECK;
void fus_recognizer_free(struct fus_recognizer *recognizer);
FUS_CLEANUP_DEFINE(fus_recognizer_free, struct fus_recognizer *)

/* Fills embedding and embedding_norm of *face from its points_5 and says so in face->has; points
 * that give no crop, and numbers that are none, leave it without. */
int fus_recognizer_find(struct fus_recognizer *recognizer, const struct fus_plane *bgr,
                        struct fus_face *face, struct fus_error *err) FUS_MUST_CHECK;
/* An embedding divided by its length. false, *norm unchanged: it has none. */
bool fus_embedding_normalise(const float embedding[FUS_EMBEDDING_SIZE],
                             float norm[FUS_EMBEDDING_SIZE]);

#endif
