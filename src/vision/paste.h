/* A crop back into its frame, as FaceFusion pastes: mask and crop are warped by the inverse of the
 * alignment, then frame * (1 - mask) + crop * mask, cut (not rounded) to bytes.
 *
 * Arithmetic is float32 for 8-bit and float32 crops and double for float64 ones, whose warp takes
 * OpenCV's older 1/32-pixel path; in each case with the order of operations that gives upstream's
 * bits. A paste scratch is the memory of one thread: it grows and is kept. */
#ifndef FUS_VISION_PASTE_H
#define FUS_VISION_PASTE_H

#include "base/error.h"
#include "base/macros.h"
#include "vision/affine.h"
#include "vision/resize.h"

enum fus_crop_type { FUS_CROP_U8, FUS_CROP_F32, FUS_CROP_F64 };
struct fus_crop_pixels {
    enum fus_crop_type type;
    const void *bgr; /* uint8_t, float or double; interleaved B G R 0..255, tight, size x size */
    int size;
};

struct fus_paste_scratch;
struct fus_paste_scratch *fus_paste_scratch_new(void); /* NULL: out of memory */
void fus_paste_scratch_free(struct fus_paste_scratch *scratch);
FUS_CLEANUP_DEFINE(fus_paste_scratch_free, struct fus_paste_scratch *)

/* The part of a frame that a crop of that size can touch: the corners (0,0) .. (size,size) through
 * the inverse of m, rounded half to even, clipped to the frame. Width and height are 0 when nothing
 * is left or m has no inverse. */
struct fus_rect fus_paste_rect(const struct fus_affine *m, int size, int frame_width,
                               int frame_height);

/* frame: BGR8, changed in place. mask: size x size floats, tight. m maps the frame to the crop.
 * *roi (may be NULL) becomes fus_paste_rect; an empty one changes nothing and is no error.
 * FUS_E_OUT_OF_MEMORY (frame unchanged), FUS_E_INTERNAL. */
int fus_paste(struct fus_paste_scratch *scratch, const struct fus_plane *frame,
              const struct fus_crop_pixels *crop, const float *mask, const struct fus_affine *m,
              struct fus_rect *roi, struct fus_error *err) FUS_MUST_CHECK;

#endif
