/* face_swapper's parameters and sources for mesh_blend. */
#ifndef FUS_PROCESSORS_SWAPPER_MESH_SWAP_H
#define FUS_PROCESSORS_SWAPPER_MESH_SWAP_H

#include "processors/mesh_blend/mesh_blend.h"
#include "processors/processor.h"

/* Every source with a face becomes a donor; warnings name small and laughing ones and those too
 * many. FUS_E_NO_FACE_IN_SOURCE when none has a face. */
int fus_mesh_swap_new(const struct fus_processor_context *context, struct fus_mesh_blend **blend,
                      struct fus_error *err) FUS_MUST_CHECK;

#endif
