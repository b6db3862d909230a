#include "picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "media/still.h"

static const uint8_t *pixel(const struct fus_image *image, int x, int y)
{
    return image->plane[0] + y * image->stride_bytes[0] + 3 * x;
}

static double db(double squares, double values)
{
    return squares > 0 ? 10 * log10(255.0 * 255.0 * values / squares) : INFINITY;
}

/* Adds the squared differences of one pixel. */
static void add(const uint8_t *a, const uint8_t *b, double *squares, int *max)
{
    for (int c = 0; c < 3; c++) {
        int by = abs(a[c] - b[c]);
        *squares += (double)by * by;
        *max = FUS_MAX(*max, by);
    }
}

double parity_psnr(const struct fus_image *a, const struct fus_image *b, int *max)
{
    double squares = 0;
    int greatest = 0;
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < a->width; x++)
            add(pixel(a, x, y), pixel(b, x, y), &squares, &greatest);
    if (max)
        *max = greatest;
    return db(squares, 3.0 * a->width * a->height);
}

static bool changed_at(const struct fus_image *target, const struct fus_image *expected, int x,
                       int y)
{
    return memcmp(pixel(target, x, y), pixel(expected, x, y), 3) != 0;
}

/* Nothing was changed in the neighbourhood. */
static bool is_outside(const struct fus_image *target, const struct fus_image *expected, int x,
                       int y)
{
    for (int v = FUS_MAX(y - PARITY_REACH, 0); v <= FUS_MIN(y + PARITY_REACH, target->height - 1);
         v++)
        for (int u = FUS_MAX(x - PARITY_REACH, 0);
             u <= FUS_MIN(x + PARITY_REACH, target->width - 1); u++)
            if (changed_at(target, expected, u, v))
                return false;
    return true;
}

void parity_region(const struct fus_image *target, const struct fus_image *expected,
                   const struct fus_image *ours, struct parity_region *region)
{
    double squares = 0;
    *region = (struct parity_region){0};
    for (int y = 0; y < target->height; y++) {
        for (int x = 0; x < target->width; x++) {
            const uint8_t *o = pixel(ours, x, y);
            if (changed_at(target, expected, x, y)) {
                add(o, pixel(expected, x, y), &squares, &region->max);
                region->changed++;
            } else if (memcmp(pixel(target, x, y), o, 3) != 0 &&
                       is_outside(target, expected, x, y)) {
                region->stray++;
                region->stray_x = x;
                region->stray_y = y;
            }
        }
    }
    region->psnr = db(squares, 3.0 * (double)region->changed);
}

static int write_png(const char *folder, const char *name, const char *what,
                     const struct fus_image *image, struct fus_error *err)
{
    const struct fus_still still = {.image = *image};
    const struct fus_still_options options = {.container = FUS_CONTAINER_PNG};
    FUS_AUTO_FREE uint8_t *bytes = NULL;
    size_t size = 0;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-%s.png", folder, name, what);
    int rc = fus_still_encode(&still, &options, &bytes, &size, err);
    return rc ? rc : fus_fs_write_atomic(path, bytes, size, 0644, err);
}

int parity_keep(const char *folder, const char *name, const struct fus_image *ours,
                const struct fus_image *expected, struct fus_error *err)
{
    FUS_AUTO_IMAGE struct fus_image difference = {0};
    int rc = fus_fs_mkdirs(folder, 0755, err);
    if (!rc)
        rc = write_png(folder, name, "ours", ours, err);
    if (!rc)
        rc = write_png(folder, name, "expected", expected, err);
    if (rc || ours->width != expected->width || ours->height != expected->height)
        return rc;
    rc = fus_image_alloc(&difference, FUS_PIXEL_BGR8, ours->width, ours->height, err);
    if (rc)
        return rc;
    for (int y = 0; y < ours->height; y++) {
        uint8_t *to = difference.plane[0] + y * difference.stride_bytes[0];
        for (int i = 0; i < 3 * ours->width; i++)
            to[i] = (uint8_t)FUS_MIN(255, 8 * abs(pixel(ours, 0, y)[i] - pixel(expected, 0, y)[i]));
    }
    return write_png(folder, name, "difference", &difference, err);
}
