#include "../cmocka_all.h"

#include <string.h>

#include "base/image.h"
#include "base/mem.h"

static void planes_are_aligned_and_of_the_right_size(void **state)
{
    FUS_AUTO_IMAGE struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_YUV420P8, 33, 17, NULL), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal((uintptr_t)image.plane[i] % 64, 0);
        assert_int_equal(image.stride_bytes[i] % 64, 0);
        int rows = i > 0 ? 9 : 17, columns = i > 0 ? 17 : 33;
        for (int y = 0; y < rows; y++)
            memset(image.plane[i] + y * image.stride_bytes[i], i, (size_t)columns);
    }
    assert_int_equal(image.plane[0][16 * image.stride_bytes[0] + 32], 0);
    assert_int_equal(image.plane[1][8 * image.stride_bytes[1] + 16], 1);
}

static void impossible_sizes_are_refused(void **state)
{
    struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_BGR8, 0, 5, NULL), FUS_E_MEDIA_TOO_LARGE);
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_BGR8, 5, -1, NULL), FUS_E_MEDIA_TOO_LARGE);
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_BGR8, 1 << 20, 1 << 20, NULL),
                     FUS_E_MEDIA_TOO_LARGE);
    fus_mem_fail_after(0);
    int status = fus_image_alloc(&image, FUS_PIXEL_BGR8, 5, 5, NULL);
    fus_mem_fail_off();
    assert_int_equal(status, FUS_E_OUT_OF_MEMORY);
    assert_null(image.plane[0]);
    fus_image_done(&image);
}

static void a_copy_takes_pixels_and_colour_facts(void **state)
{
    FUS_AUTO_IMAGE struct fus_image from = {0};
    FUS_AUTO_IMAGE struct fus_image to = {0};
    assert_int_equal(fus_image_alloc(&from, FUS_PIXEL_YUV422P8, 6, 4, NULL), 0);
    assert_int_equal(fus_image_alloc(&to, FUS_PIXEL_YUV422P8, 6, 4, NULL), 0);
    for (int i = 0; i < 3; i++) {
        for (int y = 0; y < 4; y++)
            memset(from.plane[i] + y * from.stride_bytes[i], 10 * i + y, 6);
    }
    from.matrix = FUS_MATRIX_BT709;
    from.full_range = true;
    fus_image_copy(&to, &from);
    assert_int_equal(to.plane[2][3 * to.stride_bytes[2] + 2], 23);
    assert_int_equal(to.matrix, FUS_MATRIX_BT709);
    assert_true(to.full_range);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_are_aligned_and_of_the_right_size),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(a_copy_takes_pixels_and_colour_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
