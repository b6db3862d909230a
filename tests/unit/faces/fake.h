/* A made-up face: 68 points about a centre, for tests that need motion and no picture. */
#ifndef FUS_TESTS_FACES_FAKE_H
#define FUS_TESTS_FACES_FAKE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "faces/face.h"

static inline uint32_t fake_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* About normal, mean 0, deviation 1. */
static inline float fake_normal(uint32_t *state)
{
    float sum = 0;
    for (int i = 0; i < 12; i++)
        sum += (float)(fake_random(state) & 0xffff) / 65535.0f;
    return sum - 6;
}

/* Points whose eye centres are `eyes` apart and whose five points have their middle at (x, y). */
static inline void fake_points(float x, float y, float eyes, struct fus_point points[68])
{
    for (int i = 0; i < 68; i++) {
        float angle = (float)i * 0.0924f;
        points[i] = (struct fus_point){x + eyes * cosf(angle), y + eyes * sinf(angle)};
    }
    for (int i = 36; i < 48; i++) {
        float side = i < 42 ? -0.5f : 0.5f, turn = (float)(i % 6) * 1.0472f;
        points[i] = (struct fus_point){x + eyes * (side + 0.1f * cosf(turn)),
                                       y + eyes * (-0.4f + 0.1f * sinf(turn))};
    }
    points[30] = (struct fus_point){x, y};
    points[48] = (struct fus_point){x - 0.4f * eyes, y + 0.4f * eyes};
    points[54] = (struct fus_point){x + 0.4f * eyes, y + 0.4f * eyes};
}

#endif
