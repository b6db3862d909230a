#include "processors/face_enhancer/detail_mask.h"

#include <math.h>

#include "faces/face.h"

#define OUTLINE 27    /* the jaw's 17 points and ten on the forehead */
#define FEATHER 0.45f /* eye distances inside the outline */
#define NODES_AN_EYE_DISTANCE 12.0f
#define SKIN_GAIN 0.7f

/* How far above each brow point, from the right end to the left, the outline runs: eye distances.
 * The hairline of a mean head is about 0.9 above the brows. */
static const float lifts[10] = {0.35f, 0.55f, 0.7f, 0.78f, 0.8f, 0.8f, 0.78f, 0.7f, 0.55f, 0.35f};

static void outline_of(const struct fus_point points[68], float eyes, struct fus_point out[OUTLINE])
{
    const float x = points[27].x - points[8].x, y = points[27].y - points[8].y;
    const float length = FUS_MAX(hypotf(x, y), 1e-3f);
    for (int i = 0; i < 17; i++)
        out[i] = points[i];
    for (int i = 0; i < 10; i++) {
        const struct fus_point brow = points[26 - i];
        out[17 + i] = (struct fus_point){brow.x + x / length * lifts[i] * eyes,
                                         brow.y + y / length * lifts[i] * eyes};
    }
}

bool fus_detail_grid_for(const struct fus_point points[68], float eyes, int width, int height,
                         struct fus_detail_grid *grid, struct fus_rect *rect)
{
    struct fus_point outline[OUTLINE];
    if (!isfinite(eyes) || eyes <= 0.0f)
        return false;
    outline_of(points, eyes, outline);
    float left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
    for (int i = 0; i < OUTLINE; i++) {
        if (!isfinite(outline[i].x) || !isfinite(outline[i].y))
            return false;
        left = FUS_MIN(left, outline[i].x);
        right = FUS_MAX(right, outline[i].x);
        top = FUS_MIN(top, outline[i].y);
        bottom = FUS_MAX(bottom, outline[i].y);
    }
    /* A face is some eye distances large; what is not, is no face, and would need endless nodes. */
    const float step = FUS_MAX(eyes / NODES_AN_EYE_DISTANCE, 1.0f);
    const float columns = ceilf((right - left) / step) + 3.0f;
    const float rows = ceilf((bottom - top) / step) + 3.0f;
    if (!(columns <= FUS_DETAIL_GRID_SIDE) || !(rows <= FUS_DETAIL_GRID_SIDE))
        return false;
    *grid = (struct fus_detail_grid){left - step, top - step, step, (int)columns, (int)rows};
    const float x1 = FUS_CLAMP(ceilf(grid->x0), 0.0f, (float)width);
    const float y1 = FUS_CLAMP(ceilf(grid->y0), 0.0f, (float)height);
    const float x2 = FUS_CLAMP(floorf(right + step) + 1.0f, 0.0f, (float)width);
    const float y2 = FUS_CLAMP(floorf(bottom + step) + 1.0f, 0.0f, (float)height);
    if (x2 <= x1 || y2 <= y1)
        return false;
    *rect = (struct fus_rect){(int)x1, (int)y1, (int)x2 - (int)x1, (int)y2 - (int)y1};
    return true;
}

/* Distance to the outline, positive inside. */
static float depth_at(const struct fus_point outline[OUTLINE], float x, float y)
{
    float nearest = INFINITY;
    bool inside = false;
    for (int i = 0, j = OUTLINE - 1; i < OUTLINE; j = i++) {
        const struct fus_point a = outline[j], b = outline[i];
        const float dx = b.x - a.x, dy = b.y - a.y, squared = dx * dx + dy * dy;
        float t = squared > 0.0f ? ((x - a.x) * dx + (y - a.y) * dy) / squared : 0.0f;
        t = FUS_CLAMP(t, 0.0f, 1.0f);
        const float ex = a.x + t * dx - x, ey = a.y + t * dy - y;
        nearest = FUS_MIN(nearest, ex * ex + ey * ey);
        if ((a.y > y) != (b.y > y) && x < a.x + (y - a.y) / dy * dx)
            inside = !inside;
    }
    nearest = sqrtf(nearest);
    return inside ? nearest : -nearest;
}

/* A soft ellipse along the line from a to b: 1 in the middle. */
struct blob {
    struct fus_point middle;
    float ux, uy;        /* along */
    float along, across; /* px */
};

static struct blob blob_of(struct fus_point a, struct fus_point b, float across, float longer)
{
    const float dx = b.x - a.x, dy = b.y - a.y, length = FUS_MAX(hypotf(dx, dy), 1e-3f);
    return (struct blob){{(a.x + b.x) * 0.5f, (a.y + b.y) * 0.5f},
                         dx / length,
                         dy / length,
                         FUS_MAX(length * 0.5f * longer, across),
                         across};
}

static float blob_at(const struct blob *blob, float x, float y)
{
    const float dx = x - blob->middle.x, dy = y - blob->middle.y;
    const float u = (dx * blob->ux + dy * blob->uy) / blob->along;
    const float v = (dy * blob->ux - dx * blob->uy) / blob->across;
    const float far = u * u + v * v;
    return 1.0f / (1.0f + far * far);
}

void fus_detail_grid_fill(const struct fus_detail_grid *grid, const struct fus_point points[68],
                          float eyes, float *mask, float *gain)
{
    struct fus_point outline[OUTLINE];
    outline_of(points, eyes, outline);
    const struct blob blobs[5] = {
        blob_of(points[36], points[39], 0.24f * eyes, 1.5f),
        blob_of(points[42], points[45], 0.24f * eyes, 1.5f),
        blob_of(points[17], points[21], 0.16f * eyes, 1.1f),
        blob_of(points[22], points[26], 0.16f * eyes, 1.1f),
        blob_of(points[48], points[54], 0.3f * eyes, 1.2f),
    };
    for (int row = 0; row < grid->rows; row++) {
        for (int column = 0; column < grid->columns; column++) {
            const float x = grid->x0 + (float)column * grid->step;
            const float y = grid->y0 + (float)row * grid->step;
            const size_t i = (size_t)row * (size_t)grid->columns + (size_t)column;
            const float t = FUS_CLAMP(depth_at(outline, x, y) / (FEATHER * eyes), 0.0f, 1.0f);
            float feature = 0.0f;
            for (size_t k = 0; k < FUS_COUNT(blobs); k++)
                feature = FUS_MAX(feature, blob_at(&blobs[k], x, y));
            mask[i] = t * t * (3.0f - 2.0f * t);
            gain[i] = SKIN_GAIN + (1.0f - SKIN_GAIN) * feature;
        }
    }
}
