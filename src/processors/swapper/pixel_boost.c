#include "processors/swapper/pixel_boost.h"

void fus_pixel_boost_implode(const struct fus_plane *crop, int n, const struct fus_lut *lut,
                             int first, int count, float *tiles)
{
    const size_t m = (size_t)(crop->width / n), step = (size_t)n * 3;
    for (int t = first; t < first + count; t++) {
        const int a = t / n, b = t % n;
        for (size_t i = 0; i < m; i++) {
            const uint8_t *from =
                crop->data + ((ptrdiff_t)i * n + a) * crop->stride_bytes + (ptrdiff_t)b * 3;
            float *red = tiles + i * m, *green = red + m * m, *blue = green + m * m;
            for (size_t j = 0; j < m; j++, from += step) {
                red[j] = lut->value[0][from[2]];
                green[j] = lut->value[1][from[1]];
                blue[j] = lut->value[2][from[0]];
            }
        }
        tiles += 3 * m * m;
    }
}

static inline float bytes_f32(float v)
{
    return v > 0.0f ? (v < 1.0f ? v : 1.0f) * 255.0f : 0.0f;
}

void fus_pixel_boost_explode_f32(const float *tiles, int n, int m, int first, int count, float *bgr)
{
    const size_t side = (size_t)m, step = (size_t)n * 3, row = side * step;
    for (int t = first; t < first + count; t++) {
        const size_t a = (size_t)(t / n), b = (size_t)(t % n);
        for (size_t i = 0; i < side; i++) {
            const float *red = tiles + i * side, *green = red + side * side;
            const float *blue = green + side * side;
            float *to = bgr + (i * (size_t)n + a) * row + b * 3;
            for (size_t j = 0; j < side; j++, to += step) {
                to[0] = bytes_f32(blue[j]);
                to[1] = bytes_f32(green[j]);
                to[2] = bytes_f32(red[j]);
            }
        }
        tiles += 3 * side * side;
    }
}

static inline double bytes_f64(double v)
{
    return v > 0.0 ? (v < 1.0 ? v : 1.0) * 255.0 : 0.0;
}

void fus_pixel_boost_explode_f64(const float *tiles, int n, int m, int first, int count,
                                 const double mean[3], const double deviation[3], double *bgr)
{
    const size_t side = (size_t)m, step = (size_t)n * 3, row = side * step;
    for (int t = first; t < first + count; t++) {
        const size_t a = (size_t)(t / n), b = (size_t)(t % n);
        for (size_t i = 0; i < side; i++) {
            const float *red = tiles + i * side, *green = red + side * side;
            const float *blue = green + side * side;
            double *to = bgr + (i * (size_t)n + a) * row + b * 3;
            for (size_t j = 0; j < side; j++, to += step) {
                to[0] = bytes_f64((double)blue[j] * deviation[2] + mean[2]);
                to[1] = bytes_f64((double)green[j] * deviation[1] + mean[1]);
                to[2] = bytes_f64((double)red[j] * deviation[0] + mean[0]);
            }
        }
        tiles += 3 * side * side;
    }
}
