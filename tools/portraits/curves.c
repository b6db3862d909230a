#include "curves.h"

float pt_curve_through(const float *xs, const float *ys, int count, float x)
{
    if (x <= xs[0]) {
        return ys[0];
    }
    if (x >= xs[count - 1]) {
        return ys[count - 1];
    }
    int i = 0;
    while (i + 2 < count && x > xs[i + 1]) {
        i++;
    }
    float h = xs[i + 1] - xs[i], t = (x - xs[i]) / h;
    int before = i > 0 ? i - 1 : i, after = i + 2 < count ? i + 2 : i + 1;
    float m0 = (ys[i + 1] - ys[before]) / (xs[i + 1] - xs[before]) * h;
    float m1 = (ys[after] - ys[i]) / (xs[after] - xs[i]) * h;
    float t2 = t * t, t3 = t2 * t;
    return (2 * t3 - 3 * t2 + 1) * ys[i] + (t3 - 2 * t2 + t) * m0 + (3 * t2 - 2 * t3) * ys[i + 1] +
           (t3 - t2) * m1;
}

/* Both lids are the line between the corners plus a rounded arch; the arch's two coefficients let
 * it pass exactly through the two landmarks of the lid. */
static float lid_arch(float t, float power, float x1, float y1, float x2, float y2)
{
    const float width = PT_EYE_OUTER - PT_EYE_INNER;
    const float inner_y = 0.0235f, outer_y = -0.0074f;
    float t1 = (x1 - PT_EYE_INNER) / width, t2 = (x2 - PT_EYE_INNER) / width;
    float a1 = (y1 - mixf(inner_y, outer_y, t1)) / powf(t1 * (1 - t1), power);
    float a2 = (y2 - mixf(inner_y, outer_y, t2)) / powf(t2 * (1 - t2), power);
    float slope = (a2 - a1) / (t2 - t1);
    return mixf(inner_y, outer_y, t) + powf(t * (1 - t), power) * (a1 + slope * (t - t1));
}

void pt_curves_lids(float abs_x, float *upper, float *lower)
{
    float t = clampf((abs_x - PT_EYE_INNER) / (PT_EYE_OUTER - PT_EYE_INNER), 0.0f, 1.0f);
    *upper = lid_arch(t, 0.72f, 0.4376f, -0.0974f, 0.5997f, -0.0906f);
    *lower = lid_arch(t, 0.85f, 0.4076f, 0.0484f, 0.5704f, 0.0434f);
}

void pt_curves_inner_lips(float abs_x, float *upper, float *lower)
{
    float s = clampf(abs_x / PT_MOUTH_INNER, 0.0f, 1.0f);
    float s15 = s * sqrtf(s);
    *upper = 0.9617f + 0.0552f * (1 - s15);
    *lower = 0.9617f + 0.1724f * (1 - s15 * powf(s, 0.7f));
}

void pt_curves_outer_lips(float abs_x, float *upper, float *lower)
{
    static const float ux[] = {-0.1454f, 0, 0.1454f, 0.2929f, 0.4300f, PT_MOUTH_OUTER};
    static const float uy[] = {0.9030f, 0.9210f, 0.9030f, 0.9140f, 0.9380f, 0.9590f};
    static const float lx[] = {-0.1409f, 0, 0.1409f, 0.2642f, 0.4200f, PT_MOUTH_OUTER};
    static const float ly[] = {1.2505f, 1.2668f, 1.2505f, 1.2100f, 1.0700f, 0.9590f};
    *upper = pt_curve_through(ux, uy, 6, abs_x);
    *lower = pt_curve_through(lx, ly, 6, abs_x);
}

bool pt_curves_hole(float x, float y)
{
    float ax = fabsf(x), upper, lower;
    if (ax > PT_EYE_INNER && ax < PT_EYE_OUTER && y > -0.14f && y < 0.09f) {
        pt_curves_lids(ax, &upper, &lower);
        return y > upper && y < lower;
    }
    if (ax < PT_MOUTH_INNER && y > 0.94f && y < 1.15f) {
        pt_curves_inner_lips(ax, &upper, &lower);
        return y > upper && y < lower;
    }
    return false;
}

float pt_curves_brow(float abs_x)
{
    static const float xs[] = {0.2199f, 0.4367f, 0.6351f, 0.7945f, 0.9657f};
    static const float ys[] = {-0.2340f, -0.2790f, -0.2950f, -0.2680f, -0.2220f};
    return pt_curve_through(xs, ys, 5, abs_x);
}

float pt_curves_hairline(float azimuth)
{
    static const float at[] = {0, 17, 30, 43, 52, 63, 75, 81, 86, 95, 99, 116, 122, 140, 180};
    static const float y[] = {-0.84f, -0.83f, -0.80f, -0.71f, -0.58f, -0.42f, -0.24f, 0.02f,
                              0.26f,  0.26f,  -0.1f,  -0.1f,  0.45f,  0.90f,  1.05f};
    return pt_curve_through(at, y, 15, azimuth);
}
