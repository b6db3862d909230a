/* The three content_analyser rows: generated graphs through the whole gate. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "project.h"
#include "rows.h"
#include "safety/gate.h"

struct net {
    const char *id;
    struct projection projection;
    struct normalisation normalisation;
    double threshold;
    double tolerance; /* our 8-bit resize rounds as OpenCV's does, the expectation does not */
};
static const struct net nets[3] = {
    {"nsfw_1", {640, 64, 5, 11, 0.02}, {true, {0, 0, 0}, {1, 1, 1}}, 0.2, 2e-3},
    {"nsfw_2", {384, 32, 2, 22, 0.1}, {true, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}}, 0.25, 5e-3},
    {"nsfw_3",
     {448, 32, 4, 33, 1},
     {true, {0.48145466, 0.4578275, 0.40821073}, {0.26862954, 0.26130258, 0.27577711}},
     10.5,
     0.05},
};

/* nsfw_1 is a detector: four rows of pixels, then a row of scores for each class. */
static void add_detector(struct onnx *onnx)
{
    float *boxes = calloc((size_t)4 * 8400, sizeof(float));
    float *fade = calloc(8400, sizeof(float));
    assert_non_null(boxes);
    assert_non_null(fade);
    for (int i = 0; i < 4 * 8400; i++)
        boxes[i] = 600; /* must not count */
    for (int i = 0; i < 8400; i++)
        fade[i] = i == 4321 ? 0 : -0.5F; /* one candidate alone is sure */
    onnx_floats(onnx, "boxes", (int64_t[]){1, 4, 8400}, 3, boxes);
    onnx_floats(onnx, "fade", (int64_t[]){1, 1, 8400}, 3, fade);
    onnx_int64s(onnx, "classes", (int64_t[]){1, 5, 1}, 3);
    onnx_node(onnx, "Reshape", "scores classes", "column");
    onnx_node(onnx, "Add", "column fade", "all");
    onnx_node(onnx, "Concat", "boxes all", "output");
    onnx_attribute_int(onnx, "axis", 1);
    onnx_output(onnx, "output", ONNX_FLOAT, (int64_t[]){1, 9, 8400}, 3);
    free(boxes);
    free(fade);
}

static struct onnx *graph(const struct net *net)
{
    const int size = net->projection.size;
    struct onnx *onnx = onnx_new();
    onnx_input(onnx, "input", ONNX_FLOAT, (int64_t[]){1, 3, size, size}, 4);
    project_add(onnx, &net->projection, "input", "scores");
    if (net->projection.columns == 5)
        add_detector(onnx);
    else
        onnx_output(onnx, "scores", ONNX_FLOAT, (int64_t[]){1, net->projection.columns}, 2);
    return onnx;
}

/* The picture in the square, all of it, on black. */
static struct ref_picture contain(const struct ref_picture *picture, int size)
{
    const double scale = fmin((double)size / picture->width, (double)size / picture->height);
    const int width = (int)(picture->width * scale), height = (int)(picture->height * scale);
    struct ref_picture square = ref_picture_new(size, size, 3);
    struct ref_picture scaled = ref_resize(picture, width, height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                ref_at(&square, (size - width) / 2 + x, (size - height) / 2 + y)[c] =
                    rint(ref_at(&scaled, x, y)[c]);
    ref_picture_free(&scaled);
    return square;
}

static double expected(const struct net *net, const struct ref_picture *picture)
{
    struct ref_picture square = contain(picture, net->projection.size);
    double d[5], score;
    project_expect(&net->projection, &net->normalisation, &square, d);
    ref_picture_free(&square);
    if (net->projection.columns == 2)
        return d[0] - d[1];
    if (net->projection.columns == 4)
        return d[2] + d[3] - d[0] - d[1];
    score = d[0];
    for (int i = 1; i < 5; i++)
        score = fmax(score, d[i]);
    return score;
}

static void the_gate_scores_and_votes_as_its_graphs_mean(void **state)
{
    struct rows *rows = *state;
    static struct rows_id ids[8];
    struct fus_gate *gate = NULL;
    struct fus_error err = {0};
    assert_int_equal(rows_of(rows, "content_analyser", ids, FUS_COUNT(ids)), 3);
    for (int i = 0; i < 3; i++)
        rows_install(rows, rows_model(rows, "content_analyser", nets[i].id), graph(&nets[i]));
    if (fus_gate_new(rows->models, 2, &gate, &err))
        fail_msg("%s", err.detail);
    for (int k = 0; k < 3; k++) {
        struct fus_image image = rows_picture(200 + 150 * k, 330, 1.7 * k);
        struct ref_picture picture = ref_picture_of(&image);
        double scores[FUS_GATE_NETS];
        bool refused = false;
        int votes = 0;
        if (fus_gate_look(gate, &image, &refused, scores, &err))
            fail_msg("%s", err.detail);
        for (int i = 0; i < 3; i++) {
            const double want = expected(&nets[i], &picture);
            if (!(fabs(scores[i] - want) < nets[i].tolerance))
                fail_msg("%s gives %g, should give %g", nets[i].id, scores[i], want);
            votes += want > nets[i].threshold;
        }
        assert_int_equal(refused, votes >= 2);
        ref_picture_free(&picture);
        fus_image_done(&image);
    }
    fus_gate_free(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_gate_scores_and_votes_as_its_graphs_mean, rows_set_up,
                                        rows_tear_down),
    };
    return cmocka_run_group_tests_name("rows/gate", tests, NULL, NULL);
}
