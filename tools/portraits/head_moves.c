#include "curves.h"
#include "head.h"

/* Depth of the ball that the lids slide over. */
static float lid_depth(float ax, float y)
{
    float q = 0.0484f - (ax - PT_EYE_X) * (ax - PT_EYE_X) - (y + 0.005f) * (y + 0.005f);
    return PT_EYE_Z - sqrtf(higherf(q, 0.004f));
}

/* The lids meet low on the eye: the upper one does most of the way. `share` of the full way is
 * gone. */
static struct v3 lids(struct v3 p, float share)
{
    float ax = fabsf(p.x), upper, lower, y = p.y, dy = 0;
    if (ax < 0.15f || ax > 0.85f || p.y < -0.42f || p.y > 0.30f || p.z > 0.6f) {
        return p;
    }
    pt_curves_lids(ax, &upper, &lower);
    float meet = mixf(upper, lower, 0.86f), weight = 1;
    if (y <= upper) {
        weight = stepf(upper - 0.20f, upper, y);
        dy = (meet - upper) * weight;
    } else if (y >= lower) {
        weight = stepf(lower + 0.16f, lower, y);
        dy = (meet - lower) * weight;
    } else {
        dy = meet - y;
    }
    dy *= share;
    return v3(p.x, y + dy, p.z + (lid_depth(ax, y + dy) - lid_depth(ax, y)) * weight);
}

static struct v3 close_lips(struct v3 p)
{
    float ax = fabsf(p.x), u_in, l_in, u_out, l_out, dy;
    if (ax > PT_MOUTH_INNER || p.y < 0.7f || p.z > 0.6f) {
        return p;
    }
    pt_curves_inner_lips(ax, &u_in, &l_in);
    pt_curves_outer_lips(ax, &u_out, &l_out);
    float gap = l_in - u_in;
    if (p.y <= u_in) {
        dy = 0.28f * gap * stepf(u_out - 0.12f, u_in, p.y);
    } else if (p.y >= l_in) {
        dy = -0.72f * gap * stepf(1.75f, l_in, p.y);
    } else {
        dy = mixf(0.28f, -0.72f, (p.y - u_in) / higherf(gap, 1e-4f)) * gap;
    }
    return v3(p.x, p.y + dy, p.z);
}

static struct v3 smile(struct v3 p)
{
    float ax = fabsf(p.x), side = p.x < 0 ? -1.0f : 1.0f;
    float corner = bell2f(ax - 0.50f, p.y - 0.96f, 0.26f, 0.22f);
    p.x += side * 0.10f * corner;
    p.z += 0.06f * corner + 0.03f * bell2f(p.x, p.y - 1.03f, 0.4f, 0.2f);
    p.y -= 0.11f * corner;
    float cheek = bell2f(ax - 0.60f, p.y - 0.52f, 0.24f, 0.20f);
    p.y -= 0.06f * cheek;
    p.z -= 0.055f * cheek;
    p.z += 0.035f * bellf(ax - 0.40f, 0.05f) * bellf(p.y - 0.78f, 0.16f); /* the fold deepens */
    p.y -= 0.022f * bell2f(ax - 0.50f, p.y - 0.09f, 0.22f, 0.07f);        /* lower lid */
    p.x += side * 0.02f * bell2f(ax - 0.2f, p.y - 0.65f, 0.12f, 0.1f);
    return p;
}

static struct v3 pucker(struct v3 p)
{
    float w = bell2f(p.x, p.y - 1.02f, 0.55f, 0.28f);
    p.x -= p.x * 0.34f * w;
    p.z -= 0.10f * w * stepf(0.6f, 0.2f, fabsf(p.x));
    return p;
}

struct v3 pt_move_point(enum pt_move move, struct v3 p)
{
    float ax = fabsf(p.x);
    if (p.z > 0.9f) {
        return p;
    }
    switch (move) {
    case PT_MOVE_CLOSE_LIPS:
        return close_lips(p);
    case PT_MOVE_SMILE:
        return smile(p);
    case PT_MOVE_PUCKER:
        return pucker(p);
    case PT_MOVE_BROW:
        p.y -= 0.10f * bell2f(ax - 0.55f, p.y + 0.34f, 0.50f, 0.17f);
        p.y -= 0.010f * bell2f(ax - 0.50f, p.y + 0.09f, 0.22f, 0.06f);
        return p;
    case PT_MOVE_FROWN:
        p.y += 0.06f * bell2f(ax - 0.32f, p.y + 0.30f, 0.24f, 0.14f);
        p.x -= p.x * 0.10f * bell2f(ax - 0.25f, p.y + 0.30f, 0.2f, 0.14f);
        p.z += 0.025f * bell2f(ax - 0.08f, p.y + 0.30f, 0.03f, 0.10f);
        return p;
    case PT_MOVE_BLINK_LEFT:
        return p.x < 0 ? lids(p, 1.0f) : p;
    case PT_MOVE_BLINK_RIGHT:
        return p.x > 0 ? lids(p, 1.0f) : p;
    case PT_MOVE_BULGE_LEFT: /* how the half-way place differs from half of the whole way */
        return p.x < 0 ? v3_add(p, v3_sub(lids(p, 0.5f), v3_lerp(p, lids(p, 1.0f), 0.5f))) : p;
    case PT_MOVE_BULGE_RIGHT:
        return p.x > 0 ? v3_add(p, v3_sub(lids(p, 0.5f), v3_lerp(p, lids(p, 1.0f), 0.5f))) : p;
    case PT_MOVES:
        break;
    }
    return p;
}

float pt_move_jaw_weight(struct v3 p)
{
    float ax = fabsf(p.x), top, low;
    pt_curves_inner_lips(ax, &top, &low);
    float soft = 0.34f * stepf(0.38f, 0.85f, ax);
    return stepf(top - soft, low + soft + 1e-3f, p.y) * stepf(1.45f, 0.75f, p.z);
}
