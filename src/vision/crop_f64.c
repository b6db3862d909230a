#include "vision/bilinear_f64.h"
#include "vision/crop.h"

bool fus_crop_f64(const struct fus_dplane *from, const struct fus_affine *m, enum fus_border border,
                  const struct fus_dplane *to)
{
    struct fus_affine i;
    if (!fus_crop_inverse(m, &i) || !fus_positions_bounded_f64(&i, to->width, to->height))
        return false;
    bool replicate = border == FUS_BORDER_REPLICATE;
    for (int row = 0; row < to->height; row++) {
        int row_x = fus_row_part_f64(i.xy, i.tx, row), row_y = fus_row_part_f64(i.yy, i.ty, row);
        double *out = to->data + row * to->stride;
        for (int x = 0; x < to->width; x++, out += to->channels) {
            struct fus_position_f64 at = fus_position_f64(row_x + fus_column_part_f64(i.xx, x),
                                                          row_y + fus_column_part_f64(i.yx, x));
            fus_pixel_f64(from, replicate, &at, out);
        }
    }
    return true;
}
