#include "processors/mesh_blend/rim.h"

#include <math.h>

#include "vision/simd.h"

#define NODES_PER_SCALE 24.0f
#define LOOK_OUT 0.03f /* eye distances beyond an edge where another triangle may go on */

static bool inside(const struct fus_mesh *mesh, int triangle, float x, float y)
{
    const uint8_t *corner = fus_mesh_triangles[triangle];
    for (int k = 0; k < 3; k++) {
        const struct fus_point a = mesh->at[corner[k]], b = mesh->at[corner[(k + 1) % 3]];
        if ((b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x) < 0.0f)
            return false;
    }
    return true;
}

static bool covered(const struct fus_mesh *mesh, float x, float y)
{
    for (int i = 0; i < mesh->order_count; i++)
        if (inside(mesh, mesh->order[i], x, y))
            return true;
    return false;
}

void fus_rim_find(const struct fus_mesh *mesh, struct fus_rim *rim)
{
    bool drawn[FUS_MESH_TRIANGLES] = {false};
    for (int i = 0; i < mesh->order_count; i++)
        drawn[mesh->order[i]] = true;
    rim->count = 0;
    for (int e = 0; e < FUS_MESH_EDGES; e++) {
        const struct fus_mesh_edge *edge = &fus_mesh_edges[e];
        const bool first = drawn[edge->a], second = edge->b >= 0 && drawn[edge->b];
        if (first == second)
            continue;
        const struct fus_point from = mesh->at[edge->from], to = mesh->at[edge->to];
        const int owner = first ? edge->a : edge->b;
        const uint8_t *corner = fus_mesh_triangles[owner];
        int third = corner[0];
        for (int k = 1; k < 3; k++)
            if (third == edge->from || third == edge->to)
                third = corner[k];
        float dx = to.x - from.x, dy = to.y - from.y;
        const float length = hypotf(dx, dy);
        float nx = length > 0.0f ? dy / length : 0.0f, ny = length > 0.0f ? -dx / length : 0.0f;
        const float side = (mesh->at[third].x - from.x) * nx + (mesh->at[third].y - from.y) * ny;
        const float out = (side > 0.0f ? -LOOK_OUT : LOOK_OUT) * mesh->scale;
        nx *= out;
        ny *= out;
        dx /= FUS_RIM_PIECES;
        dy /= FUS_RIM_PIECES;
        for (int piece = 0; piece < FUS_RIM_PIECES; piece++) {
            const float x = from.x + dx * (float)piece, y = from.y + dy * (float)piece;
            if (covered(mesh, x + 0.5f * dx + nx, y + 0.5f * dy + ny))
                continue;
            const float square = dx * dx + dy * dy;
            rim->segments[rim->count++] =
                (struct fus_rim_segment){x,
                                         y,
                                         dx,
                                         dy,
                                         square > 0.0f ? 1.0f / square : 0.0f,
                                         fminf(y, y + dy),
                                         fmaxf(y, y + dy)};
        }
    }
}

void fus_rim_grid_plan(const struct fus_rect *rect, float scale, struct fus_rim_grid *grid)
{
    grid->step = fmaxf(1.0f, scale / NODES_PER_SCALE);
    grid->columns = (int)ceilf((float)rect->width / grid->step) + 2;
    grid->rows = (int)ceilf((float)rect->height / grid->step) + 2;
}

FUS_SIMD_CLONES static void nearest(const struct fus_rim_segment *segment, float x0, float y,
                                    float step, int columns, float *restrict squares)
{
    const float oy = y - segment->y;
    for (int i = 0; i < columns; i++) {
        const float ox = x0 + step * (float)i - segment->x;
        float along = (ox * segment->dx + oy * segment->dy) * segment->inverse_square;
        along = along > 0.0f ? along : 0.0f;
        along = along < 1.0f ? along : 1.0f;
        const float ax = ox - along * segment->dx, ay = oy - along * segment->dy;
        const float square = ax * ax + ay * ay;
        squares[i] = square < squares[i] ? square : squares[i];
    }
}

FUS_SIMD_CLONES static void roots(float *restrict values, float factor, int count)
{
    for (int i = 0; i < count; i++)
        values[i] = sqrtf(values[i]) * factor;
}

void fus_rim_grid_fill(const struct fus_rim *rim, const struct fus_rect *rect, float scale,
                       float reach, struct fus_rim_grid *grid)
{
    const float far = FUS_RIM_FAR * scale, near = reach * scale;
    for (int j = 0; j < grid->rows; j++) {
        float *row = grid->values + (size_t)j * (size_t)grid->columns;
        const float y = (float)rect->y + grid->step * (float)j;
        for (int i = 0; i < grid->columns; i++)
            row[i] = far * far;
        for (int s = 0; s < rim->count; s++) {
            const struct fus_rim_segment *segment = &rim->segments[s];
            if (y > segment->top - near && y < segment->bottom + near)
                nearest(segment, (float)rect->x, y, grid->step, grid->columns, row);
        }
        roots(row, 1.0f / scale, grid->columns);
    }
}

void fus_rim_grid_row(const struct fus_rim_grid *grid, int y, int width, float *line, float *out)
{
    const float at = (float)y / grid->step;
    const int top = FUS_MIN((int)at, grid->rows - 2);
    const float part = at - (float)top;
    const float *a = grid->values + (size_t)top * (size_t)grid->columns, *b = a + grid->columns;
    for (int i = 0; i < grid->columns; i++)
        line[i] = a[i] + part * (b[i] - a[i]);
    const float inverse = 1.0f / grid->step;
    for (int x = 0; x < width; x++) {
        const float ax = (float)x * inverse;
        const int left = (int)ax;
        out[x] = line[left] + (ax - (float)left) * (line[left + 1] - line[left]);
    }
}
