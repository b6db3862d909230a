#include "processors/mesh_blend/paint.h"

#include <math.h>
#include <string.h>

#include "vision/simd.h"

typedef float v4 __attribute__((vector_size(16)));
typedef float v8 __attribute__((vector_size(32)));
typedef int16_t s16x8 __attribute__((vector_size(16)));
typedef int32_t s32x8 __attribute__((vector_size(32)));

#define LOW_WIDTH 120
#define LOW_HEIGHT 136
#define MAGNIFIED 1.1f /* from this scale on the texture is sampled bicubically */
#define PLAIN_SKIN 0.6f

/* One triangle ready to be scanned: atlas place (from the window's corner, eye distances) as a
 * linear function of the pixel, held inside the triangle's own box so that slivers can't leave the
 * atlas. */
struct slope {
    float u[3], v[3]; /* across, down, at the canvas' origin */
    float u_low, u_high, v_low, v_high;
    float scale[FUS_TEXELS];
    float mouth, eyes, blink_left, blink_right;
    bool cubic, steep;
};

/* Eye distances a pixel; gentler slopes can't leave the atlas' margin by rounding. */
#define STEEP 0.25f

static void slope_make(const struct fus_paint *paint, int triangle, const struct fus_rect *rect,
                       struct slope *slope)
{
    const uint8_t *corner = fus_mesh_triangles[triangle];
    struct fus_point p[3];
    float u[3], v[3];
    for (int k = 0; k < 3; k++) {
        p[k] = paint->mesh->at[corner[k]];
        p[k].x -= (float)rect->x;
        p[k].y -= (float)rect->y;
        u[k] = fus_mesh_vertices[corner[k]].u - FUS_ATLAS_LEFT;
        v[k] = fus_mesh_vertices[corner[k]].v - FUS_ATLAS_TOP;
    }
    const float ax = p[1].x - p[0].x, ay = p[1].y - p[0].y, bx = p[2].x - p[0].x,
                by = p[2].y - p[0].y;
    const float inverse = 1.0f / (ax * by - bx * ay);
    slope->u[0] = ((u[1] - u[0]) * by - (u[2] - u[0]) * ay) * inverse;
    slope->u[1] = ((u[2] - u[0]) * ax - (u[1] - u[0]) * bx) * inverse;
    slope->u[2] = u[0] - slope->u[0] * p[0].x - slope->u[1] * p[0].y;
    slope->v[0] = ((v[1] - v[0]) * by - (v[2] - v[0]) * ay) * inverse;
    slope->v[1] = ((v[2] - v[0]) * ax - (v[1] - v[0]) * bx) * inverse;
    slope->v[2] = v[0] - slope->v[0] * p[0].x - slope->v[1] * p[0].y;
    slope->u_low = fminf(u[0], fminf(u[1], u[2]));
    slope->u_high = fmaxf(u[0], fmaxf(u[1], u[2]));
    slope->v_low = fminf(v[0], fminf(v[1], v[2]));
    slope->v_high = fmaxf(v[0], fmaxf(v[1], v[2]));
    slope->steep = !(fabsf(slope->u[0]) < STEEP && fabsf(slope->u[1]) < STEEP &&
                     fabsf(slope->v[0]) < STEEP && fabsf(slope->v[1]) < STEEP);
}

static void slope_settings(const struct fus_paint *paint, struct slope *slope)
{
    const struct fus_blend_look *look = paint->look;
    for (int c = 0; c < FUS_TEXELS; c++)
        slope->scale[c] =
            1.0f / (c <= FUS_TEXEL_CREASE ? FUS_TEXEL_COLOUR_SCALE : FUS_TEXEL_MASK_SCALE);
    slope->scale[FUS_TEXEL_L] *= look->gain_l;
    slope->scale[FUS_TEXEL_A] *= look->gain_c;
    slope->scale[FUS_TEXEL_B] *= look->gain_c;
    slope->scale[FUS_TEXEL_CREASE] *= look->gain_l * look->crease;
    slope->mouth = paint->mouth;
    slope->eyes = look->eyes;
    slope->blink_left = look->blink[0];
    slope->blink_right = look->blink[1];
    slope->cubic = paint->mesh->scale > MAGNIFIED * (float)paint->level->n;
}

/* Keys' kernel, a = -0.75. */
FUS_SIMD_INLINE void cubic_weights(float t, float w[4])
{
    const float a = -0.75f, s = 1.0f - t;
    w[0] = ((a * (t + 1.0f) - 5.0f * a) * (t + 1.0f) + 8.0f * a) * (t + 1.0f) - 4.0f * a;
    w[1] = ((a + 2.0f) * t - (a + 3.0f)) * t * t + 1.0f;
    w[2] = ((a + 2.0f) * s - (a + 3.0f)) * s * s + 1.0f;
    w[3] = 1.0f - w[0] - w[1] - w[2];
}

FUS_SIMD_INLINE void load(const int16_t *texel, v8 *value)
{
    s16x8 stored;
    memcpy(&stored, texel, sizeof stored);
    *value = __builtin_convertvector(__builtin_convertvector(stored, s32x8), v8);
}

FUS_SIMD_INLINE void tap_linear(const struct fus_donor_level *level, float x, float y, v8 *out)
{
    const int x1 = (int)x, y1 = (int)y;
    const float px = x - (float)x1, py = y - (float)y1;
    const size_t stride = FUS_TEXELS * (size_t)level->width;
    const int16_t *at = level->texels + (size_t)y1 * stride + FUS_TEXELS * (size_t)x1;
    v8 a, b, c, d;
    load(at, &a);
    load(at + FUS_TEXELS, &b);
    load(at + stride, &c);
    load(at + stride + FUS_TEXELS, &d);
    a += px * (b - a);
    c += px * (d - c);
    *out = a + py * (c - a);
}

FUS_SIMD_INLINE void tap_cubic(const struct fus_donor_level *level, float x, float y, v8 *out)
{
    const int x1 = (int)x, y1 = (int)y;
    float wx[4], wy[4];
    cubic_weights(x - (float)x1, wx);
    cubic_weights(y - (float)y1, wy);
    const size_t stride = FUS_TEXELS * (size_t)level->width;
    const int16_t *at = level->texels + (size_t)(y1 - 1) * stride + FUS_TEXELS * (size_t)(x1 - 1);
    v8 sum = {0.0f};
    for (int j = 0; j < 4; j++, at += stride) {
        v8 row = {0.0f};
        for (int i = 0; i < 4; i++) {
            v8 tap;
            load(at + FUS_TEXELS * i, &tap);
            row += wx[i] * tap;
        }
        sum += wy[j] * row;
    }
    *out = sum;
}

FUS_SIMD_INLINE void finish(const struct slope *slope, const float texel[FUS_TEXELS],
                            const float low[4], bool left, const struct fus_canvas *canvas,
                            size_t at)
{
    const float blink = left ? slope->blink_left : slope->blink_right;
    canvas->l[at] = texel[FUS_TEXEL_L] - texel[FUS_TEXEL_CREASE] + low[0];
    canvas->a[at] = texel[FUS_TEXEL_A] + low[1];
    canvas->b[at] = texel[FUS_TEXEL_B] + low[2];
    canvas->mask[at] =
        texel[FUS_TEXEL_ALPHA] * low[3] * (1.0f - slope->mouth * texel[FUS_TEXEL_INNER]) *
        (1.0f - slope->eyes * texel[FUS_TEXEL_EYEBALL]) * (1.0f - blink * texel[FUS_TEXEL_LIDS]);
}

FUS_SIMD_INLINE float held(float value, float low, float high)
{
    value = value > low ? value : low; /* NaN too */
    return value < high ? value : high;
}

FUS_SIMD_INLINE void mark_plain(const struct fus_paint *paint, const struct fus_canvas *canvas,
                                float lx, float ly, size_t at)
{
    const size_t nearest = (size_t)(ly + 0.5f) * LOW_WIDTH + (size_t)(lx + 0.5f);
    canvas->plain[at] = paint->look->grain[nearest] > PLAIN_SKIN;
}

FUS_SIMD_INLINE void scan_as(const struct fus_paint *paint, const struct slope *slope, int y,
                             int x1, int x2, const struct fus_canvas *canvas, bool cubic,
                             bool steep)
{
    const float n = (float)paint->level->n;
    const size_t row = (size_t)y * (size_t)canvas->rect.width;
    const float u0 = slope->u[1] * (float)y + slope->u[2],
                v0 = slope->v[1] * (float)y + slope->v[2];
    v8 scale;
    memcpy(&scale, slope->scale, sizeof scale);
    for (int x = x1; x < x2; x++) {
        float u = u0 + slope->u[0] * (float)x, v = v0 + slope->v[0] * (float)x;
        if (steep) {
            u = held(u, slope->u_low, slope->u_high);
            v = held(v, slope->v_low, slope->v_high);
        }
        v8 texel;
        if (cubic)
            tap_cubic(paint->level, u * n - 0.5f, v * n - 0.5f, &texel);
        else
            tap_linear(paint->level, u * n - 0.5f, v * n - 0.5f, &texel);
        texel *= scale;
        const float lx = u * FUS_ATLAS_LOW - 0.5f, ly = v * FUS_ATLAS_LOW - 0.5f;
        const int ix = (int)lx, iy = (int)ly;
        const float px = lx - (float)ix, py = ly - (float)iy;
        const float *low = paint->look->texels + 4 * ((size_t)iy * LOW_WIDTH + (size_t)ix);
        v4 a, b, c, d;
        memcpy(&a, low, sizeof a);
        memcpy(&b, low + 4, sizeof b);
        memcpy(&c, low + 4 * LOW_WIDTH, sizeof c);
        memcpy(&d, low + 4 * LOW_WIDTH + 4, sizeof d);
        a += px * (b - a);
        c += px * (d - c);
        a += py * (c - a);
        float texels[FUS_TEXELS], lows[4];
        memcpy(texels, &texel, sizeof texels);
        memcpy(lows, &a, sizeof lows);
        finish(slope, texels, lows, u < -FUS_ATLAS_LEFT, canvas, row + (size_t)x);
        if (((x | y) & 1) == 0)
            mark_plain(paint, canvas, lx, ly, row + (size_t)x);
    }
}

FUS_SIMD_CLONES static void scan(const struct fus_paint *paint, const struct slope *slope, int y,
                                 int x1, int x2, const struct fus_canvas *canvas)
{
    if (slope->cubic)
        scan_as(paint, slope, y, x1, x2, canvas, true, true);
    else if (slope->steep)
        scan_as(paint, slope, y, x1, x2, canvas, false, true);
    else
        scan_as(paint, slope, y, x1, x2, canvas, false, false);
}

static void scan_plain(const struct fus_paint *paint, const struct slope *slope, int y, int x1,
                       int x2, const struct fus_canvas *canvas)
{
    const struct fus_donor_level *level = paint->level;
    const float n = (float)level->n;
    for (int x = x1; x < x2; x++) {
        const float u = held(slope->u[0] * (float)x + slope->u[1] * (float)y + slope->u[2],
                             slope->u_low, slope->u_high);
        const float v = held(slope->v[0] * (float)x + slope->v[1] * (float)y + slope->v[2],
                             slope->v_low, slope->v_high);
        const float tx = u * n - 0.5f, ty = v * n - 0.5f;
        const int reach = slope->cubic ? 2 : 1, ix = (int)tx, iy = (int)ty;
        float wx[4] = {1.0f - (tx - (float)ix), tx - (float)ix};
        float wy[4] = {1.0f - (ty - (float)iy), ty - (float)iy};
        if (slope->cubic) {
            cubic_weights(tx - (float)ix, wx);
            cubic_weights(ty - (float)iy, wy);
        }
        float texel[FUS_TEXELS] = {0.0f}, low[4] = {0.0f};
        for (int j = 0; j < 2 * reach; j++)
            for (int i = 0; i < 2 * reach; i++)
                for (int c = 0; c < FUS_TEXELS; c++)
                    texel[c] += wy[j] * wx[i] * slope->scale[c] *
                                (float)level->texels[FUS_TEXELS * ((size_t)(iy + j + 1 - reach) *
                                                                       (size_t)level->width +
                                                                   (size_t)(ix + i + 1 - reach)) +
                                                     (size_t)c];
        const float lx = u * FUS_ATLAS_LOW - 0.5f, ly = v * FUS_ATLAS_LOW - 0.5f;
        for (int j = 0; j < 2; j++)
            for (int i = 0; i < 2; i++)
                for (int c = 0; c < 4; c++) {
                    const float px = lx - floorf(lx), py = ly - floorf(ly);
                    low[c] += (j ? py : 1.0f - py) * (i ? px : 1.0f - px) *
                              paint->look->texels[4 * (((size_t)ly + (size_t)j) * LOW_WIDTH +
                                                       (size_t)lx + (size_t)i) +
                                                  (size_t)c];
                }
        const size_t at = (size_t)y * (size_t)canvas->rect.width + (size_t)x;
        finish(slope, texel, low, u < -FUS_ATLAS_LEFT, canvas, at);
        if (((x | y) & 1) == 0)
            mark_plain(paint, canvas, lx, ly, at);
    }
}

/* Where an edge crosses row y. The end points are taken in a fixed order, so that two triangles at
 * one edge get the same number and no pixel falls between them. */
static float cross(struct fus_point a, struct fus_point b, float y)
{
    if (b.y < a.y) {
        const struct fus_point swap = a;
        a = b;
        b = swap;
    }
    return a.x + (y - a.y) * (b.x - a.x) / (b.y - a.y);
}

static void paint_all(const struct fus_paint *paint, const struct fus_canvas *canvas,
                      void (*scanner)(const struct fus_paint *, const struct slope *, int, int, int,
                                      const struct fus_canvas *))
{
    const struct fus_rect *rect = &canvas->rect;
    struct slope slope;
    slope_settings(paint, &slope);
    for (int t = 0; t < paint->mesh->order_count; t++) {
        const int triangle = paint->mesh->order[t];
        const uint8_t *corner = fus_mesh_triangles[triangle];
        struct fus_point p[3];
        float top = INFINITY, bottom = -INFINITY;
        for (int k = 0; k < 3; k++) {
            p[k] = paint->mesh->at[corner[k]];
            p[k].x -= (float)rect->x;
            p[k].y -= (float)rect->y;
            top = fminf(top, p[k].y);
            bottom = fmaxf(bottom, p[k].y);
        }
        const int first = (int)fmaxf(ceilf(top), 0.0f);
        const int last = (int)fminf(floorf(bottom), (float)(rect->height - 1));
        if (last < first)
            continue;
        slope_make(paint, triangle, rect, &slope);
        for (int y = first; y <= last; y++) {
            float left = INFINITY, right = -INFINITY;
            for (int k = 0; k < 3; k++) {
                const struct fus_point a = p[k], b = p[(k + 1) % 3];
                if ((a.y <= (float)y) == (b.y <= (float)y))
                    continue;
                const float x = cross(a, b, (float)y);
                left = fminf(left, x);
                right = fmaxf(right, x);
            }
            if (!(left <= right))
                continue;
            const int x1 = (int)fmaxf(fminf(ceilf(left), (float)rect->width), 0.0f);
            const int x2 = (int)fmaxf(fminf(ceilf(right), (float)rect->width), 0.0f);
            if (x1 < x2)
                scanner(paint, &slope, y, x1, x2, canvas);
        }
    }
}

void fus_paint(const struct fus_paint *paint, const struct fus_canvas *canvas)
{
    paint_all(paint, canvas, scan);
}

void fus_paint_plain(const struct fus_paint *paint, const struct fus_canvas *canvas)
{
    paint_all(paint, canvas, scan_plain);
}
