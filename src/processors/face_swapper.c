#include "processors/face_swapper.h"

#include <string.h>

#include "base/mem.h"
#include "processors/swapper/mesh_swap.h"
#include "processors/swapper/net_swap.h"

#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ROLE "face_swapper"
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
     .choices = CHOICES("128x128", "256x256", "384x384", "512x512", "768x768", "1024x1024"),
     .group = "processors",
     .doc = "Size at which a model swaps, a multiple of its own; left out: its own. mesh_blend "
            "always works at the picture's"},
    {.name = "face_swapper_weight",
     .type = FUS_PARAM_FLOAT,
     .min = 0,
     .max = 1,
     .step = 0.05,
     .default_text = "0.5",
     .group = "processors",
     .doc =
         "Share of the source's identity, for models that are told it as an embedding: below 0.5 "
         "the target's own is mixed in, above it is taken away"},
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
    struct fus_mesh_blend *blend; /* one of the two */
    struct fus_net_swap *net;
};

static bool is_mesh_blend(const struct fus_model *model)
{
    return strcmp(model->family, "mesh_blend") == 0;
}

/* The model that was named; else FaceFusion's default if all that it needs is there; else the one
 * that is built in. */
static int choose(const struct fus_params *params, const struct fus_models *models,
                  const struct fus_model **model, struct fus_error *err)
{
    const char *named = fus_params_text(params, "face_swapper_model");
    const struct fus_model *found;
    int failed = fus_models_choose(models, ROLE, named, STANDARD_MODEL, &found, err);
    if (!failed && !named && !is_mesh_blend(found) && !fus_net_swap_helped(models, found))
        failed = fus_models_choose(models, ROLE, BUILTIN_MODEL, BUILTIN_MODEL, &found, err);
    if (failed)
        return failed;
    if (!is_mesh_blend(found) && !fus_net_swap_runs(found))
        return fus_error_set(err, FUS_E_MODEL_NOT_FOUND,
                             "the model %s is installed, but this version has no code for its kind "
                             "(%s)",
                             found->id, found->family);
    *model = found;
    return 0;
}

static int check(const struct fus_params *params, const struct fus_models *models,
                 const struct fus_model **model, struct fus_error *err)
{
    const struct fus_model *found;
    int failed = choose(params, models, &found, err);
    if (!failed && !is_mesh_blend(found))
        failed = fus_net_swap_check(params, models, found, err);
    if (!failed && model)
        *model = found;
    return failed;
}

static enum fus_source_type source_type(const struct fus_params *params,
                                        const struct fus_models *models)
{
    const struct fus_model *model;
    if (choose(params, models, &model, NULL) == 0 && model->generator)
        return FUS_SOURCE_TYPE_COMPOSITE_TRAINED;
    return FUS_SOURCE_TYPE_COMPOSITE;
}

static enum fus_processor_pixels pixels(const struct fus_params *params,
                                        const struct fus_models *models)
{
    const struct fus_model *model;
    const bool net = choose(params, models, &model, NULL) == 0 && !is_mesh_blend(model);
    return net ? FUS_PIXELS_BGR : FUS_PIXELS_NATIVE;
}

static unsigned wants(const struct fus_params *params, const struct fus_models *models)
{
    const struct fus_model *model;
    if (choose(params, models, &model, NULL) != 0)
        return 0;
    return is_mesh_blend(model) ? FUS_WANTS_TRACKS : fus_net_swap_wants(params, model);
}

static size_t list_models(const struct fus_params *params, const struct fus_models *models,
                          const struct fus_model **list, size_t max)
{
    const struct fus_model *model;
    if (max == 0 || choose(params, models, &model, NULL) != 0)
        return 0;
    if (!is_mesh_blend(model))
        return fus_net_swap_models(params, models, model, list, max);
    list[0] = model;
    return 1;
}

static int open(const struct fus_processor_context *context, struct fus_processor **processor,
                struct fus_error *err)
{
    const struct fus_model *model;
    int failed = check(context->params, context->models, &model, err);
    if (failed)
        return failed;
    FUS_CLEANUP(fus_mesh_blend_free) struct fus_mesh_blend *blend = NULL;
    FUS_CLEANUP(fus_net_swap_free) struct fus_net_swap *net = NULL;
    failed = is_mesh_blend(model) ? fus_mesh_swap_new(context, &blend, err)
                                  : fus_net_swap_new(context, model, &net, err);
    if (failed)
        return failed;
    struct fus_processor *made = fus_calloc(1, sizeof *made);
    if (!made)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the face swapper");
    made->blend = FUS_TAKE(blend);
    made->net = FUS_TAKE(net);
    *processor = made;
    return 0;
}

static int process(struct fus_processor *processor, struct fus_processor_frame *frame,
                   struct fus_error *err)
{
    if (processor->net)
        return fus_net_swap_frame(processor->net, frame, err);
    return fus_mesh_blend_frame(processor->blend, frame->image, frame->faces, frame->face_count,
                                frame->pts_us, frame->index, err);
}

static void close(struct fus_processor *processor)
{
    if (!processor)
        return;
    fus_mesh_blend_free(processor->blend);
    fus_net_swap_free(processor->net);
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
    .pixels = pixels,
    .wants = wants,
    .models = list_models,
};
