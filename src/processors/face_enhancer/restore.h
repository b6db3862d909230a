/* Restoring faces with FaceFusion's nets: each face is cut out, given to the net, and what comes
 * back is pasted under a soft box (and what an occluder leaves of it), then mixed with what was
 * there. FaceFusion 3.8's face_enhancer, to the bit around the net.
 *
 * One restore belongs to one thread; after the first frames nothing is allocated. */
#ifndef FUS_PROCESSORS_FACE_ENHANCER_RESTORE_H
#define FUS_PROCESSORS_FACE_ENHANCER_RESTORE_H

#include "faces/masker.h"
#include "processors/processor.h"
#include "vision/paste.h"

/* true if there is code for the model's family. */
bool fus_restore_runs(const struct fus_model *model);
/* The occluders that the masks need are installed. FUS_E_MODEL_NOT_FOUND. */
int fus_restore_check(const struct fus_params *params, const struct fus_models *models,
                      struct fus_error *err) FUS_MUST_CHECK;
/* The model and its occluders: at most max; their number. */
size_t fus_restore_models(const struct fus_params *params, const struct fus_models *models,
                          const struct fus_model *model, const struct fus_model **rows, size_t max);

struct fus_restore;
/* FUS_E_MODEL_CORRUPT for a net that does not fit its row. */
int fus_restore_new(const struct fus_processor_context *context, const struct fus_model *model,
                    struct fus_restore **restore, struct fus_error *err) FUS_MUST_CHECK;
void fus_restore_free(struct fus_restore *restore);
FUS_CLEANUP_DEFINE(fus_restore_free, struct fus_restore *)
/* Changes the face in place. bgr: BGR8. *changed becomes what may have changed; faces whose points
 * are unusable are left alone. */
int fus_restore_face(struct fus_restore *restore, const struct fus_plane *bgr,
                     const struct fus_face *face, struct fus_rect *changed,
                     struct fus_error *err) FUS_MUST_CHECK;

/* The steps, for tests against recorded values. */

/* A net's output, size x size planes red green blue of -1..1, to tight BGR8: cut, then rounded half
 * to even. What is not a number becomes 0. */
void fus_restore_normalise(const float *chw, int size, uint8_t *bgr);
/* Paste, then blend: share is face_enhancer_blend / 100. kept: scratch of 3 * width * height bytes
 * of fus_paste_rect. */
int fus_restore_paste(struct fus_paste_scratch *paste, const struct fus_plane *bgr,
                      const uint8_t *crop, int size, const float *mask, const struct fus_affine *m,
                      double share, uint8_t *kept, struct fus_error *err) FUS_MUST_CHECK;

#endif
