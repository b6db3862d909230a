#include "parts.h"

#include <string.h>

#include "base/mem.h"
#include "curves.h"
#include "noise.h"

/* Grid cells near an opening are tested sample by sample, the rest are drawn whole. */
static bool near_hole(struct v3 p)
{
    float ax = fabsf(p.x);
    return p.z < 0.6f && ((ax > 0.24f && ax < 0.74f && p.y > -0.13f && p.y < 0.08f) ||
                          (ax < 0.45f && p.y > 0.93f && p.y < 1.16f));
}

int pt_parts_head(const struct pt_bust *bust, struct pt_soup *soup)
{
    const struct pt_head *head = bust->head;
    int w = head->columns, h = head->rows;
    int rc = pt_soup_reserve(soup, (size_t)(w * h), (size_t)(w * h * 2));
    if (rc) {
        return rc;
    }
    uint32_t first = (uint32_t)soup->vertex_count;
    for (int j = 0; j < h; j++) {
        for (int i = 0; i < w; i++) {
            int at = j * w + i;
            struct pt_vertex vertex = {.pos = pt_view_place(bust->view, head->now[at], 1.0f),
                                       .normal = m3_apply(&bust->view->rotation, head->normal[at]),
                                       .rest = head->canonical[at],
                                       .u = pt_skin_u(bust->skin, head->azimuth[i]),
                                       .v = pt_skin_v(bust->skin, head->elevation[j]),
                                       .ao = head->ao[at]};
            pt_view_project(bust->view, vertex.pos, &vertex.sx, &vertex.sy, &vertex.iz);
            (void)pt_soup_vertex(soup, vertex);
        }
    }
    for (int j = 0; j + 1 < h; j++) {
        for (int i = 0; i + 1 < w; i++) {
            uint32_t a = first + (uint32_t)(j * w + i), b = a + (uint32_t)w;
            bool holes = near_hole(head->canonical[j * w + i]);
            pt_soup_triangle(soup, a, a + 1, b, PT_SKIN, bust->index, holes);
            pt_soup_triangle(soup, a + 1, b + 1, b, PT_SKIN, bust->index, holes);
        }
    }
    return 0;
}

static int add_eye(const struct pt_bust *bust, int eye, struct pt_patch *patch,
                   struct pt_soup *soup)
{
    const int n = 33;
    float side = eye ? 1.0f : -1.0f, blink = bust->expression->blink[eye];
    struct v3 centre = pt_person_shape(bust->person, v3(side * PT_EYE_X, -0.004f, 0.0f));
    centre.z += PT_EYE_Z;
    float radius = PT_EYE_RADIUS * (1.0f + 0.06f * bust->person->eye_size);
    struct m3 gaze = m3_pose(-bust->expression->gaze_x, bust->expression->gaze_y, 0);
    patch->columns = patch->rows = n;
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < n; i++) {
            int at = j * n + i;
            float a = ((float)i / (float)(n - 1) - 0.5f) * 2.7f,
                  e = ((float)j / (float)(n - 1) - 0.5f) * 2.7f;
            struct v3 d = v3(sinf(a) * cosf(e), sinf(e), -cosf(a) * cosf(e));
            struct v3 p = v3_mad(centre, d, radius);
            if (i < 2 || j < 2 || i >= n - 2 || j >= n - 2) { /* a pink skirt closes the corners */
                float flat = 0.34f / higherf(sqrtf(d.x * d.x + d.y * d.y), 0.1f);
                p = v3_add(centre, v3(d.x * flat, d.y * flat, -0.02f));
            }
            float upper, lower;
            pt_curves_lids(fabsf(PT_EYE_X + side * d.x * PT_EYE_RADIUS), &upper, &lower);
            upper = mixf(upper, mixf(upper, lower, 0.86f), clampf(blink, 0.0f, 1.0f));
            float y = d.y * PT_EYE_RADIUS - 0.004f;
            patch->ao[at] = stepf(-0.015f, 0.075f, y - upper) * stepf(-0.02f, 0.03f, lower - y);
            patch->pos[at] = pt_view_place(bust->view, p, 1.0f);
            patch->normal[at] = m3_apply(&bust->view->rotation, d);
            /* direction as the eye sees it: the transpose turns the gaze back to straight ahead */
            patch->rest[at] = v3(v3_dot(d, v3(gaze.m[0][0], gaze.m[1][0], gaze.m[2][0])),
                                 v3_dot(d, v3(gaze.m[0][1], gaze.m[1][1], gaze.m[2][1])),
                                 v3_dot(d, v3(gaze.m[0][2], gaze.m[1][2], gaze.m[2][2])));
            patch->u[at] = side * d.x; /* towards the temple */
            patch->v[at] = d.y;
        }
    }
    return pt_patch_add(bust, patch, PT_EYE, true, soup);
}

int pt_parts_eyes(const struct pt_bust *bust, struct pt_soup *soup)
{
    FUS_AUTO_FREE struct pt_patch *patch = fus_malloc(sizeof(*patch));
    if (!patch) {
        return FUS_E_OUT_OF_MEMORY;
    }
    int rc = add_eye(bust, 0, patch, soup);
    return rc ? rc : add_eye(bust, 1, patch, soup);
}

static void mouth_put(const struct pt_bust *bust, struct pt_patch *patch, int at, struct v3 p,
                      float jaw)
{
    patch->rest[at] = p;
    struct v3 q = pt_person_shape(bust->person, p);
    patch->pos[at] = pt_view_place(bust->view, pt_head_jaw(bust->expression, q, jaw), 1.0f);
}

static int add_teeth(const struct pt_bust *bust, bool lower, struct pt_patch *patch,
                     struct pt_soup *soup)
{
    const int w = 41, h = 6;
    patch->columns = w;
    patch->rows = h;
    for (int j = 0; j < h; j++) {
        for (int i = 0; i < w; i++) {
            int at = j * w + i;
            float u = (float)i / (float)(w - 1) * 2 - 1, v = (float)j / (float)(h - 1);
            float a = u * 1.30f;
            float z = 0.045f + 0.36f * (1 - cosf(a)) - 0.02f * sinf(v * PT_PI);
            float y = lower ? mixf(1.235f, 1.115f, v) : mixf(0.90f, 1.060f - 0.018f * u * u, v);
            mouth_put(bust, patch, at, v3(0.335f * sinf(a), y, z + (lower ? 0.04f : 0.0f)),
                      lower ? 1.0f : 0.0f);
            patch->u[at] = u * 5.0f;
            patch->v[at] = v;
            patch->ao[at] = (lower ? 0.5f : 0.75f) * stepf(1.15f, 0.2f, fabsf(u)) + 0.05f;
        }
    }
    return pt_patch_add(bust, patch, PT_TEETH, false, soup);
}

static int add_cavity(const struct pt_bust *bust, bool tongue, struct pt_patch *patch,
                      struct pt_soup *soup)
{
    const int n = 15;
    patch->columns = patch->rows = n;
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < n; i++) {
            int at = j * n + i;
            float u = (float)i / (float)(n - 1) * 2 - 1, v = (float)j / (float)(n - 1) * 2 - 1;
            struct v3 p;
            if (tongue) {
                p = v3(0.25f * u,
                       1.19f - 0.055f * (1 - u * u) * (1 - 0.3f * v * v) -
                           0.02f * bellf(u, 0.2f) * 0.2f,
                       0.14f + 0.18f * (v + 1));
                p.y += 0.10f * stepf(-0.6f, -1.0f, v);
            } else {
                float edge = higherf(fabsf(u), fabsf(v));
                p = v3(0.50f * u * (1 - 0.30f * v * v), 1.06f + 0.25f * v,
                       0.62f - 0.40f * edge * edge * edge);
            }
            mouth_put(bust, patch, at, p, tongue ? 1.0f : stepf(-0.3f, 0.5f, v));
            patch->u[at] = u;
            patch->v[at] = v;
            patch->ao[at] = tongue ? 0.55f : 0.10f;
        }
    }
    return pt_patch_add(bust, patch, PT_MOUTH, false, soup);
}

int pt_parts_mouth(const struct pt_bust *bust, struct pt_soup *soup)
{
    FUS_AUTO_FREE struct pt_patch *patch = fus_malloc(sizeof(*patch));
    if (!patch) {
        return FUS_E_OUT_OF_MEMORY;
    }
    int rc = add_cavity(bust, false, patch, soup);
    rc = rc ? rc : add_cavity(bust, true, patch, soup);
    rc = rc ? rc : add_teeth(bust, true, patch, soup);
    return rc ? rc : add_teeth(bust, false, patch, soup);
}

/* The relief of an ear at radius r (0 middle .. 1 rim) and angle t (0 towards the back of the head,
 * a quarter turn down): rolled rim, the inner ridge, the bowl, a smooth lobe. */
static float ear_relief(float r, float t)
{
    float lobe = bellf(t - 1.65f, 0.55f), front = bellf(fabsf(t) - PT_PI, 0.8f);
    float rim = 0.075f * bellf(r - 0.90f, 0.11f) * (1 - lobe) * (1 - 0.8f * front);
    float ridge = 0.055f * bellf(r - 0.60f, 0.13f) * (1 - lobe) * (1 - front);
    float bowl = -0.085f * bellf(r, 0.40f);
    float tragus = 0.06f * bellf(r - 0.45f, 0.2f) * front;
    return rim + ridge + bowl + tragus + 0.03f * lobe * r;
}

static int add_ear(const struct pt_bust *bust, float side, struct pt_patch *patch,
                   struct pt_soup *soup)
{
    const int w = 37, h = 18;
    patch->columns = w;
    patch->rows = h;
    float size = 1.0f + 0.08f * bust->person->ears;
    struct v3 back = v3_unit(v3(side * 0.50f, -0.10f, 0.87f)),
              down = v3_unit(v3(-side * 0.06f, 0.97f, -0.20f));
    struct v3 out = v3_unit(v3_cross(back, down));
    out = out.x * side < 0 ? v3_scale(out, -1) : out;
    for (int j = 0; j < h; j++) {
        for (int i = 0; i < w; i++) {
            int at = j * w + i;
            float t = (float)i / (float)(w - 1) * 2 * PT_PI - PT_PI;
            float ring = (float)j / 13.0f,
                  r = ring <= 1 ? ring : 2 - ring; /* the last rows go behind */
            float wide = 0.24f + 0.05f * sinf(-t) + 0.02f * cosf(2 * t), high = 0.43f;
            float a = wide * r * cosf(t), b = high * r * sinf(t);
            float h_out = ring <= 1 ? ear_relief(r, t) : -0.05f - 0.12f * (ring - 1);
            struct v3 p = v3(side * 1.09f, 0.21f, 1.14f);
            p = v3_mad(v3_mad(v3_mad(p, back, (a + 0.10f) * size), down, b * size), out,
                       h_out + 0.03f);
            patch->rest[at] = v3(p.x, p.y, p.z);
            patch->pos[at] = pt_view_place(bust->view, pt_person_shape(bust->person, p), 1.0f);
            patch->u[at] = 1.0f; /* ears are a little redder */
            patch->v[at] = 0;
            float hollow = ring <= 1 ? 0.55f * bellf(r, 0.5f) + 0.35f * bellf(r - 0.76f, 0.08f) *
                                                                    (t > 0.9f ? 0.0f : 1.0f)
                                     : 0.6f;
            patch->ao[at] = 1 - hollow;
        }
    }
    return pt_patch_add(bust, patch, PT_PLAIN, false, soup);
}

int pt_parts_ears(const struct pt_bust *bust, struct pt_soup *soup)
{
    FUS_AUTO_FREE struct pt_patch *patch = fus_malloc(sizeof(*patch));
    if (!patch) {
        return FUS_E_OUT_OF_MEMORY;
    }
    int rc = add_ear(bust, -1, patch, soup);
    return rc ? rc : add_ear(bust, 1, patch, soup);
}

/* One ring of the body: half width, half depth, middle's depth, squareness at height y. */
static struct v3 body_ring(float y, float turn, float bust)
{
    static const float ys[] = {0.70f, 1.40f, 2.00f, 2.40f, 2.65f, 2.95f, 3.30f, 3.80f, 5.0f, 8.0f};
    static const float wide[] = {0.84f, 0.85f, 0.86f, 1.00f, 1.45f,
                                 2.25f, 2.85f, 3.20f, 3.3f,  3.3f};
    static const float deep[] = {0.78f, 0.78f, 0.80f, 0.86f, 0.95f,
                                 1.05f, 1.20f, 1.35f, 1.5f,  1.5f};
    static const float mid[] = {1.35f, 1.40f, 1.52f, 1.60f, 1.62f, 1.62f, 1.60f, 1.55f, 1.5f, 1.5f};
    float w = pt_curve_through(ys, wide, 10, y) * (y < 2.2f ? bust * 0.97f : bust);
    float c = cosf(turn), s = sinf(turn);
    float x = w * s, z = pt_curve_through(ys, mid, 10, y) - pt_curve_through(ys, deep, 10, y) * c;
    float ax = fabsf(x);
    if (c > 0) { /* the two long muscles that meet over the breastbone, and the voice box */
        float t = clampf((y - 1.2f) / 1.3f, 0, 1);
        z -= 0.045f * bellf(ax - mixf(0.75f, 0.14f, t), 0.16f) * stepf(2.65f, 2.3f, y) * c;
        z += 0.06f * bell2f(x, y - 2.55f, 0.14f, 0.14f);
        z -= 0.05f * (bust - 0.85f) * 4.0f * bell2f(x, y - 2.02f, 0.12f, 0.14f);
    }
    return v3(x, y, z);
}

static float cloth_edge(int collar, float turn)
{
    float front = stepf(-0.2f, 0.9f, cosf(turn)), ax = fabsf(sinf(turn));
    if (collar == 2) {
        return 2.02f + 0.12f * front;
    }
    if (collar == 1) {
        return 2.38f + front * 0.55f * clampf(1 - ax / 0.62f, 0, 1);
    }
    return 2.42f + 0.24f * front;
}

static int add_body(const struct pt_bust *bust, bool cloth, struct pt_patch *patch,
                    struct pt_soup *soup)
{
    const int w = 57, h = 34;
    patch->columns = w;
    patch->rows = h;
    for (int j = 0; j < h; j++) {
        for (int i = 0; i < w; i++) {
            int at = j * w + i;
            float turn = ((float)i / (float)(w - 1) - 0.5f) * 2 * PT_PI * 0.78f;
            float top = cloth ? cloth_edge(bust->person->collar, turn) : 0.75f;
            float t = (float)j / (float)(h - 1);
            float y = cloth ? top + t * t * (6.5f - top) + 0.4f * t * (1 - t) : mixf(top, 3.4f, t);
            struct v3 p = body_ring(y, turn, bust->person->bust);
            if (cloth) {
                float swell = 0.07f * stepf(0.0f, 0.03f, t) - 0.01f;
                float fold = 0.03f *
                             pt_noise(v3(p.x * 1.3f + p.y, p.y * 0.8f - p.x * 0.5f, p.z),
                                      bust->person->seed + 71) *
                             stepf(0.1f, 0.5f, t);
                p = v3(p.x * (1 + 0.6f * swell), p.y - (t > 0 ? 0.04f : 0.0f),
                       1.55f + (p.z - 1.55f) * (1 + swell) + fold);
            }
            patch->rest[at] = p;
            patch->pos[at] = pt_view_place(bust->view, p, stepf(2.3f, 1.2f, y));
            patch->u[at] = 0;
            patch->v[at] = t;
            float chin = stepf(1.55f, 2.5f, y + 0.25f * fabsf(sinf(turn)));
            patch->ao[at] = cloth ? 0.55f + 0.45f * stepf(0.0f, 0.25f, t) : 0.16f + 0.72f * chin;
        }
    }
    return pt_patch_add(bust, patch, cloth ? PT_CLOTH : PT_PLAIN, false, soup);
}

int pt_parts_body(const struct pt_bust *bust, struct pt_soup *soup)
{
    FUS_AUTO_FREE struct pt_patch *patch = fus_malloc(sizeof(*patch));
    if (!patch) {
        return FUS_E_OUT_OF_MEMORY;
    }
    int rc = add_body(bust, false, patch, soup);
    return rc ? rc : add_body(bust, true, patch, soup);
}
