/* Pictures of turned clips, made upright for faces and processors and turned back. The pixels are
 * only moved, so what nobody changed comes back bit for bit. Internal to pipeline. */
#ifndef FUS_PIPELINE_UPRIGHT_H
#define FUS_PIPELINE_UPRIGHT_H

#include "base/image.h"

/* Format and size of `stored` (YUV) once it is turned by `rotation` degrees clockwise (90, 180,
 * 270). 4:2:2 turned by a quarter becomes 4:4:4 (its halved columns would be rows). The caller ends
 * with fus_image_done. */
int fus_upright_alloc(struct fus_image *upright, const struct fus_image *stored, int rotation,
                      struct fus_error *err) FUS_MUST_CHECK;
void fus_upright_from(struct fus_image *upright, const struct fus_image *stored, int rotation);
/* The way back, over `stored`, which must be writable. */
void fus_upright_to(const struct fus_image *upright, struct fus_image *stored, int rotation);

#endif
