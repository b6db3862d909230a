#include "support.h"
#include "vision/nms.h"

static void overlap_is_measured(void **state)
{
    (void)state;
    struct fus_box a = {0, 0, 10, 10}, b = {5, 0, 15, 10}, c = {20, 20, 30, 30},
                   empty = {5, 5, 5, 5};
    assert_float_equal(fus_box_iou(&a, &b), 50.0 / 150, 1e-6);
    assert_float_equal(fus_box_iou(&a, &a), 1, 1e-6);
    assert_float_equal(fus_box_iou(&a, &c), 0, 0);
    assert_float_equal(fus_box_iou(&a, &empty), 0, 0);
    assert_float_equal(fus_box_iou(&empty, &empty), 0, 0);
}

static void the_best_of_a_cluster_stays_and_order_is_by_score(void **state)
{
    (void)state;
    const struct fus_box boxes[] = {
        {0, 0, 10, 10}, {1, 0, 11, 10}, {50, 0, 60, 10}, {0, 1, 10, 11}, {50, 50, 60, 60}};
    const float scores[] = {0.6f, 0.9f, 0.7f, 0.8f, 0.7f};
    size_t order[5];
    assert_int_equal(fus_nms(boxes, scores, 5, 0.45f, order, 5), 3);
    assert_int_equal(order[0], 1);
    assert_int_equal(order[1], 2); /* a tie: the lower index first */
    assert_int_equal(order[2], 4);
    assert_int_equal(fus_nms(boxes, scores, 5, 0.45f, order, 1), 1);
    assert_int_equal(order[0], 1);
    assert_int_equal(fus_nms(boxes, scores, 5, 1.0f, order, 5), 5);
    assert_int_equal(fus_nms(boxes, scores, 0, 0.45f, order, 5), 0);
}

static void many_boxes_come_out_sorted_and_apart(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    static struct fus_box boxes[COUNT];
    static float scores[COUNT];
    static size_t order[COUNT];
    uint32_t seed = 5;
    for (size_t i = 0; i < COUNT; i++) {
        float x = (float)test_uniform(&seed, 0, 600), y = (float)test_uniform(&seed, 0, 600);
        float s = (float)test_uniform(&seed, 5, 90);
        boxes[i] = (struct fus_box){x, y, x + s, y + s};
        scores[i] = (float)(test_random(&seed) % 50) / 50;
    }
    size_t kept = fus_nms(boxes, scores, COUNT, 0.4f, order, COUNT);
    assert_true(kept > 10 && kept < COUNT);
    for (size_t i = 0; i < kept; i++) {
        for (size_t k = 0; k < i; k++)
            assert_true(fus_box_iou(&boxes[order[i]], &boxes[order[k]]) <= 0.4f);
        assert_true(i == 0 || scores[order[i - 1]] >= scores[order[i]]);
    }
}

/* Recorded from OpenCV 5's dnn::NMSBoxes. */
static void opencvs_rules_keep_the_recorded_boxes(void **state)
{
    (void)state;
    const double three[3][4] = {{10, 10, 50, 50}, {12, 12, 52, 52}, {200, 200, 260, 260}};
    const float scores[3] = {0.9f, 0.8f, 0.95f};
    size_t order[4];
    assert_int_equal(fus_nms_boxes(three, scores, 3, 0.5f, 0.4f, order, 3), 2);
    assert_true(order[0] == 2 && order[1] == 0);
    assert_int_equal(fus_nms_boxes(three, scores, 3, 0.9f, 0.4f, order, 3), 1); /* not at 0.9 */
    assert_int_equal(fus_nms_boxes(three, scores, 3, 0.5f, 0.4f, order, 1), 1);
    const double four[4][4] = {{0, 0, 10, 10}, {1, 1, 11, 11}, {50, 50, 60, 60}, {2, 2, 12, 12}};
    const float lower[4] = {0.5f, 0.6f, 0.7f, 0.55f}, same[4] = {0.5f, 0.5f, 0.5f, 0.5f};
    assert_int_equal(fus_nms_boxes(four, lower, 4, 0, 0.3f, order, 4), 2);
    assert_true(order[0] == 2 && order[1] == 1);
    assert_int_equal(fus_nms_boxes(four, same, 4, 0, 0.3f, order, 4), 2);
    assert_true(order[0] == 0 && order[1] == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlap_is_measured),
        cmocka_unit_test(the_best_of_a_cluster_stays_and_order_is_by_score),
        cmocka_unit_test(opencvs_rules_keep_the_recorded_boxes),
        cmocka_unit_test(many_boxes_come_out_sorted_and_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
