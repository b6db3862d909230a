/* Pictures for the looks: read with the longer side at most 1280, copied, cut into tiles, written.
 */
#ifndef LOOKS_PICTURES_H
#define LOOKS_PICTURES_H

#include "base/image.h"

/* shrink: pixels of the file per pixel of the picture. The caller frees with fus_image_done. */
int pictures_read(const char *path, struct fus_image *bgr, float *shrink,
                  struct fus_error *err) FUS_MUST_CHECK;
int pictures_copy(const struct fus_image *from, struct fus_image *to,
                  struct fus_error *err) FUS_MUST_CHECK;
int pictures_write_png(const char *path, const struct fus_image *bgr,
                       struct fus_error *err) FUS_MUST_CHECK;

/* Contact sheet: tiles in a grid, black where nothing was put. */
#define TILE 240
int pictures_sheet(struct fus_image *sheet, int columns, int rows,
                   struct fus_error *err) FUS_MUST_CHECK;
/* The square of half side `reach` around a point, cut at the picture's border, as the tile. */
int pictures_put(struct fus_image *sheet, int column, int row, const struct fus_image *picture,
                 struct fus_point centre, float reach, struct fus_error *err) FUS_MUST_CHECK;

#endif
