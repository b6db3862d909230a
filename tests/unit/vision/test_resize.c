#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support.h"
#include "vision/resize.h"

static void assert_like_plain(struct fus_resizer *resizer, int channels, int fw, int fh, int tw,
                              int th, enum fus_resize_filter filter)
{
    static uint8_t from[200 * 200 * 4], fast[200 * 200 * 4], plain[200 * 200 * 4];
    test_noise(from, sizeof(from), (uint32_t)(fw * 7 + th));
    struct fus_plane a = {from, fw * channels + 3, fw, fh, channels};
    struct fus_plane b = {fast, tw * channels + 1, tw, th, channels};
    struct fus_plane c = {plain, tw * channels + 1, tw, th, channels};
    assert_int_equal(fus_resize_plane(resizer, &a, &b, filter, NULL), 0);
    fus_resize_plane_plain(&a, &c, filter);
    for (int y = 0; y < th; y++) {
        for (int x = 0; x < tw * channels; x++) {
            int i = y * (tw * channels + 1) + x;
            if (abs(fast[i] - plain[i]) > 1)
                fail_msg("%dx%d to %dx%d, %d channels, row %d sample %d: %d and %d", fw, fh, tw, th,
                         channels, y, x, fast[i], plain[i]);
        }
    }
}

static void every_size_agrees_with_the_plain_twin(void **state)
{
    (void)state;
    static const int SIZES[][4] = {
        {64, 48, 32, 24}, {65, 49, 32, 24}, {101, 37, 40, 31}, {17, 9, 64, 40}, {1, 1, 8, 8},
        {90, 60, 1, 1},   {40, 30, 40, 12}, {40, 30, 20, 60},  {3, 150, 2, 7},  {33, 33, 33, 33}};
    FUS_CLEANUP(fus_resizer_free) struct fus_resizer *resizer = fus_resizer_new();
    assert_non_null(resizer);
    for (size_t i = 0; i < FUS_COUNT(SIZES); i++) {
        for (int channels = 1; channels <= 4; channels++) {
            const int *s = SIZES[i];
            assert_like_plain(resizer, channels, s[0], s[1], s[2], s[3], FUS_RESIZE_AREA);
            assert_like_plain(resizer, channels, s[0], s[1], s[2], s[3], FUS_RESIZE_BILINEAR);
        }
    }
}

static void a_flat_picture_stays_flat(void **state)
{
    (void)state;
    static uint8_t from[120 * 90], to[77 * 31];
    for (int v = 0; v < 256; v += 51) {
        memset(from, v, sizeof(from));
        FUS_CLEANUP(fus_resizer_free) struct fus_resizer *resizer = fus_resizer_new();
        struct fus_plane a = {from, 120, 120, 90, 1}, b = {to, 77, 77, 31, 1};
        assert_int_equal(fus_resize_plane(resizer, &a, &b, FUS_RESIZE_AREA, NULL), 0);
        for (size_t i = 0; i < sizeof(to); i++)
            assert_int_equal(to[i], v);
    }
}

static void planes_of_a_rectangle_start_at_its_cells(void **state)
{
    (void)state;
    FUS_AUTO_IMAGE struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_YUV420P8, 21, 11, NULL), 0);
    struct fus_plane p = fus_plane_of(&image, (struct fus_rect){5, 3, 4, 4}, 1);
    assert_ptr_equal(p.data, image.plane[1] + image.stride_bytes[1] + 2);
    assert_int_equal(p.width, 3);  /* cells 2, 3, 4 */
    assert_int_equal(p.height, 3); /* cells 1, 2, 3 */
    p = fus_plane_of(&image, (struct fus_rect){0, 0, 21, 11}, 2);
    assert_int_equal(p.width, 11);
    assert_int_equal(p.height, 6);
}

static void a_picture_is_resized_plane_by_plane(void **state)
{
    (void)state;
    FUS_AUTO_IMAGE struct fus_image from = {0}, to = {0};
    assert_int_equal(fus_image_alloc(&from, FUS_PIXEL_YUV420P8, 20, 10, NULL), 0);
    assert_int_equal(fus_image_alloc(&to, FUS_PIXEL_YUV420P8, 10, 5, NULL), 0);
    test_image_noise(&from, 1);
    from.matrix = FUS_MATRIX_BT709;
    FUS_CLEANUP(fus_resizer_free) struct fus_resizer *resizer = fus_resizer_new();
    assert_int_equal(fus_resize_image(resizer, &from, &to, FUS_RESIZE_AREA, NULL), 0);
    assert_int_equal(to.matrix, FUS_MATRIX_BT709);
    const uint8_t *p = from.plane[0];
    ptrdiff_t s = from.stride_bytes[0];
    assert_int_equal(to.plane[0][0], (p[0] + p[1] + p[s] + p[s + 1] + 2) / 4);
}

static void impossible_sizes_and_lack_of_memory_are_errors(void **state)
{
    (void)state;
    static uint8_t from[64 * 64], to[64 * 64];
    struct fus_plane a = {from, 64, 64, 64, 1}, b = {to, 40, 40, 30, 1}, bad = {to, 40, 0, 30, 1};
    FUS_CLEANUP(fus_resizer_free) struct fus_resizer *resizer = fus_resizer_new();
    assert_int_equal(fus_resize_plane(resizer, &a, &bad, FUS_RESIZE_AREA, NULL), FUS_E_INTERNAL);
    int k = 0;
    for (bool failed = true; failed; k++) {
        fus_mem_fail_after(k);
        int rc = fus_resize_plane(resizer, &a, &b, FUS_RESIZE_AREA, NULL);
        failed = fus_mem_failed();
        fus_mem_fail_off();
        assert_int_equal(rc, failed ? FUS_E_OUT_OF_MEMORY : 0);
    }
    /* Once grown, nothing is allocated any more. */
    fus_mem_fail_after(0);
    assert_int_equal(fus_resize_plane(resizer, &a, &b, FUS_RESIZE_AREA, NULL), 0);
    assert_false(fus_mem_failed());
    fus_mem_fail_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_agrees_with_the_plain_twin),
        cmocka_unit_test(a_flat_picture_stays_flat),
        cmocka_unit_test(planes_of_a_rectangle_start_at_its_cells),
        cmocka_unit_test(a_picture_is_resized_plane_by_plane),
        cmocka_unit_test(impossible_sizes_and_lack_of_memory_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
