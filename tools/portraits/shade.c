#include "shade.h"

#include "noise.h"

const char *const pt_light_names[PT_LIGHT_KINDS] = {"studio", "left", "right", "warm",
                                                    "cold",   "rim",  "top",   "flat"};

static struct pt_lamp lamp(float x, float y, float z, float r, float g, float b)
{
    return (struct pt_lamp){v3_unit(v3(x, y, z)), v3(r, g, b)};
}

void pt_lights_make(struct pt_lights *l, enum pt_light_kind kind)
{
    l->key = lamp(-0.65f, -0.70f, -1.0f, 0.86f, 0.84f, 0.80f);
    l->fill = lamp(0.9f, -0.1f, -0.8f, 0.17f, 0.18f, 0.20f);
    l->rim = lamp(0.8f, -0.5f, 0.75f, 0.45f, 0.45f, 0.47f);
    l->above = v3(0.34f, 0.35f, 0.37f);
    l->below = v3(0.17f, 0.16f, 0.15f);
    l->shadow_blur = 2.6f;
    switch (kind) {
    case PT_LIGHT_LEFT:
        l->key = lamp(-1.0f, -0.35f, -0.45f, 1.05f, 1.0f, 0.94f);
        l->shadow_blur = 1.6f;
        break;
    case PT_LIGHT_RIGHT:
        l->key = lamp(1.0f, -0.40f, -0.50f, 1.05f, 1.0f, 0.94f);
        l->fill = lamp(-0.9f, -0.1f, -0.8f, 0.12f, 0.13f, 0.16f);
        l->rim = lamp(-0.8f, -0.5f, 0.75f, 0.4f, 0.42f, 0.48f);
        l->shadow_blur = 1.6f;
        break;
    case PT_LIGHT_WARM:
        l->key = lamp(0.6f, -0.5f, -1.0f, 0.98f, 0.78f, 0.54f);
        l->fill = lamp(-0.9f, 0.1f, -0.8f, 0.16f, 0.13f, 0.11f);
        l->above = v3(0.32f, 0.27f, 0.22f);
        l->below = v3(0.22f, 0.16f, 0.11f);
        break;
    case PT_LIGHT_COLD:
        l->key = lamp(-0.4f, -0.9f, -0.9f, 0.66f, 0.76f, 0.90f);
        l->above = v3(0.28f, 0.34f, 0.42f);
        l->below = v3(0.13f, 0.15f, 0.18f);
        break;
    case PT_LIGHT_RIM:
        l->key = lamp(-0.5f, -0.45f, -1.0f, 0.55f, 0.54f, 0.53f);
        l->rim = lamp(0.9f, -0.45f, 0.45f, 1.7f, 1.6f, 1.45f);
        break;
    case PT_LIGHT_TOP:
        l->key = lamp(0.1f, -1.0f, -0.55f, 0.95f, 0.95f, 0.93f);
        l->below = v3(0.22f, 0.21f, 0.19f);
        break;
    case PT_LIGHT_FLAT:
        l->key = lamp(0.05f, -0.25f, -1.0f, 0.62f, 0.61f, 0.60f);
        l->fill = lamp(0.9f, -0.1f, -0.8f, 0.22f, 0.22f, 0.22f);
        l->above = v3(0.42f, 0.42f, 0.43f);
        l->below = v3(0.34f, 0.33f, 0.32f);
        l->shadow_blur = 4.0f;
        break;
    default:
        break;
    }
}

float pt_display(float x)
{
    x = x < 0.6f ? x : 0.6f + 0.4f * (1.0f - expf(-(x - 0.6f) / 0.4f));
    return 255.0f * (x <= 0.0031308f ? 12.92f * x : 1.055f * powf(x, 1.0f / 2.4f) - 0.055f);
}

static float power(float base, int exponent_log2)
{
    for (int i = 0; i < exponent_log2; i++) {
        base *= base;
    }
    return base;
}

static struct v3 surroundings(const struct pt_lights *l, struct v3 n)
{
    return v3_lerp(l->above, l->below, 0.5f + 0.5f * n.y);
}

/* Light that entered the skin comes out further on, red the furthest: the edge of the lit side is
 * soft and warm. */
static struct v3 soft_lambert(float cosine, float wrap)
{
    float r = clampf((cosine + wrap) / (1 + wrap), 0, 1),
          g = clampf((cosine + 0.45f * wrap) / (1 + 0.45f * wrap), 0, 1);
    float b = clampf((cosine + 0.3f * wrap) / (1 + 0.3f * wrap), 0, 1);
    return v3(r * mixf(r, 1, 0.3f), g * mixf(g, 1, 0.6f), b * mixf(b, 1, 0.7f));
}

static float sheen(struct v3 n, struct v3 eye, struct v3 towards, float gloss)
{
    struct v3 h = v3_unit(v3_add(eye, towards));
    float nh = higherf(v3_dot(n, h), 0), nl = higherf(v3_dot(n, towards), 0);
    float graze = 1 - higherf(v3_dot(eye, h), 0);
    float fresnel = 0.55f + 4.0f * power(graze, 2);
    return gloss * fresnel * nl * (0.22f * power(nh, 4) + 0.30f * power(nh, 6));
}

static struct v3 shade_skin(const struct pt_lights *l, struct v3 albedo, float gloss, float wrap,
                            struct v3 n, struct v3 fine, struct v3 eye, float ao, float open)
{
    struct v3 half = v3_unit(v3_lerp(n, fine, 0.6f));
    struct v3 through = v3(mixf(open, sqrtf(open), 0.6f), open, open);
    struct v3 lit =
        v3_mul(v3_mul(soft_lambert(v3_dot(half, l->key.towards), wrap), l->key.colour), through);
    lit = v3_add(lit,
                 v3_scale(v3_mul(soft_lambert(v3_dot(half, l->fill.towards), wrap), l->fill.colour),
                          mixf(ao, 1, 0.3f)));
    lit = v3_add(lit, v3_mul(soft_lambert(v3_dot(half, l->rim.towards), 0.1f), l->rim.colour));
    struct v3 hollow = v3(mixf(ao, sqrtf(ao), 0.5f), ao, ao * mixf(ao, 1, 0.8f));
    lit = v3_add(lit, v3_mul(surroundings(l, half), hollow));
    struct v3 colour = v3_mul(albedo, lit);
    colour = v3_mad(colour, l->key.colour, sheen(fine, eye, l->key.towards, gloss) * open);
    colour = v3_mad(colour, l->fill.colour, sheen(fine, eye, l->fill.towards, gloss) * ao);
    colour = v3_mad(colour, l->rim.colour, sheen(fine, eye, l->rim.towards, gloss) * 0.7f);
    float edge = 1 - higherf(v3_dot(n, eye), 0);
    return v3_mad(colour, surroundings(l, n), 0.22f * gloss * power(edge, 2) * ao);
}

static struct v3 shade_eye(const struct pt_lights *l, const struct pt_bust *bust,
                           const struct pt_surface *s, struct v3 eye, float open)
{
    const float iris_r = 0.475f, pupil_r = 0.175f; /* sines of the angle from the axis */
    float r = sqrtf(s->rest.x * s->rest.x + s->rest.y * s->rest.y),
          turn = atan2f(s->rest.y, s->rest.x);
    r = s->rest.z > 0 ? 1.0f : r;
    struct v3 white = v3(0.72f, 0.68f, 0.64f);
    float inner = stepf(-0.55f, -0.95f, s->u), outer = stepf(0.6f, 1.0f, s->u);
    white = v3_lerp(white, v3(0.62f, 0.34f, 0.30f), 0.75f * inner + 0.3f * outer);
    float vein = pt_noise(v3(s->u * 9.0f, s->v * 30.0f, 1.0f), bust->person->seed + 91);
    white = v3_lerp(white, v3(0.60f, 0.30f, 0.26f),
                    0.16f * stepf(0.2f, 0.7f, vein) * stepf(0.4f, 0.9f, fabsf(s->u)));
    float rays =
        pt_noise(v3(cosf(turn) * 7, sinf(turn) * 7, r * 5), bust->person->seed + 92) +
        0.6f * pt_noise(v3(cosf(turn) * 15, sinf(turn) * 15, r * 4), bust->person->seed + 93);
    struct v3 iris = v3_scale(bust->person->iris,
                              (0.95f + 0.5f * rays) * mixf(1.5f, 0.9f, stepf(0.2f, 0.42f, r)));
    iris = v3_scale(iris, mixf(1.0f, 0.30f, stepf(0.39f, 0.47f, r))); /* dark outer ring */
    struct v3 albedo = v3_lerp(iris, white, stepf(iris_r - 0.02f, iris_r + 0.03f, r));
    albedo =
        v3_lerp(v3(0.006f, 0.005f, 0.005f), albedo, stepf(pupil_r - 0.025f, pupil_r + 0.025f, r));
    float shade = mixf(0.22f, 1.0f, s->ao);
    float nl = clampf(0.35f + 0.65f * v3_dot(s->normal, l->key.towards), 0, 1);
    struct v3 light = v3_add(v3_scale(l->key.colour, nl * mixf(0.35f, 1, open)),
                             v3_scale(surroundings(l, s->normal), 0.9f));
    light = v3_mad(light, l->fill.colour, 0.8f);
    struct v3 colour = v3_mul(albedo, v3_scale(light, shade));
    /* the cornea bulges: its highlight is that of a smaller ball over the iris */
    struct v3 n = v3_unit(v3_mad(s->normal, v3(0, 0, -1), -0.15f));
    struct v3 h = v3_unit(v3_add(eye, l->key.towards));
    float spark = stepf(0.965f, 0.982f, v3_dot(n, h)) * mixf(0.3f, 1, open);
    struct v3 h2 = v3_unit(v3_add(eye, l->fill.towards));
    float second = stepf(0.97f, 0.99f, v3_dot(n, h2));
    colour = v3_mad(colour, l->key.colour, 1.15f * spark * mixf(0.4f, 1, s->ao));
    return v3_mad(colour, l->fill.colour, 0.7f * second * s->ao);
}

static struct v3 shade_hair(const struct pt_lights *l, const struct pt_bust *bust,
                            const struct pt_surface *s, struct v3 eye, float open)
{
    struct v3 t = s->normal, out = s->rest; /* the strand's direction and the way out of the head */
    struct v3 base = v3_scale(bust->person->hair, s->ao * mixf(0.8f, 1.15f, s->v));
    struct v3 colour = v3_scale(v3_mul(base, surroundings(l, out)), 0.9f);
    const struct pt_lamp *lamps[] = {&l->key, &l->fill, &l->rim};
    for (int i = 0; i < 3; i++) {
        float tl = v3_dot(t, lamps[i]->towards), te = v3_dot(t, eye);
        float sl = sqrtf(higherf(1 - tl * tl, 0)), se = sqrtf(higherf(1 - te * te, 0));
        float side = stepf(-0.35f, 0.45f, v3_dot(out, lamps[i]->towards));
        float seen = (i == 0 ? mixf(0.35f, 1.0f, open) : 1.0f) * side;
        float mirror = higherf(sl * se - tl * te, 0);
        colour = v3_add(colour, v3_mul(base, v3_scale(lamps[i]->colour, 0.85f * sl * seen)));
        float gleam = 0.030f * power(mirror, 5), glow = 0.30f * power(mirror, 3);
        colour = v3_mad(colour, lamps[i]->colour, gleam * seen * lowerf(s->ao, 1.2f));
        colour = v3_add(colour, v3_mul(base, v3_scale(lamps[i]->colour, glow * seen)));
    }
    return colour;
}

static struct v3 shade_matt(const struct pt_lights *l, struct v3 albedo, struct v3 n, float ao,
                            float open)
{
    struct v3 lit = v3_scale(l->key.colour, clampf(v3_dot(n, l->key.towards), 0, 1) * open);
    lit = v3_mad(lit, l->fill.colour, clampf(v3_dot(n, l->fill.towards), 0, 1));
    lit = v3_mad(lit, l->rim.colour, 0.6f * clampf(v3_dot(n, l->rim.towards), 0, 1));
    return v3_mul(albedo, v3_add(lit, v3_scale(surroundings(l, n), ao)));
}

static struct v3 shade_tooth(const struct pt_lights *l, const struct pt_surface *s, struct v3 n,
                             struct v3 eye, float open)
{
    float u = s->u, gap = fabsf(u - floorf(u + 0.5f)); /* teeth meet at whole numbers */
    struct v3 albedo = v3_lerp(v3(0.66f, 0.60f, 0.50f), v3(0.44f, 0.20f, 0.19f),
                               stepf(0.30f, 0.10f, s->v + 0.9f * bellf(gap, 0.18f) * 0.12f));
    float dark = mixf(0.45f, 1.0f, stepf(0.0f, 0.10f, gap)) * s->ao;
    struct v3 colour = shade_matt(l, albedo, n, 0.8f, mixf(0.4f, 1, open));
    return v3_scale(v3_mad(colour, l->key.colour, sheen(n, eye, l->key.towards, 0.5f)), dark);
}

struct v3 pt_shade(const struct pt_lights *l, const struct pt_bust *bust,
                   const struct pt_shadow *shadow, const struct pt_surface *s)
{
    const struct pt_person *person = bust->person;
    struct v3 eye = v3_unit(v3_sub(v3(0, 0, -bust->view->distance), s->pos)), n = s->normal;
    if (s->material != PT_HAIR && v3_dot(n, eye) < -0.05f) {
        n = v3_scale(n, -1);
    }
    float bias = s->material == PT_HAIR || s->material == PT_CAP ? 0.12f : 0.035f;
    struct v3 from = s->material == PT_HAIR ? s->pos : v3_mad(s->pos, n, 0.03f);
    float open = pt_shadow_look(shadow, from, bias, s->material == PT_HAIR ? 0.0f : l->shadow_blur);
    switch (s->material) {
    case PT_SKIN: {
        struct pt_skin_sample skin = pt_skin_look(bust->skin, s->u, s->v);
        const struct m3 *r = &bust->view->rotation;
        struct v3 down = v3(r->m[0][1], r->m[1][1], r->m[2][1]);
        struct v3 t1 = v3_unit(v3_cross(n, down)), t2 = v3_cross(t1, n);
        struct v3 fine = v3_unit(v3_mad(v3_mad(n, t1, -skin.slope_u), t2, -skin.slope_v));
        return shade_skin(l, skin.albedo, skin.gloss, 0.38f, n, fine, eye, s->ao, open);
    }
    case PT_PLAIN: {
        float blotch = pt_noise(v3_scale(s->rest, 5.0f), person->seed + 95);
        struct v3 albedo = v3_scale(
            v3_mul(person->skin, v3_lerp(v3(0.97f, 0.95f, 0.94f), v3(1.0f, 0.80f, 0.78f), s->u)),
            1 + 0.05f * blotch);
        return shade_skin(l, albedo, person->gloss * 0.35f, 0.38f, n, n, eye, s->ao, open);
    }
    case PT_EYE:
        return shade_eye(l, bust, s, eye, open);
    case PT_TEETH:
        return shade_tooth(l, s, n, eye, open);
    case PT_MOUTH:
        return shade_skin(l, v3(0.30f, 0.085f, 0.085f), 0.3f, 0.2f, n, n, eye, s->ao, open * s->ao);
    case PT_HAIR:
        return shade_hair(l, bust, s, eye, open);
    case PT_CAP: {
        float streak = pt_noise(v3_mul(s->rest, v3(30, 30, 30)), person->seed + 96);
        return shade_matt(l, v3_scale(person->hair, 0.50f + 0.15f * streak), n, s->ao, open);
    }
    case PT_CLOTH: {
        float weave = pt_noise(v3_mul(s->rest, v3(34, 34, 12)), person->seed + 97);
        return shade_matt(l, v3_scale(person->cloth, 0.95f + 0.10f * weave), n, s->ao, open);
    }
    case PT_LASH:
        break;
    }
    return v3_scale(person->brow, 0.25f * (0.4f + 0.6f * open));
}
