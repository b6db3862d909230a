/* What has to be there for a model to be used. */
#include "cli/models.h"

static int add(const struct fus_model *model, const struct fus_model **rows, size_t max,
               size_t *count, struct fus_error *err)
{
    for (size_t i = 0; i < *count; i++) {
        if (rows[i] == model)
            return 0;
    }
    if (*count == max)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "too many models at once");
    rows[(*count)++] = model;
    return 0;
}

static int add_named(const struct fus_models *models, const char *const *needs, size_t need_count,
                     const struct fus_model **rows, size_t max, size_t *count,
                     struct fus_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < need_count; i++) {
        const struct fus_model *needed = fus_models_needed(models, needs[i]);
        if (needed == NULL)
            return fus_error_set(err, FUS_E_MODEL_NOT_FOUND,
                                 "the manifest has no row for %.80s, which is needed", needs[i]);
        if (!needed->builtin && needed->file[0] != '\0')
            rc = add(needed, rows, max, count, err);
    }
    return rc;
}

int fus_models_plan(const struct fus_models *models, const struct fus_model *model, bool helpers,
                    const struct fus_model **rows, size_t max, size_t *count, struct fus_error *err)
{
    int rc = 0;
    if (!model->builtin && model->file[0] != '\0')
        rc = add(model, rows, max, count, err);
    if (rc == 0)
        rc = add_named(models, model->needs, model->need_count, rows, max, count, err);
    const char *const *needs = NULL;
    size_t need_count = fus_models_helpers(models, model->role, &needs);
    if (rc == 0 && helpers && !model->builtin)
        rc = add_named(models, needs, need_count, rows, max, count, err);
    return rc;
}
