#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "safety/gate.h"

static double score_of(int net, float *data, size_t count, int rank, const int64_t *shape)
{
    struct fus_tensor tensor = {.data = data, .rank = rank, .count = count};

    for (int i = 0; i < rank; i++)
        tensor.shape[i] = shape[i];
    return fus_gate_score(net, &tensor);
}

static void a_detector_is_read_behind_its_boxes(void **state)
{
    /* four rows of boxes with large numbers, two of classes; three candidates */
    float data[18] = {600, 500, 400, 600,  500,   400,   600,   500,   400,
                      600, 500, 400, 0.1f, 0.19f, 0.05f, 0.02f, 0.21f, 0};
    const int64_t shape[] = {1, 6, 3}, boxes_only[] = {1, 4, 3};

    (void)state;
    assert_true(fabs(score_of(0, data, 18, 3, shape) - 0.21) < 1e-6);
    assert_true(fus_gate_vote(0, score_of(0, data, 18, 3, shape)));
    data[16] = 0.2f;
    assert_false(fus_gate_vote(0, 0.2)); /* above, not at */
    assert_true(isnan(score_of(0, data, 12, 3, boxes_only)));
}

static void the_classifiers_are_differences_of_their_outputs(void **state)
{
    float two[2] = {1.5f, 1.0f}, four[4] = {1, 2, 6, 8};
    const int64_t shape_two[] = {1, 2}, shape_four[] = {1, 4};

    (void)state;
    assert_true(score_of(1, two, 2, 2, shape_two) == 0.5);
    assert_true(fus_gate_vote(1, 0.26));
    assert_false(fus_gate_vote(1, 0.25));
    assert_true(score_of(2, four, 4, 2, shape_four) == 11);
    assert_true(fus_gate_vote(2, 11));
    assert_false(fus_gate_vote(2, 10.5));
    /* outputs of another size are no score, and no score is no vote */
    assert_true(isnan(score_of(1, four, 4, 2, shape_four)));
    assert_true(isnan(score_of(2, two, 2, 2, shape_two)));
    assert_false(fus_gate_vote(2, NAN));
}

static void without_its_models_the_gate_says_how_to_get_them(void **state)
{
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    const struct fus_model *missing = NULL;
    struct fus_gate *gate = NULL;
    struct fus_error err = {0};

    (void)state;
    assert_int_equal(fus_models_open(NULL, NULL, &models, NULL), 0);
    assert_false(fus_gate_installed(models, &missing));
    assert_non_null(missing);
    assert_string_equal(missing->id, "nsfw_1");
    assert_int_equal(fus_gate_new(models, 1, &gate, &err), FUS_E_MODEL_NOT_FOUND);
    assert_non_null(strstr(err.detail, "fusiond models pull nsfw_1 nsfw_2 nsfw_3"));
    assert_null(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_detector_is_read_behind_its_boxes),
        cmocka_unit_test(the_classifiers_are_differences_of_their_outputs),
        cmocka_unit_test(without_its_models_the_gate_says_how_to_get_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
