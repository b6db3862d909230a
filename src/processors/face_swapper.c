#include "processors/face_swapper.h"

#include <string.h>

#include "base/mem.h"
#include "processors/swapper/mesh_swap.h"

#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STANDARD_MODEL "hyperswap_1a_256"
#define BUILTIN_MODEL "mesh_blend"

static const struct fus_param rows[] = {
    {.name = "face_swapper_model",
     .type = FUS_PARAM_TEXT,
     .choices = CHOICES("mesh_blend", "blendswap_256", "ghost_1_256", "ghost_2_256", "ghost_3_256",
                        "hififace_unofficial_256", "hyperswap_1a_256", "hyperswap_1b_256",
                        "hyperswap_1c_256", "inswapper_128", "inswapper_128_fp16", "simswap_256",
                        "simswap_unofficial_512", "uniface_256"),
     .group = "processors",
     .role = "face_swapper",
     .flags = FUS_PARAM_MODEL,
     .doc = "Model that swaps the face; left out: hyperswap_1a_256 if it is installed and can be "
            "run, else mesh_blend"},
    {.name = "face_swapper_pixel_boost",
     .type = FUS_PARAM_TEXT,
     .group = "processors",
     .flags = FUS_PARAM_LATER,
     .doc = "Size at which a model swaps; mesh_blend always works at the picture's own"},
    {.name = "face_swapper_weight",
     .type = FUS_PARAM_FLOAT,
     .min = 0,
     .max = 1,
     .step = 0.05,
     .default_text = "0.5",
     .group = "processors",
     .flags = FUS_PARAM_LATER,
     .doc = "Share of the source's identity, for models that take it"},
    {.name = "face_swapper_strength",
     .type = FUS_PARAM_FLOAT,
     .min = 0,
     .max = 1,
     .step = 0.05,
     .default_text = "1",
     .group = "processors",
     .doc = "mesh_blend: opacity of the swapped face"},
    {.name = "face_swapper_keep_mouth",
     .type = FUS_PARAM_BOOL,
     .default_text = "true",
     .group = "processors",
     .doc = "mesh_blend: keep what shows between the target's lips"},
    {.name = "face_swapper_keep_eyes",
     .type = FUS_PARAM_TEXT,
     .choices = CHOICES("auto", "yes", "no"),
     .default_text = "auto",
     .group = "processors",
     .doc = "mesh_blend: keep the target's eyes; auto: in clips always, in stills when the source "
            "looks another way"},
};
static const struct fus_param_table params_table = {rows, FUS_COUNT(rows)};

struct fus_processor {
    struct fus_mesh_blend *blend;
};

static bool runnable(const struct fus_model *model)
{
    return strcmp(model->family, "mesh_blend") == 0;
}

static int check(const struct fus_params *params, const struct fus_models *models,
                 const struct fus_model **model, struct fus_error *err)
{
    const char *named = fus_params_text(params, "face_swapper_model");
    const struct fus_model *found;
    int failed = fus_models_choose(models, "face_swapper", named, STANDARD_MODEL, &found, err);
    if (!failed && !named && !runnable(found))
        failed =
            fus_models_choose(models, "face_swapper", BUILTIN_MODEL, STANDARD_MODEL, &found, err);
    if (failed)
        return failed;
    if (!runnable(found))
        return fus_error_set(
            err, FUS_E_MODEL_NOT_FOUND,
            "the model %s is installed, but this version cannot run it; " BUILTIN_MODEL
            " is built in",
            found->id);
    if (model)
        *model = found;
    return 0;
}

static enum fus_source_type source_type(const struct fus_params *params,
                                        const struct fus_models *models)
{
    const struct fus_model *model;
    if (check(params, models, &model, NULL) == 0 && model->generator)
        return FUS_SOURCE_TYPE_COMPOSITE_TRAINED;
    return FUS_SOURCE_TYPE_COMPOSITE;
}

/* mesh_blend draws by filtered points, and keeps state by track. */
static unsigned wants(const struct fus_params *params, const struct fus_models *models)
{
    return FUS_WANTS_TRACKS;
}

static int open(const struct fus_processor_context *context, struct fus_processor **processor,
                struct fus_error *err)
{
    int failed = check(context->params, context->models, NULL, err);
    if (failed)
        return failed;
    FUS_CLEANUP(fus_mesh_blend_free) struct fus_mesh_blend *blend = NULL;
    failed = fus_mesh_swap_new(context, &blend, err);
    if (failed)
        return failed;
    struct fus_processor *made = fus_calloc(1, sizeof *made);
    if (!made)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the face swapper");
    made->blend = FUS_TAKE(blend);
    *processor = made;
    return 0;
}

static int process(struct fus_processor *processor, struct fus_processor_frame *frame,
                   struct fus_error *err)
{
    return fus_mesh_blend_frame(processor->blend, frame->image, frame->faces, frame->face_count,
                                frame->pts_us, frame->index, err);
}

static void close(struct fus_processor *processor)
{
    if (!processor)
        return;
    fus_mesh_blend_free(processor->blend);
    fus_free(processor);
}

const struct fus_processor_descriptor fus_face_swapper = {
    .name = "face_swapper",
    .summary = "Puts the sources' face onto the target's faces",
    .params = &params_table,
    .needs = FUS_NEEDS_FACES | FUS_NEEDS_SOURCE_FACE,
    .check = check,
    .source_type = source_type,
    .open = open,
    .process = process,
    .close = close,
    .wants = wants,
};
