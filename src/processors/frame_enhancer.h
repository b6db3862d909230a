/* The processor frame_enhancer: whole pictures enlarged 2, 4 or 8 times by one of FaceFusion's nets,
 * tile by tile, mixed with a bilinear enlargement. Needs no faces; writes frame->enlarged. */
#ifndef FUS_PROCESSORS_FRAME_ENHANCER_H
#define FUS_PROCESSORS_FRAME_ENHANCER_H

#include "processors/processor.h"

extern const struct fus_processor_descriptor fus_frame_enhancer;

#endif
