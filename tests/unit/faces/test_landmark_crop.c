/* What FaceFusion's landmarkers are given, and what becomes of their answers. */
#include "faces/landmark_crop.h"

#include <stdlib.h>
#include <string.h>

#include "faces/classifier.h"
#include "faces/landmarker_net.h"
#include "faces/recognizer.h"
#include "recorded.h"
#include "vision/lut.h"

#define FOLDER "face_analysis/face_landmarker/"

static struct fus_box recorded_box(void)
{
    FUS_AUTO_NPY struct fus_npy box = recorded(FOLDER "bounding_box.npy");
    return (struct fus_box){(float)fus_npy_at(&box, 0), (float)fus_npy_at(&box, 1),
                            (float)fus_npy_at(&box, 2), (float)fus_npy_at(&box, 3)};
}

static void the_crop_is_as_recorded(void **state)
{
    (void)state;
    const struct fus_box box = recorded_box();
    FUS_AUTO_NPY struct fus_npy source = recorded("vision/image/source_pixels.npy.gz");
    FUS_AUTO_NPY struct fus_npy want = recorded(FOLDER "optimized_contrast_crop.npy");
    FUS_AUTO_NPY struct fus_npy shift = recorded(FOLDER "2dfan4_translation.npy");
    FUS_AUTO_NPY struct fus_npy input = recorded(FOLDER "model_input.npy.gz");
    const struct fus_plane bgr = recorded_plane(&source);
    struct fus_landmark_crop crop;
    assert_true(fus_landmark_crop_of(&box, 0, &crop));
    assert_float_equal(crop.to_crop.xx, 0.26713566693394475, 1e-12);
    assert_float_equal(crop.to_crop.tx, fus_npy_at(&shift, 0), 1e-12);
    assert_float_equal(crop.to_crop.ty, fus_npy_at(&shift, 1), 1e-12);
    uint8_t *pixels = malloc(2 * 256 * 256 * 3);
    const struct fus_plane out = {pixels, 768, 256, 256, 3},
                           spare = {pixels + 256 * 768, 768, 256, 256, 3};
    assert_true(fus_landmark_crop_cut(&crop, &bgr, &out, &spare));
    assert_memory_equal(pixels, fus_npy_u8(&want), 256 * 768);
    float *chw = malloc(3 * 65536 * sizeof(float));
    struct fus_lut lut;
    fus_lut_unit(&lut, false);
    fus_lut_chw(&lut, &out, chw, 65536, 256);
    assert_memory_equal(chw, fus_npy_f32(&input), 3 * 65536 * sizeof(float));
    free(chw);
    free(pixels);
}

static void points_of_the_grid_come_back_to_the_picture(void **state)
{
    (void)state;
    const struct fus_box box = {100, 200, 400, 500};
    static const int ANGLES[] = {0, 90, 180, 270};
    for (size_t a = 0; a < FUS_COUNT(ANGLES); a++) {
        struct fus_landmark_crop crop;
        struct fus_point out[68];
        float grid[68 * 3];
        assert_true(fus_landmark_crop_of(&box, ANGLES[a], &crop));
        for (size_t i = 0; i < 68; i++) {
            struct fus_point p = {(float)(110 + 4 * i), (float)(480 - 3 * i)};
            p = fus_affine_apply(&crop.to_crop, p);
            p = fus_affine_apply(&crop.turn.to, p);
            grid[3 * i] = p.x / 4, grid[3 * i + 1] = p.y / 4, grid[3 * i + 2] = 99;
        }
        fus_landmark_crop_back(&crop, grid, 3, out);
        for (size_t i = 0; i < 68; i++) {
            assert_true(fabsf(out[i].x - (float)(110 + 4 * i)) < 1e-2f);
            assert_true(fabsf(out[i].y - (float)(480 - 3 * i)) < 1e-2f);
        }
    }
    struct fus_landmark_crop crop;
    const struct fus_box nowhere = {NAN, 0, 1, 1};
    assert_false(fus_landmark_crop_of(&nowhere, 0, &crop));
}

static void a_turned_crop_shows_the_face_upright(void **state)
{
    (void)state;
    uint8_t *pixels = calloc(3, 256 * 768);
    const struct fus_plane bgr = {pixels, 768, 256, 256, 3};
    const struct fus_plane out = {pixels + 256 * 768, 768, 256, 256, 3};
    const struct fus_plane spare = {pixels + 2 * 256 * 768, 768, 256, 256, 3};
    for (int y = 0; y < 256; y++)
        memset(pixels + y * 768 + 3 * 200, 255, 3 * 40); /* a bright bar on the right */
    const struct fus_box box = {128 - 97.5f, 128 - 97.5f, 128 + 97.5f, 128 + 97.5f};
    struct fus_landmark_crop crop;
    assert_true(fus_landmark_crop_of(&box, 90, &crop));
    assert_true(fus_landmark_crop_cut(&crop, &bgr, &out, &spare));
    const uint8_t *top = out.data + 35 * 768 + 3 * 128, *left = out.data + 128 * 768 + 3 * 35;
    const uint8_t *bottom = out.data + 220 * 768 + 3 * 128;
    assert_true(top[1] > 250);
    assert_true(left[1] < 60 && bottom[1] < 60);
    free(pixels);
}

static void the_choice_is_by_score(void **state)
{
    (void)state;
    assert_int_equal(fus_landmarker_choose(true, true, 0.5, 0.69), FUS_LANDMARKS_FAN);
    assert_int_equal(fus_landmarker_choose(true, true, 0.5, 0.71), FUS_LANDMARKS_PEPPA);
    assert_int_equal(fus_landmarker_choose(true, false, 0, 0), FUS_LANDMARKS_FAN);
    assert_int_equal(fus_landmarker_choose(false, true, 0, 0.3), FUS_LANDMARKS_PEPPA);
    assert_int_equal(fus_landmarker_choose(false, true, 0, 0.1), FUS_LANDMARKS_NONE);
    assert_int_equal(fus_landmarker_choose(false, false, 0, 0), FUS_LANDMARKS_NONE);
}

static void the_heat_maps_maxima_are_the_score(void **state)
{
    (void)state;
    const float heat[8] = {0, 0.2f, 0.6f, 0.1f, 0.3f, 0, 0, 0};
    assert_float_equal((float)fus_landmarker_heat_score(heat, 2, 4), 0.5, 1e-6);
    const float hot[2] = {2, 2};
    assert_float_equal(fus_landmarker_heat_score(hot, 2, 1), 1, 0);
}

static void the_angle_is_that_of_the_jaw(void **state)
{
    (void)state;
    static const struct {
        float x0, y0, x16, y16;
        int angle;
    } CASES[] = {
        {0, 0, 100, 0, 0},       {0, 0, 100, 100, 0}, {0, 0, 0, 100, 90},    {0, 0, -100, 0, 180},
        {0, 0, -100, -100, 180}, {0, 0, -50, 50, 90}, {0, 0, 10, -100, 270}, {5, 5, 99, 4, 0},
    };
    for (size_t i = 0; i < FUS_COUNT(CASES); i++) {
        struct fus_point points[68] = {{0}};
        points[0] = (struct fus_point){CASES[i].x0, CASES[i].y0};
        points[16] = (struct fus_point){CASES[i].x16, CASES[i].y16};
        assert_int_equal(fus_face_angle(points), CASES[i].angle);
    }
}

static void five_of_the_68_are_as_recorded(void **state)
{
    (void)state;
    FUS_AUTO_NPY struct fus_npy all = recorded(FOLDER "detect_face_landmark_68.npy");
    FUS_AUTO_NPY struct fus_npy want = recorded(FOLDER "fan_68_5_input.npy");
    FUS_AUTO_NPY struct fus_npy estimated = recorded(FOLDER "fan_68_5_output.npy");
    struct fus_point points[68], five[5];
    recorded_points(&all, points, 68);
    fus_face_points_5(points, five);
    for (size_t i = 0; i < 5; i++) {
        assert_float_equal((double)five[i].x, fus_npy_at(&want, 2 * i), 1e-4);
        assert_float_equal((double)five[i].y, fus_npy_at(&want, 2 * i + 1), 1e-4);
    }
    recorded_points(&estimated, points, 68);
    assert_int_equal(fus_face_angle(points), 0);
}

static void the_normalised_embedding_is_as_recorded(void **state)
{
    (void)state;
    FUS_AUTO_NPY struct fus_npy raw = recorded("face_analysis/face_recognizer/embedding.npy");
    FUS_AUTO_NPY struct fus_npy want = recorded("face_analysis/face_recognizer/embedding_norm.npy");
    float norm[FUS_EMBEDDING_SIZE], none[FUS_EMBEDDING_SIZE] = {0};
    assert_true(fus_embedding_normalise(fus_npy_f32(&raw), norm));
    for (size_t i = 0; i < FUS_EMBEDDING_SIZE; i++)
        assert_float_equal((double)norm[i], fus_npy_at(&want, i), 1e-7);
    assert_false(fus_embedding_normalise(none, norm));
}

static void the_ids_have_their_meaning(void **state)
{
    (void)state;
    static const enum fus_race RACES[] = {FUS_RACE_WHITE,  FUS_RACE_BLACK, FUS_RACE_LATINO,
                                          FUS_RACE_ASIAN,  FUS_RACE_ASIAN, FUS_RACE_INDIAN,
                                          FUS_RACE_ARABIC, FUS_RACE_WHITE, FUS_RACE_WHITE};
    static const int STARTS[] = {0, 3, 10, 20, 30, 40, 50, 60, 70};
    static const int ENDS[] = {2, 9, 19, 29, 39, 49, 59, 69, 100};
    for (int i = 0; i < 9; i++) {
        struct fus_face face = {0};
        fus_classes_of(i, i, i, &face);
        assert_int_equal(face.race, RACES[i]);
        assert_int_equal(face.gender, i == 1 ? FUS_GENDER_FEMALE : FUS_GENDER_MALE);
        assert_int_equal(face.age_start, STARTS[i]);
        assert_int_equal(face.age_end, ENDS[i]);
        assert_int_equal(face.has, FUS_FACE_HAS_CLASSES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_crop_is_as_recorded),
        cmocka_unit_test(points_of_the_grid_come_back_to_the_picture),
        cmocka_unit_test(a_turned_crop_shows_the_face_upright),
        cmocka_unit_test(the_choice_is_by_score),
        cmocka_unit_test(the_heat_maps_maxima_are_the_score),
        cmocka_unit_test(the_angle_is_that_of_the_jaw),
        cmocka_unit_test(five_of_the_68_are_as_recorded),
        cmocka_unit_test(the_normalised_embedding_is_as_recorded),
        cmocka_unit_test(the_ids_have_their_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
