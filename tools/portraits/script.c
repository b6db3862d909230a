#include "script.h"

#include <string.h>

#include "noise.h"

const char *const pt_script_names[PT_SCRIPTS] = {"turning", "talking", "blinking", "nodding"};
const char *const pt_face_names[PT_FACES] = {"neutral", "smile",     "laugh", "open",
                                             "shut",    "surprised", "frown"};

void pt_face_make(struct pt_expression *e, enum pt_face face)
{
    static const struct pt_expression faces[PT_FACES] = {
        [PT_FACE_NEUTRAL] = {.smile = 0.08f},
        [PT_FACE_SMILE] = {.smile = 0.85f, .blink = {0.10f, 0.10f}, .brow = 0.15f},
        [PT_FACE_LAUGH] = {.smile = 0.95f, .jaw = 0.38f, .blink = {0.22f, 0.22f}, .brow = 0.2f},
        [PT_FACE_OPEN] = {.jaw = 0.60f},
        [PT_FACE_SHUT] = {.blink = {1.0f, 1.0f}},
        [PT_FACE_SURPRISED] = {.jaw = 0.45f,
                               .brow = 1.0f,
                               .blink = {-0.12f, -0.12f},
                               .pucker = 0.2f},
        [PT_FACE_FROWN] = {.brow = -1.0f, .smile = -0.25f, .blink = {0.12f, 0.12f}},
    };
    *e = faces[face];
}

static float wave(double seconds, double period, double phase)
{
    return (float)sin(2.0 * 3.14159265358979 * (seconds / period + phase));
}

/* A blink every `period` seconds or so, a quarter of a second long: quick down, slower up. */
static float blink_at(uint32_t seed, double seconds, double period)
{
    double turn = seconds / period;
    uint32_t number = (uint32_t)(int64_t)floor(turn);
    uint32_t state = pt_hash(seed ^ (number * 2246822519u));
    double at = (turn - floor(turn)) * period - (0.2 + 0.6 * (double)pt_random(&state)) * period;
    if (at < 0.0 || at > 0.28) {
        return 0.0f;
    }
    return at < 0.09 ? stepf(0.0f, 0.09f, (float)at) : stepf(0.28f, 0.13f, (float)at);
}

float pt_script_mouth(uint32_t seed, double seconds, float *roundness)
{
    const double rate = 4.3; /* syllables a second */
    double turn = seconds * rate;
    int64_t number = (int64_t)floor(turn);
    uint32_t a = pt_hash(seed + 7u * (uint32_t)number),
             b = pt_hash(seed + 7u * (uint32_t)(number + 1));
    float t = (float)(turn - floor(turn));
    /* after some syllables a pause; each opens to its own width */
    float size = (a % 9u == 0) ? 0.0f : 0.25f + 0.75f * (float)(a >> 8 & 255u) / 255.0f;
    float shape = (float)(a >> 16 & 255u) / 127.5f - 1.0f,
          next = (float)(b >> 16 & 255u) / 127.5f - 1.0f;
    *roundness = mixf(shape, next, stepf(0.6f, 1.0f, t));
    return size * stepf(0.0f, 0.38f, t) * stepf(1.0f, 0.55f, t);
}

void pt_script_pose(enum pt_script script, uint32_t seed, double s, struct pt_pose *pose)
{
    memset(pose, 0, sizeof(*pose));
    struct pt_expression *e = &pose->expression;
    double own = (double)(pt_hash(seed) >> 8) / 16777216.0;
    /* nobody is quite still */
    pose->yaw = 1.6f * wave(s, 3.7, own) + 0.8f * wave(s, 1.9, own * 3);
    pose->pitch = 1.2f * wave(s, 4.3, own * 2) + 0.5f * wave(s, 1.3, own);
    pose->roll = 0.9f * wave(s, 5.1, own * 5);
    pose->sway = 0.03f * wave(s, 6.0, own);
    e->smile = 0.10f;
    e->blink[0] = e->blink[1] = blink_at(seed, s, script == PT_SCRIPT_BLINKING ? 0.9 : 3.1);
    e->gaze_x = 0.10f * wave(s, 5.3, own);
    float round = 0;
    if (script == PT_SCRIPT_TALKING || script == PT_SCRIPT_TURNING) {
        float open = pt_script_mouth(seed, s, &round);
        float loud = script == PT_SCRIPT_TALKING ? 1.0f : 0.7f;
        e->jaw = 0.52f * loud * open;
        e->pucker = 0.7f * higherf(round, 0) * lowerf(1, 2 * open);
        e->smile += 0.35f * higherf(-round, 0) * lowerf(1, 2 * open);
        e->brow = 0.25f * higherf(wave(s, 2.7, own), 0);
    }
    switch (script) {
    case PT_SCRIPT_TURNING:
        pose->yaw = 30.0f * wave(s, 4.0, 0);
        pose->roll += 3.0f * wave(s, 4.0, 0.1);
        e->gaze_x = 0.12f * wave(s, 4.0, 0);
        break;
    case PT_SCRIPT_TALKING:
        pose->yaw += 7.0f * wave(s, 5.7, own);
        pose->pitch += 2.5f * wave(s, 1.1, own);
        break;
    case PT_SCRIPT_NODDING:
        pose->pitch = 14.0f * wave(s, 1.6, 0);
        break;
    default:
        break;
    }
}

/* One pole pair at `hertz`, `width` wide. */
static double resonate(double band[2], double in, double hertz, double width, int rate)
{
    double r = exp(-3.14159265358979 * width / rate),
           c = 2 * r * cos(2 * 3.14159265358979 * hertz / rate);
    double out = (1 - r) * in + c * band[0] - r * r * band[1];
    band[1] = band[0];
    band[0] = out;
    return out;
}

void pt_voice_make(struct pt_voice *voice, enum pt_script script, uint32_t seed, int rate,
                   int64_t first_sample, float *samples, size_t count)
{
    bool talks = script == PT_SCRIPT_TALKING || script == PT_SCRIPT_TURNING;
    double pitch = 105.0 + 110.0 * ((double)(pt_hash(seed + 3u) >> 8) / 16777216.0);
    for (size_t i = 0; i < count; i++) {
        double t = (double)(first_sample + (int64_t)i) / rate;
        float round = 0, open = talks ? pt_script_mouth(seed, t, &round) : 0.0f;
        double hertz = pitch * (1.0 + 0.08 * (double)wave(t, 1.7, 0) + 0.05 * (double)open);
        voice->phase += hertz / rate;
        voice->phase -= floor(voice->phase);
        double buzz =
            1.0 - 2.0 * voice->phase + 0.04 * (2.0 * (double)pt_random(&voice->random) - 1.0);
        double low =
            resonate(voice->band[0], buzz * (double)open, 320.0 + 480.0 * (double)open, 90.0, rate);
        double high = resonate(voice->band[1], buzz * (double)open, 1450.0 - 650.0 * (double)round,
                               140.0, rate);
        double hum = talks ? 0.0 : 0.02 * (double)wave(t, 1.0 / 220.0, 0);
        samples[i] = clampf((float)(3.2 * low + 2.2 * high + hum), -0.95f, 0.95f);
    }
}
