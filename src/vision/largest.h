/* The largest of many numbers. Pure, thread-safe. */
#ifndef FUS_VISION_LARGEST_H
#define FUS_VISION_LARGEST_H

#include <stddef.h>

/* count is at least 1. No value may be a NaN: with one the result is any of the values. */
float fus_largest(const float *values, size_t count);

/* Plain twin; only tests call it. */
float fus_largest_plain(const float *values, size_t count);

#endif
