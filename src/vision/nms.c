#include "vision/nms.h"

#include <stdbool.h>

static float area(const struct fus_box *box)
{
    float width = box->x2 - box->x1, height = box->y2 - box->y1;
    return width > 0 && height > 0 ? width * height : 0;
}

float fus_box_iou(const struct fus_box *a, const struct fus_box *b)
{
    struct fus_box both = {FUS_MAX(a->x1, b->x1), FUS_MAX(a->y1, b->y1), FUS_MIN(a->x2, b->x2),
                           FUS_MIN(a->y2, b->y2)};
    float shared = area(&both), joined = area(a) + area(b) - shared;
    return joined > 0 ? shared / joined : 0;
}

static bool before(const float *scores, size_t a, size_t b)
{
    return scores[a] > scores[b] || (!(scores[a] < scores[b]) && a < b);
}

/* Shell sort: in place, no recursion, and its order is total because ties look at the index. */
static void sort_by_score(const float *scores, size_t *order, size_t count)
{
    static const size_t GAPS[] = {1750, 701, 301, 132, 57, 23, 10, 4, 1};
    for (size_t g = 0; g < FUS_COUNT(GAPS); g++) {
        size_t gap = GAPS[g];
        for (size_t i = gap; i < count; i++) {
            size_t item = order[i], j = i;
            for (; j >= gap && before(scores, item, order[j - gap]); j -= gap)
                order[j] = order[j - gap];
            order[j] = item;
        }
    }
}

size_t fus_nms(const struct fus_box *boxes, const float *scores, size_t count, float threshold,
               size_t *order, size_t max_kept)
{
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    sort_by_score(scores, order, count);
    size_t kept = 0;
    for (size_t i = 0; i < count && kept < max_kept; i++) {
        bool keep = true;
        for (size_t k = 0; keep && k < kept; k++)
            keep = !(fus_box_iou(&boxes[order[i]], &boxes[order[k]]) > threshold);
        if (keep)
            order[kept++] = order[i];
    }
    return kept;
}

/* 1 - (1 - overlap), the subtraction inside in double and the outer one in float32: where OpenCV
 * rounds decides boxes that lie on the threshold. */
static float overlap_f32(const double a[4], const double b[4])
{
    double area_a = (a[2] - a[0]) * (a[3] - a[1]), area_b = (b[2] - b[0]) * (b[3] - b[1]);
    if (area_a + area_b <= 2.220446049250313e-16)
        return 1;
    double left = FUS_MAX(a[0], b[0]), right = FUS_MIN(a[2], b[2]);
    double top = FUS_MAX(a[1], b[1]), bottom = FUS_MIN(a[3], b[3]);
    double shared = right > left && bottom > top ? (right - left) * (bottom - top) : 0;
    return 1.0f - (float)(1.0 - shared / (area_a + area_b - shared));
}

size_t fus_nms_boxes(const double (*boxes)[4], const float *scores, size_t count,
                     float score_threshold, float iou_threshold, size_t *order, size_t max_kept)
{
    size_t candidates = 0, kept = 0;
    for (size_t i = 0; i < count; i++)
        if (scores[i] > score_threshold)
            order[candidates++] = i;
    sort_by_score(scores, order, candidates);
    for (size_t i = 0; i < candidates && kept < max_kept; i++) {
        bool keep = true;
        for (size_t k = 0; keep && k < kept; k++)
            keep = overlap_f32(boxes[order[i]], boxes[order[k]]) <= iou_threshold;
        if (keep)
            order[kept++] = order[i];
    }
    return kept;
}
