/* Non-maximum suppression of boxes. Pure, thread-safe, allocates nothing. */
#ifndef FUS_VISION_NMS_H
#define FUS_VISION_NMS_H

#include <stddef.h>

#include "base/image.h"

/* Intersection over union, 0 for empty boxes. */
float fus_box_iou(const struct fus_box *a, const struct fus_box *b);

/* Greedy suppression in the order of falling scores (ties: the lower index first): a box is dropped
 * if its IoU with a kept one exceeds threshold. order: room for count indices; the first of them
 * become the kept ones, best first. Returns their number, at most max_kept. Scores must not be NaN.
 */
size_t fus_nms(const struct fus_box *boxes, const float *scores, size_t count, float threshold,
               size_t *order, size_t max_kept);

/* OpenCV's dnn::NMSBoxes: boxes x1, y1, x2, y2 in doubles; only scores above score_threshold
 * (strictly), by falling score with ties in the given order; a box is dropped if its overlap with a
 * kept one exceeds iou_threshold, compared in float32. order: room for count indices. */
size_t fus_nms_boxes(const double (*boxes)[4], const float *scores, size_t count,
                     float score_threshold, float iou_threshold, size_t *order, size_t max_kept);

#endif
