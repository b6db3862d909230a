/* The crop that FaceFusion's 68-point landmarkers look at, and the way of their points back
 * (spec/pipeline.md 6). Pure. */
#ifndef FUS_FACES_LANDMARK_CROP_H
#define FUS_FACES_LANDMARK_CROP_H

#include "faces/turn.h"
#include "vision/crop.h"
#include "vision/resize.h"

#define FUS_LANDMARK_CROP 256 /* pixels a side */
#define FUS_LANDMARK_GRID 64  /* the nets' points lie on a grid of this side */

struct fus_landmark_crop {
    struct fus_affine to_crop; /* picture to upright crop */
    struct fus_turn turn;      /* of the crop, by the face's angle */
    enum fus_border border;    /* FUS_BORDER_BLACK, or with OpenCV 4's warp */
};

/* false: the box has no place in a picture. */
bool fus_landmark_crop_of(const struct fus_box *box, int angle, struct fus_landmark_crop *crop);
/* Cuts the face out of a BGR picture: scaled, shifted, turned, and with the contrast step. crop and
 * spare: 256 x 256 x 3 each; the result lies in the first. false: no crop. */
bool fus_landmark_crop_cut(const struct fus_landmark_crop *crop, const struct fus_plane *bgr,
                           const struct fus_plane *out, const struct fus_plane *spare);
/* 68 points of the grid, `columns` floats apart, to pixels of the picture; float32 steps. */
void fus_landmark_crop_back(const struct fus_landmark_crop *crop, const float *grid, size_t columns,
                            struct fus_point landmarks_68[68]);

/* Points through a matrix as OpenCV maps float32 points: matrix and sums in float32. */
void fus_points_map(const struct fus_affine *m, const struct fus_point *from, size_t count,
                    struct fus_point *to);

#endif
