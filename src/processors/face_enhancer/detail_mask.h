/* Where detail works: a soft mask of the face and how strongly, on a coarse grid that is read with
 * bilinear interpolation. */
#ifndef FUS_PROCESSORS_FACE_ENHANCER_DETAIL_MASK_H
#define FUS_PROCESSORS_FACE_ENHANCER_DETAIL_MASK_H

#include <stdbool.h>

#include "base/image.h"

/* Two values a node; node (0, 0) lies at picture position (x0, y0), the next ones `step` px on. */
struct fus_detail_grid {
    float x0, y0, step;
    int columns, rows;
};
#define FUS_DETAIL_GRID_SIDE 128 /* nodes a side at most */

/* Nodes around the face; false: the points are not a face. rect: what of a picture of this size the
 * grid covers. */
bool fus_detail_grid_for(const struct fus_point landmarks_68[68], float eyes, int width, int height,
                         struct fus_detail_grid *grid, struct fus_rect *rect);
/* mask: 1 inside, falling smoothly to 0 at the outline, exactly 0 outside; gain: how strongly, more
 * at the eyes, brows and mouth than on skin. columns * rows floats each. */
void fus_detail_grid_fill(const struct fus_detail_grid *grid,
                          const struct fus_point landmarks_68[68], float eyes, float *mask,
                          float *gain);

#endif
