/* How far inside the drawn face a pixel lies. The rim is known as line segments (edges between what
 * faces the camera and what does not), so the distance is exact to a part of a pixel, does not
 * flicker, and the picture's border is no rim. */
#ifndef FUS_PROCESSORS_MESH_BLEND_RIM_H
#define FUS_PROCESSORS_MESH_BLEND_RIM_H

#include "processors/mesh_blend/geometry.h"

#define FUS_RIM_PIECES 3 /* of an edge; each may lie before another part of the face */

struct fus_rim_segment {
    float x, y, dx, dy;   /* start and whole way */
    float inverse_square; /* 1 / length^2, 0 for a point */
    float top, bottom;
};
struct fus_rim {
    struct fus_rim_segment segments[FUS_MESH_EDGES * FUS_RIM_PIECES];
    int count;
};
void fus_rim_find(const struct fus_mesh *mesh, struct fus_rim *rim);

/* A grid of distances over a rectangle: node (i, j) is at (rect.x + i * step, rect.y + j * step);
 * columns and rows reach one node past the rectangle. Values in eye distances, cut at FUS_RIM_FAR.
 */
#define FUS_RIM_FAR 1.0f
struct fus_rim_grid {
    int columns, rows;
    float step;
    float *values; /* the caller's, fus_rim_grid_count floats */
};
void fus_rim_grid_plan(const struct fus_rect *rect, float scale, struct fus_rim_grid *grid);
static inline size_t fus_rim_grid_count(const struct fus_rim_grid *grid)
{
    return (size_t)grid->columns * (size_t)grid->rows;
}
/* reach: distances above it need not be exact (eye distances). */
void fus_rim_grid_fill(const struct fus_rim *rim, const struct fus_rect *rect, float scale,
                       float reach, struct fus_rim_grid *grid);
/* Distances along row y (0-based in the rectangle) of the rectangle. */
void fus_rim_grid_row(const struct fus_rim_grid *grid, int y, int width, float *line, float *out);

#endif
