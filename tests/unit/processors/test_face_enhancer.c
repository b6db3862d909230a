/* face_enhancer.c, face_enhancer/restore.c: FaceFusion's nets. Golden: enhancers/face_enhancer of
 * the recorded values (README sections 6 and 14). */
#include "heads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "onnx_graph.h"
#include "parity/npy.h"
#include "processors/face_enhancer.h"
#include "processors/face_enhancer/restore.h"
#include "vision/crop.h"
#include "vision/face_mask.h"
#include "vision/lut.h"
#include "vision/templates.h"

#define GOLDEN "enhancers/face_enhancer/gpen_bfr_256/"

static const int skin[3] = {150, 175, 215};
static const struct head head = {200, 150, 80, 0, 6};

/* ---- recorded values ---- */

static bool read_golden(const char *name, struct fus_npy *array)
{
    struct fus_error err = {0};
    const int failed = fus_golden_read(FUS_SOURCE_ROOT, name, array, &err);
    if (failed == FUS_E_NOT_FOUND)
        print_message("skipped: %s\n", err.detail);
    else
        assert_int_equal(failed, 0);
    return failed == 0;
}

static void a_crop_becomes_the_recorded_tensor(void **state)
{
    FUS_AUTO_NPY struct fus_npy crop = {0};
    FUS_AUTO_NPY struct fus_npy input = {0};
    if (!read_golden(GOLDEN "crop_vision_frame.npy", &crop) ||
        !read_golden(GOLDEN "input.npy", &input))
        skip();
    static const double half[3] = {0.5, 0.5, 0.5};
    struct fus_lut lut;
    const struct fus_plane plane = {crop.data, 256 * 3, 256, 256, 3};
    float *made = malloc(input.count * sizeof *made);
    assert_non_null(made);
    fus_lut_mean_std_f64(&lut, half, half, true);
    fus_lut_chw(&lut, &plane, made, (size_t)256 * 256, 256);
    assert_memory_equal(made, input.data, input.count * sizeof *made);
    free(made);
}

static void a_nets_output_is_rounded_as_recorded(void **state)
{
    FUS_AUTO_NPY struct fus_npy raw = {0};
    FUS_AUTO_NPY struct fus_npy expected = {0};
    if (!read_golden(GOLDEN "forward_output.npy", &raw) ||
        !read_golden(GOLDEN "normalized_crop_vision_frame.npy", &expected))
        skip();
    uint8_t *made = malloc(expected.count);
    assert_non_null(made);
    fus_restore_normalise(fus_npy_f32(&raw), 256, made);
    assert_memory_equal(made, expected.data, expected.count);
    free(made);
    float odd[3] = {NAN, INFINITY, -INFINITY};
    uint8_t pixel[3];
    fus_restore_normalise(odd, 1, pixel);
    assert_int_equal(pixel[0], 0);
    assert_int_equal(pixel[1], 255);
    assert_int_equal(pixel[2], 0);
}

static void paste_and_blend_meet_the_recorded_frame(void **state)
{
    FUS_AUTO_NPY struct fus_npy frame = {0};
    FUS_AUTO_NPY struct fus_npy crop = {0};
    FUS_AUTO_NPY struct fus_npy mask = {0};
    FUS_AUTO_NPY struct fus_npy expected = {0};
    FUS_AUTO_NPY struct fus_npy points = {0};
    if (!read_golden("vision/image/source_pixels.npy", &frame) ||
        !read_golden(GOLDEN "derived_enhance_crop.npy", &crop) ||
        !read_golden(GOLDEN "box_mask.npy", &mask) ||
        !read_golden(GOLDEN "enhance_face_output.npy", &expected) ||
        !read_golden("face_swapper/inswapper_128/target_landmark_5_of_68.npy", &points))
        skip();
    struct fus_point points_5[5];
    struct fus_affine m;
    for (size_t i = 0; i < 5; i++)
        points_5[i] = (struct fus_point){(float)fus_npy_at(&points, 2 * i),
                                         (float)fus_npy_at(&points, 2 * i + 1)};
    assert_true(fus_template_affine(FUS_TEMPLATE_ARCFACE_128, points_5, 256, &m));
    FUS_AUTO_NPY struct fus_npy before = {0};
    assert_true(read_golden("vision/image/source_pixels.npy", &before));
    const struct fus_plane plane = {frame.data, 1024 * 3, 1024, 1024, 3};
    FUS_CLEANUP(fus_paste_scratch_free) struct fus_paste_scratch *paste = fus_paste_scratch_new();
    uint8_t *kept = malloc(frame.count);
    assert_non_null(kept);
    assert_int_equal(
        fus_restore_paste(paste, &plane, crop.data, 256, mask.data, &m, 0.8, kept, NULL), 0);
    free(kept);
    const uint8_t *ours = frame.data, *theirs = expected.data, *was = before.data;
    size_t differ = 0;
    for (size_t i = 0; i < frame.count; i++) {
        const int x = (int)(i / 3 % 1024), y = (int)(i / 3 / 1024);
        assert_true(abs(ours[i] - theirs[i]) <= 1);
        differ += ours[i] != theirs[i];
        if (x < 81 || x >= 937 || y < 128 || y >= 985)
            assert_int_equal(ours[i], was[i]);
    }
    print_message("%.3f %% differ\n", 100.0 * (double)differ / (double)frame.count);
    assert_true(differ * 50 <= frame.count);
}

/* ---- nets of every row ---- */

struct fixture {
    char folder[64];
    struct fus_runtime *runtime;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct fus_error err = {0};
    fixture = (struct fixture){"/tmp/fus_enhancer_XXXXXX", NULL};
    assert_non_null(mkdtemp(fixture.folder));
    if (fus_runtime_open(NULL, &fixture.runtime, &err) != 0)
        print_message("%s\n", err.detail);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    fus_runtime_free(fixture->runtime);
    return fus_fs_remove_tree(fixture->folder, NULL);
}

enum wrong { RIGHT, SIZE, NAME, CHANNELS, JUNK };

/* y = gain[c] * x + across[x] + down[y] (+ 0.2 * weight): another one for every place and channel.
 */
static const float gains[3] = {0.8f, 0.7f, 0.9f};

static float across(int x, int size)
{
    return 0.3f * (float)x / (float)size - 0.1f;
}

static float down(int y, int size)
{
    return 0.1f - 0.25f * (float)y / (float)size;
}

static void put_net(const struct fixture *fixture, const struct fus_model *row, bool weight,
                    enum wrong wrong)
{
    struct onnx graph = {0};
    const int size = row->input_width;
    const int64_t shape[4] = {1, 3, size, wrong == SIZE ? size / 2 : size};
    const int64_t result[4] = {1, wrong == CHANNELS ? 1 : 3, size, size};
    const int64_t per_channel[4] = {1, 3, 1, 1}, per_column[4] = {1, 1, 1, size};
    const int64_t per_row[4] = {1, 1, size, 1}, one[1] = {1};
    const float part[1] = {0.2f};
    char path[160];
    snprintf(path, sizeof path, "%s/%s", fixture->folder, row->file);
    if (wrong == JUNK) {
        onnx_put(path, "no net", 6);
        return;
    }
    float *ramp = malloc((size_t)size * sizeof *ramp);
    assert_non_null(ramp);
    onnx_constant(&graph, "gain", gains, per_channel, 4);
    for (int i = 0; i < size; i++)
        ramp[i] = across(i, size);
    if (wrong != SIZE)
        onnx_constant(&graph, "across", ramp, per_column, 4);
    else
        onnx_constant(&graph, "across", part, one, 1);
    for (int i = 0; i < size; i++)
        ramp[i] = down(i, size);
    onnx_constant(&graph, "down", ramp, per_row, 4);
    onnx_constant(&graph, "part", part, one, 1);
    free(ramp);
    onnx_input(&graph, wrong == NAME ? "picture" : "input", ONNX_FLOAT, shape, 4);
    onnx_output(&graph, "output", result, 4);
    onnx_node(&graph, "Mul", wrong == NAME ? "picture gain" : "input gain", "a", NULL);
    onnx_node(&graph, "Add", "a across", "b", NULL);
    onnx_node(&graph, "Add", "b down", weight ? "c" : wrong == CHANNELS ? "d" : "output", NULL);
    if (weight) {
        struct onnx to = {0};
        onnx_input(&graph, "weight", ONNX_DOUBLE, one, 1);
        onnx_attribute_int(&to, "to", ONNX_FLOAT);
        onnx_node(&graph, "Cast", "weight", "w", &to);
        onnx_node(&graph, "Mul", "w part", "v", NULL);
        onnx_node(&graph, "Add", "c v", "output", NULL);
    }
    if (wrong == CHANNELS) {
        struct onnx keep = {0};
        onnx_attribute_int(&keep, "keepdims", 1);
        struct onnx axes = {0}, attribute = {0};
        onnx_text(&attribute, 1, "axes");
        onnx_number(&attribute, 8, 1);
        onnx_number(&attribute, 20, 7);
        onnx_part(&axes, 5, &attribute);
        onnx_raw(&keep, axes.bytes, axes.size);
        onnx_done(&axes);
        onnx_node(&graph, "ReduceMean", "d", "output", &keep);
    }
    onnx_save(&graph, path);
}

/* What the whole processor has to make of a frame, written down plainly: the net in the open, and
 * the blend over the whole frame. */
static void expect(const struct fus_model *row, const struct fus_face *face, double weight,
                   double blend, struct fus_image *frame)
{
    const int size = row->input_width;
    const size_t count = (size_t)size * (size_t)size;
    static const int no_padding[4] = {0, 0, 0, 0};
    uint8_t *crop = malloc(3 * count), *made = malloc(3 * count);
    float *mask = malloc(count * sizeof *mask);
    float *scratch = malloc(fus_mask_scratch(size, size) * sizeof *scratch);
    FUS_AUTO_IMAGE struct fus_image before = {0};
    assert_int_equal(fus_image_alloc(&before, FUS_PIXEL_BGR8, frame->width, frame->height, NULL),
                     0);
    fus_image_copy(&before, frame);
    const struct fus_plane to = {crop, (ptrdiff_t)size * 3, size, size, 3};
    const struct fus_plane bgr = {frame->plane[0], frame->stride_bytes[0], frame->width,
                                  frame->height, 3};
    struct fus_affine m;
    const bool small = strcmp(row->id, "gpen_bfr_256") == 0;
    assert_true(fus_template_affine(small ? FUS_TEMPLATE_ARCFACE_128 : FUS_TEMPLATE_FFHQ_512,
                                    face->points_5, size, &m));
    assert_true(fus_crop_u8(&bgr, &m, FUS_BORDER_REPLICATE, &to));
    for (size_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) {
            const float x = (float)(((double)crop[3 * i + (size_t)c] / 255.0 - 0.5) / 0.5);
            float y = x * gains[2 - c] + across((int)(i % (size_t)size), size) +
                      down((int)(i / (size_t)size), size);
            y += (float)weight * 0.2f;
            y = FUS_CLAMP(y, -1.0f, 1.0f);
            made[3 * i + (size_t)c] = (uint8_t)rintf((y + 1.0f) / 2.0f * 255.0f);
        }
    fus_mask_box(mask, size, 0.3, no_padding, scratch);
    FUS_CLEANUP(fus_paste_scratch_free) struct fus_paste_scratch *paste = fus_paste_scratch_new();
    const struct fus_crop_pixels pixels = {FUS_CROP_U8, made, size};
    assert_int_equal(fus_paste(paste, &bgr, &pixels, mask, &m, NULL, NULL), 0);
    const double rest = 1.0 - blend;
    for (int y = 0; y < frame->height; y++)
        for (int x = 0; x < 3 * frame->width; x++) {
            uint8_t *after = frame->plane[0] + y * frame->stride_bytes[0] + x;
            const float was = before.plane[0][y * before.stride_bytes[0] + x];
            *after = (uint8_t)rintf(was * (float)rest + (float)*after * (float)(1.0 - rest));
        }
    free(crop);
    free(made);
    free(mask);
    free(scratch);
}

static int run(const struct fixture *fixture, const char *id, const char *weight,
               struct fus_image *image, struct fus_rect *changed, struct fus_error *err)
{
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = fus_params_new(fus_processors_schema());
    assert_int_equal(fus_models_open(fixture->runtime, fixture->folder, &models, NULL), 0);
    assert_int_equal(fus_params_take_text(params, "face_enhancer_model", id, NULL), 0);
    assert_int_equal(fus_params_take_text(params, "face_enhancer_weight", weight, NULL), 0);
    const struct fus_processor_context context = {.params = params, .models = models, .threads = 2};
    struct fus_processor *processor = NULL;
    struct fus_face face;
    head_face(&head, &face);
    const struct fus_face *faces[1] = {&face};
    struct fus_processor_frame frame = {.image = image, .faces = faces, .face_count = 1};
    assert_int_equal(fus_face_enhancer.pixels(params, models), FUS_PIXELS_BGR);
    assert_int_equal(fus_face_enhancer.source_type(params, models),
                     FUS_SOURCE_TYPE_COMPOSITE_TRAINED);
    int failed = fus_face_enhancer.open(&context, &processor, err);
    if (!failed)
        failed = fus_face_enhancer.process(processor, &frame, err);
    fus_face_enhancer.close(processor);
    *changed = frame.changed;
    return failed;
}

static void every_row_restores_a_face_to_the_bit(void **state)
{
    const struct fixture *fixture = *state;
    if (!fixture->runtime)
        skip();
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(NULL, NULL, &models, NULL), 0);
    int count = 0;
    for (size_t i = 0; i < fus_models_count(models); i++) {
        const struct fus_model *row = fus_models_at(models, i);
        if (strcmp(row->role, "face_enhancer") != 0 || row->builtin)
            continue;
        count++;
        const bool weight = strcmp(row->id, "codeformer") == 0;
        put_net(fixture, row, weight, RIGHT);
        FUS_AUTO_IMAGE struct fus_image ours = {0};
        FUS_AUTO_IMAGE struct fus_image expected = {0};
        assert_int_equal(fus_image_alloc(&ours, FUS_PIXEL_BGR8, 420, 330, NULL), 0);
        assert_int_equal(fus_image_alloc(&expected, FUS_PIXEL_BGR8, 420, 330, NULL), 0);
        head_paint(&head, skin, &ours);
        fus_image_copy(&expected, &ours);
        struct fus_rect changed;
        struct fus_face face;
        struct fus_error err = {0};
        head_face(&head, &face);
        if (run(fixture, row->id, "0.75", &ours, &changed, &err) != 0)
            fail_msg("%s: %s", row->id, err.detail);
        expect(row, &face, weight ? 0.75 : 0.0, 0.8, &expected);
        for (int y = 0; y < 330; y++)
            assert_memory_equal(ours.plane[0] + y * ours.stride_bytes[0],
                                expected.plane[0] + y * expected.stride_bytes[0], 420 * 3);
        assert_true(changed.width > 100 && changed.height > 100);
    }
    assert_int_equal(count, 9);
}

static void a_wrong_net_is_model_corrupt_and_says_so(void **state)
{
    const struct fixture *fixture = *state;
    if (!fixture->runtime)
        skip();
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(NULL, NULL, &models, NULL), 0);
    const struct fus_model *row = fus_models_find(models, "face_enhancer", "gpen_bfr_256");
    for (enum wrong wrong = SIZE; wrong <= JUNK; wrong++) {
        FUS_AUTO_IMAGE struct fus_image image = {0};
        assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_BGR8, 420, 330, NULL), 0);
        put_net(fixture, row, false, wrong);
        struct fus_rect changed;
        struct fus_error err = {0};
        assert_int_equal(run(fixture, row->id, "0.5", &image, &changed, &err), FUS_E_MODEL_CORRUPT);
        assert_true(wrong == JUNK ? err.detail[0] != '\0'
                                  : strstr(err.detail, "gpen_bfr_256") != NULL);
    }
}

static void a_face_outside_and_a_shapeless_one_are_left_alone(void **state)
{
    const struct fixture *fixture = *state;
    if (!fixture->runtime)
        skip();
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = fus_params_new(fus_processors_schema());
    assert_int_equal(fus_models_open(fixture->runtime, fixture->folder, &models, NULL), 0);
    put_net(fixture, fus_models_find(models, "face_enhancer", "gfpgan_1.4"), false, RIGHT);
    const struct fus_processor_context context = {.params = params, .models = models, .threads = 1};
    struct fus_processor *processor = NULL;
    assert_int_equal(fus_face_enhancer.open(&context, &processor, NULL), 0);
    FUS_AUTO_IMAGE struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_BGR8, 420, 330, NULL), 0);
    head_paint(&head, skin, &image);
    const uint8_t first = image.plane[0][0],
                  middle = image.plane[0][150 * image.stride_bytes[0] + 600];
    struct fus_face face;
    const struct fus_face *faces[1] = {&face};
    for (int k = 0; k < 3; k++) {
        const struct head far = {k ? 200.0f : 9000.0f, 150, k == 1 ? 0.0f : k ? NAN : 80.0f, 0, 0};
        struct fus_processor_frame frame = {.image = &image, .faces = faces, .face_count = 1};
        head_face(&far, &face);
        assert_int_equal(fus_face_enhancer.process(processor, &frame, NULL), 0);
        assert_int_equal(frame.changed.width, 0);
        assert_int_equal(image.plane[0][0], first);
        assert_int_equal(image.plane[0][150 * image.stride_bytes[0] + 600], middle);
    }
    fus_face_enhancer.close(processor);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crop_becomes_the_recorded_tensor),
        cmocka_unit_test(a_nets_output_is_rounded_as_recorded),
        cmocka_unit_test(paste_and_blend_meet_the_recorded_frame),
        WITH_FIXTURE(every_row_restores_a_face_to_the_bit),
        WITH_FIXTURE(a_wrong_net_is_model_corrupt_and_says_so),
        WITH_FIXTURE(a_face_outside_and_a_shapeless_one_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
