#include "pictures.h"

#include <math.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "media/still.h"
#include "vision/resize.h"

#define SIDE_MAX 1280

int pictures_copy(const struct fus_image *from, struct fus_image *to, struct fus_error *err)
{
    const int failed = fus_image_alloc(to, from->format, from->width, from->height, err);
    if (!failed)
        fus_image_copy(to, from);
    return failed;
}

int pictures_read(const char *path, struct fus_image *bgr, float *shrink, struct fus_error *err)
{
    struct fus_media_limits limits;
    fus_media_limits_default(&limits);
    FUS_AUTO_STILL struct fus_still still = {0};
    int failed = fus_still_read(path, &limits, &still, err);
    if (failed)
        return failed;
    const int longer = FUS_MAX(still.image.width, still.image.height);
    *shrink = 1.0f;
    if (longer <= SIDE_MAX)
        return pictures_copy(&still.image, bgr, err);
    const double k = (double)SIDE_MAX / longer;
    failed = fus_image_alloc(bgr, FUS_PIXEL_BGR8, (int)lrint(still.image.width * k),
                             (int)lrint(still.image.height * k), err);
    if (failed)
        return failed;
    *shrink = (float)longer / (float)FUS_MAX(bgr->width, bgr->height);
    FUS_CLEANUP(fus_resizer_free) struct fus_resizer *resizer = fus_resizer_new();
    failed = resizer ? fus_resize_image(resizer, &still.image, bgr, FUS_RESIZE_AREA, err)
                     : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    if (failed)
        fus_image_done(bgr);
    return failed;
}

int pictures_write_png(const char *path, const struct fus_image *bgr, struct fus_error *err)
{
    const struct fus_still still = {.image = *bgr, .container = FUS_CONTAINER_PNG};
    const struct fus_still_options options = {.container = FUS_CONTAINER_PNG};
    FUS_AUTO_FREE uint8_t *bytes = NULL;
    size_t size;
    const int failed = fus_still_encode(&still, &options, &bytes, &size, err);
    return failed ? failed : fus_fs_write_atomic(path, bytes, size, 0644, err);
}

int pictures_sheet(struct fus_image *sheet, int columns, int rows, struct fus_error *err)
{
    const int failed = fus_image_alloc(sheet, FUS_PIXEL_BGR8, columns * TILE, rows * TILE, err);
    for (int y = 0; !failed && y < sheet->height; y++)
        memset(sheet->plane[0] + y * sheet->stride_bytes[0], 0, 3 * (size_t)sheet->width);
    return failed;
}

int pictures_put(struct fus_image *sheet, int column, int row, const struct fus_image *picture,
                 struct fus_point centre, float reach, struct fus_error *err)
{
    struct fus_rect rect = {.x = FUS_CLAMP((int)(centre.x - reach), 0, picture->width - 1),
                            .y = FUS_CLAMP((int)(centre.y - reach), 0, picture->height - 1)};
    rect.width = FUS_CLAMP((int)(centre.x + reach), rect.x + 1, picture->width) - rect.x;
    rect.height = FUS_CLAMP((int)(centre.y + reach), rect.y + 1, picture->height) - rect.y;
    const struct fus_plane from = fus_plane_of(picture, rect, 0);
    const struct fus_rect tile = {column * TILE, row * TILE, TILE, TILE};
    const struct fus_plane to = fus_plane_of(sheet, tile, 0);
    FUS_CLEANUP(fus_resizer_free) struct fus_resizer *resizer = fus_resizer_new();
    if (!resizer)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    return fus_resize_plane(resizer, &from, &to, FUS_RESIZE_AREA, err);
}
