/* Kinds of rows that several families have. */
#ifndef FUS_PARITY_GOLDEN_SUPPORT_H
#define FUS_PARITY_GOLDEN_SUPPORT_H

#include "recorded.h"
#include "vision/lut.h"
#include "vision/templates.h"

/* A tight 3-channel picture of our own, zeroed; false: the case has failed. Free data. */
bool parity_make_picture(struct parity_case *c, int width, int height, struct fus_plane *plane);
/* n x 2 recorded points, at most max; their number. */
size_t parity_points(const struct fus_npy *array, struct fus_point *points, size_t max);

/* [pre]: the crop of `picture` by the five points in `landmarks`. Tolerance E1. */
void parity_row_crop(struct parity *run, const char *family, const char *file, const char *picture,
                     const char *landmarks, enum fus_template which, int size);
/* [in]: a recorded 8-bit picture through a table, to planes (or interleaved). Tolerance E. */
void parity_row_tensor(struct parity *run, const char *family, const char *file,
                       const char *picture, const struct fus_lut *lut, bool planes);
/* The box mask of blur 0.3 without padding. F(2e-6). */
void parity_row_box_mask(struct parity *run, const char *family, const char *file, int size);
/* A recorded array that must equal (part of) another one as it stands: rows that say how the
 * recordings hang together. `row` of `other`, or all of it when -1. */
void parity_row_equals(struct parity *run, const char *family, const char *file, const char *other,
                       int row);

#endif
