#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support.h"
#include "vision/planar.h"
#include "vision/warp.h"

/* A smooth picture with detail of several sizes, defined everywhere. */
static double scene(double x, double y, int c)
{
    return 128 + 50 * sin(x / 17 + c) + 40 * cos(y / 11 - c) + 20 * sin((x + 2 * y) / 6.5);
}

static void paint(struct fus_image *image)
{
    for (int y = 0; y < image->height; y++) {
        for (int x = 0; x < image->width; x++) {
            for (int c = 0; c < 3; c++) {
                double v = scene(x, y, c);
                image->plane[0][y * image->stride_bytes[0] + 3 * x + c] =
                    (uint8_t)FUS_CLAMP(lround(v), 0, 255);
            }
        }
    }
}

/* The picture blurred by a full Gaussian at its own size, then sampled: the definition. */
static double blurred_sample(const struct fus_image *image, double px, double py, int c,
                             double sigma)
{
    int radius = (int)ceil(4 * sigma) + 1;
    double sum = 0, weights = 0;
    for (int y = (int)floor(py) - radius; y <= (int)floor(py) + radius; y++) {
        for (int x = (int)floor(px) - radius; x <= (int)floor(px) + radius; x++) {
            int ix = FUS_CLAMP(x, 0, image->width - 1), iy = FUS_CLAMP(y, 0, image->height - 1);
            double w = exp(-((x - px) * (x - px) + (y - py) * (y - py)) / (2 * sigma * sigma));
            sum += w * image->plane[0][iy * image->stride_bytes[0] + 3 * ix + c];
            weights += w;
        }
    }
    return sum / weights;
}

static void a_crop_is_the_blurred_picture_sampled(void **state)
{
    (void)state;
    FUS_AUTO_IMAGE struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_BGR8, 400, 300, NULL), 0);
    paint(&image);
    FUS_CLEANUP(fus_planar_scratch_free)
    struct fus_planar_scratch *scratch = fus_planar_scratch_new();
    static float planes[3 * 64 * 64];
    struct fus_planar out = {planes, 64 * 64, 64, 0, 1, false};
    static const double SCALES[] = {0.2, 0.3, 0.45, 0.59, 0.8, 1.7};
    for (size_t s = 0; s < FUS_COUNT(SCALES); s++) {
        double k = SCALES[s], c = k * cos(0.3), r = k * sin(0.3);
        struct fus_affine m = {c, -r, 32 - (c * 190 - r * 140), r, c, 32 - (r * 190 + c * 140)},
                          back;
        assert_true(fus_affine_invert(&m, &back));
        assert_int_equal(fus_planar_crop(scratch, &image, &m, 64, &out, NULL), 0);
        double sum = 0;
        for (int y = 0; y < 64; y += 3) {
            for (int x = 0; x < 64; x += 3) {
                struct fus_point p =
                    fus_affine_apply(&back, (struct fus_point){(float)x, (float)y});
                double want = k < 0.6
                                  ? blurred_sample(&image, (double)p.x, (double)p.y, 1, 0.45 / k)
                                  : scene((double)p.x, (double)p.y, 1);
                sum += fabs(planes[64 * 64 + y * 64 + x] - want);
            }
        }
        double mean = sum / (22 * 22);
        if (mean > 1.5)
            fail_msg("scale %.2f: mean error %.2f", k, mean);
    }
}

static void a_crop_from_yuv_is_that_from_bgr(void **state)
{
    (void)state;
    FUS_AUTO_IMAGE struct fus_image bgr = {0};
    assert_int_equal(fus_image_alloc(&bgr, FUS_PIXEL_BGR8, 333, 251, NULL), 0);
    paint(&bgr);
    FUS_CLEANUP(fus_planar_scratch_free)
    struct fus_planar_scratch *scratch = fus_planar_scratch_new();
    static float a[3 * 64 * 64], b[3 * 64 * 64];
    struct fus_planar out_a = {a, 64 * 64, 64, 0, 1, false}, out_b = {b, 64 * 64, 64, 0, 1, false};
    for (int format = FUS_PIXEL_YUV420P8; format <= FUS_PIXEL_YUV444P8; format++) {
        FUS_AUTO_IMAGE struct fus_image yuv = {0};
        assert_int_equal(fus_image_alloc(&yuv, (enum fus_pixel_format)format, 333, 251, NULL), 0);
        yuv.matrix = FUS_MATRIX_BT709;
        fus_color_from_bgr(&yuv, (struct fus_rect){0, 0, 333, 251}, bgr.plane[0],
                           bgr.stride_bytes[0], NULL, 0);
        for (int i = 0; i < 5; i++) {
            double k = 0.25 + 0.2 * i;
            struct fus_affine m = {k, 0.02, -k * (40 + 20 * i), -0.02, k, -k * 50};
            assert_int_equal(fus_planar_crop(scratch, &bgr, &m, 64, &out_a, NULL), 0);
            assert_int_equal(fus_planar_crop(scratch, &yuv, &m, 64, &out_b, NULL), 0);
            double sum = 0;
            for (size_t j = 0; j < FUS_COUNT(a); j++)
                sum += fabs((double)(a[j] - b[j]));
            if (sum / (double)FUS_COUNT(a) > 2)
                fail_msg("format %d scale %.2f: mean difference %.2f", format, k,
                         sum / (double)FUS_COUNT(a));
        }
    }
}

static void crops_at_and_beyond_the_border_are_filled(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_planar_scratch_free)
    struct fus_planar_scratch *scratch = fus_planar_scratch_new();
    static float planes[3 * 32 * 32];
    struct fus_planar out = {planes, 32 * 32, 32, 0, 1, false};
    for (int format = FUS_PIXEL_BGR8; format <= FUS_PIXEL_YUV444P8; format++) {
        FUS_AUTO_IMAGE struct fus_image image = {0};
        assert_int_equal(fus_image_alloc(&image, (enum fus_pixel_format)format, 51, 37, NULL), 0);
        for (int p = 0; p < (fus_image_is_yuv(&image) ? 3 : 1); p++) {
            int sy = p > 0 ? fus_image_chroma_shift_y(image.format) : 0;
            memset(image.plane[p], 128, (size_t)(((37 + sy) >> sy) * image.stride_bytes[p]));
        }
        image.full_range = true;
        static const double SHIFTS[] = {-2000, -60, 0, 30, 5000, 1e9};
        for (size_t i = 0; i < FUS_COUNT(SHIFTS); i++) {
            struct fus_affine m = {0.3, 0.1, SHIFTS[i], -0.1, 0.3, -SHIFTS[i] / 2};
            memset(planes, 0, sizeof(planes));
            assert_int_equal(fus_planar_crop(scratch, &image, &m, 32, &out, NULL), 0);
            for (size_t j = 0; j < FUS_COUNT(planes); j++)
                assert_float_equal(planes[j], 128, 0.51);
        }
    }
    FUS_AUTO_IMAGE struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_BGR8, 51, 37, NULL), 0);
    struct fus_affine flat = {0}, wild = {NAN, 0, 0, 0, 1, 0};
    assert_int_equal(fus_planar_crop(scratch, &image, &flat, 32, &out, NULL), FUS_E_INTERNAL);
    assert_int_equal(fus_planar_crop(scratch, &image, &wild, 32, &out, NULL), FUS_E_INTERNAL);
}

static void a_second_frame_allocates_nothing(void **state)
{
    (void)state;
    FUS_AUTO_IMAGE struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_YUV420P8, 320, 180, NULL), 0);
    test_image_noise(&image, 4);
    static float planes[3 * 160 * 96];
    struct fus_planar out = {planes, 160 * 96, 160, 0, 1, false};
    bool failed = true;
    FUS_CLEANUP(fus_planar_scratch_free) struct fus_planar_scratch *scratch = NULL;
    for (int k = 0; failed; k++) {
        fus_planar_scratch_free(FUS_TAKE(scratch));
        fus_mem_fail_after(k);
        scratch = fus_planar_scratch_new();
        int rc = FUS_E_OUT_OF_MEMORY;
        if (scratch != NULL)
            rc = fus_planar_resize(scratch, &image, (struct fus_rect){0, 0, 320, 180}, 150, 90,
                                   &out, NULL);
        failed = fus_mem_failed();
        fus_mem_fail_off();
        assert_int_equal(rc, failed ? FUS_E_OUT_OF_MEMORY : 0);
    }
    fus_mem_fail_after(0);
    assert_int_equal(
        fus_planar_resize(scratch, &image, (struct fus_rect){0, 0, 320, 180}, 150, 90, &out, NULL),
        0);
    assert_false(fus_mem_failed());
    fus_mem_fail_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crop_is_the_blurred_picture_sampled),
        cmocka_unit_test(a_crop_from_yuv_is_that_from_bgr),
        cmocka_unit_test(crops_at_and_beyond_the_border_are_filled),
        cmocka_unit_test(a_second_frame_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
