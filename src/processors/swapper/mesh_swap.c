#include "processors/swapper/mesh_swap.h"

#include <stdio.h>
#include <string.h>

/* The mask's edge at FaceFusion's default blur; other values scale the feather. */
#define STANDARD_BLUR 0.3f
#define STANDARD_FEATHER 0.22f
#define STANDARD_INSET 0.05f

#define SMALL_DONOR 40.0f    /* pixels between the eyes */
#define LAUGHING_DONOR 0.75f /* neutral ones have 0.5 to 0.65 */

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
    const struct fus_face *face = largest_face(&source->faces);
    char pointer[48];
    snprintf(pointer, sizeof pointer, "/source_images/%d", source->index);
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

static int add_donors(const struct fus_processor_context *context, struct fus_mesh_blend *blend,
                      struct fus_error *err)
{
    const struct fus_source *first = NULL;
    int used = 0;
    for (size_t i = 0; i < context->source_count; i++) {
        const struct fus_source *source = &context->sources[i];
        if (source->faces.count == 0) {
            first = first ? first : source;
            continue;
        }
        if (used == FUS_MESH_BLEND_DONORS_MAX) {
            warn(context, "source_images_unused", source->index,
                 "this picture and those behind it are not used: there are enough");
            break;
        }
        const int failed = add_source(context, source, blend, err);
        if (failed)
            return failed;
        used++;
    }
    if (used)
        return 0;
    if (!first)
        return fus_error_set_at(err, FUS_E_NO_FACE_IN_SOURCE, "/source_images",
                                "a face swap needs a source picture");
    char pointer[48];
    snprintf(pointer, sizeof pointer, "/source_images/%d", first->index);
    return fus_error_set_at(err, FUS_E_NO_FACE_IN_SOURCE, pointer,
                            "no face was found in source_images/%d", first->index);
}

/* Parameters of nets that the client gave and that mean nothing here. */
static void name_unused(const struct fus_processor_context *context)
{
    static const char *const names[] = {"face_swapper_pixel_boost", "face_swapper_weight",
                                        "face_mask_types"};
    for (size_t i = 0; context->warn && i < FUS_COUNT(names); i++) {
        char line[160];
        if (!fus_params_is_set(context->params, names[i]))
            continue;
        snprintf(line, sizeof line, "%s: mesh_blend has no use for it", names[i]);
        context->warn(context->warn_user, "parameter_unused", line);
    }
}

int fus_mesh_swap_new(const struct fus_processor_context *context, struct fus_mesh_blend **out,
                      struct fus_error *err)
{
    const struct fus_params *params = context->params;
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
    int failed = fus_mesh_blend_new(&options, &blend, err);
    if (!failed)
        failed = add_donors(context, blend, err);
    if (failed)
        return failed;
    name_unused(context);
    fus_mesh_blend_donors_done(blend);
    *out = FUS_TAKE(blend);
    return 0;
}
