#include "processors/frame_enhancer/tiles.h"

#include <string.h>

#include "vision/rect.h"
#include "vision/simd.h"

bool fus_tiles_plan(int width, int height, const int tile[3], int scale, struct fus_tiles *tiles)
{
    const int side = tile[0], padding = tile[1], overlap = tile[2], inner = side - 2 * overlap;
    if (padding < 0 || overlap < 0 || inner <= 0 || scale < 1)
        return false;
    /* One row and column more than needed when the padded picture is a multiple: FaceFusion's. */
    const int columns = (width + 2 * padding) / inner + 1;
    const int rows = (height + 2 * padding) / inner + 1;
    *tiles = (struct fus_tiles){
        .side = side,
        .padding = padding,
        .overlap = overlap,
        .scale = scale,
        .width = width,
        .height = height,
        .inner = inner,
        .columns = columns,
        .rows = rows,
        .padded_width = columns * inner + 2 * overlap,
        .padded_height = rows * inner + 2 * overlap,
    };
    return true;
}

bool fus_tile_rect(const struct fus_tiles *tiles, int column, int row, struct fus_rect *rect)
{
    const struct fus_rect inner = {column * tiles->inner - tiles->padding,
                                   row * tiles->inner - tiles->padding, tiles->inner, tiles->inner};
    return fus_rect_clip(inner, tiles->width, tiles->height, rect);
}

void fus_tile_take(const struct fus_tiles *tiles, const struct fus_plane *picture, int column,
                   int row, const struct fus_plane *crop)
{
    const int left = column * tiles->inner - tiles->padding - tiles->overlap;
    const int top = row * tiles->inner - tiles->padding - tiles->overlap;
    const int first = FUS_CLAMP(-left, 0, tiles->side);
    const int last = FUS_CLAMP(tiles->width - left, first, tiles->side);
    for (int y = 0; y < tiles->side; y++) {
        uint8_t *to = crop->data + y * crop->stride_bytes;
        memset(to, 0, (size_t)tiles->side * 3);
        if (top + y >= 0 && top + y < tiles->height)
            memcpy(to + 3 * (ptrdiff_t)first,
                   picture->data + (top + y) * picture->stride_bytes +
                       3 * (ptrdiff_t)(left + first),
                   (size_t)(last - first) * 3);
    }
}

FUS_SIMD_CLONES static void put_row(const float *restrict red, const float *restrict green,
                                    const float *restrict blue, uint8_t *restrict bgr, int width)
{
    for (int x = 0; x < width; x++) {
        const float values[3] = {blue[x] * 255.0f, green[x] * 255.0f, red[x] * 255.0f};
        for (int c = 0; c < 3; c++) {
            float value = values[c] > 0.0f ? values[c] : 0.0f; /* NaN too */
            value = value < 255.0f ? value : 255.0f;
            bgr[3 * x + c] = (uint8_t)value;
        }
    }
}

void fus_tile_put(const struct fus_tiles *tiles, const float *chw, int column, int row,
                  const struct fus_plane *enlarged)
{
    const int scale = tiles->scale;
    const size_t side = (size_t)tiles->side * (size_t)scale, count = side * side;
    struct fus_rect rect;
    if (!fus_tile_rect(tiles, column, row, &rect))
        return;
    const int x = rect.x - (column * tiles->inner - tiles->padding) + tiles->overlap;
    const int y = rect.y - (row * tiles->inner - tiles->padding) + tiles->overlap;
    for (int j = 0; j < rect.height * scale; j++) {
        const float *from = chw + (size_t)(y * scale + j) * side + (size_t)(x * scale);
        put_row(from, from + count, from + 2 * count,
                enlarged->data + (rect.y * (ptrdiff_t)scale + j) * enlarged->stride_bytes +
                    3 * (ptrdiff_t)rect.x * scale,
                rect.width * scale);
    }
}
