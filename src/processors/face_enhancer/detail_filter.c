#include "processors/face_enhancer/detail_filter.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/macros.h"
#include "vision/simd.h"

/* ---- local extremes ---- */

/* out[x] = extreme of in[x - radius .. x + radius]; a square's extreme is that of rows, then of
 * columns, and radius r is r steps of radius 1. */
FUS_SIMD_CLONES static void rows_step(const float *restrict in, float *restrict low,
                                      const float *restrict in_high, float *restrict high,
                                      int width, int height)
{
    for (int y = 0; y < height; y++) {
        const size_t at = (size_t)y * (size_t)width;
        const float *l = in + at, *h = in_high + at;
        const int last = width - 1, second = FUS_MIN(1, last), before = FUS_MAX(last - 1, 0);
        low[at] = FUS_MIN(l[0], l[second]);
        high[at] = FUS_MAX(h[0], h[second]);
        for (int x = 1; x < last; x++) {
            const float least = l[x - 1] < l[x + 1] ? l[x - 1] : l[x + 1];
            const float most = h[x - 1] > h[x + 1] ? h[x - 1] : h[x + 1];
            low[at + (size_t)x] = least < l[x] ? least : l[x];
            high[at + (size_t)x] = most > h[x] ? most : h[x];
        }
        low[at + (size_t)last] = FUS_MIN(l[last], l[before]);
        high[at + (size_t)last] = FUS_MAX(h[last], h[before]);
    }
}

FUS_SIMD_CLONES static void columns_step(const float *restrict in, float *restrict low,
                                         const float *restrict in_high, float *restrict high,
                                         int width, int height)
{
    for (int y = 0; y < height; y++) {
        const size_t at = (size_t)y * (size_t)width;
        const size_t up = (size_t)FUS_MAX(y - 1, 0) * (size_t)width;
        const size_t down = (size_t)FUS_MIN(y + 1, height - 1) * (size_t)width;
        const float *l0 = in + up, *l1 = in + at, *l2 = in + down;
        const float *h0 = in_high + up, *h1 = in_high + at, *h2 = in_high + down;
        for (int x = 0; x < width; x++) {
            const float least = l0[x] < l2[x] ? l0[x] : l2[x];
            const float most = h0[x] > h2[x] ? h0[x] : h2[x];
            low[at + (size_t)x] = least < l1[x] ? least : l1[x];
            high[at + (size_t)x] = most > h1[x] ? most : h1[x];
        }
    }
}

FUS_SIMD_CLONES static void mix(float *restrict to, const float *restrict next, float share,
                                size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += share * (next[i] - to[i]);
}

void fus_detail_extremes(const float *source, float *low, float *high, int width, int height,
                         float radius, float *scratch)
{
    const size_t count = (size_t)width * (size_t)height;
    float *rows_low = scratch, *rows_high = scratch + count, *next_low = scratch + 2 * count;
    float *next_high = scratch + 3 * count;
    const int whole = (int)radius;
    const float rest = radius - (float)whole;
    memcpy(low, source, count * sizeof *low);
    memcpy(high, source, count * sizeof *high);
    for (int i = 0; i < whole; i++) {
        rows_step(low, rows_low, high, rows_high, width, height);
        columns_step(rows_low, low, rows_high, high, width, height);
    }
    if (rest <= 0.0f)
        return;
    /* One step more, mixed in. */
    rows_step(low, rows_low, high, rows_high, width, height);
    columns_step(rows_low, next_low, rows_high, next_high, width, height);
    mix(low, next_low, rest, count);
    mix(high, next_high, rest, count);
}

static void extremes_at(const float *source, int width, int height, int x, int y, int radius,
                        float *low, float *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (int j = FUS_MAX(y - radius, 0); j <= FUS_MIN(y + radius, height - 1); j++) {
        for (int i = FUS_MAX(x - radius, 0); i <= FUS_MIN(x + radius, width - 1); i++) {
            *low = FUS_MIN(*low, source[(size_t)j * (size_t)width + (size_t)i]);
            *high = FUS_MAX(*high, source[(size_t)j * (size_t)width + (size_t)i]);
        }
    }
}

void fus_detail_extremes_plain(const float *source, float *low, float *high, int width, int height,
                               float radius)
{
    const int whole = (int)radius;
    const float rest = radius - (float)whole;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            const size_t i = (size_t)y * (size_t)width + (size_t)x;
            float low2, high2;
            extremes_at(source, width, height, x, y, whole, &low[i], &high[i]);
            extremes_at(source, width, height, x, y, whole + 1, &low2, &high2);
            if (rest > 0.0f) {
                low[i] += rest * (low2 - low[i]);
                high[i] += rest * (high2 - high[i]);
            }
        }
    }
}

/* ---- sharpening ---- */

/* Fine structure of this amplitude, in levels, gets half of the gain: what is that strong is crisp
 * already. */
#define SOFT 50.0f

FUS_SIMD_CLONES void fus_detail_sharpen_row(const struct fus_detail_row *row, float *delta,
                                            int width)
{
    const float *restrict luma = row->luma, *restrict blurred = row->blurred;
    const float *restrict low = row->low, *restrict high = row->high;
    const float *restrict mask = row->mask, *restrict gain = row->gain;
    const float *restrict base_a = row->base_a, *restrict base_b = row->base_b;
    float *restrict out = delta;
    const float fine = row->fine, coarse = row->coarse;
    const float fine_core = row->fine_core * row->fine_core + 1e-6f;
    const float coarse_core = row->coarse_core * row->coarse_core + 1e-6f;
    const float margin = row->margin, share = row->share;
    for (int x = 0; x < width; x++) {
        const float small = luma[x] - blurred[x], squared = small * small;
        const float large = blurred[x] - (base_a[x] * blurred[x] + base_b[x]);
        const float fine_sure = squared / (squared + fine_core);
        const float coarse_sure = large * large / (large * large + coarse_core);
        const float more =
            fine * small * (fine_sure * fine_sure) / (1.0f + fabsf(small) * (1.0f / SOFT)) +
            coarse * large * (coarse_sure * coarse_sure);
        float room = margin + share * (high[x] - low[x]);
        room = room < FUS_DETAIL_ROOM_MAX ? room : FUS_DETAIL_ROOM_MAX;
        float value = luma[x] + gain[x] * more;
        value = value > low[x] - room ? value : low[x] - room;
        value = value < high[x] + room ? value : high[x] + room;
        out[x] = mask[x] * (value - luma[x]);
    }
}

/* ---- what the picture is like ---- */

/* A spot counts less the steeper it is: a slope of FLAT levels between neighbours halves it. */
#define FLAT 4.0f
#define NOISE_CAP 40.0f

float fus_detail_noise(const float *luma, const float *where, int width, int height)
{
    double sum = 0.0, weights = 0.0;
    for (int y = 1; y + 1 < height; y++) {
        const float *a = luma + (size_t)(y - 1) * (size_t)width, *b = a + width, *c = b + width;
        const float *in = where + (size_t)y * (size_t)width;
        float row_sum = 0.0f, row_weights = 0.0f;
        for (int x = 1; x + 1 < width; x++) {
            if (!(in[x] > 0.5f))
                continue;
            const float second = a[x - 1] - 2.0f * a[x] + a[x + 1] - 2.0f * b[x - 1] + 4.0f * b[x] -
                                 2.0f * b[x + 1] + c[x - 1] - 2.0f * c[x] + c[x + 1];
            /* Slopes over three rows or columns: noise alone hardly moves them. */
            const float dx = (a[x + 1] + b[x + 1] + c[x + 1] - a[x - 1] - b[x - 1] - c[x - 1]) / 6;
            const float dy = (c[x - 1] + c[x] + c[x + 1] - a[x - 1] - a[x] - a[x + 1]) / 6;
            const float weight = 1.0f / (1.0f + (dx * dx + dy * dy) / (FLAT * FLAT));
            row_sum += weight * weight * FUS_MIN(fabsf(second), NOISE_CAP);
            row_weights += weight * weight;
        }
        sum += (double)row_sum;
        weights += (double)row_weights;
    }
    return weights > 0.0 ? (float)(sum / weights * sqrt(M_PI / 2.0) / 6.0) : 0.0f;
}

#define STEP_MAX \
    10.0f /* a step this large is more likely an edge: it counts half, larger ones less */

struct phases {
    double sum[8], weight[8];
};

/* The step between p[0] and p[by], less what its neighbours on either side do. */
static void phase_add(struct phases *phases, int phase, const float *p, ptrdiff_t by)
{
    const float step = fabsf(p[0] - p[-by]);
    const float before = fabsf(p[-by] - p[-2 * by]), after = fabsf(p[by] - p[0]);
    const float most = FUS_MAX(step, FUS_MAX(before, after));
    const float share = most * most * (1.0f / (STEP_MAX * STEP_MAX));
    const float weight = 1.0f / (1.0f + share * share);
    phases->sum[phase] += (double)(weight * (step - (before + after) * 0.5f));
    phases->weight[phase] += (double)weight;
}

static float phases_excess(const struct phases *phases)
{
    double most = 0.0, all = 0.0;
    for (int i = 0; i < 8; i++) {
        const double mean = phases->weight[i] > 0.0 ? phases->sum[i] / phases->weight[i] : 0.0;
        most = FUS_MAX(most, mean);
        all += mean;
    }
    return (float)FUS_MAX(most - (all - most) / 7.0, 0.0);
}

float fus_detail_blocks(const float *luma, const float *where, int width, int height)
{
    struct phases across = {{0}, {0}}, down = {{0}, {0}};
    for (int y = 2; y + 1 < height; y++) {
        const float *row = luma + (size_t)y * (size_t)width;
        const float *in = where + (size_t)y * (size_t)width;
        for (int x = 2; x + 1 < width; x++) {
            if (!(in[x] > 0.5f))
                continue;
            phase_add(&across, x & 7, row + x, 1);
            phase_add(&down, y & 7, row + x, width);
        }
    }
    return FUS_MAX(phases_excess(&across), phases_excess(&down));
}
