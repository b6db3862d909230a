#include "faces/parser.h"

#include <string.h>

#include "base/mem.h"
#include "inference/ports.h"
#include "vision/lut.h"

enum { SIZE = 512, PIXELS = SIZE * SIZE };

static const double mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};

struct fus_parser {
    const struct fus_model *model;
    struct fus_run *run;
    size_t input;
    struct fus_lut imagenet;
    uint8_t *bytes;        /* SIZE x SIZE, BGR: 8-bit crops */
    float *floats;         /* the same: other crops */
    float *narrowed;       /* a float64 crop in float32; grows and is kept */
    size_t narrowed_count; /* floats */
    float *chosen;         /* SIZE x SIZE, 0 or 1 */
};

static int out_of_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the face parser.");
}

int fus_parser_new(struct fus_models *models, const struct fus_model *model, int threads,
                   struct fus_parser **out, struct fus_error *err)
{
    static const int64_t in[4] = {1, 3, SIZE, SIZE},
                         logits[4] = {1, FUS_PARSER_CLASSES, SIZE, SIZE};
    static const char *const names[] = {"input"};
    struct fus_session *session;
    int rc = fus_models_session(models, model, threads, &session, err);
    if (rc != 0)
        return rc;
    FUS_CLEANUP(fus_parser_free) struct fus_parser *made = fus_calloc(1, sizeof(*made));
    if (made == NULL)
        return out_of_memory(err);
    made->model = model;
    rc = fus_ports_inputs(model, session, names, 1, err);
    if (rc == 0)
        rc = fus_port_input(model, session, "input", in, 4, &made->input, err);
    if (rc == 0)
        rc = fus_port_output(model, session, 0, logits, 4, err);
    if (rc == 0)
        rc = fus_run_new(session, &made->run, err);
    if (rc != 0)
        return rc;
    made->bytes = fus_malloc(PIXELS * 3);
    made->floats = fus_malloc(PIXELS * 3 * sizeof(float));
    made->chosen = fus_malloc(PIXELS * sizeof(float));
    if (made->bytes == NULL || made->floats == NULL || made->chosen == NULL)
        return out_of_memory(err);
    fus_lut_mean_std_f32(&made->imagenet, mean, deviation, true);
    *out = FUS_TAKE(made);
    return 0;
}

void fus_parser_free(struct fus_parser *parser)
{
    if (parser == NULL)
        return;
    fus_run_free(parser->run);
    fus_free(parser->bytes);
    fus_free(parser->floats);
    fus_free(parser->narrowed);
    fus_free(parser->chosen);
    fus_free(parser);
}

static int prepare_bytes(struct fus_parser *parser, struct fus_resampler *resampler,
                         const struct fus_crop_pixels *crop, float *input, struct fus_error *err)
{
    /* a view that is only read */
    uint8_t *pixels = (uint8_t *)(uintptr_t)crop->bgr;
    const struct fus_plane from = {pixels, crop->size * 3, crop->size, crop->size, 3};
    const struct fus_plane seen = {parser->bytes, SIZE * 3, SIZE, SIZE, 3};
    const int rc = fus_resample_u8(resampler, &from, &seen, FUS_RESAMPLE_BILINEAR, err);
    if (rc == 0)
        fus_lut_chw(&parser->imagenet, &seen, input, PIXELS, SIZE);
    return rc;
}

/* The crop's pixels as float32; NULL: out of memory. */
static const float *narrow(struct fus_parser *parser, const struct fus_crop_pixels *crop)
{
    const size_t count = (size_t)crop->size * (size_t)crop->size * 3;
    if (crop->type == FUS_CROP_F32)
        return crop->bgr;
    if (count > parser->narrowed_count) {
        float *grown = fus_realloc(parser->narrowed, count, sizeof(float));
        if (grown == NULL)
            return NULL;
        parser->narrowed = grown;
        parser->narrowed_count = count;
    }
    const double *wide = crop->bgr;
    for (size_t i = 0; i < count; i++)
        parser->narrowed[i] = (float)wide[i];
    return parser->narrowed;
}

static int prepare_floats(struct fus_parser *parser, struct fus_resampler *resampler,
                          const struct fus_crop_pixels *crop, float *input, struct fus_error *err)
{
    const float *pixels = narrow(parser, crop);
    if (pixels == NULL)
        return out_of_memory(err);
    const struct fus_fplane from = {(float *)(uintptr_t)pixels, crop->size * 3, crop->size,
                                    crop->size, 3};
    const struct fus_fplane seen = {parser->floats, SIZE * 3, SIZE, SIZE, 3};
    const int rc = fus_resample_f32(resampler, &from, &seen, FUS_RESAMPLE_BILINEAR, err);
    if (rc != 0)
        return rc;
    for (size_t c = 0; c < 3; c++) {
        float *plane = input + c * PIXELS;
        const float m = (float)mean[c], d = (float)deviation[c];
        for (size_t i = 0; i < PIXELS; i++)
            plane[i] = (parser->floats[3 * i + 2 - c] / 255.0f - m) / d;
    }
    return 0;
}

/* The first of several largest counts, as arg-max does. */
static void choose(const float *logits, unsigned classes, float *chosen)
{
    float best[SIZE], first = (float)(classes & 1u);
    for (size_t y = 0; y < SIZE; y++) {
        float *row = chosen + y * SIZE;
        memcpy(best, logits + y * SIZE, sizeof(best));
        for (size_t x = 0; x < SIZE; x++)
            row[x] = first;
        for (size_t c = 1; c < FUS_PARSER_CLASSES; c++) {
            const float *values = logits + c * PIXELS + y * SIZE;
            const float wanted = (float)(classes >> c & 1u);
            for (size_t x = 0; x < SIZE; x++) {
                row[x] = values[x] > best[x] ? wanted : row[x];
                best[x] = values[x] > best[x] ? values[x] : best[x];
            }
        }
    }
}

int fus_parser_run(struct fus_parser *parser, struct fus_resampler *resampler,
                   const struct fus_crop_pixels *crop, unsigned classes, float *mask,
                   struct fus_error *err)
{
    static const int64_t shape[4] = {1, 3, SIZE, SIZE};
    float *input;
    int rc = fus_run_input(parser->run, parser->input, shape, 4, &input, err);
    if (rc == 0)
        rc = crop->type == FUS_CROP_U8 ? prepare_bytes(parser, resampler, crop, input, err)
                                       : prepare_floats(parser, resampler, crop, input, err);
    if (rc == 0)
        rc = fus_run_execute(parser->run, err);
    struct fus_tensor logits;
    if (rc == 0)
        rc = fus_port_result(parser->model, parser->run, 0, (size_t)FUS_PARSER_CLASSES * PIXELS,
                             &logits, err);
    if (rc != 0)
        return rc;
    choose(logits.data, classes, parser->chosen);
    const struct fus_fplane small = {parser->chosen, SIZE, SIZE, SIZE, 1};
    const struct fus_fplane full = {mask, crop->size, crop->size, crop->size, 1};
    return fus_resample_f32(resampler, &small, &full, FUS_RESAMPLE_BILINEAR, err);
}
