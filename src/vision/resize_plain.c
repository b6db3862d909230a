/* The plain twin of resize.c: each output sample from its definition, in doubles. */
#include <math.h>

#include "vision/resize.h"

/* Weight of input i for output `at` of an axis. */
static double axis_weight(int i, int at, int from, int to, enum fus_resize_filter filter)
{
    double ratio = (double)from / to;
    if (filter == FUS_RESIZE_AREA && to <= from) {
        double begin = at * ratio, end = (at + 1) * ratio;
        double part = FUS_MIN(end, i + 1.0) - FUS_MAX(begin, (double)i);
        return part > 0 ? part / ratio : 0;
    }
    double position = FUS_CLAMP((at + 0.5) * ratio - 0.5, 0.0, from - 1.0);
    double distance = fabs(position - i);
    return distance < 1 ? 1 - distance : 0;
}

static double sample(const struct fus_plane *from, const struct fus_plane *to, int x, int y, int c,
                     enum fus_resize_filter filter)
{
    double sum = 0;
    for (int j = 0; j < from->height; j++) {
        double wy = axis_weight(j, y, from->height, to->height, filter);
        for (int i = 0; wy > 0 && i < from->width; i++) {
            double wx = axis_weight(i, x, from->width, to->width, filter);
            sum += wx * wy * from->data[j * from->stride_bytes + i * from->channels + c];
        }
    }
    return sum;
}

void fus_resize_plane_plain(const struct fus_plane *from, const struct fus_plane *to,
                            enum fus_resize_filter filter)
{
    for (int y = 0; y < to->height; y++) {
        for (int x = 0; x < to->width; x++) {
            for (int c = 0; c < to->channels; c++)
                to->data[y * to->stride_bytes + x * to->channels + c] =
                    (uint8_t)floor(sample(from, to, x, y, c, filter) + 0.5);
        }
    }
}
