/* masker.c, occluder.c, parser.c: through small graphs with the nets' names, shapes and types,
 * against a plain evaluation. Box and area themselves are vision/face_mask.h's, tested there. */
#include "cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../processors/onnx_graph.h"
#include "base/mem.h"
#include "faces/masker.h"
#include "processors/common_params.h"
#include "vision/face_mask.h"
#include "vision/paste.h"
#include "vision/resample.h"

enum { SEEN = 256, PARSED = 512, CLASSES = 19 };

struct fixture {
    char folder[64];
    struct fus_runtime *runtime;
    struct fus_models *models;
};

/* ---- nets ---- */

/* face = b * wb + g * wg + r * wr + ramp: NHWC, blue first */
static const float occluder_weights[3] = {0.7f, 0.2f, 0.4f};
static float occluder_ramp(int which, int x, int y)
{
    return (which == 1   ? 0.5f
            : which == 2 ? 0.35f
                         : 0.2f) +
           0.5f * (float)x / SEEN - 0.3f * (float)(which == 3 ? x : y) / SEEN;
}

static void save_occluder(const char *folder, int which, int size)
{
    struct onnx graph = {0};
    char path[160];
    const int64_t in[4] = {1, size, size, 3}, out[4] = {1, size, size, 1}, column[2] = {3, 1};
    float *ramp = malloc((size_t)size * (size_t)size * sizeof *ramp);
    assert_non_null(ramp);
    for (int i = 0; i < size * size; i++)
        ramp[i] = occluder_ramp(which, i % size, i / size);
    onnx_input(&graph, "input", ONNX_FLOAT, in, 4);
    onnx_constant(&graph, "weights", occluder_weights, column, 2);
    onnx_constant(&graph, "ramp", ramp, out, 4);
    free(ramp);
    onnx_node(&graph, "MatMul", "input weights", "sum", NULL);
    onnx_node(&graph, "Add", "sum ramp", "output", NULL);
    onnx_output(&graph, "output", out, 4);
    snprintf(path, sizeof path, "%s/xseg_%d.onnx", folder, which);
    onnx_save(&graph, path);
}

static float parser_weight(int class, int c)
{
    return sinf(1.7f * (float)class + 2.1f * (float)c);
}
static float parser_map(int class, int x, int y)
{
    return 2.0f * cosf(0.02f * (float)x + 0.9f * (float)class) +
           1.5f * sinf(0.013f * (float)y * (float)(class % 4) + (float)class);
}

static void save_parser(const char *folder, const char *name)
{
    struct onnx graph = {0};
    char path[160];
    const size_t plane = (size_t)PARSED * PARSED;
    const int64_t in[4] = {1, 3, PARSED, PARSED}, out[4] = {1, CLASSES, PARSED, PARSED};
    const int64_t kernel[4] = {CLASSES, 3, 1, 1};
    float weights[CLASSES * 3], *map = malloc(CLASSES * plane * sizeof *map);
    assert_non_null(map);
    for (int i = 0; i < CLASSES * 3; i++)
        weights[i] = parser_weight(i / 3, i % 3);
    for (size_t i = 0; i < CLASSES * plane; i++)
        map[i] = parser_map((int)(i / plane), (int)(i % PARSED), (int)(i % plane / PARSED));
    onnx_input(&graph, "input", ONNX_FLOAT, in, 4);
    onnx_constant(&graph, "weights", weights, kernel, 4);
    onnx_constant(&graph, "map", map, out, 4);
    free(map);
    onnx_node(&graph, "Conv", "input weights", "sum", NULL);
    onnx_node(&graph, "Add", "sum map", "output", NULL);
    onnx_output(&graph, "output", out, 4);
    snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
    onnx_save(&graph, path);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    struct fus_error err = {0};
    fixture = (struct fixture){.folder = "/tmp/fus_masker_XXXXXX"};
    assert_non_null(mkdtemp(fixture.folder));
    if (fus_runtime_open(NULL, &fixture.runtime, &err) != 0)
        print_message("%s\n", err.detail);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    fus_models_free(fixture->models);
    fus_runtime_free(fixture->runtime);
    return fus_fs_remove_tree(fixture->folder, NULL);
}

static void open_models(struct fixture *fixture)
{
    if (!fixture->runtime)
        skip();
    assert_int_equal(fus_models_open(fixture->runtime, fixture->folder, &fixture->models, NULL), 0);
}

static void open_all(struct fixture *fixture)
{
    for (int i = 1; i <= 3; i++)
        save_occluder(fixture->folder, i, SEEN);
    save_parser(fixture->folder, "bisenet_resnet_34");
    open_models(fixture);
}

/* ---- crops and plain masks ---- */

static uint8_t *make_crop(int size)
{
    uint8_t *crop = malloc((size_t)size * (size_t)size * 3);
    assert_non_null(crop);
    for (int i = 0; i < size * size; i++) {
        crop[3 * i] = (uint8_t)(i % size * 255 / size);
        crop[3 * i + 1] = (uint8_t)(i / size * 200 / size);
        crop[3 * i + 2] = (uint8_t)(128.0 + 100.0 * sin(0.04 * (i % size) + 0.02 * (i / size)));
    }
    return crop;
}

/* Crops of the nets' own size, so that nothing is resized. */
static void plain_occlusion(const uint8_t *crop, int first, int last, float *mask)
{
    float *scratch = malloc(fus_mask_scratch(SEEN, SEEN) * sizeof *scratch);
    assert_non_null(scratch);
    for (int i = 0; i < SEEN * SEEN; i++) {
        mask[i] = 1;
        for (int k = first; k <= last; k++) {
            float sum = occluder_ramp(k, i % SEEN, i / SEEN);
            for (int c = 0; c < 3; c++)
                sum += (float)crop[3 * i + c] / 255.0f * occluder_weights[c];
            mask[i] = FUS_MIN(mask[i], FUS_CLAMP(sum, 0.0f, 1.0f));
        }
    }
    fus_mask_soften(mask, SEEN, SEEN, scratch);
    free(scratch);
}

static void plain_regions(const uint8_t *crop, unsigned classes, float *mask)
{
    static const float mean[3] = {0.485f, 0.456f, 0.406f}, std[3] = {0.229f, 0.224f, 0.225f};
    float *scratch = malloc(fus_mask_scratch(PARSED, PARSED) * sizeof *scratch);
    assert_non_null(scratch);
    for (int i = 0; i < PARSED * PARSED; i++) {
        int best = 0;
        float most = -1e9f;
        for (int class = 0; class < CLASSES; class ++) {
            float sum = parser_map(class, i % PARSED, i / PARSED);
            for (int c = 0; c < 3; c++)
                sum += ((float)crop[3 * i + 2 - c] / 255.0f - mean[c]) / std[c] *
                       parser_weight(class, c);
            if (sum > most) {
                most = sum;
                best = class;
            }
        }
        mask[i] = (float)(classes >> best & 1u);
    }
    fus_mask_soften(mask, PARSED, PARSED, scratch);
    free(scratch);
}

static void assert_near(const float *mask, const float *expected, size_t count, float tolerance,
                        double share)
{
    size_t off = 0, low = 0, high = 0;
    for (size_t i = 0; i < count; i++) {
        off += !(fabsf(mask[i] - expected[i]) <= tolerance);
        low += expected[i] < 0.25f;
        high += expected[i] > 0.75f;
    }
    if ((double)off > share * (double)count)
        fail_msg("%zu of %zu values are off", off, count);
    assert_true(low > count / 50 && high > count / 50); /* the case is not an empty one */
}

static struct fus_masker *open_masker(struct fixture *fixture, const struct fus_masker_options *how)
{
    struct fus_masker *masker = NULL;
    struct fus_error err = {0};
    if (fus_masker_new(fixture->models, how, &masker, &err) != 0)
        fail_msg("%s", err.detail);
    return masker;
}

/* ---- tests ---- */

static void occlusion_is_seen_on_the_crop_as_cut_out(void **state)
{
    struct fixture *fixture = *state;
    const size_t count = (size_t)SEEN * SEEN;
    open_all(fixture);
    for (int many = 0; many < 2; many++) {
        const struct fus_masker_options how = {
            .types = FUS_MASK_OCCLUSION, .occluder_model = many ? "many" : NULL, .threads = 1};
        FUS_CLEANUP(fus_masker_free) struct fus_masker *masker = open_masker(fixture, &how);
        uint8_t *crop = make_crop(SEEN);
        float *mask = malloc(count * sizeof *mask), *expected = malloc(count * sizeof *mask);
        const struct fus_plane plane = {crop, SEEN * 3, SEEN, SEEN, 3};
        plain_occlusion(crop, 1, many ? 3 : 1, expected);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(fus_masker_begin(masker, &plane, mask, NULL), 0);
            assert_near(mask, expected, count, 1e-5f, 0);
        }
        free(crop);
        free(mask);
        free(expected);
    }
}

static void regions_are_seen_on_what_a_model_made(void **state)
{
    struct fixture *fixture = *state;
    const size_t count = (size_t)PARSED * PARSED;
    const unsigned regions = FUS_REGION_SKIN | FUS_REGION_NOSE | FUS_REGION_MOUTH |
                             FUS_REGION_LEFT_EYE | FUS_REGION_RIGHT_EYE;
    open_all(fixture);
    const struct fus_masker_options how = {
        .types = FUS_MASK_REGION, .regions = regions, .threads = 1};
    FUS_CLEANUP(fus_masker_free) struct fus_masker *masker = open_masker(fixture, &how);
    uint8_t *crop = make_crop(PARSED);
    float *mask = malloc(count * sizeof *mask), *expected = malloc(count * sizeof *mask);
    float *narrow = malloc(count * 3 * sizeof *narrow);
    double *wide = malloc(count * 3 * sizeof *wide);
    for (size_t i = 0; i < count * 3; i++)
        wide[i] = narrow[i] = (float)crop[i];
    plain_regions(crop, regions, expected);
    const struct fus_crop_pixels kinds[] = {
        {FUS_CROP_U8, crop, PARSED}, {FUS_CROP_F32, narrow, PARSED}, {FUS_CROP_F64, wide, PARSED}};
    for (size_t k = 0; k < FUS_COUNT(kinds); k++) {
        fus_mask_ones(mask, count);
        assert_int_equal(fus_masker_end(masker, &kinds[k], NULL, NULL, mask, NULL), 0);
        assert_near(mask, expected, count, 1e-4f, 0.001); /* ties may fall to another class */
    }
    free(crop);
    free(mask);
    free(expected);
    free(narrow);
    free(wide);
}

static void all_masks_give_their_minimum_at_any_size(void **state)
{
    struct fixture *fixture = *state;
    enum { SIZE = 128 };
    const size_t count = (size_t)SIZE * SIZE;
    struct fus_point points[68];
    const struct fus_affine half = {0.5, 0, 0, 0, 0.5, 0};
    open_all(fixture);
    for (int i = 0; i < 68; i++)
        points[i] = (struct fus_point){128.0f + 100.0f * cosf(0.0924f * (float)i),
                                       128.0f + 110.0f * sinf(0.0924f * (float)i)};
    uint8_t *crop = make_crop(SIZE);
    float *all = malloc(count * sizeof *all), *least = malloc(count * sizeof *least),
          *one = malloc(count * sizeof *one);
    const struct fus_plane plane = {crop, SIZE * 3, SIZE, SIZE, 3};
    struct fus_masker_options how = {
        .types = 15, .areas = 7, .regions = 0x3ffe, .blur = 0.3, .threads = 1};
    FUS_CLEANUP(fus_masker_free) struct fus_masker *masker = open_masker(fixture, &how);
    assert_int_equal(fus_masker_all(masker, &plane, points, &half, all, NULL), 0);
    fus_mask_ones(least, count);
    for (unsigned type = 1; type < 16; type *= 2) {
        how.types = type;
        FUS_CLEANUP(fus_masker_free) struct fus_masker *single = open_masker(fixture, &how);
        assert_int_equal(fus_masker_all(single, &plane, points, &half, one, NULL), 0);
        fus_mask_min(least, one, count);
    }
    assert_memory_equal(all, least, count * sizeof *all);
    float most = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(all[i] >= 0 && all[i] <= 1);
        most = FUS_MAX(most, all[i]);
    }
    assert_true(most > 0.5f);
    how.types = 0;
    FUS_CLEANUP(fus_masker_free) struct fus_masker *none = open_masker(fixture, &how);
    assert_int_equal(fus_masker_all(none, &plane, points, &half, one, NULL), 0);
    fus_mask_ones(least, count);
    assert_memory_equal(one, least, count * sizeof *one);
    free(crop);
    free(all);
    free(least);
    free(one);
}

static void a_box_is_kept_and_made_anew_for_another_size(void **state)
{
    struct fixture *fixture = *state;
    static const int sizes[] = {64, 256, 64};
    const struct fus_masker_options how = {
        .types = FUS_MASK_BOX, .blur = 0.3, .padding = {10, 0, 20, 5}, .threads = 1};
    open_models(fixture); /* nothing is installed: nothing is needed */
    FUS_CLEANUP(fus_masker_free) struct fus_masker *masker = open_masker(fixture, &how);
    for (size_t k = 0; k < FUS_COUNT(sizes); k++) {
        const int size = sizes[k];
        const size_t count = (size_t)size * (size_t)size;
        uint8_t *crop = make_crop(size);
        float *mask = malloc(count * sizeof *mask), *box = malloc(count * sizeof *box);
        float *scratch = malloc(fus_mask_scratch(size, size) * sizeof *scratch);
        const struct fus_plane plane = {crop, size * 3, size, size, 3};
        assert_int_equal(fus_masker_begin(masker, &plane, mask, NULL), 0);
        fus_mask_box(box, size, 0.3, how.padding, scratch);
        assert_memory_equal(mask, box, count * sizeof *mask);
        free(crop);
        free(mask);
        free(box);
        free(scratch);
    }
}

static void only_what_is_selected_is_needed(void **state)
{
    struct fixture *fixture = *state;
    struct fus_masker_options how = {.types = FUS_MASK_BOX | FUS_MASK_AREA, .threads = 1};
    const struct fus_model *rows[FUS_MASKER_MODELS_MAX];
    struct fus_error err = {0};
    save_occluder(fixture->folder, 2, SEEN);
    open_models(fixture);
    assert_int_equal(fus_masker_check(fixture->models, &how, NULL), 0);
    assert_int_equal(fus_masker_models(fixture->models, &how, rows, FUS_COUNT(rows)), 0);
    how.types |= FUS_MASK_OCCLUSION;
    how.occluder_model = "xseg_2";
    assert_int_equal(fus_masker_check(fixture->models, &how, NULL), 0);
    assert_int_equal(fus_masker_models(fixture->models, &how, rows, FUS_COUNT(rows)), 1);
    assert_string_equal(rows[0]->id, "xseg_2");
    how.occluder_model = "many";
    assert_int_equal(fus_masker_check(fixture->models, &how, &err), FUS_E_MODEL_NOT_FOUND);
    assert_string_equal(err.pointer, "/face_occluder_model");
    how.types = FUS_MASK_REGION;
    assert_int_equal(fus_masker_check(fixture->models, &how, &err), FUS_E_MODEL_NOT_FOUND);
    assert_string_equal(err.pointer, "/face_parser_model");
    assert_non_null(strstr(err.detail, "bisenet_resnet_34"));
}

static void a_net_of_another_shape_is_corrupt(void **state)
{
    struct fixture *fixture = *state;
    const struct fus_masker_options how = {.types = FUS_MASK_OCCLUSION, .threads = 1};
    struct fus_masker *masker = NULL;
    struct fus_error err = {0};
    save_occluder(fixture->folder, 1, 128);
    open_models(fixture);
    assert_int_equal(fus_masker_new(fixture->models, &how, &masker, &err), FUS_E_MODEL_CORRUPT);
    assert_non_null(strstr(err.detail, "input"));
    assert_null(masker);
}

static void the_parameters_become_options(void **state)
{
    struct fus_param_schema schema = {0};
    size_t count;
    const struct fus_param_table *const *tables = fus_common_param_tables(&count);
    for (size_t i = 0; i < count; i++)
        schema.tables[schema.count++] = tables[i];
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fus_params_new(&schema);
    struct fus_masker_options how;
    fus_masker_options_from_params(params, &how);
    assert_int_equal(how.types, FUS_MASK_BOX);
    assert_int_equal(how.areas, FUS_AREA_UPPER_FACE | FUS_AREA_LOWER_FACE | FUS_AREA_MOUTH);
    assert_int_equal(how.regions, 0x3c7e);
    assert_string_equal(how.occluder_model, "xseg_1");
    assert_string_equal(how.parser_model, "bisenet_resnet_34");
    static const char *const given[][2] = {{"face_mask_types", "occlusion region"},
                                           {"face_mask_areas", "mouth"},
                                           {"face_mask_regions", "glasses lower-lip"},
                                           {"face_mask_padding", "1 2 3 4"},
                                           {"face_occluder_model", "many"}};
    for (size_t i = 0; i < FUS_COUNT(given); i++)
        assert_int_equal(fus_params_take_text(params, given[i][0], given[i][1], NULL), 0);
    fus_masker_options_from_params(params, &how);
    assert_int_equal(how.types, FUS_MASK_OCCLUSION | FUS_MASK_REGION);
    assert_int_equal(how.areas, FUS_AREA_MOUTH);
    assert_int_equal(how.regions, FUS_REGION_GLASSES | FUS_REGION_LOWER_LIP);
    assert_int_equal(how.padding[3], 4);
    assert_string_equal(how.occluder_model, "many");
}

#define NETS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NETS(occlusion_is_seen_on_the_crop_as_cut_out),
        NETS(regions_are_seen_on_what_a_model_made),
        NETS(all_masks_give_their_minimum_at_any_size),
        NETS(a_box_is_kept_and_made_anew_for_another_size),
        NETS(only_what_is_selected_is_needed),
        NETS(a_net_of_another_shape_is_corrupt),
        cmocka_unit_test(the_parameters_become_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
