/* swapper/pixel_boost.c and swapper/family.c. Golden: synthetic/cases.json, pixel_boost. */
#include <string.h>

#include "cmocka_all.h"

#include "base/mem.h"
#include "processors/swapper/family.h"
#include "processors/swapper/pixel_boost.h"

static struct fus_lut identity_lut(void)
{
    struct fus_lut lut = {.rgb = true};
    for (int v = 0; v < 256; v++)
        lut.value[0][v] = lut.value[1][v] = lut.value[2][v] = (float)v;
    return lut;
}

static void tiles_hold_every_nth_pixel(void **state)
{
    /* 4 x 4 x 3, values 0..47; the recorded blue channel of the four tiles */
    static const float blue[4][4] = {
        {0, 6, 24, 30}, {3, 9, 27, 33}, {12, 18, 36, 42}, {15, 21, 39, 45}};
    uint8_t pixels[48];
    float tiles[4 * 12];
    for (int i = 0; i < 48; i++)
        pixels[i] = (uint8_t)i;
    const struct fus_plane crop = {pixels, 12, 4, 4, 3};
    const struct fus_lut lut = identity_lut();
    fus_pixel_boost_implode(&crop, 2, &lut, 0, 4, tiles);
    for (int t = 0; t < 4; t++) {
        assert_memory_equal(tiles + 12 * t + 8, blue[t], sizeof blue[t]);
        for (int i = 0; i < 4; i++) { /* red and green lie beside blue */
            assert_float_equal(tiles[12 * t + i], blue[t][i] + 2, 0);
            assert_float_equal(tiles[12 * t + 4 + i], blue[t][i] + 1, 0);
        }
    }
    float third[12];
    fus_pixel_boost_implode(&crop, 2, &lut, 2, 1, third);
    assert_memory_equal(third, tiles + 24, sizeof third);
}

static void tiles_come_back_where_they_were(void **state)
{
    enum { N = 3, M = 4, SIDE = N * M };
    uint8_t pixels[SIDE * SIDE * 3];
    float tiles[N * N * 3 * M * M], back[SIDE * SIDE * 3];
    double wide[SIDE * SIDE * 3];
    const double mean[3] = {0.5, 0.4, 0.3}, deviation[3] = {0.5, 0.25, 0.125};
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 37 % 256);
    const struct fus_plane crop = {pixels, SIDE * 3, SIDE, SIDE, 3};
    struct fus_lut lut;
    fus_lut_unit(&lut, true);
    fus_pixel_boost_implode(&crop, N, &lut, 0, N * N, tiles);
    for (int t = 0; t < N * N; t += 2) /* in uneven parts */
        fus_pixel_boost_explode_f32(tiles + t * 3 * M * M, N, M, t, t + 1 < N * N ? 2 : 1, back);
    for (size_t i = 0; i < sizeof pixels; i++)
        assert_float_equal(back[i], (float)pixels[i], 1e-4);
    fus_lut_mean_std_f64(&lut, mean, deviation, true);
    fus_pixel_boost_implode(&crop, N, &lut, 0, N * N, tiles);
    fus_pixel_boost_explode_f64(tiles, N, M, 0, N * N, mean, deviation, wide);
    for (size_t i = 0; i < sizeof pixels; i++)
        assert_float_equal(wide[i], (double)pixels[i], 1e-4);
}

static void values_out_of_range_are_cut(void **state)
{
    const float odd[3] = {-0.5f, 1.5f, __builtin_nanf("")};
    const double mean[3] = {0, 0, 0}, deviation[3] = {1, 1, 1};
    float bgr[3];
    double wide[3];
    fus_pixel_boost_explode_f32(odd, 1, 1, 0, 1, bgr);
    fus_pixel_boost_explode_f64(odd, 1, 1, 0, 1, mean, deviation, wide);
    static const float cut[3] = {0, 255, 0};
    for (int i = 0; i < 3; i++) {
        assert_float_equal(bgr[i], cut[i], 0);
        assert_float_equal(wide[i], cut[i], 0);
    }
}

static const struct fus_model *row_of(const struct fus_models *models, const char *id)
{
    const struct fus_model *row = fus_models_find(models, "face_swapper", id);
    assert_non_null(row);
    return row;
}

static void every_size_on_offer_that_a_model_can_do_is_taken(void **state)
{
    static const struct {
        const char *id;
        int sizes[7];
    } models_sizes[] = {
        {"inswapper_128", {128, 256, 384, 512, 768, 1024}},
        {"hyperswap_1a_256", {256, 512, 768, 1024}},
        {"blendswap_256", {256, 512, 768, 1024}},
        {"simswap_unofficial_512", {512, 1024}},
    };
    static const int all[] = {64, 128, 256, 384, 512, 768, 1024, 2048};
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(NULL, NULL, &models, NULL), 0);
    for (size_t k = 0; k < FUS_COUNT(models_sizes); k++) {
        const struct fus_model *row = row_of(models, models_sizes[k].id);
        int size = 0;
        assert_int_equal(fus_swap_boost_size(row, NULL, &size, NULL), 0);
        assert_int_equal(size, models_sizes[k].sizes[0]);
        for (size_t i = 0; i < FUS_COUNT(all); i++) {
            char text[32];
            bool wanted = false;
            struct fus_error err = {0};
            snprintf(text, sizeof text, "%dx%d", all[i], all[i]);
            for (int s = 0; s < 7; s++)
                wanted = wanted || models_sizes[k].sizes[s] == all[i];
            const int failed = fus_swap_boost_size(row, text, &size, &err);
            assert_int_equal(failed, wanted ? 0 : FUS_E_INVALID_PARAMETER);
            if (wanted)
                assert_int_equal(size, all[i]);
            else
                assert_string_equal(err.pointer, "/face_swapper_pixel_boost");
        }
    }
}

static void a_size_that_does_not_fit_names_those_that_do(void **state)
{
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    struct fus_error err = {0};
    int size = 0;
    assert_int_equal(fus_models_open(NULL, NULL, &models, NULL), 0);
    assert_int_equal(fus_swap_boost_size(row_of(models, "blendswap_256"), "384x384", &size, &err),
                     FUS_E_INVALID_PARAMETER);
    assert_non_null(strstr(err.detail, "256x256, 512x512, 768x768, 1024x1024"));
    assert_int_equal(
        fus_swap_boost_size(row_of(models, "simswap_unofficial_512"), "768x768", &size, &err),
        FUS_E_INVALID_PARAMETER);
    assert_non_null(strstr(err.detail, "512x512, 1024x1024"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_hold_every_nth_pixel),
        cmocka_unit_test(tiles_come_back_where_they_were),
        cmocka_unit_test(values_out_of_range_are_cut),
        cmocka_unit_test(every_size_on_offer_that_a_model_can_do_is_taken),
        cmocka_unit_test(a_size_that_does_not_fit_names_those_that_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
