#include "base/mem.h"
#include "golden.h"
#include "vision/resample.h"

static void bytes_equal_the_plain_twin(void **state)
{
    (void)state;
    enum { ROW = 4 * 120 + 5, OUT = 4 * 260 };
    static uint8_t source[ROW * 100], fast[OUT * 200], plain[OUT * 200];
    static const int SIZES[][4] = {{120, 100, 60, 50}, {120, 100, 37, 91}, {33, 20, 260, 200},
                                   {1, 1, 9, 7},       {2, 3, 5, 5},       {120, 99, 60, 50},
                                   {100, 80, 99, 79},  {120, 100, 3, 2},   {2, 2, 1, 1}};
    test_noise(source, sizeof(source), 3);
    FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
    assert_non_null(resampler);
    for (size_t i = 0; i < FUS_COUNT(SIZES) * 4; i++) {
        const int *s = SIZES[i / 4];
        int channels = (int)(i % 4) + 1;
        struct fus_plane from = {source, ROW, s[0], s[1], channels};
        struct fus_plane a = {fast, OUT, s[2], s[3], channels}, b = a;
        b.data = plain;
        memset(fast, 5, sizeof(fast));
        memset(plain, 5, sizeof(plain));
        struct fus_error err = {0};
        assert_int_equal(fus_resample_u8(resampler, &from, &a, FUS_RESAMPLE_BILINEAR, &err), 0);
        fus_resample_u8_plain(&from, &b);
        assert_memory_equal(fast, plain, sizeof(fast));
    }
}

static void a_part_is_a_part_of_the_whole(void **state)
{
    (void)state;
    static uint8_t source[90 * 160 * 3], whole[77 * 130 * 3], half[45 * 80 * 3], part[30 * 40 * 3];
    test_noise(source, sizeof(source), 8);
    struct fus_plane from = {source, 480, 160, 90, 3}, a = {whole, 390, 130, 77, 3};
    struct fus_plane b = {half, 240, 80, 45, 3}, p = {part, 120, 40, 30, 3};
    FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
    assert_int_equal(fus_resample_u8(resampler, &from, &a, FUS_RESAMPLE_BILINEAR, NULL), 0);
    assert_int_equal(fus_resample_u8(resampler, &from, &b, FUS_RESAMPLE_BILINEAR, NULL), 0);
    assert_int_equal(fus_resample_u8_part(resampler, &from, 130, 77, 90, 40, &p, NULL), 0);
    for (size_t y = 0; y < 30; y++)
        assert_memory_equal(part + y * 120, whole + (y + 40) * 390 + 270, 120);
    assert_int_equal(fus_resample_u8_part(resampler, &from, 80, 45, 7, 15, &p, NULL), 0);
    for (size_t y = 0; y < 30; y++)
        assert_memory_equal(part + y * 120, half + (y + 15) * 240 + 21, 120);
    assert_int_equal(fus_resample_u8_part(resampler, &from, 80, 45, 60, 0, &p, NULL),
                     FUS_E_INTERNAL);
}

/* A ramp of 4 bytes to 8 and to 3: values that OpenCV 4.6 gives. */
static void every_kind_has_opencvs_values(void **state)
{
    (void)state;
    uint8_t source[4] = {0, 50, 150, 255}, out[8];
    struct fus_plane from = {source, 4, 4, 1, 1}, to = {out, 8, 8, 1, 1};
    FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
    const uint8_t linear[8] = {0, 13, 38, 75, 125, 176, 229, 255};
    assert_int_equal(fus_resample_u8(resampler, &from, &to, FUS_RESAMPLE_BILINEAR, NULL), 0);
    assert_memory_equal(out, linear, 8);
    const uint8_t area[8] = {0, 0, 50, 50, 150, 150, 255, 255};
    assert_int_equal(fus_resample_u8(resampler, &from, &to, FUS_RESAMPLE_AREA, NULL), 0);
    assert_memory_equal(out, area, 8);
    to.width = 3;
    const uint8_t mean[3] = {13, 100, 229};
    assert_int_equal(fus_resample_u8(resampler, &from, &to, FUS_RESAMPLE_AREA, NULL), 0);
    for (int i = 0; i < 3; i++)
        assert_true(abs(out[i] - mean[i]) <= 1);
    float flat[16], wide[64];
    for (int i = 0; i < 16; i++)
        flat[i] = 7.25f;
    struct fus_fplane f = {flat, 4, 4, 4, 1}, w = {wide, 8, 8, 8, 1};
    for (int kind = 0; kind < 3; kind++) {
        assert_int_equal(fus_resample_f32(resampler, &f, &w, (enum fus_resample)kind, NULL), 0);
        for (int i = 0; i < 64; i++)
            assert_float_equal(wide[i], 7.25, 1e-5);
    }
}

static void impossible_sizes_and_no_memory_are_said(void **state)
{
    (void)state;
    uint8_t bytes[64] = {0};
    struct fus_plane from = {bytes, 4, 4, 4, 1}, to = {bytes + 16, 6, 6, 6, 1};
    FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
    struct fus_plane none = {bytes, 4, 0, 4, 1}, other = {bytes, 4, 2, 2, 2};
    assert_int_equal(fus_resample_u8(resampler, &none, &to, FUS_RESAMPLE_AREA, NULL),
                     FUS_E_INTERNAL);
    assert_int_equal(fus_resample_u8(resampler, &other, &to, FUS_RESAMPLE_AREA, NULL),
                     FUS_E_INTERNAL);
    for (int kind = 0; kind < 3; kind++) {
        struct fus_error err = {0};
        fus_mem_fail_after(0);
        int rc = fus_resample_u8(resampler, &from, &to, (enum fus_resample)kind, &err);
        fus_mem_fail_off();
        assert_int_equal(rc, FUS_E_OUT_OF_MEMORY);
    }
}

static void check_resized(const char *from_name, const char *to_name)
{
    FUS_AUTO_NPY struct fus_npy source = test_golden(from_name), want = test_golden(to_name);
    struct fus_plane from = test_golden_plane(&source), like = test_golden_plane(&want), to = like;
    to.data = malloc(want.count);
    assert_non_null(to.data);
    FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
    assert_int_equal(fus_resample_u8(resampler, &from, &to, FUS_RESAMPLE_BILINEAR, NULL), 0);
    assert_memory_equal(to.data, like.data, want.count);
    free(to.data);
}

static void recorded_pictures_are_equal(void **state)
{
    (void)state;
    check_resized("vision/image/source_pixels.npy.gz", "face_masker/crop.npy");
    check_resized("vision/image/source_pixels.npy.gz",
                  "processors2/face_debugger/source_frame.npy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_equal_the_plain_twin),
        cmocka_unit_test(a_part_is_a_part_of_the_whole),
        cmocka_unit_test(every_kind_has_opencvs_values),
        cmocka_unit_test(impossible_sizes_and_no_memory_are_said),
        cmocka_unit_test(recorded_pictures_are_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
