/* Whole-pixel rectangles. */
#ifndef FUS_VISION_RECT_H
#define FUS_VISION_RECT_H

#include <math.h>
#include <stdbool.h>

#include "base/image.h"

/* The part of rect inside a picture of width x height; false (and *out unchanged) if there is none.
 */
static inline bool fus_rect_clip(struct fus_rect rect, int width, int height, struct fus_rect *out)
{
    long left = FUS_MAX(rect.x, 0), top = FUS_MAX(rect.y, 0);
    long right = FUS_MIN((long)rect.x + rect.width, (long)width);
    long bottom = FUS_MIN((long)rect.y + rect.height, (long)height);
    if (right <= left || bottom <= top)
        return false;
    *out = (struct fus_rect){(int)left, (int)top, (int)(right - left), (int)(bottom - top)};
    return true;
}

/* The smallest rectangle of whole pixels around box, grown by margin on each side and clipped to
 * the picture; false if nothing is left or a number is not finite. */
static inline bool fus_rect_around(struct fus_box box, float margin, int width, int height,
                                   struct fus_rect *out)
{
    float left = floorf(box.x1 - margin), top = floorf(box.y1 - margin);
    float right = ceilf(box.x2 + margin) + 1, bottom = ceilf(box.y2 + margin) + 1;
    if (!isfinite(left) || !isfinite(top) || !isfinite(right) || !isfinite(bottom))
        return false;
    left = FUS_CLAMP(left, 0.0f, (float)width);
    right = FUS_CLAMP(right, 0.0f, (float)width);
    top = FUS_CLAMP(top, 0.0f, (float)height);
    bottom = FUS_CLAMP(bottom, 0.0f, (float)height);
    return fus_rect_clip(
        (struct fus_rect){(int)left, (int)top, (int)(right - left), (int)(bottom - top)}, width,
        height, out);
}

/* The smallest rectangle around both; an empty one counts nothing. */
static inline struct fus_rect fus_rect_union(struct fus_rect a, struct fus_rect b)
{
    if (a.width <= 0 || a.height <= 0)
        return b;
    if (b.width <= 0 || b.height <= 0)
        return a;
    const int x = FUS_MIN(a.x, b.x), y = FUS_MIN(a.y, b.y);
    return (struct fus_rect){x, y, FUS_MAX(a.x + a.width, b.x + b.width) - x,
                             FUS_MAX(a.y + a.height, b.y + b.height) - y};
}

#endif
