#include "pipeline/upright.h"

#define TILE 32 /* both pictures' rows of a tile stay in the first-level cache */

struct plane {
    uint8_t *pixels;
    ptrdiff_t stride;
    int width, height;
};

static struct plane plane_of(const struct fus_image *image, int index)
{
    int sx = index ? fus_image_chroma_shift_x(image->format) : 0;
    int sy = index ? fus_image_chroma_shift_y(image->format) : 0;

    return (struct plane){image->plane[index], image->stride_bytes[index],
                          (image->width + sx) >> sx, (image->height + sy) >> sy};
}

/* Where the pixel (x, y) of a picture of width x height comes to lie. */
struct turn {
    int rotation, width, height;
};

static inline uint8_t *turned(const struct turn *turn, const struct plane *to, int x, int y)
{
    switch (turn->rotation) {
    case 90:
        return to->pixels + to->stride * x + (turn->height - 1 - y);
    case 180:
        return to->pixels + to->stride * (turn->height - 1 - y) + (turn->width - 1 - x);
    default:
        return to->pixels + to->stride * (turn->width - 1 - x) + y;
    }
}

static void turn_plane(const struct plane *to, const struct plane *from, int rotation)
{
    const struct turn turn = {rotation, from->width, from->height};

    for (int y0 = 0; y0 < from->height; y0 += TILE) {
        for (int x0 = 0; x0 < from->width; x0 += TILE) {
            int y1 = FUS_MIN(y0 + TILE, from->height), x1 = FUS_MIN(x0 + TILE, from->width);

            for (int y = y0; y < y1; y++) {
                const uint8_t *row = from->pixels + from->stride * y;

                for (int x = x0; x < x1; x++)
                    *turned(&turn, to, x, y) = row[x];
            }
        }
    }
}

/* Chroma of 4:2:2 into 4:4:4: each sample twice. */
static void turn_plane_doubled(const struct plane *to, const struct plane *from, int rotation,
                               int width)
{
    const struct turn turn = {rotation, width, from->height};

    for (int y = 0; y < from->height; y++) {
        const uint8_t *row = from->pixels + from->stride * y;

        for (int x = 0; x < width; x++)
            *turned(&turn, to, x, y) = row[x >> 1];
    }
}

/* The way back: the mean of the two; equal ones stay what they were. */
static void turn_plane_halved(const struct plane *to, const struct plane *from, int rotation,
                              int width)
{
    const struct turn turn = {rotation, width, to->height}; /* forward: to -> from */

    for (int y = 0; y < to->height; y++) {
        uint8_t *row = to->pixels + to->stride * y;

        for (int x = 0; x < width; x += 2) {
            int a = *turned(&turn, from, x, y);
            int b = x + 1 < width ? *turned(&turn, from, x + 1, y) : a;

            row[x >> 1] = (uint8_t)((a + b + 1) >> 1);
        }
    }
}

static bool doubles_chroma(const struct fus_image *stored, int rotation)
{
    return stored->format == FUS_PIXEL_YUV422P8 && rotation != 180;
}

int fus_upright_alloc(struct fus_image *upright, const struct fus_image *stored, int rotation,
                      struct fus_error *err)
{
    bool quarter = rotation != 180;
    int rc = fus_image_alloc(
        upright, doubles_chroma(stored, rotation) ? FUS_PIXEL_YUV444P8 : stored->format,
        quarter ? stored->height : stored->width, quarter ? stored->width : stored->height, err);

    if (rc)
        return rc;
    upright->matrix = stored->matrix;
    upright->full_range = stored->full_range;
    return 0;
}

void fus_upright_from(struct fus_image *upright, const struct fus_image *stored, int rotation)
{
    for (int i = 0; i < 3; i++) {
        struct plane to = plane_of(upright, i), from = plane_of(stored, i);

        if (i > 0 && doubles_chroma(stored, rotation))
            turn_plane_doubled(&to, &from, rotation, stored->width);
        else
            turn_plane(&to, &from, rotation);
    }
}

void fus_upright_to(const struct fus_image *upright, struct fus_image *stored, int rotation)
{
    for (int i = 0; i < 3; i++) {
        struct plane to = plane_of(stored, i), from = plane_of(upright, i);

        if (i > 0 && doubles_chroma(stored, rotation))
            turn_plane_halved(&to, &from, rotation, stored->width);
        else
            turn_plane(&to, &from, 360 - rotation);
    }
}
