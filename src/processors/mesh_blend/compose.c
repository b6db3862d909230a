#include "processors/mesh_blend/compose.h"

#include <math.h>
#include <string.h>

#include "vision/lab.h"
#include "vision/simd.h"

/* Stored value of plane `row` of the map from three planes of BGR, blended over bytes. */
FUS_SIMD_CLONES static void blend_luma(const float *restrict blue, const float *restrict green,
                                       const float *restrict red, const float *restrict mask,
                                       const struct fus_pixel_map *map, uint8_t *restrict bytes,
                                       int count)
{
    const float kb = map->from_bgr[0][0], kg = map->from_bgr[0][1], kr = map->from_bgr[0][2];
    const float offset = map->offset[0];
    for (int x = 0; x < count; x++) {
        const float old = (float)bytes[x];
        const float new = offset + kb *blue[x] + kg *green[x] + kr *red[x];
        float value = old + mask[x] * (new - old) + 0.5f;
        value = value > 0.0f ? value : 0.0f;
        value = value < 255.0f ? value : 255.0f;
        bytes[x] = (uint8_t)(int)value;
    }
}

/* Mask-weighted chroma of a row, before subsampling. */
FUS_SIMD_CLONES static void weigh_chroma(const float *restrict blue, const float *restrict green,
                                         const float *restrict red, const float *restrict mask,
                                         const struct fus_pixel_map *map, float *restrict u,
                                         float *restrict v, int count)
{
    for (int x = 0; x < count; x++) {
        const float b = blue[x], g = green[x], r = red[x], m = mask[x];
        u[x] = m * (map->offset[1] + map->from_bgr[1][0] * b + map->from_bgr[1][1] * g +
                    map->from_bgr[1][2] * r);
        v[x] = m * (map->offset[2] + map->from_bgr[2][0] * b + map->from_bgr[2][1] * g +
                    map->from_bgr[2][2] * r);
    }
}

/* Nearest byte of value - 0.5; 0 for NaN. */
FUS_SIMD_INLINE uint8_t byte(float value)
{
    value = value > 0.0f ? value : 0.0f;
    value = value < 255.0f ? value : 255.0f;
    return (uint8_t)(int)value;
}

static void blend_bgr(const float *blue, const float *green, const float *red, const float *mask,
                      uint8_t *bytes, int count)
{
    for (int x = 0; x < count; x++, bytes += 3) {
        if (!(mask[x] > 0.0f))
            continue;
        const float new[3] = {blue[x], green[x], red[x]};
        for (int c = 0; c < 3; c++) {
            const float old = (float)bytes[c];
            const float value = old + mask[x] * (255.0f * new[c] - old) + 0.5f;
            bytes[c] = byte(value);
        }
    }
}

/* Adds each 1 x shift_x group of a full row to a chroma row. */
static void gather(const float *full, int count, int shift_x, float *sum)
{
    for (int x = 0; x < count; x++)
        sum[x >> shift_x] += full[x];
}

static void store_chroma(const float *weighted, const float *mask, float samples, uint8_t *bytes,
                         int count)
{
    for (int x = 0; x < count; x++) {
        if (!(mask[x] > 0.0f))
            continue;
        const float old = (float)bytes[x];
        const float value = old + (weighted[x] - mask[x] * old) / samples + 0.5f;
        bytes[x] = byte(value);
    }
}

/* First and last + 1 pixel of a row under the mask. */
static bool span(const float *mask, int width, int *first, int *last)
{
    int a = 0, b = width;
    while (a < width && !(mask[a] > 0.0f))
        a++;
    while (b > a && !(mask[b - 1] > 0.0f))
        b--;
    *first = a & ~1;
    *last = b;
    return a < b;
}

static void compose_bgr(struct fus_image *image, const struct fus_canvas *canvas, float *line)
{
    const struct fus_rect *rect = &canvas->rect;
    float *blue = line, *green = line + rect->width, *red = green + rect->width;
    for (int y = 0; y < rect->height; y++) {
        const size_t row = (size_t)y * (size_t)rect->width;
        int x1, x2;
        if (!span(canvas->mask + row, rect->width, &x1, &x2))
            continue;
        const size_t at = row + (size_t)x1;
        fus_lab_to_bgr(canvas->l + at, canvas->a + at, canvas->b + at, blue, green, red,
                       (size_t)(x2 - x1));
        uint8_t *bytes =
            image->plane[0] + (rect->y + y) * image->stride_bytes[0] + 3 * (rect->x + x1);
        blend_bgr(blue, green, red, canvas->mask + at, bytes, x2 - x1);
    }
}

static void compose_yuv(struct fus_image *image, const struct fus_canvas *canvas, float *line)
{
    const struct fus_rect *rect = &canvas->rect;
    const int shift_x = fus_image_chroma_shift_x(image->format);
    const int shift_y = fus_image_chroma_shift_y(image->format);
    const int chroma_width = (rect->width + shift_x) >> shift_x;
    struct fus_pixel_map map;
    fus_pixel_map_make(image, &map);
    float *lines[8];
    for (int i = 0; i < 8; i++)
        lines[i] = line + i * rect->width;
    float *blue = lines[0], *green = lines[1], *red = lines[2], *full_u = lines[3],
          *full_v = lines[4];
    float *sum_u = lines[5], *sum_v = lines[6], *sum_mask = lines[7];
    for (int y = 0; y < rect->height; y += 1 << shift_y) {
        bool any = false;
        memset(sum_u, 0, 3 * (size_t)rect->width * sizeof *sum_u);
        for (int k = y; k < FUS_MIN(y + (1 << shift_y), rect->height); k++) {
            const size_t row = (size_t)k * (size_t)rect->width;
            int x1, x2;
            if (!span(canvas->mask + row, rect->width, &x1, &x2))
                continue;
            any = true;
            const size_t at = row + (size_t)x1;
            const float *mask = canvas->mask + at;
            fus_lab_to_bgr(canvas->l + at, canvas->a + at, canvas->b + at, blue, green, red,
                           (size_t)(x2 - x1));
            blend_luma(blue, green, red, mask, &map,
                       image->plane[0] + (rect->y + k) * image->stride_bytes[0] + rect->x + x1,
                       x2 - x1);
            weigh_chroma(blue, green, red, mask, &map, full_u, full_v, x2 - x1);
            gather(full_u, x2 - x1, shift_x, sum_u + (x1 >> shift_x));
            gather(full_v, x2 - x1, shift_x, sum_v + (x1 >> shift_x));
            gather(mask, x2 - x1, shift_x, sum_mask + (x1 >> shift_x));
        }
        if (!any)
            continue;
        const float samples = (float)(1 << (shift_x + shift_y));
        for (int plane = 1; plane < 3; plane++)
            store_chroma(plane == 1 ? sum_u : sum_v, sum_mask, samples,
                         image->plane[plane] +
                             ((rect->y + y) >> shift_y) * image->stride_bytes[plane] +
                             (rect->x >> shift_x),
                         chroma_width);
    }
}

void fus_compose(struct fus_image *image, const struct fus_canvas *canvas, float *line)
{
    if (fus_image_is_yuv(image))
        compose_yuv(image, canvas, line);
    else
        compose_bgr(image, canvas, line);
}
