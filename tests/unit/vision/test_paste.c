#include <math.h>

#include "base/mem.h"
#include "golden.h"
#include "vision/crop.h"
#include "vision/paste.h"
#include "vision/templates.h"

/* The rule as it is written: whole planes are warped, then mixed. */
static void paste_plain(const struct fus_plane *frame, const struct fus_crop_pixels *crop,
                        float *mask, const struct fus_affine *m)
{
    static uint8_t bytes[400 * 400 * 3];
    static float floats[400 * 400 * 3], shares[400 * 400];
    static double doubles[400 * 400 * 3], copy[160 * 160 * 3];
    struct fus_rect roi = fus_paste_rect(m, crop->size, frame->width, frame->height);
    int w = roi.width, h = roi.height, n = crop->size;
    struct fus_affine there;
    if (w == 0)
        return;
    assert_true(fus_crop_inverse(m, &there) && w <= 400 && h <= 400);
    there.tx -= roi.x;
    there.ty -= roi.y;
    struct fus_fplane from_mask = {mask, n, n, n, 1}, to_mask = {shares, w, w, h, 1};
    assert_true(fus_crop_f32_plain(&from_mask, &there, FUS_BORDER_BLACK, &to_mask));
    memcpy(copy, crop->bgr,
           (size_t)(n * n * 3) * (crop->type == FUS_CROP_U8    ? 1
                                  : crop->type == FUS_CROP_F32 ? sizeof(float)
                                                               : sizeof(double)));
    if (crop->type == FUS_CROP_U8) {
        struct fus_plane from = {(uint8_t *)copy, 3 * n, n, n, 3}, to = {bytes, 3 * w, w, h, 3};
        assert_true(fus_crop_u8_plain(&from, &there, FUS_BORDER_REPLICATE, &to));
    } else if (crop->type == FUS_CROP_F32) {
        struct fus_fplane from = {(float *)copy, 3 * n, n, n, 3}, to = {floats, 3 * w, w, h, 3};
        assert_true(fus_crop_f32_plain(&from, &there, FUS_BORDER_REPLICATE, &to));
    } else {
        struct fus_dplane from = {copy, 3 * n, n, n, 3}, to = {doubles, 3 * w, w, h, 3};
        assert_true(fus_crop_f64(&from, &there, FUS_BORDER_REPLICATE, &to));
    }
    for (int y = 0; y < h; y++)
        for (int i = 0; i < 3 * w; i++) {
            float share = FUS_CLAMP(shares[y * w + i / 3], 0.0f, 1.0f);
            uint8_t *p = frame->data + (roi.y + y) * frame->stride_bytes + 3 * roi.x + i;
            float old = (float)*p * (1.0f - share);
            int at = y * 3 * w + i;
            if (crop->type == FUS_CROP_F64)
                *p = (uint8_t)((double)old + doubles[at] * (double)share);
            else
                *p = (uint8_t)(old +
                               (crop->type == FUS_CROP_U8 ? (float)bytes[at] : floats[at]) * share);
        }
}

static void pastes_equal_the_rule(void **state)
{
    (void)state;
    static uint8_t frame[120 * 500], fast[120 * 500], plain[120 * 500], crop_u8[96 * 96 * 3];
    static float crop_f32[96 * 96 * 3], mask[96 * 96];
    static double crop_f64[96 * 96 * 3];
    uint32_t seed = 4;
    test_noise(frame, sizeof(frame), 5);
    test_noise(crop_u8, sizeof(crop_u8), 6);
    FUS_CLEANUP(fus_paste_scratch_free)
    struct fus_paste_scratch *scratch = fus_paste_scratch_new();
    assert_non_null(scratch);
    for (int round = 0; round < 60; round++) {
        int size = (int[]){96, 64, 33, 3, 2, 1}[round % 6];
        for (int i = 0; i < size * size * 3; i++) {
            crop_f64[i] = test_uniform(&seed, 0, 255);
            crop_f32[i] = (float)crop_f64[i];
        }
        for (int i = 0; i < size * size; i++)
            mask[i] = (float)test_uniform(&seed, -0.2, 1.2);
        double angle = test_uniform(&seed, -3, 3), scale = test_uniform(&seed, 0.4, 2);
        struct fus_affine m = {scale * cos(angle), -scale * sin(angle), 0,
                               scale * sin(angle), scale * cos(angle),  0};
        double x = test_uniform(&seed, -20, 180), y = test_uniform(&seed, -20, 140);
        m.tx = size / 2.0 - (m.xx * x + m.xy * y);
        m.ty = size / 2.0 - (m.yx * x + m.yy * y);
        struct fus_crop_pixels crop = {(enum fus_crop_type)(round % 3), crop_u8, size};
        crop.bgr = crop.type == FUS_CROP_U8    ? (const void *)crop_u8
                   : crop.type == FUS_CROP_F32 ? (const void *)crop_f32
                                               : (const void *)crop_f64;
        memcpy(fast, frame, sizeof(frame));
        memcpy(plain, frame, sizeof(frame));
        struct fus_plane a = {fast, 500, 160, 120, 3}, b = {plain, 500, 160, 120, 3};
        struct fus_rect roi;
        assert_int_equal(fus_paste(scratch, &a, &crop, mask, &m, &roi, NULL), 0);
        paste_plain(&b, &crop, mask, &m);
        assert_memory_equal(fast, plain, sizeof(fast));
    }
}

/* Recorded from upstream with OpenCV 5. */
static void synthetic_pastes_have_the_recorded_sums(void **state)
{
    (void)state;
    static uint8_t frame_bytes[150 * 150 * 3], crop_bytes[80 * 80 * 3];
    static float mask[80 * 80];
    const struct fus_point points[5] = {{30, 35}, {55, 35}, {42, 50}, {33, 62}, {52, 62}};
    struct fus_affine m;
    assert_true(fus_template_affine(FUS_TEMPLATE_ARCFACE_112_V1, points, 80, &m));
    test_picture(TEST_B80, crop_bytes);
    struct fus_crop_pixels crop = {FUS_CROP_U8, crop_bytes, 80};
    FUS_CLEANUP(fus_paste_scratch_free)
    struct fus_paste_scratch *scratch = fus_paste_scratch_new();
    for (int k = 0; k < 2; k++) {
        struct fus_plane frame = test_picture(TEST_A150, frame_bytes);
        for (int i = 0; i < 80 * 80; i++)
            mask[i] = k == 0 || i % 80 < 40 ? 1.0f : 0.3f;
        struct fus_rect roi;
        assert_int_equal(fus_paste(scratch, &frame, &crop, mask, &m, &roi, NULL), 0);
        assert_int_equal(test_sum(frame_bytes, sizeof(frame_bytes)), k == 0 ? 8946275 : 8966546);
    }
    assert_int_equal(frame_bytes[3 * (20 * 150 + 80)], 177);
}

static void the_rectangle_is_of_rounded_corners(void **state)
{
    (void)state;
    const struct fus_point points[5] = {
        {38.2f, 51.6f}, {73.4f, 51.1f}, {56.0f, 68.9f}, {42.5f, 87.0f}, {69.6f, 86.5f}};
    struct fus_affine m;
    assert_true(fus_template_affine(FUS_TEMPLATE_ARCFACE_112_V1, points, 112, &m));
    struct fus_rect roi = fus_paste_rect(&m, 112, 400, 300);
    assert_int_equal(roi.x, 0);
    assert_int_equal(roi.y, 0);
    assert_int_equal(roi.width, 113); /* the corner is at 113.27: a ceiling would give 114 */
    assert_int_equal(roi.height, 113);
}

static void a_face_outside_changes_nothing(void **state)
{
    (void)state;
    uint8_t frame_bytes[10 * 30], crop_bytes[12] = {0};
    float mask[4] = {1, 1, 1, 1};
    memset(frame_bytes, 77, sizeof(frame_bytes));
    struct fus_plane frame = {frame_bytes, 30, 10, 10, 3};
    struct fus_crop_pixels crop = {FUS_CROP_U8, crop_bytes, 2};
    FUS_CLEANUP(fus_paste_scratch_free)
    struct fus_paste_scratch *scratch = fus_paste_scratch_new();
    const struct fus_affine away[] = {
        {1, 0, 100, 0, 1, 0}, {1, 0, -100, 0, 1, 0}, {0}, {NAN, 0, 0, 0, 1, 0}};
    for (size_t i = 0; i < FUS_COUNT(away); i++) {
        struct fus_rect roi = {1, 1, 1, 1};
        assert_int_equal(fus_paste(scratch, &frame, &crop, mask, &away[i], &roi, NULL), 0);
        assert_int_equal(roi.width, 0);
    }
    for (size_t i = 0; i < sizeof(frame_bytes); i++)
        assert_int_equal(frame_bytes[i], 77);
    double wide[12] = {0};
    struct fus_crop_pixels precise = {FUS_CROP_F64, wide, 2};
    struct fus_affine here = {1, 0, -3, 0, 1, -3};
    struct fus_error err = {0};
    fus_mem_fail_after(0);
    int rc = fus_paste(scratch, &frame, &precise, mask, &here, NULL, &err);
    fus_mem_fail_off();
    assert_int_equal(rc, FUS_E_OUT_OF_MEMORY);
    assert_int_equal(frame_bytes[3 * 30 + 9], 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pastes_equal_the_rule),
        cmocka_unit_test(synthetic_pastes_have_the_recorded_sums),
        cmocka_unit_test(the_rectangle_is_of_rounded_corners),
        cmocka_unit_test(a_face_outside_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
