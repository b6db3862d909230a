#include "processors/mesh_blend/atlas.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "vision/blur.h"
#include "vision/distance.h"
#include "vision/raster.h"

#define WINDOW_WIDTH 2.5f
#define WINDOW_HEIGHT 2.85f
#define FOREHEAD_PART 0.75f /* of the way from mid-forehead to the hairline */

/* Working planes while the masks are drawn. */
struct easel {
    struct fus_atlas *atlas;
    float *eyes, *nostrils, *features, *not_skin, *scratch;
};

static struct fus_point vertex(const struct easel *e, int index)
{
    return fus_atlas_vertex(e->atlas->n, index);
}

/* Vertices from..to (inclusive, either way) appended to a list of points. */
static size_t append(const struct easel *e, struct fus_point *points, size_t count, int from,
                     int to)
{
    const int step = from <= to ? 1 : -1;
    for (int i = from;; i += step) {
        points[count++] = vertex(e, i);
        if (i == to)
            return count;
    }
}

static void fill(const struct easel *e, float *plane, const struct fus_point *points, size_t count)
{
    fus_raster_polygon(plane, e->atlas->width, e->atlas->height, points, count);
}

static void fill_list(const struct easel *e, float *plane, const uint8_t *list, size_t count)
{
    struct fus_point points[FUS_RASTER_POINTS_MAX];
    for (size_t i = 0; i < count; i++)
        points[i] = vertex(e, list[i]);
    fill(e, plane, points, count);
}

static void fill_range(const struct easel *e, float *plane, int from, int to)
{
    struct fus_point points[FUS_RASTER_POINTS_MAX];
    fill(e, plane, points, append(e, points, 0, from, to));
}

static void line_range(const struct easel *e, float *plane, int from, int to, bool closed,
                       float thickness)
{
    struct fus_point points[FUS_RASTER_POINTS_MAX];
    size_t count = append(e, points, 0, from, to);
    if (closed)
        points[count++] = points[0];
    fus_raster_polyline(plane, e->atlas->width, e->atlas->height, points, count,
                        thickness * (float)e->atlas->n);
}

static void soften(const struct easel *e, float *plane, float radius)
{
    fus_blur_gaussian(plane, plane, e->atlas->width, e->atlas->height, radius * (float)e->atlas->n,
                      e->scratch);
}

static void draw_eyes_and_mouth(const struct easel *e)
{
    float **mask = e->atlas->mask;
    for (int eye = 36; eye <= 42; eye += 6) {
        fill_range(e, mask[FUS_ATLAS_EYEBALL], eye, eye + 5);
        fill_range(e, mask[FUS_ATLAS_LIDS], eye, eye + 5);
        line_range(e, mask[FUS_ATLAS_LIDS], eye, eye + 5, true, 0.12f);
        fill_range(e, e->eyes, eye, eye + 5);
        line_range(e, e->eyes, eye, eye + 5, true, 0.16f);
    }
    soften(e, mask[FUS_ATLAS_LIDS], 0.03f);
    line_range(e, mask[FUS_ATLAS_BROWS], 17, 21, false, 0.17f);
    line_range(e, mask[FUS_ATLAS_BROWS], 22, 26, false, 0.17f);
    fill_range(e, mask[FUS_ATLAS_MOUTH], 48, 59);
    line_range(e, mask[FUS_ATLAS_MOUTH], 48, 59, true, 0.06f);
    fill_range(e, mask[FUS_ATLAS_INNER], 60, 67);
    line_range(e, e->nostrils, 31, 35, false, 0.14f);
}

static void combine_features(const struct easel *e)
{
    float **mask = e->atlas->mask;
    for (size_t i = 0; i < fus_atlas_count(e->atlas); i++) {
        const float feature =
            fmaxf(e->eyes[i], fmaxf(mask[FUS_ATLAS_BROWS][i], mask[FUS_ATLAS_MOUTH][i]));
        e->features[i] = feature;
        e->not_skin[i] = fmaxf(feature, e->nostrils[i]);
        mask[FUS_ATLAS_NO_FEATURE][i] = 1.0f - fminf(1.0f, 1.3f * feature);
        mask[FUS_ATLAS_SKIN][i] =
            mask[FUS_ATLAS_DEPTH][i] > 0.06f ? 1.0f - fminf(1.0f, 1.5f * e->not_skin[i]) : 0.0f;
    }
}

static void draw_forehead(const struct easel *e)
{
    static const uint8_t middle[] = {78, 87, 86, 85, 81, 82, 83, 84, 72};
    static const uint8_t hairline[] = {79, 77, 76, 75, 68, 69, 70, 71, 73};
    struct fus_atlas *atlas = e->atlas;
    float **mask = atlas->mask;
    struct fus_point points[FUS_RASTER_POINTS_MAX];
    size_t count = 1;
    for (size_t i = 0; i < FUS_COUNT(middle); i++) {
        const struct fus_point a = vertex(e, middle[i]), b = vertex(e, hairline[i]);
        points[count++] = (struct fus_point){a.x + FOREHEAD_PART * (b.x - a.x),
                                             a.y + FOREHEAD_PART * (b.y - a.y)};
    }
    const float right = (float)atlas->width + 9.0f, bottom = (float)atlas->height + 9.0f;
    points[0] = (struct fus_point){-9.0f, points[1].y};
    points[count] = (struct fus_point){right, points[count - 1].y};
    points[count + 1] = (struct fus_point){right, bottom};
    points[count + 2] = (struct fus_point){-9.0f, bottom};
    fill(e, mask[FUS_ATLAS_BELOW_HAIR], points, count + 3);
    soften(e, mask[FUS_ATLAS_BELOW_HAIR], 0.07f);
    for (size_t i = 0; i < fus_atlas_count(atlas); i++)
        mask[FUS_ATLAS_BELOW_HAIR][i] = fus_smoothstep(mask[FUS_ATLAS_BELOW_HAIR][i], 0.5f, 1.0f);

    points[0] = vertex(e, 0);
    count = append(e, points, 1, 17, 26);
    for (size_t i = 1; i < count; i++)
        points[i].y += 0.03f * (float)atlas->n;
    points[count++] = vertex(e, 16);
    count = append(e, points, count, 74, 68);
    count = append(e, points, count, 75, 80);
    fill(e, mask[FUS_ATLAS_FOREHEAD], points, count);
    soften(e, mask[FUS_ATLAS_FOREHEAD], 0.05f);
}

static void draw_skin_regions(const struct easel *e)
{
    static const uint8_t seed[] = {28, 108, 98, 92, 119, 33, 120, 93, 99, 109};
    static const uint8_t beard[] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 54, 35, 33, 31, 48};
    static const uint8_t crease[4][9] = {{31, 98, 90, 94, 3, 4, 117, 115, 48},
                                         {35, 99, 91, 95, 13, 12, 118, 116, 54},
                                         {17, 0, 96, 90, 36},
                                         {26, 16, 97, 91, 45}};
    float **mask = e->atlas->mask;
    fill_list(e, mask[FUS_ATLAS_SEED], seed, FUS_COUNT(seed));
    fill_list(e, mask[FUS_ATLAS_BEARD], beard, FUS_COUNT(beard));
    soften(e, mask[FUS_ATLAS_BEARD], 0.06f);
    for (int i = 0; i < 4; i++)
        fill_list(e, mask[FUS_ATLAS_CREASE], crease[i], i < 2 ? 9 : 5);
    soften(e, mask[FUS_ATLAS_CREASE], 0.08f);
    for (size_t i = 0; i < fus_atlas_count(e->atlas); i++) {
        if (e->not_skin[i] >= 0.05f)
            mask[FUS_ATLAS_SEED][i] = 0.0f;
        mask[FUS_ATLAS_CREASE][i] *=
            1.0f - fminf(1.0f, fmaxf(e->eyes[i], mask[FUS_ATLAS_MOUTH][i]));
        const float depth = mask[FUS_ATLAS_DEPTH][i], hair = mask[FUS_ATLAS_BEARD][i];
        const float outer = 1.0f - fus_smoothstep(depth, 0.40f, 0.65f);
        const float edge = 1.0f - fus_smoothstep(depth, 0.12f, 0.30f);
        const float forehead = mask[FUS_ATLAS_FOREHEAD][i];
        mask[FUS_ATLAS_CUT_DONOR][i] = fmaxf(forehead, fmaxf(outer * (1.0f - hair), edge * hair));
        mask[FUS_ATLAS_CUT_TARGET][i] = fmaxf(forehead, edge * (1.0f - hair));
    }
}

static void draw_eye_zones(const struct easel *e)
{
    const struct fus_atlas *atlas = e->atlas;
    const float n = (float)atlas->n;
    for (int side = 0; side < 2; side++) {
        struct fus_point centre = {0.0f, 0.0f};
        for (int i = 0; i < 6; i++) {
            centre.x += vertex(e, 36 + 6 * side + i).x / 6.0f;
            centre.y += vertex(e, 36 + 6 * side + i).y / 6.0f;
        }
        float *lens = atlas->mask[FUS_ATLAS_LENS_LEFT + side];
        float *zone = atlas->mask[FUS_ATLAS_ZONE_LEFT + side];
        const struct fus_point high = {centre.x, centre.y + 0.03f * n};
        const struct fus_point low = {centre.x, centre.y + 0.06f * n};
        fus_raster_ellipse(zone, atlas->width, atlas->height, high, 0.46f * n, 0.36f * n);
        soften(e, zone, 0.06f);
        fus_raster_ellipse(lens, atlas->width, atlas->height, low, 0.36f * n, 0.30f * n);
        for (size_t i = 0; i < fus_atlas_count(atlas); i++)
            lens[i] *= 1.0f - atlas->mask[FUS_ATLAS_BROWS][i];
    }
}

/* Weights of the corners as linear functions of the place. */
static void solve_triangle(int n, int triangle, float weights[3][3])
{
    const uint8_t *corner = fus_mesh_triangles[triangle];
    struct fus_point p[3];
    for (int k = 0; k < 3; k++)
        p[k] = fus_atlas_vertex(n, corner[k]);
    const float twice =
        (p[1].x - p[0].x) * (p[2].y - p[0].y) - (p[2].x - p[0].x) * (p[1].y - p[0].y);
    for (int k = 0; k < 3; k++) {
        const struct fus_point a = p[(k + 1) % 3], b = p[(k + 2) % 3];
        weights[k][0] = (a.y - b.y) / twice;
        weights[k][1] = (b.x - a.x) / twice;
        weights[k][2] = (a.x * b.y - b.x * a.y) / twice;
    }
}

/* Which triangle owns each pixel, row by row: the first one that holds its centre. */
static bool find_runs(struct fus_atlas *atlas)
{
    const size_t count = fus_atlas_count(atlas);
    FUS_AUTO_FREE int16_t *owner = fus_malloc(count * sizeof *owner);
    if (!owner)
        return false;
    memset(owner, 0xff, count * sizeof *owner);
    for (int t = 0; t < FUS_MESH_TRIANGLES; t++) {
        const uint8_t *corner = fus_mesh_triangles[t];
        struct fus_point low = fus_atlas_vertex(atlas->n, corner[0]), high = low;
        for (int k = 1; k < 3; k++) {
            const struct fus_point p = fus_atlas_vertex(atlas->n, corner[k]);
            low = (struct fus_point){fminf(low.x, p.x), fminf(low.y, p.y)};
            high = (struct fus_point){fmaxf(high.x, p.x), fmaxf(high.y, p.y)};
        }
        for (int y = FUS_MAX((int)floorf(low.y), 0);
             y <= FUS_MIN((int)ceilf(high.y), atlas->height - 1); y++)
            for (int x = FUS_MAX((int)floorf(low.x), 0);
                 x <= FUS_MIN((int)ceilf(high.x), atlas->width - 1); x++) {
                float(*w)[3] = atlas->weights[t];
                bool inside = true;
                for (int k = 0; k < 3; k++)
                    inside = inside && w[k][0] * (float)x + w[k][1] * (float)y + w[k][2] >= -1e-4f;
                int16_t *pixel = &owner[(size_t)y * (size_t)atlas->width + (size_t)x];
                if (inside && *pixel < 0)
                    *pixel = (int16_t)t;
            }
    }
    for (size_t i = 0; i < count; i++) {
        atlas->mask[FUS_ATLAS_FACE][i] = owner[i] >= 0 ? 1.0f : 0.0f;
        atlas->run_count +=
            owner[i] >= 0 && (i % (size_t)atlas->width == 0 || owner[i] != owner[i - 1]);
    }
    atlas->runs = fus_calloc(atlas->run_count, sizeof *atlas->runs);
    if (!atlas->runs)
        return false;
    struct fus_atlas_run *run = atlas->runs;
    for (int y = 0; y < atlas->height; y++) {
        const int16_t *row = owner + (size_t)y * (size_t)atlas->width;
        for (int x = 0; x < atlas->width;) {
            const int start = x;
            while (x < atlas->width && row[x] == row[start])
                x++;
            if (row[start] >= 0)
                *run++ = (struct fus_atlas_run){(int16_t)y, (int16_t)start, (int16_t)x, row[start]};
        }
    }
    return true;
}

static void draw_masks(const struct easel *e)
{
    struct fus_atlas *atlas = e->atlas;
    fus_distance_inside(atlas->mask[FUS_ATLAS_FACE], atlas->mask[FUS_ATLAS_DEPTH], atlas->width,
                        atlas->height, true, e->scratch);
    for (size_t i = 0; i < fus_atlas_count(atlas); i++)
        atlas->mask[FUS_ATLAS_DEPTH][i] /= (float)atlas->n;
    draw_eyes_and_mouth(e);
    combine_features(e);
    draw_forehead(e);
    draw_skin_regions(e);
    draw_eye_zones(e);
}

struct fus_atlas *fus_atlas_new(int n)
{
    FUS_CLEANUP(fus_atlas_free) struct fus_atlas *atlas = fus_calloc(1, sizeof *atlas);
    if (!atlas)
        return NULL;
    atlas->n = n;
    atlas->width = (int)(WINDOW_WIDTH * (float)n);
    atlas->height = (int)(WINDOW_HEIGHT * (float)n);
    const size_t count = fus_atlas_count(atlas);
    atlas->block = fus_calloc(FUS_ATLAS_MASKS * count, sizeof *atlas->block);
    size_t scratch = FUS_MAX(fus_blur_scratch(atlas->width, atlas->height),
                             fus_distance_scratch(atlas->width, atlas->height));
    FUS_AUTO_FREE float *work = fus_calloc(4 * count + scratch, sizeof *work);
    if (!atlas->block || !work)
        return NULL;
    for (size_t i = 0; i < FUS_ATLAS_MASKS; i++)
        atlas->mask[i] = atlas->block + i * count;
    for (int t = 0; t < FUS_MESH_TRIANGLES; t++)
        solve_triangle(n, t, atlas->weights[t]);
    if (!find_runs(atlas))
        return NULL;
    const struct easel easel = {
        .atlas = atlas,
        .eyes = work,
        .nostrils = work + count,
        .features = work + 2 * count,
        .not_skin = work + 3 * count,
        .scratch = work + 4 * count,
    };
    draw_masks(&easel);
    return FUS_TAKE(atlas);
}

void fus_atlas_free(struct fus_atlas *atlas)
{
    if (!atlas)
        return;
    fus_free(atlas->block);
    fus_free(atlas->runs);
    fus_free(atlas);
}

void fus_atlas_spread(const struct fus_atlas *atlas, const float value[FUS_MESH_VERTICES],
                      float outside, float *plane)
{
    for (size_t i = 0; i < fus_atlas_count(atlas); i++)
        plane[i] = outside;
    float across[FUS_MESH_TRIANGLES], down[FUS_MESH_TRIANGLES], start[FUS_MESH_TRIANGLES];
    for (int t = 0; t < FUS_MESH_TRIANGLES; t++) {
        across[t] = down[t] = start[t] = 0.0f;
        for (int k = 0; k < 3; k++) {
            const float v = value[fus_mesh_triangles[t][k]];
            across[t] += v * atlas->weights[t][k][0];
            down[t] += v * atlas->weights[t][k][1];
            start[t] += v * atlas->weights[t][k][2];
        }
    }
    for (size_t i = 0; i < atlas->run_count; i++) {
        const struct fus_atlas_run run = atlas->runs[i];
        const float base = start[run.triangle] + down[run.triangle] * (float)run.y;
        float *row = plane + (size_t)run.y * (size_t)atlas->width;
        for (int x = run.x1; x < run.x2; x++)
            row[x] = base + across[run.triangle] * (float)x;
    }
}
