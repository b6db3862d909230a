#include "noise.h"

static float lattice(int x, int y, int z, uint32_t seed)
{
    uint32_t h = (uint32_t)x * 0x8da6b343u ^ (uint32_t)y * 0xd8163841u ^ (uint32_t)z * 0xcb1ab31fu;
    return (float)(pt_hash(h ^ seed) >> 8) * (2.0f / 16777216.0f) - 1.0f;
}

float pt_noise(struct v3 p, uint32_t seed)
{
    float fx = floorf(p.x), fy = floorf(p.y), fz = floorf(p.z);
    int x = (int)fx, y = (int)fy, z = (int)fz;
    float u = p.x - fx, v = p.y - fy, w = p.z - fz;
    u = u * u * (3.0f - 2.0f * u);
    v = v * v * (3.0f - 2.0f * v);
    w = w * w * (3.0f - 2.0f * w);
    float plane[2];
    for (int k = 0; k < 2; k++) {
        float top = mixf(lattice(x, y, z + k, seed), lattice(x + 1, y, z + k, seed), u);
        float low = mixf(lattice(x, y + 1, z + k, seed), lattice(x + 1, y + 1, z + k, seed), u);
        plane[k] = mixf(top, low, v);
    }
    return mixf(plane[0], plane[1], w);
}

float pt_fbm(struct v3 p, int octaves, uint32_t seed)
{
    float sum = 0, gain = 0.5f;
    for (int i = 0; i < octaves; i++) {
        sum += gain * pt_noise(p, seed + (uint32_t)i * 77u);
        p = v3_scale(p, 2.03f);
        gain *= 0.5f;
    }
    return sum;
}
