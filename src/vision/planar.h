/* Part of a picture as the float planes that a net reads: resized straight from the frame's own
 * planes, so that only the small result is ever converted. */
#ifndef FUS_VISION_PLANAR_H
#define FUS_VISION_PLANAR_H

#include "vision/affine.h"
#include "vision/color.h"

/* Scratch memory of one thread; it grows as needed and is kept. */
struct fus_planar_scratch;
struct fus_planar_scratch *fus_planar_scratch_new(void); /* NULL: out of memory */
void fus_planar_scratch_free(struct fus_planar_scratch *scratch);
FUS_CLEANUP_DEFINE(fus_planar_scratch_free, struct fus_planar_scratch *)

/* rect (inside the picture, any format) resized to width x height (area where it shrinks, bilinear
 * where it grows) into out. FUS_E_OUT_OF_MEMORY. */
int fus_planar_resize(struct fus_planar_scratch *scratch, const struct fus_image *image,
                      struct fus_rect rect, int width, int height, const struct fus_planar *out,
                      struct fus_error *err) FUS_MUST_CHECK;

/* The square crop of size x size that to_crop (a similarity, picture to crop) describes, bilinear
 * with replicated border. Where it shrinks the picture to less than 0.6, what is too fine for the
 * crop is removed first: as if the picture were blurred with sigma 0.45 / scale px, which is what
 * the built-in landmarker was trained with. Works on the crop's region alone, reduced to about the
 * crop's own resolution before it is converted. FUS_E_OUT_OF_MEMORY, FUS_E_INTERNAL if to_crop has
 * no inverse. */
int fus_planar_crop(struct fus_planar_scratch *scratch, const struct fus_image *image,
                    const struct fus_affine *to_crop, int size, const struct fus_planar *out,
                    struct fus_error *err) FUS_MUST_CHECK;

#endif
