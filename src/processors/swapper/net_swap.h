/* Swapping with a net: each selected face is cut out, given to the net with the sources' identity,
 * and what comes back is pasted under the face masks. One swap belongs to one thread; after the
 * first frames nothing is allocated. */
#ifndef FUS_PROCESSORS_SWAPPER_NET_SWAP_H
#define FUS_PROCESSORS_SWAPPER_NET_SWAP_H

#include "processors/processor.h"

/* true if there is code for the model's family. */
bool fus_net_swap_runs(const struct fus_model *model);
/* The recognizer is installed, if the model's family cannot do without. */
bool fus_net_swap_helped(const struct fus_models *models, const struct fus_model *model);
/* All that a job needs is there: the model's helpers (recognizer, masks) and a fitting
 * face_swapper_pixel_boost. FUS_E_MODEL_NOT_FOUND with the command that installs it,
 * FUS_E_INVALID_PARAMETER; err's pointer names a parameter ("/face_occluder_model") or is empty. */
int fus_net_swap_check(const struct fus_params *params, const struct fus_models *models,
                       const struct fus_model *model, struct fus_error *err) FUS_MUST_CHECK;
unsigned fus_net_swap_wants(const struct fus_params *params, const struct fus_model *model);
/* The model, its converter, occluders and parser: at most max; their number. */
size_t fus_net_swap_models(const struct fus_params *params, const struct fus_models *models,
                           const struct fus_model *model, const struct fus_model **rows,
                           size_t max);

struct fus_net_swap;
/* Beside the errors of fus_net_swap_check: FUS_E_MODEL_CORRUPT for a net that does not fit its row,
 * FUS_E_NO_FACE_IN_SOURCE. */
int fus_net_swap_new(const struct fus_processor_context *context, const struct fus_model *model,
                     struct fus_net_swap **swap, struct fus_error *err) FUS_MUST_CHECK;
void fus_net_swap_free(struct fus_net_swap *swap);
FUS_CLEANUP_DEFINE(fus_net_swap_free, struct fus_net_swap *)
/* The frame is BGR8. */
int fus_net_swap_frame(struct fus_net_swap *swap, struct fus_processor_frame *frame,
                       struct fus_error *err) FUS_MUST_CHECK;

#endif
