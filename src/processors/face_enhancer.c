#include "processors/face_enhancer.h"

#include <string.h>

#include "base/mem.h"
#include "processors/face_enhancer/detail.h"
#include "processors/face_enhancer/restore.h"
#include "vision/rect.h"

#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STANDARD_MODEL "gfpgan_1.4"
#define BUILTIN_FAMILY "detail"

static const struct fus_param rows[] = {
    {.name = "face_enhancer_model",
     .type = FUS_PARAM_TEXT,
     .choices =
         CHOICES("detail", "codeformer", "gfpgan_1.2", "gfpgan_1.3", "gfpgan_1.4", "gpen_bfr_256",
                 "gpen_bfr_512", "gpen_bfr_1024", "gpen_bfr_2048", "restoreformer_plus_plus"),
     .group = "processors",
     .role = "face_enhancer",
     .flags = FUS_PARAM_MODEL,
     .doc = "Model that restores the face; left out: gfpgan_1.4 if it is installed, else detail, "
            "which is built in and sharpens"},
    {.name = "face_enhancer_blend",
     .type = FUS_PARAM_INT,
     .min = 0,
     .max = 100,
     .step = 1,
     .default_text = "80",
     .group = "processors",
     .doc = "Share of the restored face, percent; of detail its strength"},
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

/* One of the two is there. */
struct fus_processor {
    struct fus_detail *detail;
    struct fus_restore *restore;
    float strength; /* of detail */
};

static bool is_detail(const struct fus_model *model)
{
    return strcmp(model->family, BUILTIN_FAMILY) == 0;
}

static int check(const struct fus_params *params, const struct fus_models *models,
                 const struct fus_model **model, struct fus_error *err)
{
    const struct fus_model *found;
    const int failed =
        fus_models_choose(models, "face_enhancer", fus_params_text(params, "face_enhancer_model"),
                          STANDARD_MODEL, &found, err);
    if (failed)
        return failed;
    if (!is_detail(found) && !fus_restore_runs(found))
        return fus_error_set(err, FUS_E_MODEL_NOT_FOUND,
                             "the model %s is installed, but this version cannot run it; "
                             "detail is built in",
                             found->id);
    if (!is_detail(found)) {
        const int missing = fus_restore_check(params, models, err);
        if (missing)
            return missing;
    }
    if (model)
        *model = found;
    return 0;
}

static enum fus_source_type source_type(const struct fus_params *params,
                                        const struct fus_models *models)
{
    const struct fus_model *model;
    if (check(params, models, &model, NULL) == 0 && !model->generator)
        return FUS_SOURCE_TYPE_COMPOSITE;
    return FUS_SOURCE_TYPE_COMPOSITE_TRAINED;
}

static enum fus_processor_pixels pixels(const struct fus_params *params,
                                        const struct fus_models *models)
{
    const struct fus_model *model;
    const bool native = check(params, models, &model, NULL) == 0 && is_detail(model);
    return native ? FUS_PIXELS_NATIVE : FUS_PIXELS_BGR;
}

static size_t models_of(const struct fus_params *params, const struct fus_models *models,
                        const struct fus_model **found, size_t max)
{
    if (max == 0 || check(params, models, &found[0], NULL) != 0)
        return 0;
    return is_detail(found[0]) ? 1 : fus_restore_models(params, models, found[0], found, max);
}

static void close(struct fus_processor *processor)
{
    if (!processor)
        return;
    fus_detail_free(processor->detail);
    fus_restore_free(processor->restore);
    fus_free(processor);
}
FUS_CLEANUP_DEFINE(close, struct fus_processor *)

static int open(const struct fus_processor_context *context, struct fus_processor **processor,
                struct fus_error *err)
{
    const struct fus_model *model;
    int failed = check(context->params, context->models, &model, err);
    if (failed)
        return failed;
    FUS_CLEANUP(close) struct fus_processor *made = fus_calloc(1, sizeof *made);
    if (!made)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the face enhancer");
    made->strength = (float)fus_params_int(context->params, "face_enhancer_blend") / 100.0f;
    failed = is_detail(model) ? fus_detail_new(&made->detail, err)
                              : fus_restore_new(context, model, &made->restore, err);
    if (failed)
        return failed;
    *processor = FUS_TAKE(made);
    return 0;
}

static int one_face(struct fus_processor *processor, struct fus_image *image,
                    const struct fus_face *face, struct fus_rect *changed, struct fus_error *err)
{
    if (processor->detail)
        return fus_detail_face(processor->detail, image, face->landmarks_68, processor->strength,
                               changed, err);
    const struct fus_rect all = {0, 0, image->width, image->height};
    const struct fus_plane bgr = fus_plane_of(image, all, 0);
    return fus_restore_face(processor->restore, &bgr, face, changed, err);
}

static int process(struct fus_processor *processor, struct fus_processor_frame *frame,
                   struct fus_error *err)
{
    struct fus_rect all = {0, 0, 0, 0};
    for (size_t i = 0; i < frame->face_count; i++) {
        struct fus_rect one;
        const int failed = one_face(processor, frame->image, frame->faces[i], &one, err);
        if (failed)
            return failed;
        all = fus_rect_union(all, one);
    }
    frame->changed = all;
    return 0;
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
    .pixels = pixels,
    .models = models_of,
};
