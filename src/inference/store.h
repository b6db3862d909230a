/* The model store's insides, for models.c, warm.c and fit.c. */
#ifndef FUS_INFERENCE_STORE_H
#define FUS_INFERENCE_STORE_H

#include <pthread.h>

#include "base/crypto.h"
#include "inference/manifest.h"
#include "inference/models.h"

/* A warm session; the same model may be open with several thread counts. */
struct slot {
    struct slot *next;
    int threads;
    struct fus_session *session;
};

struct warm {
    struct slot *slots;
    float *initializer; /* fus_models_last_initializer's, or NULL */
    int64_t initializer_shape[FUS_TENSOR_MAX_RANK];
    int initializer_rank;
    char sha256[FUS_SHA256_HEX_SIZE]; /* of the bytes, once they were read */
};

struct fus_models {
    struct fus_runtime *runtime;
    char *folder;
    bool commercial_only; /* policy.commercial */
    struct fus_manifest manifest;
    pthread_mutex_t lock; /* guards warm[] */
    struct warm *warm;    /* one a row */
};

/* FUS_E_MODEL_NOT_FOUND with the command that installs it. */
int fus_store_not_installed(const struct fus_model *model, struct fus_error *err);
/* FUS_E_MODEL_LICENSE_BLOCKED if the policy forbids the model, else 0. */
int fus_store_allowed(const struct fus_models *models, const struct fus_model *model,
                      struct fus_error *err) FUS_MUST_CHECK;
/* Frees sessions and the like of a row. */
void fus_store_cool(struct warm *warm);
/* The net has the tensors that its row promises, and asks for no others; else FUS_E_MODEL_CORRUPT.
 * fit.c */
int fus_store_fits(const struct fus_model *model, const struct fus_session *session,
                   struct fus_error *err) FUS_MUST_CHECK;

#endif
