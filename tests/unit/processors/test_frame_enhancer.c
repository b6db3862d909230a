/* frame_enhancer.c, frame_enhancer/tiles.c. Golden: enhancers/frame_enhancer of the recorded values
 * (README section 6). */
#include "heads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "onnx_graph.h"
#include "parity/npy.h"
#include "processors/frame_enhancer.h"
#include "processors/frame_enhancer/tiles.h"
#include "vision/color_match.h"
#include "vision/lut.h"
#include "vision/resample.h"

#define GOLDEN "enhancers/frame_enhancer/"
#define PHOTO GOLDEN "real_web_photo_x4/"

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

static int golden_int(const char *name)
{
    json_t *value = fus_golden_json(FUS_SOURCE_ROOT, name);
    const int number = (int)json_integer_value(value);
    json_decref(value);
    return number;
}

static const int photo_tile[3] = {64, 4, 2};

static void tiles_are_planned_as_recorded(void **state)
{
    FUS_AUTO_NPY struct fus_npy picture = {0};
    struct fus_tiles tiles;
    if (!read_golden(GOLDEN "reference/crop_frame.npy", &picture))
        skip();
    assert_true(fus_tiles_plan(96, 80, photo_tile, 4, &tiles));
    assert_int_equal(tiles.columns * tiles.rows, golden_int(PHOTO "tile_count.json"));
    assert_int_equal(tiles.padded_width, golden_int(PHOTO "pad_width.json"));
    assert_int_equal(tiles.padded_height, golden_int(PHOTO "pad_height.json"));
}

static void tiles_are_taken_as_recorded(void **state)
{
    FUS_AUTO_NPY struct fus_npy picture = {0};
    if (!read_golden(GOLDEN "reference/crop_frame.npy", &picture))
        skip();
    const struct fus_plane plane = {picture.data, 96 * 3, 96, 80, 3};
    struct fus_tiles tiles;
    struct fus_lut lut;
    fus_lut_unit(&lut, true);
    assert_true(fus_tiles_plan(96, 80, photo_tile, 4, &tiles));
    for (int i = 0; i < 2; i++) {
        FUS_AUTO_NPY struct fus_npy raw = {0};
        FUS_AUTO_NPY struct fus_npy input = {0};
        char name[96];
        snprintf(name, sizeof name, PHOTO "tile_%d/raw.npy", i);
        assert_true(read_golden(name, &raw));
        snprintf(name, sizeof name, PHOTO "tile_%d/input.npy", i);
        assert_true(read_golden(name, &input));
        static uint8_t pixels[64 * 64 * 3];
        static float made[3 * 64 * 64];
        const struct fus_plane crop = {pixels, 64 * 3, 64, 64, 3};
        fus_tile_take(&tiles, &plane, i, 0, &crop);
        assert_memory_equal(pixels, raw.data, sizeof pixels);
        fus_lut_chw(&lut, &crop, made, 64 * 64, 64);
        assert_memory_equal(made, input.data, sizeof made);
    }
}

static void merged_and_blended_tiles_are_the_recorded_picture(void **state)
{
    FUS_AUTO_NPY struct fus_npy picture = {0};
    FUS_AUTO_NPY struct fus_npy expected = {0};
    if (!read_golden(GOLDEN "reference/crop_frame.npy", &picture) ||
        !read_golden(PHOTO "enhance_frame_output.npy", &expected))
        skip();
    const struct fus_plane plane = {picture.data, 96 * 3, 96, 80, 3};
    static uint8_t pixels[320 * 384 * 3], plain[320 * 384 * 3];
    const struct fus_plane large = {pixels, 384 * 3, 384, 320, 3};
    const struct fus_plane enlarged = {plain, 384 * 3, 384, 320, 3};
    struct fus_tiles tiles;
    assert_true(fus_tiles_plan(96, 80, photo_tile, 4, &tiles));
    for (int i = 0; i < 2; i++) {
        FUS_AUTO_NPY struct fus_npy raw = {0};
        char name[96];
        snprintf(name, sizeof name, PHOTO "tile_%d/forward_output.npy", i);
        assert_true(read_golden(name, &raw));
        fus_tile_put(&tiles, fus_npy_f32(&raw), i, 0, &large);
    }
    FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
    assert_int_equal(fus_resample_u8(resampler, &plane, &enlarged, FUS_RESAMPLE_BILINEAR, NULL), 0);
    fus_blend_u8(&enlarged, &large, 0.8, &large);
    assert_memory_equal(pixels, expected.data, (size_t)224 * 384 * 3);
}

static void what_is_no_number_is_black(void **state)
{
    static const int tile[3] = {1, 0, 0};
    static const float values[3] = {NAN, 2.0f, -1.0f};
    struct fus_tiles tiles;
    uint8_t pixel[3] = {9, 9, 9};
    const struct fus_plane plane = {pixel, 3, 1, 1, 3};
    assert_true(fus_tiles_plan(1, 1, tile, 1, &tiles));
    fus_tile_put(&tiles, values, 0, 0, &plane);
    assert_int_equal(pixel[0], 0);
    assert_int_equal(pixel[1], 255);
    assert_int_equal(pixel[2], 0);
    static const int bad[3][3] = {{4, 0, 2}, {4, -1, 0}, {0, 0, 0}};
    for (int i = 0; i < 3; i++)
        assert_false(fus_tiles_plan(1, 1, bad[i], 2, &tiles));
}

/* Every pixel of the picture is in the inner part of exactly one tile, whatever the size. */
static void tiles_cover_every_picture_once(void **state)
{
    static const int shapes[][3] = {{64, 4, 2}, {128, 8, 4}, {16, 3, 2}, {9, 0, 0}};
    for (size_t k = 0; k < FUS_COUNT(shapes); k++)
        for (int width = 1; width < 140; width += 13)
            for (int height = 1; height < 140; height += 31) {
                struct fus_tiles tiles;
                int covered = 0;
                assert_true(fus_tiles_plan(width, height, shapes[k], 2, &tiles));
                for (int i = 0; i < tiles.columns * tiles.rows; i++) {
                    struct fus_rect rect;
                    if (fus_tile_rect(&tiles, i % tiles.columns, i / tiles.columns, &rect))
                        covered += rect.width * rect.height;
                }
                assert_int_equal(covered, width * height);
            }
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
    fixture = (struct fixture){"/tmp/fus_frames_XXXXXX", NULL};
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

/* Each pixel becomes scale x scale of gain[c] * x, and place in the tile is added: across[x] +
 * down[y].
 */
static const float gains[3] = {0.8f, 0.7f, 0.6f};

static float ramp(int at, int side, float most)
{
    return most * (float)at / (float)side;
}

static void put_ramp(struct onnx *graph, const char *name, int side, bool column, float most)
{
    const int64_t shape[4] = {1, 1, column ? side : 1, column ? 1 : side};
    float *values = malloc((size_t)side * sizeof *values);
    assert_non_null(values);
    for (int i = 0; i < side; i++)
        values[i] = ramp(i, side, most);
    onnx_constant(graph, name, values, shape, 4);
    free(values);
}

enum wrong { RIGHT, SIZE, SCALE, NAME };

static void put_net(const struct fixture *fixture, const struct fus_model *row, int64_t batch,
                    enum wrong wrong)
{
    struct onnx graph = {0}, resize = {0};
    const int side = row->tile[0] / (wrong == SIZE ? 2 : 1);
    const int scale = row->enlarge / (wrong == SCALE ? 2 : 1), large = side * scale;
    const int64_t shape[4] = {batch, 3, side, side}, result[4] = {batch, 3, large, large};
    const int64_t per_channel[4] = {1, 3, 1, 1}, four[1] = {4}, none[1] = {0};
    const float scales[4] = {1, 1, (float)scale, (float)scale};
    const char *input = wrong == NAME ? "picture" : "input";
    char path[160], inputs[32];
    onnx_constant(&graph, "gain", gains, per_channel, 4);
    onnx_constant(&graph, "scales", scales, four, 1);
    onnx_constant(&graph, "roi", scales, none, 1);
    put_ramp(&graph, "across", large, false, 0.25f);
    put_ramp(&graph, "down", large, true, 0.2f);
    onnx_input(&graph, input, ONNX_FLOAT, shape, 4);
    onnx_output(&graph, "output", result, 4);
    snprintf(inputs, sizeof inputs, "%s gain", input);
    onnx_node(&graph, "Mul", inputs, "a", NULL);
    onnx_attribute_text(&resize, "mode", "nearest");
    onnx_attribute_text(&resize, "coordinate_transformation_mode", "asymmetric");
    onnx_attribute_text(&resize, "nearest_mode", "floor");
    onnx_node(&graph, "Resize", "a roi scales", "b", &resize);
    onnx_node(&graph, "Add", "b across", "c", NULL);
    onnx_node(&graph, "Add", "c down", "output", NULL);
    snprintf(path, sizeof path, "%s/%s", fixture->folder, row->file);
    onnx_save(&graph, path);
}

static uint8_t picture_at(int x, int y, int c)
{
    return (uint8_t)(head_hash((uint32_t)(y * 4099 + x * 3 + c)) % 256);
}

static struct fus_image picture(int width, int height)
{
    struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_BGR8, width, height, NULL), 0);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < 3 * width; x++)
            image.plane[0][y * image.stride_bytes[0] + x] = picture_at(x / 3, y, x % 3);
    return image;
}

/* One value of the net's picture, where upstream's tiles put it. */
static uint8_t net_at(const struct fus_model *row, int x, int y, int c)
{
    const int scale = row->enlarge, side = row->tile[0] * scale;
    const int inner = row->tile[0] - 2 * row->tile[2];
    const int px = x / scale + row->tile[1], py = y / scale + row->tile[1];
    const int tx = (px % inner + row->tile[2]) * scale + x % scale;
    const int ty = (py % inner + row->tile[2]) * scale + y % scale;
    const float value = (float)picture_at(x / scale, y / scale, c) / 255.0f * gains[2 - c] +
                        ramp(tx, side, 0.25f) + ramp(ty, side, 0.2f);
    return (uint8_t)FUS_CLAMP(value * 255.0f, 0.0f, 255.0f);
}

static int run(const struct fixture *fixture, const char *id, const char *blend,
               struct fus_image *image, struct fus_image *enlarged, struct fus_error *err)
{
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = fus_params_new(fus_processors_schema());
    assert_int_equal(fus_models_open(fixture->runtime, fixture->folder, &models, NULL), 0);
    assert_int_equal(fus_params_take_text(params, "frame_enhancer_model", id, NULL), 0);
    assert_int_equal(fus_params_take_text(params, "frame_enhancer_blend", blend, NULL), 0);
    const struct fus_processor_context context = {.params = params, .models = models, .threads = 2};
    struct fus_processor *processor = NULL;
    struct fus_processor_frame frame = {.image = image, .enlarged = enlarged};
    assert_int_equal(fus_frame_enhancer.pixels(params, models), FUS_PIXELS_BGR);
    int failed = fus_frame_enhancer.open(&context, &processor, err);
    if (!failed) {
        const struct fus_model *row = fus_models_find(models, "frame_enhancer", id);
        assert_int_equal(fus_frame_enhancer.scale(processor), row->enlarge);
        failed = fus_frame_enhancer.process(processor, &frame, err);
    }
    fus_frame_enhancer.close(processor);
    return failed;
}

/* A row through its net, 80 %: each byte is addWeighted of the bilinear enlargement and the net. */
static void check_row(const struct fixture *fixture, const struct fus_model *row, int width,
                      int height)
{
    const int scale = row->enlarge;
    FUS_AUTO_IMAGE struct fus_image image = picture(width, height);
    FUS_AUTO_IMAGE struct fus_image enlarged = {0};
    FUS_AUTO_IMAGE struct fus_image plain = {0};
    struct fus_error err = {0};
    assert_int_equal(
        fus_image_alloc(&enlarged, FUS_PIXEL_BGR8, width * scale, height * scale, NULL), 0);
    assert_int_equal(fus_image_alloc(&plain, FUS_PIXEL_BGR8, width * scale, height * scale, NULL),
                     0);
    if (run(fixture, row->id, "80", &image, &enlarged, &err) != 0)
        fail_msg("%s: %s", row->id, err.detail);
    const struct fus_plane from = {image.plane[0], image.stride_bytes[0], width, height, 3};
    const struct fus_plane to = {plain.plane[0], plain.stride_bytes[0], plain.width, plain.height,
                                 3};
    fus_resample_u8_plain(&from, &to);
    const double rest = 1.0 - 80.0 / 100.0;
    size_t off = 0;
    for (int y = 0; y < plain.height; y++)
        for (int x = 0; x < plain.width; x++)
            for (int c = 0; c < 3; c++) {
                const float was = plain.plane[0][y * plain.stride_bytes[0] + 3 * x + c];
                const float net = net_at(row, x, y, c);
                const int expected = (int)rintf(was * (float)rest + net * (float)(1.0 - rest));
                const int ours = enlarged.plane[0][y * enlarged.stride_bytes[0] + 3 * x + c];
                /* A net may add in another order: a value on the edge of two bytes may fall to the
                 * other one. */
                assert_true(abs(ours - expected) <= 1);
                off += ours != expected;
            }
    assert_true(off * 500 <= (size_t)plain.width * (size_t)plain.height * 3);
}

static void every_row_enlarges_a_picture(void **state)
{
    const struct fixture *fixture = *state;
    if (!fixture->runtime)
        skip();
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(NULL, NULL, &models, NULL), 0);
    int count = 0;
    for (size_t i = 0; i < fus_models_count(models); i++) {
        const struct fus_model *row = fus_models_at(models, i);
        if (strcmp(row->role, "frame_enhancer") != 0)
            continue;
        put_net(fixture, row, 1, RIGHT);
        check_row(fixture, row, row->tile[0] > 512 ? 90 : row->tile[0] + 21, 70);
        count++;
    }
    assert_int_equal(count, 19);
}

static void tiles_go_in_batches_where_the_graph_allows_it(void **state)
{
    const struct fixture *fixture = *state;
    if (!fixture->runtime)
        skip();
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(NULL, NULL, &models, NULL), 0);
    const struct fus_model *row = fus_models_find(models, "frame_enhancer", "real_web_photo_x4");
    put_net(fixture, row, -1, RIGHT);
    check_row(fixture, row, 190, 130); /* 4 x 3 tiles */
    check_row(fixture, row, 170, 50);  /* 3: a batch that is not full */
    check_row(fixture, row, 1, 1);
}

static void a_wrong_net_is_model_corrupt(void **state)
{
    const struct fixture *fixture = *state;
    if (!fixture->runtime)
        skip();
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(NULL, NULL, &models, NULL), 0);
    const struct fus_model *row = fus_models_find(models, "frame_enhancer", "real_web_photo_x4");
    for (enum wrong wrong = SIZE; wrong <= NAME; wrong++) {
        FUS_AUTO_IMAGE struct fus_image image = picture(20, 20);
        FUS_AUTO_IMAGE struct fus_image enlarged = picture(80, 80);
        struct fus_error err = {0};
        put_net(fixture, row, 1, wrong);
        assert_int_equal(run(fixture, row->id, "80", &image, &enlarged, &err), FUS_E_MODEL_CORRUPT);
        assert_non_null(strstr(err.detail, row->id));
    }
}

static void what_would_be_too_large_is_refused(void **state)
{
    const struct fixture *fixture = *state;
    if (!fixture->runtime)
        skip();
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(NULL, NULL, &models, NULL), 0);
    const struct fus_model *row = fus_models_find(models, "frame_enhancer", "tghq_face_x8");
    put_net(fixture, row, 1, RIGHT);
    FUS_AUTO_IMAGE struct fus_image image = picture(20, 20);
    FUS_AUTO_IMAGE struct fus_image enlarged = picture(80, 80);
    struct fus_error err = {0};
    /* Nothing is read of a picture that cannot be enlarged. */
    struct fus_image huge = image;
    huge.width = huge.height = 2049;
    assert_int_equal(run(fixture, row->id, "80", &huge, &enlarged, &err), FUS_E_MEDIA_TOO_LARGE);
    assert_non_null(strstr(err.detail, "2049x2049"));
    assert_int_equal(run(fixture, row->id, "80", &image, &enlarged, &err), FUS_E_INTERNAL);
    assert_int_equal(run(fixture, row->id, "80", &image, NULL, &err), FUS_E_INTERNAL);
}

static void a_missing_model_is_named_with_its_command(void **state)
{
    const struct fixture *fixture = *state;
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = fus_params_new(fus_processors_schema());
    struct fus_error err = {0};
    assert_int_equal(fus_models_open(NULL, fixture->folder, &models, NULL), 0);
    assert_int_equal(fus_frame_enhancer.check(params, models, NULL, &err), FUS_E_MODEL_NOT_FOUND);
    assert_non_null(strstr(err.detail, "span_kendata_x4"));
    assert_ptr_equal(fus_processor_find("frame_enhancer"), &fus_frame_enhancer);
    assert_int_equal(fus_frame_enhancer.needs, 0);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_are_planned_as_recorded),
        cmocka_unit_test(tiles_are_taken_as_recorded),
        cmocka_unit_test(merged_and_blended_tiles_are_the_recorded_picture),
        cmocka_unit_test(what_is_no_number_is_black),
        cmocka_unit_test(tiles_cover_every_picture_once),
        WITH_FIXTURE(every_row_enlarges_a_picture),
        WITH_FIXTURE(tiles_go_in_batches_where_the_graph_allows_it),
        WITH_FIXTURE(a_wrong_net_is_model_corrupt),
        WITH_FIXTURE(what_would_be_too_large_is_refused),
        WITH_FIXTURE(a_missing_model_is_named_with_its_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
