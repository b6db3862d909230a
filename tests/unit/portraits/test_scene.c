/* The rendered heads: the same bytes every time, and a truth that says what was asked for. */
#include "../cmocka_all.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "sampleset.h"
#include "scene.h"
#include "script.h"

static struct pt_scene_spec small_spec(void)
{
    struct pt_scene_spec spec = {
        .width = 160, .height = 140, .light = PT_LIGHT_STUDIO, .background_seed = 1, .people = 1};
    spec.sitters[0] = (struct pt_sitter){.seed = 5,
                                         .tone = 2,
                                         .hair_style = PT_HAIR_CROP,
                                         .centre_x = 80,
                                         .centre_y = 60,
                                         .eye_distance_px = 30};
    return spec;
}

static void render(const struct pt_scene_spec *spec, const struct pt_pose *poses,
                   struct fus_image *bgr, struct pt_truth *truth)
{
    FUS_CLEANUP(pt_scene_free) struct pt_scene *scene = NULL;
    struct fus_error err = {0};
    assert_int_equal(pt_scene_open(spec, &scene, &err), 0);
    assert_int_equal(fus_image_alloc(bgr, FUS_PIXEL_BGR8, spec->width, spec->height, &err), 0);
    assert_int_equal(pt_scene_render(scene, poses, 3, bgr, truth, &err), 0);
}

static struct pt_truth truth_of(const struct pt_pose *pose)
{
    FUS_AUTO_IMAGE struct fus_image bgr = {0};
    struct pt_scene_spec spec = small_spec();
    struct pt_truth truth;
    render(&spec, pose, &bgr, &truth);
    return truth;
}

static uint64_t hash_of(const struct fus_image *bgr)
{
    uint64_t h = 1469598103934665603u;
    for (int y = 0; y < bgr->height; y++) {
        for (int x = 0; x < bgr->width * 3; x++) {
            h = (h ^ bgr->plane[0][y * bgr->stride_bytes[0] + x]) * 1099511628211u;
        }
    }
    return h;
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    FUS_AUTO_IMAGE struct fus_image a = {0};
    FUS_AUTO_IMAGE struct fus_image b = {0};
    struct pt_scene_spec spec = small_spec();
    struct pt_pose pose = {.yaw = 12, .expression = {.jaw = 0.3f}};
    struct pt_truth truth;
    render(&spec, &pose, &a, &truth);
    render(&spec, &pose, &b, &truth);
    assert_true(hash_of(&a) == hash_of(&b));
}

static void another_seed_is_another_person(void **state)
{
    (void)state;
    FUS_AUTO_IMAGE struct fus_image a = {0};
    FUS_AUTO_IMAGE struct fus_image b = {0};
    struct pt_scene_spec spec = small_spec();
    struct pt_pose pose = {0};
    struct pt_truth first, second;
    render(&spec, &pose, &a, &first);
    spec.sitters[0].seed++;
    render(&spec, &pose, &b, &second);
    assert_true(hash_of(&a) != hash_of(&b));
    assert_true(memcmp(&first, &second, sizeof(first)) != 0);
}

static void the_eyes_are_as_far_apart_as_asked(void **state)
{
    (void)state;
    struct pt_truth t = truth_of(&(struct pt_pose){0});
    assert_true(fabsf(t.eye_distance - 30) < 0.06f * 30);
    assert_true(fabsf(0.5f * (t.five[0][0] + t.five[1][0]) - 80) < 1);
    assert_true(fabsf(0.5f * (t.five[0][1] + t.five[1][1]) - 60) < 1.5f);
}

static void the_five_points_come_from_the_68(void **state)
{
    (void)state;
    struct pt_truth t = truth_of(&(struct pt_pose){.yaw = -20, .roll = 8});
    float x = 0;
    for (int i = 36; i < 42; i++) {
        x += t.landmarks[i][0] / 6;
    }
    assert_true(fabsf(x - t.five[0][0]) < 0.01f);
    assert_memory_equal(t.five[2], t.landmarks[30], sizeof(t.five[2]));
    assert_memory_equal(t.five[3], t.landmarks[48], sizeof(t.five[3]));
    assert_memory_equal(t.five[4], t.landmarks[54], sizeof(t.five[4]));
    for (int i = 0; i < 68; i++) {
        assert_true(t.landmarks[i][0] >= t.box[0] && t.landmarks[i][0] <= t.box[2]);
        assert_true(t.landmarks[i][1] >= t.box[1] && t.landmarks[i][1] <= t.box[3]);
    }
}

static void angles_turn_the_head_the_way_they_say(void **state)
{
    (void)state;
    struct pt_truth rest = truth_of(&(struct pt_pose){0});
    struct pt_truth left = truth_of(&(struct pt_pose){.yaw = 25});
    struct pt_truth down = truth_of(&(struct pt_pose){.pitch = 12});
    struct pt_truth clockwise = truth_of(&(struct pt_pose){.roll = 15});
    /* the nose against the eyes */
    assert_true(left.five[2][0] - left.five[0][0] < rest.five[2][0] - rest.five[0][0] - 3);
    assert_true(down.five[2][1] - down.five[0][1] > rest.five[2][1] - rest.five[0][1] + 1);
    assert_true(clockwise.five[1][1] > clockwise.five[0][1] + 5);
}

/* Golden: written by this renderer; a change here is a change of every head, and of the fixed set.
 */
static void the_truth_of_a_known_head_stays(void **state)
{
    (void)state;
    static const struct {
        int point;
        float x, y;
    } known[] = {{0, 47.540f, 62.594f},  {8, 74.128f, 112.897f}, {30, 68.092f, 82.847f},
                 {36, 51.434f, 62.665f}, {48, 61.093f, 93.158f}, {54, 84.366f, 93.492f}};
    struct pt_pose pose = {.yaw = 12};
    FUS_AUTO_IMAGE struct fus_image bgr = {0};
    struct pt_scene_spec spec = small_spec();
    struct pt_truth t;
    pt_face_make(&pose.expression, PT_FACE_NEUTRAL);
    spec.sitters[0].centre_x = 79.5f;
    spec.sitters[0].centre_y = 63;
    render(&spec, &pose, &bgr, &t);
    for (size_t i = 0; i < FUS_COUNT(known); i++) {
        assert_true(fabsf(t.landmarks[known[i].point][0] - known[i].x) < 0.02f);
        assert_true(fabsf(t.landmarks[known[i].point][1] - known[i].y) < 0.02f);
    }
}

static void points_keep_the_order_of_the_picture(void **state)
{
    (void)state;
    struct pt_truth t = truth_of(&(struct pt_pose){0});
    for (int i = 0; i < 16; i++) {
        assert_true(t.landmarks[i][0] < t.landmarks[i + 1][0] + 1);
    }
    assert_true(t.landmarks[36][0] < t.landmarks[39][0] && t.landmarks[39][0] < t.landmarks[42][0]);
    assert_true(t.landmarks[27][1] < t.landmarks[30][1] && t.landmarks[33][1] < t.landmarks[51][1]);
    assert_true(t.landmarks[57][1] < t.landmarks[8][1]);
}

static void an_open_mouth_and_a_shut_eye_show_in_the_points(void **state)
{
    (void)state;
    struct pt_truth rest = truth_of(&(struct pt_pose){0});
    struct pt_pose pose = {.expression = {.jaw = 0.7f, .blink = {1, 0}}};
    struct pt_truth moved = truth_of(&pose);
    assert_true(rest.landmarks[66][1] - rest.landmarks[62][1] < 0.4f);
    assert_true(moved.landmarks[66][1] - moved.landmarks[62][1] > 4);
    assert_true(moved.landmarks[41][1] - moved.landmarks[37][1] < 1.0f);
    assert_true(moved.landmarks[46][1] - moved.landmarks[44][1] > 2);
}

static void the_far_jaw_is_the_contour_that_is_seen(void **state)
{
    (void)state;
    struct pt_truth t = truth_of(&(struct pt_pose){.yaw = 30});
    /* nose to the left: nothing of the face lies further left than the jaw at its height */
    float contour = 1e9f;
    for (int i = 0; i < 8; i++) {
        contour = fminf(contour, t.jaw_contour[i][0]);
        assert_true(t.jaw_contour[i][0] <= t.landmarks[i][0] + 0.01f);
    }
    for (int i = 36; i < 68; i++) {
        assert_true(t.landmarks[i][0] > contour - 0.5f);
    }
}

static void four_people_have_a_truth_each(void **state)
{
    (void)state;
    FUS_AUTO_IMAGE struct fus_image bgr = {0};
    struct pt_scene_spec spec = {.width = 320, .height = 120, .people = 4};
    struct pt_pose poses[4] = {0};
    struct pt_truth truth[4];
    for (int i = 0; i < 4; i++) {
        spec.sitters[i] = (struct pt_sitter){.seed = 20u + (uint32_t)i,
                                             .tone = -1,
                                             .hair_style = -1,
                                             .centre_x = 40.0f + 80.0f * (float)i,
                                             .centre_y = 50,
                                             .eye_distance_px = 16};
    }
    render(&spec, poses, &bgr, truth);
    for (int i = 0; i < 4; i++) {
        assert_true(fabsf(truth[i].five[2][0] - 40 - 80 * (float)i) < 4);
    }
    char json[PT_TRUTH_JSON_MAX];
    pt_truth_json(truth, 4, json, sizeof(json));
    assert_int_equal(json[0], '[');
    assert_int_equal(json[strlen(json) - 1], ']');
    assert_non_null(strstr(json, "landmarks_68"));
}

static void sizes_and_crowds_out_of_range_are_refused(void **state)
{
    (void)state;
    struct pt_scene_spec spec = small_spec();
    struct pt_scene *scene = NULL;
    spec.width = PT_SIZE_MAX + 1;
    assert_int_equal(pt_scene_open(&spec, &scene, NULL), FUS_E_INVALID_PARAMETER);
    spec = small_spec();
    spec.people = PT_PEOPLE_MAX + 1;
    assert_int_equal(pt_scene_open(&spec, &scene, NULL), FUS_E_INVALID_PARAMETER);
    assert_null(scene);
}

static void a_failing_allocation_leaves_nothing_behind(void **state)
{
    (void)state;
    struct pt_scene_spec spec = small_spec();
    for (long k = 0; k < 24; k++) {
        struct pt_scene *scene = NULL;
        fus_mem_fail_after(k);
        int rc = pt_scene_open(&spec, &scene, NULL);
        bool failed = fus_mem_failed();
        fus_mem_fail_off();
        pt_scene_free(scene);
        assert_true(failed ? rc == FUS_E_OUT_OF_MEMORY : rc == 0);
        if (!failed) {
            return;
        }
    }
}

static void the_set_has_all_tones_and_lights(void **state)
{
    (void)state;
    bool tones[PT_TONES] = {0}, lights[PT_LIGHT_KINDS] = {0};
    for (int i = 0; i < 200; i++) {
        struct pt_scene_spec spec;
        struct pt_pose pose;
        pt_sampleset_item(1, i, &spec, &pose);
        tones[spec.sitters[0].tone] = true;
        lights[spec.light] = true;
        assert_true(fabsf(pose.yaw) <= 30 &&
                    spec.sitters[0].eye_distance_px * cosf(pose.yaw * PT_PI / 180) >= 24);
    }
    for (int i = 0; i < PT_TONES; i++) {
        assert_true(tones[i]);
    }
    for (int i = 0; i < PT_LIGHT_KINDS; i++) {
        assert_true(lights[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(another_seed_is_another_person),
        cmocka_unit_test(the_eyes_are_as_far_apart_as_asked),
        cmocka_unit_test(the_five_points_come_from_the_68),
        cmocka_unit_test(angles_turn_the_head_the_way_they_say),
        cmocka_unit_test(the_truth_of_a_known_head_stays),
        cmocka_unit_test(points_keep_the_order_of_the_picture),
        cmocka_unit_test(an_open_mouth_and_a_shut_eye_show_in_the_points),
        cmocka_unit_test(the_far_jaw_is_the_contour_that_is_seen),
        cmocka_unit_test(four_people_have_a_truth_each),
        cmocka_unit_test(sizes_and_crowds_out_of_range_are_refused),
        cmocka_unit_test(a_failing_allocation_leaves_nothing_behind),
        cmocka_unit_test(the_set_has_all_tones_and_lights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
