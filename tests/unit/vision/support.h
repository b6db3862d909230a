/* Small helpers of the vision tests: numbers that look random and are the same each time. */
#ifndef FUS_TESTS_VISION_SUPPORT_H
#define FUS_TESTS_VISION_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/image.h"

static inline uint32_t test_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static inline double test_uniform(uint32_t *state, double low, double high)
{
    return low + (high - low) * (test_random(state) & 0xffffff) / 16777215.0;
}

static inline void test_noise(uint8_t *bytes, size_t size, uint32_t seed)
{
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(test_random(&state) >> 11);
}

/* All bytes of all planes, padding included. */
static inline void test_image_noise(struct fus_image *image, uint32_t seed)
{
    int planes = fus_image_is_yuv(image) ? 3 : 1;
    for (int i = 0; i < planes; i++) {
        int sy = i > 0 ? fus_image_chroma_shift_y(image->format) : 0;
        size_t rows = (size_t)((image->height + sy) >> sy);
        test_noise(image->plane[i], rows * (size_t)image->stride_bytes[i], seed + (uint32_t)i);
    }
}

#endif
