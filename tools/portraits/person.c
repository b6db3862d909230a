#include "person.h"

#include <string.h>

#include "noise.h"

struct v3 pt_srgb(int r, int g, int b)
{
    return v3(powf((float)r / 255.0f, 2.2f), powf((float)g / 255.0f, 2.2f),
              powf((float)b / 255.0f, 2.2f));
}

static const unsigned char tones[PT_TONES][3] = {
    {238, 204, 186}, {230, 188, 164}, {216, 170, 140}, {198, 148, 114},
    {170, 120, 88},  {140, 94, 68},   {108, 70, 50},   {80, 52, 40},
};

static void choose_colours(struct pt_person *p, uint32_t *state)
{
    static const unsigned char hairs[][3] = {
        {22, 18, 17},  {38, 27, 22},   {62, 42, 30},  {92, 62, 40},
        {132, 96, 60}, {176, 140, 92}, {120, 56, 30}, {150, 146, 142},
    };
    static const unsigned char irises[][3] = {{58, 36, 22},  {84, 54, 30},   {110, 82, 44},
                                              {92, 104, 70}, {96, 126, 146}, {120, 134, 140}};
    static const unsigned char cloths[][3] = {{44, 58, 92},    {120, 38, 44}, {58, 84, 66},
                                              {170, 164, 150}, {38, 40, 46},  {96, 82, 120},
                                              {196, 150, 62},  {86, 124, 150}};
    const unsigned char *t = tones[p->tone];
    p->skin = pt_srgb(t[0], t[1], t[2]);
    float warm = pt_random_in(state, -0.06f, 0.06f);
    p->skin = v3_mul(p->skin, v3(1.0f + warm * 0.4f, 1.0f, 1.0f - warm));
    int hair_max = p->tone <= 2 ? 8 : p->tone <= 4 ? 4 : 2;
    int h = (int)(pt_random(state) * (float)hair_max);
    if (p->age > 0.7f && pt_random(state) < 0.6f) {
        h = 7;
    }
    p->hair = pt_srgb(hairs[h][0], hairs[h][1], hairs[h][2]);
    p->brow = v3_lerp(p->hair, pt_srgb(46, 32, 24), h == 5 || h == 7 ? 0.6f : 0.35f);
    int iris_max = p->tone <= 2 ? 6 : p->tone <= 4 ? 3 : 2;
    int e = (int)(pt_random(state) * (float)iris_max);
    p->iris = pt_srgb(irises[e][0], irises[e][1], irises[e][2]);
    int c = (int)(pt_random(state) * 8.0f);
    p->cloth = pt_srgb(cloths[c][0], cloths[c][1], cloths[c][2]);
    struct v3 red = v3_mul(p->skin, v3(0.88f, 0.50f, 0.52f));
    struct v3 deep = pt_srgb(150, 66, 62);
    p->lips = v3_lerp(red, deep, p->tone >= 5 ? 0.12f : 0.22f);
}

void pt_person_make(struct pt_person *p, uint32_t seed, int tone, int hair_style)
{
    memset(p, 0, sizeof(*p));
    uint32_t state = pt_hash(seed * 2654435761u + 17u);
    p->seed = seed;
    int drawn_tone = (int)(pt_random(&state) * PT_TONES);
    p->tone = tone >= 0 && tone < PT_TONES ? tone : drawn_tone;
    p->age = pt_random(&state);
    float form = pt_random(&state); /* towards 0: soft features, no beard; towards 1: strong ones */
    choose_colours(p, &state);
    int style = (int)(pt_random(&state) * (float)PT_HAIR_STYLES);
    if (style == PT_HAIR_AFRO && p->tone < 4) {
        style = PT_HAIR_SIDE;
    }
    if (form > 0.6f && (style == PT_HAIR_BOB || style == PT_HAIR_LONG)) {
        style = PT_HAIR_CROP;
    }
    if (form < 0.4f && style == PT_HAIR_BUZZ) {
        style = PT_HAIR_LONG;
    }
    p->hair_style = hair_style >= 0 && hair_style < PT_HAIR_STYLES ? (enum pt_hair_style)hair_style
                                                                   : (enum pt_hair_style)style;
    p->hair_parting = pt_random(&state) < 0.5f ? -0.45f : 0.45f;
    float beard = pt_random(&state);
    p->beard = form < 0.5f     ? 0.0f
               : beard < 0.35f ? 0.08f
               : beard < 0.75f ? 0.15f + 0.3f * form
                               : 0.9f;
    p->freckles = p->tone <= 2 && pt_random(&state) < 0.35f ? pt_random(&state) : 0.0f;
    p->gloss = pt_random_in(&state, 0.25f, 0.8f);
    p->brow_thick = pt_random_in(&state, 0.75f, 1.05f) + 0.25f * form;
    p->bust = 0.86f + 0.2f * form;
    p->collar = (int)(pt_random(&state) * 3.0f);
    float *shape[] = {&p->jaw_width,    &p->jaw_length,  &p->cheek,      &p->face_width,
                      &p->forehead,     &p->nose_length, &p->nose_width, &p->nose_bridge,
                      &p->eye_distance, &p->eye_size,    &p->eye_tilt,   &p->mouth_width,
                      &p->lip_fullness, &p->brow_height, &p->chin,       &p->ears};
    for (size_t i = 0; i < sizeof(shape) / sizeof(shape[0]); i++) {
        *shape[i] = pt_random_in(&state, -0.6f, 0.6f);
        *shape[i] += pt_random_in(&state, -0.4f, 0.4f);
    }
    p->jaw_width += 1.1f * (form - 0.5f);
    p->brow_height -= 0.7f * (form - 0.5f);
    p->lip_fullness += 0.6f * (0.5f - form) + (p->tone >= 5 ? 0.5f : 0.0f);
    p->nose_width += (p->tone >= 5 ? 0.6f : -0.1f);
    p->eye_size += 0.6f * (0.5f - form);
}

/* Moves p away from (or towards) a centre in x and y, fading with distance. */
static struct v3 grow(struct v3 p, float cx, float cy, float sx, float sy, float ax, float ay)
{
    float w = bell2f(p.x - cx, p.y - cy, sx, sy);
    return v3(p.x + (p.x - cx) * ax * w, p.y + (p.y - cy) * ay * w, p.z);
}

struct v3 pt_person_shape(const struct pt_person *s, struct v3 c)
{
    struct v3 p = c;
    float side = c.x < 0 ? -1.0f : 1.0f;
    float front = stepf(1.1f, 0.5f, c.z);
    p.x *= 1.0f + 0.05f * s->face_width * stepf(2.6f, 1.0f, c.z);
    p.x *= 1.0f + 0.11f * s->jaw_width * stepf(0.55f, 1.35f, c.y) * stepf(2.6f, 1.6f, c.y);
    p.y += (0.10f * s->jaw_length) * stepf(1.0f, 1.8f, c.y) * stepf(3.2f, 1.8f, c.y) * front;
    p.y -= 0.08f * s->forehead * stepf(-0.3f, -0.9f, c.y);
    p.x += side * 0.05f * s->cheek * bell2f(fabsf(c.x) - 0.95f, c.y - 0.35f, 0.4f, 0.4f);
    p.z -= 0.05f * s->cheek * bell2f(fabsf(c.x) - 0.7f, c.y - 0.4f, 0.3f, 0.3f) * front;
    p.z -= 0.08f * s->chin * bell2f(c.x, c.y - 1.55f, 0.35f, 0.25f) * front;
    /* nose */
    float nose = bell2f(c.x, c.y - 0.45f, 0.36f, 0.42f) * front;
    p.z -= 0.07f * s->nose_bridge * bell2f(c.x, c.y - 0.15f, 0.16f, 0.22f) * front;
    p.y += 0.07f * s->nose_length * bell2f(c.x, c.y - 0.68f, 0.4f, 0.22f) * front;
    p.x += c.x * 0.26f * s->nose_width * nose * stepf(0.05f, 0.55f, c.y);
    /* eyes: place, size, tilt; measured from the mean place, so that the parts agree */
    float ex = side * 0.4922f;
    float near = bell2f(c.x - ex, c.y, 0.34f, 0.26f) * front;
    p.x += side * 0.035f * s->eye_distance * near;
    p.y += (c.x - ex) * side * -0.10f * s->eye_tilt * near;
    struct v3 g = grow(c, ex, 0.0f, 0.30f, 0.22f, 0.09f * s->eye_size, 0.16f * s->eye_size);
    p.x += (g.x - c.x) * front;
    p.y += (g.y - c.y) * front;
    /* mouth */
    g = grow(c, 0.0f, 1.03f, 0.62f, 0.30f, 0.11f * s->mouth_width, 0.22f * s->lip_fullness);
    p.x += (g.x - c.x) * front;
    p.y += (g.y - c.y) * front;
    p.z -= 0.03f * s->lip_fullness * bell2f(c.x, c.y - 1.05f, 0.35f, 0.18f) * front;
    /* brows */
    p.y -= 0.06f * s->brow_height * bell2f(fabsf(c.x) - 0.55f, c.y + 0.31f, 0.45f, 0.15f) * front;
    return p;
}
