/* The recorded values by family: each function runs its rows of the golden README. */
#ifndef FUS_PARITY_GOLDEN_H
#define FUS_PARITY_GOLDEN_H

#include "recorded.h"

/* All of them. */
void parity_golden(struct parity *run);

/* Start pictures: names as in the README. */
#define PARITY_S "vision/image/source_pixels.npy.gz"
#define PARITY_V0 "vision/video/frames/target_240p_frame_0.npy"
#define PARITY_V150 "vision/video/frames/target_240p_frame_150.npy"
#define PARITY_D "processors2/face_debugger/source_frame.npy"

void parity_golden_vision(struct parity *run);
void parity_golden_detector(struct parity *run);
void parity_golden_analysis(struct parity *run);
void parity_golden_swapper(struct parity *run); /* and face_masker */
void parity_golden_face_enhancer(struct parity *run);
void parity_golden_frame_enhancer(struct parity *run);
void parity_golden_content(struct parity *run);
void parity_golden_debugger(struct parity *run);
void parity_golden_synthetic(struct parity *run);

#endif
