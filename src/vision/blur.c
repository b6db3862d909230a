#include "vision/blur.h"

#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "vision/simd.h"

#define RADIUS_MAX 24     /* of the fast path: three sigma of at most eight pixels */
#define SHRINK_SIGMA 2.0f /* sigma that a shrunk plane keeps at least */
#define ROW_PAD (2 * RADIUS_MAX)

size_t fus_blur_scratch(int width, int height)
{
    return 2 * (size_t)width * (size_t)height + 2 * (size_t)width + ROW_PAD + 64;
}

static int kernel_make(float sigma, float kernel[RADIUS_MAX + 1])
{
    const int radius = FUS_CLAMP((int)ceilf(3.0f * sigma), 1, RADIUS_MAX);
    float sum = 0.0f;
    for (int i = 0; i <= radius; i++) {
        kernel[i] = expf(-0.5f * (float)(i * i) / (sigma * sigma));
        sum += i ? 2.0f * kernel[i] : kernel[i];
    }
    for (int i = 0; i <= radius; i++)
        kernel[i] /= sum;
    return radius;
}

FUS_SIMD_CLONES static void blur_columns(const float *restrict source, float *restrict target,
                                         int width, int height, const float *kernel, int radius)
{
    for (int y = 0; y < height; y++) {
        const float *middle = source + (size_t)y * (size_t)width;
        float *out = target + (size_t)y * (size_t)width;
        for (int x = 0; x < width; x++)
            out[x] = kernel[0] * middle[x];
        for (int i = 1; i <= radius; i++) {
            const float *above = source + (size_t)FUS_MAX(y - i, 0) * (size_t)width;
            const float *below = source + (size_t)FUS_MIN(y + i, height - 1) * (size_t)width;
            const float weight = kernel[i];
            for (int x = 0; x < width; x++)
                out[x] += weight * (above[x] + below[x]);
        }
    }
}

FUS_SIMD_CLONES static void blur_row(const float *restrict padded, float *restrict out, int width,
                                     const float *kernel, int radius)
{
    const float *middle = padded + radius;
    for (int x = 0; x < width; x++)
        out[x] = kernel[0] * middle[x];
    for (int i = 1; i <= radius; i++) {
        const float weight = kernel[i];
        const float *before = middle - i, *after = middle + i;
        for (int x = 0; x < width; x++)
            out[x] += weight * (before[x] + after[x]);
    }
}

/* scratch: width * height + width + ROW_PAD */
static void blur_small(const float *source, float *target, int width, int height, float sigma,
                       float *scratch)
{
    float kernel[RADIUS_MAX + 1];
    const int radius = kernel_make(sigma, kernel);
    float *columns = scratch;
    float *row = scratch + (size_t)width * (size_t)height;
    blur_columns(source, columns, width, height, kernel, radius);
    for (int y = 0; y < height; y++) {
        const float *in = columns + (size_t)y * (size_t)width;
        for (int i = 0; i < radius; i++) {
            row[i] = in[0];
            row[radius + width + i] = in[width - 1];
        }
        memcpy(row + radius, in, (size_t)width * sizeof *row);
        blur_row(row, target + (size_t)y * (size_t)width, width, kernel, radius);
    }
}

FUS_SIMD_CLONES static void add_row(float *restrict out, const float *restrict in, int count)
{
    for (int x = 0; x < count; x++)
        out[x] += in[x];
}

/* Means of factor x factor cells. The first row and column of cells, and what the last ones reach
 * over, lie outside and repeat the border. row: small_width * factor. */
static void shrink(const float *source, int width, int height, int factor, float *small,
                   int small_width, int small_height, float *row)
{
    const float scale = 1.0f / (float)(factor * factor);
    float *middle = row + factor;
    for (int y = 0; y < small_height; y++) {
        memset(middle, 0, (size_t)width * sizeof *row);
        for (int i = 0; i < factor; i++) {
            const int sy = FUS_CLAMP((y - 1) * factor + i, 0, height - 1);
            add_row(middle, source + (size_t)sy * (size_t)width, width);
        }
        for (int x = 0; x < factor; x++)
            row[x] = middle[0];
        for (int x = factor + width; x < small_width * factor; x++)
            row[x] = middle[width - 1];
        float *out = small + (size_t)y * (size_t)small_width;
        for (int x = 0; x < small_width; x++) {
            float sum = 0.0f;
            for (int i = 0; i < factor; i++)
                sum += row[x * factor + i];
            out[x] = sum * scale;
        }
    }
}

FUS_SIMD_CLONES static void mix_rows(const float *restrict a, const float *restrict b, float part,
                                     float *restrict out, int count)
{
    for (int x = 0; x < count; x++)
        out[x] = a[x] + part * (b[x] - a[x]);
}

/* Back to full size: rows are widened first (few of them), then mixed. wide: small_height * width.
 */
static void grow(const float *small, int small_width, int small_height, int factor, float *target,
                 int width, int height, float *wide)
{
    const float step = 1.0f / (float)factor, start = 1.0f - 0.5f * (float)(factor - 1) * step;
    for (int x = 0; x < width; x++) {
        const float at = start + (float)x * step;
        const int left = FUS_MIN((int)at, small_width - 1);
        const int right = FUS_MIN(left + 1, small_width - 1);
        const float part = at - (float)left;
        for (int y = 0; y < small_height; y++) {
            const float *in = small + (size_t)y * (size_t)small_width;
            wide[(size_t)y * (size_t)width + (size_t)x] = in[left] + part * (in[right] - in[left]);
        }
    }
    for (int y = 0; y < height; y++) {
        const float at = start + (float)y * step;
        const int top = FUS_MIN((int)at, small_height - 1);
        const int bottom = FUS_MIN(top + 1, small_height - 1);
        mix_rows(wide + (size_t)top * (size_t)width, wide + (size_t)bottom * (size_t)width,
                 at - (float)top, target + (size_t)y * (size_t)width, width);
    }
}

void fus_blur_gaussian(const float *source, float *target, int width, int height, float sigma,
                       float *scratch)
{
    if (!(sigma >= 0.3f)) {
        if (source != target)
            memcpy(target, source, (size_t)width * (size_t)height * sizeof *target);
        return;
    }
    const int limit = FUS_MAX(1, FUS_MIN(width, height) / 4);
    const int factor = FUS_CLAMP((int)fminf(sigma / SHRINK_SIGMA, 4096.0f), 1, limit);
    if (factor == 1) {
        blur_small(source, target, width, height, sigma, scratch);
        return;
    }
    const int small_width = (width + factor - 1) / factor + 2;
    const int small_height = (height + factor - 1) / factor + 2;
    const size_t small_count = (size_t)small_width * (size_t)small_height;
    float *small = scratch, *rest = scratch + small_count;
    shrink(source, width, height, factor, small, small_width, small_height, rest);
    /* A box of k has variance (k^2-1)/12, linear growing about (k^2-1)/6. */
    const float square = (float)(factor * factor);
    const float variance = sigma * sigma - (square - 1.0f) * 0.25f;
    blur_small(small, small, small_width, small_height, sqrtf(fmaxf(variance / square, 0.25f)),
               rest);
    grow(small, small_width, small_height, factor, target, width, height, rest);
}

void fus_blur_gaussian_plain(const float *source, float *target, int width, int height, float sigma,
                             float *scratch)
{
    const int radius = (int)ceilf(4.0f * sigma);
    for (int pass = 0; pass < 2; pass++) {
        const float *in = pass ? scratch : source;
        float *out = pass ? target : scratch;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double sum = 0.0, weights = 0.0;
                for (int i = -radius; i <= radius; i++) {
                    const double weight =
                        sigma >= 0.3f ? exp(-0.5 * i * i / ((double)sigma * sigma)) : i == 0;
                    const int sx = pass ? FUS_CLAMP(x + i, 0, width - 1) : x;
                    const int sy = pass ? y : FUS_CLAMP(y + i, 0, height - 1);
                    sum += weight * in[(size_t)sy * (size_t)width + (size_t)sx];
                    weights += weight;
                }
                out[(size_t)y * (size_t)width + (size_t)x] = (float)(sum / weights);
            }
        }
    }
}
