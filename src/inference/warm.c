/* Warm sessions, and what else is kept of a model that was read. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "inference/builtin.h"
#include "inference/onnx.h"
#include "inference/store.h"
#include "inference/verify.h"

void fus_store_cool(struct warm *warm)
{
    struct slot *next;
    for (struct slot *slot = warm->slots; slot != NULL; slot = next) {
        next = slot->next;
        fus_session_free(slot->session);
        fus_free(slot);
    }
    fus_free(warm->initializer);
}

/* Its bytes, proven; in *file (to be freed) if they come from the folder. */
static int read_model(const struct fus_models *models, const struct fus_model *model, void **file,
                      struct fus_bytes *bytes, struct fus_digests *digests, struct fus_error *err)
{
    if (model->builtin) {
        *bytes = fus_builtin_model_bytes(model->role, model->id);
        if (bytes->size == 0)
            return fus_error_set(err, FUS_E_INTERNAL, "The model %s has no net.", model->id);
        fus_digests_of(bytes->data, bytes->size, digests);
        struct fus_expected own = {FUS_PROOF_SHA256, "", "its manifest row"};
        (void)fus_strlcpy(own.hex, model->sha256, sizeof(own.hex));
        return fus_verify_compare(model, &own, digests, err);
    }
    if (model->file[0] == '\0')
        return fus_error_set(err, FUS_E_INTERNAL, "The model %s has no net.", model->id);
    if (models->folder == NULL)
        return fus_store_not_installed(model, err);
    size_t size = 0;
    struct fus_error inner = {0};
    int rc = fus_verify_read(models->folder, model, file, &size, digests, &inner);
    if (rc == FUS_E_MODEL_NOT_FOUND)
        return fus_store_not_installed(model, err);
    if (rc != 0)
        return fus_error_set(err, rc, "%s", inner.detail);
    *bytes = (struct fus_bytes){*file, size};
    return 0;
}

static int open_slot(struct fus_models *models, const struct fus_model *model, struct warm *warm,
                     int threads, struct fus_error *err)
{
    FUS_AUTO_FREE void *file = NULL;
    struct fus_bytes bytes = {NULL, 0};
    struct fus_digests digests;
    int rc = fus_store_allowed(models, model, err);
    if (rc == 0)
        rc = read_model(models, model, &file, &bytes, &digests, err);
    if (rc != 0)
        return rc;
    FUS_CLEANUP(fus_session_free) struct fus_session *session = NULL;
    rc = fus_session_open(models->runtime, bytes.data, bytes.size, threads, &session, err);
    if (rc == 0)
        rc = fus_store_fits(model, session, err);
    if (rc != 0)
        return rc;
    struct slot *slot = fus_calloc(1, sizeof(*slot));
    if (slot == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to open a model.");
    *slot = (struct slot){warm->slots, threads, FUS_TAKE(session)};
    warm->slots = slot;
    memcpy(warm->sha256, digests.sha256, sizeof(warm->sha256));
    return 0;
}

int fus_models_session(struct fus_models *models, const struct fus_model *model, int threads,
                       struct fus_session **session, struct fus_error *err)
{
    if (models->runtime == NULL)
        return fus_error_set(err, FUS_E_NOT_READY, "There is no ONNX Runtime to run a model with.");
    size_t index = (size_t)(model - models->manifest.rows);
    struct warm *warm = &models->warm[index];
    int rc = 0;
    threads = FUS_MAX(threads, 1);
    pthread_mutex_lock(&models->lock);
    struct slot *slot = warm->slots;
    while (slot != NULL && slot->threads != threads)
        slot = slot->next;
    if (slot == NULL) {
        rc = open_slot(models, model, warm, threads, err);
        slot = warm->slots;
    }
    if (rc == 0)
        *session = slot->session;
    pthread_mutex_unlock(&models->lock);
    return rc;
}

static int read_initializer(const struct fus_models *models, const struct fus_model *model,
                            struct warm *warm, struct fus_error *err)
{
    FUS_AUTO_FREE void *file = NULL;
    struct fus_bytes bytes = {NULL, 0};
    struct fus_digests digests;
    int rc = read_model(models, model, &file, &bytes, &digests, err);
    return rc != 0
               ? rc
               : fus_onnx_last_initializer(bytes.data, bytes.size, &warm->initializer,
                                           warm->initializer_shape, &warm->initializer_rank, err);
}

int fus_models_last_initializer(struct fus_models *models, const struct fus_model *model,
                                const float **data, int64_t shape[FUS_TENSOR_MAX_RANK], int *rank,
                                struct fus_error *err)
{
    struct warm *warm = &models->warm[model - models->manifest.rows];
    int rc = 0;
    pthread_mutex_lock(&models->lock);
    if (warm->initializer == NULL)
        rc = read_initializer(models, model, warm, err);
    if (rc == 0) {
        *data = warm->initializer;
        memcpy(shape, warm->initializer_shape, sizeof(warm->initializer_shape));
        *rank = warm->initializer_rank;
    }
    pthread_mutex_unlock(&models->lock);
    return rc;
}

int fus_models_probe(struct fus_models *models, const struct fus_model *model, const void *bytes,
                     size_t size, struct fus_error *err)
{
    if (models->runtime == NULL)
        return fus_error_set(err, FUS_E_NOT_READY, "There is no ONNX Runtime to run a model with.");
    FUS_CLEANUP(fus_session_free) struct fus_session *session = NULL;
    int rc = fus_session_open(models->runtime, bytes, size, 1, &session, err);
    return rc != 0 ? rc : fus_store_fits(model, session, err);
}
