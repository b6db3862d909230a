/* The processor face_enhancer: known with its parameters; needs a model that this version can run,
 * and none is part of it. */
#ifndef FUS_PROCESSORS_FACE_ENHANCER_H
#define FUS_PROCESSORS_FACE_ENHANCER_H

#include "processors/processor.h"

extern const struct fus_processor_descriptor fus_face_enhancer;

#endif
