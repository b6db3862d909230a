/* Paints the donor's texture through the mesh: triangle scan, texture and field taps, mask, in one
 * go. */
#ifndef FUS_PROCESSORS_MESH_BLEND_PAINT_H
#define FUS_PROCESSORS_MESH_BLEND_PAINT_H

#include "processors/mesh_blend/field.h"

struct fus_paint {
    const struct fus_mesh *mesh;
    const struct fus_donor_level *level;
    const struct fus_blend_look *look;
    float mouth; /* share of the target's inner mouth, 0..1 */
};
/* Tight planes over a rectangle of the picture; only pixels under the mesh are written. */
struct fus_canvas {
    struct fus_rect rect;
    float *l, *a, *b;
    float *mask;
    uint8_t *plain; /* 1: plain skin by the look's grain plane (every second pixel of every second
                       row) */
};
void fus_paint(const struct fus_paint *paint, const struct fus_canvas *canvas);
/* The plain twin: one pixel at a time, no vectors. */
void fus_paint_plain(const struct fus_paint *paint, const struct fus_canvas *canvas);

#endif
