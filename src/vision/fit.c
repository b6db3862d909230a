#include "vision/fit.h"

#include <math.h>
#include <string.h>

void fus_fit_restrict(int width, int height, int max_width, int max_height, int *to_width,
                      int *to_height)
{
    *to_width = width;
    *to_height = height;
    if (height <= max_height && width <= max_width)
        return;
    double scale = fmin((double)max_height / height, (double)max_width / width);
    *to_width = (int)(width * scale);
    *to_height = (int)(height * scale);
}

struct fus_rect fus_fit_contain(int width, int height, int to_width, int to_height)
{
    double scale = fmin((double)to_height / height, (double)to_width / width);
    int w = (int)(width * scale), h = (int)(height * scale);
    return (struct fus_rect){(to_width - w) / 2, (to_height - h) / 2, w, h};
}

struct fus_rect fus_fit_cover(int width, int height, int to_width, int to_height)
{
    double scale = fmax((double)to_width / width, (double)to_height / height);
    int w = (int)(width * scale), h = (int)(height * scale);
    return (struct fus_rect){FUS_MAX(0, (w - to_width) / 2), FUS_MAX(0, (h - to_height) / 2), w, h};
}

void fus_fit_even(double width, double height, int *to_width, int *to_height)
{
    *to_width = (int)nearbyint(width / 2) * 2;
    *to_height = (int)nearbyint(height / 2) * 2;
}

void fus_fit_scaled(int width, int height, double scale, int *to_width, int *to_height)
{
    fus_fit_even((int)(width * scale), (int)(height * scale), to_width, to_height);
}

static struct fus_plane part(const struct fus_plane *plane, struct fus_rect rect)
{
    return (struct fus_plane){plane->data + rect.y * plane->stride_bytes +
                                  (ptrdiff_t)rect.x * plane->channels,
                              plane->stride_bytes, rect.width, rect.height, plane->channels};
}

int fus_fit_contain_u8(struct fus_resampler *resampler, const struct fus_plane *from,
                       const struct fus_plane *to, struct fus_error *err)
{
    struct fus_rect rect = fus_fit_contain(from->width, from->height, to->width, to->height);
    struct fus_plane inside = part(to, rect);
    if (rect.width > 0 && rect.height > 0) {
        int rc = fus_resample_u8(resampler, from, &inside, FUS_RESAMPLE_BILINEAR, err);
        if (rc < 0)
            return rc;
    }
    size_t n = (size_t)to->channels, left = (size_t)rect.x * n;
    size_t end = left + (size_t)rect.width * n, row = (size_t)to->width * n;
    for (int y = 0; y < to->height; y++) {
        uint8_t *line = to->data + y * to->stride_bytes;
        if (y < rect.y || y >= rect.y + rect.height) {
            memset(line, 0, row);
        } else {
            memset(line, 0, left);
            memset(line + end, 0, row - end);
        }
    }
    return 0;
}

/* A side that rounding left a pixel short of `to` is as upstream's: what lacks stays black. */
int fus_fit_cover_u8(struct fus_resampler *resampler, const struct fus_plane *from,
                     const struct fus_plane *to, struct fus_error *err)
{
    struct fus_rect rect = fus_fit_cover(from->width, from->height, to->width, to->height);
    struct fus_plane seen = *to;
    seen.width = FUS_MIN(to->width, rect.width);
    seen.height = FUS_MIN(to->height, rect.height);
    int rc =
        fus_resample_u8_part(resampler, from, rect.width, rect.height, rect.x, rect.y, &seen, err);
    size_t n = (size_t)to->channels, have = (size_t)seen.width * n, row = (size_t)to->width * n;
    for (int y = 0; rc == 0 && y < to->height; y++) {
        uint8_t *line = to->data + y * to->stride_bytes;
        size_t keep = y < seen.height ? have : 0;
        memset(line + keep, 0, row - keep);
    }
    return rc;
}
