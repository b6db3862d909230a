#include "processors/swapper/net_swap.h"

#include <string.h>

#include "base/mem.h"
#include "faces/masker.h"
#include "inference/ports.h"
#include "processors/swapper/family.h"
#include "processors/swapper/identity.h"
#include "processors/swapper/pixel_boost.h"
#include "vision/crop.h"
#include "vision/paste.h"

#define RECOGNIZER "face_recognizer"
#define STANDARD_RECOGNIZER "arcface"

/* Tiles that are run at once: what a net keeps of each between its layers is large. */
enum { BATCH_MAX = 16 };

struct fus_net_swap {
    const struct fus_model *model;
    const struct fus_swap_family *family;
    enum fus_template template;
    int size, boost; /* the net's side; tiles along a side of the crop */
    struct fus_lut lut;
    struct fus_run *run;
    size_t source_input, target_input;
    int batch;        /* tiles in one run */
    bool opencv_4;    /* its warp is wanted */
    bool source_done; /* the run's source holds what every target gets */
    struct fus_identity *identity;
    struct fus_masker *masker;
    struct fus_paste_scratch *paste;
    uint8_t *crop; /* side x side, BGR */
    void *result;  /* the same, of the family's type */
    float *mask;   /* side x side */
};

bool fus_net_swap_runs(const struct fus_model *model)
{
    return fus_swap_family(model) != NULL;
}

/* ---- before a job ---- */

static int find_recognizer(const struct fus_models *models, const struct fus_model **row,
                           struct fus_error *err)
{
    return fus_models_choose(models, RECOGNIZER, STANDARD_RECOGNIZER, STANDARD_RECOGNIZER, row,
                             err);
}

bool fus_net_swap_helped(const struct fus_models *models, const struct fus_model *model)
{
    const struct fus_swap_family *family = fus_swap_family(model);
    const struct fus_model *row;
    return family &&
           (!fus_swap_takes_embedding(family) || find_recognizer(models, &row, NULL) == 0);
}

int fus_net_swap_check(const struct fus_params *params, const struct fus_models *models,
                       const struct fus_model *model, struct fus_error *err)
{
    const struct fus_swap_family *family = fus_swap_family(model);
    const struct fus_model *recognizer;
    struct fus_masker_options masks;
    int size, failed = 0;
    if (fus_swap_takes_embedding(family))
        failed = find_recognizer(models, &recognizer, err);
    if (!failed)
        failed = fus_swap_boost_size(model, fus_params_text(params, "face_swapper_pixel_boost"),
                                     &size, err);
    fus_masker_options_from_params(params, &masks);
    if (!failed)
        failed = fus_masker_check(models, &masks, err);
    return failed;
}

unsigned fus_net_swap_wants(const struct fus_params *params, const struct fus_model *model)
{
    unsigned wants = 0;
    if (fus_swap_takes_embedding(fus_swap_family(model))) {
        wants |= FUS_WANTS_SOURCE_EMBEDDING;
        if (fus_identity_wants_target(params))
            wants |= FUS_FACE_HAS_EMBEDDING;
    }
    return wants;
}

size_t fus_net_swap_models(const struct fus_params *params, const struct fus_models *models,
                           const struct fus_model *model, const struct fus_model **rows, size_t max)
{
    struct fus_masker_options masks;
    size_t count = 0;
    if (count < max)
        rows[count++] = model;
    for (size_t i = 0; i < model->need_count && count < max; i++) {
        const struct fus_model *needed = fus_models_needed(models, model->needs[i]);
        if (needed)
            rows[count++] = needed;
    }
    fus_masker_options_from_params(params, &masks);
    return count + fus_masker_models(models, &masks, rows + count, max - count);
}

/* ---- life ---- */

static int out_of_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the face swapper");
}

/* The net's tensors, and whether several tiles can be given at once. */
static int open_net(struct fus_net_swap *swap, const struct fus_processor_context *context,
                    struct fus_error *err)
{
    static const char *const names[] = {"source", "target"};
    const int64_t picture[4] = {1, 3, swap->size, swap->size};
    int64_t source[4];
    const int rank = fus_identity_shape(swap->identity, source);
    struct fus_session *session;
    int failed = fus_models_session(context->models, swap->model, context->threads, &session, err);
    if (!failed)
        failed = fus_ports_inputs(swap->model, session, names, FUS_COUNT(names), err);
    if (!failed)
        failed =
            fus_port_input(swap->model, session, "source", source, rank, &swap->source_input, err);
    if (!failed)
        failed =
            fus_port_input(swap->model, session, "target", picture, 4, &swap->target_input, err);
    if (!failed)
        failed = fus_port_output(swap->model, session, 0, picture, 4, err);
    if (!failed)
        failed = fus_run_new(session, &swap->run, err);
    if (failed)
        return failed;
    const bool batch = fus_session_free_axis(session, swap->source_input, 0) &&
                       fus_session_free_axis(session, swap->target_input, 0);
    swap->batch = batch ? FUS_MIN(swap->boost * swap->boost, BATCH_MAX) : 1;
    return 0;
}

static int allocate(struct fus_net_swap *swap, struct fus_error *err)
{
    const size_t side = (size_t)(swap->size * swap->boost), count = side * side;
    const size_t sample = swap->family->type == FUS_CROP_F64 ? sizeof(double) : sizeof(float);
    swap->paste = fus_paste_scratch_new();
    swap->crop = fus_malloc(count * 3);
    swap->result = fus_malloc(count * 3 * sample);
    swap->mask = fus_malloc(count * sizeof *swap->mask);
    return swap->paste && swap->crop && swap->result && swap->mask ? 0 : out_of_memory(err);
}

static int open_masker(struct fus_net_swap *swap, const struct fus_processor_context *context,
                       struct fus_error *err)
{
    struct fus_masker_options masks;
    fus_masker_options_from_params(context->params, &masks);
    masks.threads = context->threads;
    swap->opencv_4 = context->opencv_4;
    return fus_masker_new(context->models, &masks, &swap->masker, err);
}

int fus_net_swap_new(const struct fus_processor_context *context, const struct fus_model *model,
                     struct fus_net_swap **out, struct fus_error *err)
{
    int side = 0;
    int failed = fus_net_swap_check(context->params, context->models, model, err);
    if (!failed)
        failed = fus_swap_boost_size(
            model, fus_params_text(context->params, "face_swapper_pixel_boost"), &side, err);
    if (failed)
        return failed;
    FUS_CLEANUP(fus_net_swap_free) struct fus_net_swap *made = fus_calloc(1, sizeof *made);
    if (!made)
        return out_of_memory(err);
    made->model = model;
    made->family = fus_swap_family(model);
    made->template = fus_swap_template(made->family, model);
    made->size = model->input_width;
    made->boost = side / made->size;
    fus_lut_mean_std_f64(&made->lut, model->mean3, model->std3, true);
    failed = fus_identity_new(context, model, made->family, &made->identity, err);
    if (!failed)
        failed = open_net(made, context, err);
    if (!failed)
        failed = open_masker(made, context, err);
    if (!failed)
        failed = allocate(made, err);
    if (failed)
        return failed;
    *out = FUS_TAKE(made);
    return 0;
}

void fus_net_swap_free(struct fus_net_swap *swap)
{
    if (!swap)
        return;
    fus_run_free(swap->run);
    fus_identity_free(swap->identity);
    fus_masker_free(swap->masker);
    fus_paste_scratch_free(swap->paste);
    fus_free(swap->crop);
    fus_free(swap->result);
    fus_free(swap->mask);
    fus_free(swap);
}

/* ---- frames ---- */

static int put_source(struct fus_net_swap *swap, const struct fus_face *face, int tiles,
                      struct fus_error *err)
{
    if (swap->source_done)
        return 0;
    int64_t shape[4];
    float *data;
    const int rank = fus_identity_shape(swap->identity, shape);
    const size_t count = fus_identity_count(swap->identity);
    shape[0] = tiles;
    const int failed = fus_run_input(swap->run, swap->source_input, shape, rank, &data, err);
    if (failed)
        return failed;
    fus_identity_put(swap->identity, face, data);
    for (int i = 1; i < tiles; i++)
        memcpy(data + (size_t)i * count, data, count * sizeof *data);
    swap->source_done = !fus_identity_balanced(swap->identity) && tiles == swap->batch;
    return 0;
}

/* Tiles first .. first + tiles - 1 through the net. */
static int run_tiles(struct fus_net_swap *swap, const struct fus_plane *crop,
                     const struct fus_face *face, int first, int tiles, struct fus_error *err)
{
    const int m = swap->size;
    const int64_t shape[4] = {tiles, 3, m, m};
    float *data;
    struct fus_tensor made;
    if (tiles != swap->batch)
        swap->source_done = false;
    int failed = put_source(swap, face, tiles, err);
    if (!failed)
        failed = fus_run_input(swap->run, swap->target_input, shape, 4, &data, err);
    if (failed)
        return failed;
    fus_pixel_boost_implode(crop, swap->boost, &swap->lut, first, tiles, data);
    failed = fus_run_execute(swap->run, err);
    if (!failed)
        failed = fus_port_result(swap->model, swap->run, 0,
                                 (size_t)tiles * 3 * (size_t)m * (size_t)m, &made, err);
    if (failed)
        return failed;
    if (swap->family->type == FUS_CROP_F32)
        fus_pixel_boost_explode_f32(made.data, swap->boost, m, first, tiles, swap->result);
    else
        fus_pixel_boost_explode_f64(made.data, swap->boost, m, first, tiles, swap->model->mean3,
                                    swap->model->std3, swap->result);
    return 0;
}

static int run_crop(struct fus_net_swap *swap, const struct fus_plane *crop,
                    const struct fus_face *face, struct fus_error *err)
{
    const int all = swap->boost * swap->boost;
    for (int first = 0; first < all;) {
        const int tiles = FUS_MIN(swap->batch, all - first);
        const int failed = run_tiles(swap, crop, face, first, tiles, err);
        if (failed && swap->batch > 1) {
            /* A graph can leave its first axis free and still count on one picture inside. */
            swap->batch = 1;
            swap->source_done = false;
            continue;
        }
        if (failed)
            return failed;
        first += tiles;
    }
    return 0;
}

static struct fus_rect join(struct fus_rect a, struct fus_rect b)
{
    if (a.width <= 0 || a.height <= 0)
        return b;
    if (b.width <= 0 || b.height <= 0)
        return a;
    const int x = FUS_MIN(a.x, b.x), y = FUS_MIN(a.y, b.y);
    const int right = FUS_MAX(a.x + a.width, b.x + b.width);
    const int bottom = FUS_MAX(a.y + a.height, b.y + b.height);
    return (struct fus_rect){x, y, right - x, bottom - y};
}

static int swap_face(struct fus_net_swap *swap, const struct fus_plane *picture,
                     const struct fus_face *face, struct fus_rect *changed, struct fus_error *err)
{
    const int side = swap->size * swap->boost;
    const struct fus_plane crop = {swap->crop, (ptrdiff_t)side * 3, side, side, 3};
    const struct fus_crop_pixels result = {swap->family->type, swap->result, side};
    struct fus_affine m;
    struct fus_rect roi;
    if (!fus_template_affine(swap->template, face->points_5, side, &m) ||
        !fus_crop_u8(picture, &m, fus_border_for(FUS_BORDER_REPLICATE, swap->opencv_4), &crop))
        return 0; /* five points that make no face */
    int failed = fus_masker_begin(swap->masker, &crop, swap->mask, err);
    if (!failed)
        failed = run_crop(swap, &crop, face, err);
    if (!failed)
        failed = fus_masker_end(swap->masker, &result, face->landmarks_68, &m, swap->mask, err);
    if (!failed)
        failed = fus_paste(swap->paste, picture, &result, swap->mask, &m, &roi, err);
    if (!failed)
        *changed = join(*changed, roi);
    return failed;
}

int fus_net_swap_frame(struct fus_net_swap *swap, struct fus_processor_frame *frame,
                       struct fus_error *err)
{
    const struct fus_rect all = {0, 0, frame->image->width, frame->image->height};
    const struct fus_plane picture = fus_plane_of(frame->image, all, 0);
    frame->changed = (struct fus_rect){0, 0, 0, 0};
    for (size_t i = 0; i < frame->face_count; i++) {
        const int failed = swap_face(swap, &picture, frame->faces[i], &frame->changed, err);
        if (failed)
            return failed;
    }
    return 0;
}
