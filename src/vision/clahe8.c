#include <math.h>
#include <stdbool.h>

#include "vision/lab8.h"

/* Contrast-limited equalisation of tiles (Zuiderveld 1994) with OpenCV's numbers. */
#define TILES_MAX 8
#define LEVELS 256

struct grid {
    int tiles, width, height; /* of a tile */
    uint8_t map[TILES_MAX * TILES_MAX][LEVELS];
};

/* A picture that the tiles don't divide is continued by reflection. */
static int reflect(int i, int n)
{
    if (n == 1)
        return 0;
    while (i >= n)
        i = i < 2 * n - 1 ? 2 * n - 2 - i : i - (2 * n - 2);
    return i;
}

static void tile_map(const struct fus_plane *plane, const struct grid *grid, int column, int row,
                     double clip_limit, uint8_t map[LEVELS])
{
    int histogram[LEVELS] = {0}, area = grid->width * grid->height;
    for (int y = row * grid->height; y < (row + 1) * grid->height; y++)
        for (int x = column * grid->width; x < (column + 1) * grid->width; x++)
            histogram[plane->data[reflect(y, plane->height) * plane->stride_bytes +
                                  (ptrdiff_t)reflect(x, plane->width) * plane->channels]]++;
    int limit = FUS_MAX((int)(clip_limit * area / LEVELS), 1), clipped = 0;
    for (int i = 0; i < LEVELS; i++)
        if (histogram[i] > limit) {
            clipped += histogram[i] - limit;
            histogram[i] = limit;
        }
    int each = clipped / LEVELS, rest = clipped % LEVELS;
    for (int i = 0; i < LEVELS; i++)
        histogram[i] += each;
    int step = rest ? FUS_MAX(LEVELS / rest, 1) : 1;
    for (int i = 0; i < LEVELS && rest > 0; i += step, rest--)
        histogram[i]++;
    float scale = 255.0f / (float)area;
    int sum = 0;
    for (int i = 0; i < LEVELS; i++) {
        sum += histogram[i];
        float v = nearbyintf((float)sum * scale);
        map[i] = (uint8_t)FUS_MIN(v, 255.0f);
    }
}

/* The two tiles around a place on one axis, and the share of the second. */
struct between {
    int first, second;
    float share;
};

static struct between between(int at, int size, int tiles)
{
    float place = (float)at * (1.0f / (float)size) - 0.5f, floor = floorf(place);
    int first = (int)floor;
    return (struct between){FUS_MAX(first, 0), FUS_MIN(first + 1, tiles - 1), place - floor};
}

void fus_clahe8(const struct fus_plane *plane, double clip_limit, int tiles)
{
    struct grid grid;
    tiles = FUS_CLAMP(tiles, 1, TILES_MAX);
    bool even = plane->width % tiles == 0 && plane->height % tiles == 0;
    grid.tiles = tiles;
    grid.width = even ? plane->width / tiles : plane->width / tiles + 1;
    grid.height = even ? plane->height / tiles : plane->height / tiles + 1;
    for (int row = 0; row < tiles; row++)
        for (int column = 0; column < tiles; column++)
            tile_map(plane, &grid, column, row, clip_limit, grid.map[row * tiles + column]);
    for (int y = 0; y < plane->height; y++) {
        struct between v = between(y, grid.height, tiles);
        uint8_t *p = plane->data + y * plane->stride_bytes;
        for (int x = 0; x < plane->width; x++, p += plane->channels) {
            struct between h = between(x, grid.width, tiles);
            const uint8_t(*above)[LEVELS] = &grid.map[v.first * tiles];
            const uint8_t(*below)[LEVELS] = &grid.map[v.second * tiles];
            float top =
                (float)above[h.first][*p] * (1 - h.share) + (float)above[h.second][*p] * h.share;
            float bottom =
                (float)below[h.first][*p] * (1 - h.share) + (float)below[h.second][*p] * h.share;
            *p = (uint8_t)nearbyintf(top * (1 - v.share) + bottom * v.share);
        }
    }
}
