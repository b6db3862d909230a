#include <string.h>

#include "faces/detection.h"
#include "fake.h"

static struct fus_candidates candidates;

static void a_cell_is_decoded_as_the_contract_says(void **state)
{
    (void)state;
    float cls[6] = {0}, obj[6] = {0}, bbox[24] = {0}, kps[60] = {0};
    cls[4] = 0.81f; /* row 1, column 1 of 3 columns */
    obj[4] = 0.64f;
    bbox[16] = 0.5f, bbox[17] = 0.25f, bbox[18] = logf(4), bbox[19] = logf(2);
    kps[40] = -0.5f, kps[41] = 0.5f, kps[48] = 2, kps[49] = 3;
    candidates.count = 0;
    fus_yunet_decode(cls, obj, bbox, kps, 6, 3, 16, FUS_SCORE_SQRT_PRODUCT, 0.5f, &candidates);
    assert_int_equal(candidates.count, 1);
    assert_float_equal(candidates.scores[0], 0.72, 1e-5);
    struct fus_box box = candidates.boxes[0];
    assert_float_equal(box.x1, 24 - 32, 1e-3);
    assert_float_equal(box.y1, 20 - 16, 1e-3);
    assert_float_equal(box.x2, 24 + 32, 1e-3);
    assert_float_equal(box.y2, 20 + 16, 1e-3);
    assert_float_equal(candidates.points_5[0][0].x, 8, 1e-4);
    assert_float_equal(candidates.points_5[0][0].y, 24, 1e-4);
    assert_float_equal(candidates.points_5[0][4].x, 48, 1e-4);
    assert_float_equal(candidates.points_5[0][4].y, 64, 1e-4);
}

static void the_score_rule_is_the_rows(void **state)
{
    (void)state;
    float cls[2] = {0.81f, 0.6f}, obj[2] = {0.64f, 0.7f}, bbox[8] = {0}, kps[20] = {0};
    candidates.count = 0;
    fus_yunet_decode(cls, obj, bbox, kps, 2, 2, 8, FUS_SCORE_PRODUCT, 0.5f, &candidates);
    assert_int_equal(candidates.count, 1);
    assert_float_equal(candidates.scores[0], 0.5184, 1e-5);
    candidates.count = 0;
    fus_yunet_decode(cls, obj, bbox, kps, 2, 2, 8, FUS_SCORE_SQRT_PRODUCT, 0.5f, &candidates);
    assert_int_equal(candidates.count, 2);
}

static void numbers_that_are_none_are_dropped(void **state)
{
    (void)state;
    float cls[3] = {NAN, 1, 1}, obj[3] = {1, 1, 1}, bbox[12] = {0}, kps[30] = {0};
    bbox[4] = INFINITY;
    kps[29] = NAN;
    candidates.count = 0;
    fus_yunet_decode(cls, obj, bbox, kps, 3, 3, 8, FUS_SCORE_PRODUCT, 0.5f, &candidates);
    assert_int_equal(candidates.count, 0);
}

static void of_too_many_candidates_the_best_stay(void **state)
{
    (void)state;
    enum { CELLS = 3000 };
    static float cls[CELLS], obj[CELLS], bbox[CELLS * 4], kps[CELLS * 10];
    uint32_t seed = 3;
    for (int i = 0; i < CELLS; i++) {
        cls[i] = 0.5f + 0.5f * (float)(fake_random(&seed) % 10000) / 10000;
        obj[i] = 1;
    }
    cls[2999] = 1;
    candidates.count = 0;
    fus_yunet_decode(cls, obj, bbox, kps, CELLS, 60, 8, FUS_SCORE_PRODUCT, 0.5f, &candidates);
    assert_int_equal(candidates.count, FUS_CANDIDATES_MAX);
    size_t above = 0, best = 0;
    for (int i = 0; i < CELLS; i++)
        above += cls[i] > candidates.lowest;
    for (size_t i = 0; i < candidates.count; i++) {
        assert_true(candidates.scores[i] >= candidates.lowest);
        best += candidates.scores[i] >= 1;
    }
    assert_true(above < FUS_CANDIDATES_MAX);
    assert_true(best >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_is_decoded_as_the_contract_says),
        cmocka_unit_test(the_score_rule_is_the_rows),
        cmocka_unit_test(numbers_that_are_none_are_dropped),
        cmocka_unit_test(of_too_many_candidates_the_best_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
