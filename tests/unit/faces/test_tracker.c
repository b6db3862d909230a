#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "faces/tracker.h"
#include "fake.h"

/* A scene of made-up faces. The landmarker finds the face nearest to the crop that it is given. */
enum { PEOPLE_MAX = 4 };
struct person {
    bool there, hidden_from_detector;
    float x, y, eyes;
    float score; /* of its landmarks; 0: 0.99 */
};
struct scene {
    struct person people[PEOPLE_MAX];
    int detections, landmark_calls;
    int blind; /* calls of the landmarker that find nothing */
    int fail;  /* error that the next call gives */
};

static int scene_detect(void *context, const struct fus_image *image,
                        struct fus_detection found[FUS_FACES_MAX], size_t *count,
                        struct fus_error *err)
{
    (void)image, (void)err;
    struct scene *scene = context;
    scene->detections++;
    if (scene->fail != 0)
        return scene->fail;
    *count = 0;
    for (int i = 0; i < PEOPLE_MAX; i++) {
        const struct person *p = &scene->people[i];
        if (!p->there || p->hidden_from_detector)
            continue;
        struct fus_point points[68];
        /* The detector is a little off, as detectors are. */
        fake_points(p->x + 0.05f * p->eyes, p->y, p->eyes, points);
        struct fus_detection *d = &found[(*count)++];
        *d = (struct fus_detection){
            .score = 0.9f, .box = {p->x - p->eyes, p->y - p->eyes, p->x + p->eyes, p->y + p->eyes}};
        fus_face_points_5(points, d->points_5);
    }
    return 0;
}

static int scene_landmarks(void *context, const struct fus_image *image, const struct fus_box *box,
                           const struct fus_point points_5[5], int passes, struct fus_face *face,
                           struct fus_error *err)
{
    (void)image, (void)box, (void)passes, (void)err;
    struct scene *scene = context;
    scene->landmark_calls++;
    struct fus_point c = fus_face_centre(points_5);
    face->landmark_score = 0.05f;
    if (scene->blind > 0) {
        scene->blind--;
        return 0;
    }
    for (int i = 0; i < PEOPLE_MAX; i++) {
        const struct person *p = &scene->people[i];
        if (!p->there || hypotf(p->x - c.x, p->y - c.y) > p->eyes)
            continue;
        face->landmark_score = p->score > 0 ? p->score : 0.99f;
        fake_points(p->x, p->y, p->eyes, face->landmarks_68);
        memcpy(face->landmarks_68_raw, face->landmarks_68, sizeof(face->landmarks_68));
        fus_face_points_5(face->landmarks_68, face->points_5);
        return 0;
    }
    return 0;
}

struct play {
    struct scene scene;
    struct fus_tracker *tracker;
    struct fus_faces faces;
    int64_t frame;
};

static int begin(void **state)
{
    struct play *play = calloc(1, sizeof(*play));
    struct fus_tracker_source source = {&play->scene, scene_detect, scene_landmarks, 0.5f, false};
    *state = play;
    return fus_tracker_new_with(&source, NULL, &play->tracker, NULL);
}

static int end(void **state)
{
    struct play *play = *state;
    fus_tracker_free(play->tracker);
    free(play);
    return 0;
}

static void next(struct play *play, int wanted)
{
    struct fus_image image = {.format = FUS_PIXEL_BGR8, .width = 1, .height = 1};
    assert_int_equal(
        fus_tracker_next(play->tracker, &image, play->frame++ * 40000, wanted, &play->faces, NULL),
        0);
}

static struct fus_face *by_id(struct play *play, int id)
{
    for (size_t i = 0; i < play->faces.count; i++) {
        if (play->faces.items[i].track_id == id)
            return &play->faces.items[i];
    }
    return NULL;
}

static void the_detector_runs_each_tenth_frame_while_a_face_is_followed(void **state)
{
    struct play *play = *state;
    play->scene.people[0] = (struct person){.there = true, .x = 100, .y = 100, .eyes = 40};
    for (int i = 0; i < 40; i++) {
        play->scene.people[0].x += 3;
        next(play, -1);
        assert_int_equal(play->faces.count, 1);
        assert_int_equal(play->faces.items[0].track_id, 0);
        assert_int_equal(play->faces.items[0].fresh, i == 0);
        assert_float_equal(play->faces.items[0].age_s, (float)(0.04 * i), 1e-6);
        assert_float_equal(fus_face_centre(play->faces.items[0].points_5).x,
                           play->scene.people[0].x, 3);
    }
    assert_int_equal(play->scene.detections, 4);
    assert_int_equal(play->scene.landmark_calls, 40);
}

static void without_a_face_the_detector_looks_in_each_frame(void **state)
{
    struct play *play = *state;
    for (int i = 0; i < 5; i++)
        next(play, -1);
    assert_int_equal(play->scene.detections, 5);
    assert_int_equal(play->faces.count, 0);
    play->scene.people[0] = (struct person){.there = true, .x = 100, .y = 100, .eyes = 40};
    next(play, -1);
    assert_int_equal(play->faces.count, 1);
}

static void several_faces_keep_their_numbers_when_they_pass_near_each_other(void **state)
{
    struct play *play = *state;
    play->scene.people[0] = (struct person){.there = true, .x = 100, .y = 100, .eyes = 30};
    play->scene.people[1] = (struct person){.there = true, .x = 500, .y = 180, .eyes = 30};
    for (int i = 0; i < 101; i++) {
        next(play, -1);
        assert_int_equal(play->faces.count, 2);
        play->scene.people[0].x += 4;
        play->scene.people[1].x -= 4;
    }
    const struct fus_face *first = by_id(play, 0), *second = by_id(play, 1);
    assert_true(first != NULL && first->points_5[0].x > 400);
    assert_true(second != NULL && second->points_5[0].x < 200);
}

static void a_lost_face_is_found_again_by_place_and_size(void **state)
{
    struct play *play = *state;
    play->scene.people[0] = (struct person){.there = true, .x = 100, .y = 100, .eyes = 40};
    for (int i = 0; i < 15; i++)
        next(play, -1);
    int before = play->scene.detections;
    play->scene.people[0].there = false;
    for (int i = 0; i < 5; i++) {
        next(play, -1);
        assert_int_equal(play->faces.count, 0);
    }
    assert_int_equal(play->scene.detections, before + 5);
    play->scene.people[0] = (struct person){.there = true, .x = 135, .y = 100, .eyes = 42};
    next(play, -1);
    assert_int_equal(play->faces.count, 1);
    assert_int_equal(play->faces.items[0].track_id, 0);
    assert_true(play->faces.items[0].fresh);
    assert_float_equal(play->faces.items[0].age_s, 0, 1e-9);
    next(play, -1);
    assert_false(play->faces.items[0].fresh);
}

static void a_face_elsewhere_or_of_another_size_is_a_new_one(void **state)
{
    struct play *play = *state;
    play->scene.people[0] = (struct person){.there = true, .x = 100, .y = 100, .eyes = 40};
    next(play, -1);
    next(play, -1);
    play->scene.people[0] = (struct person){.there = true, .x = 600, .y = 100, .eyes = 40};
    next(play, -1);
    assert_int_equal(play->faces.count, 1);
    assert_int_equal(play->faces.items[0].track_id, 1);
    play->scene.people[0].there = false;
    next(play, -1);
    play->scene.people[0] = (struct person){.there = true, .x = 600, .y = 100, .eyes = 90};
    next(play, -1);
    assert_int_equal(play->faces.items[0].track_id, 2);
    assert_true(play->faces.items[0].fresh);
}

static void a_face_that_its_crop_loses_but_the_detector_sees_at_once_goes_on(void **state)
{
    struct play *play = *state;
    play->scene.people[0] = (struct person){.there = true, .x = 100, .y = 100, .eyes = 40};
    for (int i = 0; i < 5; i++)
        next(play, -1);
    play->scene.blind = 1; /* the next call of the landmarker finds nothing */
    play->scene.people[0].x += 20;
    next(play, -1);
    assert_int_equal(play->faces.count, 1);
    assert_int_equal(play->faces.items[0].track_id, 0);
    assert_false(play->faces.items[0].fresh);
    assert_float_equal(play->faces.items[0].age_s, 0.2, 1e-6);
}

static void a_jump_of_the_same_track_is_fresh(void **state)
{
    struct play *play = *state;
    play->scene.people[0] = (struct person){.there = true, .x = 100, .y = 100, .eyes = 40};
    for (int i = 0; i < 5; i++)
        next(play, -1);
    play->scene.people[0].x += 0.9f * 40; /* still in the crop, but no head moves so */
    next(play, -1);
    assert_true(play->faces.items[0].fresh);
    /* Filtered points are the raw ones: nothing of the old place is left. */
    assert_memory_equal(play->faces.items[0].landmarks_68, play->faces.items[0].landmarks_68_raw,
                        sizeof(play->faces.items[0].landmarks_68));
}

static void a_track_that_the_detector_never_confirms_ends(void **state)
{
    struct play *play = *state;
    play->scene.people[0] = (struct person){.there = true, .x = 100, .y = 100, .eyes = 40};
    next(play, -1);
    play->scene.people[0].hidden_from_detector = true;
    int seen = 0;
    for (int i = 0; i < 60; i++) {
        next(play, -1);
        seen += play->faces.count == 1;
    }
    assert_in_range(seen, 20, 45);
    assert_int_equal(play->faces.count, 0);
}

static void tracks_that_run_together_become_one(void **state)
{
    struct play *play = *state;
    play->scene.people[0] = (struct person){.there = true, .x = 100, .y = 100, .eyes = 40};
    play->scene.people[1] = (struct person){.there = true, .x = 170, .y = 100, .eyes = 40};
    for (int i = 0; i < 12; i++)
        next(play, -1);
    assert_int_equal(play->faces.count, 2);
    /* The second leaves; its crop still holds the first, as with one head before another. */
    play->scene.people[1].there = false;
    play->scene.people[0].x = 135;
    next(play, -1);
    assert_int_equal(play->faces.count, 1);
    assert_int_equal(play->faces.items[0].track_id, 0);
}

static void only_the_wanted_track_is_landmarked_between_detections(void **state)
{
    struct play *play = *state;
    for (int i = 0; i < 3; i++)
        play->scene.people[i] =
            (struct person){.there = true, .x = 100 + 200 * (float)i, .y = 100, .eyes = 40};
    next(play, -1);
    assert_int_equal(play->faces.count, 3);
    int before = play->scene.landmark_calls;
    for (int i = 1; i < 10; i++) {
        next(play, 1);
        assert_int_equal(play->faces.count, 1);
        assert_int_equal(play->faces.items[0].track_id, 1);
    }
    assert_int_equal(play->scene.landmark_calls - before, 9);
    next(play, 1); /* a detection: all three again, with their numbers */
    assert_int_equal(play->faces.count, 3);
    assert_non_null(by_id(play, 0));
    assert_non_null(by_id(play, 2));
}

static void times_that_stand_still_do_no_harm(void **state)
{
    struct play *play = *state;
    struct fus_image image = {.format = FUS_PIXEL_BGR8, .width = 1, .height = 1};
    play->scene.people[0] = (struct person){.there = true, .x = 100, .y = 100, .eyes = 40};
    for (int i = 0; i < 20; i++) {
        play->scene.people[0].x += 1;
        assert_int_equal(fus_tracker_next(play->tracker, &image, 0, -1, &play->faces, NULL), 0);
        assert_int_equal(play->faces.count, 1);
        assert_true(isfinite(play->faces.items[0].landmarks_68[7].x));
        assert_float_equal(fus_face_centre(play->faces.items[0].points_5).x,
                           play->scene.people[0].x, 1.5);
    }
}

static void more_faces_than_there_is_room_for_do_no_harm(void **state)
{
    struct play *play = *state;
    /* Each second face is new, and all the old ones are remembered. */
    for (int i = 0; i < 200; i++) {
        play->scene.people[0] =
            (struct person){.there = i % 2 == 0, .x = 1000 * (float)i, .y = 0, .eyes = 40};
        next(play, -1);
        assert_int_equal(play->faces.count, i % 2 == 0);
    }
    assert_int_equal(play->scene.detections, 200);
}

static void errors_are_passed_on_and_frames_allocate_nothing(void **state)
{
    struct play *play = *state;
    struct fus_image image = {.format = FUS_PIXEL_BGR8, .width = 1, .height = 1};
    play->scene.people[0] = (struct person){.there = true, .x = 100, .y = 100, .eyes = 40};
    play->scene.fail = FUS_E_OUT_OF_MEMORY;
    assert_int_equal(fus_tracker_next(play->tracker, &image, 0, -1, &play->faces, NULL),
                     FUS_E_OUT_OF_MEMORY);
    play->scene.fail = 0;
    fus_mem_fail_after(0);
    for (int i = 0; i < 25; i++)
        next(play, -1);
    assert_false(fus_mem_failed());
    struct fus_tracker *none = NULL;
    struct fus_tracker_source source = {NULL, scene_detect, scene_landmarks, 0.5f, false};
    assert_int_equal(fus_tracker_new_with(&source, NULL, &none, NULL), FUS_E_OUT_OF_MEMORY);
    fus_mem_fail_off();
    assert_int_equal(play->faces.count, 1);
}

#define PLAY(test) cmocka_unit_test_setup_teardown(test, begin, end)
static void a_weak_new_face_is_given_out_only_when_it_stays(void **state)
{
    struct play *play = *state;
    play->scene.people[0] =
        (struct person){.there = true, .x = 100, .y = 100, .eyes = 40, .score = 0.55f};
    next(play, -1);
    assert_int_equal(play->faces.count, 0);
    play->scene.people[0].there = false;
    next(play, -1);
    assert_int_equal(play->faces.count, 0);
    play->scene.people[0].there = true;
    next(play, -1);
    assert_int_equal(play->faces.count, 0);
    next(play, -1);
    assert_int_equal(play->faces.count, 1);
    assert_true(play->faces.items[0].fresh);
    next(play, -1);
    assert_int_equal(play->faces.count, 1);
    assert_false(play->faces.items[0].fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAY(the_detector_runs_each_tenth_frame_while_a_face_is_followed),
        PLAY(without_a_face_the_detector_looks_in_each_frame),
        PLAY(a_weak_new_face_is_given_out_only_when_it_stays),
        PLAY(several_faces_keep_their_numbers_when_they_pass_near_each_other),
        PLAY(a_lost_face_is_found_again_by_place_and_size),
        PLAY(a_face_elsewhere_or_of_another_size_is_a_new_one),
        PLAY(a_face_that_its_crop_loses_but_the_detector_sees_at_once_goes_on),
        PLAY(a_jump_of_the_same_track_is_fresh),
        PLAY(a_track_that_the_detector_never_confirms_ends),
        PLAY(tracks_that_run_together_become_one),
        PLAY(only_the_wanted_track_is_landmarked_between_detections),
        PLAY(times_that_stand_still_do_no_harm),
        PLAY(more_faces_than_there_is_room_for_do_no_harm),
        PLAY(errors_are_passed_on_and_frames_allocate_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
