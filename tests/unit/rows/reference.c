#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ref_picture ref_picture_new(int width, int height, int channels)
{
    struct ref_picture picture = {NULL, width, height, channels};
    picture.data = calloc((size_t)width * (size_t)height * (size_t)channels, sizeof(double));
    if (!picture.data)
        abort();
    return picture;
}

struct ref_picture ref_picture_of(const struct fus_image *bgr)
{
    struct ref_picture picture = ref_picture_new(bgr->width, bgr->height, 3);
    for (int y = 0; y < bgr->height; y++)
        for (int i = 0; i < 3 * bgr->width; i++)
            ref_at(&picture, 0, y)[i] = bgr->plane[0][y * bgr->stride_bytes[0] + i];
    return picture;
}

void ref_picture_free(struct ref_picture *picture)
{
    free(picture->data);
    *picture = (struct ref_picture){0};
}

double *ref_at(const struct ref_picture *picture, int x, int y)
{
    return picture->data +
           ((size_t)y * (size_t)picture->width + (size_t)x) * (size_t)picture->channels;
}

/* ---- alignment ---- */

static const struct {
    const char *name;
    double points[5][2];
} templates[] = {
    {"arcface_112_v1",
     {{0.35473214, 0.45658929},
      {0.64526786, 0.45658929},
      {0.5, 0.61154464},
      {0.37913393, 0.776875},
      {0.62086607, 0.776875}}},
    {"arcface_112_v2",
     {{0.34191607, 0.46157411},
      {0.65653393, 0.45983393},
      {0.500225, 0.64050536},
      {0.37097589, 0.82469196},
      {0.63151696, 0.82325089}}},
    {"arcface_128",
     {{0.36167656, 0.40387734},
      {0.63696719, 0.40235469},
      {0.50019687, 0.56044219},
      {0.38710391, 0.72160547},
      {0.61507734, 0.72034453}}},
    {"ffhq_512",
     {{0.37691676, 0.46864664},
      {0.62285697, 0.46912813},
      {0.50123859, 0.61331904},
      {0.39308822, 0.72541100},
      {0.61150205, 0.72490465}}},
    {"mtcnn_512",
     {{0.36562865, 0.46733799},
      {0.63305391, 0.46585885},
      {0.50019127, 0.61942959},
      {0.39032951, 0.77598822},
      {0.61178945, 0.77476328}}},
};

struct ref_similarity ref_template(const char *name, const struct fus_point points_5[5], int size)
{
    size_t which = 0;
    while (strcmp(templates[which].name, name) != 0)
        if (++which == sizeof templates / sizeof *templates)
            abort();
    double sx = 0, sy = 0, dx = 0, dy = 0, norm = 0, dot = 0, cross = 0;
    for (int i = 0; i < 5; i++) {
        sx += (double)points_5[i].x / 5;
        sy += (double)points_5[i].y / 5;
        dx += templates[which].points[i][0] * size / 5;
        dy += templates[which].points[i][1] * size / 5;
    }
    for (int i = 0; i < 5; i++) {
        double u = (double)points_5[i].x - sx, v = (double)points_5[i].y - sy;
        double p = templates[which].points[i][0] * size - dx;
        double q = templates[which].points[i][1] * size - dy;
        norm += u * u + v * v;
        dot += u * p + v * q;
        cross += u * q - v * p;
    }
    double a = dot / norm, b = cross / norm;
    return (struct ref_similarity){a, b, dx - a * sx + b * sy, dy - b * sx - a * sy};
}

static void forth(struct ref_similarity m, double x, double y, double *u, double *v)
{
    *u = m.a * x - m.b * y + m.tx;
    *v = m.b * x + m.a * y + m.ty;
}

static void back(struct ref_similarity m, double u, double v, double *x, double *y)
{
    double det = m.a * m.a + m.b * m.b, p = u - m.tx, q = v - m.ty;
    *x = (m.a * p + m.b * q) / det;
    *y = (m.a * q - m.b * p) / det;
}

/* ---- sampling ---- */

static double tap(const struct ref_picture *picture, int x, int y, int channel, bool replicate)
{
    int cx = FUS_CLAMP(x, 0, picture->width - 1), cy = FUS_CLAMP(y, 0, picture->height - 1);
    if (!replicate && (cx != x || cy != y))
        return 0;
    return ref_at(picture, cx, cy)[channel];
}

double ref_sample(const struct ref_picture *picture, double x, double y, int channel,
                  bool replicate)
{
    int ix = (int)floor(x), iy = (int)floor(y);
    double fx = x - ix, fy = y - iy;
    double top = tap(picture, ix, iy, channel, replicate) * (1 - fx) +
                 tap(picture, ix + 1, iy, channel, replicate) * fx;
    double bottom = tap(picture, ix, iy + 1, channel, replicate) * (1 - fx) +
                    tap(picture, ix + 1, iy + 1, channel, replicate) * fx;
    return top * (1 - fy) + bottom * fy;
}

struct ref_picture ref_crop(const struct ref_picture *from, struct ref_similarity m, int size)
{
    struct ref_picture crop = ref_picture_new(size, size, 3);
    for (int v = 0; v < size; v++) {
        for (int u = 0; u < size; u++) {
            double x, y;
            back(m, u, v, &x, &y);
            for (int c = 0; c < 3; c++)
                ref_at(&crop, u, v)[c] = rint(ref_sample(from, x, y, c, true));
        }
    }
    return crop;
}

struct ref_picture ref_resize(const struct ref_picture *from, int width, int height)
{
    struct ref_picture to = ref_picture_new(width, height, from->channels);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < from->channels; c++)
                ref_at(&to, x, y)[c] = ref_sample(from, (x + 0.5) * from->width / width - 0.5,
                                                  (y + 0.5) * from->height / height - 0.5, c, true);
    return to;
}

/* ---- masks ---- */

static int reflect(int i, int count)
{
    while (i < 0 || i >= count)
        i = i < 0 ? -i : 2 * count - 2 - i;
    return i;
}

void ref_blur(struct ref_picture *mask, double sigma)
{
    int taps = (int)rint(8 * sigma + 1) | 1, half = taps / 2, width = mask->width;
    double *kernel = calloc((size_t)taps, sizeof(double)), sum = 0;
    struct ref_picture rows = ref_picture_new(width, mask->height, 1);
    if (!kernel)
        abort();
    for (int i = 0; i < taps; i++)
        sum += kernel[i] = exp(-0.5 * (i - half) * (i - half) / (sigma * sigma));
    for (int y = 0; y < mask->height; y++)
        for (int x = 0; x < width; x++)
            for (int i = 0; i < taps; i++)
                *ref_at(&rows, x, y) +=
                    kernel[i] / sum * *ref_at(mask, reflect(x + i - half, width), y);
    for (int y = 0; y < mask->height; y++) {
        for (int x = 0; x < width; x++) {
            double value = 0;
            for (int i = 0; i < taps; i++)
                value += kernel[i] / sum * *ref_at(&rows, x, reflect(y + i - half, mask->height));
            *ref_at(mask, x, y) = value;
        }
    }
    ref_picture_free(&rows);
    free(kernel);
}

struct ref_picture ref_box_mask(int size)
{
    struct ref_picture mask = ref_picture_new(size, size, 1);
    int blur = (int)(size * 0.5 * 0.3), edge = FUS_MAX(blur / 2, 1);
    for (int y = edge; y < size - edge; y++)
        for (int x = edge; x < size - edge; x++)
            *ref_at(&mask, x, y) = 1;
    if (blur > 0)
        ref_blur(&mask, blur * 0.25);
    return mask;
}

void ref_paste(struct ref_picture *to, const struct ref_picture *crop,
               const struct ref_picture *mask, struct ref_similarity m)
{
    for (int y = 0; y < to->height; y++) {
        for (int x = 0; x < to->width; x++) {
            double u, v;
            forth(m, x, y, &u, &v);
            double share = ref_sample(mask, u, v, 0, false);
            for (int c = 0; share > 0 && c < 3; c++) {
                double *value = ref_at(to, x, y) + c;
                *value = floor(*value * (1 - share) + ref_sample(crop, u, v, c, true) * share);
            }
        }
    }
}

struct ref_difference ref_compare(const struct ref_picture *want, const struct fus_image *got)
{
    struct ref_difference difference = {0};
    double sum = 0;
    for (int y = 0; y < want->height; y++) {
        for (int x = 0; x < want->width; x++) {
            for (int c = 0; c < 3; c++) {
                double by = fabs(ref_at(want, x, y)[c] -
                                 got->plane[0][y * got->stride_bytes[0] + 3 * x + c]);
                sum += by;
                if (by > difference.max) {
                    difference.max = by;
                    difference.x = x;
                    difference.y = y;
                }
            }
        }
    }
    difference.mean = sum / (3.0 * want->width * want->height);
    return difference;
}
