/* Triangles to samples: which triangle is nearest at each of 2x2 samples a pixel (a visibility
 * buffer), and plain depth maps for shadows. What a triangle looks like is decided later (shade.h),
 * once for each group of samples of a pixel. */
#ifndef PORTRAITS_RASTER_H
#define PORTRAITS_RASTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "vec.h"

enum pt_material {
    PT_SKIN,  /* u v: texture of the head */
    PT_PLAIN, /* skin without texture: ears, neck; u v unused */
    PT_EYE,   /* normal is the direction from the eye's centre; u: 0 left, 1 right */
    PT_TEETH, /* u along the arch, v down the tooth */
    PT_MOUTH, /* wet red inside */
    PT_HAIR,  /* normal is the strand's direction, u across, v along */
    PT_CAP,   /* the mass of hair under the strands */
    PT_CLOTH,
    PT_LASH,
};

struct pt_vertex {
    float sx, sy, iz; /* sample coordinates (two a pixel), 1 / distance */
    struct v3 pos;    /* camera space, eye distances */
    struct v3 normal; /* unit, or the direction of a strand */
    struct v3 rest;   /* place in the resting model, for noise and holes */
    float u, v;
    float ao; /* 0..1, 1 is open */
};
struct pt_triangle {
    uint32_t a, b, c;
    uint8_t material, person;
    bool holes; /* test the openings of eyes and mouth at each sample */
};

/* The triangles of one frame. Grows to PT_*_MAX, then refuses. */
#define PT_VERTICES_MAX 4000000u
#define PT_TRIANGLES_MAX 6000000u
struct pt_soup {
    struct pt_vertex *vertices;
    struct pt_triangle *triangles;
    size_t vertex_count, vertex_room, triangle_count, triangle_room;
};
void pt_soup_done(struct pt_soup *soup);
/* Room for so many more; afterwards pt_soup_vertex/_triangle cannot fail for as many. */
int pt_soup_reserve(struct pt_soup *soup, size_t vertices, size_t triangles) FUS_MUST_CHECK;
static inline uint32_t pt_soup_vertex(struct pt_soup *soup, struct pt_vertex vertex)
{
    soup->vertices[soup->vertex_count] = vertex;
    return (uint32_t)soup->vertex_count++;
}
static inline void pt_soup_triangle(struct pt_soup *soup, uint32_t a, uint32_t b, uint32_t c,
                                    enum pt_material material, int person, bool holes)
{
    soup->triangles[soup->triangle_count++] =
        (struct pt_triangle){a, b, c, (uint8_t)material, (uint8_t)person, holes};
}

/* Visibility buffer: 2 * width by 2 * height samples. */
struct pt_visibility {
    int width, height; /* samples */
    float *depth;      /* 1 / distance, 0 is nothing */
    uint32_t *id;      /* triangle index + 1, 0 is nothing */
};
int pt_visibility_init(struct pt_visibility *vis, int width_px, int height_px) FUS_MUST_CHECK;
void pt_visibility_done(struct pt_visibility *vis);
void pt_visibility_clear(struct pt_visibility *vis);
/* Draws every triangle of the soup; both faces. */
void pt_visibility_draw(struct pt_visibility *vis, const struct pt_soup *soup);

/* A depth map seen along `direction` (unit, from the light), covering a square of 2 * half around
 * `centre`. */
#define PT_SHADOW_SIZE 320
struct pt_shadow {
    int size;
    struct v3 centre, right, down, direction;
    float half;
    float depth[PT_SHADOW_SIZE * PT_SHADOW_SIZE]; /* along direction, smallest; 1e9 is nothing */
};
void pt_shadow_init(struct pt_shadow *map, int size, struct v3 direction, struct v3 centre,
                    float half);
struct v3 pt_shadow_place(const struct pt_shadow *map, struct v3 pos);
void pt_shadow_triangle(struct pt_shadow *map, struct v3 a, struct v3 b, struct v3 c);
/* Share of light at pos: 1 open, 0 in shadow, softened over `blur` texels (0: one look). */
float pt_shadow_look(const struct pt_shadow *map, struct v3 pos, float bias, float blur);

#endif
