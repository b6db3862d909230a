/* The processor face_debugger: draws what was found of faces (box, points, mask) onto the frames, as
 * FaceFusion does. */
#ifndef FUS_PROCESSORS_FACE_DEBUGGER_H
#define FUS_PROCESSORS_FACE_DEBUGGER_H

#include "processors/processor.h"

extern const struct fus_processor_descriptor fus_face_debugger;

#endif
