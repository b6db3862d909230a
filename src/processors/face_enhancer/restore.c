#include "processors/face_enhancer/restore.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "inference/ports.h"
#include "vision/color_match.h"
#include "vision/crop.h"
#include "vision/lut.h"
#include "vision/simd.h"
#include "vision/templates.h"

#define FAMILY "face_enhancer"

struct fus_restore {
    const struct fus_model *model;
    enum fus_template template;
    int size;
    bool opencv_4; /* its warp is wanted */
    double share;  /* of the restored face */
    double weight;
    struct fus_lut lut;
    struct fus_run *run;
    size_t input;
    int weight_input; /* -1: the net takes none */
    struct fus_masker *masker;
    struct fus_paste_scratch *paste;
    uint8_t *crop; /* size x size BGR: what was cut out, then what the net made */
    float *mask;
    uint8_t *kept; /* what the paste covers, as it was */
    size_t kept_bytes;
};

bool fus_restore_runs(const struct fus_model *model)
{
    return strcmp(model->family, FAMILY) == 0;
}

/* A box without padding always, an occluder if it is selected, nothing else. */
static void masks_of(const struct fus_params *params, struct fus_masker_options *masks)
{
    fus_masker_options_from_params(params, masks);
    masks->types = FUS_MASK_BOX | (masks->types & FUS_MASK_OCCLUSION);
    memset(masks->padding, 0, sizeof masks->padding);
}

int fus_restore_check(const struct fus_params *params, const struct fus_models *models,
                      struct fus_error *err)
{
    struct fus_masker_options masks;
    masks_of(params, &masks);
    return fus_masker_check(models, &masks, err);
}

size_t fus_restore_models(const struct fus_params *params, const struct fus_models *models,
                          const struct fus_model *model, const struct fus_model **rows, size_t max)
{
    struct fus_masker_options masks;
    if (max == 0)
        return 0;
    masks_of(params, &masks);
    rows[0] = model;
    return 1 + fus_masker_models(models, &masks, rows + 1, max - 1);
}

/* ---- life ---- */

static int open_net(struct fus_restore *restore, const struct fus_processor_context *context,
                    struct fus_error *err)
{
    static const char *const names[] = {"input", "weight"};
    static const int64_t one[1] = {1};
    const int64_t picture[4] = {1, 3, restore->size, restore->size};
    struct fus_session *session;
    size_t index;
    int failed =
        fus_models_session(context->models, restore->model, context->threads, &session, err);
    if (failed)
        return failed;
    restore->weight_input = fus_session_input_index(session, names[1]);
    failed =
        fus_ports_inputs(restore->model, session, names, restore->weight_input < 0 ? 1 : 2, err);
    if (!failed)
        failed =
            fus_port_input(restore->model, session, names[0], picture, 4, &restore->input, err);
    if (!failed && restore->weight_input >= 0)
        failed = fus_port_input(restore->model, session, names[1], one, 1, &index, err);
    if (!failed)
        failed = fus_port_output(restore->model, session, 0, picture, 4, err);
    if (!failed)
        failed = fus_run_new(session, &restore->run, err);
    return failed;
}

static int open_masker(struct fus_restore *restore, const struct fus_processor_context *context,
                       struct fus_error *err)
{
    struct fus_masker_options masks;
    masks_of(context->params, &masks);
    masks.threads = context->threads;
    restore->opencv_4 = context->opencv_4;
    return fus_masker_new(context->models, &masks, &restore->masker, err);
}

int fus_restore_new(const struct fus_processor_context *context, const struct fus_model *model,
                    struct fus_restore **out, struct fus_error *err)
{
    static const double half[3] = {0.5, 0.5, 0.5};
    FUS_CLEANUP(fus_restore_free) struct fus_restore *made = fus_calloc(1, sizeof *made);
    if (!made)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the face enhancer");
    made->model = model;
    made->template = strcmp(model->face_template, "arcface_128") == 0 ? FUS_TEMPLATE_ARCFACE_128
                                                                      : FUS_TEMPLATE_FFHQ_512;
    made->size = model->input_width;
    made->share = (double)fus_params_int(context->params, "face_enhancer_blend") / 100.0;
    made->weight = fus_params_float(context->params, "face_enhancer_weight");
    fus_lut_mean_std_f64(&made->lut, half, half, true);
    if (made->size <= 0)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "The manifest row of the face_enhancer model %s has no width.",
                             model->id);
    int failed = open_net(made, context, err);
    if (!failed)
        failed = open_masker(made, context, err);
    if (failed)
        return failed;
    const size_t count = (size_t)made->size * (size_t)made->size;
    made->paste = fus_paste_scratch_new();
    made->crop = fus_malloc(3 * count);
    made->mask = fus_malloc(count * sizeof *made->mask);
    if (!made->paste || !made->crop || !made->mask)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the face enhancer");
    *out = FUS_TAKE(made);
    return 0;
}

void fus_restore_free(struct fus_restore *restore)
{
    if (!restore)
        return;
    fus_run_free(restore->run);
    fus_masker_free(restore->masker);
    fus_paste_scratch_free(restore->paste);
    fus_free(restore->crop);
    fus_free(restore->mask);
    fus_free(restore->kept);
    fus_free(restore);
}

/* ---- faces ---- */

FUS_SIMD_CLONES void fus_restore_normalise(const float *chw, int size, uint8_t *bgr)
{
    const size_t count = (size_t)size * (size_t)size;
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < 3; c++) {
            float value = chw[(2 - c) * count + i];
            value = value > -1.0f ? value : -1.0f; /* NaN too */
            value = value < 1.0f ? value : 1.0f;
            bgr[3 * i + c] = (uint8_t)rintf((value + 1.0f) / 2.0f * 255.0f);
        }
    }
}

/* The blend is one over the whole frame, but outside the paste both pictures are equal, and a
 * weighted sum of equal bytes with weights that make 1 is that byte. */
int fus_restore_paste(struct fus_paste_scratch *paste, const struct fus_plane *bgr,
                      const uint8_t *crop, int size, const float *mask, const struct fus_affine *m,
                      double share, uint8_t *kept, struct fus_error *err)
{
    const struct fus_crop_pixels pixels = {FUS_CROP_U8, crop, size};
    const struct fus_rect roi = fus_paste_rect(m, size, bgr->width, bgr->height);
    if (roi.width <= 0 || roi.height <= 0)
        return 0;
    const struct fus_plane before = {kept, (ptrdiff_t)roi.width * 3, roi.width, roi.height, 3};
    const struct fus_plane after = {bgr->data + roi.y * bgr->stride_bytes + (ptrdiff_t)roi.x * 3,
                                    bgr->stride_bytes, roi.width, roi.height, 3};
    for (int y = 0; y < roi.height; y++)
        memcpy(kept + y * before.stride_bytes, after.data + y * after.stride_bytes,
               (size_t)before.stride_bytes);
    const int failed = fus_paste(paste, bgr, &pixels, mask, m, NULL, err);
    if (!failed)
        fus_blend_u8(&before, &after, share, &after);
    return failed;
}

static int keep_room(struct fus_restore *restore, struct fus_rect roi, struct fus_error *err)
{
    const size_t bytes = (size_t)roi.width * (size_t)roi.height * 3;
    if (bytes <= restore->kept_bytes)
        return 0;
    fus_free(FUS_TAKE(restore->kept));
    restore->kept_bytes = 0;
    restore->kept = fus_malloc(bytes);
    if (!restore->kept)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the face enhancer");
    restore->kept_bytes = bytes;
    return 0;
}

/* What was cut out becomes what the net made of it. */
static int run_net(struct fus_restore *restore, const struct fus_plane *crop, struct fus_error *err)
{
    static const int64_t one[1] = {1};
    const int size = restore->size;
    const size_t count = (size_t)size * (size_t)size;
    const int64_t shape[4] = {1, 3, size, size};
    struct fus_tensor made;
    float *data;
    int failed = fus_run_input(restore->run, restore->input, shape, 4, &data, err);
    if (failed)
        return failed;
    fus_lut_chw(&restore->lut, crop, data, count, (size_t)size);
    if (restore->weight_input >= 0) {
        failed = fus_run_input(restore->run, (size_t)restore->weight_input, one, 1, &data, err);
        if (failed)
            return failed;
        data[0] = (float)restore->weight;
    }
    failed = fus_run_execute(restore->run, err);
    if (!failed)
        failed = fus_port_result(restore->model, restore->run, 0, 3 * count, &made, err);
    if (!failed)
        fus_restore_normalise(made.data, size, restore->crop);
    return failed;
}

int fus_restore_face(struct fus_restore *restore, const struct fus_plane *bgr,
                     const struct fus_face *face, struct fus_rect *changed, struct fus_error *err)
{
    const int size = restore->size;
    const struct fus_plane crop = {restore->crop, (ptrdiff_t)size * 3, size, size, 3};
    struct fus_affine m;
    *changed = (struct fus_rect){0, 0, 0, 0};
    if (!fus_template_affine(restore->template, face->points_5, size, &m))
        return 0;
    const struct fus_rect roi = fus_paste_rect(&m, size, bgr->width, bgr->height);
    if (roi.width <= 0 || roi.height <= 0 ||
        !fus_crop_u8(bgr, &m, fus_border_for(FUS_BORDER_REPLICATE, restore->opencv_4), &crop))
        return 0;
    int failed = keep_room(restore, roi, err);
    if (!failed)
        failed = fus_masker_begin(restore->masker, &crop, restore->mask, err);
    if (!failed)
        failed = run_net(restore, &crop, err);
    if (!failed)
        failed = fus_restore_paste(restore->paste, bgr, restore->crop, size, restore->mask, &m,
                                   restore->share, restore->kept, err);
    if (!failed)
        *changed = roi;
    return failed;
}
