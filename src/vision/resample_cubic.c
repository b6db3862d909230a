#include <math.h>

#include "vision/bilinear.h"
#include "vision/resample_axis.h"

/* Four source rows at the columns' positions, kept by their index modulo 4. */
struct lines {
    float *room;
    size_t stride;
    int held[4];
};

/* Shares of an 8-bit picture are whole numbers (1/2048), which a float holds exactly. */
static void columns(const float *from_f, const uint8_t *from_b, const struct fus_axis *x,
                    int channels, float *restrict out)
{
    for (int i = 0; i < x->count; i++)
        for (int c = 0; c < channels; c++) {
            const int *at = x->index + 4 * i;
            if (from_b) {
                const int16_t *w = x->fixed + 4 * i;
                int sum = 0;
                for (int k = 0; k < 4; k++)
                    sum += from_b[at[k] * channels + c] * w[k];
                out[i * channels + c] = (float)sum;
            } else {
                const float *w = x->weight + 4 * i;
                float sum = from_f[at[0] * channels + c] * w[0];
                for (int k = 1; k < 4; k++)
                    sum += from_f[at[k] * channels + c] * w[k];
                out[i * channels + c] = sum;
            }
        }
}

FUS_SIMD_INLINE void mix_rows(float *const line[4], const float w[4], float *restrict out, int n)
{
    const float *restrict a = line[0], *restrict b = line[1], *restrict c = line[2],
                          *restrict d = line[3];
    for (int i = 0; i < n; i++)
        out[i] = a[i] * w[0] + b[i] * w[1] + c[i] * w[2] + d[i] * w[3];
}

static int prepare(struct fus_resampler *resampler, int from_width, int from_height, int width,
                   int height, int channels, struct fus_axis *x, struct fus_axis *y,
                   struct lines *lines, float **mixed, struct fus_error *err)
{
    size_t stride = ((size_t)width * (size_t)channels + 15) & ~(size_t)15;
    unsigned char *at =
        fus_resampler_block(resampler, fus_axis_bytes(width, 4) + fus_axis_bytes(height, 4) +
                                           5 * stride * sizeof(float));
    if (!at)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "no memory to resize a picture");
    *x = fus_axis_place(&at, width, 4);
    *y = fus_axis_place(&at, height, 4);
    fus_axis_cubic(x, from_width, width);
    fus_axis_cubic(y, from_height, height);
    *lines = (struct lines){(float *)(void *)at, stride, {-1, -1, -1, -1}};
    *mixed = lines->room + 4 * stride;
    return 0;
}

int fus_resample_cubic_u8(struct fus_resampler *resampler, const struct fus_plane *from,
                          const struct fus_plane *to, struct fus_error *err)
{
    struct fus_axis x, y;
    struct lines lines;
    float *mixed;
    int rc = prepare(resampler, from->width, from->height, to->width, to->height, to->channels, &x,
                     &y, &lines, &mixed, err);
    for (int i = 0; rc == 0 && i < to->height; i++) {
        float *line[4], w[4];
        for (int k = 0; k < 4; k++) {
            int want = y.index[4 * i + k], slot = want & 3;
            line[k] = lines.room + (size_t)slot * lines.stride;
            w[k] = (float)y.fixed[4 * i + k] * (1.0f / (FUS_RESAMPLE_ONE * FUS_RESAMPLE_ONE));
            if (lines.held[slot] != want)
                columns(NULL, from->data + want * from->stride_bytes, &x, from->channels, line[k]);
            lines.held[slot] = want;
        }
        int n = to->width * to->channels;
        uint8_t *out = to->data + i * to->stride_bytes;
        mix_rows(line, w, mixed, n);
        for (int j = 0; j < n; j++)
            out[j] = (uint8_t)nearbyintf(FUS_CLAMP(mixed[j], 0.0f, 255.0f));
    }
    return rc;
}

int fus_resample_cubic_f32(struct fus_resampler *resampler, const struct fus_fplane *from,
                           const struct fus_fplane *to, struct fus_error *err)
{
    struct fus_axis x, y;
    struct lines lines;
    float *mixed;
    int rc = prepare(resampler, from->width, from->height, to->width, to->height, to->channels, &x,
                     &y, &lines, &mixed, err);
    for (int i = 0; rc == 0 && i < to->height; i++) {
        float *line[4];
        for (int k = 0; k < 4; k++) {
            int want = y.index[4 * i + k], slot = want & 3;
            line[k] = lines.room + (size_t)slot * lines.stride;
            if (lines.held[slot] != want)
                columns(from->data + want * from->stride, NULL, &x, from->channels, line[k]);
            lines.held[slot] = want;
        }
        mix_rows(line, y.weight + 4 * i, to->data + i * to->stride, to->width * to->channels);
    }
    return rc;
}
