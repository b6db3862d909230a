#include "inference/models.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "inference/builtin.h"
#include "inference/store.h"
#include "inference/verify.h"

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
    for (size_t i = 0; models->warm != NULL && i < models->manifest.count; i++)
        fus_store_cool(&models->warm[i]);
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

int fus_store_not_installed(const struct fus_model *model, struct fus_error *err)
{
    if (model->release[0] == '\0' && model->need_count == 0)
        return fus_error_set(err, FUS_E_MODEL_NOT_FOUND,
                             "The %s model %s is not installed. To install it: fusiond models add "
                             "FILE --id %s. Its license: %s.",
                             model->role, model->id, model->id, model->license);
    return fus_error_set(err, FUS_E_MODEL_NOT_FOUND,
                         "The %s model %s is not installed. To install it: fusiond models pull "
                         "%s%s. Its license: %s.",
                         model->role, model->id, model->id,
                         model->free_license ? "" : " --accept-license", model->license);
}

int fus_store_allowed(const struct fus_models *models, const struct fus_model *model,
                      struct fus_error *err)
{
    if (!models->commercial_only || model->commercial_use)
        return 0;
    return fus_error_set(err, FUS_E_MODEL_LICENSE_BLOCKED,
                         "The %s model %s is not for commercial use (license: %s), and "
                         "policy.commercial of this server is true.",
                         model->role, model->id, model->license);
}

void fus_models_set_commercial(struct fus_models *models, bool commercial_only)
{
    models->commercial_only = commercial_only;
}

bool fus_models_commercial(const struct fus_models *models)
{
    return models->commercial_only;
}

const char *fus_models_folder(const struct fus_models *models)
{
    return models->folder;
}

const char *fus_model_state_name(enum fus_model_state state)
{
    static const char *const names[] = {"built_in", "verified",     "unverified",
                                        "corrupt",  "unverifiable", "missing"};
    return (size_t)state < FUS_COUNT(names) ? names[state] : "missing";
}

static enum fus_model_state state_of_file(const struct fus_models *models,
                                          const struct fus_model *model,
                                          struct fus_model_facts *facts)
{
    FUS_AUTO_FREE char *path = model_path(models, model);
    struct stat found;
    struct fus_digests digests;
    struct fus_expected expected;
    if (path == NULL || stat(path, &found) != 0)
        return FUS_MODEL_MISSING;
    facts->size = (int64_t)found.st_size;
    bool measured = fus_verify_remembered(models->folder, model->file, &found, &digests);
    if (measured)
        (void)fus_strlcpy(facts->sha256, digests.sha256, sizeof(facts->sha256));
    if (fus_verify_expected(models->folder, model, &expected, NULL) != 0)
        return FUS_MODEL_CORRUPT;
    if (expected.proof == FUS_PROOF_NONE && !model->of_folder)
        return FUS_MODEL_UNVERIFIABLE;
    if (!measured)
        return FUS_MODEL_UNVERIFIED;
    return fus_verify_compare(model, &expected, &digests, NULL) == 0 ? FUS_MODEL_VERIFIED
                                                                     : FUS_MODEL_CORRUPT;
}

void fus_models_facts(const struct fus_models *models, const struct fus_model *model,
                      struct fus_model_facts *facts)
{
    *facts = (struct fus_model_facts){.size = -1};
    (void)fus_strlcpy(facts->sha256, model->sha256, sizeof(facts->sha256));
    if (model->builtin)
        facts->state = FUS_MODEL_BUILTIN;
    else if (model->file[0] != '\0')
        facts->state = state_of_file(models, model, facts);
    else
        facts->state = fus_models_installed(models, model) ? FUS_MODEL_VERIFIED : FUS_MODEL_MISSING;
}

int fus_models_verify(const struct fus_models *models, const struct fus_model *model,
                      struct fus_error *err)
{
    if (model->builtin || model->file[0] == '\0')
        return fus_models_installed(models, model) ? 0 : fus_store_not_installed(model, err);
    if (!file_is_there(models, model))
        return fus_store_not_installed(model, err);
    return fus_verify_file(models->folder, model, true, NULL, err);
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

static int choose_named(const struct fus_models *models, const char *role, const char *value,
                        const struct fus_model **model, struct fus_error *err)
{
    const struct fus_model *row = fus_models_find(models, role, value);
    if (row != NULL) {
        int rc = fus_store_allowed(models, row, err);
        if (rc == 0 && !fus_models_installed(models, row))
            rc = fus_store_not_installed(row, err);
        if (rc == 0)
            *model = row;
        return rc;
    }
    char names[256];
    list_names(models, role, names, sizeof(names));
    return fus_error_set(err, FUS_E_MODEL_NOT_FOUND,
                         "There is no %s model of the name %s; known are %s. Others need a row in "
                         "manifest.json of the models folder.",
                         role, value, names);
}

int fus_models_choose(const struct fus_models *models, const char *role, const char *value,
                      const char *preferred, const struct fus_model **model, struct fus_error *err)
{
    if (value != NULL)
        return choose_named(models, role, value, model, err);
    const struct fus_model *row = NULL;
    if (preferred != NULL)
        row = fus_models_find(models, role, preferred);
    if (row != NULL && fus_models_installed(models, row) &&
        fus_store_allowed(models, row, NULL) == 0) {
        *model = row;
        return 0;
    }
    for (size_t i = 0; i < models->manifest.count; i++) {
        if (models->manifest.rows[i].builtin && strcmp(models->manifest.rows[i].role, role) == 0) {
            *model = &models->manifest.rows[i];
            return 0;
        }
    }
    if (row != NULL) {
        int rc = fus_store_allowed(models, row, err);
        return rc != 0 ? rc : fus_store_not_installed(row, err);
    }
    return fus_error_set(err, FUS_E_MODEL_NOT_FOUND, "No %s model is installed.", role);
}

const char *fus_models_sha256(const struct fus_models *models, const struct fus_model *model)
{
    /* Written once, before the first session is handed out. */
    const char *measured = models->warm[model - models->manifest.rows].sha256;
    return measured[0] != '\0' ? measured : model->sha256;
}
