#include "inference/models.h"

#include <pthread.h>
#include <string.h>

#include "base/crypto.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "inference/builtin.h"
#include "inference/manifest.h"
#include "inference/onnx.h"

#define MODEL_BYTES_MAX ((size_t)2 << 30)

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
    struct fus_manifest manifest;
    pthread_mutex_t lock; /* guards warm[] */
    struct warm *warm;    /* one a row */
};

static int read_folder(struct fus_models *models, const char *folder, struct fus_error *err)
{
    models->folder = fus_strdup(folder);
    FUS_AUTO_FREE char *path = fus_fs_join(folder, "manifest.json");
    if (models->folder == NULL || path == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to read the manifest.");
    if (!fus_fs_exists(path))
        return 0;
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size = 0;
    int rc = fus_fs_read(path, FUS_MANIFEST_BYTES_MAX, &bytes, &size, err);
    if (rc != 0)
        return rc;
    return fus_manifest_add(&models->manifest, "manifest.json of the models folder", bytes, size,
                            false, err);
}

int fus_models_open(struct fus_runtime *runtime, const char *folder, struct fus_models **out,
                    struct fus_error *err)
{
    FUS_CLEANUP(fus_models_free) struct fus_models *models = fus_calloc(1, sizeof(*models));
    if (models == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the models.");
    pthread_mutex_init(&models->lock, NULL);
    models->runtime = runtime;
    struct fus_bytes bytes = fus_builtin_manifest_bytes();
    int rc = fus_manifest_add(&models->manifest, "The built-in manifest", bytes.data, bytes.size,
                              true, err);
    bytes = fus_builtin_deep_swapper_bytes();
    if (rc == 0)
        rc = fus_manifest_add(&models->manifest, "The deep swappers' manifest", bytes.data,
                              bytes.size, true, err);
    if (rc == 0 && folder != NULL)
        rc = read_folder(models, folder, err);
    if (rc != 0)
        return rc;
    models->warm = fus_calloc(models->manifest.count, sizeof(*models->warm));
    if (models->warm == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the models.");
    *out = FUS_TAKE(models);
    return 0;
}

void fus_models_free(struct fus_models *models)
{
    if (models == NULL)
        return;
    for (size_t i = 0; models->warm != NULL && i < models->manifest.count; i++) {
        struct slot *next;
        for (struct slot *slot = models->warm[i].slots; slot != NULL; slot = next) {
            next = slot->next;
            fus_session_free(slot->session);
            fus_free(slot);
        }
        fus_free(models->warm[i].initializer);
    }
    fus_free(models->warm);
    fus_manifest_done(&models->manifest);
    pthread_mutex_destroy(&models->lock);
    fus_free(models->folder);
    fus_free(models);
}

size_t fus_models_count(const struct fus_models *models)
{
    return models->manifest.count;
}

const struct fus_model *fus_models_at(const struct fus_models *models, size_t index)
{
    return &models->manifest.rows[index];
}

const struct fus_model *fus_models_find(const struct fus_models *models, const char *role,
                                        const char *id)
{
    for (size_t i = 0; i < models->manifest.count; i++) {
        const struct fus_model *row = &models->manifest.rows[i];
        if (strcmp(row->role, role) == 0 && strcmp(row->id, id) == 0)
            return row;
    }
    return NULL;
}

static char *model_path(const struct fus_models *models, const struct fus_model *model)
{
    return models->folder != NULL ? fus_fs_join(models->folder, model->file) : NULL;
}

const struct fus_model *fus_models_needed(const struct fus_models *models, const char *need)
{
    char role[64];
    size_t length = strcspn(need, "/");
    if (need[length] != '/' || length >= sizeof(role))
        return NULL;
    memcpy(role, need, length);
    role[length] = '\0';
    return fus_models_find(models, role, need + length + 1);
}

size_t fus_models_helpers(const struct fus_models *models, const char *role,
                          const char *const **needs)
{
    for (size_t i = 0; i < models->manifest.helper_count; i++) {
        const struct fus_manifest_helpers *helpers = &models->manifest.helpers[i];
        if (strcmp(helpers->role, role) != 0)
            continue;
        *needs = helpers->needs;
        return helpers->count;
    }
    *needs = NULL;
    return 0;
}

static bool file_is_there(const struct fus_models *models, const struct fus_model *model)
{
    if (model->builtin || model->file[0] == '\0')
        return true;
    FUS_AUTO_FREE char *path = model_path(models, model);
    return path != NULL && fus_fs_exists(path);
}

bool fus_models_installed(const struct fus_models *models, const struct fus_model *model)
{
    bool there = file_is_there(models, model);
    for (size_t i = 0; there && i < model->need_count; i++) {
        const struct fus_model *needed = fus_models_needed(models, model->needs[i]);
        there = needed != NULL && needed != model && file_is_there(models, needed);
    }
    return there;
}

static int not_installed(const struct fus_model *model, struct fus_error *err)
{
    return fus_error_set(
        err, FUS_E_MODEL_NOT_FOUND,
        "The %s model %s is not installed. To install it: cp %s <data "
        "directory>/models/ (`fusiond doctor` names that folder). Its license: %s.",
        model->role, model->id, model->file, model->license);
}

/* The names that would have been right, as far as they fit. */
static void list_names(const struct fus_models *models, const char *role, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < models->manifest.count; i++) {
        const struct fus_model *row = &models->manifest.rows[i];
        size_t length = strlen(row->id);
        if (strcmp(row->role, role) != 0 || used + length + 3 > size)
            continue;
        if (used > 0) {
            memcpy(out + used, ", ", 2);
            used += 2;
        }
        memcpy(out + used, row->id, length + 1);
        used += length;
    }
}

int fus_models_choose(const struct fus_models *models, const char *role, const char *value,
                      const char *preferred, const struct fus_model **model, struct fus_error *err)
{
    const struct fus_model *row = NULL;
    if (value != NULL) {
        row = fus_models_find(models, role, value);
        if (row != NULL && fus_models_installed(models, row)) {
            *model = row;
            return 0;
        }
        if (row != NULL)
            return not_installed(row, err);
        char names[256];
        list_names(models, role, names, sizeof(names));
        return fus_error_set(
            err, FUS_E_MODEL_NOT_FOUND,
            "There is no %s model of the name %s; known are %s. Others need a row in "
            "manifest.json of the models folder.",
            role, value, names);
    }
    if (preferred != NULL)
        row = fus_models_find(models, role, preferred);
    if (row != NULL && fus_models_installed(models, row)) {
        *model = row;
        return 0;
    }
    for (size_t i = 0; i < models->manifest.count; i++) {
        if (models->manifest.rows[i].builtin && strcmp(models->manifest.rows[i].role, role) == 0) {
            *model = &models->manifest.rows[i];
            return 0;
        }
    }
    if (row != NULL)
        return not_installed(row, err);
    return fus_error_set(err, FUS_E_MODEL_NOT_FOUND, "No %s model is installed.", role);
}

static int corrupt(const struct fus_model *model, const char *why, struct fus_error *err)
{
    return fus_error_set(err, FUS_E_MODEL_CORRUPT, "The %s model %s %s.", model->role, model->id,
                         why);
}

static bool shape_fits(const struct fus_tensor_spec *spec, const int64_t *shape, int rank)
{
    bool fits = spec->rank == rank;
    for (int i = 0; fits && i < rank; i++)
        fits = spec->shape[i] == 0 || shape[i] <= 0 || spec->shape[i] == shape[i];
    return fits;
}

/* Its index in the net, -1 if there is none. */
static int tensor_index(const struct fus_session *session, bool input, const char *name)
{
    int64_t position = 0;
    size_t count = input ? fus_session_inputs(session) : fus_session_outputs(session);
    if (name[0] == '#' && fus_parse_int(name + 1, 0, 63, &position))
        return (size_t)position < count ? (int)position : -1;
    return input ? fus_session_input_index(session, name) : fus_session_output_index(session, name);
}

/* The net has the tensors that its row promises. */
static int check_tensors(const struct fus_model *model, const struct fus_session *session,
                         struct fus_error *err)
{
    for (size_t i = 0; i < model->input_count + model->output_count; i++) {
        bool input = i < model->input_count;
        const struct fus_tensor_spec *spec =
            input ? &model->inputs[i] : &model->outputs[i - model->input_count];
        int index = tensor_index(session, input, spec->name);
        const int64_t *shape = NULL;
        int rank = 0;
        if (index < 0 && spec->optional)
            continue;
        if (index >= 0)
            rank = input ? fus_session_input_shape(session, (size_t)index, &shape)
                         : fus_session_output_shape(session, (size_t)index, &shape);
        if (index < 0 || !shape_fits(spec, shape, rank))
            return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                                 "The %s model %s has no %s %s of the shape that its manifest row "
                                 "says.",
                                 model->role, model->id, input ? "input" : "output", spec->name);
    }
    return 0;
}

/* Its bytes, in *file (to be freed) if they come from the folder. */
static int read_model(const struct fus_models *models, const struct fus_model *model, void **file,
                      struct fus_bytes *bytes, struct fus_error *err)
{
    if (model->builtin) {
        *bytes = fus_builtin_model_bytes(model->role, model->id);
        if (bytes->size == 0)
            return fus_error_set(err, FUS_E_INTERNAL, "The model %s has no net.", model->id);
        return 0;
    }
    FUS_AUTO_FREE char *path = model_path(models, model);
    if (path == NULL || !fus_fs_exists(path))
        return not_installed(model, err);
    size_t size = 0;
    int rc = fus_fs_read(path, MODEL_BYTES_MAX, file, &size, err);
    if (rc == FUS_E_MEDIA_TOO_LARGE)
        return corrupt(model, "is larger than 2 GiB", err);
    if (rc == 0)
        *bytes = (struct fus_bytes){*file, size};
    return rc;
}

static int open_slot(struct fus_models *models, const struct fus_model *model, struct warm *warm,
                     int threads, struct fus_error *err)
{
    FUS_AUTO_FREE void *file = NULL;
    struct fus_bytes bytes = {NULL, 0};
    int rc = read_model(models, model, &file, &bytes, err);
    if (rc != 0)
        return rc;
    uint8_t digest[FUS_SHA256_SIZE];
    char hex[FUS_SHA256_HEX_SIZE];
    fus_sha256(bytes.data, bytes.size, digest);
    fus_hex(digest, sizeof(digest), hex);
    if (model->sha256[0] != '\0' && strcmp(hex, model->sha256) != 0)
        return corrupt(model, "is damaged: its SHA-256 is not that of its manifest row", err);

    FUS_CLEANUP(fus_session_free) struct fus_session *session = NULL;
    rc = fus_session_open(models->runtime, bytes.data, bytes.size, threads, &session, err);
    if (rc == 0)
        rc = check_tensors(model, session, err);
    if (rc != 0)
        return rc;
    struct slot *slot = fus_calloc(1, sizeof(*slot));
    if (slot == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to open a model.");
    *slot = (struct slot){warm->slots, threads, FUS_TAKE(session)};
    warm->slots = slot;
    memcpy(warm->sha256, hex, sizeof(hex));
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
    int rc = read_model(models, model, &file, &bytes, err);
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

const char *fus_models_sha256(const struct fus_models *models, const struct fus_model *model)
{
    if (model->sha256[0] != '\0')
        return model->sha256;
    /* Written once, before the first session is handed out. */
    return models->warm[model - models->manifest.rows].sha256;
}
