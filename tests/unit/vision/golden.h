/* Recorded values and formula-made pictures for the tests of exact primitives. */
#ifndef FUS_TESTS_VISION_GOLDEN_H
#define FUS_TESTS_VISION_GOLDEN_H

#include <stdlib.h>
#include <string.h>

#include "parity/npy.h"
#include "support.h"
#include "vision/affine.h"
#include "vision/resize.h"

/* Reads an array, or skips the test where the recorded values are not at hand. */
static inline struct fus_npy test_golden(const char *name)
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

static inline struct fus_plane test_golden_plane(const struct fus_npy *array)
{
    assert_non_null(fus_npy_u8(array));
    int channels = array->rank == 3 ? (int)array->shape[2] : 1;
    return (struct fus_plane){array->data, (ptrdiff_t)array->shape[1] * channels,
                              (int)array->shape[1], (int)array->shape[0], channels};
}

static inline struct fus_affine test_golden_affine(const struct fus_npy *array)
{
    const double *m = fus_npy_f64(array);
    assert_non_null(m);
    return (struct fus_affine){m[0], m[1], m[2], m[3], m[4], m[5]};
}

static inline void test_golden_points(const struct fus_npy *array, struct fus_point *points,
                                      size_t count)
{
    assert_true(array->count == 2 * count);
    for (size_t i = 0; i < count; i++)
        points[i] = (struct fus_point){(float)fus_npy_at(array, 2 * i),
                                       (float)fus_npy_at(array, 2 * i + 1)};
}

/* How many bytes differ, at most by `most`. */
static inline size_t test_differing(const uint8_t *a, const uint8_t *b, size_t count, int most)
{
    size_t differing = 0;
    for (size_t i = 0; i < count; i++) {
        if (a[i] != b[i])
            differing++;
        if (abs(a[i] - b[i]) > most)
            fail_msg("byte %zu: %d, not %d", i, a[i], b[i]);
    }
    return differing;
}

static inline float test_worst(const float *a, const float *b, size_t count)
{
    float worst = 0;
    for (size_t i = 0; i < count; i++) {
        float d = a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
        worst = d > worst ? d : worst;
    }
    return worst;
}

static inline long test_sum(const uint8_t *bytes, size_t count)
{
    long sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += bytes[i];
    return sum;
}

/* size x size pictures of the recorded synthetic cases. */
enum test_picture { TEST_G200, TEST_A150, TEST_B80 };
static inline struct fus_plane test_picture(enum test_picture which, uint8_t *bgr)
{
    int size = which == TEST_G200 ? 200 : which == TEST_A150 ? 150 : 80;
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++) {
            uint8_t *p = bgr + 3 * (y * size + x);
            p[0] = (uint8_t)(which == TEST_G200 ? x : which == TEST_A150 ? 3 * x : 7 * x + 11);
            p[1] = (uint8_t)(which == TEST_G200 ? y : which == TEST_A150 ? 5 * y : 3 * y + 17);
            p[2] = (uint8_t)(which == TEST_B80 ? y * x + 5 : y + x);
        }
    return (struct fus_plane){bgr, 3 * size, size, size, 3};
}

#endif
