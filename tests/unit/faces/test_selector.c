#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "faces/reference.h"

/* A face at (x, y) whose eyes are `eyes` apart. */
static void put(struct fus_faces *faces, float x, float y, float eyes, float score, int track)
{
    struct fus_face *face = &faces->items[faces->count++];
    *face = (struct fus_face){
        .box = {x - eyes, y - eyes, x + eyes, y + eyes}, .score = score, .track_id = track};
    for (int i = 0; i < 68; i++)
        face->landmarks_68[i] = (struct fus_point){x, y + eyes / 2};
    for (int i = 36; i < 42; i++)
        face->landmarks_68[i] = (struct fus_point){x - eyes / 2, y};
    for (int i = 42; i < 48; i++)
        face->landmarks_68[i] = (struct fus_point){x + eyes / 2, y};
    fus_face_points_5(face->landmarks_68, face->points_5);
}

static struct fus_faces four(void)
{
    struct fus_faces faces = {.count = 0};
    put(&faces, 300, 100, 30, 0.7f, 0);
    put(&faces, 100, 300, 50, 0.9f, 1);
    put(&faces, 200, 200, 30, 0.8f, 2); /* as large as the first */
    put(&faces, 400, 150, 20, 0.9f, 3); /* as good as the second */
    return faces;
}

static void each_order_sorts_and_ties_keep_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int tracks[4];
    } CASES[] = {
        {"left-right", {1, 2, 0, 3}}, {"right-left", {3, 0, 2, 1}},  {"top-bottom", {0, 3, 2, 1}},
        {"bottom-top", {1, 2, 3, 0}}, {"small-large", {3, 0, 2, 1}}, {"large-small", {1, 0, 2, 3}},
        {"best-worst", {1, 3, 2, 0}}, {"worst-best", {0, 2, 1, 3}},
    };
    for (size_t i = 0; i < FUS_COUNT(CASES); i++) {
        struct fus_faces faces = four();
        fus_faces_sort(&faces, fus_selector_order_parse(CASES[i].name));
        for (size_t k = 0; k < 4; k++)
            assert_int_equal(faces.items[k].track_id, CASES[i].tracks[k]);
    }
}

static void modes_have_their_names(void **state)
{
    (void)state;
    assert_int_equal(fus_selector_mode_parse("many"), FUS_SELECT_MANY);
    assert_int_equal(fus_selector_mode_parse("one"), FUS_SELECT_ONE);
    assert_int_equal(fus_selector_mode_parse("reference"), FUS_SELECT_REFERENCE);
}

static void eye_distance_and_five_points_come_from_the_68(void **state)
{
    (void)state;
    struct fus_faces faces = four();
    assert_float_equal(fus_face_eye_distance(&faces.items[1]), 50, 1e-4);
    assert_float_equal(faces.items[1].points_5[0].x, 75, 1e-4);
    assert_float_equal(faces.items[1].points_5[1].x, 125, 1e-4);
    assert_float_equal(faces.items[1].points_5[2].y, 325, 1e-4);
}

static void the_position_is_clamped_to_the_last_face(void **state)
{
    (void)state;
    struct fus_faces faces = four(), none = {.count = 0};
    struct fus_reference reference = {0};
    assert_true(fus_reference_pick(&reference, &faces, FUS_ORDER_LEFT_RIGHT, 1));
    assert_int_equal(reference.track_id, 2);
    assert_true(fus_reference_pick(&reference, &faces, FUS_ORDER_LEFT_RIGHT, 99));
    assert_int_equal(reference.track_id, 3);
    assert_true(fus_reference_pick(&reference, &faces, FUS_ORDER_LARGE_SMALL, 0));
    assert_int_equal(reference.track_id, 1);
    assert_int_equal(faces.items[0].track_id, 0); /* the faces stay as they were */
    struct fus_reference empty = {0};
    assert_false(fus_reference_pick(&empty, &none, FUS_ORDER_LARGE_SMALL, 0));
    assert_false(empty.set);
    assert_int_equal(fus_reference_follow(&empty, &faces), -1);
}

static void the_reference_is_followed_by_its_track(void **state)
{
    (void)state;
    struct fus_faces faces = four();
    struct fus_reference reference = {0};
    assert_true(fus_reference_pick(&reference, &faces, FUS_ORDER_LARGE_SMALL, 0));
    struct fus_faces moved = {.count = 0};
    put(&moved, 105, 300, 50, 0.9f, 7); /* another track at its old place */
    put(&moved, 600, 300, 50, 0.9f, 1);
    assert_int_equal(fus_reference_follow(&reference, &moved), 1);
    assert_float_equal(reference.centre.x, 600, 1e-3);
}

static void after_a_miss_it_is_found_by_place_and_size(void **state)
{
    (void)state;
    struct fus_faces faces = four();
    struct fus_reference reference = {0};
    assert_true(fus_reference_pick(&reference, &faces, FUS_ORDER_LARGE_SMALL, 0));
    struct fus_faces none = {.count = 0}, back = {.count = 0};
    assert_int_equal(fus_reference_follow(&reference, &none), -1);
    assert_int_equal(reference.missed_frames, 1);
    put(&back, 101, 300, 20, 0.9f, 9);  /* right there, but too small */
    put(&back, 300, 300, 50, 0.9f, 10); /* its size, but far away */
    assert_int_equal(fus_reference_follow(&reference, &back), -1);
    put(&back, 130, 310, 45, 0.9f, 11);
    assert_int_equal(fus_reference_follow(&reference, &back), 2);
    assert_int_equal(reference.track_id, 11);
    assert_int_equal(reference.missed_frames, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_order_sorts_and_ties_keep_their_place),
        cmocka_unit_test(modes_have_their_names),
        cmocka_unit_test(eye_distance_and_five_points_come_from_the_68),
        cmocka_unit_test(the_position_is_clamped_to_the_last_face),
        cmocka_unit_test(the_reference_is_followed_by_its_track),
        cmocka_unit_test(after_a_miss_it_is_found_by_place_and_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
