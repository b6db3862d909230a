#include "vision/lut.h"

#include <math.h>

#include "vision/simd.h"

void fus_lut_unit(struct fus_lut *lut, bool rgb)
{
    fus_lut_offset(lut, 0, 255, rgb);
}

void fus_lut_mean_std_f64(struct fus_lut *lut, const double mean[3], const double deviation[3],
                          bool rgb)
{
    lut->divisor = 0;
    lut->rgb = rgb;
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++)
            lut->value[c][v] = (float)((v / 255.0 - mean[c]) / deviation[c]);
}

void fus_lut_mean_std_f32(struct fus_lut *lut, const double mean[3], const double deviation[3],
                          bool rgb)
{
    lut->divisor = 0;
    lut->rgb = rgb;
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++)
            lut->value[c][v] = ((float)v / 255.0f - (float)mean[c]) / (float)deviation[c];
}

void fus_lut_mixed(struct fus_lut *lut, const double mean[3], const double deviation[3], bool rgb)
{
    lut->divisor = 0;
    lut->rgb = rgb;
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++) {
            float centred = (float)((double)((float)v / 255.0f) - mean[c]);
            lut->value[c][v] = (float)((double)centred / deviation[c]);
        }
}

void fus_lut_127(struct fus_lut *lut, bool rgb)
{
    lut->divisor = 0;
    lut->rgb = rgb;
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++)
            lut->value[c][v] = (float)(v / 127.5 - 1.0);
}

void fus_lut_offset(struct fus_lut *lut, float mean, float divisor, bool rgb)
{
    lut->mean = mean;
    lut->divisor = divisor;
    lut->rgb = rgb;
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++)
            lut->value[c][v] = ((float)v - mean) / divisor;
}

static void look_up(const struct fus_lut *lut, const uint8_t *p, int count, float *blue,
                    float *green, float *red)
{
    const float *of_blue = lut->value[lut->rgb ? 2 : 0], *of_green = lut->value[1];
    const float *of_red = lut->value[lut->rgb ? 0 : 2];
    for (int x = 0; x < count; x++, p += 3) {
        blue[x] = of_blue[p[0]];
        green[x] = of_green[p[1]];
        red[x] = of_red[p[2]];
    }
}

/* The table's own arithmetic, so that the bits are its bits. */
FUS_SIMD_CLONES
static void work_out(float mean, float divisor, const uint8_t *restrict p, int count,
                     float *restrict blue, float *restrict green, float *restrict red)
{
    for (int x = 0; x < count; x++) {
        blue[x] = ((float)p[3 * x] - mean) / divisor;
        green[x] = ((float)p[3 * x + 1] - mean) / divisor;
        red[x] = ((float)p[3 * x + 2] - mean) / divisor;
    }
}

void fus_lut_chw(const struct fus_lut *lut, const struct fus_plane *bgr, float *chw,
                 size_t plane_stride, size_t row_stride)
{
    float *blue = chw + (lut->rgb ? 2 : 0) * plane_stride, *green = chw + plane_stride;
    float *red = chw + (lut->rgb ? 0 : 2) * plane_stride;
    for (int y = 0; y < bgr->height; y++) {
        const uint8_t *p = bgr->data + y * bgr->stride_bytes;
        size_t row = (size_t)y * row_stride;
        if (fpclassify(lut->divisor) == FP_ZERO)
            look_up(lut, p, bgr->width, blue + row, green + row, red + row);
        else
            work_out(lut->mean, lut->divisor, p, bgr->width, blue + row, green + row, red + row);
    }
}

void fus_lut_hwc(const struct fus_lut *lut, const struct fus_plane *bgr, float *hwc,
                 size_t row_stride)
{
    int first = lut->rgb ? 2 : 0, last = 2 - first;
    for (int y = 0; y < bgr->height; y++) {
        const uint8_t *p = bgr->data + y * bgr->stride_bytes;
        float *to = hwc + (size_t)y * row_stride;
        for (int x = 0; x < bgr->width; x++, p += 3, to += 3) {
            to[0] = lut->value[0][p[first]];
            to[1] = lut->value[1][p[1]];
            to[2] = lut->value[2][p[last]];
        }
    }
}
