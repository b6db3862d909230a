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
    float min_x = lowerf(a->sx, lowerf(b->sx, c->sx)),
          max_x = higherf(a->sx, higherf(b->sx, c->sx));
    float min_y = lowerf(a->sy, lowerf(b->sy, c->sy)),
          max_y = higherf(a->sy, higherf(b->sy, c->sy));
    if (!(max_x > 0.5f && max_y > 0.5f && min_x < (float)vis->width &&
          min_y < (float)vis->height)) {
        return;
    }
    /* first and last sample whose middle may be inside; truncation is the floor of what is positive
     */
    int x0 = (int)(higherf(min_x, 0.0f) + 0.5f), y0 = (int)(higherf(min_y, 0.0f) + 0.5f);
    int x1 = (int)(lowerf(max_x, (float)vis->width) - 0.5f);
    int y1 = (int)(lowerf(max_y, (float)vis->height) - 0.5f);
    if (x1 < x0 || y1 < y0) {
        return; /* between the samples */
    }
    float area = (b->sx - a->sx) * (c->sy - a->sy) - (c->sx - a->sx) * (b->sy - a->sy);
    if (!(fabsf(area) > 1e-7f)) {
        return;
    }
    float inv = 1.0f / area;
    float wa_dx = -(c->sy - b->sy) * inv, wa_dy = (c->sx - b->sx) * inv;
    float wb_dx = -(a->sy - c->sy) * inv, wb_dy = (a->sx - c->sx) * inv;
    float left = (float)x0 + 0.5f;
    float iz_dx = wa_dx * (a->iz - c->iz) + wb_dx * (b->iz - c->iz);
    for (int y = y0; y <= y1; y++) {
        float py = (float)y + 0.5f;
        float *depth = vis->depth + (size_t)y * (size_t)vis->width;
        uint32_t *ids = vis->id + (size_t)y * (size_t)vis->width;
        float wa0 = (left - b->sx) * wa_dx + (py - b->sy) * wa_dy;
        float wb0 = (left - c->sx) * wb_dx + (py - c->sy) * wb_dy;
        float iz0 = c->iz + wa0 * (a->iz - c->iz) + wb0 * (b->iz - c->iz);
        for (int x = x0; x <= x1; x++) {
            float step = (float)(x - x0);
            float wa = wa0 + step * wa_dx, wb = wb0 + step * wb_dx, wc = 1.0f - wa - wb;
            float iz = iz0 + step * iz_dx;
            if (wa >= 0 && wb >= 0 && wc >= 0 && iz > depth[x] &&
                !(holes && in_hole(a, b, c, wa, wb, wc))) {
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
        const struct pt_vertex *a = &soup->vertices[t->a], *b = &soup->vertices[t->b];
        const struct pt_vertex *c = &soup->vertices[t->c];
        bool closed =
            t->material == PT_SKIN || t->material == PT_CAP; /* its far side is never seen */
        if (closed && (b->sx - a->sx) * (c->sy - a->sy) <= (c->sx - a->sx) * (b->sy - a->sy)) {
            continue;
        }
        draw_triangle(vis, a, b, c, (uint32_t)i + 1, t->holes);
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
    float limit = (float)map->size;
    float min_x = lowerf(a.x, lowerf(b.x, c.x)), max_x = higherf(a.x, higherf(b.x, c.x));
    float min_y = lowerf(a.y, lowerf(b.y, c.y)), max_y = higherf(a.y, higherf(b.y, c.y));
    if (!(min_x >= 0.5f && min_y >= 0.5f && max_x < limit && max_y < limit)) {
        return;
    }
    int x0 = (int)(min_x + 0.5f), x1 = (int)(max_x - 0.5f), y0 = (int)(min_y + 0.5f),
        y1 = (int)(max_y - 0.5f);
    float area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
    if (x1 < x0 || y1 < y0 || !(fabsf(area) > 1e-7f)) {
        return;
    }
    float inv = 1.0f / area;
    for (int y = y0; y <= y1; y++) {
        for (int x = x0; x <= x1; x++) {
            float px = (float)x + 0.5f, py = (float)y + 0.5f;
            float wa = ((px - b.x) * (b.y - c.y) + (py - b.y) * (c.x - b.x)) * inv;
            float wb = ((px - c.x) * (c.y - a.y) + (py - c.y) * (a.x - c.x)) * inv;
            float wc = 1.0f - wa - wb;
            if (wa < 0 || wb < 0 || wc < 0) {
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
    if (blur <= 0) {
        return shadow_tap(map, p.x, p.y, p.z - bias);
    }
    for (int j = -1; j <= 1; j++) {
        for (int i = -1; i <= 1; i++) {
            float z = p.z - bias * (1.0f + 0.5f * (float)(i * i + j * j) * blur);
            sum += shadow_tap(map, p.x + (float)i * blur, p.y + (float)j * blur, z);
        }
    }
    return sum / 9.0f;
}
