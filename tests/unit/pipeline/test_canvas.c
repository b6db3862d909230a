#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/canvas.h"
#include "vision/color.h"

#define WIDTH 48
#define HEIGHT 32

static void fill(struct fus_image *image)
{
    unsigned seed = 7;

    assert_int_equal(fus_image_alloc(image, FUS_PIXEL_YUV420P8, WIDTH, HEIGHT, NULL), 0);
    image->matrix = FUS_MATRIX_BT709;
    image->full_range = false;
    for (int p = 0; p < 3; p++) {
        int rows = p ? HEIGHT / 2 : HEIGHT, columns = p ? WIDTH / 2 : WIDTH;

        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < columns; x++) {
                seed = seed * 1103515245u + 12345u;
                image->plane[p][y * image->stride_bytes[p] + x] =
                    (uint8_t)(60 + (seed >> 16) % 120);
            }
        }
    }
}

static void paint(struct fus_image *bgr, struct fus_rect rect, uint8_t value)
{
    for (int y = rect.y; y < rect.y + rect.height; y++)
        memset(bgr->plane[0] + y * bgr->stride_bytes[0] + 3 * rect.x, value,
               (size_t)(3 * rect.width));
}

static void only_pixels_that_look_different_change_in_the_planes(void **state)
{
    FUS_AUTO_IMAGE struct fus_image image = {0}, before = {0};
    struct fus_canvas canvas = {0};
    struct fus_image *bgr;
    const struct fus_rect painted = {10, 8, 12, 6};

    (void)state;
    fill(&image);
    fill(&before);
    fus_canvas_start(&canvas, &image);
    assert_int_equal(fus_canvas_bgr(&canvas, &bgr, NULL), 0);
    paint(bgr, painted, 200);
    /* more is said to have changed than has */
    fus_canvas_changed(&canvas, (struct fus_rect){-5, -5, WIDTH + 9, HEIGHT + 9});
    assert_int_equal(fus_canvas_finish(&canvas, NULL), 0);
    assert_false(canvas.sized);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            bool inside = x >= 10 && x < 22 && y >= 8 && y < 14;
            uint8_t luma = image.plane[0][y * image.stride_bytes[0] + x];
            uint8_t blue = image.plane[1][y / 2 * image.stride_bytes[1] + x / 2];

            if (inside) {
                assert_in_range(luma, 186, 189); /* 16 + 200 * 219 / 255 */
                assert_in_range(blue, 127, 129);
            } else {
                assert_int_equal(luma, before.plane[0][y * before.stride_bytes[0] + x]);
                assert_int_equal(blue, before.plane[1][y / 2 * before.stride_bytes[1] + x / 2]);
            }
        }
    }
    fus_canvas_done(&canvas);
}

static void what_is_written_to_the_planes_shows_in_bgr(void **state)
{
    FUS_AUTO_IMAGE struct fus_image image = {0};
    struct fus_canvas canvas = {0};
    struct fus_image *native, *bgr;

    (void)state;
    fill(&image);
    fus_canvas_start(&canvas, &image);
    assert_int_equal(fus_canvas_bgr(&canvas, &bgr, NULL), 0);
    assert_int_equal(fus_canvas_native(&canvas, &native, NULL), 0);
    assert_ptr_equal(native, &image);
    memset(native->plane[0], 235, (size_t)(native->stride_bytes[0] * HEIGHT));
    memset(native->plane[1], 128, (size_t)(native->stride_bytes[1] * HEIGHT / 2));
    memset(native->plane[2], 128, (size_t)(native->stride_bytes[2] * HEIGHT / 2));
    assert_int_equal(fus_canvas_bgr(&canvas, &bgr, NULL), 0);
    assert_in_range(bgr->plane[0][3 * 20 + bgr->stride_bytes[0] * 9], 254, 255);
    fus_canvas_done(&canvas);
}

static void another_size_leaves_the_planes_alone(void **state)
{
    FUS_AUTO_IMAGE struct fus_image image = {0}, before = {0};
    struct fus_canvas canvas = {0};
    struct fus_image *native, *enlarged;

    (void)state;
    fill(&image);
    fill(&before);
    fus_canvas_start(&canvas, &image);
    assert_int_equal(fus_canvas_resize(&canvas, WIDTH / 2, HEIGHT / 2, NULL), 0);
    assert_true(canvas.sized);
    assert_int_equal(fus_canvas_enlarge(&canvas, 3, &enlarged, NULL), 0);
    assert_int_equal(enlarged->width, WIDTH / 2 * 3);
    paint(enlarged, (struct fus_rect){0, 0, enlarged->width, enlarged->height}, 9);
    fus_canvas_take(&canvas);
    assert_int_equal(fus_canvas_width(&canvas), WIDTH / 2 * 3);
    assert_int_equal(fus_canvas_native(&canvas, &native, NULL), 0);
    assert_int_equal(native->format, FUS_PIXEL_BGR8);
    assert_int_equal(native->plane[0][100], 9);
    assert_memory_equal(image.plane[0], before.plane[0], WIDTH);
    /* and the next picture begins anew */
    fus_canvas_start(&canvas, &image);
    assert_int_equal(fus_canvas_width(&canvas), WIDTH);
    assert_int_equal(fus_canvas_native(&canvas, &native, NULL), 0);
    assert_ptr_equal(native, &image);
    fus_canvas_done(&canvas);
}

static void too_large_is_an_error(void **state)
{
    FUS_AUTO_IMAGE struct fus_image image = {0};
    struct fus_canvas canvas = {0};
    struct fus_image *enlarged;
    struct fus_error err = {0};

    (void)state;
    fill(&image);
    fus_canvas_start(&canvas, &image);
    assert_int_equal(fus_canvas_enlarge(&canvas, 100000, &enlarged, &err), FUS_E_MEDIA_TOO_LARGE);
    assert_non_null(strstr(err.detail, "4800000 x 3200000"));
    fus_canvas_done(&canvas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_pixels_that_look_different_change_in_the_planes),
        cmocka_unit_test(what_is_written_to_the_planes_shows_in_bgr),
        cmocka_unit_test(another_size_leaves_the_planes_alone),
        cmocka_unit_test(too_large_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
