/* Blends painted Lab over a picture by the canvas' mask, in the picture's own planes. */
#ifndef FUS_PROCESSORS_MESH_BLEND_COMPOSE_H
#define FUS_PROCESSORS_MESH_BLEND_COMPOSE_H

#include "processors/mesh_blend/paint.h"

/* rect must start at even pixels and lie in the picture. Bytes under a mask of exactly 0 stay.
 * line: 8 rows of the rectangle's width, scratch. */
void fus_compose(struct fus_image *image, const struct fus_canvas *canvas, float *line);

#endif
