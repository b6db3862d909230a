#include "vision/resample.h"

#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "vision/bilinear.h"
#include "vision/resample_axis.h"

#define SIDE_MAX (1 << 17)

struct fus_resampler *fus_resampler_new(void)
{
    return fus_calloc(1, sizeof(struct fus_resampler));
}

void fus_resampler_free(struct fus_resampler *resampler)
{
    if (!resampler)
        return;
    fus_free(resampler->block);
    fus_free(resampler);
}

static bool sizes_ok(int from_width, int from_height, int from_channels, int width, int height,
                     int channels)
{
    return from_width > 0 && from_height > 0 && width > 0 && height > 0 &&
           from_channels == channels && channels >= 1 && channels <= 4 && from_width <= SIDE_MAX &&
           from_height <= SIDE_MAX && width <= SIDE_MAX && height <= SIDE_MAX;
}

/* Sums of two rows: n values of 16 bits. */
FUS_SIMD_INLINE void add_rows(const uint8_t *restrict a, const uint8_t *restrict b,
                              uint16_t *restrict sum, int n)
{
    for (int i = 0; i < n; i++)
        sum[i] = (uint16_t)(a[i] + b[i]);
}

typedef uint16_t v8h __attribute__((vector_size(16)));

/* Half in both axes: the mean of four, rounded up at a half. sum has room for 8 more values. */
FUS_SIMD_CLONES
static void halve_u8(const uint8_t *from, ptrdiff_t from_stride, const struct fus_plane *to,
                     uint16_t *restrict sum)
{
    int channels = to->channels, n = 2 * to->width * channels;
    for (int y = 0; y < to->height; y++) {
        const uint8_t *row = from + 2 * y * from_stride;
        uint8_t *out = to->data + y * to->stride_bytes;
        add_rows(row, row + from_stride, sum, n);
        int x = 0;
        for (; channels == 3 && x < to->width - 1; x++) {
            v8h left, right;
            memcpy(&left, sum + 6 * x, sizeof(left));
            memcpy(&right, sum + 6 * x + 3, sizeof(right));
            fus_v16b bytes = (fus_v16b)((left + right + 2) >> 2);
            fus_v4i packed = (fus_v4i)__builtin_shufflevector(bytes, bytes, 0, 2, 4, 6, 0, 0, 0, 0,
                                                              0, 0, 0, 0, 0, 0, 0, 0);
            int word = packed[0];
            memcpy(out + 3 * x, &word, 4); /* the fourth byte is the next pixel's */
        }
        for (; x < to->width; x++)
            for (int c = 0; c < channels; c++) {
                const uint16_t *s = sum + 2 * x * channels + c;
                out[x * channels + c] = (uint8_t)((s[0] + s[channels] + 2) >> 2);
            }
    }
}

/* One source row at the columns' positions, in 1/128 (what the vertical step uses of 1/2048). */
FUS_SIMD_INLINE void columns_u8(const uint8_t *row, const struct fus_axis *x, int channels,
                                int width, int16_t *restrict out)
{
    int i = 0;
    for (; channels == 3 && i < x->count && x->index[2 * i] <= width - 3; i++) {
        uint64_t word;
        memcpy(&word, row + 3 * x->index[2 * i], sizeof(word));
        fus_v16b b = (fus_v16b)(fus_v2q){word, 0}, z = {0};
        fus_v4i left = (fus_v4i)__builtin_shufflevector(b, z, 0, 16, 16, 16, 1, 16, 16, 16, 2, 16,
                                                        16, 16, 3, 16, 16, 16);
        fus_v4i right = (fus_v4i)__builtin_shufflevector(b, z, 3, 16, 16, 16, 4, 16, 16, 16, 5, 16,
                                                         16, 16, 6, 16, 16, 16);
        fus_v16b sum =
            (fus_v16b)((left * (int)x->fixed[2 * i] + right * (int)x->fixed[2 * i + 1]) >> 4);
        fus_v2q packed = (fus_v2q)__builtin_shufflevector(sum, sum, 0, 1, 4, 5, 8, 9, 12, 13, 0, 0,
                                                          0, 0, 0, 0, 0, 0);
        word = packed[0];
        memcpy(out + 3 * i, &word, sizeof(word)); /* room for one value more */
    }
    for (; i < x->count; i++)
        for (int c = 0; c < channels; c++) {
            int sum = row[x->index[2 * i] * channels + c] * x->fixed[2 * i] +
                      row[x->index[2 * i + 1] * channels + c] * x->fixed[2 * i + 1];
            out[i * channels + c] = (int16_t)(sum >> 4);
        }
}

FUS_SIMD_INLINE void mix_rows_u8(const int16_t *restrict a, const int16_t *restrict b,
                                 int16_t share_a, int16_t share_b, uint8_t *restrict out, int n)
{
    for (int i = 0; i < n; i++) {
        int16_t top = (int16_t)((share_a * a[i]) >> 16), low = (int16_t)((share_b * b[i]) >> 16);
        int16_t v = (int16_t)((int16_t)(top + low + 2) >> 2);
        out[i] = (uint8_t)(v > 255 ? 255 : v);
    }
}

/* Two source rows are kept, so that rows shared by neighbours are not worked out twice. */
FUS_SIMD_CLONES
static void bilinear_u8(const struct fus_plane *from, const struct fus_axis *x,
                        const struct fus_axis *y, const struct fus_plane *to, int16_t *rows,
                        size_t row_room)
{
    int held[2] = {-1, -1}, n = to->width * to->channels;
    for (int i = 0; i < to->height; i++) {
        int16_t *line[2];
        for (int k = 0; k < 2; k++) {
            int want = y->index[2 * i + k], slot = want & 1;
            line[k] = rows + (size_t)slot * row_room;
            if (held[slot] != want)
                columns_u8(from->data + want * from->stride_bytes, x, from->channels, from->width,
                           line[k]);
            held[slot] = want;
        }
        mix_rows_u8(line[0], line[1], y->fixed[2 * i], y->fixed[2 * i + 1],
                    to->data + i * to->stride_bytes, n);
    }
}

static int linear_u8(struct fus_resampler *resampler, const struct fus_plane *from, int full_width,
                     int full_height, int left, int top, bool area, const struct fus_plane *to,
                     struct fus_error *err)
{
    size_t row_room = (size_t)to->width * (size_t)to->channels + 32;
    size_t sum_bytes = (2 * row_room + 16) * sizeof(uint16_t);
    unsigned char *at = fus_resampler_block(
        resampler, fus_axis_bytes(to->width, 2) + fus_axis_bytes(to->height, 2) + sum_bytes);
    if (!at)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "no memory to resize a picture");
    if (2 * full_width == from->width && 2 * full_height == from->height) {
        const uint8_t *corner =
            from->data + 2 * top * from->stride_bytes + (ptrdiff_t)2 * left * from->channels;
        halve_u8(corner, from->stride_bytes, to, (uint16_t *)(void *)at);
        return 0;
    }
    struct fus_axis x = fus_axis_place(&at, to->width, 2), y = fus_axis_place(&at, to->height, 2);
    if (area) {
        fus_axis_area_linear(&x, from->width, full_width, true);
        fus_axis_area_linear(&y, from->height, full_height, false);
    } else {
        fus_axis_bilinear(&x, from->width, full_width, left, true);
        fus_axis_bilinear(&y, from->height, full_height, top, false);
    }
    bilinear_u8(from, &x, &y, to, (int16_t *)(void *)at, row_room);
    return 0;
}

int fus_resample_u8_part(struct fus_resampler *resampler, const struct fus_plane *from,
                         int full_width, int full_height, int left, int top,
                         const struct fus_plane *to, struct fus_error *err)
{
    if (!sizes_ok(from->width, from->height, from->channels, to->width, to->height, to->channels) ||
        full_width > SIDE_MAX || full_height > SIDE_MAX || left < 0 || top < 0 ||
        to->width > full_width - left || to->height > full_height - top)
        return fus_error_set(err, FUS_E_INTERNAL, "sizes that cannot be resized");
    return linear_u8(resampler, from, full_width, full_height, left, top, false, to, err);
}

int fus_resample_u8(struct fus_resampler *resampler, const struct fus_plane *from,
                    const struct fus_plane *to, enum fus_resample kind, struct fus_error *err)
{
    if (!sizes_ok(from->width, from->height, from->channels, to->width, to->height, to->channels))
        return fus_error_set(err, FUS_E_INTERNAL, "sizes that cannot be resized");
    if (from->width == to->width && from->height == to->height) {
        for (int y = 0; y < to->height; y++)
            memcpy(to->data + y * to->stride_bytes, from->data + y * from->stride_bytes,
                   (size_t)to->width * (size_t)to->channels);
        return 0;
    }
    bool shrinks = to->width <= from->width && to->height <= from->height;
    if (kind == FUS_RESAMPLE_CUBIC)
        return fus_resample_cubic_u8(resampler, from, to, err);
    if (kind == FUS_RESAMPLE_AREA && shrinks)
        return fus_resample_area_u8(resampler, from, to, err);
    return linear_u8(resampler, from, to->width, to->height, 0, 0, kind == FUS_RESAMPLE_AREA, to,
                     err);
}

void fus_resample_u8_plain(const struct fus_plane *from, const struct fus_plane *to)
{
    bool half = 2 * to->width == from->width && 2 * to->height == from->height;
    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++) {
            int index[2][2], index_y[2];
            float weight[2], weight_y[2];
            int16_t fixed[2], fixed_y[2];
            struct fus_axis column = {1, 2, index[0], weight, fixed};
            struct fus_axis row = {1, 2, index_y, weight_y, fixed_y};
            fus_axis_bilinear(&column, from->width, to->width, x, true);
            fus_axis_bilinear(&row, from->height, to->height, y, false);
            for (int c = 0; c < to->channels; c++) {
                int v = 0;
                for (int k = 0; k < 2; k++) {
                    const uint8_t *p = from->data + index_y[k] * from->stride_bytes + c;
                    int a = p[index[0][0] * from->channels], b = p[index[0][1] * from->channels];
                    if (half)
                        v += a + b;
                    else
                        v += (fixed_y[k] * ((a * fixed[0] + b * fixed[1]) >> 4)) >> 16;
                }
                v = (v + 2) >> 2;
                to->data[y * to->stride_bytes + (ptrdiff_t)x * to->channels + c] =
                    (uint8_t)FUS_MIN(v, 255);
            }
        }
}

FUS_SIMD_INLINE void columns_f32(const float *row, const struct fus_axis *x, int channels,
                                 float *restrict out)
{
    for (int i = 0; i < x->count; i++)
        for (int c = 0; c < channels; c++)
            out[i * channels + c] = row[x->index[2 * i] * channels + c] * x->weight[2 * i] +
                                    row[x->index[2 * i + 1] * channels + c] * x->weight[2 * i + 1];
}

FUS_SIMD_CLONES
static void bilinear_f32(const struct fus_fplane *from, const struct fus_axis *x,
                         const struct fus_axis *y, const struct fus_fplane *to, float *rows,
                         size_t row_room)
{
    int held[2] = {-1, -1}, n = to->width * to->channels;
    for (int i = 0; i < to->height; i++) {
        float *line[2];
        for (int k = 0; k < 2; k++) {
            int want = y->index[2 * i + k], slot = want & 1;
            line[k] = rows + (size_t)slot * row_room;
            if (held[slot] != want)
                columns_f32(from->data + want * from->stride, x, from->channels, line[k]);
            held[slot] = want;
        }
        const float *restrict a = line[0], *restrict b = line[1];
        float *restrict out = to->data + i * to->stride;
        float share_a = y->weight[2 * i], share_b = y->weight[2 * i + 1];
        for (int j = 0; j < n; j++)
            out[j] = a[j] * share_a + b[j] * share_b;
    }
}

static void halve_f32(const struct fus_fplane *from, const struct fus_fplane *to)
{
    int n = to->channels;
    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++)
            for (int c = 0; c < n; c++) {
                const float *p = from->data + 2 * y * from->stride + 2 * x * n + c;
                const float *q = p + from->stride;
                to->data[y * to->stride + x * n + c] = ((p[0] + p[n]) + (q[0] + q[n])) * 0.25f;
            }
}

int fus_resample_f32(struct fus_resampler *resampler, const struct fus_fplane *from,
                     const struct fus_fplane *to, enum fus_resample kind, struct fus_error *err)
{
    if (!sizes_ok(from->width, from->height, from->channels, to->width, to->height, to->channels))
        return fus_error_set(err, FUS_E_INTERNAL, "sizes that cannot be resized");
    if (from->width == to->width && from->height == to->height) {
        for (int y = 0; y < to->height; y++)
            memcpy(to->data + y * to->stride, from->data + y * from->stride,
                   (size_t)to->width * (size_t)to->channels * sizeof(float));
        return 0;
    }
    if (kind == FUS_RESAMPLE_CUBIC)
        return fus_resample_cubic_f32(resampler, from, to, err);
    if (2 * to->width == from->width && 2 * to->height == from->height) {
        halve_f32(from, to);
        return 0;
    }
    bool shrinks = to->width <= from->width && to->height <= from->height;
    if (kind == FUS_RESAMPLE_AREA && shrinks)
        return fus_resample_area_f32(resampler, from, to, err);
    size_t row_room = (size_t)to->width * (size_t)to->channels + 16;
    unsigned char *at = fus_resampler_block(resampler, fus_axis_bytes(to->width, 2) +
                                                           fus_axis_bytes(to->height, 2) +
                                                           2 * row_room * sizeof(float));
    if (!at)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "no memory to resize a picture");
    struct fus_axis x = fus_axis_place(&at, to->width, 2), y = fus_axis_place(&at, to->height, 2);
    if (kind == FUS_RESAMPLE_AREA) {
        fus_axis_area_linear(&x, from->width, to->width, true);
        fus_axis_area_linear(&y, from->height, to->height, false);
    } else {
        fus_axis_bilinear(&x, from->width, to->width, 0, true);
        fus_axis_bilinear(&y, from->height, to->height, 0, false);
    }
    bilinear_f32(from, &x, &y, to, (float *)(void *)at, row_room);
    return 0;
}
