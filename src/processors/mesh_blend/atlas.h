/* The atlas: the face from the front, in which donor and target lie feature on feature.
 *
 * Window U -1.25..1.25, V -0.95..1.90 (eye distances); n pixels to an eye distance; pixel (x, y)
 * has its centre at U = -1.25 + (x + 0.5) / n, so halving n halves the picture exactly and the
 * left-right mirror of column x is width - 1 - x. Masks are planes of width * height floats, 0..1.
 * An atlas does not change after it is made and may be shared. */
#ifndef FUS_PROCESSORS_MESH_BLEND_ATLAS_H
#define FUS_PROCESSORS_MESH_BLEND_ATLAS_H

#include <stddef.h>
#include <stdint.h>

#include "processors/mesh_blend/geometry.h"

#define FUS_ATLAS_LEFT (-1.25f)
#define FUS_ATLAS_TOP (-0.95f)
#define FUS_ATLAS_LOW 48 /* n of all colour work */

enum fus_atlas_mask {
    FUS_ATLAS_FACE,  /* under a triangle */
    FUS_ATLAS_DEPTH, /* distance inside the face, eye distances (not 0..1) */
    FUS_ATLAS_EYEBALL,
    FUS_ATLAS_LIDS, /* eyeball and a soft rim */
    FUS_ATLAS_BROWS,
    FUS_ATLAS_MOUTH,      /* lips and between them */
    FUS_ATLAS_INNER,      /* between the lips */
    FUS_ATLAS_NO_FEATURE, /* away from eyes, brows, mouth */
    FUS_ATLAS_SKIN,       /* where skin shows its colour */
    FUS_ATLAS_SEED,       /* nose and cheeks: surely skin */
    FUS_ATLAS_FOREHEAD,
    FUS_ATLAS_BELOW_HAIR, /* where the face may be drawn */
    FUS_ATLAS_BEARD,
    FUS_ATLAS_CREASE,    /* where a smile makes creases */
    FUS_ATLAS_CUT_DONOR, /* where what is not skin in the donor may cut the mask */
    FUS_ATLAS_CUT_TARGET,
    FUS_ATLAS_LENS_LEFT, /* drawn zone of each eye, without brows */
    FUS_ATLAS_LENS_RIGHT,
    FUS_ATLAS_ZONE_LEFT, /* wider and soft */
    FUS_ATLAS_ZONE_RIGHT,
    FUS_ATLAS_MASKS
};

/* A run of pixels of one row under one triangle. */
struct fus_atlas_run {
    int16_t y, x1, x2; /* x2 exclusive */
    int16_t triangle;
};

struct fus_atlas {
    int n, width, height;
    float *mask[FUS_ATLAS_MASKS];
    struct fus_atlas_run *runs;
    size_t run_count;
    /* weight of corner k at pixel (x, y) is w[k][0] x + w[k][1] y + w[k][2] */
    float weights[FUS_MESH_TRIANGLES][3][3];
    float *block;
};

/* n 16..512. NULL out of memory. */
struct fus_atlas *fus_atlas_new(int n) FUS_MUST_CHECK;
void fus_atlas_free(struct fus_atlas *atlas);
FUS_CLEANUP_DEFINE(fus_atlas_free, struct fus_atlas *)

static inline size_t fus_atlas_count(const struct fus_atlas *atlas)
{
    return (size_t)atlas->width * (size_t)atlas->height;
}

/* Place of a vertex in the atlas, pixels. */
static inline struct fus_point fus_atlas_vertex(int n, int vertex)
{
    return (struct fus_point){
        (fus_mesh_vertices[vertex].u - FUS_ATLAS_LEFT) * (float)n - 0.5f,
        (fus_mesh_vertices[vertex].v - FUS_ATLAS_TOP) * (float)n - 0.5f,
    };
}

/* A value per vertex spread over the face; pixels outside get `outside`. */
void fus_atlas_spread(const struct fus_atlas *atlas, const float value[FUS_MESH_VERTICES],
                      float outside, float *plane);

#endif
