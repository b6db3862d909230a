#include "vision/raster.h"

#include <math.h>
#include <stdbool.h>

#include "base/macros.h"

#define SAMPLES 4 /* lines a pixel row; along a line coverage is exact */
#define COORDINATE_MAX 1e6f

static bool usable(const struct fus_point *points, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(points[i].x) < COORDINATE_MAX && fabsf(points[i].y) < COORDINATE_MAX))
            return false;
    return true;
}

/* Crossings of the polygon's edges with the line y, rising. */
static size_t crossings(const struct fus_point *points, size_t count, float y, float *at)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const struct fus_point a = points[i], b = points[(i + 1) % count];
        if ((a.y <= y) == (b.y <= y))
            continue;
        const float x = a.x + (y - a.y) * (b.x - a.x) / (b.y - a.y);
        size_t place = found++;
        for (; place > 0 && at[place - 1] > x; place--)
            at[place] = at[place - 1];
        at[place] = x;
    }
    return found;
}

/* Length of the spans inside pixel x. */
static float covered(const float *at, size_t found, int x)
{
    const float left = (float)x - 0.5f, right = left + 1.0f;
    float length = 0.0f;
    for (size_t i = 0; i + 1 < found; i += 2)
        length += fmaxf(fminf(at[i + 1], right) - fmaxf(at[i], left), 0.0f);
    return length;
}

void fus_raster_polygon(float *plane, int width, int height, const struct fus_point *points,
                        size_t count)
{
    if (count < 3 || count > FUS_RASTER_POINTS_MAX || !usable(points, count))
        return;
    float top = points[0].y, bottom = top;
    for (size_t i = 1; i < count; i++) {
        top = fminf(top, points[i].y);
        bottom = fmaxf(bottom, points[i].y);
    }
    const int first = FUS_MAX((int)floorf(top - 1.0f), 0);
    const int last = FUS_MIN((int)ceilf(bottom + 1.0f), height - 1);
    for (int y = first; y <= last; y++) {
        float at[SAMPLES][FUS_RASTER_POINTS_MAX];
        size_t found[SAMPLES];
        float left = COORDINATE_MAX, right = -COORDINATE_MAX;
        for (int s = 0; s < SAMPLES; s++) {
            found[s] =
                crossings(points, count, (float)y + ((float)s + 0.5f) / SAMPLES - 0.5f, at[s]);
            if (found[s] > 0) {
                left = fminf(left, at[s][0]);
                right = fmaxf(right, at[s][found[s] - 1]);
            }
        }
        float *row = plane + (size_t)y * (size_t)width;
        const int end = FUS_MIN((int)ceilf(right + 1.0f), width - 1);
        for (int x = FUS_MAX((int)floorf(left - 1.0f), 0); x <= end; x++) {
            float sum = 0.0f;
            for (int s = 0; s < SAMPLES; s++)
                sum += covered(at[s], found[s], x);
            row[x] = fmaxf(row[x], sum * (1.0f / SAMPLES));
        }
    }
}

static float distance_to_segment(float x, float y, struct fus_point a, struct fus_point b)
{
    const float dx = b.x - a.x, dy = b.y - a.y;
    const float length = dx * dx + dy * dy;
    float along = length > 0.0f ? ((x - a.x) * dx + (y - a.y) * dy) / length : 0.0f;
    along = FUS_CLAMP(along, 0.0f, 1.0f);
    return hypotf(x - a.x - along * dx, y - a.y - along * dy);
}

void fus_raster_polyline(float *plane, int width, int height, const struct fus_point *points,
                         size_t count, float thickness)
{
    if (!usable(points, count) || !(thickness >= 0.0f && thickness < COORDINATE_MAX))
        return;
    const float half = 0.5f * thickness;
    for (size_t i = 0; i + 1 < count; i++) {
        const struct fus_point a = points[i], b = points[i + 1];
        const int left = FUS_MAX((int)floorf(fminf(a.x, b.x) - half - 1.0f), 0);
        const int right = FUS_MIN((int)ceilf(fmaxf(a.x, b.x) + half + 1.0f), width - 1);
        const int top = FUS_MAX((int)floorf(fminf(a.y, b.y) - half - 1.0f), 0);
        const int bottom = FUS_MIN((int)ceilf(fmaxf(a.y, b.y) + half + 1.0f), height - 1);
        for (int y = top; y <= bottom; y++) {
            float *row = plane + (size_t)y * (size_t)width;
            for (int x = left; x <= right; x++) {
                const float inside = half + 0.5f - distance_to_segment((float)x, (float)y, a, b);
                row[x] = fmaxf(row[x], FUS_CLAMP(inside, 0.0f, 1.0f));
            }
        }
    }
}

void fus_raster_ellipse(float *plane, int width, int height, struct fus_point centre,
                        float radius_x, float radius_y)
{
    struct fus_point points[64];
    for (size_t i = 0; i < FUS_COUNT(points); i++) {
        const float angle = (float)i * (float)(2.0 * M_PI) / (float)FUS_COUNT(points);
        points[i] = (struct fus_point){centre.x + radius_x * cosf(angle),
                                       centre.y + radius_y * sinf(angle)};
    }
    fus_raster_polygon(plane, width, height, points, FUS_COUNT(points));
}
