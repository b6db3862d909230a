#include "processors/mesh_blend/stats.h"

#include "base/macros.h"

/* Hoare's selection: afterwards values[rank] is what sorting would put there, smaller ones before
 * it. */
static void select_rank(float *values, size_t count, size_t rank)
{
    ptrdiff_t left = 0, right = (ptrdiff_t)count - 1;
    const ptrdiff_t k = (ptrdiff_t)rank;
    while (left < right) {
        const float pivot = values[k];
        ptrdiff_t i = left, j = right;
        do {
            while (values[i] < pivot)
                i++;
            while (pivot < values[j])
                j--;
            if (i <= j) {
                const float swap = values[i];
                values[i++] = values[j];
                values[j--] = swap;
            }
        } while (i <= j);
        if (j < k)
            left = i;
        if (k < i)
            right = j;
    }
}

float fus_stats_quantile(float *values, size_t count, float part)
{
    if (count == 0)
        return 0.0f;
    const float at = FUS_CLAMP(part, 0.0f, 1.0f) * (float)(count - 1);
    const size_t rank = FUS_MIN((size_t)at, count - 1);
    select_rank(values, count, rank);
    if (rank + 1 >= count)
        return values[rank];
    float next = values[rank + 1];
    for (size_t i = rank + 2; i < count; i++)
        next = FUS_MIN(next, values[i]);
    return values[rank] + (at - (float)rank) * (next - values[rank]);
}
