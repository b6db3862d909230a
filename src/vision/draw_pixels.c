#include "vision/draw_pixels.h"

#include <stdlib.h>

void fus_pen_run(const struct fus_pen *pen, int y, int64_t left, int64_t right)
{
    left = FUS_MAX(left, 0);
    right = FUS_MIN(right, pen->width - 1);
    if (y >= 0 && y < pen->height && left <= right)
        pen->run(pen->user, y, (int)left, (int)right);
}

/* Which sides of the picture a point lies beyond. */
enum { LEFT = 1, RIGHT = 2, ABOVE = 4, BELOW = 8 };

static int beyond_x(int64_t x, int64_t right)
{
    return x < 0 ? LEFT : x > right ? RIGHT : 0;
}

static int beyond(struct fus_fine p, int64_t right, int64_t bottom)
{
    return beyond_x(p.x, right) | (p.y < 0 ? ABOVE : p.y > bottom ? BELOW : 0);
}

/* Cuts a line at the picture's sides, each end with the arithmetic that decides OpenCV's pixels:
 * first up and down, then left and right, in doubles and cut to whole numbers. false: outside. */
static bool clip_line(struct fus_fine *a, struct fus_fine *b, int64_t right, int64_t bottom)
{
    int out_a = beyond(*a, right, bottom), out_b = beyond(*b, right, bottom);
    struct fus_fine *end[2] = {a, b};
    int *out[2] = {&out_a, &out_b};
    if (!(out_a & out_b) && (out_a | out_b))
        for (int k = 0; k < 2; k++)
            if (*out[k] & (ABOVE | BELOW)) {
                struct fus_fine *p = end[k];
                int64_t side = *out[k] & ABOVE ? 0 : bottom;
                p->x += (int64_t)((double)(side - p->y) * (double)(b->x - a->x) /
                                  (double)(b->y - a->y));
                p->y = side;
                *out[k] = beyond_x(p->x, right);
            }
    if (!(out_a & out_b) && (out_a | out_b))
        for (int k = 0; k < 2; k++)
            if (*out[k]) {
                struct fus_fine *p = end[k];
                int64_t side = *out[k] == LEFT ? 0 : right;
                p->y += (int64_t)((double)(side - p->x) * (double)(b->y - a->y) /
                                  (double)(b->x - a->x));
                p->x = side;
                *out[k] = 0;
            }
    return !(out_a | out_b);
}

/* Bresenham's line from left to right. */
void fus_pen_line(const struct fus_pen *pen, struct fus_pixel from, struct fus_pixel to)
{
    struct fus_fine a = {from.x, from.y}, b = {to.x, to.y};
    if (!clip_line(&a, &b, pen->width - 1, pen->height - 1))
        return;
    if (b.x < a.x) {
        struct fus_fine swap = a;
        a = b;
        b = swap;
    }
    int x = (int)a.x, y = (int)a.y, dx = (int)(b.x - a.x), dy = abs((int)(b.y - a.y));
    int step_y = b.y < a.y ? -1 : 1;
    bool steep = dy > dx;
    int along = steep ? dy : dx, across = steep ? dx : dy, error = along - 2 * across;
    for (int i = 0; i <= along; i++) {
        fus_pen_run(pen, y, x, x);
        bool aside = error < 0;
        error += (aside ? 2 * along : 0) - 2 * across;
        x += steep ? aside : 1;
        y += steep || aside ? step_y : 0;
    }
}

/* The point at one end of a fine line: rounded. */
static void fine_point(const struct fus_pen *pen, struct fus_fine p)
{
    int64_t x = (p.x + FUS_DRAW_ONE / 2) >> FUS_DRAW_SHIFT;
    int64_t y = (p.y + FUS_DRAW_ONE / 2) >> FUS_DRAW_SHIFT;
    if (y >= 0 && y < pen->height)
        fus_pen_run(pen, (int)y, x, x);
}

void fus_pen_fine_line(const struct fus_pen *pen, struct fus_fine from, struct fus_fine to)
{
    struct fus_fine a = from, b = to;
    if (!clip_line(&a, &b, (int64_t)pen->width * FUS_DRAW_ONE - 1,
                   (int64_t)pen->height * FUS_DRAW_ONE - 1))
        return;
    int64_t dx = b.x - a.x, dy = b.y - a.y;
    int64_t wide = llabs(dx), high = llabs(dy);
    if (wide > high ? dx < 0 : dy < 0) {
        struct fus_fine swap = a;
        a = b;
        b = swap;
        dx = -dx;
        dy = -dy;
    }
    fine_point(pen, b);
    int64_t steps;
    if (wide > high) {
        dy = (int64_t)((uint64_t)dy << FUS_DRAW_SHIFT) / (wide | 1);
        dx = FUS_DRAW_ONE;
        steps = (b.x - a.x) >> FUS_DRAW_SHIFT;
    } else {
        dx = (int64_t)((uint64_t)dx << FUS_DRAW_SHIFT) / (high | 1);
        dy = FUS_DRAW_ONE;
        steps = (b.y - a.y) >> FUS_DRAW_SHIFT;
    }
    struct fus_fine p = {a.x, a.y};
    for (int64_t i = 0; i <= steps; i++) {
        fine_point(pen, p);
        p.x += dx;
        p.y += dy;
    }
}

/* Where row y cuts the sides of the polygon: the leftmost and rightmost place. The slope is rounded
 * once for each side, as the picture's pixels depend on it. */
static bool cut(const struct fus_fine *corners, size_t count, int shift, int64_t y, int64_t *left,
                int64_t *right)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        struct fus_fine a = corners[i], b = corners[(i + 1) % count];
        if (b.y < a.y) {
            struct fus_fine swap = a;
            a = b;
            b = swap;
        }
        int64_t delta = shift ? FUS_DRAW_ONE / 2 : 0;
        int64_t first = (a.y + delta) >> shift, end = (b.y + delta) >> shift;
        if (y < first || y >= end)
            continue;
        int64_t xs = shift ? a.x : a.x * FUS_DRAW_ONE, xe = shift ? b.x : b.x * FUS_DRAW_ONE;
        int64_t slope = ((xe - xs) * 2 + (end - first)) / (2 * (end - first));
        int64_t x = xs + slope * (y - first);
        *left = any ? FUS_MIN(*left, x) : x;
        *right = any ? FUS_MAX(*right, x) : x;
        any = true;
    }
    return any;
}

void fus_pen_convex(const struct fus_pen *pen, const struct fus_fine *corners, size_t count,
                    bool whole)
{
    if (count == 0)
        return;
    int shift = whole ? 0 : FUS_DRAW_SHIFT;
    int64_t top = INT64_MAX, bottom = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        struct fus_fine a = corners[(i + count - 1) % count], b = corners[i];
        top = FUS_MIN(top, b.y);
        bottom = FUS_MAX(bottom, b.y);
        if (whole)
            fus_pen_line(pen, (struct fus_pixel){(int)a.x, (int)a.y},
                         (struct fus_pixel){(int)b.x, (int)b.y});
        else
            fus_pen_fine_line(pen, a, b);
    }
    int64_t delta = shift ? FUS_DRAW_ONE / 2 : 0;
    top = FUS_MAX((top + delta) >> shift, 0);
    bottom = FUS_MIN((bottom + delta) >> shift, pen->height - 1);
    for (int64_t y = top; count >= 3 && y <= bottom; y++) {
        int64_t left, right;
        if (cut(corners, count, shift, y, &left, &right))
            fus_pen_run(pen, (int)y, (left + FUS_DRAW_ONE / 2) >> FUS_DRAW_SHIFT,
                        (right + FUS_DRAW_ONE / 2) >> FUS_DRAW_SHIFT);
    }
}
