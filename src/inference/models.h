/* The model store: manifest rows, where the files are, sessions kept warm.
 *
 * The manifest is data (models/manifest.json and models/deep_swapper.json, built into the program;
 * a file manifest.json in the models folder adds rows). Built-in models are part of the program;
 * others lie in <models folder>/<file> and are verified (sha256) before first use. A row of the
 * folder's manifest may take the place of one of the program's, except that of a built-in.
 * Thread-safe. */
#ifndef FUS_INFERENCE_MODELS_H
#define FUS_INFERENCE_MODELS_H

#include <stdbool.h>
#include <stddef.h>

#include "inference/runtime.h"

enum fus_score_rule { FUS_SCORE_PRODUCT, FUS_SCORE_SQRT_PRODUCT }; /* of cls and obj */

enum fus_tensor_type {
    FUS_TENSOR_FLOAT32,
    FUS_TENSOR_FLOAT64,
    FUS_TENSOR_FLOAT16,
    FUS_TENSOR_INT64,
};

/* A tensor as the manifest promises it: sizes 0 where free. Checked when the model is opened. */
struct fus_tensor_spec {
    const char *name; /* "#0", "#1" ...: known by its position only */
    int64_t shape[FUS_TENSOR_MAX_RANK];
    int rank;
    enum fus_tensor_type type;
    bool optional; /* an input that some files of the family lack */
};

enum { FUS_MODEL_SIZES_MAX = 8, FUS_MODEL_NEEDS_MAX = 8 };

struct fus_model {
    const char *id;      /* "builtin", "yunet", "hyperswap_1a_256": the parameter's value */
    const char *role;    /* "face_detector", "face_landmarker", "face_swapper", ... */
    const char *family;  /* code that runs it: "yunet", "landmarks_68", "mesh_blend", ... */
    const char *file;    /* in the models folder, may have a subfolder; "" for what has no file */
    const char *release; /* "models-3.0.0": upstream's release tag and repository; "" none */
    const char *sha256;  /* hex, "" if not known */
    const char *crc32;   /* eight hex digits as upstream publishes them, "" if not known */
    const char *license; /* SPDX id or a name */
    const char *vendor;
    int year; /* 0: not told */
    bool commercial_use;
    bool free_license;              /* else its license has to be accepted before a download */
    bool builtin;                   /* part of the program */
    bool generator;                 /* makes pictures: trainedAlgorithmicMedia, needs the gate */
    bool of_folder;                 /* a row of the models folder's own manifest.json */
    int input_width, input_height;  /* 0: free */
    int size_multiple;              /* of free sizes */
    int sizes[FUS_MODEL_SIZES_MAX]; /* offered: of a detector's input, of a swapper's pixel boost,
                                       of a colorizer's input */
    size_t size_count;
    int tile[3]; /* frame enhancers: tile, outer padding, inner overlap; 0 elsewhere */
    int enlarge; /* frame enhancers: 2, 4 or 8; else 1 */
    const char *face_template; /* "arcface_128", "ffhq_512" ...; "" */
    const char *precision;     /* "fp16", "" */
    double mean, scale;        /* of 0..255 alike in all channels: x -> (x - mean) * scale */
    double mean3[3], std3[3];  /* of 0..1, red green blue: x -> (x - mean3) / std3; else 0 and 1 */
    bool rgb;                  /* else BGR */
    enum fus_score_rule score_rule;
    double score_threshold; /* default */
    double nms_threshold;
    const struct fus_tensor_spec *inputs, *outputs; /* those that the row names */
    size_t input_count, output_count;
    const char *needs[FUS_MODEL_NEEDS_MAX]; /* rows it does not run without: "role/id" */
    size_t need_count;
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
/* true if built in or its file is there, and so are the rows that it needs. */
bool fus_models_installed(const struct fus_models *models, const struct fus_model *model);
/* The row that a need names ("embedding_converter/crossface_ghost"), or NULL. */
const struct fus_model *fus_models_needed(const struct fus_models *models, const char *need);
/* What a role's models work with (detector, landmarker, recognizer, content gate): *needs is a list
 * of "role/id" owned by the store, the number of entries comes back. */
size_t fus_models_helpers(const struct fus_models *models, const char *role,
                          const char *const **needs);
/* The row to use for a parameter: named (value != NULL): that one or FUS_E_MODEL_NOT_FOUND with the
 * command that installs it; not named: `preferred` (FaceFusion's default) if installed, else the
 * built-in, else FUS_E_MODEL_NOT_FOUND. */
int fus_models_choose(const struct fus_models *models, const char *role, const char *value,
                      const char *preferred, const struct fus_model **model,
                      struct fus_error *err) FUS_MUST_CHECK;
/* The warm session of a model, owned by the store; loaded and verified on first use.
 * FUS_E_MODEL_NOT_FOUND, FUS_E_MODEL_CORRUPT, FUS_E_MODEL_LICENSE_BLOCKED. */
int fus_models_session(struct fus_models *models, const struct fus_model *model, int threads,
                       struct fus_session **session, struct fus_error *err) FUS_MUST_CHECK;
/* The last initializer of the model's graph as float32 (inswapper keeps a matrix there), owned by
 * the store and read once. FUS_E_MODEL_NOT_FOUND, FUS_E_MODEL_CORRUPT. */
int fus_models_last_initializer(struct fus_models *models, const struct fus_model *model,
                                const float **data, int64_t shape[FUS_TENSOR_MAX_RANK], int *rank,
                                struct fus_error *err) FUS_MUST_CHECK;
/* Whether bytes are a net with the tensors that the row promises. FUS_E_MODEL_CORRUPT,
 * FUS_E_NOT_READY without a runtime. */
int fus_models_probe(struct fus_models *models, const struct fus_model *model, const void *bytes,
                     size_t size, struct fus_error *err) FUS_MUST_CHECK;
/* sha256 of the model's bytes in hex: once a session was opened, the measured one, else that of its
 * row; "" if neither is known. */
const char *fus_models_sha256(const struct fus_models *models, const struct fus_model *model);

/* policy.commercial: choose, session give FUS_E_MODEL_LICENSE_BLOCKED for what is not for
 * commercial use. To be set before the store is shared. */
void fus_models_set_commercial(struct fus_models *models, bool commercial_only);
bool fus_models_commercial(const struct fus_models *models);
/* NULL: built-ins only. */
const char *fus_models_folder(const struct fus_models *models);

enum fus_model_state {
    FUS_MODEL_BUILTIN,
    FUS_MODEL_VERIFIED,     /* measured since it last changed, and right */
    FUS_MODEL_UNVERIFIED,   /* there, will be measured before its first use */
    FUS_MODEL_CORRUPT,      /* measured, and wrong */
    FUS_MODEL_UNVERIFIABLE, /* there, but nothing says what it should be */
    FUS_MODEL_MISSING,
};
const char *fus_model_state_name(enum fus_model_state state); /* "built_in", "verified", ... */
struct fus_model_facts {
    enum fus_model_state state;
    int64_t size;    /* of the file; -1 without one */
    char sha256[65]; /* measured, else the row's, else "" */
};
/* Looks, measures nothing. */
void fus_models_facts(const struct fus_models *models, const struct fus_model *model,
                      struct fus_model_facts *facts);
/* Measures the model's file anew. FUS_E_MODEL_NOT_FOUND, FUS_E_MODEL_CORRUPT. */
int fus_models_verify(const struct fus_models *models, const struct fus_model *model,
                      struct fus_error *err) FUS_MUST_CHECK;

#endif
