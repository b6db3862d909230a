/* Recorded values of FaceFusion's face models; tests that need one which is not at hand skip. */
#ifndef FUS_TESTS_FACES_RECORDED_H
#define FUS_TESTS_FACES_RECORDED_H

#include "fake.h"
#include "parity/npy.h"
#include "vision/resize.h"

static inline struct fus_npy recorded(const char *name)
{
    struct fus_npy array = {0};
    struct fus_error err = {0};
    int rc = fus_golden_read(FUS_SOURCE_ROOT, name, &array, &err);
    if (rc == FUS_E_NOT_FOUND) {
        print_message("# no recorded %s\n", name);
        skip();
    }
    if (rc < 0)
        fail_msg("%s: %s", name, err.detail);
    return array;
}

static inline struct fus_plane recorded_plane(const struct fus_npy *array)
{
    assert_non_null(fus_npy_u8(array));
    assert_int_equal(array->shape[2], 3);
    return (struct fus_plane){array->data, 3 * (ptrdiff_t)array->shape[1], (int)array->shape[1],
                              (int)array->shape[0], 3};
}

static inline void recorded_points(const struct fus_npy *array, struct fus_point *points,
                                   size_t count)
{
    assert_int_equal(array->count, 2 * count);
    for (size_t i = 0; i < count; i++)
        points[i] = (struct fus_point){(float)fus_npy_at(array, 2 * i),
                                       (float)fus_npy_at(array, 2 * i + 1)};
}

#endif
