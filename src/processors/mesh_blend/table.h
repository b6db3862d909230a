/* The face mesh: 131 vertices of a mean head, their places in the frontal atlas, 230 triangles. */
#ifndef FUS_PROCESSORS_MESH_BLEND_TABLE_H
#define FUS_PROCESSORS_MESH_BLEND_TABLE_H

#include <stdint.h>

#define FUS_MESH_VERTICES 131
#define FUS_MESH_TRIANGLES 230
#define FUS_MESH_EDGES 360

/* Unit: distance between the eye centres. Origin between the eyes; x right and y down in the
 * picture, z away from the camera. u, v: place in the atlas (the head from the front, eyes and lips
 * a little open). */
struct fus_mesh_vertex {
    float x, y, z;
    float u, v;
    uint8_t mirror; /* the vertex on the other side */
};
extern const struct fus_mesh_vertex fus_mesh_vertices[FUS_MESH_VERTICES];

/* Corners in the order that gives a positive area in the picture when the triangle faces the
 * camera. */
extern const uint8_t fus_mesh_triangles[FUS_MESH_TRIANGLES][3];

/* Every edge once, with the triangles at it; b is -1 at the rim of the mesh. */
struct fus_mesh_edge {
    uint8_t from, to;
    int16_t a, b;
};
extern const struct fus_mesh_edge fus_mesh_edges[FUS_MESH_EDGES];

#endif
