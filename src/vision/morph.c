#include "vision/morph.h"

#include <stddef.h>
#include <string.h>

#include "base/macros.h"
#include "vision/simd.h"

FUS_SIMD_CLONES static void max_into(float *restrict out, const float *restrict in, int count)
{
    for (int x = 0; x < count; x++)
        out[x] = in[x] > out[x] ? in[x] : out[x];
}

void fus_morph_dilate(const float *source, float *target, int width, int height, int radius,
                      float *scratch)
{
    const size_t row = (size_t)width;
    for (int y = 0; y < height; y++) {
        float *out = scratch + (size_t)y * row;
        memcpy(out, source + (size_t)y * row, row * sizeof *out);
        const int first = FUS_MAX(y - radius, 0), last = FUS_MIN(y + radius, height - 1);
        for (int i = first; i <= last; i++)
            if (i != y)
                max_into(out, source + (size_t)i * row, width);
    }
    for (int y = 0; y < height; y++) {
        const float *in = scratch + (size_t)y * row;
        float *out = target + (size_t)y * row;
        memcpy(out, in, row * sizeof *out);
        for (int i = 1; i <= radius && i < width; i++) {
            max_into(out, in + i, width - i);
            max_into(out + i, in, width - i);
        }
    }
}

void fus_morph_dilate_plain(const float *source, float *target, int width, int height, int radius,
                            float *scratch)
{
    memcpy(scratch, source, (size_t)width * (size_t)height * sizeof *scratch);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            float best = scratch[(size_t)y * (size_t)width + (size_t)x];
            for (int j = -radius; j <= radius; j++) {
                for (int i = -radius; i <= radius; i++) {
                    const int sx = FUS_CLAMP(x + i, 0, width - 1);
                    const int sy = FUS_CLAMP(y + j, 0, height - 1);
                    best = FUS_MAX(best, scratch[(size_t)sy * (size_t)width + (size_t)sx]);
                }
            }
            target[(size_t)y * (size_t)width + (size_t)x] = best;
        }
    }
}
