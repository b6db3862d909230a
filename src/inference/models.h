/* The model store: manifest rows, where the files are, sessions kept warm.
 *
 * The manifest is data (models/manifest.json, built into the program; a file manifest.json in the
 * models folder adds rows). Built-in models are part of the program; others lie in <models
 * folder>/<file> and are verified (sha256) before first use. A row of the folder's manifest may
 * take the place of one of the program's, except that of a built-in. Thread-safe. */
#ifndef FUS_INFERENCE_MODELS_H
#define FUS_INFERENCE_MODELS_H

#include <stdbool.h>
#include <stddef.h>

#include "inference/runtime.h"

enum fus_score_rule { FUS_SCORE_PRODUCT, FUS_SCORE_SQRT_PRODUCT }; /* of cls and obj */

/* A tensor as the manifest promises it: float32, sizes 0 where free. Checked when the model is
 * opened. */
struct fus_tensor_spec {
    const char *name;
    int64_t shape[FUS_TENSOR_MAX_RANK];
    int rank;
};

struct fus_model {
    const char *id;      /* "builtin", "yunet", "hyperswap_1a_256": the parameter's value */
    const char *role;    /* "face_detector", "face_landmarker", "face_swapper", ... */
    const char *family;  /* code that runs it: "yunet", "landmarks_68", "mesh_blend", ... */
    const char *file;    /* in the models folder; "" for what has no file */
    const char *sha256;  /* hex, "" if not known */
    const char *license; /* SPDX id or a name */
    const char *vendor;
    bool commercial_use;
    bool builtin;                  /* part of the program */
    bool generator;                /* makes pictures: trainedAlgorithmicMedia, needs the gate */
    int input_width, input_height; /* 0: free */
    int size_multiple;             /* of free sizes */
    double mean, scale;            /* x -> (x - mean) * scale */
    bool rgb;                      /* else BGR */
    enum fus_score_rule score_rule;
    double score_threshold; /* default */
    double nms_threshold;
    const struct fus_tensor_spec *inputs, *outputs; /* those that the row names */
    size_t input_count, output_count;
};

struct fus_models;
/* folder may be NULL (built-ins only). Reads manifests, opens nothing. The runtime may be NULL for
 * listing only and must outlive the store. */
int fus_models_open(struct fus_runtime *runtime, const char *folder, struct fus_models **models,
                    struct fus_error *err) FUS_MUST_CHECK;
void fus_models_free(struct fus_models *models);
FUS_CLEANUP_DEFINE(fus_models_free, struct fus_models *)

size_t fus_models_count(const struct fus_models *models);
const struct fus_model *fus_models_at(const struct fus_models *models, size_t index);
/* NULL if the manifest has no such row. */
const struct fus_model *fus_models_find(const struct fus_models *models, const char *role,
                                        const char *id);
/* true if built in or its file is there. */
bool fus_models_installed(const struct fus_models *models, const struct fus_model *model);
/* The row to use for a parameter: named (value != NULL): that one or FUS_E_MODEL_NOT_FOUND with the
 * command that installs it; not named: `preferred` (FaceFusion's default) if installed, else the
 * built-in, else FUS_E_MODEL_NOT_FOUND. */
int fus_models_choose(const struct fus_models *models, const char *role, const char *value,
                      const char *preferred, const struct fus_model **model,
                      struct fus_error *err) FUS_MUST_CHECK;
/* The warm session of a model, owned by the store; loaded and verified on first use.
 * FUS_E_MODEL_NOT_FOUND, FUS_E_MODEL_CORRUPT. */
int fus_models_session(struct fus_models *models, const struct fus_model *model, int threads,
                       struct fus_session **session, struct fus_error *err) FUS_MUST_CHECK;
/* sha256 of the model's bytes in hex: that of its row, else, once a session was opened, the
 * measured one;
 * "" if it has none. */
const char *fus_models_sha256(const struct fus_models *models, const struct fus_model *model);

#endif
