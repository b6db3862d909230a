/* face_swapper.c and swapper/: every row of FaceFusion's swappers, through a small graph of the
 * row's names, shapes and types whose output depends on position, channel and source, against a
 * plain evaluation of the same arithmetic. */
#include "heads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "onnx_graph.h"
#include "processors/face_swapper.h"
#include "vision/crop.h"
#include "vision/face_mask.h"
#include "vision/lut.h"
#include "vision/paste.h"
#include "vision/templates.h"

enum { EMBEDDING = FUS_EMBEDDING_SIZE, SIDE = 400 };

enum kind { NORMALISED, MATRIX, CONVERTED, CONVERTED_UNIT, PICTURE };

/* What models.md says of each row, written down a second time. */
struct row {
    const char *id, *converter;
    int size;
    enum fus_template template;
    enum kind kind;
    bool wide; /* v * std + mean, in double */
    double mean[3], std[3];
    enum fus_template source_template;
    int source_size;
};

#define NONE    \
    {0, 0, 0},  \
    {           \
        1, 1, 1 \
    }
#define HALF          \
    {0.5, 0.5, 0.5},  \
    {                 \
        0.5, 0.5, 0.5 \
    }
static const struct row rows[] = {
    {"blendswap_256", NULL, 256, FUS_TEMPLATE_FFHQ_512, PICTURE, false, NONE,
     FUS_TEMPLATE_ARCFACE_112_V2, 112},
    {"ghost_1_256", "crossface_ghost", 256, FUS_TEMPLATE_ARCFACE_112_V1, CONVERTED, true, HALF, 0,
     0},
    {"ghost_2_256", "crossface_ghost", 256, FUS_TEMPLATE_ARCFACE_112_V1, CONVERTED, true, HALF, 0,
     0},
    {"ghost_3_256", "crossface_ghost", 256, FUS_TEMPLATE_ARCFACE_112_V1, CONVERTED, true, HALF, 0,
     0},
    {"hififace_unofficial_256", "crossface_hififace", 256, FUS_TEMPLATE_MTCNN_512, CONVERTED_UNIT,
     true, HALF, 0, 0},
    {"hyperswap_1a_256", NULL, 256, FUS_TEMPLATE_ARCFACE_128, NORMALISED, true, HALF, 0, 0},
    {"hyperswap_1b_256", NULL, 256, FUS_TEMPLATE_ARCFACE_128, NORMALISED, true, HALF, 0, 0},
    {"hyperswap_1c_256", NULL, 256, FUS_TEMPLATE_ARCFACE_128, NORMALISED, true, HALF, 0, 0},
    {"inswapper_128", NULL, 128, FUS_TEMPLATE_ARCFACE_128, MATRIX, false, NONE, 0, 0},
    {"inswapper_128_fp16", NULL, 128, FUS_TEMPLATE_ARCFACE_128, MATRIX, false, NONE, 0, 0},
    {"simswap_256",
     "crossface_simswap",
     256,
     FUS_TEMPLATE_ARCFACE_112_V1,
     CONVERTED_UNIT,
     false,
     {0.485, 0.456, 0.406},
     {0.229, 0.224, 0.225},
     0,
     0},
    {"simswap_unofficial_512", "crossface_simswap", 512, FUS_TEMPLATE_ARCFACE_112_V1,
     CONVERTED_UNIT, false, NONE, 0, 0},
    {"uniface_256", NULL, 256, FUS_TEMPLATE_FFHQ_512, PICTURE, true, HALF, FUS_TEMPLATE_FFHQ_512,
     256},
};

static const struct row *row_named(const char *id)
{
    for (size_t i = 0; i < FUS_COUNT(rows); i++)
        if (strcmp(rows[i].id, id) == 0)
            return &rows[i];
    fail_msg("there is no row %s", id);
    return &rows[0];
}

/* ---- the arithmetic of the nets ---- */

#define GAIN 0.25f
#define REST 0.3f
#define TINT 0.15f

static float source_weight(size_t i, int c)
{
    return 1.5f * sinf(0.7f * (float)i + 1.3f * (float)c);
}
static float ramp(int c, int x, int y, int size)
{
    const float u = (float)x / (float)size, v = (float)y / (float)size;
    return REST + 0.1f * (c == 0 ? u : c == 1 ? v : 1.0f - u);
}
static float matrix(size_t i, size_t j)
{
    return 0.08f * sinf(0.37f * (float)i + 0.011f * (float)(j * (i + 1)));
}
static float conversion(size_t i)
{
    return 0.5f + 0.4f * cosf(0.21f * (float)i);
}
/* Pictures: the mean of pixel times this. */
static float picture_weight(int c, int x, int y, int size)
{
    return 2.0f * sinf(0.05f * (float)(x + 2 * y) + (float)c) + (float)(x - y) / (float)size;
}

/* What changes in the nets of one test. */
struct net {
    int size;                   /* of target and output; 0: the row's */
    int64_t batch;              /* -1: free */
    bool bad_batch;             /* claims a free batch and takes one picture only */
    const char *source, *extra; /* name of the source; one more input */
    bool no_matrix;
};

static void put_source_map(struct onnx *graph, const struct row *row)
{
    const int64_t wide[4] = {1, 3, row->source_size, row->source_size};
    if (row->kind != PICTURE) {
        float *w = malloc(EMBEDDING * 3 * sizeof *w);
        const int64_t shape[2] = {EMBEDDING, 3};
        assert_non_null(w);
        for (size_t i = 0; i < EMBEDDING * 3; i++)
            w[i] = source_weight(i / 3, (int)(i % 3));
        onnx_constant(graph, "w", w, shape, 2);
        free(w);
        onnx_node(graph, "MatMul", "source w", "summed", NULL);
        return;
    }
    const size_t size = (size_t)row->source_size;
    float *w = malloc(3 * size * size * sizeof *w);
    for (size_t i = 0; i < 3 * size * size; i++)
        w[i] = picture_weight((int)(i / (size * size)), (int)(i % size), (int)(i / size % size),
                              row->source_size);
    onnx_constant(graph, "w", w, wide, 4);
    free(w);
    onnx_node(graph, "Mul", "source w", "weighted", NULL);
    onnx_node(graph, "GlobalAveragePool", "weighted", "mean", NULL);
}

/* [n,3] to [n,3,1,1] */
static void put_axes(struct onnx *graph)
{
    struct onnx tensor = {0};
    const int64_t axes[2] = {2, 3};
    onnx_number(&tensor, 1, 2);
    onnx_number(&tensor, 2, ONNX_INT64);
    onnx_text(&tensor, 8, "axes");
    onnx_bytes(&tensor, 9, axes, sizeof axes);
    onnx_part(graph, 5, &tensor);
    onnx_node(graph, "Unsqueeze", "summed axes", "mean", NULL);
}

static void save_net(const char *folder, const struct row *row, const struct net *net)
{
    struct onnx graph = {0};
    char path[160];
    const int size = net->size ? net->size : row->size;
    const int64_t picture[4] = {net->batch, 3, size, size};
    const int64_t embedding[4] = {net->batch, EMBEDDING};
    const int64_t source[4] = {net->batch, 3, row->source_size, row->source_size};
    const int64_t scalar[1] = {1}, ramps[4] = {1, 3, size, size};
    const float gain = GAIN, tint = TINT;
    float *values = malloc(3 * (size_t)size * (size_t)size * sizeof *values);
    assert_non_null(values);
    for (int c = 0, i = 0; c < 3; c++)
        for (int y = 0; y < size; y++)
            for (int x = 0; x < size; x++)
                values[i++] = ramp(c, x, y, size);
    onnx_input(&graph, net->source ? net->source : "source", ONNX_FLOAT,
               row->kind == PICTURE ? source : embedding, row->kind == PICTURE ? 4 : 2);
    onnx_input(&graph, "target", ONNX_FLOAT, picture, 4);
    if (net->extra)
        onnx_input(&graph, net->extra, ONNX_FLOAT, scalar, 1);
    if (net->source)
        onnx_node(&graph, "Identity", net->source, "source", NULL);
    put_source_map(&graph, row);
    if (row->kind != PICTURE)
        put_axes(&graph);
    onnx_constant(&graph, "gain", &gain, scalar, 1);
    onnx_constant(&graph, "tint", &tint, scalar, 1);
    onnx_constant(&graph, "ramp", values, ramps, 4);
    free(values);
    onnx_node(&graph, "Tanh", "mean", "bounded", NULL);
    onnx_node(&graph, "Mul", "bounded tint", "tinted", NULL);
    onnx_node(&graph, "Mul", "target gain", "scaled", NULL);
    onnx_node(&graph, "Add", "scaled tinted", "both", NULL);
    onnx_node(&graph, "Add", "both ramp", net->bad_batch ? "made" : "output", NULL);
    if (net->bad_batch) {
        struct onnx tensor = {0};
        const int64_t one[4] = {1, 3, size, size};
        onnx_number(&tensor, 1, 4);
        onnx_number(&tensor, 2, ONNX_INT64);
        onnx_text(&tensor, 8, "one");
        onnx_bytes(&tensor, 9, one, sizeof one);
        onnx_part(&graph, 5, &tensor);
        onnx_node(&graph, "Reshape", "made one", "output", NULL);
    }
    onnx_output(&graph, "output", picture, 4);
    if (row->kind == MATRIX) {
        float *e = malloc((size_t)EMBEDDING * EMBEDDING * sizeof *e);
        const int64_t shape[2] = {EMBEDDING, net->no_matrix ? EMBEDDING / 2 : EMBEDDING};
        for (size_t i = 0; i < (size_t)EMBEDDING * EMBEDDING; i++)
            e[i] = matrix(i / EMBEDDING, i % EMBEDDING);
        onnx_constant(&graph, "emap", e, shape, 2);
        free(e);
    }
    snprintf(path, sizeof path, "%s/%s.onnx", folder, row->id);
    onnx_save(&graph, path);
}

/* out = in * k + 0.1: crossface_*; also what stands for arcface, which is only to be there. */
static void save_converter(const char *folder, const char *name)
{
    struct onnx graph = {0};
    char path[160];
    const int64_t shape[2] = {1, EMBEDDING}, scalar[1] = {1};
    const float shift = 0.1f;
    float k[EMBEDDING];
    for (size_t i = 0; i < EMBEDDING; i++)
        k[i] = conversion(i);
    onnx_input(&graph, "input", ONNX_FLOAT, shape, 2);
    onnx_constant(&graph, "k", k, shape, 2);
    onnx_constant(&graph, "shift", &shift, scalar, 1);
    onnx_node(&graph, "Mul", "input k", "scaled", NULL);
    onnx_node(&graph, "Add", "scaled shift", "output", NULL);
    onnx_output(&graph, "output", shape, 2);
    snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
    onnx_save(&graph, path);
}

/* ---- a job ---- */

struct job {
    char folder[64];
    struct fus_runtime *runtime;
    struct fus_models *models;
    struct fus_params *params;
    struct fus_image image, before;
    struct fus_source sources[2];
    struct fus_face target;
    struct fus_str warnings;
    bool compat;
};

static const int skin[3] = {150, 175, 215}, other_skin[3] = {90, 110, 160};
static const struct head target_head = {200, 150, 62, 0, 6}, source_head = {180, 160, 70, 10, -4};

static void give_embedding(struct fus_face *face, unsigned seed)
{
    double sum = 0;
    for (size_t i = 0; i < EMBEDDING; i++) {
        face->embedding[i] = (float)(head_hash(seed + (uint32_t)i * 977u) % 2001) / 10000.0f - 0.1f;
        sum += (double)face->embedding[i] * face->embedding[i];
    }
    for (size_t i = 0; i < EMBEDDING; i++)
        face->embedding_norm[i] = face->embedding[i] / (float)sqrt(sum);
    face->has |= FUS_FACE_HAS_EMBEDDING;
}

static int set_up(void **state)
{
    static struct job job;
    struct fus_error err = {0};
    memset(&job, 0, sizeof job);
    strcpy(job.folder, "/tmp/fus_net_swap_XXXXXX");
    assert_non_null(mkdtemp(job.folder));
    if (fus_runtime_open(NULL, &job.runtime, &err) != 0)
        print_message("%s\n", err.detail);
    job.params = fus_params_new(fus_processors_schema());
    assert_non_null(job.params);
    assert_int_equal(fus_image_alloc(&job.image, FUS_PIXEL_BGR8, SIDE, SIDE, NULL), 0);
    assert_int_equal(fus_image_alloc(&job.before, FUS_PIXEL_BGR8, SIDE, SIDE, NULL), 0);
    head_paint(&target_head, skin, &job.before);
    head_face(&target_head, &job.target);
    give_embedding(&job.target, 99);
    for (int i = 0; i < 2; i++) {
        struct head head = source_head;
        head.scale += 12.0f * (float)i;
        head.x += 15.0f * (float)i;
        job.sources[i].index = i;
        assert_int_equal(fus_image_alloc(&job.sources[i].image, FUS_PIXEL_BGR8, SIDE, SIDE, NULL),
                         0);
        head_paint(&head, i ? skin : other_skin, &job.sources[i].image);
        head_face(&head, &job.sources[i].faces.items[0]);
        give_embedding(&job.sources[i].faces.items[0], 1000u * (unsigned)i + 7u);
        job.sources[i].faces.count = 1;
    }
    *state = &job;
    return 0;
}

static int tear_down(void **state)
{
    struct job *job = *state;
    fus_params_free(job->params);
    fus_models_free(job->models);
    fus_runtime_free(job->runtime);
    fus_image_done(&job->image);
    fus_image_done(&job->before);
    for (int i = 0; i < 2; i++)
        fus_image_done(&job->sources[i].image);
    fus_str_done(&job->warnings);
    return fus_fs_remove_tree(job->folder, NULL);
}

static void remember(void *user, const char *code, const char *text)
{
    fus_str_append(user, code);
    fus_str_append(user, " ");
}

static void set(struct job *job, const char *name, const char *text)
{
    assert_int_equal(fus_params_take_text(job->params, name, text, NULL), 0);
}

/* The row's net and all that it needs are installed, and the row is named. */
static void install(struct job *job, const struct row *row, const struct net *net)
{
    if (!job->runtime)
        skip();
    fus_models_free(job->models);
    job->models = NULL;
    save_net(job->folder, row, net);
    save_converter(job->folder, "arcface_w600k_r50");
    if (row->converter)
        save_converter(job->folder, row->converter);
    struct fus_error err = {0};
    if (fus_models_open(job->runtime, job->folder, &job->models, &err) != 0)
        fail_msg("%s", err.detail);
    set(job, "face_swapper_model", row->id);
}

static int swap(struct job *job, struct fus_rect *changed, struct fus_error *err)
{
    const struct fus_processor_context context = {.params = job->params,
                                                  .models = job->models,
                                                  .sources = job->sources,
                                                  .source_count = 2,
                                                  .threads = 1,
                                                  .compat = job->compat,
                                                  .warn = remember,
                                                  .warn_user = &job->warnings};
    const struct fus_face *face = &job->target;
    struct fus_processor *processor = NULL;
    int failed = fus_face_swapper.open(&context, &processor, err);
    if (failed) {
        assert_null(processor);
        return failed;
    }
    for (int twice = 0; !failed && twice < 2; twice++) { /* a second frame is like the first */
        fus_image_copy(&job->image, &job->before);
        struct fus_processor_frame frame = {
            .image = &job->image, .faces = &face, .face_count = 1, .changed = {0, 0, SIDE, SIDE}};
        failed = fus_face_swapper.process(processor, &frame, err);
        if (changed)
            *changed = frame.changed;
    }
    fus_face_swapper.close(processor);
    return failed;
}

/* ---- the plain evaluation ---- */

static double length_of(const float *values)
{
    double sum = 0;
    for (size_t i = 0; i < EMBEDDING; i++)
        sum += (double)values[i] * values[i];
    return sqrt(sum);
}

static void plain_embedding(const struct job *job, const struct row *row, double weight,
                            float *source)
{
    float raw[EMBEDDING], unit[EMBEDDING];
    const struct fus_face *a = &job->sources[0].faces.items[0];
    const struct fus_face *b = &job->sources[1].faces.items[0];
    for (size_t i = 0; i < EMBEDDING; i++) {
        raw[i] = (a->embedding[i] + b->embedding[i]) / 2;
        unit[i] = (a->embedding_norm[i] + b->embedding_norm[i]) / 2;
    }
    for (size_t j = 0; j < EMBEDDING; j++) {
        double sum = 0;
        for (size_t i = 0; row->kind == MATRIX && i < EMBEDDING; i++)
            sum += (double)raw[i] * matrix(i, j);
        source[j] = row->kind == NORMALISED ? unit[j]
                    : row->kind == MATRIX   ? (float)(sum / length_of(raw))
                                            : raw[j] * conversion(j) + 0.1f;
    }
    if (row->kind == CONVERTED_UNIT) {
        const float length = (float)length_of(source);
        for (size_t i = 0; i < EMBEDDING; i++)
            source[i] /= length;
    }
    const float *target =
        row->kind == CONVERTED ? job->target.embedding : job->target.embedding_norm;
    const float w = (float)(0.35 - 0.7 * weight);
    for (size_t i = 0; i < EMBEDDING; i++)
        source[i] = source[i] * (1 - w) + target[i] * w;
}

/* tanh of what the net makes of the source, for each channel. */
static void plain_source(const struct job *job, const struct row *row, double weight, int picture,
                         double tint[3])
{
    if (row->kind != PICTURE) {
        float source[EMBEDDING];
        plain_embedding(job, row, weight, source);
        for (int c = 0; c < 3; c++) {
            double sum = 0;
            for (size_t i = 0; i < EMBEDDING; i++)
                sum += (double)source[i] * source_weight(i, c);
            tint[c] = tanh(sum);
        }
        return;
    }
    const int size = row->source_size;
    const struct fus_source *from = &job->sources[picture];
    const struct fus_rect all = {0, 0, SIDE, SIDE};
    const struct fus_plane whole = fus_plane_of(&from->image, all, 0);
    uint8_t *pixels = malloc((size_t)size * (size_t)size * 3);
    const struct fus_plane crop = {pixels, size * 3, size, size, 3};
    struct fus_affine m;
    const struct fus_face *face = job->sources[0].faces.count ? &job->sources[0].faces.items[0]
                                                              : &job->sources[1].faces.items[0];
    assert_true(fus_template_affine(row->source_template, face->points_5, size, &m));
    assert_true(fus_crop_u8(&whole, &m, FUS_BORDER_REPLICATE, &crop));
    for (int c = 0; c < 3; c++) {
        double sum = 0;
        for (int y = 0; y < size; y++)
            for (int x = 0; x < size; x++)
                sum += pixels[(y * size + x) * 3 + 2 - c] / 255.0 * picture_weight(c, x, y, size);
        tint[c] = tanh(sum / size / size);
    }
    free(pixels);
}

/* job->before with the face swapped at `side` pixels, every n-th of which one net sees. */
static void plain_swap(const struct job *job, const struct row *row, double weight, int picture,
                       int side, struct fus_image *out)
{
    const int n = side / row->size;
    const size_t count = (size_t)side * (size_t)side;
    const struct fus_rect all = {0, 0, SIDE, SIDE};
    static const int none[4];
    uint8_t *pixels = malloc(count * 3);
    double *wide = malloc(count * 3 * sizeof *wide), tint[3];
    float *narrow = malloc(count * 3 * sizeof *narrow), *mask = malloc(count * sizeof *mask);
    float *scratch = malloc(fus_mask_scratch(side, side) * sizeof *scratch);
    const struct fus_plane crop = {pixels, (ptrdiff_t)side * 3, side, side, 3};
    struct fus_affine m;
    fus_image_copy(out, &job->before);
    const struct fus_plane frame = fus_plane_of(out, all, 0);
    assert_true(fus_template_affine(row->template, job->target.points_5, side, &m));
    assert_true(fus_crop_u8(&frame, &m, FUS_BORDER_REPLICATE, &crop));
    fus_mask_box(mask, side, 0.3, none, scratch);
    plain_source(job, row, weight, picture, tint);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            for (int c = 0; c < 3; c++) {
                const size_t at = ((size_t)y * (size_t)side + (size_t)x) * 3 + 2 - (size_t)c;
                const float in = (float)((pixels[at] / 255.0 - row->mean[c]) / row->std[c]);
                double v = in * GAIN + TINT * tint[c] + ramp(c, x / n, y / n, row->size);
                if (row->wide)
                    v = (float)v * row->std[c] + row->mean[c];
                wide[at] = FUS_CLAMP(v, 0.0, 1.0) * 255.0;
                narrow[at] = (float)wide[at];
            }
    const struct fus_crop_pixels made = {row->wide ? FUS_CROP_F64 : FUS_CROP_F32,
                                         row->wide ? (const void *)wide : narrow, side};
    FUS_CLEANUP(fus_paste_scratch_free) struct fus_paste_scratch *paste = fus_paste_scratch_new();
    assert_int_equal(fus_paste(paste, &frame, &made, mask, &m, NULL, NULL), 0);
    free(pixels);
    free(wide);
    free(narrow);
    free(mask);
    free(scratch);
}

/* Within 1 everywhere, and most values equal: a net's sums may be rounded in another order. */
static void assert_like(const struct job *job, const struct fus_image *expected, const char *what)
{
    size_t differ = 0, changed = 0;
    int most = 0;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < 3 * SIDE; x++) {
            const int a = job->image.plane[0][y * job->image.stride_bytes[0] + x];
            const int b = expected->plane[0][y * expected->stride_bytes[0] + x];
            const int t = job->before.plane[0][y * job->before.stride_bytes[0] + x];
            most = FUS_MAX(most, abs(a - b));
            differ += a != b;
            changed += b != t;
        }
    if (most > 1 || differ * 100 > changed)
        fail_msg("%s: %zu of %zu changed values differ, by up to %d", what, differ, changed, most);
    assert_true(changed > 20000);
}

static void assert_swapped(struct job *job, const struct row *row, double weight, int picture,
                           int side)
{
    FUS_AUTO_IMAGE struct fus_image expected = {0};
    struct fus_error err = {0};
    struct fus_rect changed = {0, 0, 0, 0};
    assert_int_equal(fus_image_alloc(&expected, FUS_PIXEL_BGR8, SIDE, SIDE, NULL), 0);
    if (swap(job, &changed, &err) != 0)
        fail_msg("%s: %s", row->id, err.detail);
    plain_swap(job, row, weight, picture, side, &expected);
    assert_like(job, &expected, row->id);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            if (x < changed.x || y < changed.y || x >= changed.x + changed.width ||
                y >= changed.y + changed.height)
                assert_memory_equal(job->image.plane[0] + y * job->image.stride_bytes[0] + 3 * x,
                                    job->before.plane[0] + y * job->before.stride_bytes[0] + 3 * x,
                                    3);
    assert_true(changed.width > 100 && changed.width < SIDE);
}

/* ---- tests ---- */

static const struct net fixed = {.batch = 1}, loose = {.batch = -1};

static void every_row_swaps_as_its_family_says(void **state)
{
    struct job *job = *state;
    for (size_t i = 0; i < FUS_COUNT(rows); i++) {
        install(job, &rows[i], &fixed);
        assert_swapped(job, &rows[i], 0.5, 0, rows[i].size);
    }
    assert_null(job->warnings.text);
}

static void no_row_of_the_manifest_is_left_out(void **state)
{
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    assert_int_equal(fus_models_open(NULL, NULL, &models, NULL), 0);
    size_t nets = 0;
    for (size_t i = 0; i < fus_models_count(models); i++) {
        const struct fus_model *model = fus_models_at(models, i);
        if (strcmp(model->role, "face_swapper") != 0 || model->builtin)
            continue;
        assert_string_equal(row_named(model->id)->id, model->id);
        assert_true(model->generator);
        nets++;
    }
    assert_int_equal(nets, FUS_COUNT(rows));
}

static void weight_mixes_the_targets_embedding_in(void **state)
{
    static const char *const ids[] = {"inswapper_128", "ghost_1_256", "hyperswap_1a_256",
                                      "simswap_256", "uniface_256"};
    struct job *job = *state;
    for (size_t i = 0; i < FUS_COUNT(ids); i++) {
        const struct row *row = row_named(ids[i]);
        install(job, row, &fixed);
        set(job, "face_swapper_weight", "0");
        assert_swapped(job, row, 0, 0, row->size);
        set(job, "face_swapper_weight", "1");
        assert_swapped(job, row, 1, 0, row->size);
    }
}

static void pixel_boost_is_the_same_in_a_batch_and_one_by_one(void **state)
{
    struct job *job = *state;
    const struct row *row = row_named("hyperswap_1a_256"), *small = row_named("inswapper_128");
    const struct net liar = {.batch = -1, .bad_batch = true};
    install(job, row, &fixed);
    set(job, "face_swapper_pixel_boost", "512x512");
    assert_swapped(job, row, 0.5, 0, 512);
    install(job, row, &loose);
    assert_swapped(job, row, 0.5, 0, 512);
    install(job, row, &liar);
    assert_swapped(job, row, 0.5, 0, 512);
    set(job, "face_swapper_weight", "0.2");
    install(job, small, &loose);
    set(job, "face_swapper_pixel_boost", "768x768"); /* 36 tiles: more than go at once */
    assert_swapped(job, small, 0.2, 0, 768);
}

static void a_source_without_a_face_gives_neither_pixels_nor_points(void **state)
{
    struct job *job = *state;
    const struct row *row = row_named("uniface_256");
    struct fus_faces faces = job->sources[0].faces;
    job->sources[0].faces.count = 0;
    install(job, row, &fixed);
    assert_swapped(job, row, 0.5, 1, row->size);
    job->compat = true; /* FaceFusion 3.8: the first picture's pixels all the same */
    assert_swapped(job, row, 0.5, 0, row->size);
    job->sources[0].faces = faces;
    job->sources[0].faces.count = job->sources[1].faces.count = 0;
    struct fus_error err = {0};
    assert_int_equal(swap(job, NULL, &err), FUS_E_NO_FACE_IN_SOURCE);
}

static void what_the_processor_wants_follows_model_and_weight(void **state)
{
    struct job *job = *state;
    install(job, row_named("inswapper_128"), &fixed);
    assert_int_equal(fus_face_swapper.pixels(job->params, job->models), FUS_PIXELS_BGR);
    assert_int_equal(fus_face_swapper.wants(job->params, job->models), FUS_WANTS_SOURCE_EMBEDDING);
    set(job, "face_swapper_weight", "0.7");
    assert_int_equal(fus_face_swapper.wants(job->params, job->models),
                     FUS_WANTS_SOURCE_EMBEDDING | FUS_FACE_HAS_EMBEDDING);
    assert_int_equal(fus_face_swapper.source_type(job->params, job->models),
                     FUS_SOURCE_TYPE_COMPOSITE_TRAINED);
    install(job, row_named("blendswap_256"), &fixed);
    assert_int_equal(fus_face_swapper.wants(job->params, job->models), 0);
    install(job, row_named("ghost_2_256"), &fixed);
    const struct fus_model *list[FUS_PROCESSOR_MODELS_MAX];
    assert_int_equal(fus_face_swapper.models(job->params, job->models, list, FUS_COUNT(list)), 2);
    assert_string_equal(list[0]->id, "ghost_2_256");
    assert_string_equal(list[1]->id, "crossface_ghost");
    assert_int_equal(fus_face_swapper.models(job->params, job->models, list, 1), 1);
    set(job, "face_swapper_model", "mesh_blend");
    assert_int_equal(fus_face_swapper.pixels(job->params, job->models), FUS_PIXELS_NATIVE);
    assert_int_equal(fus_face_swapper.wants(job->params, job->models), FUS_WANTS_TRACKS);
    assert_int_equal(fus_face_swapper.models(job->params, job->models, list, FUS_COUNT(list)), 1);
}

static void assert_corrupt(struct job *job, const struct row *row, const struct net *net,
                           const char *word)
{
    struct fus_error err = {0};
    install(job, row, net);
    assert_int_equal(swap(job, NULL, &err), FUS_E_MODEL_CORRUPT);
    if (!strstr(err.detail, word) || !strstr(err.detail, row->id))
        fail_msg("\"%s\" does not name %s", err.detail, word);
}

static void a_net_that_does_not_fit_its_row_is_corrupt(void **state)
{
    struct job *job = *state;
    const struct row *row = row_named("inswapper_128");
    assert_corrupt(job, row, &(struct net){.batch = 1, .size = 64}, "target");
    assert_corrupt(job, row, &(struct net){.batch = 1, .source = "sauce"}, "source");
    assert_corrupt(job, row, &(struct net){.batch = 1, .extra = "mystery"}, "mystery");
    assert_corrupt(job, row, &(struct net){.batch = 1, .no_matrix = true}, "512 x 512");
    char path[160];
    struct fus_error err = {0};
    install(job, row, &fixed);
    snprintf(path, sizeof path, "%s/%s.onnx", job->folder, row->id);
    onnx_put(path, "not a net", 9);
    assert_int_equal(swap(job, NULL, &err), FUS_E_MODEL_CORRUPT);
}

static void what_is_missing_is_said_before_the_job(void **state)
{
    struct job *job = *state;
    struct fus_error err = {0};
    char path[160];
    install(job, row_named("simswap_256"), &fixed);
    assert_int_equal(fus_face_swapper.check(job->params, job->models, NULL, &err), 0);
    set(job, "face_mask_types", "box occlusion");
    assert_int_equal(fus_face_swapper.check(job->params, job->models, NULL, &err),
                     FUS_E_MODEL_NOT_FOUND);
    assert_string_equal(err.pointer, "/face_occluder_model");
    assert_non_null(strstr(err.detail, "xseg_1"));
    set(job, "face_mask_types", "region");
    err = (struct fus_error){0};
    assert_int_equal(fus_face_swapper.check(job->params, job->models, NULL, &err),
                     FUS_E_MODEL_NOT_FOUND);
    assert_string_equal(err.pointer, "/face_parser_model");
    set(job, "face_mask_types", "area");
    assert_int_equal(fus_face_swapper.check(job->params, job->models, NULL, NULL), 0);
    static const char *const files[] = {"arcface_w600k_r50", "crossface_simswap"};
    for (size_t i = 0; i < FUS_COUNT(files); i++) {
        install(job, row_named("simswap_256"), &fixed);
        snprintf(path, sizeof path, "%s/%s.onnx", job->folder, files[i]);
        assert_int_equal(remove(path), 0);
        err = (struct fus_error){0};
        assert_int_equal(fus_face_swapper.check(job->params, job->models, NULL, &err),
                         FUS_E_MODEL_NOT_FOUND);
        assert_int_equal(swap(job, NULL, &err), FUS_E_MODEL_NOT_FOUND);
    }
}

static void the_default_is_hyperswap_once_it_can_be_run(void **state)
{
    struct job *job = *state;
    const struct fus_model *model = NULL;
    char path[160];
    install(job, row_named("hyperswap_1a_256"), &fixed);
    set(job, "face_swapper_model", "");
    assert_int_equal(fus_face_swapper.check(job->params, job->models, &model, NULL), 0);
    assert_string_equal(model->id, "hyperswap_1a_256");
    snprintf(path, sizeof path, "%s/arcface_w600k_r50.onnx", job->folder);
    assert_int_equal(remove(path), 0);
    assert_int_equal(fus_face_swapper.check(job->params, job->models, &model, NULL), 0);
    assert_string_equal(model->id, "mesh_blend");
}

static void what_mesh_blend_has_no_use_for_is_named(void **state)
{
    struct job *job = *state;
    struct fus_processor *processor = NULL;
    assert_int_equal(fus_models_open(NULL, NULL, &job->models, NULL), 0);
    set(job, "face_swapper_model", "mesh_blend");
    set(job, "face_swapper_pixel_boost", "512x512");
    const struct fus_processor_context context = {.params = job->params,
                                                  .models = job->models,
                                                  .sources = job->sources,
                                                  .source_count = 2,
                                                  .threads = 1,
                                                  .warn = remember,
                                                  .warn_user = &job->warnings};
    assert_int_equal(fus_face_swapper.open(&context, &processor, NULL), 0);
    assert_non_null(strstr(job->warnings.text, "parameter_unused"));
    fus_face_swapper.close(processor);
}

static void memory_that_runs_out_is_an_error_and_leaks_nothing(void **state)
{
    struct job *job = *state;
    int failed = 1;
    install(job, row_named("inswapper_128"), &fixed);
    struct fus_error err = {0};
    assert_int_equal(swap(job, NULL, &err), 0); /* the session is warm now */
    for (long k = 1; failed && k < 200; k++) {
        fus_mem_fail_after(k);
        failed = swap(job, NULL, &err);
        fus_mem_fail_off();
        if (failed) /* the store cannot tell a path that it could not make from a missing file */
            assert_true(failed == FUS_E_OUT_OF_MEMORY || failed == FUS_E_MODEL_NOT_FOUND);
    }
    assert_int_equal(failed, 0);
}

#define JOB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOB(every_row_swaps_as_its_family_says),
        cmocka_unit_test(no_row_of_the_manifest_is_left_out),
        JOB(weight_mixes_the_targets_embedding_in),
        JOB(pixel_boost_is_the_same_in_a_batch_and_one_by_one),
        JOB(a_source_without_a_face_gives_neither_pixels_nor_points),
        JOB(what_the_processor_wants_follows_model_and_weight),
        JOB(a_net_that_does_not_fit_its_row_is_corrupt),
        JOB(what_is_missing_is_said_before_the_job),
        JOB(the_default_is_hyperswap_once_it_can_be_run),
        JOB(what_mesh_blend_has_no_use_for_is_named),
        JOB(memory_that_runs_out_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
