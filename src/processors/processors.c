#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "processors/common_params.h"
#include "processors/face_debugger.h"
#include "processors/face_enhancer.h"
#include "processors/face_swapper.h"
#include "processors/frame_enhancer.h"
#include "processors/processor.h"

static const struct fus_processor_descriptor *const table[] = {
    &fus_face_swapper,
    &fus_face_enhancer,
    &fus_frame_enhancer,
    &fus_face_debugger,
};

const struct fus_processor_descriptor *const *fus_processors(size_t *count)
{
    *count = FUS_COUNT(table);
    return table;
}

const struct fus_processor_descriptor *fus_processor_find(const char *name)
{
    for (size_t i = 0; name && i < FUS_COUNT(table); i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

/* Written once, before anybody sees it. */
static struct fus_param_schema schema;
static pthread_once_t schema_once = PTHREAD_ONCE_INIT;

static void schema_make(void)
{
    size_t count;
    const struct fus_param_table *const *common = fus_common_param_tables(&count);
    for (size_t i = 0; i < count && schema.count < FUS_SCHEMA_TABLES_MAX; i++)
        schema.tables[schema.count++] = common[i];
    for (size_t i = 0; i < FUS_COUNT(table) && schema.count < FUS_SCHEMA_TABLES_MAX; i++)
        schema.tables[schema.count++] = table[i]->params;
}

const struct fus_param_schema *fus_processors_schema(void)
{
    pthread_once(&schema_once, schema_make);
    return &schema;
}

/* A model of the common parameters: what the client named must be there. */
static void check_model(const struct fus_params *params, const struct fus_models *models,
                        const char *name, const char *role, const char *preferred,
                        const char *prefix, struct fus_error_list *errors)
{
    const struct fus_model *model;
    struct fus_error err = {0};
    if (fus_models_choose(models, role, fus_params_text(params, name), preferred, &model, &err) ==
        0)
        return;
    char pointer[96];
    snprintf(pointer, sizeof pointer, "%s/%s", prefix, name);
    fus_error_list_add(errors, err.code, pointer, "%s", err.detail);
}

void fus_processors_check(const struct fus_params *params, const struct fus_models *models,
                          const char *prefix, struct fus_error_list *errors)
{
    bool faces = false;
    for (size_t i = 0; i < fus_params_list_count(params, "processors"); i++) {
        const char *name = fus_params_list_text(params, "processors", i);
        const struct fus_processor_descriptor *processor = fus_processor_find(name);
        char pointer[96];
        if (!processor) {
            snprintf(pointer, sizeof pointer, "%s/processors/%zu", prefix, i);
            fus_error_list_add(
                errors, FUS_E_INVALID_PARAMETER, pointer,
                "the processor %s is not part of this version; engine: facefusion has it", name);
            continue;
        }
        faces = faces || processor->needs & FUS_NEEDS_FACES;
        struct fus_error err = {0};
        if (processor->check(params, models, NULL, &err) != 0) {
            if (err.pointer[0]) /* of a parameter: "/face_swapper_pixel_boost" */
                snprintf(pointer, sizeof pointer, "%.40s%.55s", prefix, err.pointer);
            else
                snprintf(pointer, sizeof pointer, "%s/%s_model", prefix, name);
            fus_error_list_add(errors, err.code, pointer, "%s", err.detail);
        }
    }
    if (!faces)
        return;
    check_model(params, models, "face_detector_model", "face_detector", "yolo_face", prefix,
                errors);
    check_model(params, models, "face_landmarker_model", "face_landmarker", "2dfan4", prefix,
                errors);
}

/* The first model of the gate that is not there, or NULL. */
static const struct fus_model *missing_gate(const struct fus_models *models)
{
    for (size_t i = 0; i < fus_models_count(models); i++) {
        const struct fus_model *row = fus_models_at(models, i);
        if (strcmp(row->role, "content_analyser") == 0 && !fus_models_installed(models, row))
            return row;
    }
    return NULL;
}

/* A processor of the request that passes its check runs a generator. */
static bool generates(const struct fus_params *params, const struct fus_models *models)
{
    for (size_t i = 0; i < fus_params_list_count(params, "processors"); i++) {
        const struct fus_processor_descriptor *processor =
            fus_processor_find(fus_params_list_text(params, "processors", i));
        if (processor && processor->check(params, models, NULL, NULL) == 0 &&
            processor->source_type(params, models) == FUS_SOURCE_TYPE_COMPOSITE_TRAINED)
            return true;
    }
    return false;
}

void fus_processors_check_gate(const struct fus_params *params, const struct fus_models *models,
                               const char *policy, const char *prefix,
                               struct fus_error_list *errors)
{
    bool off = strcmp(policy, "off") == 0, required = strcmp(policy, "required") == 0;
    if (off || fus_params_list_count(params, "processors") == 0)
        return;
    const struct fus_model *missing = missing_gate(models);
    if (!missing || (!required && !generates(params, models)))
        return;
    char pointer[96];
    snprintf(pointer, sizeof pointer, "%s/processors", prefix);
    fus_error_list_add(errors, FUS_E_MODEL_NOT_FOUND, pointer,
                       "the content gate's model %s is not installed. To install it: fusiond "
                       "models pull nsfw_1 nsfw_2 nsfw_3",
                       missing->id);
}
