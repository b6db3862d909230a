#include "hair.h"

#include <string.h>

#include "base/mem.h"
#include "noise.h"

struct style {
    float thickness, length, width, curl, lift;
    int strands;
};
static const struct style styles[PT_HAIR_STYLES] = {
    [PT_HAIR_CROP] = {0.13f, 0.24f, 0.017f, 0.25f, 0.030f, 5200},
    [PT_HAIR_SIDE] = {0.22f, 0.85f, 0.022f, 0.10f, 0.012f, 4200},
    [PT_HAIR_BACK] = {0.19f, 0.90f, 0.022f, 0.09f, 0.010f, 4200},
    [PT_HAIR_FRINGE] = {0.21f, 0.85f, 0.022f, 0.12f, 0.012f, 4600},
    [PT_HAIR_BOB] = {0.27f, 2.35f, 0.026f, 0.07f, 0.010f, 4600},
    [PT_HAIR_LONG] = {0.25f, 4.20f, 0.028f, 0.10f, 0.010f, 5000},
    [PT_HAIR_AFRO] = {0.52f, 0.30f, 0.018f, 1.30f, 0.030f, 7000},
    [PT_HAIR_BUZZ] = {0.00f, 0.00f, 0.010f, 0.00f, 0.000f, 0},
};

static const struct v3 middle = {0, PT_HEAD_CENTRE_Y, PT_HEAD_CENTRE_Z};

/* How thick the mass is over a place of the scalp. */
static float thickness_at(enum pt_hair_style style, struct v3 p, uint32_t seed)
{
    float inside = pt_skin_hair(p), t = styles[style].thickness;
    float grow = stepf(0.0f, style == PT_HAIR_AFRO ? 0.5f : 0.42f, inside);
    if (style == PT_HAIR_CROP || style == PT_HAIR_SIDE || style == PT_HAIR_BACK) {
        t *= mixf(0.35f, 1.0f, stepf(0.1f, -1.1f, p.y)); /* close at the sides */
    }
    t *= 1.0f + 0.18f * pt_noise(v3_scale(p, 2.2f), seed + 81);
    return t * grow;
}

static struct v3 scalp_at(const struct pt_head *head, struct v3 d, struct v3 *canonical)
{
    float column, row;
    pt_head_locate(head, atan2f(d.x, -d.z) * (180.0f / PT_PI),
                   asinf(clampf(d.y, -1, 1)) * (180.0f / PT_PI), &column, &row);
    *canonical = pt_head_at(head, head->canonical, column, row);
    return pt_head_at(head, head->rest, column, row);
}

/* Which way hair of this style lies at p. */
static struct v3 flow(const struct pt_person *s, struct v3 p)
{
    float side = clampf((p.x - s->hair_parting) * 5.0f, -1, 1), own = p.x < 0 ? -1.0f : 1.0f;
    float top = stepf(-0.6f, -1.2f, p.y), front = stepf(0.9f, 0.1f, p.z);
    switch (s->hair_style) {
    case PT_HAIR_CROP:
        return v3_lerp(v3(0.1f * own, 0.9f, 0.35f), v3(0.25f * side, -0.35f, -0.9f), top);
    case PT_HAIR_SIDE:
        return v3_lerp(v3(0.15f * own, 1.0f, 0.45f), v3(side, 0.15f, mixf(0.35f, -0.1f, front)),
                       top);
    case PT_HAIR_BACK:
        return v3_lerp(v3(0.0f, 0.35f, 1.0f), v3(0.12f * own, -0.25f, 1.0f), top);
    case PT_HAIR_FRINGE:
        return v3_lerp(v3(0.05f * own, 1.0f, 0.12f), v3(0.30f * side, 0.5f, -1.0f),
                       higherf(top, front));
    case PT_HAIR_BOB:
    case PT_HAIR_LONG: {
        struct v3 part = v3(side * 1.2f, 0.30f, 0.30f), fall = v3(0.12f * own, 1.0f, 0.10f);
        float aside = stepf(0.75f, 1.05f, fabsf(p.x)) * (p.x * side > 0 ? 1.0f : 0.0f);
        return v3_lerp(part, fall, higherf(aside, stepf(1.3f, 1.9f, p.z)));
    }
    default:
        return v3_sub(p, middle);
    }
}

/* Lets a strand grow from a root: along the flow, kept just outside the mass while it is on the
 * head, hanging freely below it. */
static void grow_strand(const struct pt_person *s, const struct pt_head *head, struct v3 root,
                        float level, uint32_t *state, struct pt_strand *strand)
{
    const struct style *style = &styles[s->hair_style];
    float length = style->length * pt_random_in(state, 0.6f, 1.1f);
    float step = length / (PT_STRAND_POINTS - 1);
    float phase = pt_random(state) * 6.28f, lean = pt_random_in(state, -1.0f, 1.0f);
    float least = 0.030f;
    bool radial = s->hair_style == PT_HAIR_AFRO, hangs = style->length > 2.0f;
    struct v3 p = root;
    strand->count = 0;
    for (int k = 0; k < PT_STRAND_POINTS; k++) {
        strand->point[strand->count++] = p;
        struct v3 out = v3_unit(v3_sub(p, middle)), f = v3_unit(flow(s, p));
        bool below = hangs && p.y > 0.95f;
        if (below) {
            f = v3(0.02f * lean +
                       (s->hair_style == PT_HAIR_BOB ? -0.22f : 0.02f) * (p.x < 0 ? -1.0f : 1.0f),
                   1.0f, 0.02f);
        } else if (!radial) {
            f = v3_mad(f, out, -v3_dot(f, out));
        }
        float wave = phase + (float)k * (radial ? 2.1f : 0.9f);
        struct v3 curl = v3(sinf(wave), cosf(wave * 1.3f + lean), sinf(wave * 0.7f + 2 * lean));
        f = v3_unit(v3_mad(v3_unit(f), curl, style->curl * (radial ? 1.0f : 0.6f + 0.4f * lean)));
        p = v3_mad(p, f, step);
        if (radial) {
            continue;
        }
        struct v3 place, d = v3_unit(v3_sub(p, middle));
        struct v3 skin = scalp_at(head, d, &place);
        least = hangs && p.y > -0.2f ? 0.15f : 0.030f; /* what hangs keeps its fullness */
        float floor_r = v3_length(v3_sub(skin, middle)) +
                        higherf(thickness_at(s->hair_style, place, s->seed), least) * level +
                        style->lift * (float)k * 0.35f * (0.5f + 0.5f * lean);
        float r = v3_length(v3_sub(p, middle));
        if (!below) {
            p = v3_mad(middle, d, r < floor_r ? floor_r : mixf(r, floor_r, 0.6f));
        } else if (p.y < 1.9f && fabsf(p.x) < 1.02f && p.z < 1.5f) {
            p.x = (p.x < 0 ? -1.0f : 1.0f) *
                  (1.06f + 0.10f * lean); /* beside the face, not over it */
        }
        bool bare = pt_skin_hair(place) < -0.30f && place.z < 0.8f;
        if (!below && bare &&
            !(s->hair_style == PT_HAIR_FRINGE && place.y < -0.42f + 0.06f * lean)) {
            break;
        }
        if (s->hair_style == PT_HAIR_BOB && p.y > 1.55f + 0.06f * lean) {
            break;
        }
    }
}

static int make_cap(const struct pt_person *s, const struct pt_head *head, struct pt_hair *hair)
{
    size_t count = (size_t)(head->columns * head->rows);
    hair->cap = fus_calloc(count, sizeof(*hair->cap));
    hair->covered = fus_calloc(count, sizeof(*hair->covered));
    if (!hair->cap || !hair->covered) {
        return FUS_E_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        float t = thickness_at(s->hair_style, head->canonical[i], s->seed);
        struct v3 d = v3_unit(v3_sub(head->rest[i], middle));
        hair->cap[i] = v3_mad(head->rest[i], d, 0.88f * t - 0.012f);
        hair->covered[i] = t > 0.005f;
    }
    return 0;
}

int pt_hair_make(const struct pt_person *s, const struct pt_head *head, float detail,
                 struct pt_hair *hair)
{
    memset(hair, 0, sizeof(*hair));
    const struct style *style = &styles[s->hair_style];
    if (style->strands == 0) {
        return 0;
    }
    float share = clampf(detail / 110.0f, 0.25f, 1.6f),
          wider = clampf(1.0f / sqrtf(share), 0.85f, 2.0f);
    int wanted = (int)((float)style->strands * share);
    int rc = make_cap(s, head, hair);
    hair->strands = fus_calloc((size_t)wanted, sizeof(*hair->strands));
    if (rc || !hair->strands) {
        pt_hair_done(hair);
        return FUS_E_OUT_OF_MEMORY;
    }
    uint32_t state = s->seed * 977u + 5u;
    for (int tries = 0; tries < wanted * 6 && hair->strand_count < wanted; tries++) {
        float z = pt_random_in(&state, -1, 1), turn = pt_random_in(&state, 0, 2 * PT_PI);
        struct v3 d = v3(sqrtf(1 - z * z) * cosf(turn), -z, sqrtf(1 - z * z) * sinf(turn)), place;
        struct v3 skin = scalp_at(head, d, &place);
        if (pt_skin_hair(place) < pt_random_in(&state, -0.03f, 0.05f)) {
            continue;
        }
        float level = mixf(0.75f, 1.12f, pt_random(&state));
        float t = thickness_at(s->hair_style, place, s->seed);
        struct pt_strand *strand = &hair->strands[hair->strand_count++];
        strand->width = style->width * wider * pt_random_in(&state, 0.7f, 1.3f);
        strand->shade =
            pt_random_in(&state, 0.75f, 1.2f) * mixf(0.6f, 1.1f, (level - 0.75f) / 0.37f);
        grow_strand(s, head, v3_mad(skin, d, t * level), level, &state, strand);
    }
    return 0;
}

void pt_hair_done(struct pt_hair *hair)
{
    fus_free(hair->cap);
    fus_free(hair->covered);
    fus_free(hair->strands);
    memset(hair, 0, sizeof(*hair));
}

static int add_cap(const struct pt_bust *bust, const struct pt_hair *hair, struct pt_soup *soup)
{
    const struct pt_head *head = bust->head;
    int w = head->columns, h = head->rows;
    int rc = pt_soup_reserve(soup, (size_t)(w * h), (size_t)(w * h * 2));
    if (rc) {
        return rc;
    }
    uint32_t first = (uint32_t)soup->vertex_count;
    for (int i = 0; i < w * h; i++) {
        struct pt_vertex vertex = {.pos = pt_view_place(bust->view, hair->cap[i], 1.0f),
                                   .normal = m3_apply(&bust->view->rotation, head->normal[i]),
                                   .rest = hair->cap[i],
                                   .ao = 0.8f};
        pt_view_project(bust->view, vertex.pos, &vertex.sx, &vertex.sy, &vertex.iz);
        (void)pt_soup_vertex(soup, vertex);
    }
    for (int j = 0; j + 1 < h; j++) {
        for (int i = 0; i + 1 < w; i++) {
            int at = j * w + i;
            if (!hair->covered[at] && !hair->covered[at + 1] && !hair->covered[at + w]) {
                continue;
            }
            uint32_t a = first + (uint32_t)at, b = a + (uint32_t)w;
            pt_soup_triangle(soup, a, a + 1, b, PT_CAP, bust->index, false);
            pt_soup_triangle(soup, a + 1, b + 1, b, PT_CAP, bust->index, false);
        }
    }
    return 0;
}

/* A strand is a ribbon that faces the camera. */
static void add_strand(const struct pt_bust *bust, const struct pt_strand *strand,
                       struct pt_soup *soup)
{
    struct v3 pos[PT_STRAND_POINTS];
    float sx[PT_STRAND_POINTS], sy[PT_STRAND_POINTS], iz[PT_STRAND_POINTS];
    int n = strand->count;
    struct v3 out = m3_apply(&bust->view->rotation, v3_unit(v3_sub(strand->point[0], middle)));
    if (out.z > 0.45f && styles[bust->person->hair_style].length < 2.0f) {
        return; /* behind the head */
    }
    for (int k = 0; k < n; k++) {
        pos[k] = pt_view_place(bust->view, strand->point[k], 1.0f);
        pt_view_project(bust->view, pos[k], &sx[k], &sy[k], &iz[k]);
    }
    for (int k = 0; k < n; k++) {
        int before = k > 0 ? k - 1 : 0, after = k + 1 < n ? k + 1 : k;
        float dx = sx[after] - sx[before], dy = sy[after] - sy[before],
              d = sqrtf(dx * dx + dy * dy);
        float t = (float)k / (float)(n > 1 ? n - 1 : 1);
        float half = 0.5f * strand->width * bust->view->focal * iz[k] * (1.0f - 0.75f * t * t) *
                     mixf(0.35f, 1.0f, stepf(0.0f, 0.2f, t));
        half = higherf(half, 0.35f);
        float ox = d > 1e-4f ? -dy / d * half : half, oy = d > 1e-4f ? dx / d * half : 0;
        struct pt_vertex v = {.pos = pos[k],
                              .normal = v3_unit(v3_sub(pos[after], pos[before])),
                              .rest = v3_unit(v3_sub(strand->point[k], middle)),
                              .iz = iz[k],
                              .v = t,
                              .ao = strand->shade};
        v.rest = m3_apply(&bust->view->rotation, v.rest);
        v.sx = sx[k] - ox;
        v.sy = sy[k] - oy;
        uint32_t a = pt_soup_vertex(soup, v);
        v.u = 1;
        v.sx = sx[k] + ox;
        v.sy = sy[k] + oy;
        uint32_t b = pt_soup_vertex(soup, v);
        if (k > 0) {
            pt_soup_triangle(soup, a - 2, b - 2, a, PT_HAIR, bust->index, false);
            pt_soup_triangle(soup, b - 2, b, a, PT_HAIR, bust->index, false);
        }
    }
}

int pt_hair_add(const struct pt_bust *bust, const struct pt_hair *hair, struct pt_soup *soup)
{
    if (!hair->cap) {
        return 0;
    }
    int rc = add_cap(bust, hair, soup);
    size_t points = (size_t)hair->strand_count * PT_STRAND_POINTS;
    rc = rc ? rc : pt_soup_reserve(soup, points * 2, points * 2);
    for (int i = 0; rc == 0 && i < hair->strand_count; i++) {
        add_strand(bust, &hair->strands[i], soup);
    }
    return rc;
}
