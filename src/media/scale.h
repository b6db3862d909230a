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

#endif
