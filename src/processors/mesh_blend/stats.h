/* Order statistics of small float arrays. They reorder the array. */
#ifndef FUS_PROCESSORS_MESH_BLEND_STATS_H
#define FUS_PROCESSORS_MESH_BLEND_STATS_H

#include <stddef.h>

/* Value at part 0..1 of the sorted array, between neighbours by proportion; 0 for an empty one. The
 * values must be finite. */
float fus_stats_quantile(float *values, size_t count, float part);
static inline float fus_stats_median(float *values, size_t count)
{
    return fus_stats_quantile(values, count, 0.5f);
}

#endif
