/* The built-in 68-point landmarker: a picture and five points in, 68 points and a score out. One
 * landmarker belongs to one thread. */
#ifndef FUS_FACES_LANDMARKER_H
#define FUS_FACES_LANDMARKER_H

#include "faces/face.h"
#include "inference/models.h"

struct fus_landmarker;
/* true for models of its family. */
bool fus_landmarker_runs(const struct fus_model *model);
int fus_landmarker_new(struct fus_models *models, const struct fus_model *model, int threads,
                       struct fus_landmarker **landmarker, struct fus_error *err) FUS_MUST_CHECK;
void fus_landmarker_free(struct fus_landmarker *landmarker);
FUS_CLEANUP_DEFINE(fus_landmarker_free, struct fus_landmarker *)

/* One pass on the crop that points_5 give. Five points in one place give score 0 and leave
 * landmarks_68 as they were; landmarks_68 may hold points_5's source. */
int fus_landmarker_find(struct fus_landmarker *landmarker, const struct fus_image *image,
                        const struct fus_point points_5[5], struct fus_point landmarks_68[68],
                        float *score, struct fus_error *err) FUS_MUST_CHECK;

#endif
