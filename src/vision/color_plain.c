/* The plain twins of color.c: the definition, pixel by pixel, in doubles. */
#include <math.h>
#include <string.h>

#include "vision/color.h"
#include "vision/color_matrix.h"

static uint8_t round8(double v)
{
    return (uint8_t)(v <= 0 ? 0 : v >= 255 ? 255 : floor(v + 0.5));
}

void fus_color_to_bgr_plain(const struct fus_image *image, struct fus_rect rect, uint8_t *bgr,
                            ptrdiff_t stride_bytes)
{
    struct fus_yuv_decode k = fus_yuv_decode(image->matrix, image->full_range);
    int sx = fus_image_chroma_shift_x(image->format), sy = fus_image_chroma_shift_y(image->format);
    for (int row = 0; row < rect.height; row++) {
        for (int column = 0; column < rect.width; column++) {
            int x = rect.x + column, y = rect.y + row;
            uint8_t *out = bgr + row * stride_bytes + 3 * column;
            const uint8_t *line = image->plane[0] + y * image->stride_bytes[0];
            if (image->format == FUS_PIXEL_BGR8) {
                memcpy(out, line + 3 * x, 3);
                continue;
            }
            if (image->format == FUS_PIXEL_GRAY8) {
                out[0] = out[1] = out[2] = line[x];
                continue;
            }
            double luma = (line[x] - k.y_offset) * k.y;
            double cb = image->plane[1][(y >> sy) * image->stride_bytes[1] + (x >> sx)] - 128;
            double cr = image->plane[2][(y >> sy) * image->stride_bytes[2] + (x >> sx)] - 128;
            out[0] = round8(luma + k.bu * cb);
            out[1] = round8(luma + k.gu * cb + k.gv * cr);
            out[2] = round8(luma + k.rv * cr);
        }
    }
}

static bool covered_pixel(const struct fus_rect *rect, const uint8_t *coverage, ptrdiff_t stride,
                          int x, int y)
{
    if (x < rect->x || y < rect->y || x >= rect->x + rect->width || y >= rect->y + rect->height)
        return false;
    return coverage == NULL || coverage[(y - rect->y) * stride + x - rect->x] != 0;
}

void fus_color_from_bgr_plain(struct fus_image *image, struct fus_rect rect, const uint8_t *bgr,
                              ptrdiff_t stride_bytes, const uint8_t *coverage,
                              ptrdiff_t coverage_stride_bytes)
{
    bool gray = image->format == FUS_PIXEL_GRAY8;
    struct fus_yuv_encode k =
        fus_yuv_encode(gray ? FUS_MATRIX_BT601 : image->matrix, gray || image->full_range);
    for (int y = rect.y; y < rect.y + rect.height; y++) {
        for (int x = rect.x; x < rect.x + rect.width; x++) {
            if (!covered_pixel(&rect, coverage, coverage_stride_bytes, x, y))
                continue;
            const uint8_t *p = bgr + (y - rect.y) * stride_bytes + 3 * (x - rect.x);
            uint8_t *line = image->plane[0] + y * image->stride_bytes[0];
            if (image->format == FUS_PIXEL_BGR8)
                memcpy(line + 3 * x, p, 3);
            else
                line[x] = round8(k.y_offset + k.yr * p[2] + k.yg * p[1] + k.yb * p[0]);
        }
    }
    if (!fus_image_is_yuv(image))
        return;
    int sx = fus_image_chroma_shift_x(image->format), sy = fus_image_chroma_shift_y(image->format);
    for (int cy = 0; cy < (image->height + sy) >> sy; cy++) {
        for (int cx = 0; cx < (image->width + sx) >> sx; cx++) {
            uint8_t *u = image->plane[1] + cy * image->stride_bytes[1] + cx;
            uint8_t *v = image->plane[2] + cy * image->stride_bytes[2] + cx;
            double us = 0, vs = 0;
            int n = 0, covered = 0;
            for (int y = cy << sy; y < (cy + 1) << sy && y < image->height; y++) {
                for (int x = cx << sx; x < (cx + 1) << sx && x < image->width; x++, n++) {
                    if (!covered_pixel(&rect, coverage, coverage_stride_bytes, x, y)) {
                        us += *u;
                        vs += *v;
                        continue;
                    }
                    const uint8_t *p = bgr + (y - rect.y) * stride_bytes + 3 * (x - rect.x);
                    covered++;
                    us += 128 + k.ur * p[2] + k.ug * p[1] + k.ub * p[0];
                    vs += 128 + k.vr * p[2] + k.vg * p[1] + k.vb * p[0];
                }
            }
            if (covered > 0) {
                *u = round8(us / n);
                *v = round8(vs / n);
            }
        }
    }
}

void fus_color_differs_plain(const struct fus_plane *a, const struct fus_plane *b, uint8_t *differs,
                             ptrdiff_t stride_bytes)
{
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < a->width; x++)
            differs[y * stride_bytes + x] =
                memcmp(a->data + y * a->stride_bytes + 3 * (ptrdiff_t)x,
                       b->data + y * b->stride_bytes + 3 * (ptrdiff_t)x, 3) != 0;
}
