#include "golden_support.h"

#include <math.h>

#include "base/mem.h"
#include "vision/crop.h"
#include "vision/face_mask.h"

bool parity_make_picture(struct parity_case *c, int width, int height, struct fus_plane *plane)
{
    uint8_t *data = fus_calloc((size_t)width * (size_t)height, 3);
    if (!data)
        parity_fail(c, "not enough memory");
    *plane = (struct fus_plane){data, (ptrdiff_t)width * 3, width, height, 3};
    return data != NULL;
}

size_t parity_points(const struct fus_npy *array, struct fus_point *points, size_t max)
{
    size_t count = FUS_MIN(array->count / 2, max);
    for (size_t i = 0; i < count; i++)
        points[i] = (struct fus_point){(float)fus_npy_at(array, 2 * i),
                                       (float)fus_npy_at(array, 2 * i + 1)};
    return count;
}

void parity_row_crop(struct parity *run, const char *family, const char *file, const char *picture,
                     const char *landmarks, enum fus_template which, int size)
{
    struct parity_case c;
    if (parity_open(&c, run, family, file)) {
        const struct fus_npy *from = parity_input(&c, picture),
                             *points = parity_input(&c, landmarks);
        struct fus_plane crop = {0};
        struct fus_point five[5];
        struct fus_affine m;
        if (from && points && parity_points(points, five, 5) == 5 &&
            parity_make_picture(&c, size, size, &crop)) {
            const struct fus_plane plane = parity_plane(from);
            if (fus_template_affine(which, five, size, &m) &&
                fus_crop_u8(&plane, &m, FUS_BORDER_REPLICATE, &crop))
                parity_picture(&c, &crop, PARITY_E1);
        }
        fus_free(crop.data);
    }
    parity_close(&c);
}

void parity_row_tensor(struct parity *run, const char *family, const char *file,
                       const char *picture, const struct fus_lut *lut, bool planes)
{
    struct parity_case c;
    if (parity_open(&c, run, family, file)) {
        const struct fus_npy *from = parity_input(&c, picture);
        FUS_AUTO_FREE float *tensor = from ? fus_calloc(from->count, sizeof(float)) : NULL;
        if (tensor && c.want->count == from->count) {
            const struct fus_plane plane = parity_plane(from);
            size_t width = (size_t)plane.width;
            if (planes)
                fus_lut_chw(lut, &plane, tensor, width * (size_t)plane.height, width);
            else
                fus_lut_hwc(lut, &plane, tensor, 3 * width);
            parity_f32(&c, tensor, PARITY_E);
        }
    }
    parity_close(&c);
}

void parity_row_box_mask(struct parity *run, const char *family, const char *file, int size)
{
    static const int padding[4] = {0};
    struct parity_case c;
    if (parity_open(&c, run, family, file)) {
        size_t count = (size_t)size * (size_t)size;
        FUS_AUTO_FREE float *mask = fus_calloc(count, sizeof(float));
        FUS_AUTO_FREE float *scratch = fus_calloc(fus_mask_scratch(size, size), sizeof(float));
        if (mask && scratch && c.want->count == count) {
            fus_mask_box(mask, size, 0.3, padding, scratch);
            parity_f32(&c, mask, parity_f(2e-6));
        }
    }
    parity_close(&c);
}

void parity_row_equals(struct parity *run, const char *family, const char *file, const char *other,
                       int row)
{
    struct parity_case c;
    if (parity_open(&c, run, family, file)) {
        const struct fus_npy *from = parity_input(&c, other);
        size_t offset = row > 0 ? (size_t)row * c.want->count : 0;
        if (from && offset + c.want->count <= from->count) {
            for (size_t i = 0; i < c.want->count; i++)
                parity_number(&c, fus_npy_at(from, offset + i), fus_npy_at(c.want, i), PARITY_E);
        }
    }
    parity_close(&c);
}
