/* A net that looks at a face aligned by five points: what recognizer and classifier have in common.
 * Internal to faces. One belongs to one thread. */
#ifndef FUS_FACES_ALIGNED_H
#define FUS_FACES_ALIGNED_H

#include "inference/models.h"
#include "vision/lut.h"

/* Zero-initialise. */
struct fus_aligned {
    const struct fus_model *model;
    struct fus_run *run;
    struct fus_lut lut; /* to be filled by the owner */
    uint8_t *crop;
    int size;
    bool opencv_4; /* its warp is wanted; the owner sets it */
};

/* size: of the square crop (template arcface_112_v2); outputs: how many the net has at least. */
int fus_aligned_open(struct fus_aligned *aligned, struct fus_models *models,
                     const struct fus_model *model, int size, size_t outputs, int threads,
                     struct fus_error *err) FUS_MUST_CHECK;
void fus_aligned_close(struct fus_aligned *aligned);
/* *ran false: the points give no crop. */
int fus_aligned_run(struct fus_aligned *aligned, const struct fus_plane *bgr,
                    const struct fus_point points_5[5], bool *ran,
                    struct fus_error *err) FUS_MUST_CHECK;
/* An output of the last run, which has at least `least` numbers. */
int fus_aligned_output(struct fus_aligned *aligned, size_t index, size_t least,
                       struct fus_tensor *output, struct fus_error *err) FUS_MUST_CHECK;

#endif
