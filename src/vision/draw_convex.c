#include "vision/draw.h"
#include "vision/draw_pixels.h"

#define POINTS_MAX 512
#define FARTHEST (1 << 20)

struct filling {
    float *plane, value;
    int width;
};

static void fill_run(void *user, int y, int left, int right)
{
    const struct filling *f = user;
    for (int x = left; x <= right; x++)
        f->plane[(size_t)y * (size_t)f->width + (size_t)x] = f->value;
}

void fus_draw_convex_f32(float *plane, int width, int height, const struct fus_pixel *points,
                         size_t count, float value)
{
    struct fus_fine corners[POINTS_MAX];
    if (count < 1 || count > POINTS_MAX)
        return;
    for (size_t i = 0; i < count; i++) {
        if (points[i].x < -FARTHEST || points[i].x > FARTHEST || points[i].y < -FARTHEST ||
            points[i].y > FARTHEST)
            return;
        corners[i] = (struct fus_fine){points[i].x, points[i].y};
    }
    struct filling filling = {plane, value, width};
    struct fus_pen pen = {fill_run, &filling, width, height};
    fus_pen_convex(&pen, corners, count, true);
}
