/* The processor face_swapper: sources' faces onto the target's. */
#ifndef FUS_PROCESSORS_FACE_SWAPPER_H
#define FUS_PROCESSORS_FACE_SWAPPER_H

#include "processors/processor.h"

extern const struct fus_processor_descriptor fus_face_swapper;

#endif
