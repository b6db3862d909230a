#include <math.h>
#include <string.h>

#include "vision/bilinear.h"
#include "vision/resample_axis.h"

/* Both pictures as seen by the loops: 8-bit or float samples. */
struct view {
    const void *from;
    void *to;
    ptrdiff_t from_stride, to_stride; /* samples */
    int from_width, from_height, width, height, channels;
    bool bytes;
};

static float sample(const struct view *v, ptrdiff_t at)
{
    return v->bytes ? (float)((const uint8_t *)v->from)[at] : ((const float *)v->from)[at];
}

static void put(const struct view *v, ptrdiff_t at, float value)
{
    if (v->bytes)
        ((uint8_t *)v->to)[at] = (uint8_t)nearbyintf(FUS_CLAMP(value, 0.0f, 255.0f));
    else
        ((float *)v->to)[at] = value;
}

/* Whole factors: plain sums of the cells. */
static void whole_cells(const struct view *v, int cell_width, int cell_height)
{
    float scale = 1.0f / (float)(cell_width * cell_height);
    bool four = v->bytes && cell_width == 2 && cell_height == 2;
    for (int y = 0; y < v->height; y++)
        for (int i = 0; i < v->width * v->channels; i++) {
            int x = i / v->channels, c = i % v->channels;
            long whole = 0;
            float sum = 0;
            for (int k = 0; k < cell_height; k++)
                for (int j = 0; j < cell_width; j++) {
                    ptrdiff_t at = (ptrdiff_t)(y * cell_height + k) * v->from_stride +
                                   (ptrdiff_t)(x * cell_width + j) * v->channels + c;
                    if (v->bytes)
                        whole += ((const uint8_t *)v->from)[at];
                    else
                        sum += sample(v, at);
                }
            ptrdiff_t to = y * v->to_stride + i;
            if (four)
                ((uint8_t *)v->to)[to] = (uint8_t)((whole + 2) >> 2);
            else
                put(v, to, (v->bytes ? (float)whole : sum) * scale);
        }
}

/* One source row averaged along x. */
static void row_mean(const struct view *v, int row, const struct fus_share *shares, size_t count,
                     float *restrict mean)
{
    memset(mean, 0, (size_t)v->width * (size_t)v->channels * sizeof(*mean));
    ptrdiff_t line = row * v->from_stride;
    for (size_t s = 0; s < count; s++)
        for (int c = 0; c < v->channels; c++)
            mean[shares[s].to * v->channels + c] +=
                sample(v, line + (ptrdiff_t)shares[s].from * v->channels + c) * shares[s].weight;
}

static int area(struct fus_resampler *resampler, const struct view *v, struct fus_error *err)
{
    if (v->from_width % v->width == 0 && v->from_height % v->height == 0) {
        whole_cells(v, v->from_width / v->width, v->from_height / v->height);
        return 0;
    }
    size_t n = (size_t)v->width * (size_t)v->channels;
    size_t x_max = fus_axis_shares_max(v->from_width, v->width);
    size_t y_max = fus_axis_shares_max(v->from_height, v->height);
    struct fus_share *xs =
        fus_resampler_block(resampler, (x_max + y_max) * sizeof(*xs) + 2 * n * sizeof(float));
    if (!xs)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "no memory to resize a picture");
    struct fus_share *ys = xs + x_max;
    float *mean = (float *)(void *)(ys + y_max), *sum = mean + n;
    size_t x_count = fus_axis_area(xs, v->from_width, v->width);
    size_t y_count = fus_axis_area(ys, v->from_height, v->height);
    for (size_t s = 0; s < y_count; s++) {
        row_mean(v, ys[s].from, xs, x_count, mean);
        bool first = s == 0 || ys[s].to != ys[s - 1].to;
        for (size_t i = 0; i < n; i++)
            sum[i] = (first ? 0 : sum[i]) + ys[s].weight * mean[i];
        if (s + 1 == y_count || ys[s + 1].to != ys[s].to)
            for (size_t i = 0; i < n; i++)
                put(v, ys[s].to * v->to_stride + (ptrdiff_t)i, sum[i]);
    }
    return 0;
}

int fus_resample_area_u8(struct fus_resampler *resampler, const struct fus_plane *from,
                         const struct fus_plane *to, struct fus_error *err)
{
    struct view v = {from->data,   to->data,  from->stride_bytes, to->stride_bytes, from->width,
                     from->height, to->width, to->height,         to->channels,     true};
    return area(resampler, &v, err);
}

int fus_resample_area_f32(struct fus_resampler *resampler, const struct fus_fplane *from,
                          const struct fus_fplane *to, struct fus_error *err)
{
    struct view v = {from->data,   to->data,  from->stride, to->stride,   from->width,
                     from->height, to->width, to->height,   to->channels, false};
    return area(resampler, &v, err);
}
