#include "skin.h"

#include <string.h>

#include "base/mem.h"
#include "curves.h"
#include "noise.h"

struct paint {
    struct v3 colour;
    float gloss, height;
};

float pt_skin_hair(struct v3 p)
{
    float azimuth = atan2f(fabsf(p.x), PT_HEAD_CENTRE_Z - p.z) * (180.0f / PT_PI);
    return pt_curves_hairline(azimuth) - p.y;
}

float pt_skin_beard(struct v3 p)
{
    static const float xs[] = {0.44f, 0.60f, 0.80f, 0.95f, 1.06f};
    static const float ys[] = {0.97f, 0.93f, 0.80f, 0.55f, 0.25f};
    float ax = fabsf(p.x);
    float line = pt_curve_through(xs, ys, 5, ax);
    float cheek = stepf(line - 0.10f, line + 0.18f, p.y);
    float lip = stepf(0.785f, 0.84f, p.y) * stepf(0.60f, 0.46f, ax);
    float mask = higherf(cheek, lip) * stepf(1.30f, 0.75f, p.z) * stepf(2.0f, 1.7f, p.y);
    mask *= 1.0f - 0.6f * bellf(ax - 0.20f, 0.09f) * bellf(p.y - 1.32f, 0.08f);
    return mask;
}

static struct v3 tint(struct v3 colour, float r, float g, float b, float amount)
{
    return v3_mul(colour, v3(1 + (r - 1) * amount, 1 + (g - 1) * amount, 1 + (b - 1) * amount));
}

static void paint_base(const struct pt_person *s, struct v3 p, float finest, struct paint *out)
{
    float ax = fabsf(p.x), y = p.y;
    struct v3 c = s->skin;
    float dark = (float)s->tone / (PT_TONES - 1);
    float blotch = pt_fbm(v3_scale(p, 3.1f), 3, s->seed),
          fine = pt_fbm(v3_scale(p, 17.0f), 2, s->seed + 9);
    float red = 0.75f * bell2f(ax - 0.66f, y - 0.48f, 0.30f, 0.24f) +
                0.85f * bell2f(p.x, y - 0.60f, 0.26f, 0.17f) +
                0.35f * bell2f(p.x, y - 1.58f, 0.35f, 0.2f) +
                0.20f * bell2f(p.x, y + 0.35f, 0.4f, 0.2f) + 0.35f * blotch;
    c = tint(c, 1.02f, 0.80f, 0.80f, clampf(red, -0.4f, 1.0f) * mixf(1.0f, 0.55f, dark));
    c = tint(c, 0.90f, 0.84f, 0.90f, 0.8f * bell2f(ax - 0.46f, y - 0.135f, 0.21f, 0.08f));
    c = tint(c, 0.92f, 0.84f, 0.84f, 0.8f * bell2f(ax - 0.50f, y + 0.13f, 0.27f, 0.09f));
    c = tint(c, 1.0f, 0.97f, 0.90f, 0.6f * bell2f(p.x, y + 0.6f, 0.8f, 0.25f));
    c = tint(c, 0.86f, 0.76f, 0.74f,
             bellf(ax - 0.295f, 0.035f) * bellf(y - 0.64f, 0.10f)); /* wing's crease */
    c = v3_scale(c, 1.0f + 0.06f * blotch + 0.07f * fine);
    if (s->freckles > 0) {
        float where =
            bell2f(ax - 0.45f, y - 0.38f, 0.5f, 0.28f) + 0.4f * bell2f(p.x, y + 0.5f, 0.8f, 0.3f);
        float dots = stepf(0.42f, 0.62f,
                           pt_noise(v3_add(v3_scale(p, lowerf(27.0f, finest)),
                                           v3_scale(v3(fine, -blotch, fine), 2.5f)),
                                    s->seed + 21));
        c = tint(c, 0.80f, 0.66f, 0.54f, dots * clampf(where, 0.0f, 1.0f) * s->freckles);
    }
    float pores = pt_noise(v3_scale(p, lowerf(62.0f, finest)), s->seed + 3) +
                  0.7f * pt_noise(v3_scale(p, lowerf(36.0f, finest)), s->seed + 4);
    out->height = 0.00085f * pores * (0.7f + 0.6f * bell2f(ax - 0.35f, y - 0.5f, 0.5f, 0.4f));
    c = v3_scale(c, 1.0f + 0.025f * pores);
    out->gloss = s->gloss * (0.35f + 0.4f * bell2f(p.x, y + 0.5f, 0.6f, 0.35f) +
                             0.5f * bell2f(p.x, y - 0.4f, 0.2f, 0.4f) +
                             0.25f * bell2f(ax - 0.65f, y - 0.3f, 0.3f, 0.2f));
    out->colour = c;
}

/* Lines of age: across the forehead, at the outer corners of the eyes, beside the mouth. */
static void paint_age(const struct pt_person *s, struct v3 p, struct paint *out)
{
    float amount = stepf(0.45f, 1.0f, s->age), ax = fabsf(p.x);
    if (amount <= 0) {
        return;
    }
    float wave = p.y + 0.03f * sinf(p.x * 3.0f) + 0.05f * pt_noise(v3_scale(p, 3.0f), s->seed + 31);
    float lines =
        bellf(sinf(wave * (PT_PI / 0.105f)), 0.30f) * bell2f(p.x, p.y + 0.58f, 0.55f, 0.17f);
    float a = atan2f(p.y + 0.02f, ax - 0.66f), r = sqrtf((ax - 0.66f) * (ax - 0.66f) + p.y * p.y);
    lines += bellf(sinf(a * 6.5f), 0.3f) * stepf(0.10f, 0.16f, r) * stepf(0.34f, 0.22f, r) *
             stepf(0.66f, 0.74f, ax);
    float t = clampf((p.y - 0.68f) / 0.42f, 0.0f, 1.0f);
    lines += 1.2f * bellf(ax - 0.31f - 0.31f * t, 0.018f) * bellf(p.y - 0.86f, 0.16f);
    lines *= amount;
    out->height -= 0.0035f * lines;
    out->colour = tint(out->colour, 0.82f, 0.74f, 0.72f, 0.65f * clampf(lines, 0.0f, 1.0f));
}

static void paint_lips(const struct pt_person *s, struct v3 p, float finest, struct paint *out)
{
    float ax = fabsf(p.x), u_in, l_in, u_out, l_out;
    if (ax > 0.58f || p.y < 0.84f || p.y > 1.32f) {
        return;
    }
    pt_curves_inner_lips(ax, &u_in, &l_in);
    pt_curves_outer_lips(ax, &u_out, &l_out);
    float wobble = 0.006f * pt_noise(v3_scale(p, 14.0f), s->seed + 41);
    float inside = lowerf(p.y - u_out, l_out - p.y) + wobble;
    float mask =
        stepf(-0.014f, 0.018f, inside) * stepf(PT_MOUTH_OUTER + 0.005f, PT_MOUTH_OUTER - 0.07f, ax);
    float folds = pt_noise(v3(p.x * lowerf(46.0f, finest), p.y * 5.0f, 0), s->seed + 42) +
                  0.6f * pt_noise(v3(p.x * lowerf(23.0f, finest), p.y * 4.0f, 3), s->seed + 43);
    struct v3 c = v3_scale(s->lips, 1.0f + 0.10f * folds + (p.y < 1.05f ? -0.14f : 0.05f));
    out->colour = v3_lerp(out->colour, c, 0.86f * mask);
    out->height += 0.0016f * folds * mask;
    out->gloss = mixf(out->gloss, 0.55f, mask);
    float seam =
        higherf(bellf(p.y - u_in, 0.016f), bellf(p.y - l_in, 0.016f)) * stepf(0.46f, 0.38f, ax);
    seam = higherf(seam, bell2f(ax - 0.43f, p.y - 0.962f, 0.06f, 0.020f));
    if (p.y > u_in && p.y < l_in) {
        seam = 1;
    }
    out->colour = tint(out->colour, 0.34f, 0.20f, 0.20f, 0.9f * seam * higherf(mask, 0.7f * seam));
}

static void paint_eyes(const struct pt_person *s, struct v3 p, struct paint *out)
{
    float ax = fabsf(p.x), upper, lower;
    if (ax < 0.20f || ax > 0.84f || p.y < -0.35f || p.y > 0.2f) {
        return;
    }
    pt_curves_lids(ax, &upper, &lower);
    float over = stepf(0.24f, 0.34f, ax) * stepf(0.80f, 0.68f, ax);
    float rim =
        over * stepf(upper - 0.030f, upper - 0.010f, p.y) * stepf(upper + 0.02f, upper, p.y);
    out->colour = v3_lerp(out->colour, v3(0.022f, 0.015f, 0.012f), 0.92f * rim);
    float fold = over * bellf(p.y - (upper - 0.078f), 0.020f);
    out->colour = tint(out->colour, 0.62f, 0.50f, 0.48f, 0.75f * fold);
    float wet = over * bellf(p.y - lower - 0.004f, 0.010f);
    out->colour = v3_lerp(out->colour, v3_mul(s->skin, v3(0.95f, 0.62f, 0.60f)), 0.7f * wet);
    out->gloss = higherf(out->gloss, 0.8f * wet);
    float lash = over * bellf(p.y - lower - 0.020f, 0.011f) * stepf(0.3f, 0.6f, ax);
    out->colour = tint(out->colour, 0.45f, 0.38f, 0.36f, 0.6f * lash);
}

static void paint_brows(const struct pt_person *s, struct v3 p, float finest, struct paint *out)
{
    float ax = fabsf(p.x);
    if (ax < 0.14f || ax > 1.04f || p.y < -0.48f || p.y > -0.12f) {
        return;
    }
    float t = (ax - 0.20f) / 0.77f, d = p.y - pt_curves_brow(ax);
    float half = 0.060f * s->brow_thick * (1.0f - 0.70f * powf(clampf(t, 0, 1), 1.6f));
    float mask =
        stepf(1.35f, 0.30f, fabsf(d) / half) * stepf(-0.07f, 0.10f, t) * stepf(1.05f, 0.85f, t);
    float angle = mixf(-1.25f, 0.22f, stepf(0.0f, 0.5f, t)) + 0.35f * d / half;
    float along = ax * cosf(angle) + p.y * sinf(angle),
          across = p.y * cosf(angle) - ax * sinf(angle);
    float f = lowerf(66.0f, finest);
    float strand =
        pt_noise(v3(along * 7.0f, across * f, p.x < 0 ? 5.0f : 9.0f), s->seed + 51) +
        0.5f * pt_noise(v3(along * 11.0f, across * f * 0.5f, p.x < 0 ? 2.0f : 7.0f), s->seed + 52);
    float cover = clampf(mask * 0.62f + mask * stepf(-0.6f, 0.7f, strand) * 0.55f, 0.0f, 0.96f);
    cover *= stepf(0.02f, 0.35f, mask);
    out->colour = v3_lerp(out->colour, v3_scale(s->brow, 0.85f), cover);
    out->gloss *= 1.0f - 0.8f * mask;
    out->height += 0.003f * mask * strand;
}

static void paint_growth(const struct pt_person *s, struct v3 p, float finest, struct paint *out)
{
    float beard = s->beard > 0 ? pt_skin_beard(p) : 0;
    struct v3 ink = v3_scale(s->brow, 0.8f);
    if (beard > 0) {
        float dots = pt_noise(v3_scale(p, lowerf(58.0f, finest)), s->seed + 61);
        float patch = 0.8f + 0.4f * pt_noise(v3_scale(p, 5.0f), s->seed + 62);
        float cover = beard * patch * s->beard * (0.75f + 0.6f * dots);
        struct v3 ashen =
            tint(out->colour, 0.72f, 0.78f, 0.86f, beard * lowerf(s->beard * 2.0f, 0.8f));
        out->colour = v3_lerp(ashen, ink, clampf(cover, 0.0f, 0.93f));
        out->gloss *= 1.0f - 0.6f * beard;
        out->height += 0.002f * beard * s->beard * dots;
    }
    float inside = pt_skin_hair(p) + 0.05f * pt_fbm(v3_scale(p, 7.0f), 2, s->seed + 63);
    if (inside > -0.08f) {
        float dots = pt_noise(v3_scale(p, lowerf(46.0f, finest)), s->seed + 64);
        float cover = stepf(-0.06f, 0.14f, inside + 0.03f * dots);
        cover *= s->hair_style == PT_HAIR_BUZZ ? 0.78f + 0.16f * dots : 0.96f;
        out->colour = v3_lerp(out->colour, v3_scale(s->hair, 0.7f), clampf(cover, 0.0f, 1.0f));
        out->gloss *= 1.0f - 0.9f * cover;
        out->height += 0.002f * cover * dots;
    }
}

static struct paint paint_place(const struct pt_person *s, struct v3 p, float finest)
{
    struct paint out;
    paint_base(s, p, finest, &out);
    if (p.z < 0.9f) {
        paint_age(s, p, &out);
        paint_lips(s, p, finest, &out);
        paint_eyes(s, p, &out);
        paint_brows(s, p, finest, &out);
        float hole =
            bell2f(fabsf(p.x) - 0.105f + 0.35f * (p.y - 0.70f), p.y - 0.702f, 0.050f, 0.027f);
        hole = stepf(0.25f, 0.75f, hole) * (p.z < 0.1f ? 1.0f : 0.0f);
        out.colour = v3_lerp(out.colour, v3_mul(s->skin, v3(0.07f, 0.03f, 0.03f)), 0.92f * hole);
        out.gloss *= 1.0f - hole;
    }
    paint_growth(s, p, finest, &out);
    return out;
}

static uint8_t encode(float linear)
{
    return (uint8_t)(sqrtf(clampf(linear, 0.0f, 1.0f)) * 255.0f + 0.5f);
}

static int8_t encode_slope(float slope)
{
    return (int8_t)(clampf(slope, -0.49f, 0.49f) * 254.0f);
}

int pt_skin_paint(const struct pt_person *person, const struct pt_head *head, float density,
                  struct pt_skin *skin)
{
    memset(skin, 0, sizeof(*skin));
    density = clampf(density, 24.0f, 260.0f);
    skin->per_degree = density / 48.0f;
    skin->width = (int)(2.0f * PT_SKIN_AZIMUTH * skin->per_degree) + 1;
    skin->height = (int)((PT_SKIN_BOTTOM - PT_SKIN_TOP) * skin->per_degree) + 1;
    size_t count = (size_t)skin->width * (size_t)skin->height;
    skin->texels = fus_calloc(count, sizeof(*skin->texels));
    FUS_AUTO_FREE float *height = fus_calloc(count, sizeof(*height));
    if (!skin->texels || !height) {
        pt_skin_done(skin);
        return FUS_E_OUT_OF_MEMORY;
    }
    for (int j = 0; j < skin->height; j++) {
        for (int i = 0; i < skin->width; i++) {
            float column, row;
            pt_head_locate(head, (float)i / skin->per_degree - PT_SKIN_AZIMUTH,
                           (float)j / skin->per_degree + PT_SKIN_TOP, &column, &row);
            struct v3 p = pt_head_at(head, head->canonical, column, row);
            struct paint paint = paint_place(person, p, density / 2.4f);
            size_t at = (size_t)j * (size_t)skin->width + (size_t)i;
            height[at] = paint.height;
            skin->texels[at].red = encode(paint.colour.x);
            skin->texels[at].green = encode(paint.colour.y);
            skin->texels[at].blue = encode(paint.colour.z);
            skin->texels[at].gloss = (uint8_t)(clampf(paint.gloss, 0.0f, 1.0f) * 255.0f);
        }
    }
    float per_length = density * 0.5f;
    for (int j = 1; j + 1 < skin->height; j++) {
        for (int i = 1; i + 1 < skin->width; i++) {
            size_t at = (size_t)j * (size_t)skin->width + (size_t)i;
            skin->texels[at].slope_u = encode_slope((height[at + 1] - height[at - 1]) * per_length);
            skin->texels[at].slope_v = encode_slope(
                (height[at + (size_t)skin->width] - height[at - (size_t)skin->width]) * per_length);
        }
    }
    return 0;
}

void pt_skin_done(struct pt_skin *skin)
{
    fus_free(skin->texels);
    memset(skin, 0, sizeof(*skin));
}

struct pt_skin_sample pt_skin_look(const struct pt_skin *skin, float u, float v)
{
    u = clampf(u, 0.0f, (float)skin->width - 1.001f);
    v = clampf(v, 0.0f, (float)skin->height - 1.001f);
    int i = (int)u, j = (int)v;
    float fu = u - (float)i, fv = v - (float)j, sum[6] = {0};
    for (int k = 0; k < 4; k++) {
        const struct pt_texel *t = skin->texels + (j + (k >> 1)) * skin->width + i + (k & 1);
        float w = ((k & 1) ? fu : 1 - fu) * ((k >> 1) ? fv : 1 - fv);
        sum[0] += w * (float)t->red;
        sum[1] += w * (float)t->green;
        sum[2] += w * (float)t->blue;
        sum[3] += w * (float)t->gloss;
        sum[4] += w * (float)t->slope_u;
        sum[5] += w * (float)t->slope_v;
    }
    for (int k = 0; k < 4; k++) {
        sum[k] *= 1.0f / 255.0f;
    }
    return (struct pt_skin_sample){v3(sum[0] * sum[0], sum[1] * sum[1], sum[2] * sum[2]), sum[3],
                                   sum[4] * (1.0f / 254.0f), sum[5] * (1.0f / 254.0f)};
}
