/* See opencv4.c. */
#ifndef FUS_PARITY_OPENCV4_H
#define FUS_PARITY_OPENCV4_H

#include <stdbool.h>

/* From now on, for the whole process: warps of 8-bit and float32 pictures in steps of 1/32 pixel.
 */
void parity_opencv4(bool on);

#endif
