/* Where the samples of one resized axis come from; internal to this room. */
#ifndef FUS_VISION_RESAMPLE_AXIS_H
#define FUS_VISION_RESAMPLE_AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vision/resample.h"

/* 8-bit weights are in 1/2048. */
#define FUS_RESAMPLE_ONE 2048

/* One axis of `count` results. index[i * taps + k]: the k-th source sample of result i (clamped),
 * weight: its share; fixed: the share in 1/2048. */
struct fus_axis {
    int count, taps;
    int *index;
    float *weight;
    int16_t *fixed;
};

struct fus_resampler {
    unsigned char *block;
    size_t size;
};

/* A block of at least size bytes, 64-byte aligned; NULL: out of memory, the old one stays. */
void *fus_resampler_block(struct fus_resampler *resampler, size_t size);
/* Bytes of an axis' tables, a multiple of 64. */
size_t fus_axis_bytes(int count, int taps);
/* Lays the tables out at *at and moves *at behind them. */
struct fus_axis fus_axis_place(unsigned char **at, int count, int taps);

/* Results first .. first + axis->count of an axis resized from `from` to `to` samples. A column's
 * weights end at the border, a row's are kept while the index is clamped: so does OpenCV. */
void fus_axis_bilinear(struct fus_axis *axis, int from, int to, int first, bool column);
/* OpenCV's bilinear variant for an area resize in which an axis grows. */
void fus_axis_area_linear(struct fus_axis *axis, int from, int to, bool column);
void fus_axis_cubic(struct fus_axis *axis, int from, int to);

/* One sample's share in a mean. */
struct fus_share {
    int from, to; /* indices of samples */
    float weight;
};
/* At most this many shares. */
static inline size_t fus_axis_shares_max(int from, int to)
{
    return (size_t)from + 2 * (size_t)to + 2;
}
/* Coverage weights of a shrinking axis; returns their number. */
size_t fus_axis_area(struct fus_share *shares, int from, int to);

/* resample_area.c, resample_cubic.c */
int fus_resample_area_u8(struct fus_resampler *resampler, const struct fus_plane *from,
                         const struct fus_plane *to, struct fus_error *err);
int fus_resample_area_f32(struct fus_resampler *resampler, const struct fus_fplane *from,
                          const struct fus_fplane *to, struct fus_error *err);
int fus_resample_cubic_u8(struct fus_resampler *resampler, const struct fus_plane *from,
                          const struct fus_plane *to, struct fus_error *err);
int fus_resample_cubic_f32(struct fus_resampler *resampler, const struct fus_fplane *from,
                           const struct fus_fplane *to, struct fus_error *err);

#endif
