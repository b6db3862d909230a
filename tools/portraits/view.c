#include "parts.h"

static const struct v3 neck_pivot = {0, 1.25f, 1.20f};

void pt_view_prepare(struct pt_view *view)
{
    view->rotation = m3_pose(view->yaw, view->pitch, view->roll);
}

struct v3 pt_view_place(const struct pt_view *view, struct v3 p, float share)
{
    struct m3 partial;
    const struct m3 *r = &view->rotation;
    if (share < 0.999f) {
        partial = m3_pose(view->yaw * share, view->pitch * share, view->roll * share);
        r = &partial;
    }
    struct v3 q = v3_add(m3_apply(r, v3_sub(p, neck_pivot)), neck_pivot);
    q.x += view->sway;
    return q;
}

void pt_view_project(const struct pt_view *view, struct v3 pos, float *sx, float *sy, float *iz)
{
    float scale = view->focal / higherf(pos.z + view->distance, 0.5f);
    *sx = view->centre_x + pos.x * scale;
    *sy = view->centre_y + pos.y * scale;
    *iz = 1.0f / higherf(pos.z + view->distance + view->depth, 0.5f);
}

int pt_patch_add(const struct pt_bust *bust, struct pt_patch *patch, enum pt_material material,
                 bool own_normals, struct pt_soup *soup)
{
    int w = patch->columns, h = patch->rows;
    int rc = pt_soup_reserve(soup, (size_t)(w * h), (size_t)(w * h * 2));
    if (rc) {
        return rc;
    }
    uint32_t first = (uint32_t)soup->vertex_count;
    for (int j = 0; j < h; j++) {
        for (int i = 0; i < w; i++) {
            int at = j * w + i;
            struct pt_vertex vertex = {.pos = patch->pos[at],
                                       .rest = patch->rest[at],
                                       .u = patch->u[at],
                                       .v = patch->v[at],
                                       .ao = patch->ao[at]};
            if (own_normals) {
                vertex.normal = patch->normal[at];
            } else {
                const struct v3 *q = patch->pos + at;
                struct v3 dx = v3_sub(q[i + 1 < w ? 1 : 0], q[i > 0 ? -1 : 0]);
                struct v3 dy = v3_sub(q[j + 1 < h ? w : 0], q[j > 0 ? -w : 0]);
                vertex.normal = v3_unit(v3_cross(dy, dx));
            }
            pt_view_project(bust->view, vertex.pos, &vertex.sx, &vertex.sy, &vertex.iz);
            (void)pt_soup_vertex(soup, vertex);
        }
    }
    for (int j = 0; j + 1 < h; j++) {
        for (int i = 0; i + 1 < w; i++) {
            uint32_t a = first + (uint32_t)(j * w + i), b = a + (uint32_t)w;
            pt_soup_triangle(soup, a, a + 1, b, material, bust->index, false);
            pt_soup_triangle(soup, a + 1, b + 1, b, material, bust->index, false);
        }
    }
    return 0;
}
