#include "processors/swapper/identity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "faces/selector.h"
#include "inference/ports.h"
#include "vision/crop.h"
#include "vision/lut.h"

#define CONVERTER "embedding_converter/"

struct fus_identity {
    int64_t shape[4];
    int rank;
    size_t count;
    float weight;    /* of the target's embedding, -0.35 .. 0.35 */
    bool raw_target; /* which of the target's embeddings */
    float *values;   /* count */
};

/* ---- embeddings ---- */

static double norm(const float *values)
{
    double sum = 0;
    for (size_t i = 0; i < FUS_EMBEDDING_SIZE; i++)
        sum += (double)values[i] * (double)values[i];
    return sqrt(sum);
}

static void scale_to_unit(float *values)
{
    const float length = (float)norm(values);
    for (size_t i = 0; length > 0.0f && i < FUS_EMBEDDING_SIZE; i++)
        values[i] /= length;
}

void fus_identity_through_matrix(const float embedding[FUS_EMBEDDING_SIZE], const float *matrix,
                                 float out[FUS_EMBEDDING_SIZE])
{
    const float length = (float)norm(embedding);
    for (size_t j = 0; j < FUS_EMBEDDING_SIZE; j++) {
        double sum = 0;
        for (size_t i = 0; i < FUS_EMBEDDING_SIZE; i++)
            sum += (double)embedding[i] * (double)matrix[i * FUS_EMBEDDING_SIZE + j];
        out[j] = length > 0.0f ? (float)sum / length : 0.0f;
    }
}

static int through_matrix(struct fus_models *models, const struct fus_model *model,
                          const float *embedding, float *values, struct fus_error *err)
{
    const float *matrix;
    int64_t shape[FUS_TENSOR_MAX_RANK];
    int rank;
    const int failed = fus_models_last_initializer(models, model, &matrix, shape, &rank, err);
    if (failed)
        return failed;
    if (rank != 2 || shape[0] != FUS_EMBEDDING_SIZE || shape[1] != FUS_EMBEDDING_SIZE)
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "The %s model %s does not fit its kind (%s): its last initializer is "
                             "not a matrix of 512 x 512.",
                             model->role, model->id, model->family);
    fus_identity_through_matrix(embedding, matrix, values);
    return 0;
}

static const struct fus_model *converter_of(const struct fus_models *models,
                                            const struct fus_model *model)
{
    for (size_t i = 0; i < model->need_count; i++)
        if (strncmp(model->needs[i], CONVERTER, strlen(CONVERTER)) == 0)
            return fus_models_needed(models, model->needs[i]);
    return NULL;
}

static int convert(struct fus_models *models, const struct fus_model *model, int threads,
                   const float *embedding, float *values, struct fus_error *err)
{
    static const int64_t shape[2] = {1, FUS_EMBEDDING_SIZE};
    static const char *const names[] = {"input"};
    const struct fus_model *converter = converter_of(models, model);
    if (!converter)
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "the row of the face_swapper model %s names no embedding converter",
                             model->id);
    struct fus_session *session;
    int failed = fus_models_session(models, converter, threads, &session, err);
    if (failed)
        return failed;
    size_t input = 0;
    FUS_CLEANUP(fus_run_free) struct fus_run *run = NULL;
    failed = fus_ports_inputs(converter, session, names, 1, err);
    if (!failed)
        failed = fus_port_input(converter, session, "input", shape, 2, &input, err);
    if (!failed)
        failed = fus_run_new(session, &run, err);
    float *data;
    if (!failed)
        failed = fus_run_input(run, input, shape, 2, &data, err);
    if (failed)
        return failed;
    memcpy(data, embedding, FUS_EMBEDDING_SIZE * sizeof *data);
    struct fus_tensor result;
    failed = fus_run_execute(run, err);
    if (!failed)
        failed = fus_port_result(converter, run, 0, FUS_EMBEDDING_SIZE, &result, err);
    if (!failed)
        memcpy(values, result.data, FUS_EMBEDDING_SIZE * sizeof *values);
    return failed;
}

static int from_embedding(const struct fus_processor_context *context,
                          const struct fus_model *model, const struct fus_swap_family *family,
                          const struct fus_face *face, float *values, struct fus_error *err)
{
    if (!(face->has & FUS_FACE_HAS_EMBEDDING))
        return fus_error_set(err, FUS_E_INTERNAL, "the sources' faces have no embedding");
    int failed = 0;
    switch (family->source) {
    case FUS_SWAP_NORMALISED:
        memcpy(values, face->embedding_norm, sizeof face->embedding_norm);
        break;
    case FUS_SWAP_MATRIX:
        failed = through_matrix(context->models, model, face->embedding, values, err);
        break;
    case FUS_SWAP_CONVERTED:
    case FUS_SWAP_CONVERTED_UNIT:
        failed = convert(context->models, model, context->threads, face->embedding, values, err);
        if (!failed && family->source == FUS_SWAP_CONVERTED_UNIT)
            scale_to_unit(values);
        break;
    case FUS_SWAP_PICTURE:
        break;
    }
    return failed;
}

/* ---- pictures ---- */

static const struct fus_image *picture_of(const struct fus_processor_context *context)
{
    /* FaceFusion 3.8 takes the first picture's pixels even where another has the first face. */
    if (context->compat)
        return &context->sources[0].image;
    for (size_t i = 0; i < context->source_count; i++)
        if (context->sources[i].faces.count > 0)
            return &context->sources[i].image;
    return &context->sources[0].image;
}

static int from_picture(const struct fus_processor_context *context,
                        const struct fus_swap_family *family, const struct fus_face *face,
                        float *values, struct fus_error *err)
{
    const int size = family->source_size;
    const struct fus_image *image = picture_of(context);
    const struct fus_rect all = {0, 0, image->width, image->height};
    const struct fus_plane from = fus_plane_of(image, all, 0);
    FUS_AUTO_FREE uint8_t *pixels = fus_malloc((size_t)size * (size_t)size * 3);
    if (!pixels)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the source's face");
    const struct fus_plane crop = {pixels, (ptrdiff_t)size * 3, size, size, 3};
    struct fus_affine m;
    if (image->format != FUS_PIXEL_BGR8 ||
        !fus_template_affine(family->source_template, face->points_5, size, &m) ||
        !fus_crop_u8(&from, &m, fus_border_for(FUS_BORDER_REPLICATE, context->opencv_4), &crop))
        return fus_error_set_at(err, FUS_E_NO_FACE_IN_SOURCE, "/source_images",
                                "the face in the source picture has no shape");
    struct fus_lut unit;
    fus_lut_unit(&unit, true);
    fus_lut_chw(&unit, &crop, values, (size_t)size * (size_t)size, (size_t)size);
    return 0;
}

/* ---- life ---- */

static int average(const struct fus_processor_context *context, struct fus_face *face,
                   struct fus_error *err)
{
    FUS_AUTO_FREE const struct fus_faces **faces =
        fus_calloc(context->source_count + 1, sizeof *faces);
    if (!faces)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the sources' faces");
    for (size_t i = 0; i < context->source_count; i++)
        faces[i] = &context->sources[i].faces;
    if (fus_faces_average(faces, context->source_count, face))
        return 0;
    if (context->source_count == 0)
        return fus_error_set_at(err, FUS_E_NO_FACE_IN_SOURCE, "/source_images",
                                "a face swap needs a source picture");
    char pointer[48];
    snprintf(pointer, sizeof pointer, "/source_images/%d", context->sources[0].index);
    return fus_error_set_at(err, FUS_E_NO_FACE_IN_SOURCE, pointer,
                            "no face was found in source_images/%d", context->sources[0].index);
}

static void set_shape(struct fus_identity *identity, const struct fus_swap_family *family)
{
    if (fus_swap_takes_embedding(family)) {
        identity->rank = 2;
        identity->shape[0] = 1;
        identity->shape[1] = FUS_EMBEDDING_SIZE;
        identity->count = FUS_EMBEDDING_SIZE;
        return;
    }
    const size_t size = (size_t)family->source_size;
    identity->rank = 4;
    identity->shape[0] = 1;
    identity->shape[1] = 3;
    identity->shape[2] = identity->shape[3] = family->source_size;
    identity->count = 3 * size * size;
}

/* 0..1 to 0.35..-0.35 */
float fus_identity_weight(double weight)
{
    return (float)(-0.7 * FUS_CLAMP(weight, 0.0, 1.0) + 0.35);
}

static float weight_of(const struct fus_params *params)
{
    return fus_identity_weight(fus_params_float(params, "face_swapper_weight"));
}

void fus_identity_balance(const float *source, const float *target, float weight, float *out)
{
    const float rest = 1.0f - weight;
    for (size_t i = 0; i < FUS_EMBEDDING_SIZE; i++)
        out[i] = source[i] * rest + target[i] * weight;
}

bool fus_identity_wants_target(const struct fus_params *params)
{
    const float weight = weight_of(params);
    return weight < 0.0f || weight > 0.0f;
}

int fus_identity_new(const struct fus_processor_context *context, const struct fus_model *model,
                     const struct fus_swap_family *family, struct fus_identity **out,
                     struct fus_error *err)
{
    FUS_CLEANUP(fus_identity_free) struct fus_identity *made = fus_calloc(1, sizeof *made);
    FUS_AUTO_FREE struct fus_face *face = fus_calloc(1, sizeof *face);
    if (!made || !face)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the sources' faces");
    int failed = average(context, face, err);
    if (failed)
        return failed;
    set_shape(made, family);
    made->raw_target = family->raw_target;
    made->weight = fus_swap_takes_embedding(family) ? weight_of(context->params) : 0.0f;
    made->values = fus_calloc(made->count, sizeof *made->values);
    if (!made->values)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the sources' faces");
    failed = fus_swap_takes_embedding(family)
                 ? from_embedding(context, model, family, face, made->values, err)
                 : from_picture(context, family, face, made->values, err);
    if (failed)
        return failed;
    *out = FUS_TAKE(made);
    return 0;
}

void fus_identity_free(struct fus_identity *identity)
{
    if (!identity)
        return;
    fus_free(identity->values);
    fus_free(identity);
}

int fus_identity_shape(const struct fus_identity *identity, int64_t shape[4])
{
    memcpy(shape, identity->shape, sizeof identity->shape);
    return identity->rank;
}

size_t fus_identity_count(const struct fus_identity *identity)
{
    return identity->count;
}

bool fus_identity_balanced(const struct fus_identity *identity)
{
    return identity->weight < 0.0f || identity->weight > 0.0f;
}

void fus_identity_put(const struct fus_identity *identity, const struct fus_face *target,
                      float *source)
{
    if (!fus_identity_balanced(identity) || !(target->has & FUS_FACE_HAS_EMBEDDING)) {
        memcpy(source, identity->values, identity->count * sizeof *source);
        return;
    }
    const float *other = identity->raw_target ? target->embedding : target->embedding_norm;
    fus_identity_balance(identity->values, other, identity->weight, source);
}
