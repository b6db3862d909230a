/* The processor face_enhancer: makes faces crisper. detail (face_enhancer/detail.h) is built in;
 * FaceFusion's models run when they are installed. */
#ifndef FUS_PROCESSORS_FACE_ENHANCER_H
#define FUS_PROCESSORS_FACE_ENHANCER_H

#include "processors/processor.h"

extern const struct fus_processor_descriptor fus_face_enhancer;

#endif
