#include "vision/gaussian.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "vision/simd.h"

/* Index of a sample beyond the border, mirrored without repeating the edge. */
static int reflect(int i, int n)
{
    if (n == 1)
        return 0;
    while (i < 0 || i >= n)
        i = i < 0 ? -i : 2 * n - 2 - i;
    return i;
}

int fus_gaussian_kernel(double sigma, float *taps)
{
    sigma = FUS_MIN(sigma, FUS_GAUSSIAN_SIGMA_MAX);
    int count = (int)nearbyint(8 * sigma + 1) | 1, half = count / 2;
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += exp(-(i - half) * (double)(i - half) / (2 * sigma * sigma));
    for (int i = 0; i < count; i++)
        taps[i] = (float)(exp(-(i - half) * (double)(i - half) / (2 * sigma * sigma)) / sum);
    return count;
}

size_t fus_gaussian_scratch(int width, int height)
{
    return (size_t)width * (size_t)height + (size_t)width + 2 * FUS_GAUSSIAN_TAPS_MAX;
}

/* Results summed together, so that they stay in registers. */
#define BLOCK 32

FUS_SIMD_INLINE void sum_taps(const float *centre, ptrdiff_t step, const float *taps, int half,
                              float *restrict to, int n)
{
    float sum[BLOCK];
    for (int i = 0; i < n; i++)
        sum[i] = centre[i] * taps[0];
    for (int k = 1; k <= half; k++) {
        const float *a = centre - k * step, *b = centre + k * step;
        float w = taps[k];
        for (int i = 0; i < n; i++)
            sum[i] += w * (a[i] + b[i]);
    }
    memcpy(to, sum, (size_t)n * sizeof(float));
}

/* padded: room for a row with its mirrored ends. taps: from the centre outwards. */
FUS_SIMD_CLONES
static void blur_rows(const float *from, float *to, int width, int height, const float *taps,
                      int half, float *padded)
{
    for (int y = 0; y < height; y++) {
        const float *row = from + (size_t)y * (size_t)width;
        for (int i = 1; i <= half; i++) {
            padded[half - i] = row[reflect(-i, width)];
            padded[half + width - 1 + i] = row[reflect(width - 1 + i, width)];
        }
        memcpy(padded + half, row, (size_t)width * sizeof(float));
        float *out = to + (size_t)y * (size_t)width;
        int x = 0;
        for (; x + BLOCK <= width; x += BLOCK)
            sum_taps(padded + half + x, 1, taps, half, out + x, BLOCK);
        if (x < width)
            sum_taps(padded + half + x, 1, taps, half, out + x, width - x);
    }
}

FUS_SIMD_INLINE void sum_rows(const float *from, int width, int height, int y, const float *taps,
                              int half, float *restrict to, int n)
{
    float sum[BLOCK];
    const float *centre = from + (size_t)y * (size_t)width;
    for (int i = 0; i < n; i++)
        sum[i] = centre[i] * taps[0];
    for (int k = 1; k <= half; k++) {
        const float *a = from + (size_t)reflect(y - k, height) * (size_t)width;
        const float *b = from + (size_t)reflect(y + k, height) * (size_t)width;
        float w = taps[k];
        for (int i = 0; i < n; i++)
            sum[i] += w * (a[i] + b[i]);
    }
    memcpy(to, sum, (size_t)n * sizeof(float));
}

FUS_SIMD_CLONES
static void blur_columns(const float *from, float *to, int width, int height, const float *taps,
                         int half)
{
    for (int y = 0; y < height; y++) {
        float *out = to + (size_t)y * (size_t)width;
        int x = 0;
        for (; x + BLOCK <= width; x += BLOCK)
            sum_rows(from + x, width, height, y, taps, half, out + x, BLOCK);
        if (x < width)
            sum_rows(from + x, width, height, y, taps, half, out + x, width - x);
    }
}

void fus_gaussian_f32(const float *from, float *to, int width, int height, double sigma,
                      float *scratch)
{
    size_t count = (size_t)width * (size_t)height;
    if (!(sigma > 0)) {
        memmove(to, from, count * sizeof(float));
        return;
    }
    float *between = scratch, *taps = scratch + count, *padded = taps + FUS_GAUSSIAN_TAPS_MAX;
    int half = fus_gaussian_kernel(sigma, taps) / 2;
    blur_rows(from, between, width, height, taps + half, half, padded);
    blur_columns(between, to, width, height, taps + half, half);
}

#define FIXED_ONE 256
#define FIXED_TAPS_MAX (6 * 1024 + 3)

/* From both ends inward, each tap takes over the rounding error of the one before; the centre gets
 * what is left of the whole. */
static int fixed_kernel(double sigma, int *taps)
{
    sigma = FUS_MIN(sigma, FUS_GAUSSIAN_SIGMA_MAX);
    int count = (int)nearbyint(6 * sigma + 1) | 1, half = count / 2, rest = FIXED_ONE;
    double sum = 0, error = 0;
    for (int i = -half; i <= half; i++)
        sum += exp(-i * (double)i / (2 * sigma * sigma));
    for (int i = half; i > 0; i--) {
        double want = exp(-i * (double)i / (2 * sigma * sigma)) / sum * FIXED_ONE + error;
        int tap = (int)nearbyint(want);
        error = want - tap;
        taps[half - i] = taps[half + i] = tap;
        rest -= 2 * tap;
    }
    taps[half] = rest;
    return count;
}

/* Sums of a picture of n values a row, rows mirrored. */
static void rows_u8(const struct fus_plane *from, const int *taps, int count, int *sums)
{
    int channels = from->channels, half = count / 2;
    for (int y = 0; y < from->height; y++) {
        const uint8_t *row = from->data + y * from->stride_bytes;
        int *out = sums + (size_t)y * (size_t)from->width * (size_t)channels;
        for (int x = 0; x < from->width; x++)
            for (int c = 0; c < channels; c++) {
                int sum = 0;
                for (int k = 0; k < count; k++)
                    sum += taps[k] * row[reflect(x + k - half, from->width) * channels + c];
                out[x * channels + c] = sum;
            }
    }
}

static void columns_u8(const int *sums, const int *taps, int count, const struct fus_plane *to)
{
    int n = to->width * to->channels, half = count / 2;
    for (int y = 0; y < to->height; y++)
        for (int i = 0; i < n; i++) {
            int sum = 0;
            for (int k = 0; k < count; k++)
                sum += taps[k] *
                       sums[(size_t)reflect(y + k - half, to->height) * (size_t)n + (size_t)i];
            sum = (sum + (1 << 15)) >> 16;
            to->data[y * to->stride_bytes + i] = (uint8_t)FUS_CLAMP(sum, 0, 255);
        }
}

int fus_gaussian_u8(const struct fus_plane *from, const struct fus_plane *to, double sigma,
                    struct fus_error *err)
{
    if (!(sigma > 0)) {
        for (int y = 0; y < from->height; y++)
            memmove(to->data + y * to->stride_bytes, from->data + y * from->stride_bytes,
                    (size_t)from->width * (size_t)from->channels);
        return 0;
    }
    size_t values = (size_t)from->width * (size_t)from->height * (size_t)from->channels;
    FUS_AUTO_FREE int *sums = fus_calloc(values + FIXED_TAPS_MAX, sizeof(*sums));
    if (!sums)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "no memory to blur a picture");
    int *taps = sums + values, count = fixed_kernel(sigma, taps);
    rows_u8(from, taps, count, sums);
    columns_u8(sums, taps, count, to);
    return 0;
}
