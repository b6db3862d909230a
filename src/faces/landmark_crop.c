#include "faces/landmark_crop.h"

#include <math.h>

#include "vision/crop.h"
#include "vision/lab8.h"

bool fus_landmark_crop_of(const struct fus_box *box, int angle, struct fus_landmark_crop *crop)
{
    double x1 = (double)box->x1, y1 = (double)box->y1, x2 = (double)box->x2, y2 = (double)box->y2;
    double s = 195 / FUS_MAX(FUS_MAX(x2 - x1, y2 - y1), 1.0);
    if (!isfinite(x1 + y1 + x2 + y2) || !(s > 1e-4))
        return false;
    crop->to_crop = (struct fus_affine){s, 0, (FUS_LANDMARK_CROP - (x1 + x2) * s) * 0.5,
                                        0, s, (FUS_LANDMARK_CROP - (y1 + y2) * s) * 0.5};
    crop->border = FUS_BORDER_BLACK;
    crop->turn = fus_turn_of(FUS_LANDMARK_CROP, FUS_LANDMARK_CROP, angle);
    return true;
}

bool fus_landmark_crop_cut(const struct fus_landmark_crop *crop, const struct fus_plane *bgr,
                           const struct fus_plane *out, const struct fus_plane *spare)
{
    /* A turn by 0 degrees changes nothing. */
    bool turned = crop->turn.to.xy != 0;
    if (!fus_crop_u8(bgr, &crop->to_crop, crop->border, turned ? spare : out) ||
        (turned && !fus_crop_u8(spare, &crop->turn.to, crop->border, out)))
        return false;
    fus_lab8_contrast(out);
    return true;
}

void fus_points_map(const struct fus_affine *m, const struct fus_point *from, size_t count,
                    struct fus_point *to)
{
    float xx = (float)m->xx, xy = (float)m->xy, tx = (float)m->tx;
    float yx = (float)m->yx, yy = (float)m->yy, ty = (float)m->ty;
    for (size_t i = 0; i < count; i++) {
        float x = from[i].x, y = from[i].y;
        to[i] = (struct fus_point){xx * x + xy * y + tx, yx * x + yy * y + ty};
    }
}

void fus_landmark_crop_back(const struct fus_landmark_crop *crop, const float *grid, size_t columns,
                            struct fus_point landmarks_68[68])
{
    const float to_pixels = (float)FUS_LANDMARK_CROP / FUS_LANDMARK_GRID;
    for (size_t i = 0; i < 68; i++)
        landmarks_68[i] =
            (struct fus_point){grid[i * columns] * to_pixels, grid[i * columns + 1] * to_pixels};
    struct fus_affine from_crop = {0};
    fus_points_map(&crop->turn.back, landmarks_68, 68, landmarks_68);
    if (fus_crop_inverse(&crop->to_crop, &from_crop))
        fus_points_map(&from_crop, landmarks_68, 68, landmarks_68);
}
