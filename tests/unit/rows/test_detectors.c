/* Every face_detector row: a generated graph through the whole detector.
 *
 * Each of the three strides answers to patches of one colour: blue 8, green 16, red 32, with boxes
 * and points at fixed offsets. So the order of channels, the normalisation, the place of a cell,
 * the unit of an offset, the order of the outputs and the way back to the picture are all seen. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "faces/detector.h"
#include "rows.h"

#define SIDE 640
/* The picture: it is shrunk by 0.8. */
#define WIDTH 800
#define HEIGHT 600
#define RATIO 1.25

static const int strides[3] = {8, 16, 32};
/* The patch of each stride: a cell of the net's input. */
static const int cells[3][2] = {{12, 40}, {25, 7}, {15, 11}};

/* What nets give at a cell, in units of the stride. */
static const double offsets[10] = {-0.5, -0.25, 0.75, -0.5, 0.25, 0.5, -0.25, 1, 0.5, 1.25};

enum kind { SCRFD, YUNET, YOLO };

static enum kind kind_of(const char *family)
{
    if (fus_str_equal(family, "scrfd"))
        return SCRFD;
    if (fus_str_equal(family, "yunet"))
        return YUNET;
    if (!fus_str_equal(family, "yolo_face"))
        fail_msg("nothing generates a graph for a detector of family %s", family);
    return YOLO;
}

/* A byte as the family's input. */
static double seen(enum kind kind, double v)
{
    return kind == SCRFD ? (v - 127.5) / 128 : kind == YUNET ? v : v / 255;
}

/* Weights of the own colour and the others, so that black scores 0.1 and the patch 0.8 + level
 * / 50. */
static void weights(enum kind kind, int level, double *own, double *other, double *bias)
{
    double range = seen(kind, 255) - seen(kind, 0);
    *own = (0.7 + level * 0.02) / range;
    *other = -0.1 / range;
    *bias = 0.1 - (*own + 2 * *other) * seen(kind, 0);
}

/* A name with the stride behind it. */
static const char *at(const char *name, int level)
{
    static char names[8][64];
    static int next;
    char *text = names[next++ % 8];
    snprintf(text, sizeof names[0], "%s_%d", name, strides[level]);
    return text;
}

/* Names of a node's inputs. */
struct inputs {
    char text[160];
};
static struct inputs inputs_of(const char *a, const char *b, const char *c)
{
    struct inputs inputs;
    snprintf(inputs.text, sizeof inputs.text, "%s %s%s%s", a, b, c ? " " : "", c ? c : "");
    return inputs;
}

/* [1,1,h,w] of scores; blue, green, red are channels 0, 1, 2 of the input. */
static void add_scores(struct onnx *onnx, enum kind kind, int level)
{
    const int64_t pool[2] = {strides[level], strides[level]};
    double own, other, bias;
    weights(kind, level, &own, &other, &bias);
    const float w[3] = {(float)(level == 0 ? own : other), (float)(level == 1 ? own : other),
                        (float)(level == 2 ? own : other)};
    onnx_floats(onnx, at("w", level), (int64_t[]){1, 3, 1, 1}, 4, w);
    onnx_floats(onnx, at("bias", level), (int64_t[]){1}, 1, (float[]){(float)bias});
    onnx_node(onnx, "AveragePool", "input", at("pool", level));
    onnx_attribute_ints(onnx, "kernel_shape", pool, 2);
    onnx_attribute_ints(onnx, "strides", pool, 2);
    onnx_node(onnx, "Conv", inputs_of(at("pool", level), at("w", level), at("bias", level)).text,
              at("map", level));
}

static void join(char out[48], const char *a, const char *b)
{
    snprintf(out, 48, "%s_%s", a, b);
}

/* rows x columns numbers, the same in each row: scores (rows x 1) times nothing, plus them. */
static void add_constant(struct onnx *onnx, int level, const char *name, const double *values,
                         int columns)
{
    float row[10];
    char row_name[48], nothing[48];
    join(row_name, name, "row");
    join(nothing, name, "nothing");
    for (int i = 0; i < columns; i++)
        row[i] = (float)values[i];
    onnx_floats(onnx, at(row_name, level), (int64_t[]){1, columns}, 2, row);
    onnx_node(onnx, "Mul", inputs_of(at("list", level), "zero", NULL).text, at(nothing, level));
    onnx_node(onnx, "Add", inputs_of(at(nothing, level), at(row_name, level), NULL).text,
              at(name, level));
}

static void add_box_and_points(struct onnx *onnx, enum kind kind, int level)
{
    static const double distances[4] = {1.5, 2, 2.5, 3}; /* left, top, right, bottom */
    const double sizes[4] = {0.25, 0.5, log(3), log(4)}; /* centre, log of size */
    add_constant(onnx, level, "box", kind == SCRFD ? distances : sizes, 4);
    add_constant(onnx, level, "points", offsets, 10);
}

static void free_output(struct onnx *onnx, const char *name, int rank, int columns)
{
    const int64_t flat[2] = {0, columns}, batch[3] = {1, 0, columns};
    onnx_output(onnx, name, ONNX_FLOAT, rank == 2 ? flat : batch, rank);
}

static void outputs_in_order(struct onnx *onnx, const char *const *names, const int *columns,
                             size_t count, int rank)
{
    for (size_t i = 0; i < count; i++)
        for (int level = 0; level < 3; level++)
            free_output(onnx, at(names[i], level), rank, columns[i]);
}

/* Two anchors a cell: the second is only half as sure. */
static void add_scrfd(struct onnx *onnx, int level)
{
    onnx_node(onnx, "Reshape", inputs_of(at("map", level), "column", NULL).text,
              at("first", level));
    onnx_node(onnx, "Mul", inputs_of(at("first", level), "half", NULL).text, at("second", level));
    onnx_node(onnx, "Concat", inputs_of(at("first", level), at("second", level), NULL).text,
              at("both", level));
    onnx_attribute_int(onnx, "axis", 1);
    onnx_node(onnx, "Reshape", inputs_of(at("both", level), "column", NULL).text,
              at("list", level));
    onnx_node(onnx, "Identity", at("list", level), at("score", level));
    add_box_and_points(onnx, SCRFD, level);
}

static void add_yunet(struct onnx *onnx, int level)
{
    onnx_node(onnx, "Reshape", inputs_of(at("map", level), "batch_column", NULL).text,
              at("list", level));
    onnx_node(onnx, "Identity", at("list", level), at("cls", level));
    add_constant(onnx, level, "obj", (double[]){0.9}, 1);
    add_box_and_points(onnx, YUNET, level);
}

/* Rows 0-3 and 5-19 of yolo's output, in pixels of its input. */
static void add_yolo_constants(struct onnx *onnx)
{
    float *boxes = calloc((size_t)4 * 8400, sizeof(float));
    float *points = calloc((size_t)15 * 8400, sizeof(float));
    int column = 0;
    assert_non_null(boxes);
    assert_non_null(points);
    for (int level = 0; level < 3; level++) {
        const int s = strides[level], across = SIDE / s;
        for (int cell = 0; cell < across * across; cell++, column++) {
            const double x = cell % across * s, y = (double)(cell / across) * s;
            boxes[column] = (float)(x + 0.25 * s);
            boxes[8400 + column] = (float)(y + 0.5 * s);
            boxes[2 * 8400 + column] = (float)(3 * s);
            boxes[3 * 8400 + column] = (float)(4 * s);
            for (int k = 0; k < 5; k++) {
                points[(3 * k) * 8400 + column] = (float)(x + offsets[2 * k] * s);
                points[(3 * k + 1) * 8400 + column] = (float)(y + offsets[2 * k + 1] * s);
                points[(3 * k + 2) * 8400 + column] = 0.5F;
            }
        }
    }
    onnx_floats(onnx, "boxes", (int64_t[]){1, 4, 8400}, 3, boxes);
    onnx_floats(onnx, "points", (int64_t[]){1, 15, 8400}, 3, points);
    free(boxes);
    free(points);
}

static struct onnx *graph(enum kind kind)
{
    static const char *const scrfd[] = {"score", "box", "points"};
    static const char *const yunet[] = {"cls", "obj", "box", "points"};
    const bool free_size = kind == SCRFD;
    struct onnx *onnx = onnx_new();
    onnx_input(onnx, "input", ONNX_FLOAT,
               (int64_t[]){1, 3, free_size ? 0 : SIDE, free_size ? 0 : SIDE}, 4);
    onnx_int64s(onnx, "column", (int64_t[]){-1, 1}, 2);
    onnx_int64s(onnx, "batch_column", (int64_t[]){1, -1, 1}, 3);
    onnx_int64s(onnx, "batch_row", (int64_t[]){1, 1, -1}, 3);
    onnx_float(onnx, "zero", 0);
    onnx_float(onnx, "half", 0.5F);
    for (int level = 0; level < 3; level++) {
        add_scores(onnx, kind, level);
        if (kind == SCRFD)
            add_scrfd(onnx, level);
        else if (kind == YUNET)
            add_yunet(onnx, level);
        else
            onnx_node(onnx, "Reshape", inputs_of(at("map", level), "batch_row", NULL).text,
                      at("list", level));
    }
    if (kind == SCRFD)
        outputs_in_order(onnx, scrfd, (int[]){1, 4, 10}, 3, 2);
    if (kind == YUNET)
        outputs_in_order(onnx, yunet, (int[]){1, 1, 4, 10}, 4, 3);
    if (kind == YOLO) {
        add_yolo_constants(onnx);
        onnx_node(onnx, "Concat", inputs_of(at("list", 0), at("list", 1), at("list", 2)).text,
                  "scores");
        onnx_attribute_int(onnx, "axis", 2);
        onnx_node(onnx, "Concat", "boxes scores points", "output");
        onnx_attribute_int(onnx, "axis", 1);
        onnx_output(onnx, "output", ONNX_FLOAT, (int64_t[]){1, 20, 8400}, 3);
    }
    return onnx;
}

/* Black with a blue, a green and a red patch, each a cell of its stride in the shrunk picture. */
static struct fus_image patches(void)
{
    struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_BGR8, WIDTH, HEIGHT, NULL), 0);
    memset(image.plane[0], 0, (size_t)image.stride_bytes[0] * HEIGHT);
    for (int level = 0; level < 3; level++) {
        const int side = (int)(strides[level] * RATIO);
        for (int y = 0; y < side; y++)
            for (int x = 0; x < side; x++)
                image.plane[0][(cells[level][1] * side + y) * image.stride_bytes[0] +
                               3 * (cells[level][0] * side + x) + level] = 255;
    }
    return image;
}

static void near(const char *id, const char *what, double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s: %s is %g, should be %g", id, what, got, want);
}

static void check_found(const char *id, enum kind kind, int level,
                        const struct fus_detection *found)
{
    const double s = strides[level], x = cells[level][0] * s, y = cells[level][1] * s;
    const double box[4] = {
        kind == SCRFD ? x - 1.5 * s : x + 0.25 * s - 1.5 * s,
        kind == SCRFD ? y - 2 * s : y + 0.5 * s - 2 * s,
        kind == SCRFD ? x + 2.5 * s : x + 0.25 * s + 1.5 * s,
        kind == SCRFD ? y + 3 * s : y + 0.5 * s + 2 * s,
    };
    const double score = (0.8 + level * 0.02) * (kind == YUNET ? 0.9 : 1);
    near(id, "a score", (double)found->score, score, 1e-3);
    near(id, "a left side", (double)found->box.x1, box[0] * RATIO, 0.01);
    near(id, "a top", (double)found->box.y1, box[1] * RATIO, 0.01);
    near(id, "a right side", (double)found->box.x2, box[2] * RATIO, 0.01);
    near(id, "a bottom", (double)found->box.y2, box[3] * RATIO, 0.01);
    for (int k = 0; k < 5; k++) {
        near(id, "a point's x", (double)found->points_5[k].x, (x + offsets[2 * k] * s) * RATIO,
             0.01);
        near(id, "a point's y", (double)found->points_5[k].y, (y + offsets[2 * k + 1] * s) * RATIO,
             0.01);
    }
}

static void every_detector_finds_what_its_graph_means(void **state)
{
    struct rows *rows = *state;
    static struct rows_id ids[16];
    static struct fus_detection found[FUS_FACES_MAX];
    size_t count = rows_of(rows, "face_detector", ids, FUS_COUNT(ids));
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++) {
        const enum kind kind = kind_of(ids[i].family);
        struct fus_image image = patches();
        const struct fus_plane plane = {image.plane[0], image.stride_bytes[0], WIDTH, HEIGHT, 3};
        struct fus_detector *detector = NULL;
        struct fus_error err = {0};
        size_t faces = 0;
        rows_install(rows, rows_model(rows, "face_detector", ids[i].id), graph(kind));
        const struct fus_detector_options options = {
            .models = {rows_model(rows, "face_detector", ids[i].id)},
            .model_count = 1,
            .score = 0.5,
            .threads = 2};
        if (fus_detector_new(rows->models, &options, &detector, &err) != 0 ||
            fus_detector_find(detector, &plane, found, &faces, &err) != 0)
            fail_msg("%s: %s", ids[i].id, err.detail);
        if (faces != 3)
            fail_msg("%s: %zu faces, not 3", ids[i].id, faces);
        for (int level = 0; level < 3; level++) /* best first */
            check_found(ids[i].id, kind, level, &found[2 - level]);
        fus_detector_free(detector);
        fus_image_done(&image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_detector_finds_what_its_graph_means, rows_set_up,
                                        rows_tear_down),
    };
    return cmocka_run_group_tests_name("rows/detectors", tests, NULL, NULL);
}
