#include "processors/face_swapper.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "processors/mesh_blend/mesh_blend.h"

#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STANDARD_MODEL "hyperswap_1a_256"
#define BUILTIN_MODEL "mesh_blend"

/* The mask's edge at FaceFusion's default blur; other values scale the feather. */
#define STANDARD_BLUR 0.3f
#define STANDARD_FEATHER 0.22f
#define STANDARD_INSET 0.05f

#define SMALL_DONOR 40.0f    /* pixels between the eyes */
#define LAUGHING_DONOR 0.75f /* neutral ones have 0.5 to 0.65 */

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

static enum fus_blend_eyes eyes_mode(const struct fus_processor_context *context)
{
    const char *keep = fus_params_text(context->params, "face_swapper_keep_eyes");
    if (strcmp(keep, "yes") == 0)
        return FUS_BLEND_EYES_TARGET;
    if (strcmp(keep, "no") == 0)
        return FUS_BLEND_EYES_DONOR;
    return context->clip ? FUS_BLEND_EYES_TARGET : FUS_BLEND_EYES_BY_GAZE;
}

static void warn(const struct fus_processor_context *context, const char *code, int picture,
                 const char *text)
{
    char line[200];
    if (!context->warn)
        return;
    snprintf(line, sizeof line, "source_images/%d: %s", picture, text);
    context->warn(context->warn_user, code, line);
}

static const struct fus_face *largest_face(const struct fus_faces *faces)
{
    const struct fus_face *best = NULL;
    float most = -1.0f;
    for (size_t i = 0; i < faces->count; i++) {
        const struct fus_box *box = &faces->items[i].box;
        const float area = (box->x2 - box->x1) * (box->y2 - box->y1);
        if (area > most) {
            most = area;
            best = &faces->items[i];
        }
    }
    return best;
}

static int add_source(const struct fus_processor_context *context, const struct fus_source *source,
                      struct fus_mesh_blend *blend, struct fus_error *err)
{
    char pointer[48];
    snprintf(pointer, sizeof pointer, "/source_images/%d", source->index);
    const struct fus_face *face = largest_face(&source->faces);
    if (!face)
        return fus_error_set_at(err, FUS_E_NO_FACE_IN_SOURCE, pointer,
                                "no face was found in source_images/%d", source->index);
    const struct fus_donor *donor;
    const int failed =
        fus_mesh_blend_add_donor(blend, &source->image, face->landmarks_68, &donor, err);
    if (failed == FUS_E_NO_FACE_IN_SOURCE)
        return fus_error_set_at(err, failed, pointer,
                                "no usable face was found in source_images/%d", source->index);
    if (failed)
        return failed;
    if (donor->scale < SMALL_DONOR)
        warn(context, "source_face_small", source->index,
             "the face is small; the result will look blurred");
    if (donor->smile > LAUGHING_DONOR)
        warn(context, "source_face_laughing", source->index,
             "the face laughs; a neutral picture gives a better result");
    return 0;
}

static int open(const struct fus_processor_context *context, struct fus_processor **processor,
                struct fus_error *err)
{
    const struct fus_params *params = context->params;
    int failed = check(params, context->models, NULL, err);
    if (failed)
        return failed;
    const float softness = (float)fus_params_float(params, "face_mask_blur") / STANDARD_BLUR;
    struct fus_mesh_blend_options options = {
        .strength = (float)fus_params_float(params, "face_swapper_strength"),
        .feather = STANDARD_FEATHER * softness,
        .inset = STANDARD_INSET,
        .keep_mouth = fus_params_bool(params, "face_swapper_keep_mouth"),
        .eyes = eyes_mode(context),
        .clip = context->clip,
    };
    fus_params_box(params, "face_mask_padding", options.padding);
    FUS_CLEANUP(fus_mesh_blend_free) struct fus_mesh_blend *blend = NULL;
    failed = fus_mesh_blend_new(&options, &blend, err);
    for (size_t i = 0; !failed && i < context->source_count; i++) {
        if (i == FUS_MESH_BLEND_DONORS_MAX) {
            warn(context, "source_images_unused", context->sources[i].index,
                 "this picture and those behind it are not used: there are enough");
            break;
        }
        failed = add_source(context, &context->sources[i], blend, err);
    }
    if (failed)
        return failed;
    if (context->source_count == 0)
        return fus_error_set_at(err, FUS_E_NO_FACE_IN_SOURCE, "/source_images",
                                "a face swap needs a source picture");
    fus_mesh_blend_donors_done(blend);
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
};
