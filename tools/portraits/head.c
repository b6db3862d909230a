#include "head.h"

#include <string.h>

#include "base/mem.h"
#include "curves.h"

/* Grid lines are dense where the face is and sparse at the back of the head. */
static int lines_make(float *lines, int room, float from, float to, const float (*zones)[2],
                      int count)
{
    int n = 0;
    float at = from;
    while (at < to - 0.01f && n < room - 1) {
        lines[n++] = at;
        float step = zones[0][1];
        for (int i = 0; i < count; i++) {
            step = at >= zones[i][0] - 0.01f ? zones[i][1] : step;
        }
        at += step;
    }
    lines[n++] = to;
    return n;
}

static void grid_lines(struct pt_head *head)
{
    static const float across[][2] = {{-180, 6}, {-96, 2.5f}, {-42, 0.75f}, {42, 2.5f}, {96, 6}};
    static const float down[][2] = {{-88, 4}, {-36, 1.5f}, {-26, 0.75f}, {50, 2}, {70, 4}};
    head->columns = lines_make(head->azimuth, PT_HEAD_COLUMNS_MAX, -180, 180, across, 5);
    head->rows = lines_make(head->elevation, PT_HEAD_ROWS_MAX, -88, 84, down, 5);
}

static struct v3 direction_of(float azimuth, float elevation)
{
    float a = azimuth * (PT_PI / 180.0f), e = elevation * (PT_PI / 180.0f);
    return v3(sinf(a) * cosf(e), sinf(e), -cosf(a) * cosf(e));
}

static float line_place(const float *lines, int count, float value)
{
    int lo = 0, hi = count - 1;
    if (value <= lines[0]) {
        return 0;
    }
    if (value >= lines[hi]) {
        return (float)hi;
    }
    while (hi - lo > 1) {
        int mid = (lo + hi) / 2;
        if (lines[mid] <= value) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    return (float)lo + (value - lines[lo]) / (lines[lo + 1] - lines[lo]);
}

void pt_head_locate(const struct pt_head *head, float azimuth, float elevation, float *column,
                    float *row)
{
    *column = line_place(head->azimuth, head->columns, azimuth);
    *row = line_place(head->elevation, head->rows, elevation);
}

struct v3 pt_head_at(const struct pt_head *head, const struct v3 *field, float column, float row)
{
    int i = (int)column, j = (int)row;
    i = i > head->columns - 2 ? head->columns - 2 : i;
    j = j > head->rows - 2 ? head->rows - 2 : j;
    float u = column - (float)i, v = row - (float)j;
    const struct v3 *at = field + j * head->columns + i;
    return v3_lerp(v3_lerp(at[0], at[1], u), v3_lerp(at[head->columns], at[head->columns + 1], u),
                   v);
}

/* The grid place whose canonical x, y are those of p: sculpting changed only z, so the direction is
 * looked for on the skull itself. */
static void find_site(struct pt_head *head, const struct v3 *skull, struct v3 p, float site[2])
{
    float z = p.z;
    for (int i = 0; i < 40; i++) {
        struct v3 d = v3_unit(v3(p.x, p.y - PT_HEAD_CENTRE_Y, z - PT_HEAD_CENTRE_Z));
        pt_head_locate(head, atan2f(d.x, -d.z) * (180.0f / PT_PI), asinf(d.y) * (180.0f / PT_PI),
                       &site[0], &site[1]);
        z = mixf(z, pt_head_at(head, skull, site[0], site[1]).z, 0.7f);
    }
}

static int fields_alloc(struct pt_head *head)
{
    size_t count = (size_t)head->columns * (size_t)head->rows;
    struct v3 **fields[] = {&head->canonical, &head->rest, &head->now, &head->normal};
    for (size_t i = 0; i < FUS_COUNT(fields); i++) {
        *fields[i] = fus_calloc(count, sizeof(struct v3));
        if (!*fields[i]) {
            return FUS_E_OUT_OF_MEMORY;
        }
    }
    for (int m = 0; m < PT_MOVES; m++) {
        head->moves[m] = fus_calloc(count, sizeof(struct v3));
        if (!head->moves[m]) {
            return FUS_E_OUT_OF_MEMORY;
        }
    }
    head->jaw_weight = fus_calloc(count, sizeof(float));
    head->ao = fus_calloc(count, sizeof(float));
    return head->jaw_weight && head->ao ? 0 : FUS_E_OUT_OF_MEMORY;
}

/* Openness of each grid point: depth maps from directions all around, counted. */
static int find_openness(struct pt_head *head)
{
    FUS_AUTO_FREE struct pt_shadow *map = fus_malloc(sizeof(*map));
    FUS_AUTO_FREE struct v3 *placed =
        fus_calloc((size_t)(head->columns * head->rows), sizeof(*placed));
    if (!map || !placed) {
        return FUS_E_OUT_OF_MEMORY;
    }
    const int count = 40, columns = head->columns;
    FUS_AUTO_FREE float *total = fus_calloc((size_t)(columns * head->rows), sizeof(*total));
    if (!total) {
        return FUS_E_OUT_OF_MEMORY;
    }
    for (int k = 0; k < count; k++) {
        float z = 1.0f - 2.0f * ((float)k + 0.5f) / (float)count, r = sqrtf(1 - z * z);
        float turn = (float)k * 2.39996323f;
        struct v3 from = v3(r * cosf(turn), r * sinf(turn), z);
        if (from.z < -0.35f) {
            continue; /* light from behind the head does not reach the face */
        }
        pt_shadow_init(map, 220, from, v3(0, 0.2f, 1.0f), 2.6f);
        for (int i = 0; i < columns * head->rows; i++) {
            placed[i] = pt_shadow_place(map, head->now[i]);
        }
        for (int j = 0; j + 2 < head->rows; j += 2) {
            for (int i = 0; i + 2 < columns; i += 2) {
                const struct v3 *q = placed + j * columns + i;
                pt_shadow_triangle(map, q[0], q[2], q[2 * columns]);
                pt_shadow_triangle(map, q[2], q[2 * columns + 2], q[2 * columns]);
            }
        }
        for (int i = 0; i < columns * head->rows; i++) {
            float facing = -v3_dot(head->normal[i], map->direction);
            if (facing > 0) {
                struct v3 p = v3_mad(head->now[i], head->normal[i], 0.02f);
                head->ao[i] += facing * pt_shadow_look(map, p, 0.012f, 1.2f);
                total[i] += facing;
            }
        }
    }
    for (int i = 0; i < columns * head->rows; i++) {
        head->ao[i] = total[i] > 0.2f ? clampf(head->ao[i] / total[i] * 1.06f, 0.1f, 1.0f) : 1.0f;
    }
    return 0;
}

int pt_head_make(const struct pt_person *person, struct pt_head *head)
{
    struct pt_skull *skull = NULL;
    memset(head, 0, sizeof(*head));
    grid_lines(head);
    int rc = fields_alloc(head);
    if (rc == 0) {
        rc = pt_skull_make(&skull);
    }
    if (rc) {
        pt_head_done(head);
        return rc;
    }
    for (int j = 0; j < head->rows; j++) {
        for (int i = 0; i < head->columns; i++) {
            struct v3 d = direction_of(head->azimuth[i], head->elevation[j]);
            float r = pt_skull_radius(skull, d);
            head->now[j * head->columns + i] =
                v3_mad(v3(0, PT_HEAD_CENTRE_Y, PT_HEAD_CENTRE_Z), d, r);
        }
    }
    pt_skull_free(skull);
    for (int k = 0; k < 68; k++) {
        struct v3 p = pt_mean_head[k];
        float upper, lower;
        pt_curves_outer_lips(fabsf(p.x), &upper, &lower);
        if (k == 48 || k == 54) { /* the corner is where the red ends */
            p = v3(p.x < 0 ? 0.01f - PT_MOUTH_OUTER : PT_MOUTH_OUTER - 0.01f, 0.9590f, p.z);
        } else if (k >= 49 && k <= 59) {
            p.y = k < 54 ? upper : lower;
        }
        find_site(head, head->now, p, head->site[k]);
    }
    for (int i = 0; i < head->columns * head->rows; i++) {
        struct v3 p = head->now[i];
        p.z = pt_skull_sculpt(p);
        head->canonical[i] = p;
        head->rest[i] = pt_person_shape(person, p);
        head->jaw_weight[i] = pt_move_jaw_weight(p);
        for (int m = 0; m < PT_MOVES; m++) {
            struct v3 q = pt_move_point((enum pt_move)m, p);
            if (q.x != p.x || q.y != p.y || q.z != p.z) {
                head->moves[m][i] = v3_sub(pt_person_shape(person, q), head->rest[i]);
            }
        }
    }
    pt_head_move(head, &(struct pt_expression){0});
    rc = find_openness(head);
    if (rc) {
        pt_head_done(head);
    }
    return rc;
}

void pt_head_done(struct pt_head *head)
{
    fus_free(head->canonical);
    fus_free(head->rest);
    fus_free(head->now);
    fus_free(head->normal);
    fus_free(head->jaw_weight);
    fus_free(head->ao);
    for (int m = 0; m < PT_MOVES; m++) {
        fus_free(head->moves[m]);
    }
    memset(head, 0, sizeof(*head));
}

struct v3 pt_head_jaw(const struct pt_expression *e, struct v3 p, float weight)
{
    const float hinge_y = 0.25f, hinge_z = 1.05f;
    float angle = 0.26f * e->jaw * weight;
    float y = p.y - hinge_y, z = p.z - hinge_z, c = cosf(angle), s = sinf(angle);
    return v3(p.x, hinge_y + c * y - s * z, hinge_z + s * y + c * z);
}

static void find_normals(struct pt_head *head)
{
    int w = head->columns;
    for (int j = 0; j < head->rows; j++) {
        int up = j > 0 ? -w : 0, down = j + 1 < head->rows ? w : 0;
        for (int i = 0; i < w; i++) {
            struct v3 *at = head->now + j * w + i;
            /* the first and the last column are the same meridian */
            struct v3 left = i > 0 ? at[-1] : at[w - 2];
            struct v3 right = i + 1 < w ? at[1] : at[2 - w];
            head->normal[j * w + i] =
                v3_unit(v3_cross(v3_sub(at[down], at[up]), v3_sub(right, left)));
        }
    }
}

void pt_head_move(struct pt_head *head, const struct pt_expression *e)
{
    float weights[PT_MOVES] = {0};
    /* nor does it look at rest as wide-eyed as its table */
    float l = mixf(0.13f, 1.0f, e->blink[0]), r = mixf(0.13f, 1.0f, e->blink[1]);
    weights[PT_MOVE_CLOSE_LIPS] = stepf(0.30f, 0.0f, e->jaw) * 1.0f;
    /* the mean head smiles a little; at rest the corners hang level */
    weights[PT_MOVE_SMILE] = e->smile - 0.55f;
    weights[PT_MOVE_PUCKER] = e->pucker;
    weights[PT_MOVE_BROW] = higherf(e->brow, 0.0f);
    weights[PT_MOVE_FROWN] = higherf(-e->brow, 0.0f);
    weights[PT_MOVE_BLINK_LEFT] = l;
    weights[PT_MOVE_BLINK_RIGHT] = r;
    weights[PT_MOVE_BULGE_LEFT] = 4.0f * l * (1.0f - l) * (l > 0 ? 1.0f : 0.0f);
    weights[PT_MOVE_BULGE_RIGHT] = 4.0f * r * (1.0f - r) * (r > 0 ? 1.0f : 0.0f);
    size_t count = (size_t)head->columns * (size_t)head->rows;
    memcpy(head->now, head->rest, count * sizeof(struct v3));
    for (int m = 0; m < PT_MOVES; m++) {
        for (size_t i = 0; i < count && weights[m] != 0; i++) {
            head->now[i] = v3_mad(head->now[i], head->moves[m][i], weights[m]);
        }
    }
    for (size_t i = 0; i < count && e->jaw > 0; i++) {
        if (head->jaw_weight[i] > 0) {
            head->now[i] = pt_head_jaw(e, head->now[i], head->jaw_weight[i]);
        }
    }
    find_normals(head);
}
