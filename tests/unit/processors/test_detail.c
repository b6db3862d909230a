/* face_enhancer/detail.c, detail_filter.c, detail_mask.c */
#include "heads.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "processors/face_enhancer/detail.h"
#include "processors/face_enhancer/detail_filter.h"
#include "vision/color.h"

static const int skin[3] = {150, 175, 215};

static float noise_at(int x, int y)
{
    float sum = 0.0f; /* nearly normal, deviation 1 */
    for (uint32_t k = 0; k < 12; k++)
        sum += (float)(head_hash((uint32_t)(y * 7919 + x) * 12u + k) & 0xffffu) / 65536.0f;
    return sum - 6.0f;
}

static struct fus_image picture(int width, int height, enum fus_pixel_format format)
{
    struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, format, width, height, NULL), 0);
    memset(image.plane[0], 128, (size_t)image.stride_bytes[0] * (size_t)height);
    return image;
}

/* A head, softened as a camera out of focus would, so that there is something to gain. */
static struct fus_image soft_head(int width, int height, const struct head *head)
{
    struct fus_image sharp = picture(width, height, FUS_PIXEL_BGR8);
    struct fus_image image = picture(width, height, FUS_PIXEL_BGR8);
    head_paint(head, skin, &sharp);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < 3 * width; x++) {
            int sum = 0;
            for (int j = -1; j <= 1; j++)
                for (int i = -1; i <= 1; i++)
                    sum += sharp.plane[0][FUS_CLAMP(y + j, 0, height - 1) * sharp.stride_bytes[0] +
                                          FUS_CLAMP(x + 3 * i, x % 3, 3 * (width - 1) + x % 3)];
            image.plane[0][y * image.stride_bytes[0] + x] = (uint8_t)((sum + 4) / 9);
        }
    }
    fus_image_done(&sharp);
    return image;
}

static struct fus_image copy_of(const struct fus_image *image)
{
    struct fus_image copy = picture(image->width, image->height, image->format);
    fus_image_copy(&copy, image);
    return copy;
}

static struct fus_rect enhance(struct fus_image *image, const struct head *head, float strength)
{
    FUS_CLEANUP(fus_detail_free) struct fus_detail *detail = NULL;
    struct fus_face face;
    struct fus_rect changed;
    head_face(head, &face);
    assert_int_equal(fus_detail_new(&detail, NULL), 0);
    assert_int_equal(fus_detail_face(detail, image, face.landmarks_68, strength, &changed, NULL),
                     0);
    return changed;
}

static int at(const struct fus_image *image, int x, int y, int c)
{
    const int bytes = image->format == FUS_PIXEL_BGR8 ? 3 : 1;
    return image->plane[0][y * image->stride_bytes[0] + bytes * x + c];
}

static double gradient(const struct fus_image *image, int x1, int y1, int x2, int y2)
{
    double sum = 0.0;
    for (int y = y1; y < y2; y++)
        for (int x = x1; x < x2; x++)
            sum += abs(at(image, x + 1, y, 1) - at(image, x, y, 1)) +
                   abs(at(image, x, y + 1, 1) - at(image, x, y, 1));
    return sum;
}

/* How far a pixel lies beyond what was within `radius` px of it. */
static int overshoot(const struct fus_image *before, const struct fus_image *after, int x, int y,
                     int radius, int c)
{
    int low = 255, high = 0;
    for (int j = FUS_MAX(y - radius, 0); j <= FUS_MIN(y + radius, before->height - 1); j++)
        for (int i = FUS_MAX(x - radius, 0); i <= FUS_MIN(x + radius, before->width - 1); i++) {
            low = FUS_MIN(low, at(before, i, j, c));
            high = FUS_MAX(high, at(before, i, j, c));
        }
    return FUS_MAX(FUS_MAX(at(after, x, y, c) - high, low - at(after, x, y, c)), 0);
}

static int worst_overshoot(const struct fus_image *before, const struct fus_image *after,
                           int radius)
{
    int worst = 0;
    for (int y = 0; y < before->height; y++)
        for (int x = 0; x < before->width; x++)
            for (int c = 0; c < (before->format == FUS_PIXEL_BGR8 ? 3 : 1); c++)
                worst = FUS_MAX(worst, overshoot(before, after, x, y, radius, c));
    return worst;
}

/* ---- kernels ---- */

static void extremes_are_those_of_the_plain_twin(void **state)
{
    enum { WIDTH = 37, HEIGHT = 21, COUNT = WIDTH * HEIGHT };
    static float source[COUNT], low[COUNT], high[COUNT], low2[COUNT], high2[COUNT];
    static float scratch[4 * COUNT];
    static const float radii[] = {0.0f, 0.4f, 1.0f, 1.75f, 3.0f, 4.2f};
    for (int i = 0; i < COUNT; i++)
        source[i] = (float)(head_hash((uint32_t)i) % 256);
    for (size_t k = 0; k < FUS_COUNT(radii); k++) {
        for (int width = 1; width <= WIDTH; width += 18) {
            const int height = width == 1 ? HEIGHT : 1 + width / 3;
            fus_detail_extremes(source, low, high, width, height, radii[k], scratch);
            fus_detail_extremes_plain(source, low2, high2, width, height, radii[k]);
            for (int i = 0; i < width * height; i++) {
                assert_float_equal(low[i], low2[i], 1e-4f);
                assert_float_equal(high[i], high2[i], 1e-4f);
            }
        }
    }
}

static void noise_is_measured_and_texture_is_not_taken_for_it(void **state)
{
    enum { SIDE = 128 };
    static float luma[SIDE * SIDE], where[SIDE * SIDE];
    static const float sigmas[] = {0.0f, 1.5f, 4.0f, 8.0f};
    for (size_t k = 0; k < FUS_COUNT(sigmas); k++) {
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                luma[y * SIDE + x] = 100.0f + 0.4f * (float)x +
                                     ((x + y / 3) / 37 % 2 ? 60.0f : 0.0f) +
                                     sigmas[k] * noise_at(x, y);
                where[y * SIDE + x] = 1.0f;
            }
        const float noise = fus_detail_noise(luma, where, SIDE, SIDE);
        assert_true(noise > 0.7f * sigmas[k] && noise < 1.2f * sigmas[k] + 0.3f);
        assert_true(fus_detail_blocks(luma, where, SIDE, SIDE) < 0.5f + 0.1f * sigmas[k]);
    }
    memset(where, 0, sizeof where);
    assert_float_equal(fus_detail_noise(luma, where, SIDE, SIDE), 0.0f, 0.0f);
    assert_float_equal(fus_detail_blocks(luma, where, SIDE, SIDE), 0.0f, 0.0f);
}

static void a_grid_of_blocks_is_found_in_any_phase(void **state)
{
    enum { SIDE = 96 };
    static float luma[SIDE * SIDE], where[SIDE * SIDE];
    for (int phase = 0; phase < 8; phase += 3) {
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                const uint32_t block = (uint32_t)((y + phase) / 8 * 64 + (x + phase) / 8);
                luma[y * SIDE + x] = 120.0f + (float)(head_hash(block) % 7) + 0.1f * (float)x;
                where[y * SIDE + x] = 1.0f;
            }
        const float blocks = fus_detail_blocks(luma, where, SIDE, SIDE);
        assert_true(blocks > 1.5f && blocks < 4.0f);
    }
}

/* ---- faces ---- */

static void a_soft_face_becomes_crisper_and_the_rest_stays(void **state)
{
    const struct head head = {200, 150, 80, 0, 0};
    FUS_AUTO_IMAGE struct fus_image before = soft_head(400, 400, &head);
    FUS_AUTO_IMAGE struct fus_image after = copy_of(&before);
    const struct fus_rect changed = enhance(&after, &head, 1.0f);
    assert_true(changed.width > 100 && changed.width < 320 && changed.height < 340);
    /* Eyes and mouth. */
    for (int k = 0; k < 3; k++) {
        const struct fus_point p = head_point(&head, k == 0 ? 127 : k == 1 ? 128 : 62);
        const int x = (int)p.x, y = (int)p.y;
        const double gain = gradient(&after, x - 20, y - 14, x + 20, y + 14) /
                            gradient(&before, x - 20, y - 14, x + 20, y + 14);
        print_message("gain %d: %.3f\n", k, gain);
        assert_true(gain > 1.12 && gain < 2.0);
    }
    int outside = 0;
    for (int y = 0; y < 400; y++)
        for (int x = 0; x < 400; x++)
            if (x < changed.x || y < changed.y || x >= changed.x + changed.width ||
                y >= changed.y + changed.height)
                for (int c = 0; c < 3; c++)
                    outside += at(&before, x, y, c) != at(&after, x, y, c);
    assert_int_equal(outside, 0);
    /* The rectangle's corners are not face. */
    for (int k = 0; k < 4; k++) {
        const int x = changed.x + (k & 1 ? changed.width - 4 : 3);
        const int y = changed.y + (k & 2 ? changed.height - 4 : 3);
        assert_int_equal(at(&before, x, y, 1), at(&after, x, y, 1));
    }
    print_message("overshoot %d\n", worst_overshoot(&before, &after, 2));
    assert_true(worst_overshoot(&before, &after, 2) <= 9);
}

static void a_step_becomes_steeper_without_a_halo(void **state)
{
    const struct head head = {200, 150, 80, 0, 0};
    /* A step of 120 levels, softened with a sigma of 1.6 px, through the face's middle. */
    FUS_AUTO_IMAGE struct fus_image before = picture(400, 400, FUS_PIXEL_GRAY8);
    for (int y = 0; y < 400; y++)
        for (int x = 0; x < 400; x++)
            before.plane[0][y * before.stride_bytes[0] + x] =
                (uint8_t)lrintf(120.0f + 60.0f * erff(((float)x - 200.0f) / (1.6f * sqrtf(2.0f))));
    FUS_AUTO_IMAGE struct fus_image after = copy_of(&before);
    enhance(&after, &head, 1.0f);
    const int y = 180;
    int steepest[2] = {0, 0}, halo = 0;
    for (int x = 150; x < 250; x++) {
        steepest[0] = FUS_MAX(steepest[0], at(&before, x + 1, y, 0) - at(&before, x, y, 0));
        steepest[1] = FUS_MAX(steepest[1], at(&after, x + 1, y, 0) - at(&after, x, y, 0));
        halo = FUS_MAX(halo, FUS_MAX(at(&after, x, y, 0) - 180, 60 - at(&after, x, y, 0)));
    }
    print_message("steepest %d %d halo %d\n", steepest[0], steepest[1], halo);
    assert_true(steepest[1] >= steepest[0] * 9 / 8);
    assert_true(halo <= 8);
    /* Away from the edge nothing happens at all. */
    for (int x = 100; x < 170; x++)
        assert_int_equal(at(&after, x, y, 0), 60);
}

static double deviation(const struct fus_image *image, int x1, int y1, int side)
{
    double sum = 0.0, square = 0.0;
    const double count = (double)side * side;
    for (int y = y1; y < y1 + side; y++)
        for (int x = x1; x < x1 + side; x++) {
            sum += at(image, x, y, 0);
            square += (double)at(image, x, y, 0) * at(image, x, y, 0);
        }
    return sqrt(square / count - sum * sum / (count * count));
}

static void noise_and_blocks_are_not_raised(void **state)
{
    const struct head head = {200, 150, 80, 0, 0};
    for (int kind = 0; kind < 2; kind++) {
        FUS_AUTO_IMAGE struct fus_image before = picture(400, 400, FUS_PIXEL_GRAY8);
        for (int y = 0; y < 400; y++)
            for (int x = 0; x < 400; x++)
                before.plane[0][y * before.stride_bytes[0] + x] = (uint8_t)lrintf(
                    128.0f + (kind ? (float)(head_hash((uint32_t)(y / 8 * 50 + x / 8)) % 9)
                                   : 5.0f * noise_at(x, y)));
        FUS_AUTO_IMAGE struct fus_image after = copy_of(&before);
        enhance(&after, &head, 1.0f);
        const double raised = deviation(&after, 170, 170, 64) / deviation(&before, 170, 170, 64);
        print_message("raised %.3f\n", raised);
        assert_true(raised < (kind ? 1.35 : 1.12));
    }
}

static void planes_change_in_luma_alone_and_as_pictures_do(void **state)
{
    const struct head head = {200, 150, 80, 0, 0};
    FUS_AUTO_IMAGE struct fus_image bgr = soft_head(401, 399, &head);
    static const enum fus_pixel_format formats[] = {FUS_PIXEL_YUV420P8, FUS_PIXEL_YUV444P8};
    for (size_t f = 0; f < FUS_COUNT(formats); f++) {
        FUS_AUTO_IMAGE struct fus_image before = {0};
        assert_int_equal(fus_image_alloc(&before, formats[f], 401, 399, NULL), 0);
        before.matrix = FUS_MATRIX_BT601;
        fus_color_from_bgr(&before, (struct fus_rect){0, 0, 401, 399}, bgr.plane[0],
                           bgr.stride_bytes[0], NULL, 0);
        FUS_AUTO_IMAGE struct fus_image after = {0};
        assert_int_equal(fus_image_alloc(&after, formats[f], 401, 399, NULL), 0);
        fus_image_copy(&after, &before);
        enhance(&after, &head, 1.0f);
        for (int plane = 1; plane < 3; plane++) {
            const int sx = fus_image_chroma_shift_x(formats[f]);
            const int sy = fus_image_chroma_shift_y(formats[f]);
            for (int y = 0; y < (399 + sy) >> sy; y++)
                assert_memory_equal(before.plane[plane] + y * before.stride_bytes[plane],
                                    after.plane[plane] + y * after.stride_bytes[plane],
                                    (size_t)((401 + sx) >> sx));
        }
        const struct fus_point eye = head_point(&head, 127);
        const int x = (int)eye.x, y = (int)eye.y;
        struct fus_image grey[2] = {before, after};
        grey[0].format = grey[1].format = FUS_PIXEL_GRAY8;
        double sums[2] = {0, 0};
        for (int k = 0; k < 2; k++)
            for (int j = y - 14; j < y + 14; j++)
                for (int i = x - 20; i < x + 20; i++)
                    sums[k] += abs(at(&grey[k], i + 1, j, 0) - at(&grey[k], i, j, 0));
        assert_true(sums[1] > 1.1 * sums[0]);
        assert_true(worst_overshoot(&grey[0], &grey[1], 2) <= 9);
    }
}

static void strength_scales_and_zero_changes_nothing(void **state)
{
    const struct head head = {200, 150, 80, 0, 0};
    FUS_AUTO_IMAGE struct fus_image before = soft_head(400, 400, &head);
    double change[3];
    static const float strengths[3] = {0.0f, 0.5f, 1.0f};
    for (int k = 0; k < 3; k++) {
        FUS_AUTO_IMAGE struct fus_image after = copy_of(&before);
        const struct fus_rect changed = enhance(&after, &head, strengths[k]);
        assert_int_equal(changed.width > 0, k > 0);
        change[k] = 0.0;
        for (int y = 0; y < 400; y++)
            for (int x = 0; x < 400; x++)
                change[k] += abs(at(&after, x, y, 1) - at(&before, x, y, 1));
    }
    assert_true(change[0] == 0.0);
    assert_true(change[1] > 0.3 * change[2] && change[1] < 0.75 * change[2]);
}

/* A face that moves by a fraction of a pixel on the same picture must not make it flicker. */
static void a_trembling_face_does_not_flicker(void **state)
{
    const struct head head = {200, 150, 80, 0, 0};
    const struct head moved = {200.3f, 149.8f, 80.6f, 0, 0.3f};
    FUS_AUTO_IMAGE struct fus_image before = soft_head(400, 400, &head);
    FUS_AUTO_IMAGE struct fus_image first = copy_of(&before), second = copy_of(&before);
    FUS_AUTO_IMAGE struct fus_image again = copy_of(&before);
    enhance(&first, &head, 1.0f);
    enhance(&again, &head, 1.0f);
    enhance(&second, &moved, 1.0f);
    int worst = 0;
    double sum = 0.0;
    for (int y = 0; y < 400; y++)
        for (int x = 0; x < 400; x++) {
            assert_int_equal(at(&first, x, y, 1), at(&again, x, y, 1));
            const int differs = abs(at(&first, x, y, 1) - at(&second, x, y, 1));
            worst = FUS_MAX(worst, differs);
            sum += differs;
        }
    print_message("worst %d mean %.4f\n", worst, sum / 160000);
    assert_true(worst <= 2);
    assert_true(sum / 160000 < 0.05);
}

static void large_faces_are_done_in_tiles_without_seams(void **state)
{
    /* Two pictures of one face, the second without its left and upper part, so that its tiles lie
     * elsewhere. */
    const struct head head = {420, 340, 240, 0, 0}, cut_head = {180, 180, 240, 0, 0};
    FUS_AUTO_IMAGE struct fus_image whole = soft_head(840, 900, &head);
    FUS_AUTO_IMAGE struct fus_image cut = picture(600, 740, FUS_PIXEL_BGR8);
    for (int y = 0; y < 740; y++)
        memcpy(cut.plane[0] + y * cut.stride_bytes[0],
               whole.plane[0] + (y + 160) * whole.stride_bytes[0] + 240 * 3, 600 * 3);
    enhance(&whole, &head, 1.0f);
    enhance(&cut, &cut_head, 1.0f);
    int worst = 0;
    for (int y = 120; y < 740; y++)
        for (int x = 120; x < 600; x++)
            worst = FUS_MAX(worst, abs(at(&cut, x, y, 1) - at(&whole, x + 240, y + 160, 1)));
    print_message("worst %d\n", worst);
    assert_true(worst <= 2);
}

static void odd_faces_do_no_harm(void **state)
{
    static const struct head heads[] = {
        {2, 2, 40, 0, 0},     {99, 75, 60, 40, 30},     {50, 40, 2.0f, 0, 0},
        {50, 40, 5.0f, 0, 0}, {-500, -500, 80, 0, 0},   {50, 40, 3000.0f, 0, 0},
        {50, 40, 60, 90, 0},  {1e9f, 1e9f, 1e8f, 0, 0}, {50, 40, 0.0f, 0, 0},
        {50, 40, NAN, 0, 0},  {INFINITY, 40, 20, 0, 0}, {98, 78, 20, 0, 170},
    };
    for (size_t k = 0; k < FUS_COUNT(heads); k++) {
        FUS_AUTO_IMAGE struct fus_image image = picture(100, 80, FUS_PIXEL_BGR8);
        const struct fus_rect changed = enhance(&image, &heads[k], 1.0f);
        assert_true(changed.x >= 0 && changed.y >= 0 && changed.x + changed.width <= 100 &&
                    changed.y + changed.height <= 80);
        /* One colour has nothing to sharpen. */
        for (int y = 0; y < 80; y++)
            for (int x = 0; x < 300; x++)
                assert_int_equal(image.plane[0][y * image.stride_bytes[0] + x], 128);
    }
    FUS_AUTO_IMAGE struct fus_image dot = picture(1, 1, FUS_PIXEL_BGR8);
    enhance(&dot, &heads[0], 1.0f);
}

static void without_memory_nothing_changes_and_later_none_is_asked_for(void **state)
{
    const struct head head = {200, 150, 80, 0, 0};
    FUS_AUTO_IMAGE struct fus_image image = soft_head(400, 400, &head);
    FUS_AUTO_IMAGE struct fus_image before = copy_of(&image);
    struct fus_face face;
    struct fus_rect changed;
    head_face(&head, &face);
    FUS_CLEANUP(fus_detail_free) struct fus_detail *detail = NULL;
    for (long k = 0;; k++) {
        fus_detail_free(FUS_TAKE(detail));
        fus_mem_fail_after(k);
        int failed = fus_detail_new(&detail, NULL);
        if (!failed)
            failed = fus_detail_face(detail, &image, face.landmarks_68, 1.0f, &changed, NULL);
        fus_mem_fail_off();
        if (!failed)
            break;
        assert_int_equal(failed, FUS_E_OUT_OF_MEMORY);
        for (int y = 0; y < 400; y++)
            assert_memory_equal(image.plane[0] + y * image.stride_bytes[0],
                                before.plane[0] + y * before.stride_bytes[0], 1200);
    }
    fus_mem_fail_after(0);
    assert_int_equal(fus_detail_face(detail, &image, face.landmarks_68, 1.0f, &changed, NULL), 0);
    fus_mem_fail_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extremes_are_those_of_the_plain_twin),
        cmocka_unit_test(noise_is_measured_and_texture_is_not_taken_for_it),
        cmocka_unit_test(a_grid_of_blocks_is_found_in_any_phase),
        cmocka_unit_test(a_soft_face_becomes_crisper_and_the_rest_stays),
        cmocka_unit_test(a_step_becomes_steeper_without_a_halo),
        cmocka_unit_test(noise_and_blocks_are_not_raised),
        cmocka_unit_test(planes_change_in_luma_alone_and_as_pictures_do),
        cmocka_unit_test(strength_scales_and_zero_changes_nothing),
        cmocka_unit_test(a_trembling_face_does_not_flicker),
        cmocka_unit_test(large_faces_are_done_in_tiles_without_seams),
        cmocka_unit_test(odd_faces_do_no_harm),
        cmocka_unit_test(without_memory_nothing_changes_and_later_none_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
