#include "vision/face_mask.h"

#include <math.h>

#include "vision/draw.h"
#include "vision/gaussian.h"
#include "vision/simd.h"

#define POINTS 68

size_t fus_mask_scratch(int width, int height)
{
    return fus_gaussian_scratch(width, height);
}

/* One axis of the box: zeros at both ends, blurred. A blurred rectangle is the product of its
 * blurred sides, so two lines do for the whole mask. */
static void box_side(float *side, int size, int first, int last, double sigma, float *taps)
{
    if (!(sigma > 0)) {
        for (int i = 0; i < size; i++)
            side[i] = i >= first && i < size - last ? 1.0f : 0.0f;
        return;
    }
    int count = fus_gaussian_kernel(sigma, taps), half = count / 2;
    for (int i = 0; i < size; i++) {
        double sum = 0;
        for (int k = -half; k <= half; k++) {
            int at = i + k;
            while (size > 1 && (at < 0 || at >= size))
                at = at < 0 ? -at : 2 * size - 2 - at;
            at = size > 1 ? at : 0;
            if (at >= first && at < size - last)
                sum += (double)taps[k + half];
        }
        side[i] = (float)sum;
    }
}

void fus_mask_box(float *mask, int size, double blur, const int padding_trbl[4], float *scratch)
{
    int amount = (int)(size * 0.5 * blur), edge = FUS_MAX(amount / 2, 1), cut[4];
    for (int i = 0; i < 4; i++)
        cut[i] = FUS_MAX(edge, (int)(size * padding_trbl[i] / 100.0));
    float *rows = scratch, *columns = rows + size, *taps = columns + size;
    box_side(rows, size, cut[0], cut[2], amount * 0.25, taps);
    box_side(columns, size, cut[3], cut[1], amount * 0.25, taps);
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++)
            mask[(size_t)y * (size_t)size + (size_t)x] = rows[y] * columns[x];
}

void fus_mask_soften(float *mask, int width, int height, float *scratch)
{
    fus_gaussian_f32(mask, mask, width, height, 5, scratch);
    size_t count = (size_t)width * (size_t)height;
    for (size_t i = 0; i < count; i++)
        mask[i] = (FUS_CLAMP(mask[i], 0.5f, 1.0f) - 0.5f) * 2.0f;
}

/* Points of an area: its ranges of indices, ends included. */
struct range {
    int first, last;
};
static const struct range UPPER_FACE[] = {{0, 2}, {31, 35}, {14, 16}, {17, 26}};
static const struct range LOWER_FACE[] = {{3, 13}, {31, 35}};
static const struct range MOUTH[] = {{48, 67}};

static size_t add_points(const struct range *ranges, size_t count, const struct fus_point *from,
                         struct fus_pixel *to, size_t have)
{
    for (size_t r = 0; r < count; r++)
        for (int i = ranges[r].first; i <= ranges[r].last; i++) {
            float x = FUS_CLAMP(from[i].x, -1e6f, 1e6f), y = FUS_CLAMP(from[i].y, -1e6f, 1e6f);
            to[have++] = (struct fus_pixel){isfinite(x) ? (int)x : 0, isfinite(y) ? (int)y : 0};
        }
    return have;
}

static bool before(struct fus_pixel a, struct fus_pixel b)
{
    return a.x < b.x || (a.x == b.x && a.y < b.y);
}

/* Whether the way a, b, c does not turn left. */
static bool straight_or_right(struct fus_pixel a, struct fus_pixel b, struct fus_pixel c)
{
    return (int64_t)(b.x - a.x) * (c.y - a.y) - (int64_t)(b.y - a.y) * (c.x - a.x) <= 0;
}

static size_t push(struct fus_pixel *hull, size_t n, size_t least, struct fus_pixel p)
{
    while (n >= least && straight_or_right(hull[n - 2], hull[n - 1], p))
        n--;
    hull[n] = p;
    return n + 1;
}

/* Sorts points and keeps one of each; returns how many. */
static size_t sort_unique(struct fus_pixel *points, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct fus_pixel p = points[i];
        size_t j = i;
        for (; j > 0 && before(p, points[j - 1]); j--)
            points[j] = points[j - 1];
        points[j] = p;
    }
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (n == 0 || before(points[n - 1], points[i]))
            points[n++] = points[i];
    return n;
}

/* Corners of the convex hull (monotone chain); hull has room for 2 * count. */
static size_t convex_hull(struct fus_pixel *points, size_t count, struct fus_pixel *hull)
{
    count = sort_unique(points, count);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n = push(hull, n, 2, points[i]);
    size_t least = n + 1;
    for (size_t i = count; i-- > 1;)
        n = push(hull, n, least, points[i - 1]);
    return n > 1 ? n - 1 : n;
}

void fus_mask_area(float *mask, int size, const struct fus_point landmarks_68[68], unsigned areas,
                   float *scratch)
{
    struct fus_pixel points[3 * POINTS], hull[6 * POINTS];
    size_t count = 0;
    if (areas & FUS_AREA_UPPER_FACE)
        count = add_points(UPPER_FACE, FUS_COUNT(UPPER_FACE), landmarks_68, points, count);
    if (areas & FUS_AREA_LOWER_FACE)
        count = add_points(LOWER_FACE, FUS_COUNT(LOWER_FACE), landmarks_68, points, count);
    if (areas & FUS_AREA_MOUTH)
        count = add_points(MOUTH, FUS_COUNT(MOUTH), landmarks_68, points, count);
    for (size_t i = 0; i < (size_t)size * (size_t)size; i++)
        mask[i] = 0;
    size_t corners = convex_hull(points, count, hull);
    fus_draw_convex_f32(mask, size, size, hull, corners, 1);
    fus_mask_soften(mask, size, size, scratch);
}

void fus_mask_ones(float *mask, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mask[i] = 1;
}

void fus_mask_min(float *mask, const float *other, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mask[i] = FUS_MIN(mask[i], other[i]);
}

void fus_mask_clip01(float *mask, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mask[i] = FUS_CLAMP(mask[i], 0.0f, 1.0f);
}
