#include "processors/face_enhancer.h"

#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STANDARD_MODEL "gfpgan_1.4"

static const struct fus_param rows[] = {
    {.name = "face_enhancer_model",
     .type = FUS_PARAM_TEXT,
     .choices =
         CHOICES("codeformer", "gfpgan_1.2", "gfpgan_1.3", "gfpgan_1.4", "gpen_bfr_256",
                 "gpen_bfr_512", "gpen_bfr_1024", "gpen_bfr_2048", "restoreformer_plus_plus"),
     .group = "processors",
     .role = "face_enhancer",
     .flags = FUS_PARAM_MODEL,
     .doc = "Model that restores the face; left out: gfpgan_1.4"},
    {.name = "face_enhancer_blend",
     .type = FUS_PARAM_INT,
     .min = 0,
     .max = 100,
     .step = 1,
     .default_text = "80",
     .group = "processors",
     .doc = "Share of the restored face, percent"},
    {.name = "face_enhancer_weight",
     .type = FUS_PARAM_FLOAT,
     .min = 0,
     .max = 1,
     .step = 0.05,
     .default_text = "0.5",
     .group = "processors",
     .doc = "Fidelity against quality, for models that take it"},
};
static const struct fus_param_table params_table = {rows, FUS_COUNT(rows)};

/* The model that the request means, if it is installed. No family of enhancers can be run yet, so
 * an installed one is refused too, by name. */
static int check(const struct fus_params *params, const struct fus_models *models,
                 const struct fus_model **model, struct fus_error *err)
{
    const struct fus_model *found;
    const char *named = fus_params_text(params, "face_enhancer_model");
    const int failed = fus_models_choose(models, "face_enhancer", named ? named : STANDARD_MODEL,
                                         STANDARD_MODEL, &found, err);
    if (failed)
        return failed;
    (void)model;
    return fus_error_set(err, FUS_E_MODEL_NOT_FOUND,
                         "the model %s is installed, but this version cannot run it", found->id);
}

static enum fus_source_type source_type(const struct fus_params *params,
                                        const struct fus_models *models)
{
    return FUS_SOURCE_TYPE_COMPOSITE_TRAINED;
}

/* Jobs are checked before they are opened; whoever gets here anyway hears the same. */
static int open(const struct fus_processor_context *context, struct fus_processor **processor,
                struct fus_error *err)
{
    return check(context->params, context->models, NULL, err);
}

static int process(struct fus_processor *processor, struct fus_processor_frame *frame,
                   struct fus_error *err)
{
    return fus_error_set(err, FUS_E_INTERNAL, "no face enhancer is open");
}

static void close(struct fus_processor *processor)
{
}

const struct fus_processor_descriptor fus_face_enhancer = {
    .name = "face_enhancer",
    .summary = "Restores faces",
    .params = &params_table,
    .needs = FUS_NEEDS_FACES,
    .check = check,
    .source_type = source_type,
    .open = open,
    .process = process,
    .close = close,
};
