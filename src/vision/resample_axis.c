#include "vision/resample_axis.h"

#include <math.h>

#include "base/mem.h"

static size_t padded(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

void *fus_resampler_block(struct fus_resampler *resampler, size_t size)
{
    if (size <= resampler->size)
        return resampler->block;
    unsigned char *block = fus_malloc_aligned(size);
    if (!block)
        return NULL;
    fus_free(resampler->block);
    resampler->block = block;
    resampler->size = size;
    return block;
}

size_t fus_axis_bytes(int count, int taps)
{
    size_t entries = (size_t)count * (size_t)taps;
    return padded(entries * sizeof(int)) + padded(entries * sizeof(float)) +
           padded(entries * sizeof(int16_t));
}

struct fus_axis fus_axis_place(unsigned char **at, int count, int taps)
{
    size_t entries = (size_t)count * (size_t)taps;
    struct fus_axis axis = {.count = count, .taps = taps};
    axis.index = (void *)*at;
    *at += padded(entries * sizeof(int));
    axis.weight = (void *)*at;
    *at += padded(entries * sizeof(float));
    axis.fixed = (void *)*at;
    *at += padded(entries * sizeof(int16_t));
    return axis;
}

static int16_t to_fixed(float weight)
{
    return (int16_t)nearbyintf(weight * FUS_RESAMPLE_ONE);
}

static void set_pair(struct fus_axis *axis, int i, int index, float share, int from, bool column)
{
    if (column && (index < 0 || index >= from - 1)) {
        share = 0;
        index = index < 0 ? 0 : from - 1;
    }
    axis->index[2 * i] = FUS_CLAMP(index, 0, from - 1);
    axis->index[2 * i + 1] = FUS_CLAMP(index + 1, 0, from - 1);
    axis->weight[2 * i] = 1.0f - share;
    axis->weight[2 * i + 1] = share;
    axis->fixed[2 * i] = to_fixed(1.0f - share);
    axis->fixed[2 * i + 1] = to_fixed(share);
}

/* The step is the reciprocal of the ratio's reciprocal, which may be a bit off from/to: OpenCV's
 * positions come from that number. */
static double step_of(int from, int to)
{
    return 1.0 / ((double)to / from);
}

void fus_axis_bilinear(struct fus_axis *axis, int from, int to, int first, bool column)
{
    double step = step_of(from, to);
    for (int i = 0; i < axis->count; i++) {
        float position = (float)((first + i + 0.5) * step - 0.5);
        int index = (int)floorf(position);
        set_pair(axis, i, index, position - (float)index, from, column);
    }
}

void fus_axis_area_linear(struct fus_axis *axis, int from, int to, bool column)
{
    double ratio = (double)to / from, step = 1.0 / ratio;
    for (int i = 0; i < axis->count; i++) {
        int index = (int)floor(i * step);
        float share = (float)((i + 1) - (index + 1) * ratio);
        share = share <= 0 ? 0 : share - floorf(share);
        set_pair(axis, i, index, share, from, column);
    }
}

void fus_axis_cubic(struct fus_axis *axis, int from, int to)
{
    const float a = -0.75f;
    double step = step_of(from, to);
    for (int i = 0; i < axis->count; i++) {
        float position = (float)((i + 0.5) * step - 0.5);
        int index = (int)floorf(position);
        float x = position - (float)index, y = 1 - x, *w = axis->weight + 4 * i;
        w[0] = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
        w[1] = ((a + 2) * x - (a + 3)) * x * x + 1;
        w[2] = ((a + 2) * y - (a + 3)) * y * y + 1;
        w[3] = 1.0f - w[0] - w[1] - w[2];
        for (int k = 0; k < 4; k++) {
            axis->index[4 * i + k] = FUS_CLAMP(index - 1 + k, 0, from - 1);
            axis->fixed[4 * i + k] = to_fixed(w[k]);
        }
    }
}

size_t fus_axis_area(struct fus_share *shares, int from, int to)
{
    double step = step_of(from, to);
    size_t count = 0;
    for (int i = 0; i < to; i++) {
        double begin = i * step, end = begin + step, cell = FUS_MIN(step, from - begin);
        int first = (int)ceil(begin), last = FUS_MIN((int)floor(end), from - 1);
        first = FUS_MIN(first, last);
        if (first - begin > 1e-3)
            shares[count++] = (struct fus_share){first - 1, i, (float)((first - begin) / cell)};
        for (int s = first; s < last; s++)
            shares[count++] = (struct fus_share){s, i, (float)(1.0 / cell)};
        if (end - last > 1e-3) {
            double part = FUS_MIN(FUS_MIN(end - last, 1.0), cell);
            shares[count++] = (struct fus_share){last, i, (float)(part / cell)};
        }
    }
    return count;
}
