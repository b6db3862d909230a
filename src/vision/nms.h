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

#endif
