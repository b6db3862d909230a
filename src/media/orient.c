#include "media/orient.h"

#include <math.h>
#include <string.h>

/* Where the upright picture's x and y axes run in the stored one: orientation -> swap axes, run x
 * backwards, run y backwards. E.g. 6 (turn clockwise): out(x, y) = in(y, height - 1 - x). */
struct walk {
    bool swap, reverse_x, reverse_y;
};
static const struct walk walks[9] = {
    {false, false, false}, {false, false, false}, {false, true, false},
    {false, true, true},   {false, false, true},  {true, false, false},
    {true, true, false},   {true, true, true},    {true, false, true},
};

/* Rows of the display matrix's linear part {a, b, c, d}: x' = a x + c y, y' = b x + d y. */
static const int8_t linear[9][4] = {
    {1, 0, 0, 1}, {1, 0, 0, 1},  {-1, 0, 0, 1},  {-1, 0, 0, -1}, {1, 0, 0, -1},
    {0, 1, 1, 0}, {0, 1, -1, 0}, {0, -1, -1, 0}, {0, -1, 1, 0},
};

int fus_orient_degrees(int orientation)
{
    static const int16_t degrees[9] = {0, 0, 0, 180, 180, 270, 90, 90, 270};
    return orientation >= 1 && orientation <= 8 ? degrees[orientation] : 0;
}

int fus_orient_from_degrees(int degrees)
{
    switch (degrees) {
    case 90:
        return 6;
    case 180:
        return 3;
    case 270:
        return 8;
    default:
        return 1;
    }
}

int fus_orient_from_matrix(const int32_t matrix[9])
{
    double a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
    int best = 1;
    double best_score = 0;
    double length = hypot(hypot(a, b), hypot(c, d));
    if (!(length > 0))
        return 1;
    for (int i = 1; i <= 8; i++) {
        double score =
            (a * linear[i][0] + b * linear[i][1] + c * linear[i][2] + d * linear[i][3]) / length;
        if (score > best_score + 1e-9) {
            best_score = score;
            best = i;
        }
    }
    return best;
}

void fus_orient_to_matrix(int orientation, int32_t matrix[9])
{
    const int8_t *m = linear[orientation >= 1 && orientation <= 8 ? orientation : 1];
    memset(matrix, 0, 9 * sizeof(matrix[0]));
    matrix[0] = m[0] * 65536;
    matrix[1] = m[1] * 65536;
    matrix[3] = m[2] * 65536;
    matrix[4] = m[3] * 65536;
    matrix[8] = 1 << 30;
}

static void copy_pixels(const uint8_t *from, ptrdiff_t step, int pixel_bytes, int count,
                        uint8_t *to)
{
    if (step == pixel_bytes) {
        memcpy(to, from, (size_t)count * (size_t)pixel_bytes);
    } else if (pixel_bytes == 1) {
        for (int i = 0; i < count; i++, from += step)
            to[i] = *from;
    } else {
        for (int i = 0; i < count; i++, from += step, to += 3) {
            to[0] = from[0];
            to[1] = from[1];
            to[2] = from[2];
        }
    }
}

void fus_orient_plane(int orientation, int pixel_bytes, const uint8_t *from, ptrdiff_t from_stride,
                      int width, int height, uint8_t *to, ptrdiff_t to_stride)
{
    struct walk walk = walks[orientation >= 1 && orientation <= 8 ? orientation : 1];
    int out_width = walk.swap ? height : width, out_height = walk.swap ? width : height;
    ptrdiff_t step_x = walk.swap ? from_stride : pixel_bytes;
    ptrdiff_t step_y = walk.swap ? pixel_bytes : from_stride;
    const uint8_t *start = from;
    if (walk.reverse_x)
        start += step_x * (out_width - 1);
    if (walk.reverse_y)
        start += step_y * (out_height - 1);
    if (walk.reverse_x)
        step_x = -step_x;
    if (walk.reverse_y)
        step_y = -step_y;
    /* Narrow bands keep the column reads of a quarter turn within the cache. */
    enum { BAND = 64 };
    for (int x = 0; x < out_width; x += walk.swap ? BAND : out_width) {
        int count = walk.swap && out_width - x > BAND ? BAND : out_width - x;
        for (int y = 0; y < out_height; y++)
            copy_pixels(start + step_x * x + step_y * y, step_x, pixel_bytes, count,
                        to + to_stride * y + (ptrdiff_t)x * pixel_bytes);
    }
}
