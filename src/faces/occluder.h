/* Face occluders (xseg): how much of each pixel of an aligned face crop is face and not hand, hair
 * or glass before it. One occluder belongs to one thread. */
#ifndef FUS_FACES_OCCLUDER_H
#define FUS_FACES_OCCLUDER_H

#include "inference/models.h"
#include "vision/resample.h"

struct fus_occluder;
/* FUS_E_MODEL_NOT_FOUND; FUS_E_MODEL_CORRUPT, also when the net's tensors are not `input`
 * [1,256,256,3] and [1,256,256,1]. */
int fus_occluder_new(struct fus_models *models, const struct fus_model *model, int threads,
                     struct fus_occluder **occluder, struct fus_error *err) FUS_MUST_CHECK;
void fus_occluder_free(struct fus_occluder *occluder);
FUS_CLEANUP_DEFINE(fus_occluder_free, struct fus_occluder *)

/* crop: BGR8, square; mask: as large, tight, becomes 0..1. The net sees 256 x 256 (bilinear), v/255
 * in float32, NHWC, BGR; its answer comes back bilinear. */
int fus_occluder_run(struct fus_occluder *occluder, struct fus_resampler *resampler,
                     const struct fus_plane *crop, float *mask,
                     struct fus_error *err) FUS_MUST_CHECK;

#endif
