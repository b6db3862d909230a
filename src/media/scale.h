/* Pictures of another size, as the encoder's side of FaceFusion scales them (swscale, bicubic).
 * Thread-safe. */
#ifndef FUS_MEDIA_SCALE_H
#define FUS_MEDIA_SCALE_H

#include "base/error.h"
#include "base/image.h"

/* BGR8 to BGR8 or GRAY8 to GRAY8: fills `to`, which the caller has allocated in the wanted size.
 * FUS_E_INTERNAL for other formats, FUS_E_OUT_OF_MEMORY. */
int fus_image_scale(const struct fus_image *from, struct fus_image *to,
                    struct fus_error *err) FUS_MUST_CHECK;

/* Whole pictures between YUV and BGR8 exactly as FFmpeg's command line converts them, which is how
 * FaceFusion gets a clip's pictures and gives them back; vision/color.h keeps more of the chroma.
 * One thread at a time; state is kept from picture to picture. */
struct fus_recolor;
struct fus_recolor *fus_recolor_new(void); /* NULL: out of memory */
void fus_recolor_free(struct fus_recolor *recolor);
FUS_CLEANUP_DEFINE(fus_recolor_free, struct fus_recolor *)
/* Fills `to` of the same size. The YUV side says matrix and range. FUS_E_INTERNAL for other kinds
 * or sizes, FUS_E_OUT_OF_MEMORY. */
int fus_recolor_run(struct fus_recolor *recolor, const struct fus_image *from, struct fus_image *to,
                    struct fus_error *err) FUS_MUST_CHECK;

#endif
