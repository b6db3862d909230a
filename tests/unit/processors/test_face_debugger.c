/* face_debugger.c. Golden: processors2/face_debugger of the recorded values (README section 9), bit
 * equal. */
#include "heads.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "parity/npy.h"
#include "processors/face_debugger.h"

#define GOLDEN "processors2/face_debugger/"

struct fixture {
    struct fus_models *models;
    struct fus_params *params;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    assert_int_equal(fus_models_open(NULL, NULL, &fixture.models, NULL), 0);
    fixture.params = fus_params_new(fus_processors_schema());
    assert_non_null(fixture.params);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    fus_params_free(fixture->params);
    fus_models_free(fixture->models);
    return 0;
}

static void take(struct fixture *fixture, const char *name, const char *value)
{
    assert_int_equal(fus_params_take_text(fixture->params, name, value, NULL), 0);
}

static int draw(struct fixture *fixture, struct fus_image *image, const struct fus_face *face)
{
    const struct fus_processor_context context = {
        .params = fixture->params, .models = fixture->models, .threads = 1};
    struct fus_processor *processor = NULL;
    struct fus_processor_frame frame = {.image = image, .faces = &face, .face_count = 1};
    int failed = fus_face_debugger.open(&context, &processor, NULL);
    if (!failed)
        failed = fus_face_debugger.process(processor, &frame, NULL);
    fus_face_debugger.close(processor);
    return failed;
}

static struct fus_image black(int width, int height)
{
    struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_BGR8, width, height, NULL), 0);
    for (int y = 0; y < height; y++)
        memset(image.plane[0] + y * image.stride_bytes[0], 0, (size_t)width * 3);
    return image;
}

static unsigned color_at(const struct fus_image *image, int x, int y)
{
    const uint8_t *p = image->plane[0] + y * image->stride_bytes[0] + 3 * x;
    return (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2]; /* blue green red */
}

enum { RED = 0x0000ff, LIGHT = 0x6464ff, GREEN = 0x00ff00, CYAN = 0xffff00, ORANGE = 0x00a5ff };

static int count_of(const struct fus_image *image, unsigned color)
{
    int count = 0;
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            count += color_at(image, x, y) == color;
    return count;
}

static void points_and_mask_are_drawn_as_recorded(void **state)
{
    FUS_AUTO_NPY struct fus_npy frame = {0};
    FUS_AUTO_NPY struct fus_npy points = {0};
    FUS_AUTO_NPY struct fus_npy expected = {0};
    if (fus_golden_read(FUS_SOURCE_ROOT, GOLDEN "source_frame.npy", &frame, NULL) ||
        fus_golden_read(FUS_SOURCE_ROOT, GOLDEN "landmark_5_68.npy", &points, NULL) ||
        fus_golden_read(FUS_SOURCE_ROOT, GOLDEN "rendered_frame.npy", &expected, NULL)) {
        print_message("skipped: no recorded values of " GOLDEN "\n");
        skip();
    }
    FUS_AUTO_IMAGE struct fus_image image = black(384, 384);
    const uint8_t *from = frame.data, *to = expected.data;
    for (int y = 0; y < 384; y++)
        memcpy(image.plane[0] + y * image.stride_bytes[0], from + (size_t)y * 1152, 1152);
    struct fus_face face = {0};
    for (size_t i = 0; i < 5; i++)
        face.points_5[i] = face.detector_5[i] = (struct fus_point){
            (float)fus_npy_at(&points, 2 * i), (float)fus_npy_at(&points, 2 * i + 1)};
    assert_int_equal(draw(*state, &image, &face), 0);
    for (int y = 0; y < 384; y++)
        assert_memory_equal(image.plane[0] + y * image.stride_bytes[0], to + (size_t)y * 1152,
                            1152);
}

static void each_item_has_its_colour(void **state)
{
    struct fixture *fixture = *state;
    const struct head head = {200, 150, 60, 0, 0};
    struct fus_face face;
    head_face(&head, &face);
    for (int i = 0; i < 5; i++)
        face.detector_5[i] = (struct fus_point){face.points_5[i].x + 30, face.points_5[i].y};
    for (int i = 0; i < 68; i++)
        face.landmarks_68_5[i] =
            (struct fus_point){face.landmarks_68[i].x, face.landmarks_68[i].y + 90};
    face.has = FUS_FACE_HAS_68_5;
    static const struct {
        const char *item;
        unsigned color, equal_color;
    } cases[] = {
        {"face-landmark-5", RED, RED},     {"face-landmark-5/68", GREEN, CYAN},
        {"face-landmark-68", GREEN, CYAN}, {"face-landmark-68/5", CYAN, CYAN},
        {"face-mask", GREEN, CYAN},
    };
    for (size_t k = 0; k < FUS_COUNT(cases); k++) {
        take(fixture, "face_debugger_items", cases[k].item);
        for (int equal = 0; equal < 2; equal++) {
            struct fus_face shown = face;
            if (equal) {
                memcpy(shown.detector_5, shown.points_5, sizeof shown.points_5);
                memcpy(shown.landmarks_68_5, shown.landmarks_68, sizeof shown.landmarks_68);
            }
            const unsigned color = equal ? cases[k].equal_color : cases[k].color;
            FUS_AUTO_IMAGE struct fus_image image = black(400, 400);
            assert_int_equal(draw(fixture, &image, &shown), 0);
            const int drawn = 400 * 400 - count_of(&image, 0);
            assert_true(drawn >= 5 * 4);
            assert_int_equal(count_of(&image, color), drawn);
            if (k == 4)
                continue;
            shown.refilled = true;
            FUS_AUTO_IMAGE struct fus_image again = black(400, 400);
            assert_int_equal(draw(fixture, &again, &shown), 0);
            assert_int_equal(count_of(&again, ORANGE), drawn);
        }
    }
}

static void a_box_shows_which_side_is_up(void **state)
{
    struct fixture *fixture = *state;
    take(fixture, "face_debugger_items", "bounding-box");
    /* Middles of the sides: top, right, bottom, left. */
    static const int sides[4][2] = {{100, 40}, {160, 90}, {100, 140}, {40, 90}};
    for (int turn = 0; turn < 4; turn++) {
        struct fus_face face = {
            .box = {40.9f, 40.2f, 160.5f, 140.99f}, .angle = 90 * turn, .has = FUS_FACE_HAS_68_5};
        FUS_AUTO_IMAGE struct fus_image image = black(200, 270);
        assert_int_equal(draw(fixture, &image, &face), 0);
        for (int side = 0; side < 4; side++)
            assert_int_equal(color_at(&image, sides[side][0], sides[side][1]),
                             side == turn ? LIGHT : RED);
        assert_int_equal(count_of(&image, 0) + count_of(&image, RED) + count_of(&image, LIGHT),
                         200 * 270);
    }
}

static void lines_grow_with_the_frame(void **state)
{
    struct fixture *fixture = *state;
    static const int heights[][2] = {{100, 1}, {404, 1}, {406, 2}, {675, 2}, {676, 3}, {4000, 10}};
    take(fixture, "face_debugger_items", "face-landmark-5");
    for (size_t k = 0; k < FUS_COUNT(heights); k++) {
        struct fus_face face = {0};
        for (int i = 0; i < 5; i++)
            face.detector_5[i] = (struct fus_point){50, 50};
        FUS_AUTO_IMAGE struct fus_image image = black(100, heights[k][0]);
        assert_int_equal(draw(fixture, &image, &face), 0);
        assert_int_equal(color_at(&image, 50 + heights[k][1], 50), RED);
        assert_int_equal(color_at(&image, 51 + heights[k][1], 50), 0);
    }
}

static void what_is_drawn_says_what_is_needed(void **state)
{
    struct fixture *fixture = *state;
    struct fus_error err = {0};
    assert_int_equal(fus_face_debugger.wants(fixture->params, fixture->models), 0);
    take(fixture, "face_debugger_items", "face-landmark-68/5");
    assert_int_equal(fus_face_debugger.wants(fixture->params, fixture->models), FUS_FACE_HAS_68_5);
    /* Masks that are not drawn need no model. */
    take(fixture, "face_mask_types", "box occlusion");
    assert_int_equal(fus_face_debugger.check(fixture->params, fixture->models, NULL, &err), 0);
    take(fixture, "face_debugger_items", "face-mask");
    assert_int_equal(fus_face_debugger.check(fixture->params, fixture->models, NULL, &err),
                     FUS_E_MODEL_NOT_FOUND);
    assert_non_null(strstr(err.detail, "xseg_1"));
    assert_ptr_equal(fus_processor_find("face_debugger"), &fus_face_debugger);
}

static void points_that_are_none_draw_nothing(void **state)
{
    struct fixture *fixture = *state;
    take(fixture, "face_debugger_items",
         "bounding-box face-landmark-5 face-landmark-5/68 face-landmark-68 face-landmark-68/5 "
         "face-mask");
    struct fus_face face = {.box = {NAN, INFINITY, -INFINITY, 1e30f}, .has = FUS_FACE_HAS_68_5};
    for (int i = 0; i < 68; i++)
        face.landmarks_68[i] = face.landmarks_68_5[i] = (struct fus_point){NAN, -1e30f};
    for (int i = 0; i < 5; i++)
        face.points_5[i] = face.detector_5[i] = (struct fus_point){INFINITY, NAN};
    FUS_AUTO_IMAGE struct fus_image image = black(60, 50);
    assert_int_equal(draw(fixture, &image, &face), 0);
    assert_int_equal(count_of(&image, 0), 60 * 50);
}

static void without_memory_it_says_so(void **state)
{
    struct fixture *fixture = *state;
    const struct head head = {30, 20, 10, 0, 0};
    struct fus_face face;
    head_face(&head, &face);
    FUS_AUTO_IMAGE struct fus_image image = black(60, 50);
    for (long k = 0;; k++) {
        fus_mem_fail_after(k);
        const int failed = draw(fixture, &image, &face);
        const bool ran_out = fus_mem_failed();
        fus_mem_fail_off();
        if (!ran_out) {
            assert_int_equal(failed, 0);
            break;
        }
        assert_int_equal(failed, FUS_E_OUT_OF_MEMORY);
    }
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(points_and_mask_are_drawn_as_recorded),
        WITH_FIXTURE(each_item_has_its_colour),
        WITH_FIXTURE(a_box_shows_which_side_is_up),
        WITH_FIXTURE(lines_grow_with_the_frame),
        WITH_FIXTURE(what_is_drawn_says_what_is_needed),
        WITH_FIXTURE(points_that_are_none_draw_nothing),
        WITH_FIXTURE(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
