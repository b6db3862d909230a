#include "faces/detection.h"

#include <math.h>

static size_t lowest_index(const struct fus_candidates *candidates)
{
    size_t lowest = 0;
    for (size_t i = 1; i < candidates->count; i++) {
        if (candidates->scores[i] < candidates->scores[lowest])
            lowest = i;
    }
    return lowest;
}

/* Where the next candidate goes: at the end, or, when full, in the place of the lowest. NULL-like
 * FUS_CANDIDATES_MAX: it is lower than all. */
static size_t place(const struct fus_candidates *candidates, float score)
{
    if (candidates->count < FUS_CANDIDATES_MAX)
        return candidates->count;
    if (score <= candidates->lowest)
        return FUS_CANDIDATES_MAX;
    return lowest_index(candidates);
}

static bool finite_detection(const struct fus_detection *d)
{
    float sum = d->box.x1 + d->box.y1 + d->box.x2 + d->box.y2 + d->score;
    for (int i = 0; i < 5; i++)
        sum += d->points_5[i].x + d->points_5[i].y;
    return isfinite(sum);
}

static void add(struct fus_candidates *candidates, const struct fus_detection *detection)
{
    if (!finite_detection(detection))
        return;
    size_t index = place(candidates, detection->score);
    if (index == FUS_CANDIDATES_MAX)
        return;
    candidates->boxes[index] = detection->box;
    candidates->scores[index] = detection->score;
    for (int i = 0; i < 5; i++)
        candidates->points_5[index][i] = detection->points_5[i];
    if (index == candidates->count)
        candidates->count++;
    if (candidates->count == FUS_CANDIDATES_MAX)
        candidates->lowest = candidates->scores[lowest_index(candidates)];
}

void fus_yunet_decode(const float *cls, const float *obj, const float *bbox, const float *kps,
                      size_t cells, int columns, int stride, enum fus_score_rule rule,
                      float threshold, struct fus_candidates *out)
{
    /* Compared before the root is taken: most cells end here. */
    bool root = rule == FUS_SCORE_SQRT_PRODUCT;
    float limit = root ? threshold * threshold : threshold;
    float s = (float)stride;
    for (size_t i = 0; i < cells; i++) {
        float product = FUS_CLAMP(cls[i], 0.0f, 1.0f) * FUS_CLAMP(obj[i], 0.0f, 1.0f);
        if (!(product >= limit))
            continue;
        float x = (float)(i % (size_t)columns), y = (float)(i / (size_t)columns);
        const float *b = bbox + 4 * i, *k = kps + 10 * i;
        float cx = (x + b[0]) * s, cy = (y + b[1]) * s;
        float width = expf(FUS_MIN(b[2], 8.0f)) * s, height = expf(FUS_MIN(b[3], 8.0f)) * s;
        struct fus_detection d = {
            .box = {cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2},
            .score = root ? sqrtf(product) : product,
        };
        for (int j = 0; j < 5; j++)
            d.points_5[j] = (struct fus_point){(k[2 * j] + x) * s, (k[2 * j + 1] + y) * s};
        add(out, &d);
    }
}
