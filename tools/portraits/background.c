#include "noise.h"
#include "scene.h"

/* A wall with a fall of light, or a room or a garden far out of focus. */
void pt_background_paint(struct v3 *pixels, int width, int height, enum pt_light_kind light,
                         uint32_t seed)
{
    uint32_t state = pt_hash(seed + 101u);
    static const unsigned char walls[][3] = {{146, 150, 154}, {120, 128, 116}, {158, 146, 132},
                                             {86, 98, 116},   {70, 74, 78},    {166, 158, 148},
                                             {112, 92, 84},   {92, 116, 118}};
    const unsigned char *w = walls[(int)(pt_random(&state) * 8.0f)];
    struct v3 wall = pt_srgb(w[0], w[1], w[2]), air = v3(1, 1, 1);
    if (light == PT_LIGHT_WARM) {
        air = v3(1.1f, 0.92f, 0.74f);
    } else if (light == PT_LIGHT_COLD) {
        air = v3(0.80f, 0.95f, 1.12f);
    } else if (light == PT_LIGHT_RIM) {
        air = v3(0.45f, 0.45f, 0.47f);
    }
    bool room = pt_random(&state) < 0.55f;
    float lit = light == PT_LIGHT_RIGHT || light == PT_LIGHT_WARM ? 0.7f : 0.3f;
    struct {
        float x, y, rx, ry, hard;
        struct v3 colour;
    } spots[14];
    for (int i = 0; i < 14; i++) {
        spots[i].x = pt_random(&state);
        spots[i].y = pt_random(&state);
        spots[i].rx = pt_random_in(&state, 0.04f, 0.16f);
        spots[i].ry = i % 3 ? spots[i].rx : pt_random_in(&state, 0.3f, 0.6f);
        spots[i].hard = pt_random_in(&state, 0.25f, 0.7f);
        float bright = pt_random_in(&state, -0.5f, 0.9f);
        float red = pt_random_in(&state, -0.3f, 0.3f), blue = pt_random_in(&state, -0.3f, 0.3f);
        spots[i].colour = v3_mul(v3_scale(wall, bright), v3(1 + red, 1, 1 + blue));
    }
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            float u = (float)x / (float)width, v = (float)y / (float)height;
            float aspect = (float)width / (float)height;
            float glow = mixf(0.50f, 1.05f, bell2f(u - lit, v - 0.35f, 0.75f, 0.8f));
            struct v3 c = v3_scale(wall, glow);
            for (int i = 0; room && i < 14; i++) {
                float dx = (u - spots[i].x) * aspect / spots[i].rx,
                      dy = (v - spots[i].y) / spots[i].ry;
                float d = dx * dx + dy * dy;
                if (d < 2.3f) {
                    c = v3_mad(c, spots[i].colour, 0.8f * stepf(1.5f, spots[i].hard, sqrtf(d)));
                }
            }
            c = v3(higherf(c.x, 0.01f), higherf(c.y, 0.01f), higherf(c.z, 0.01f));
            pixels[(size_t)y * (size_t)width + (size_t)x] = v3_mul(c, air);
        }
    }
}
