#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/upright.h"

static const enum fus_pixel_format formats[] = {FUS_PIXEL_YUV420P8, FUS_PIXEL_YUV422P8,
                                                FUS_PIXEL_YUV444P8};

static size_t row_count(const struct fus_image *image, int plane)
{
    int shift = plane ? fus_image_chroma_shift_y(image->format) : 0;

    return (size_t)((image->height + shift) >> shift);
}

static size_t row_bytes(const struct fus_image *image, int plane)
{
    int shift = plane ? fus_image_chroma_shift_x(image->format) : 0;

    return (size_t)((image->width + shift) >> shift);
}

static void fill(struct fus_image *image)
{
    uint32_t noise = 1;

    for (int p = 0; p < 3; p++) {
        for (size_t y = 0; y < row_count(image, p); y++) {
            for (size_t x = 0; x < row_bytes(image, p); x++) {
                noise = noise * 1664525u + 1013904223u;
                image->plane[p][(ptrdiff_t)y * image->stride_bytes[p] + (ptrdiff_t)x] =
                    (uint8_t)(noise >> 24);
            }
        }
    }
}

static void assert_same(const struct fus_image *a, const struct fus_image *b)
{
    for (int p = 0; p < 3; p++) {
        for (size_t y = 0; y < row_count(a, p); y++)
            assert_memory_equal(a->plane[p] + (ptrdiff_t)y * a->stride_bytes[p],
                                b->plane[p] + (ptrdiff_t)y * b->stride_bytes[p], row_bytes(a, p));
    }
}

static void turning_there_and_back_changes_nothing(void **state)
{
    static const int sizes[][2] = {{64, 48}, {67, 35}, {1, 1}, {2, 97}};

    for (size_t f = 0; f < FUS_COUNT(formats); f++) {
        for (int rotation = 90; rotation < 360; rotation += 90) {
            for (size_t s = 0; s < FUS_COUNT(sizes); s++) {
                FUS_AUTO_IMAGE struct fus_image stored = {0}, copy = {0}, upright = {0};

                assert_int_equal(
                    fus_image_alloc(&stored, formats[f], sizes[s][0], sizes[s][1], NULL), 0);
                assert_int_equal(fus_image_alloc(&copy, formats[f], sizes[s][0], sizes[s][1], NULL),
                                 0);
                fill(&stored);
                fus_image_copy(&copy, &stored);
                assert_int_equal(fus_upright_alloc(&upright, &stored, rotation, NULL), 0);
                fus_upright_from(&upright, &stored, rotation);
                fill(&stored); /* so that every sample has to come back */
                memset(stored.plane[0], 0, 1);
                fus_upright_to(&upright, &stored, rotation);
                assert_same(&stored, &copy);
            }
        }
    }
}

/* A player that turns by 90 degrees clockwise shows the stored top left corner at the top right. */
static void the_turn_is_clockwise(void **state)
{
    FUS_AUTO_IMAGE struct fus_image stored = {0}, quarter = {0}, half = {0}, three = {0};

    assert_int_equal(fus_image_alloc(&stored, FUS_PIXEL_YUV420P8, 8, 4, NULL), 0);
    memset(stored.plane[0], 0, (size_t)(4 * stored.stride_bytes[0]));
    memset(stored.plane[1], 0, (size_t)(2 * stored.stride_bytes[1]));
    memset(stored.plane[2], 0, (size_t)(2 * stored.stride_bytes[2]));
    stored.plane[0][0] = 200;

    assert_int_equal(fus_upright_alloc(&quarter, &stored, 90, NULL), 0);
    assert_int_equal(quarter.width, 4);
    assert_int_equal(quarter.height, 8);
    fus_upright_from(&quarter, &stored, 90);
    assert_int_equal(quarter.plane[0][3], 200);

    assert_int_equal(fus_upright_alloc(&half, &stored, 180, NULL), 0);
    fus_upright_from(&half, &stored, 180);
    assert_int_equal(half.plane[0][3 * half.stride_bytes[0] + 7], 200);

    assert_int_equal(fus_upright_alloc(&three, &stored, 270, NULL), 0);
    fus_upright_from(&three, &stored, 270);
    assert_int_equal(three.plane[0][7 * three.stride_bytes[0]], 200);
}

static void colour_facts_come_along(void **state)
{
    FUS_AUTO_IMAGE struct fus_image stored = {0}, upright = {0};

    assert_int_equal(fus_image_alloc(&stored, FUS_PIXEL_YUV422P8, 8, 4, NULL), 0);
    stored.matrix = FUS_MATRIX_BT709;
    stored.full_range = true;
    assert_int_equal(fus_upright_alloc(&upright, &stored, 270, NULL), 0);
    assert_int_equal(upright.format, FUS_PIXEL_YUV444P8);
    assert_int_equal(upright.matrix, FUS_MATRIX_BT709);
    assert_true(upright.full_range);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turning_there_and_back_changes_nothing),
        cmocka_unit_test(the_turn_is_clockwise),
        cmocka_unit_test(colour_facts_come_along),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
