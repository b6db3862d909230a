#include "vision/largest.h"

#include "base/macros.h"
#include "vision/simd.h"

enum { LANES = 32 };

/* In lanes of their own, so that one comparison need not wait for the one before. */
FUS_SIMD_CLONES
float fus_largest(const float *values, size_t count)
{
    float lane[LANES];
    for (size_t k = 0; k < LANES; k++)
        lane[k] = values[0];
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (size_t k = 0; k < LANES; k++)
            lane[k] = FUS_MAX(lane[k], values[i + k]);
    }
    float most = lane[0];
    for (size_t k = 1; k < LANES; k++)
        most = FUS_MAX(most, lane[k]);
    for (; i < count; i++)
        most = FUS_MAX(most, values[i]);
    return most;
}

float fus_largest_plain(const float *values, size_t count)
{
    float most = values[0];
    for (size_t i = 1; i < count; i++)
        most = FUS_MAX(most, values[i]);
    return most;
}
