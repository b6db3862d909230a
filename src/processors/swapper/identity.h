/* Whose face is put in: what a face-swapping net gets as `source`, made once for a job from all
 * source pictures, and balanced with each target's own embedding when face_swapper_weight asks for
 * it. Read-only once made. */
#ifndef FUS_PROCESSORS_SWAPPER_IDENTITY_H
#define FUS_PROCESSORS_SWAPPER_IDENTITY_H

#include "processors/processor.h"
#include "processors/swapper/family.h"

struct fus_identity;
/* FUS_E_NO_FACE_IN_SOURCE when no source has a face; FUS_E_MODEL_NOT_FOUND, FUS_E_MODEL_CORRUPT of
 * the net's matrix or converter. */
int fus_identity_new(const struct fus_processor_context *context, const struct fus_model *model,
                     const struct fus_swap_family *family, struct fus_identity **identity,
                     struct fus_error *err) FUS_MUST_CHECK;
void fus_identity_free(struct fus_identity *identity);
FUS_CLEANUP_DEFINE(fus_identity_free, struct fus_identity *)

/* Shape of `source` for one target: [1,512] or [1,3,s,s]; returns the rank. */
int fus_identity_shape(const struct fus_identity *identity, int64_t shape[4]);
size_t fus_identity_count(const struct fus_identity *identity); /* floats of one target */
/* false: the same for every target. */
bool fus_identity_balanced(const struct fus_identity *identity);
/* source: fus_identity_count floats. A target without an embedding gets the source's alone. */
void fus_identity_put(const struct fus_identity *identity, const struct fus_face *target,
                      float *source);
/* true: face_swapper_weight is not its neutral 0.5. */
bool fus_identity_wants_target(const struct fus_params *params);

/* ---- its arithmetic, pure ---- */

/* e times a 512 x 512 matrix (row vector), over the length of e. */
void fus_identity_through_matrix(const float embedding[FUS_EMBEDDING_SIZE], const float *matrix,
                                 float out[FUS_EMBEDDING_SIZE]);
/* face_swapper_weight 0..1 to the share of the target's embedding, 0.35 .. -0.35. */
float fus_identity_weight(double weight);
/* source * (1 - weight) + target * weight, FUS_EMBEDDING_SIZE floats; out may be either. */
void fus_identity_balance(const float *source, const float *target, float weight, float *out);

#endif
