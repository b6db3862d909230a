#include "vision/lut.h"

#include "vision/simd.h"

void fus_lut_unit(struct fus_lut *lut, bool rgb)
{
    fus_lut_offset(lut, 0, 255, rgb);
}

void fus_lut_mean_std_f64(struct fus_lut *lut, const double mean[3], const double deviation[3],
                          bool rgb)
{
    lut->rgb = rgb;
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++)
            lut->value[c][v] = (float)((v / 255.0 - mean[c]) / deviation[c]);
}

void fus_lut_mean_std_f32(struct fus_lut *lut, const double mean[3], const double deviation[3],
                          bool rgb)
{
    lut->rgb = rgb;
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++)
            lut->value[c][v] = ((float)v / 255.0f - (float)mean[c]) / (float)deviation[c];
}

void fus_lut_mixed(struct fus_lut *lut, const double mean[3], const double deviation[3], bool rgb)
{
    lut->rgb = rgb;
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++) {
            float centred = (float)((double)((float)v / 255.0f) - mean[c]);
            lut->value[c][v] = (float)((double)centred / deviation[c]);
        }
}

void fus_lut_127(struct fus_lut *lut, bool rgb)
{
    lut->rgb = rgb;
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++)
            lut->value[c][v] = (float)(v / 127.5 - 1.0);
}

void fus_lut_offset(struct fus_lut *lut, float mean, float divisor, bool rgb)
{
    lut->rgb = rgb;
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++)
            lut->value[c][v] = ((float)v - mean) / divisor;
}

void fus_lut_chw(const struct fus_lut *lut, const struct fus_plane *bgr, float *chw,
                 size_t plane_stride, size_t row_stride)
{
    const float *blue = lut->value[lut->rgb ? 2 : 0], *green = lut->value[1];
    const float *red = lut->value[lut->rgb ? 0 : 2];
    float *to_blue = chw + (lut->rgb ? 2 : 0) * plane_stride, *to_green = chw + plane_stride;
    float *to_red = chw + (lut->rgb ? 0 : 2) * plane_stride;
    for (int y = 0; y < bgr->height; y++) {
        const uint8_t *p = bgr->data + y * bgr->stride_bytes;
        size_t row = (size_t)y * row_stride;
        for (size_t x = 0; x < (size_t)bgr->width; x++, p += 3) {
            to_blue[row + x] = blue[p[0]];
            to_green[row + x] = green[p[1]];
            to_red[row + x] = red[p[2]];
        }
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
