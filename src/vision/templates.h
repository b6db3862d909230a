/* Where FaceFusion's models expect the five points of a face, and the similarity that brings a face
 * there.
 *
 * Points in the order left eye, right eye (of the picture), nose tip, left and right corner of the
 * mouth. Pure, thread-safe. */
#ifndef FUS_VISION_TEMPLATES_H
#define FUS_VISION_TEMPLATES_H

#include <stdbool.h>

#include "base/image.h"
#include "base/macros.h"
#include "vision/affine.h"

enum fus_template {
    FUS_TEMPLATE_ARCFACE_112_V1,
    FUS_TEMPLATE_ARCFACE_112_V2,
    FUS_TEMPLATE_ARCFACE_128,
    FUS_TEMPLATE_DFL_WHOLE_FACE,
    FUS_TEMPLATE_FFHQ_512,
    FUS_TEMPLATE_MTCNN_512,
    FUS_TEMPLATE_STYLEGANEX_384,
    FUS_TEMPLATE_COUNT
};

/* The template's points in a square crop of that size (1: the unit square), rounded to float32. */
void fus_template_points(enum fus_template which, int size, struct fus_point points_5[5]);

/* m maps the picture to the crop. As OpenCV's estimateAffinePartial2D with a threshold of 100
 * pixels: two-point models drawn with its generator until the consensus is sure, then least squares
 * over the points that agree within 100 pixels of the crop (practically always all five). The least
 * squares are the closed form in double: OpenCV's own refinement stops within 5e-9 (scale,
 * rotation) and 5e-5 pixel (shift) of it. false, *m unchanged: the points are in one place or not
 * finite. */
bool fus_template_affine(enum fus_template which, const struct fus_point points_5[5], int size,
                         struct fus_affine *m) FUS_MUST_CHECK;

#endif
