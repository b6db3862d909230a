#include <math.h>

#include "golden.h"
#include "vision/crop.h"
#include "vision/templates.h"

static struct fus_affine random_affine(uint32_t *seed)
{
    double angle = test_uniform(seed, -3, 3), scale = test_uniform(seed, 0.2, 3);
    return (struct fus_affine){scale * cos(angle),          -scale * sin(angle),
                               test_uniform(seed, -20, 60), scale * sin(angle),
                               scale * cos(angle),          test_uniform(seed, -20, 40)};
}

static void bytes_equal_the_plain_twin(void **state)
{
    (void)state;
    enum { ROW = 4 * 101 + 3, ROWS = 41, OUT = 4 * 97 + 5, OUT_ROWS = 33 };
    static uint8_t source[ROW * ROWS], fast[OUT * OUT_ROWS], plain[OUT * OUT_ROWS];
    test_noise(source, sizeof(source), 1);
    uint32_t seed = 11;
    for (int round = 0; round < 80; round++) {
        int channels = (int[]){3, 1, 4, 3}[round % 4];
        int width = round == 3 ? 1 : round == 7 ? 2 : 101, height = round == 11 ? 1 : ROWS;
        memset(fast, 7, sizeof(fast));
        memset(plain, 7, sizeof(plain));
        struct fus_plane from = {source, ROW, width, height, channels};
        struct fus_plane a = {fast, OUT, 97, OUT_ROWS, channels}, b = a;
        b.data = plain;
        struct fus_affine m = random_affine(&seed);
        enum fus_border border = round % 3 ? FUS_BORDER_REPLICATE : FUS_BORDER_BLACK;
        assert_true(fus_crop_u8(&from, &m, border, &a));
        assert_true(fus_crop_u8_plain(&from, &m, border, &b));
        assert_memory_equal(fast, plain, sizeof(fast)); /* what lies beside the rows as well */
    }
}

static void floats_equal_the_plain_twin(void **state)
{
    (void)state;
    static float source[50 * 160], fast[30 * 300], plain[30 * 300];
    uint32_t seed = 21;
    for (size_t i = 0; i < FUS_COUNT(source); i++)
        source[i] = (float)test_uniform(&seed, 0, 255);
    for (int round = 0; round < 60; round++) {
        int channels = round % 2 ? 1 : 3;
        struct fus_fplane from = {source, 160, 53, 50, channels};
        struct fus_fplane a = {fast, 300, 99, 30, channels}, b = a;
        b.data = plain;
        struct fus_affine m = random_affine(&seed);
        enum fus_border border = round % 3 ? FUS_BORDER_REPLICATE : FUS_BORDER_BLACK;
        assert_true(fus_crop_f32(&from, &m, border, &a));
        assert_true(fus_crop_f32_plain(&from, &m, border, &b));
        for (size_t i = 0; i < FUS_COUNT(fast); i++)
            assert_true(fast[i] == plain[i]);
    }
}

static void a_matrix_without_an_inverse_is_refused(void **state)
{
    (void)state;
    uint8_t source[27] = {0}, result[27];
    memset(result, 9, sizeof(result));
    struct fus_plane from = {source, 9, 3, 3, 3}, to = {result, 9, 3, 3, 3};
    const struct fus_affine bad[] = {{0},
                                     {1, 1, 0, 1, 1, 0},
                                     {NAN, 0, 0, 0, 1, 0},
                                     {1, 0, INFINITY, 0, 1, 0},
                                     {1e-12, 0, 0, 0, 1e-12, 0}};
    for (size_t i = 0; i < FUS_COUNT(bad); i++)
        assert_false(fus_crop_u8(&from, &bad[i], FUS_BORDER_REPLICATE, &to));
    for (size_t i = 0; i < sizeof(result); i++)
        assert_int_equal(result[i], 9);
}

/* Channel sums and pixels that OpenCV 5 gave for pictures made of a formula. */
static void synthetic_crops_have_the_recorded_sums(void **state)
{
    (void)state;
    static uint8_t picture[200 * 200 * 3], crop[128 * 128 * 3];
    struct fus_plane from = test_picture(TEST_G200, picture);

    const struct fus_point points[5] = {
        {38.2f, 51.6f}, {73.4f, 51.1f}, {56.0f, 68.9f}, {42.5f, 87.0f}, {69.6f, 86.5f}};
    struct fus_affine m;
    assert_true(fus_template_affine(FUS_TEMPLATE_ARCFACE_112_V1, points, 112, &m));
    struct fus_plane to = {crop, 112 * 3, 112, 112, 3};
    assert_true(fus_crop_u8(&from, &m, FUS_BORDER_REPLICATE, &to));
    assert_int_equal(test_sum(crop, 112 * 112 * 3), 2777355);
    assert_int_equal(crop[3 * (111 * 112 + 111) + 2], 223);

    struct fus_affine box = {128.0 / 130, 0, -20 * 128.0 / 130, 0, 128.0 / 130, -30 * 128.0 / 130};
    to = (struct fus_plane){crop, 128 * 3, 128, 128, 3};
    assert_true(fus_crop_u8(&from, &box, FUS_BORDER_BLACK, &to));
    assert_int_equal(test_sum(crop, 128 * 128 * 3), 5510011);

    struct fus_affine shift = {1.75, 0, 15.5, 0, 1.75, -8.25};
    to = (struct fus_plane){crop, 100 * 3, 100, 90, 3};
    assert_true(fus_crop_u8(&from, &shift, FUS_BORDER_BLACK, &to));
    assert_int_equal(test_sum(crop, 100 * 90 * 3), 823302);
    assert_int_equal(crop[3 * 99], 48);
    assert_int_equal(crop[3 * 99 + 1], 5);
}

static void check_crop(const struct fus_affine *m, enum fus_border border, const char *recorded,
                       size_t most_differing)
{
    FUS_AUTO_NPY struct fus_npy picture = test_golden("vision/image/source_pixels.npy.gz");
    FUS_AUTO_NPY struct fus_npy want = test_golden(recorded);
    struct fus_plane from = test_golden_plane(&picture), like = test_golden_plane(&want), to = like;
    to.data = malloc(want.count);
    assert_non_null(to.data);
    assert_true(fus_crop_u8(&from, m, border, &to));
    assert_true(test_differing(to.data, like.data, want.count, 1) <= most_differing);
    free(to.data);
}

static void a_crop_by_the_recorded_matrix_is_equal(void **state)
{
    (void)state;
    FUS_AUTO_NPY struct fus_npy matrix =
        test_golden("enhancers/face_enhancer/gpen_bfr_256/affine_matrix.npy");
    struct fus_affine m = test_golden_affine(&matrix);
    check_crop(&m, FUS_BORDER_REPLICATE,
               "enhancers/face_enhancer/gpen_bfr_256/crop_vision_frame.npy", 0);
}

static void the_landmarkers_crop_is_equal(void **state)
{
    (void)state;
    FUS_AUTO_NPY struct fus_npy shift =
        test_golden("face_analysis/face_landmarker/2dfan4_translation.npy");
    double scale = 0.26713566693394475;
    struct fus_affine m = {scale, 0, fus_npy_at(&shift, 0), 0, scale, fus_npy_at(&shift, 1)};
    check_crop(&m, FUS_BORDER_BLACK, "face_analysis/face_landmarker/pre_contrast_crop.npy", 0);
}

/* Where the matrix is ours too, a few values may be off by one: upstream's solver stops early. */
static void crops_by_templates_are_equal_but_for_rounding(void **state)
{
    (void)state;
    static const struct {
        enum fus_template which;
        int size;
        const char *points, *crop;
    } CASES[] = {
        {FUS_TEMPLATE_ARCFACE_128, 256, "face_analysis/reference/face_landmark_5.npy",
         "enhancers/face_enhancer/gpen_bfr_256/crop_vision_frame.npy"},
        {FUS_TEMPLATE_ARCFACE_112_V2, 112, "face_analysis/reference/face_landmark_5.npy",
         "face_analysis/face_recognizer/crop_vision_frame.npy"},
        {FUS_TEMPLATE_ARCFACE_112_V2, 224, "face_analysis/reference/face_landmark_5.npy",
         "face_analysis/face_classifier/crop_vision_frame.npy"},
        {FUS_TEMPLATE_ARCFACE_128, 128, "face_swapper/inswapper_128/target_landmark_5_of_68.npy",
         "face_swapper/inswapper_128/crop_vision_frame.npy"},
    };
    for (size_t i = 0; i < FUS_COUNT(CASES); i++) {
        FUS_AUTO_NPY struct fus_npy recorded = test_golden(CASES[i].points);
        struct fus_point points[5];
        test_golden_points(&recorded, points, 5);
        struct fus_affine m;
        assert_true(fus_template_affine(CASES[i].which, points, CASES[i].size, &m));
        size_t values = (size_t)CASES[i].size * (size_t)CASES[i].size * 3;
        check_crop(&m, FUS_BORDER_REPLICATE, CASES[i].crop, values / 5000);
    }
}

/* Positions of OpenCV 4 are whole 1/32 pixels: what is nearer than half of that changes nothing. */
static void opencv_4_cuts_positions(void **state)
{
    uint8_t from[3 * 4 * 4], to[3 * 4 * 4], other[3 * 4 * 4];
    const struct fus_plane source = {from, 12, 4, 4, 3}, cut = {to, 12, 4, 4, 3},
                           exact = {other, 12, 4, 4, 3};
    const enum fus_border border = fus_border_for(FUS_BORDER_REPLICATE, true);
    (void)state;
    for (size_t i = 0; i < sizeof(from); i++)
        from[i] = (uint8_t)(i % 12 / 3 * 80);
    const struct fus_affine little = {1, 0, -0.014, 0, 1, 0}, third = {1, 0, -1.0 / 3, 0, 1, 0};
    assert_true(fus_crop_u8(&source, &little, border, &cut));
    assert_memory_equal(to, from, sizeof(from));
    assert_true(fus_crop_u8(&source, &little, FUS_BORDER_REPLICATE, &exact));
    assert_int_equal(other[0], 1); /* 0.014 * 80 */
    assert_true(fus_crop_u8(&source, &third, border, &cut));
    assert_int_equal(to[3], 80 + 28); /* 11 / 32 * 80 = 27.5, rounded half up */
    assert_true(fus_crop_u8(&source, &third, FUS_BORDER_REPLICATE, &exact));
    assert_int_equal(other[3], 80 + 27); /* 26.7 */
    const struct fus_affine flat = {0, 0, 0, 0, 0, 0};
    assert_false(fus_crop_u8(&source, &flat, border, &cut));
}

static void opencv_4_has_both_borders_and_floats(void **state)
{
    float from[4] = {8, 8, 8, 8}, black[4], replicated[4];
    const struct fus_fplane source = {from, 2, 2, 2, 1}, a = {black, 2, 2, 2, 1},
                            b = {replicated, 2, 2, 2, 1};
    const struct fus_affine half = {1, 0, 0.5, 0, 1, 0};
    (void)state;
    assert_true(fus_crop_f32(&source, &half, fus_border_for(FUS_BORDER_BLACK, true), &a));
    assert_true(fus_crop_f32(&source, &half, fus_border_for(FUS_BORDER_REPLICATE, true), &b));
    assert_true(black[0] == 4 && black[1] == 8);
    assert_true(replicated[0] == 8 && replicated[1] == 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_equal_the_plain_twin),
        cmocka_unit_test(floats_equal_the_plain_twin),
        cmocka_unit_test(a_matrix_without_an_inverse_is_refused),
        cmocka_unit_test(opencv_4_cuts_positions),
        cmocka_unit_test(opencv_4_has_both_borders_and_floats),
        cmocka_unit_test(synthetic_crops_have_the_recorded_sums),
        cmocka_unit_test(a_crop_by_the_recorded_matrix_is_equal),
        cmocka_unit_test(the_landmarkers_crop_is_equal),
        cmocka_unit_test(crops_by_templates_are_equal_but_for_rounding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
