/* Deterministic randomness: an integer hash, a sequence, smooth noise. */
#ifndef PORTRAITS_NOISE_H
#define PORTRAITS_NOISE_H

#include <stdint.h>

#include "vec.h"

static inline uint32_t pt_hash(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    return x ^ (x >> 16);
}
/* Next number of the sequence in *state, 0 <= x < 1. */
static inline float pt_random(uint32_t *state)
{
    *state += 0x9e3779b9u;
    return (float)(pt_hash(*state) >> 8) * (1.0f / 16777216.0f);
}
static inline float pt_random_in(uint32_t *state, float lo, float hi)
{
    return lo + (hi - lo) * pt_random(state);
}

/* Smooth value noise, -1..1, lattice constant 1. */
float pt_noise(struct v3 p, uint32_t seed);
/* Sum of `octaves`, each half as large and twice as fine; about -1..1. */
float pt_fbm(struct v3 p, int octaves, uint32_t seed);

#endif
