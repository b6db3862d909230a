#include "raster.h"

#include <string.h>

#include "base/mem.h"
#include "curves.h"

void pt_soup_done(struct pt_soup *soup)
{
    fus_free(soup->vertices);
    fus_free(soup->triangles);
    memset(soup, 0, sizeof(*soup));
}

int pt_soup_reserve(struct pt_soup *soup, size_t vertices, size_t triangles)
{
    size_t want_v = soup->vertex_count + vertices, want_t = soup->triangle_count + triangles;
    if (want_v > PT_VERTICES_MAX || want_t > PT_TRIANGLES_MAX) {
        return FUS_E_OUT_OF_MEMORY;
    }
    if (want_v > soup->vertex_room) {
        size_t room = want_v + want_v / 2;
        void *grown = fus_realloc(soup->vertices, room, sizeof(*soup->vertices));
        if (!grown) {
            return FUS_E_OUT_OF_MEMORY;
        }
        soup->vertices = grown;
        soup->vertex_room = room;
    }
    if (want_t > soup->triangle_room) {
        size_t room = want_t + want_t / 2;
        void *grown = fus_realloc(soup->triangles, room, sizeof(*soup->triangles));
        if (!grown) {
            return FUS_E_OUT_OF_MEMORY;
        }
        soup->triangles = grown;
        soup->triangle_room = room;
    }
    return 0;
}

int pt_visibility_init(struct pt_visibility *vis, int width_px, int height_px)
{
    memset(vis, 0, sizeof(*vis));
    size_t count = (size_t)width_px * 2 * (size_t)height_px * 2;
    vis->depth = fus_calloc(count, sizeof(*vis->depth));
    vis->id = fus_calloc(count, sizeof(*vis->id));
    if (!vis->depth || !vis->id) {
        pt_visibility_done(vis);
        return FUS_E_OUT_OF_MEMORY;
    }
    vis->width = width_px * 2;
    vis->height = height_px * 2;
    return 0;
}

void pt_visibility_done(struct pt_visibility *vis)
{
    fus_free(vis->depth);
    fus_free(vis->id);
    memset(vis, 0, sizeof(*vis));
}

void pt_visibility_clear(struct pt_visibility *vis)
{
    size_t count = (size_t)vis->width * (size_t)vis->height;
    memset(vis->depth, 0, count * sizeof(*vis->depth));
    memset(vis->id, 0, count * sizeof(*vis->id));
}

/* Inside an opening of the face? The barycentric weights are screen-linear, which is near enough
 * within one small triangle. */
static bool in_hole(const struct pt_vertex *a, const struct pt_vertex *b, const struct pt_vertex *c,
                    float wa, float wb, float wc)
{
    return pt_curves_hole(wa * a->rest.x + wb * b->rest.x + wc * c->rest.x,
                          wa * a->rest.y + wb * b->rest.y + wc * c->rest.y);
}

static void draw_triangle(struct pt_visibility *vis, const struct pt_vertex *a,
                          const struct pt_vertex *b, const struct pt_vertex *c, uint32_t id,
                          bool holes)
{
    float area = (b->sx - a->sx) * (c->sy - a->sy) - (c->sx - a->sx) * (b->sy - a->sy);
    if (!(fabsf(area) > 1e-7f)) {
        return;
    }
    float min_x = fminf(a->sx, fminf(b->sx, c->sx)), max_x = fmaxf(a->sx, fmaxf(b->sx, c->sx));
    float min_y = fminf(a->sy, fminf(b->sy, c->sy)), max_y = fmaxf(a->sy, fmaxf(b->sy, c->sy));
    if (max_x < 0 || max_y < 0 || min_x > (float)vis->width || min_y > (float)vis->height) {
        return;
    }
    int x0 = (int)ceilf(fmaxf(min_x, 0.0f) - 0.5f), y0 = (int)ceilf(fmaxf(min_y, 0.0f) - 0.5f);
    int x1 = (int)floorf(fminf(max_x, (float)vis->width) - 0.5f);
    int y1 = (int)floorf(fminf(max_y, (float)vis->height) - 0.5f);
    x0 = x0 < 0 ? 0 : x0;
    y0 = y0 < 0 ? 0 : y0;
    float inv = 1.0f / area;
    float wa_dx = -(c->sy - b->sy) * inv, wa_dy = (c->sx - b->sx) * inv;
    float wb_dx = -(a->sy - c->sy) * inv, wb_dy = (a->sx - c->sx) * inv;
    for (int y = y0; y <= y1; y++) {
        float py = (float)y + 0.5f;
        float *depth = vis->depth + (size_t)y * (size_t)vis->width;
        uint32_t *ids = vis->id + (size_t)y * (size_t)vis->width;
        for (int x = x0; x <= x1; x++) {
            float px = (float)x + 0.5f;
            float wa = (px - b->sx) * wa_dx + (py - b->sy) * wa_dy;
            float wb = (px - c->sx) * wb_dx + (py - c->sy) * wb_dy;
            float wc = 1.0f - wa - wb;
            if (wa < 0 || wb < 0 || wc < 0) {
                continue;
            }
            float iz = wa * a->iz + wb * b->iz + wc * c->iz;
            if (iz > depth[x] && !(holes && in_hole(a, b, c, wa, wb, wc))) {
                depth[x] = iz;
                ids[x] = id;
            }
        }
    }
}

void pt_visibility_draw(struct pt_visibility *vis, const struct pt_soup *soup)
{
    for (size_t i = 0; i < soup->triangle_count; i++) {
        const struct pt_triangle *t = &soup->triangles[i];
        draw_triangle(vis, &soup->vertices[t->a], &soup->vertices[t->b], &soup->vertices[t->c],
                      (uint32_t)i + 1, t->holes);
    }
}

void pt_shadow_init(struct pt_shadow *map, int size, struct v3 direction, struct v3 centre,
                    float half)
{
    map->size = size < PT_SHADOW_SIZE ? size : PT_SHADOW_SIZE;
    map->direction = v3_unit(direction);
    struct v3 up = fabsf(map->direction.y) < 0.9f ? v3(0, 1, 0) : v3(1, 0, 0);
    map->right = v3_unit(v3_cross(up, map->direction));
    map->down = v3_cross(map->direction, map->right);
    map->centre = centre;
    map->half = half;
    for (int i = 0; i < map->size * map->size; i++) {
        map->depth[i] = 1e9f;
    }
}

struct v3 pt_shadow_place(const struct pt_shadow *map, struct v3 pos)
{
    struct v3 q = v3_sub(pos, map->centre);
    float scale = 0.5f * (float)map->size / map->half, mid = 0.5f * (float)map->size;
    return v3(v3_dot(q, map->right) * scale + mid, v3_dot(q, map->down) * scale + mid,
              v3_dot(q, map->direction));
}

void pt_shadow_triangle(struct pt_shadow *map, struct v3 a, struct v3 b, struct v3 c)
{
    float area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
    if (!(fabsf(area) > 1e-7f)) {
        return;
    }
    float limit = (float)map->size;
    float min_x = fminf(a.x, fminf(b.x, c.x)), max_x = fmaxf(a.x, fmaxf(b.x, c.x));
    float min_y = fminf(a.y, fminf(b.y, c.y)), max_y = fmaxf(a.y, fmaxf(b.y, c.y));
    if (min_x < 0 || min_y < 0 || max_x >= limit || max_y >= limit) {
        return;
    }
    float inv = 1.0f / area;
    for (int y = (int)ceilf(min_y - 0.5f); y <= (int)floorf(max_y - 0.5f); y++) {
        for (int x = (int)ceilf(min_x - 0.5f); x <= (int)floorf(max_x - 0.5f); x++) {
            float px = (float)x + 0.5f, py = (float)y + 0.5f;
            float wa = ((px - b.x) * (b.y - c.y) + (py - b.y) * (c.x - b.x)) * inv;
            float wb = ((px - c.x) * (c.y - a.y) + (py - c.y) * (a.x - c.x)) * inv;
            float wc = 1.0f - wa - wb;
            if (wa < 0 || wb < 0 || wc < 0 || x < 0 || y < 0) {
                continue;
            }
            float z = wa * a.z + wb * b.z + wc * c.z;
            float *slot = &map->depth[y * map->size + x];
            *slot = z < *slot ? z : *slot;
        }
    }
}

/* Open or not at the four texels around, mixed: the border of a shadow has no steps. */
static float shadow_tap(const struct pt_shadow *map, float x, float y, float z)
{
    float fx = floorf(x - 0.5f), fy = floorf(y - 0.5f);
    int ix = (int)fx, iy = (int)fy;
    if (ix < 0 || iy < 0 || ix + 1 >= map->size || iy + 1 >= map->size) {
        return 1.0f;
    }
    float u = x - 0.5f - fx, v = y - 0.5f - fy;
    const float *row = map->depth + iy * map->size + ix;
    float a = row[0] > z ? 1.0f : 0.0f, b = row[1] > z ? 1.0f : 0.0f;
    float c = row[map->size] > z ? 1.0f : 0.0f, d = row[map->size + 1] > z ? 1.0f : 0.0f;
    return mixf(mixf(a, b, u), mixf(c, d, u), v);
}

float pt_shadow_look(const struct pt_shadow *map, struct v3 pos, float bias, float blur)
{
    struct v3 p = pt_shadow_place(map, pos);
    float sum = 0;
    for (int j = -1; j <= 1; j++) {
        for (int i = -1; i <= 1; i++) {
            float z = p.z - bias * (1.0f + 0.5f * (float)(i * i + j * j) * blur);
            sum += shadow_tap(map, p.x + (float)i * blur, p.y + (float)j * blur, z);
        }
    }
    return sum / 9.0f;
}
