/* FaceFusion's window tracker over made-up faces. */
#include "faces/track_window.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fake.h"

static struct fus_faces frame, out;

/* A face of 100 x 100 at (x, y); its number goes into track_id. */
static void put(float x, float y, int number)
{
    struct fus_face *face = &frame.items[frame.count++];
    *face = (struct fus_face){.box = {x, y, x + 100, y + 100},
                              .score = (float)number,
                              .landmark_score = 0.5f,
                              .track_id = number,
                              .has = FUS_FACE_HAS_68_5 | FUS_FACE_HAS_CLASSES,
                              .age_start = number};
    for (int i = 0; i < 5; i++)
        face->points_5[i] = face->detector_5[i] = (struct fus_point){x + (float)i, y};
    for (int i = 0; i < 68; i++)
        face->landmarks_68[i] = face->landmarks_68_raw[i] = face->landmarks_68_5[i] =
            (struct fus_point){x + (float)i, y};
}

static void push(struct fus_track_window *window)
{
    assert_int_equal(fus_track_window_push(window, &frame, NULL), 0);
    frame.count = 0;
}

static struct fus_track_window *make(int reach, double score)
{
    struct fus_track_window *window = NULL;
    frame.count = out.count = 0;
    assert_int_equal(fus_track_window_new(reach, score, &window, NULL), 0);
    return window;
}

static void a_frame_comes_out_when_its_look_ahead_is_there(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_track_window_free) struct fus_track_window *window = make(2, 0.3);
    for (int t = 0; t < 6; t++) {
        put(10 * (float)t, 0, t);
        push(window);
        bool ready = fus_track_window_pop(window, &out);
        assert_int_equal(ready, t >= 2);
        if (ready) {
            assert_int_equal(out.count, 1);
            assert_int_equal(out.items[0].track_id, t - 2);
            assert_false(out.items[0].refilled);
        }
        assert_false(fus_track_window_pop(window, &out));
    }
    fus_track_window_finish(window);
    for (int t = 4; t < 6; t++) {
        assert_true(fus_track_window_pop(window, &out));
        assert_int_equal(out.items[0].track_id, t);
    }
    assert_false(fus_track_window_pop(window, &out));
    /* a new clip */
    put(0, 0, 100);
    push(window);
    fus_track_window_finish(window);
    assert_true(fus_track_window_pop(window, &out));
    assert_int_equal(out.items[0].track_id, 100);
}

static void a_gap_is_filled_in_proportion(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_track_window_free) struct fus_track_window *window = make(3, 0.1);
    put(0, 0, 1);
    push(window);
    push(window); /* two frames without the face */
    push(window);
    put(30, 60, 2);
    push(window);
    fus_track_window_finish(window);
    assert_true(fus_track_window_pop(window, &out));
    assert_false(out.items[0].refilled);
    for (int t = 1; t <= 2; t++) {
        assert_true(fus_track_window_pop(window, &out));
        assert_int_equal(out.count, 1);
        const struct fus_face *face = &out.items[0];
        float k = (float)t;
        assert_true(face->refilled);
        assert_int_equal(face->track_id, t); /* of the nearer: 1/3 and 2/3 */
        assert_int_equal(face->age_start, t);
        assert_float_equal(face->box.x1, 10 * k, 1e-4);
        assert_float_equal(face->box.y2, 100 + 20 * k, 1e-4);
        assert_float_equal(face->points_5[4].x, 4 + 10 * k, 1e-4);
        assert_float_equal(face->detector_5[0].y, 20 * k, 1e-4);
        assert_float_equal(face->landmarks_68[7].x, 7 + 10 * k, 1e-4);
        assert_float_equal(face->landmarks_68_5[16].y, 20 * k, 1e-4);
        assert_int_equal(face->angle, 0);
    }
    assert_true(fus_track_window_pop(window, &out));
    assert_int_equal(out.items[0].track_id, 2);
    assert_false(out.items[0].refilled);
}

static void halfway_the_later_one_counts(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_track_window_free) struct fus_track_window *window = make(1, 0.3);
    put(0, 0, 1);
    push(window);
    push(window);
    assert_true(fus_track_window_pop(window, &out));
    put(10, 0, 2);
    push(window);
    assert_true(fus_track_window_pop(window, &out));
    assert_int_equal(out.count, 1);
    assert_int_equal(out.items[0].track_id, 2);
    assert_float_equal(out.items[0].box.x1, 5, 1e-5);
}

static void nothing_is_made_up_at_the_ends(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_track_window_free) struct fus_track_window *window = make(2, 0.3);
    push(window);
    put(0, 0, 1);
    push(window);
    push(window);
    assert_true(fus_track_window_pop(window, &out));
    assert_int_equal(out.count, 0); /* it begins later */
    push(window);
    assert_true(fus_track_window_pop(window, &out));
    assert_int_equal(out.count, 1);
    push(window);
    assert_true(fus_track_window_pop(window, &out));
    assert_int_equal(out.count, 0); /* it has ended */
}

static void a_gap_wider_than_the_window_stays(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_track_window_free) struct fus_track_window *window = make(1, 0.3);
    put(0, 0, 1);
    push(window);
    push(window);
    assert_true(fus_track_window_pop(window, &out));
    push(window);
    assert_true(fus_track_window_pop(window, &out));
    assert_int_equal(out.count, 0);
    put(0, 0, 2);
    push(window);
    assert_true(fus_track_window_pop(window, &out));
    assert_int_equal(out.count, 0);
}

static void the_overlap_must_exceed_the_score(void **state)
{
    (void)state;
    for (int t = 0; t < 2; t++) {
        /* shifted by half of its width: overlap 1/3 */
        FUS_CLEANUP(fus_track_window_free)
        struct fus_track_window *window = make(1, t == 0 ? 0.33 : 1.0 / 3);
        put(0, 0, 1);
        push(window);
        push(window);
        assert_true(fus_track_window_pop(window, &out));
        put(50, 0, 2);
        push(window);
        assert_true(fus_track_window_pop(window, &out));
        assert_int_equal(out.count, t == 0 ? 1 : 0);
    }
}

static void two_people_stay_apart_in_the_order_of_their_tracks(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_track_window_free) struct fus_track_window *window = make(1, 0.3);
    put(0, 0, 1);
    put(500, 0, 2);
    push(window);
    put(505, 0, 4); /* the detector turns them round and misses one */
    push(window);
    assert_true(fus_track_window_pop(window, &out));
    assert_int_equal(out.items[0].track_id, 1);
    put(510, 0, 6);
    put(10, 0, 5);
    put(900, 0, 7);
    push(window);
    assert_true(fus_track_window_pop(window, &out));
    assert_int_equal(out.count, 2);
    assert_float_equal(out.items[0].box.x1, 5, 1e-5);
    assert_true(out.items[0].refilled);
    assert_int_equal(out.items[1].track_id, 4);
    assert_false(out.items[1].refilled);
}

/* As upstream: the second of two faces of one frame that overlap one track takes its place. */
static void a_later_face_of_a_frame_takes_the_place(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_track_window_free) struct fus_track_window *window = make(0, 0.3);
    put(0, 0, 1);
    put(20, 0, 2);
    push(window);
    assert_true(fus_track_window_pop(window, &out));
    assert_int_equal(out.count, 1);
    assert_int_equal(out.items[0].track_id, 2);
}

static void frames_in_front_of_the_wanted_ones_can_be_pushed_too(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_track_window_free) struct fus_track_window *window = make(1, 0.3);
    put(0, 0, 1); /* in front of the cut */
    push(window);
    push(window);                                    /* the first wanted frame: no face */
    assert_true(fus_track_window_pop(window, &out)); /* thrown away */
    put(0, 0, 2);
    push(window);
    assert_true(fus_track_window_pop(window, &out));
    assert_int_equal(out.count, 1);
    assert_true(out.items[0].refilled);
}

static void the_angle_is_that_of_the_mean_points(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_track_window_free) struct fus_track_window *window = make(1, 0.3);
    put(0, 0, 1);
    push(window);
    push(window);
    assert_true(fus_track_window_pop(window, &out));
    put(0, 0, 2);
    frame.items[0].angle = 90;
    for (int i = 0; i < 68; i++)
        frame.items[0].landmarks_68_5[i] = (struct fus_point){0, (float)(3 * i)};
    push(window);
    assert_true(fus_track_window_pop(window, &out));
    assert_int_equal(out.items[0].angle, 90); /* (8, 24): steeper than 45 degrees */
}

static void a_frame_that_is_not_fetched_is_an_error(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_track_window_free) struct fus_track_window *window = make(0, 0.3);
    push(window);
    assert_int_equal(fus_track_window_push(window, &frame, NULL), FUS_E_INTERNAL);
    assert_true(fus_track_window_pop(window, &out));
    assert_int_equal(fus_track_window_push(window, &frame, NULL), 0);
}

static void a_crowd_passes_and_nothing_is_allocated_twice(void **state)
{
    (void)state;
    FUS_CLEANUP(fus_track_window_free)
    struct fus_track_window *window = make(FUS_TRACK_WINDOW_REACH_MAX, 0.3);
    for (int t = 0; t < 60; t++) {
        /* nobody overlaps: the most tracks that there can be */
        for (int i = 0; i < FUS_FACES_MAX; i++)
            put((float)(1000 * t), (float)(200 * i), i);
        if (t == 30)
            fus_mem_fail_after(0);
        push(window);
        if (fus_track_window_pop(window, &out))
            assert_int_equal(out.count, FUS_FACES_MAX);
    }
    assert_false(fus_mem_failed());
    fus_mem_fail_off();
}

static void lack_of_memory_is_an_error(void **state)
{
    (void)state;
    struct fus_track_window *window = NULL;
    fus_mem_fail_after(0);
    assert_int_equal(fus_track_window_new(1, 0.3, &window, NULL), FUS_E_OUT_OF_MEMORY);
    fus_mem_fail_off();
    window = make(1, 0.3);
    put(0, 0, 1);
    fus_mem_fail_after(0);
    assert_int_equal(fus_track_window_push(window, &frame, NULL), FUS_E_OUT_OF_MEMORY);
    fus_mem_fail_off();
    push(window);
    fus_track_window_finish(window);
    assert_true(fus_track_window_pop(window, &out));
    assert_int_equal(out.count, 1);
    fus_track_window_free(window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_comes_out_when_its_look_ahead_is_there),
        cmocka_unit_test(a_gap_is_filled_in_proportion),
        cmocka_unit_test(halfway_the_later_one_counts),
        cmocka_unit_test(nothing_is_made_up_at_the_ends),
        cmocka_unit_test(a_gap_wider_than_the_window_stays),
        cmocka_unit_test(the_overlap_must_exceed_the_score),
        cmocka_unit_test(two_people_stay_apart_in_the_order_of_their_tracks),
        cmocka_unit_test(a_later_face_of_a_frame_takes_the_place),
        cmocka_unit_test(frames_in_front_of_the_wanted_ones_can_be_pushed_too),
        cmocka_unit_test(the_angle_is_that_of_the_mean_points),
        cmocka_unit_test(a_frame_that_is_not_fetched_is_an_error),
        cmocka_unit_test(a_crowd_passes_and_nothing_is_allocated_twice),
        cmocka_unit_test(lack_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
