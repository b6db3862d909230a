#include "rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

int rows_set_up(void **state)
{
    struct rows *rows = calloc(1, sizeof(*rows));
    struct fus_error err = {0};
    if (!rows)
        return -1;
    *state = rows;
    strcpy(rows->folder, "/tmp/fus-rows-XXXXXX");
    if (!mkdtemp(rows->folder) || fus_runtime_open(NULL, &rows->runtime, &err) ||
        fus_models_open(rows->runtime, rows->folder, &rows->models, &err)) {
        print_message("%s\n", err.detail);
        return -1;
    }
    rows->params = fus_params_new(fus_processors_schema());
    return rows->params ? 0 : -1;
}

int rows_tear_down(void **state)
{
    struct rows *rows = *state;
    fus_params_free(rows->params);
    fus_models_free(rows->models);
    fus_runtime_free(rows->runtime);
    int rc = fus_fs_remove_tree(rows->folder, NULL);
    free(rows);
    return rc;
}

void rows_install(struct rows *rows, const struct fus_model *model, struct onnx *onnx)
{
    char path[256], hash[256], text[16];
    size_t size;
    const void *bytes = onnx_bytes(onnx, &size);
    snprintf(text, sizeof text, "%08lx", crc32(0, bytes, (unsigned)size));
    snprintf(path, sizeof path, "%s/%s", rows->folder, model->file);
    snprintf(hash, sizeof hash, "%.*s.hash", (int)(strrchr(path, '.') - path), path);
    onnx_save(onnx, path);
    onnx_free(onnx);
    assert_int_equal(fus_fs_write_atomic(hash, text, 8, 0644, NULL), 0);
    fus_models_free(rows->models);
    rows->models = NULL;
    assert_int_equal(fus_models_open(rows->runtime, rows->folder, &rows->models, NULL), 0);
}

void rows_install_idle(struct rows *rows, const char *role, const char *id, const int64_t *input,
                       int input_rank, const int64_t *output, int output_rank)
{
    struct onnx *onnx = onnx_new();
    onnx_input(onnx, "input", ONNX_FLOAT, input, input_rank);
    onnx_int64s(onnx, "shape", output, (size_t)output_rank);
    onnx_float(onnx, "zero", 0);
    onnx_node(onnx, "ReduceMax", "input", "most");
    onnx_attribute_int(onnx, "keepdims", 0);
    onnx_node(onnx, "Mul", "most zero", "nothing");
    onnx_node(onnx, "Expand", "nothing shape", "output");
    onnx_output(onnx, "output", ONNX_FLOAT, output, output_rank);
    rows_install(rows, rows_model(rows, role, id), onnx);
}

const struct fus_model *rows_model(const struct rows *rows, const char *role, const char *id)
{
    const struct fus_model *model = fus_models_find(rows->models, role, id);
    if (!model)
        fail_msg("there is no row %s/%s", role, id);
    return model;
}

size_t rows_of(const struct rows *rows, const char *role, struct rows_id *ids, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < fus_models_count(rows->models); i++) {
        const struct fus_model *model = fus_models_at(rows->models, i);
        if (!fus_str_equal(model->role, role) || model->builtin || !*model->file)
            continue;
        assert_true(count < max);
        fus_strlcpy(ids[count].id, model->id, sizeof ids[count].id);
        fus_strlcpy(ids[count].family, model->family, sizeof ids[count].family);
        count++;
    }
    assert_true(count > 0);
    return count;
}

void rows_param(struct rows *rows, const char *name, const char *text)
{
    struct fus_error err = {0};
    if (fus_params_take_text(rows->params, name, text, &err) != 0)
        fail_msg("%s: %s", name, err.detail);
}

double rows_noise(unsigned a, unsigned b)
{
    unsigned h = a * 2654435761u ^ (b + 0x9e3779b9u) * 2246822519u;
    h ^= h >> 15;
    h *= 2246822519u;
    h ^= h >> 13;
    return (double)(h & 0xffffff) / 0x1000000;
}

struct fus_image rows_picture(int width, int height, double phase)
{
    struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_BGR8, width, height, NULL), 0);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint8_t *p = image.plane[0] + y * image.stride_bytes[0] + 3 * x;
            p[0] = (uint8_t)(110 + 60 * sin(x * 0.05 + phase) + 40 * y / height);
            p[1] = (uint8_t)(90 + 50 * cos(y * 0.06 - phase) + 60 * x / width);
            p[2] = (uint8_t)(120 + 55 * sin((x + 2 * y) * 0.03 + 2 * phase));
        }
    }
    return image;
}

void rows_face(struct fus_face *face, float x, float y, float eyes, unsigned seed)
{
    static const float upright[5][2] = {
        {-0.5F, 0}, {0.5F, 0.01F}, {0.02F, 0.6F}, {-0.42F, 1.1F}, {0.4F, 1.12F}};
    const float c = cosf(0.3F) * eyes, s = sinf(0.3F) * eyes;
    double length = 0;
    *face = (struct fus_face){.score = 0.9F, .landmark_score = 0.9F};
    for (int i = 0; i < 5; i++) {
        const float u = upright[i][0], v = upright[i][1];
        face->points_5[i] = (struct fus_point){x + c * u - s * v, y + s * u + c * v};
        face->detector_5[i] = face->points_5[i];
    }
    for (int i = 0; i < 68; i++) {
        const float u = -0.9F + 1.8F * (float)(i % 17) / 16, v = -0.4F + 0.5F * (float)(i / 17);
        face->landmarks_68[i] = (struct fus_point){x + c * u - s * v, y + s * u + c * v};
        face->landmarks_68_raw[i] = face->landmarks_68[i];
        face->landmarks_68_5[i] = face->landmarks_68[i];
    }
    face->box = (struct fus_box){x - eyes * 1.2F, y - eyes, x + eyes * 1.2F, y + 2 * eyes};
    for (unsigned i = 0; i < FUS_EMBEDDING_SIZE; i++) {
        face->embedding[i] = (float)(2 * rows_noise(seed, i) - 1);
        length += (double)face->embedding[i] * (double)face->embedding[i];
    }
    for (int i = 0; i < FUS_EMBEDDING_SIZE; i++)
        face->embedding_norm[i] = face->embedding[i] / (float)sqrt(length);
    face->has = FUS_FACE_HAS_EMBEDDING | FUS_FACE_HAS_68_5;
}

void rows_process(struct rows *rows, const char *name, struct fus_image *picture,
                  const struct fus_face *face, const struct fus_source *source)
{
    const struct fus_processor_descriptor *descriptor = fus_processor_find(name);
    const struct fus_processor_context context = {.params = rows->params,
                                                  .models = rows->models,
                                                  .sources = source,
                                                  .source_count = source ? 1 : 0,
                                                  .threads = 2};
    struct fus_processor *processor = NULL;
    struct fus_image enlarged = {0};
    struct fus_error err = {0};
    struct fus_processor_frame frame = {
        .image = picture,
        .faces = &face,
        .face_count = face ? 1 : 0,
        .enlarged = &enlarged,
        .changed = {0, 0, picture->width, picture->height},
    };
    assert_non_null(descriptor);
    if (descriptor->open(&context, &processor, &err) != 0)
        fail_msg("open: %s", err.detail);
    int scale = descriptor->scale ? descriptor->scale(processor) : 1;
    if (scale > 1)
        assert_int_equal(fus_image_alloc(&enlarged, FUS_PIXEL_BGR8, scale * picture->width,
                                         scale * picture->height, NULL),
                         0);
    if (descriptor->process(processor, &frame, &err) != 0)
        fail_msg("process: %s", err.detail);
    descriptor->close(processor);
    if (scale > 1) {
        fus_image_done(picture);
        *picture = enlarged;
    }
}
