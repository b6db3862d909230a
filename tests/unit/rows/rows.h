/* What the tests of model rows share: a folder of generated models, a store over it, pictures and
 * faces to work on.
 *
 * Each test loops over the manifest's rows of a role, writes a small graph with that row's tensors,
 * and drives the code that runs it; a row whose family it does not know fails. */
#ifndef FUS_TESTS_ROWS_ROWS_H
#define FUS_TESTS_ROWS_ROWS_H

#include "../cmocka_all.h"
#include "inference/models.h"
#include "onnx_writer.h"
#include "processors/processor.h"

struct rows {
    char folder[64];
    struct fus_runtime *runtime;
    struct fus_models *models;
    struct fus_params *params;
};
/* cmocka set-up and tear-down of a fresh folder and store. */
int rows_set_up(void **state);
int rows_tear_down(void **state);

/* Writes the graph as the model's file, with its .hash beside it, and opens the store anew so that
 * it is seen; frees onnx. */
void rows_install(struct rows *rows, const struct fus_model *model, struct onnx *onnx);
/* A stand-in for what a job needs to be accepted but does not run here: float32 zeros. */
void rows_install_idle(struct rows *rows, const char *role, const char *id, const int64_t *input,
                       int input_rank, const int64_t *output, int output_rank);
/* The row after opening anew (rows_install makes old pointers stale). */
const struct fus_model *rows_model(const struct rows *rows, const char *role, const char *id);
/* Ids of a role's rows with a file, at most max, as copies. */
struct rows_id {
    char id[48], family[48];
};
size_t rows_of(const struct rows *rows, const char *role, struct rows_id *ids, size_t max);

void rows_param(struct rows *rows, const char *name, const char *text);

/* A smooth picture without symmetry, each channel another; frees with fus_image_done. */
struct fus_image rows_picture(int width, int height, double phase);
/* A face turned and off the middle, `eyes` pixels between the eyes; embeddings by seed. */
void rows_face(struct fus_face *face, float x, float y, float eyes, unsigned seed);

/* Runs one processor on a picture with a face, with one source; fails the test on errors. The
 * result replaces the picture (an enlarger's is the larger one). */
void rows_process(struct rows *rows, const char *processor, struct fus_image *picture,
                  const struct fus_face *face, const struct fus_source *source);

/* 0..1, the same for the same numbers. */
double rows_noise(unsigned a, unsigned b);

#endif
