/* The mesh laid on a face: pose from 68 points, places of all vertices, what faces the camera.
 *
 * The mean head is fitted by scaled orthographic projection (each 2-D point takes the depth of the
 * rotated model, weighted Procrustes in 3-D by Horn's quaternion, "Closed-form solution of absolute
 * orientation", 1987; twelve rounds). Pure functions of their input. */
#ifndef FUS_PROCESSORS_MESH_BLEND_GEOMETRY_H
#define FUS_PROCESSORS_MESH_BLEND_GEOMETRY_H

#include <stdbool.h>

#include "base/image.h"
#include "processors/mesh_blend/table.h"

struct fus_mesh {
    struct fus_point at[FUS_MESH_VERTICES]; /* pixels of the picture */
    float front[FUS_MESH_VERTICES]; /* 1 seen from the front, 0 edge-on; below 0 turned away */
    float scale;                    /* eye distance in pixels that does not shrink with yaw */
    float yaw, pitch, roll;         /* degrees */
    float residual;                 /* mean distance of points and model, in scale */
    float flipped;                  /* share of the area that is inside out, mouth and eyes aside */
    struct fus_box bounds;          /* of all vertices */
    uint8_t order[FUS_MESH_TRIANGLES]; /* triangles that face the camera, far to near */
    int order_count;
    float smile;       /* mouth width and gap of the frontal face, eye corners = 1 */
    float openness[2]; /* of each eye, in eye distances */
    float gap;         /* between the lips, in scale */
};

/* false when the points can't be a face: not finite, absurdly far out, or collapsed. */
bool fus_mesh_place(const struct fus_point landmarks_68[68], struct fus_mesh *mesh) FUS_MUST_CHECK;

/* 0 for x <= a, 1 for x >= b, smooth between. */
static inline float fus_smoothstep(float x, float a, float b)
{
    float t = (x - a) / (b - a);
    t = t < 0.0f ? 0.0f : t > 1.0f ? 1.0f : t;
    return t * t * (3.0f - 2.0f * t);
}

#endif
