/* Which pixels a shape covers, told run by run; internal to this room (draw.c, draw_convex.c). */
#ifndef FUS_VISION_DRAW_PIXELS_H
#define FUS_VISION_DRAW_PIXELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vision/draw.h"

/* Sets pixels left..right (clipped already) of row y. */
struct fus_pen {
    void (*run)(void *user, int y, int left, int right);
    void *user;
    int width, height;
};

/* Shapes in 1/65536 pixel. */
#define FUS_DRAW_SHIFT 16
#define FUS_DRAW_ONE (1 << FUS_DRAW_SHIFT)
struct fus_fine {
    int64_t x, y;
};

void fus_pen_run(const struct fus_pen *pen, int y, int64_t left, int64_t right);
/* A line of one pixel between whole pixels. */
void fus_pen_line(const struct fus_pen *pen, struct fus_pixel from, struct fus_pixel to);
/* A line of one pixel between fine points. */
void fus_pen_fine_line(const struct fus_pen *pen, struct fus_fine from, struct fus_fine to);
/* A convex polygon: its outline and what lies between. whole: the corners are whole pixels, whose
 * outline is drawn as lines between pixels. */
void fus_pen_convex(const struct fus_pen *pen, const struct fus_fine *corners, size_t count,
                    bool whole);
void fus_pen_disc(const struct fus_pen *pen, struct fus_pixel centre, int radius);

#endif
