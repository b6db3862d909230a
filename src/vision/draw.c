#include "vision/draw.h"

#include <math.h>

#include "vision/draw_pixels.h"

/* Farthest coordinate that is drawn: fine ones then fit 64 bits by far. */
#define FARTHEST (1 << 20)

struct ink {
    const struct fus_plane *bgr;
    const uint8_t *color;
};

static void ink_run(void *user, int y, int left, int right)
{
    const struct ink *ink = user;
    uint8_t *p = ink->bgr->data + y * ink->bgr->stride_bytes + (ptrdiff_t)3 * left;
    for (int x = left; x <= right; x++, p += 3)
        for (int c = 0; c < 3; c++)
            p[c] = ink->color[c];
}

static bool near(struct fus_pixel p)
{
    return p.x >= -FARTHEST && p.x <= FARTHEST && p.y >= -FARTHEST && p.y <= FARTHEST;
}

/* A line of any thickness: a turned rectangle, its corners in fine steps, and a disc at the end. */
static void thick_line(const struct fus_pen *pen, struct fus_pixel from, struct fus_pixel to,
                       int thickness, bool disc_at_start)
{
    if (thickness <= 1) {
        fus_pen_line(pen, from, to);
        return;
    }
    struct fus_fine a = {(int64_t)from.x * FUS_DRAW_ONE, (int64_t)from.y * FUS_DRAW_ONE};
    struct fus_fine b = {(int64_t)to.x * FUS_DRAW_ONE, (int64_t)to.y * FUS_DRAW_ONE};
    double dx = from.x - to.x, dy = to.y - from.y, length = sqrt(dx * dx + dy * dy);
    int64_t half = (int64_t)thickness << (FUS_DRAW_SHIFT - 1);
    if (length > 0) {
        double reach = ((double)half + (thickness & 1) * FUS_DRAW_ONE * 0.5) / length;
        struct fus_fine d = {llrint(dy * reach), llrint(dx * reach)};
        const struct fus_fine corners[4] = {{a.x + d.x, a.y + d.y},
                                            {a.x - d.x, a.y - d.y},
                                            {b.x - d.x, b.y - d.y},
                                            {b.x + d.x, b.y + d.y}};
        fus_pen_convex(pen, corners, 4, false);
    }
    int radius = (int)((half + FUS_DRAW_ONE / 2) >> FUS_DRAW_SHIFT);
    if (disc_at_start)
        fus_pen_disc(pen, from, radius);
    fus_pen_disc(pen, to, radius);
}

void fus_pen_disc(const struct fus_pen *pen, struct fus_pixel centre, int radius)
{
    int error = 0, dx = radius, dy = 0, plus = 1, minus = 2 * radius - 1;
    while (dx >= dy) {
        for (int sign = -1; sign <= 1; sign += 2) {
            fus_pen_run(pen, centre.y + sign * dy, centre.x - dx, centre.x + dx);
            fus_pen_run(pen, centre.y + sign * dx, centre.x - dy, centre.x + dy);
        }
        dy++;
        error += plus;
        plus += 2;
        if (error > 0) {
            error -= minus;
            dx--;
            minus -= 2;
        }
    }
}

void fus_draw_line(const struct fus_plane *bgr, struct fus_pixel from, struct fus_pixel to,
                   const uint8_t color[3], int thickness)
{
    struct ink ink = {bgr, color};
    struct fus_pen pen = {ink_run, &ink, bgr->width, bgr->height};
    if (near(from) && near(to))
        thick_line(&pen, from, to, FUS_CLAMP(thickness, 1, FUS_DRAW_THICKNESS_MAX), true);
}

void fus_draw_rectangle(const struct fus_plane *bgr, struct fus_pixel corner,
                        struct fus_pixel opposite, const uint8_t color[3], int thickness)
{
    const struct fus_pixel corners[4] = {
        corner, {opposite.x, corner.y}, opposite, {corner.x, opposite.y}};
    struct ink ink = {bgr, color};
    struct fus_pen pen = {ink_run, &ink, bgr->width, bgr->height};
    thickness = FUS_CLAMP(thickness, 1, FUS_DRAW_THICKNESS_MAX);
    for (int i = 0; near(corner) && near(opposite) && i < 4; i++)
        thick_line(&pen, corners[(i + 3) % 4], corners[i], thickness, false);
}

void fus_draw_disc(const struct fus_plane *bgr, struct fus_pixel centre, int radius,
                   const uint8_t color[3])
{
    struct ink ink = {bgr, color};
    struct fus_pen pen = {ink_run, &ink, bgr->width, bgr->height};
    if (near(centre) && radius >= 0 && radius <= FARTHEST)
        fus_pen_disc(&pen, centre, radius);
}

/* The eight neighbours in their order around a pixel; even ones share a side with it. */
static const struct fus_pixel AROUND[8] = {{1, 0},  {1, -1}, {0, -1}, {-1, -1},
                                           {-1, 0}, {-1, 1}, {0, 1},  {1, 1}};

static unsigned neighbours(const struct fus_plane *mask, int x, int y)
{
    unsigned set = 0;
    for (int i = 0; i < 8; i++) {
        int nx = x + AROUND[i].x, ny = y + AROUND[i].y;
        if (nx >= 0 && ny >= 0 && nx < mask->width && ny < mask->height &&
            mask->data[ny * mask->stride_bytes + nx])
            set |= 1u << i;
    }
    return set;
}

/* A traced border passes a pixel once for each gap in the ring of its neighbours that is open to a
 * side, and goes on to the neighbour behind the gap: so the steps of every border are found without
 * tracing any. */
static void draw_steps(const struct fus_pen *pen, int x, int y, unsigned set, int thickness)
{
    struct fus_pixel here = {x, y};
    thick_line(pen, here, here, thickness, false);
    for (int i = 0; set && i < 8; i++) {
        if (!(set >> i & 1) || (set >> ((i + 7) & 7) & 1))
            continue; /* i: the first neighbour behind a gap */
        bool open = false;
        int k = (i + 7) & 7;
        for (; !(set >> k & 1); k = (k + 7) & 7)
            open |= k % 2 == 0;
        if (!open)
            continue;
        thick_line(pen, here, (struct fus_pixel){x + AROUND[i].x, y + AROUND[i].y}, thickness,
                   false);
        thick_line(pen, here, (struct fus_pixel){x + AROUND[k].x, y + AROUND[k].y}, thickness,
                   false);
    }
}

void fus_draw_contours(const struct fus_plane *bgr, const struct fus_plane *mask,
                       const uint8_t color[3], int thickness)
{
    enum { SIDES = 1 << 0 | 1 << 2 | 1 << 4 | 1 << 6 };
    struct ink ink = {bgr, color};
    struct fus_pen pen = {ink_run, &ink, bgr->width, bgr->height};
    thickness = FUS_CLAMP(thickness, 1, FUS_DRAW_THICKNESS_MAX);
    for (int y = 0; y < mask->height; y++)
        for (int x = 0; x < mask->width; x++) {
            if (!mask->data[y * mask->stride_bytes + x])
                continue;
            unsigned set = neighbours(mask, x, y);
            if ((set & SIDES) != SIDES)
                draw_steps(&pen, x, y, set, thickness);
        }
}
