#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vision/color.h"

static const enum fus_pixel_format FORMATS[] = {FUS_PIXEL_BGR8, FUS_PIXEL_GRAY8, FUS_PIXEL_YUV420P8,
                                                FUS_PIXEL_YUV422P8, FUS_PIXEL_YUV444P8};

/* Calls check for every format, matrix and range on an odd-sized picture of noise. */
static void for_each_kind(void (*check)(struct fus_image *image))
{
    for (size_t f = 0; f < FUS_COUNT(FORMATS); f++) {
        for (int kind = 0; kind < 6; kind++) {
            FUS_AUTO_IMAGE struct fus_image image = {0};
            assert_int_equal(fus_image_alloc(&image, FORMATS[f], 301, 23, NULL), 0);
            test_image_noise(&image, (uint32_t)(kind + 1));
            image.matrix = (enum fus_color_matrix)(kind % 3);
            image.full_range = kind >= 3;
            check(&image);
        }
    }
}

static void assert_near(const uint8_t *a, const uint8_t *b, size_t size, int tolerance)
{
    for (size_t i = 0; i < size; i++) {
        if (abs(a[i] - b[i]) > tolerance)
            fail_msg("byte %zu: %d and %d", i, a[i], b[i]);
    }
}

static const struct fus_rect RECTS[] = {
    {0, 0, 301, 23}, {1, 1, 299, 21}, {7, 4, 32, 9}, {300, 22, 1, 1}};

static void check_to_bgr(struct fus_image *image)
{
    uint8_t fast[301 * 23 * 3], plain[301 * 23 * 3];
    for (size_t r = 0; r < FUS_COUNT(RECTS); r++) {
        size_t size = (size_t)RECTS[r].width * (size_t)RECTS[r].height * 3;
        fus_color_to_bgr(image, RECTS[r], fast, 3 * RECTS[r].width);
        fus_color_to_bgr_plain(image, RECTS[r], plain, 3 * RECTS[r].width);
        assert_near(fast, plain, size, 1);
    }
}

static void to_bgr_agrees_with_its_plain_twin(void **state)
{
    (void)state;
    for_each_kind(check_to_bgr);
}

/* However the kernels group a row's pixels, a part has the whole's bits. */
static void check_parts(struct fus_image *image)
{
    static uint8_t whole[301 * 23 * 3], part[301 * 3];
    fus_color_to_bgr(image, (struct fus_rect){0, 0, 301, 23}, whole, 903);
    for (int x = 0; x < 40; x++) {
        for (int width = 1; width <= 301 - x; width += 13) {
            fus_color_to_bgr(image, (struct fus_rect){x, 9, width, 1}, part, 903);
            assert_memory_equal(part, whole + 9 * 903 + 3 * x, 3 * (size_t)width);
        }
    }
}

static void a_part_has_the_bits_of_the_whole(void **state)
{
    (void)state;
    for_each_kind(check_parts);
}

static void differences_are_those_of_the_plain_twin(void **state)
{
    (void)state;
    static uint8_t a[31][310], b[31][310], fast[31][104], plain[31][104];
    test_noise(&a[0][0], sizeof(a), 3);
    memcpy(b, a, sizeof(b));
    for (int y = 0; y < 31; y++) {
        for (int i = y % 7; i < 310; i += 1 + 3 * y)
            b[y][i] ^= (uint8_t)(1 << i % 8);
    }
    const struct fus_plane one = {&a[0][0], 310, 101, 31, 3}, other = {&b[0][0], 310, 101, 31, 3};
    fus_color_differs(&one, &other, &fast[0][0], 104);
    fus_color_differs_plain(&one, &other, &plain[0][0], 104);
    size_t count = 0;
    for (int y = 0; y < 31; y++) {
        for (int x = 0; x < 104; x++) {
            assert_true((fast[y][x] != 0) == (plain[y][x] != 0));
            count += plain[y][x] != 0;
        }
    }
    assert_true(count > 100 && count < 31 * 101);
}

static size_t image_bytes(const struct fus_image *image, int plane)
{
    int sy = plane > 0 ? fus_image_chroma_shift_y(image->format) : 0;
    return (size_t)((image->height + sy) >> sy) * (size_t)image->stride_bytes[plane];
}

static void check_from_bgr(struct fus_image *image)
{
    static uint8_t bgr[301 * 23 * 3], coverage[301 * 23];
    test_noise(bgr, sizeof(bgr), 5);
    test_noise(coverage, sizeof(coverage), 6);
    for (size_t i = 0; i < sizeof(coverage); i++)
        coverage[i] = coverage[i] > 99 ? coverage[i] : 0;
    for (size_t r = 0; r < 2 * FUS_COUNT(RECTS); r++) {
        struct fus_rect rect = RECTS[r / 2];
        FUS_AUTO_IMAGE struct fus_image fast = {0}, plain = {0};
        assert_int_equal(fus_image_alloc(&fast, image->format, 301, 23, NULL), 0);
        assert_int_equal(fus_image_alloc(&plain, image->format, 301, 23, NULL), 0);
        fus_image_copy(&fast, image);
        fus_image_copy(&plain, image);
        const uint8_t *cover = r % 2 ? coverage : NULL;
        fus_color_from_bgr(&fast, rect, bgr, 3 * rect.width, cover, rect.width);
        fus_color_from_bgr_plain(&plain, rect, bgr, 3 * rect.width, cover, rect.width);
        for (int y = 0; y < 23; y++) {
            size_t row = image->format == FUS_PIXEL_BGR8 ? 903 : 301;
            assert_near(fast.plane[0] + y * fast.stride_bytes[0],
                        plain.plane[0] + y * plain.stride_bytes[0], row, 1);
        }
        for (int p = 1; fus_image_is_yuv(image) && p < 3; p++) {
            int sy = fus_image_chroma_shift_y(image->format);
            size_t row = (size_t)(301 + fus_image_chroma_shift_x(image->format)) >>
                         fus_image_chroma_shift_x(image->format);
            for (int y = 0; y < (23 + sy) >> sy; y++)
                assert_near(fast.plane[p] + y * fast.stride_bytes[p],
                            plain.plane[p] + y * plain.stride_bytes[p], row, 1);
        }
    }
}

static void from_bgr_agrees_with_its_plain_twin(void **state)
{
    (void)state;
    for_each_kind(check_from_bgr);
}

static void check_untouched(struct fus_image *image)
{
    struct fus_rect rect = {3, 5, 40, 11};
    uint8_t bgr[40 * 11 * 3] = {0}, coverage[40 * 11] = {0};
    uint8_t *before[3] = {NULL};
    int planes = fus_image_is_yuv(image) ? 3 : 1;
    for (int p = 0; p < planes; p++) {
        before[p] = malloc(image_bytes(image, p));
        assert_non_null(before[p]);
        memcpy(before[p], image->plane[p], image_bytes(image, p));
    }
    fus_color_from_bgr(image, rect, bgr, 120, coverage, 40);
    for (int p = 0; p < planes; p++)
        assert_memory_equal(before[p], image->plane[p], image_bytes(image, p));

    /* One covered pixel changes one luma sample and at most one chroma sample a plane. */
    coverage[4 * 40 + 9] = 1;
    fus_color_from_bgr(image, rect, bgr, 120, coverage, 40);
    for (int p = 0; p < planes; p++) {
        size_t changed = 0;
        for (size_t i = 0; i < image_bytes(image, p); i++)
            changed += before[p][i] != image->plane[p][i];
        assert_true(changed <= (image->format == FUS_PIXEL_BGR8 ? 3u : 1u));
        free(before[p]);
    }
}

static void pixels_without_coverage_keep_their_bits(void **state)
{
    (void)state;
    for_each_kind(check_untouched);
}

static void a_picture_survives_the_round_trip(void **state)
{
    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        for (size_t f = 2; f < FUS_COUNT(FORMATS); f++) {
            /* Colours inside the gamut: noise in chroma is kept small. */
            FUS_AUTO_IMAGE struct fus_image image = {0}, copy = {0};
            assert_int_equal(fus_image_alloc(&image, FORMATS[f], 128, 32, NULL), 0);
            assert_int_equal(fus_image_alloc(&copy, FORMATS[f], 128, 32, NULL), 0);
            image.matrix = (enum fus_color_matrix)(kind % 3);
            image.full_range = kind >= 3;
            test_image_noise(&image, 9);
            for (int p = 0; p < 3; p++) {
                for (size_t i = 0; i < image_bytes(&image, p); i++)
                    image.plane[p][i] = (uint8_t)(p == 0 ? 80 + image.plane[p][i] / 3
                                                         : 118 + image.plane[p][i] % 20);
            }
            fus_image_copy(&copy, &image);
            uint8_t bgr[128 * 32 * 3];
            fus_color_to_bgr(&image, (struct fus_rect){0, 0, 128, 32}, bgr, 384);
            fus_color_from_bgr(&copy, (struct fus_rect){0, 0, 128, 32}, bgr, 384, NULL, 0);
            for (int p = 0; p < 3; p++)
                assert_near(image.plane[p], copy.plane[p], image_bytes(&image, p), 1);
        }
    }
}

static void known_colours_have_their_codes(void **state)
{
    (void)state;
    /* 75 % colour bars of BT.709, limited range: ITU-R BT.709 gives yellow 168 44 136, blue 28 212
     * 120 (8 bit). */
    FUS_AUTO_IMAGE struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_YUV444P8, 2, 1, NULL), 0);
    image.matrix = FUS_MATRIX_BT709;
    image.full_range = false;
    const uint8_t bgr[6] = {0, 191, 191, 191, 0, 0};
    fus_color_from_bgr(&image, (struct fus_rect){0, 0, 2, 1}, bgr, 6, NULL, 0);
    const uint8_t want[3][2] = {{168, 28}, {44, 212}, {136, 120}};
    for (int p = 0; p < 3; p++)
        assert_near(image.plane[p], want[p], 2, 0);
}

static void planar_floats_agree_with_bgr(void **state)
{
    (void)state;
    FUS_AUTO_IMAGE struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_YUV444P8, 61, 9, NULL), 0);
    test_image_noise(&image, 2);
    image.matrix = FUS_MATRIX_BT709;
    image.full_range = false;
    static uint8_t bgr[61 * 9 * 3];
    static float planes[2][3][12][64];
    fus_color_to_bgr_plain(&image, (struct fus_rect){0, 0, 61, 9}, bgr, 183);
    struct fus_planar out = {&planes[0][0][0][0], 12 * 64, 64, 127.5f, 1 / 128.0f, false};
    fus_color_yuv444_to_planar((const uint8_t *const *)image.plane, image.stride_bytes, 61, 9,
                               image.matrix, image.full_range, &out);
    out.data = &planes[1][0][0][0];
    out.rgb = true;
    fus_color_bgr_to_planar(bgr, 183, 61, 9, &out);
    for (int y = 0; y < 9; y++) {
        for (int x = 0; x < 61; x++) {
            for (int c = 0; c < 3; c++) {
                float want = ((float)bgr[(y * 61 + x) * 3 + c] - 127.5f) / 128;
                assert_float_equal(planes[0][c][y][x], want, 0.6 / 128);
                assert_float_equal(planes[1][2 - c][y][x], want, 1e-6);
            }
        }
    }
    assert_float_equal(planes[0][0][0][61], 0, 0);
    assert_float_equal(planes[1][2][9][0], 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_bgr_agrees_with_its_plain_twin),
        cmocka_unit_test(a_part_has_the_bits_of_the_whole),
        cmocka_unit_test(differences_are_those_of_the_plain_twin),
        cmocka_unit_test(from_bgr_agrees_with_its_plain_twin),
        cmocka_unit_test(pixels_without_coverage_keep_their_bits),
        cmocka_unit_test(a_picture_survives_the_round_trip),
        cmocka_unit_test(known_colours_have_their_codes),
        cmocka_unit_test(planar_floats_agree_with_bgr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
