#include <math.h>

#include "golden.h"
#include "vision/crop.h"
#include "vision/draw.h"
#include "vision/face_mask.h"
#include "vision/templates.h"

enum { WIDTH = 70, HEIGHT = 60 };
static const uint8_t WHITE[3] = {255, 255, 255};

static long lit(const uint8_t *bgr)
{
    return test_sum(bgr, WIDTH * HEIGHT * 3) / (3 * 255);
}

/* Numbers of pixels and a position-weighted sum: OpenCV 4.6 on the same shapes. */
static long weighed(const uint8_t *bgr)
{
    long sum = 0;
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        sum += bgr[3 * i] ? (long)i % 251 + i / 97 : 0;
    return sum;
}

static void shapes_have_opencvs_pixels(void **state)
{
    (void)state;
    static const long WANT[][2] = {{158, 17723},   {62, 8926},   {13, 2088},   {426, 59695},
                                   {472, 61264},   {204, 29401}, {48, 6872},   {1527, 222396},
                                   {784, 121443},  {350, 50268}, {96, 13171},  {1837, 267675},
                                   {784, 121443},  {350, 50268}, {152, 21821}, {1837, 267675},
                                   {1096, 157799}, {514, 74067}, {226, 32291}, {2637, 384130}};
    static uint8_t bgr[WIDTH * HEIGHT * 3], mask[WIDTH * HEIGHT];
    struct fus_plane plane = {bgr, WIDTH * 3, WIDTH, HEIGHT, 3};
    struct fus_plane regions = {mask, WIDTH, WIDTH, HEIGHT, 1};
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            mask[y * WIDTH + x] = sin(x * 0.3) + cos(y * 0.23 + x * 0.05) > 0.2;
    size_t at = 0;
    for (int k = 1; k <= 5; k++)
        for (int shape = 0; shape < 4; shape++, at++) {
            memset(bgr, 0, sizeof(bgr));
            if (shape == 0)
                fus_draw_rectangle(&plane, (struct fus_pixel){10, 8}, (struct fus_pixel){80, 47},
                                   WHITE, k);
            else if (shape == 1)
                fus_draw_line(&plane, (struct fus_pixel){-7, 50}, (struct fus_pixel){61, 13}, WHITE,
                              k);
            else if (shape == 2)
                fus_draw_disc(&plane, (struct fus_pixel){66, 30}, 2 * k, WHITE);
            else
                fus_draw_contours(&plane, &regions, WHITE, k);
            assert_int_equal(lit(bgr), WANT[at][0]);
            assert_int_equal(weighed(bgr), WANT[at][1]);
        }
}

static void far_away_coordinates_draw_nothing(void **state)
{
    (void)state;
    static uint8_t bgr[WIDTH * HEIGHT * 3];
    struct fus_plane plane = {bgr, WIDTH * 3, WIDTH, HEIGHT, 3};
    fus_draw_line(&plane, (struct fus_pixel){INT32_MIN, 0}, (struct fus_pixel){INT32_MAX, 5}, WHITE,
                  3);
    fus_draw_rectangle(&plane, (struct fus_pixel){-500, -500}, (struct fus_pixel){-400, INT32_MAX},
                       WHITE, 3);
    fus_draw_disc(&plane, (struct fus_pixel){INT32_MAX, 5}, 9, WHITE);
    assert_int_equal(lit(bgr), 0);
}

/* The recorded picture of upstream's face_debugger: the box mask's contour and five discs. */
static void the_debuggers_picture_is_equal(void **state)
{
    (void)state;
    FUS_AUTO_NPY struct fus_npy frame = test_golden("processors2/face_debugger/source_frame.npy");
    FUS_AUTO_NPY struct fus_npy recorded =
        test_golden("processors2/face_debugger/landmark_5_68.npy");
    FUS_AUTO_NPY struct fus_npy want = test_golden("processors2/face_debugger/rendered_frame.npy");
    enum { SIZE = 512, SIDE = 384 };
    static float mask[SIZE * SIZE];
    static uint8_t crop[SIZE * SIZE], region[SIDE * SIDE];
    struct fus_point points[5];
    test_golden_points(&recorded, points, 5);
    struct fus_affine m, back;
    assert_true(fus_template_affine(FUS_TEMPLATE_ARCFACE_128, points, SIZE, &m));
    assert_true(fus_crop_inverse(&m, &back));
    const int none[4] = {0};
    float *scratch = malloc(fus_mask_scratch(SIZE, SIZE) * sizeof(float));
    fus_mask_box(mask, SIZE, 0, none, scratch);
    free(scratch);
    for (int i = 0; i < SIZE * SIZE; i++)
        crop[i] = (uint8_t)(mask[i] * 255);
    struct fus_plane from = {crop, SIZE, SIZE, SIZE, 1}, to = {region, SIDE, SIDE, SIDE, 1};
    assert_true(fus_crop_u8(&from, &back, FUS_BORDER_BLACK, &to));
    for (int i = 0; i < SIDE * SIDE; i++)
        region[i] = region[i] > 100;
    struct fus_plane plane = test_golden_plane(&frame);
    const uint8_t cyan[3] = {255, 255, 0};
    fus_draw_contours(&plane, &to, cyan, 1);
    for (int i = 0; i < 5; i++)
        fus_draw_disc(&plane, (struct fus_pixel){(int)points[i].x, (int)points[i].y}, 1, cyan);
    assert_memory_equal(plane.data, want.data, want.count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_have_opencvs_pixels),
        cmocka_unit_test(far_away_coordinates_draw_nothing),
        cmocka_unit_test(the_debuggers_picture_is_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
