#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* ------------------------------------------------------------------ filters and embeddings */

static void classes(struct fus_face *face, enum fus_gender gender, enum fus_race race, int start,
                    int end)
{
    face->gender = gender;
    face->race = race;
    face->age_start = start;
    face->age_end = end;
    face->has |= FUS_FACE_HAS_CLASSES;
}

/* An embedding at an angle (degrees) in the plane of the first two numbers. */
static void embed(struct fus_face *face, double degrees)
{
    memset(face->embedding_norm, 0, sizeof(face->embedding_norm));
    face->embedding_norm[0] = (float)cos(degrees * M_PI / 180);
    face->embedding_norm[1] = (float)sin(degrees * M_PI / 180);
    for (int i = 0; i < FUS_EMBEDDING_SIZE; i++)
        face->embedding[i] = 10 * face->embedding_norm[i];
    face->has |= FUS_FACE_HAS_EMBEDDING;
}

static struct fus_faces people(void)
{
    struct fus_faces faces = four();
    classes(&faces.items[0], FUS_GENDER_FEMALE, FUS_RACE_ASIAN, 20, 29);
    classes(&faces.items[1], FUS_GENDER_MALE, FUS_RACE_WHITE, 30, 39);
    classes(&faces.items[2], FUS_GENDER_FEMALE, FUS_RACE_WHITE, 60, 69);
    classes(&faces.items[3], FUS_GENDER_MALE, FUS_RACE_ASIAN, 3, 9);
    static const double DEGREES[] = {0, 40, 70, 180};
    for (int i = 0; i < 4; i++)
        embed(&faces.items[i], DEGREES[i]);
    return faces;
}

static const struct fus_selector_options ALL = {.mode = FUS_SELECT_MANY,
                                                .order = FUS_ORDER_LEFT_RIGHT,
                                                .age_start = -1,
                                                .age_end = -1,
                                                .reference_distance = 0.3};

/* tracks: of the faces that are expected, ended by -1. */
static void expect(const struct fus_selector_options *options, const struct fus_faces *reference,
                   const struct fus_faces *sources, const int *tracks)
{
    struct fus_faces faces = people();
    const struct fus_face *chosen[FUS_FACES_MAX];
    size_t count = fus_faces_select(options, reference, sources, &faces, chosen), want = 0;
    while (tracks[want] >= 0)
        want++;
    assert_int_equal(count, want);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(chosen[i]->track_id, tracks[i]);
}
#define TRACKS(...) ((const int[]){__VA_ARGS__, -1})
#define NOBODY ((const int[]){-1})

static void many_and_one_are_sorted_and_filtered(void **state)
{
    (void)state;
    struct fus_selector_options options = ALL;
    expect(&options, NULL, NULL, TRACKS(1, 2, 0, 3));
    options.gender = FUS_GENDER_FEMALE;
    expect(&options, NULL, NULL, TRACKS(2, 0));
    options.race = FUS_RACE_ASIAN;
    expect(&options, NULL, NULL, TRACKS(0));
    options.gender = FUS_GENDER_UNKNOWN;
    options.mode = FUS_SELECT_ONE;
    options.order = FUS_ORDER_RIGHT_LEFT;
    expect(&options, NULL, NULL, TRACKS(3));
    options.race = FUS_RACE_BLACK;
    expect(&options, NULL, NULL, NOBODY);
}

static void ages_are_ranges_that_meet(void **state)
{
    (void)state;
    static const struct {
        int start, end;
        int tracks[5];
    } CASES[] = {
        {25, 35, {1, 0, -1}},      {29, 30, {-1}}, /* no class has 29 */
        {0, -1, {1, 2, 0, 3, -1}}, {-1, 0, {1, 2, 0, 3, -1}},
        {60, -1, {2, -1}},         {-1, 20, {3, -1}},
        {-1, 21, {0, 3, -1}},      {0, 4, {3, -1}},
        {69, 100, {-1}},           {20, 0, {-1}},
    };
    for (size_t i = 0; i < FUS_COUNT(CASES); i++) {
        struct fus_selector_options options = ALL;
        options.age_start = CASES[i].start;
        options.age_end = CASES[i].end;
        expect(&options, NULL, NULL, CASES[i].tracks);
    }
}

static void auto_is_the_largest_source_face(void **state)
{
    (void)state;
    struct fus_faces sources = {.count = 0}, none = {.count = 0};
    put(&sources, 10, 10, 5, 0.9f, 50);
    put(&sources, 90, 90, 50, 0.9f, 51);
    classes(&sources.items[0], FUS_GENDER_MALE, FUS_RACE_ASIAN, 20, 29);
    classes(&sources.items[1], FUS_GENDER_FEMALE, FUS_RACE_WHITE, 20, 29);
    struct fus_selector_options options = ALL;
    options.gender = FUS_SELECT_AUTO;
    expect(&options, NULL, &sources, TRACKS(2, 0));
    options.race = FUS_SELECT_AUTO;
    expect(&options, NULL, &sources, TRACKS(2));
    options.gender = FUS_GENDER_MALE; /* named: only the race is the source's */
    expect(&options, NULL, &sources, TRACKS(1));
    /* nobody to take it from: nobody fits */
    expect(&options, NULL, &none, NOBODY);
    expect(&options, NULL, NULL, NOBODY);
    assert_int_equal(fus_selector_source_wants(&options), FUS_FACE_HAS_CLASSES);
}

static void the_reference_is_found_by_embedding(void **state)
{
    (void)state;
    struct fus_faces reference = people();
    struct fus_selector_options options = ALL;
    options.mode = FUS_SELECT_REFERENCE;
    /* Position 2 from the left is track 0, at 0 degrees: 40 and 66.4 are within 0.3, in the order
     * that the faces have. */
    options.reference_position = 2;
    expect(&options, &reference, NULL, TRACKS(0, 1));
    options.reference_distance = 0.34; /* (1 - cos 70) / 2 = 0.329 */
    expect(&options, &reference, NULL, TRACKS(0, 1, 2));
    options.reference_distance = 1;
    expect(&options, &reference, NULL, TRACKS(0, 1, 2)); /* what is opposite is at 1, not nearer */
    options.reference_distance = 0;
    expect(&options, &reference, NULL, NOBODY);
    options.reference_distance = 0.3;
    options.reference_position = 99; /* the last: track 3 */
    expect(&options, &reference, NULL, TRACKS(3));
    options.reference_position = -4;
    expect(&options, &reference, NULL, TRACKS(0, 1, 2)); /* the first: track 1, at 40 degrees */
}

static void filters_act_on_the_reference_frame_alone(void **state)
{
    (void)state;
    struct fus_faces reference = people(), none = {.count = 0};
    struct fus_selector_options options = ALL;
    options.mode = FUS_SELECT_REFERENCE;
    options.gender = FUS_GENDER_FEMALE; /* of 2, 0 the first: track 2 at 70 degrees */
    expect(&options, &reference, NULL, TRACKS(1, 2));
    assert_int_equal(fus_faces_reference(&options, &reference, NULL)->track_id, 2);
    options.race = FUS_RACE_INDIAN;
    expect(&options, &reference, NULL, NOBODY);
    expect(&options, &none, NULL, NOBODY);
    expect(&options, NULL, NULL, NOBODY);
    assert_null(fus_faces_reference(&options, &none, NULL));
    assert_int_equal(fus_selector_wants(&options), FUS_FACE_HAS_EMBEDDING);
    assert_int_equal(fus_selector_reference_wants(&options),
                     FUS_FACE_HAS_EMBEDDING | FUS_FACE_HAS_CLASSES);
    options.mode = FUS_SELECT_MANY;
    assert_int_equal(fus_selector_wants(&options), FUS_FACE_HAS_CLASSES);
    assert_int_equal(fus_selector_reference_wants(&options), 0);
    assert_int_equal(fus_selector_wants(&ALL), 0);
    options = ALL;
    options.age_end = 30;
    assert_int_equal(fus_selector_wants(&options), FUS_FACE_HAS_CLASSES);
}

static void faces_without_embedding_are_near_to_nothing(void **state)
{
    (void)state;
    struct fus_faces faces = people(), reference = people();
    struct fus_selector_options options = ALL;
    const struct fus_face *chosen[FUS_FACES_MAX];
    options.mode = FUS_SELECT_REFERENCE;
    options.reference_distance = 1;
    for (size_t i = 0; i < faces.count; i++)
        faces.items[i].has = 0;
    assert_int_equal(fus_faces_select(&options, &reference, NULL, &faces, chosen), 0);
    assert_float_equal(fus_face_distance(&faces.items[0], &reference.items[0]), 1, 0);
    assert_float_equal(fus_face_distance(&reference.items[0], &reference.items[3]), 1, 1e-6);
    assert_float_equal(fus_face_distance(&reference.items[1], &reference.items[1]), 0, 1e-6);
}

static void filters_have_their_names(void **state)
{
    (void)state;
    assert_int_equal(fus_selector_gender_parse(NULL), FUS_GENDER_UNKNOWN);
    assert_int_equal(fus_selector_gender_parse("auto"), FUS_SELECT_AUTO);
    assert_int_equal(fus_selector_gender_parse("male"), FUS_GENDER_MALE);
    assert_int_equal(fus_selector_gender_parse("female"), FUS_GENDER_FEMALE);
    assert_int_equal(fus_selector_race_parse(NULL), FUS_RACE_UNKNOWN);
    assert_int_equal(fus_selector_race_parse("auto"), FUS_SELECT_AUTO);
    static const char *const RACES[] = {"white", "black", "latino", "asian", "indian", "arabic"};
    for (int i = 0; i < 6; i++)
        assert_int_equal(fus_selector_race_parse(RACES[i]), FUS_RACE_WHITE + i);
}

/* ------------------------------------------------------------------ averages */

static void sources_are_averaged_over_their_largest_faces(void **state)
{
    (void)state;
    struct fus_faces none = {.count = 0}, a = {.count = 0}, b = {.count = 0};
    put(&a, 10, 10, 5, 0.9f, 1);
    put(&a, 50, 50, 20, 0.8f, 2);
    put(&a, 90, 50, 20, 0.8f, 3); /* as large: the first of them counts */
    put(&b, 30, 30, 10, 0.7f, 4);
    embed(&a.items[0], 200);
    embed(&a.items[1], 0);
    embed(&a.items[2], 270);
    embed(&b.items[0], 90);
    const struct fus_faces *const images[] = {&none, &a, &b};
    struct fus_face mean = {.track_id = 77};
    assert_true(fus_faces_average(images, 3, &mean));
    assert_int_equal(mean.track_id, 2);
    assert_float_equal(mean.box.x1, 30, 0);
    assert_float_equal(mean.embedding[0], 5, 1e-6);
    assert_float_equal(mean.embedding[1], 5, 1e-6);
    assert_float_equal(mean.embedding_norm[0], 0.5, 1e-6); /* not of length 1 again */
    assert_float_equal(mean.embedding_norm[1], 0.5, 1e-6);
    assert_float_equal(mean.embedding_norm[2], 0, 0);
    assert_false(fus_faces_average(images, 1, &mean));
    assert_false(fus_faces_average(images, 0, &mean));
    assert_int_equal(mean.track_id, 2);
    assert_ptr_equal(fus_faces_largest(&a), &a.items[1]);
    assert_null(fus_faces_largest(&none));
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
        cmocka_unit_test(many_and_one_are_sorted_and_filtered),
        cmocka_unit_test(ages_are_ranges_that_meet),
        cmocka_unit_test(auto_is_the_largest_source_face),
        cmocka_unit_test(the_reference_is_found_by_embedding),
        cmocka_unit_test(filters_act_on_the_reference_frame_alone),
        cmocka_unit_test(faces_without_embedding_are_near_to_nothing),
        cmocka_unit_test(filters_have_their_names),
        cmocka_unit_test(sources_are_averaged_over_their_largest_faces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
