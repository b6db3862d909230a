#include "vision/resize.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "vision/simd.h"

/* How one axis is resampled: output i is the sum of weight[i * taps + k] * input[first[i] + k]. All
 * outputs have the same number of taps; those that need fewer have weights of 0 behind. */
struct axis {
    int *first;
    float *weight;
    size_t outputs, weights; /* capacities */
    int taps;
    int from, to; /* what the tables were made for */
    enum fus_resize_filter filter;
};

struct fus_resizer {
    struct axis x, y;
    float *row;
    size_t row_floats;
};

struct fus_resizer *fus_resizer_new(void)
{
    return fus_calloc(1, sizeof(struct fus_resizer));
}

static void axis_done(struct axis *axis)
{
    fus_free(axis->first);
    fus_free(axis->weight);
}

void fus_resizer_free(struct fus_resizer *resizer)
{
    if (resizer == NULL)
        return;
    axis_done(&resizer->x);
    axis_done(&resizer->y);
    fus_free(resizer->row);
    fus_free(resizer);
}

/* Old contents are dropped. */
static bool grow(void *pointer, size_t count, size_t size)
{
    void **block = pointer;
    fus_free(*block);
    *block = fus_calloc(count, size);
    return *block != NULL;
}

/* Sizes that creep up from frame to frame (a face that comes nearer) do not allocate each time. */
static size_t with_headroom(size_t count)
{
    return count + count / 4;
}

static bool axis_reserve(struct axis *axis, size_t outputs, size_t weights)
{
    if (axis->outputs < outputs) {
        axis->outputs = 0;
        outputs = with_headroom(outputs);
        if (!grow(&axis->first, outputs, sizeof(*axis->first)))
            return false;
        axis->outputs = outputs;
    }
    if (axis->weights < weights) {
        axis->weights = 0;
        weights = with_headroom(weights);
        if (!grow(&axis->weight, weights, sizeof(*axis->weight)))
            return false;
        axis->weights = weights;
    }
    return true;
}

static void area_taps(double begin, double end, int from, int *first, float *weight)
{
    *first = FUS_MIN((int)begin, from - 1);
    int last = FUS_MIN((int)ceil(end), from);
    for (int i = *first; i < last; i++) {
        double part = FUS_MIN(end, i + 1.0) - FUS_MAX(begin, (double)i);
        weight[i - *first] = (float)(part / (end - begin));
    }
}

static void linear_taps(double position, int from, int *first, float *weight)
{
    position = FUS_CLAMP(position, 0.0, from - 1.0);
    *first = (int)position;
    weight[1] = (float)(position - *first);
    weight[0] = 1 - weight[1];
}

static void axis_fill(struct axis *axis, int from, int to, bool area)
{
    double ratio = (double)from / to;
    for (int i = 0; i < to; i++) {
        float *weight = axis->weight + (size_t)i * (size_t)axis->taps;
        if (!area) {
            linear_taps((i + 0.5) * ratio - 0.5, from, &axis->first[i], weight);
        } else if (from % to == 0) {
            axis->first[i] = i * axis->taps;
            for (int k = 0; k < axis->taps; k++)
                weight[k] = 1 / (float)axis->taps;
        } else {
            area_taps(i * ratio, FUS_MIN((i + 1) * ratio, (double)from), from, &axis->first[i],
                      weight);
        }
    }
}

static bool axis_build(struct axis *axis, int from, int to, enum fus_resize_filter filter)
{
    if (axis->from == from && axis->to == to && axis->filter == filter)
        return true;
    bool area = filter == FUS_RESIZE_AREA && to <= from;
    /* An output whose share begins inside a sample reaches into up to two more. */
    int taps = !area ? 2 : from % to == 0 ? from / to : from / to + 2;
    size_t weights;
    axis->from = 0;
    if (!fus_size_mul((size_t)to, (size_t)taps, &weights) ||
        !axis_reserve(axis, (size_t)to, weights))
        return false;
    memset(axis->weight, 0, weights * sizeof(*axis->weight));
    axis->taps = taps;
    axis_fill(axis, from, to, area);
    axis->from = from;
    axis->to = to;
    axis->filter = filter;
    return true;
}

FUS_SIMD_CLONES
static void row_first(const uint8_t *restrict from, float weight, size_t count, float *restrict row)
{
    for (size_t i = 0; i < count; i++)
        row[i] = weight * (float)from[i];
}

FUS_SIMD_CLONES
static void row_add(const uint8_t *restrict from, float weight, size_t count, float *restrict row)
{
    for (size_t i = 0; i < count; i++)
        row[i] += weight * (float)from[i];
}

FUS_SIMD_CLONES
static void row_round(const float *restrict row, size_t count, uint8_t *restrict to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (uint8_t)(int)(row[i] + 0.5f);
}

/* The row along x. Inlined with taps and channels known, so that the inner loops vanish. */
__attribute__((always_inline)) static inline void
row_taps(const struct axis *axis, const float *row, int taps, int channels, uint8_t *to)
{
    const float *weight = axis->weight;
    for (int i = 0; i < axis->to; i++, weight += taps) {
        const float *from = row + (ptrdiff_t)axis->first[i] * channels;
        for (int c = 0; c < channels; c++) {
            float sum = 0.5f;
            for (int k = 0; k < taps; k++)
                sum += weight[k] * from[k * channels + c];
            to[i * channels + c] = (uint8_t)(int)FUS_MIN(sum, 255.0f);
        }
    }
}

static void row_resample(const struct axis *axis, const float *row, int channels, uint8_t *to)
{
    switch (axis->taps * 8 + channels) {
    case 2 * 8 + 1:
        row_taps(axis, row, 2, 1, to);
        break;
    case 3 * 8 + 1:
        row_taps(axis, row, 3, 1, to);
        break;
    case 4 * 8 + 1:
        row_taps(axis, row, 4, 1, to);
        break;
    case 2 * 8 + 3:
        row_taps(axis, row, 2, 3, to);
        break;
    case 3 * 8 + 3:
        row_taps(axis, row, 3, 3, to);
        break;
    case 4 * 8 + 3:
        row_taps(axis, row, 4, 3, to);
        break;
    default:
        row_taps(axis, row, axis->taps, channels, to);
    }
}

/* Exactly half in both axes, one channel: the usual case of a 720p clip. */
FUS_SIMD_CLONES
static void half_row(const uint8_t *restrict a, const uint8_t *restrict b, int count,
                     uint8_t *restrict to)
{
    for (int i = 0; i < count; i++)
        to[i] = (uint8_t)((a[2 * i] + a[2 * i + 1] + b[2 * i] + b[2 * i + 1] + 2) >> 2);
}

static void resize_half(const struct fus_plane *from, const struct fus_plane *to)
{
    for (int y = 0; y < to->height; y++) {
        const uint8_t *row = from->data + 2 * y * from->stride_bytes;
        half_row(row, row + from->stride_bytes, to->width, to->data + y * to->stride_bytes);
    }
}

static void copy_rows(const struct fus_plane *from, const struct fus_plane *to)
{
    size_t bytes = (size_t)from->width * (size_t)from->channels;
    for (int y = 0; y < to->height; y++)
        memcpy(to->data + y * to->stride_bytes, from->data + y * from->stride_bytes, bytes);
}

static int prepare(struct fus_resizer *resizer, const struct fus_plane *from,
                   const struct fus_plane *to, enum fus_resize_filter filter)
{
    if (!axis_build(&resizer->x, from->width, to->width, filter) ||
        !axis_build(&resizer->y, from->height, to->height, filter))
        return FUS_E_OUT_OF_MEMORY;
    /* Taps of weight 0 may reach behind the row: into zeros, or into what an earlier row left
     * there. */
    size_t floats = ((size_t)from->width + (size_t)resizer->x.taps) * (size_t)from->channels;
    if (resizer->row_floats < floats) {
        resizer->row_floats = 0;
        floats = with_headroom(floats);
        if (!grow(&resizer->row, floats, sizeof(float)))
            return FUS_E_OUT_OF_MEMORY;
        resizer->row_floats = floats;
    }
    return 0;
}

int fus_resize_plane(struct fus_resizer *resizer, const struct fus_plane *from,
                     const struct fus_plane *to, enum fus_resize_filter filter,
                     struct fus_error *err)
{
    int channels = from->channels;
    if (from->width <= 0 || from->height <= 0 || to->width <= 0 || to->height <= 0 ||
        channels < 1 || channels > 4 || to->channels != channels || from->width > INT_MAX / 8 ||
        to->width > INT_MAX / 8)
        return fus_error_set(err, FUS_E_INTERNAL,
                             "A picture cannot be resized from %dx%d to %dx%d.", from->width,
                             from->height, to->width, to->height);
    if (from->width == to->width && from->height == to->height) {
        copy_rows(from, to);
        return 0;
    }
    if (channels == 1 && from->width == 2 * to->width && from->height == 2 * to->height) {
        resize_half(from, to);
        return 0;
    }
    if (prepare(resizer, from, to, filter) != 0)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to resize a picture.");

    const struct axis *x = &resizer->x, *y = &resizer->y;
    size_t samples = (size_t)from->width * (size_t)channels;
    for (int j = 0; j < to->height; j++) {
        const float *weight = y->weight + (size_t)j * (size_t)y->taps;
        const uint8_t *row = from->data + y->first[j] * from->stride_bytes;
        row_first(row, weight[0], samples, resizer->row);
        for (int k = 1; k < y->taps; k++) {
            /* Weight 0 may stand for a row behind the last. */
            if (weight[k] > 0)
                row_add(row + k * from->stride_bytes, weight[k], samples, resizer->row);
        }
        uint8_t *out = to->data + j * to->stride_bytes;
        if (from->width == to->width)
            row_round(resizer->row, samples, out);
        else
            row_resample(x, resizer->row, channels, out);
    }
    return 0;
}

struct fus_plane fus_plane_of(const struct fus_image *image, struct fus_rect rect, int index)
{
    int sx = index > 0 ? fus_image_chroma_shift_x(image->format) : 0;
    int sy = index > 0 ? fus_image_chroma_shift_y(image->format) : 0;
    int channels = image->format == FUS_PIXEL_BGR8 ? 3 : 1;
    int left = rect.x >> sx, top = rect.y >> sy;
    return (struct fus_plane){
        .data = image->plane[index] + top * image->stride_bytes[index] + (ptrdiff_t)left * channels,
        .stride_bytes = image->stride_bytes[index],
        .width = ((rect.x + rect.width + sx) >> sx) - left,
        .height = ((rect.y + rect.height + sy) >> sy) - top,
        .channels = channels,
    };
}

int fus_resize_image(struct fus_resizer *resizer, const struct fus_image *from,
                     struct fus_image *to, enum fus_resize_filter filter, struct fus_error *err)
{
    if (from->format != to->format)
        return fus_error_set(err, FUS_E_INTERNAL, "Pictures of two formats cannot be resized.");
    int planes = fus_image_is_yuv(from) ? 3 : 1;
    for (int i = 0; i < planes; i++) {
        struct fus_plane a =
            fus_plane_of(from, (struct fus_rect){0, 0, from->width, from->height}, i);
        struct fus_plane b = fus_plane_of(to, (struct fus_rect){0, 0, to->width, to->height}, i);
        int rc = fus_resize_plane(resizer, &a, &b, filter, err);
        if (rc != 0)
            return rc;
    }
    to->matrix = from->matrix;
    to->full_range = from->full_range;
    return 0;
}
