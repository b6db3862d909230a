/* Drawing masks: filled polygons, thick lines, ellipses, antialiased, into float planes of 0..1.
 *
 * Coordinates are pixels, centres at whole numbers. Shapes are drawn by the greater value, so a
 * mask is the union of what was drawn. Not for hot paths. Points that are not finite draw nothing.
 * Thread-safe. */
#ifndef FUS_VISION_RASTER_H
#define FUS_VISION_RASTER_H

#include <stddef.h>

#include "base/image.h"

/* Even-odd filling; four lines a pixel row, exact along each. At most FUS_RASTER_POINTS_MAX points,
 * more draw nothing. */
#define FUS_RASTER_POINTS_MAX 96
void fus_raster_polygon(float *plane, int width, int height, const struct fus_point *points,
                        size_t count);
/* Line with round ends and joints. */
void fus_raster_polyline(float *plane, int width, int height, const struct fus_point *points,
                         size_t count, float thickness);
/* Axis-aligned. */
void fus_raster_ellipse(float *plane, int width, int height, struct fus_point centre,
                        float radius_x, float radius_y);

#endif
