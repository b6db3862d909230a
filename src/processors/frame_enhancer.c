#include "processors/frame_enhancer.h"

#include <string.h>

#include "base/mem.h"
#include "inference/ports.h"
#include "processors/frame_enhancer/tiles.h"
#include "vision/color_match.h"
#include "vision/lut.h"
#include "vision/resample.h"

#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ROLE "frame_enhancer"
#define FAMILY "frame_enhancer"

/* Tiles in one run, where the graph allows it: nets keep much of each between their layers, so
 * large tiles go alone. */
#define BATCH_MAX 4
#define BATCH_SIDE 256
#define TILE_MAX 4096

static const struct fus_param rows[] = {
    {.name = "frame_enhancer_model",
     .type = FUS_PARAM_TEXT,
     .choices =
         CHOICES("clear_reality_x4", "face_dat_x4", "nomos8k_sc_x4", "real_esrgan_x2",
                 "real_esrgan_x2_fp16", "real_esrgan_x4", "real_esrgan_x4_fp16", "real_esrgan_x8",
                 "real_esrgan_x8_fp16", "real_hatgan_x4", "real_web_photo_x4",
                 "realistic_rescaler_x4", "remacri_x4", "siax_x4", "span_kendata_x4", "swin2_sr_x4",
                 "tghq_face_x8", "ultra_sharp_x4", "ultra_sharp_2_x4"),
     .default_text = "span_kendata_x4",
     .group = "processors",
     .role = ROLE,
     .flags = FUS_PARAM_MODEL,
     .doc = "Model that enlarges frames"},
    {.name = "frame_enhancer_blend",
     .type = FUS_PARAM_INT,
     .min = 0,
     .max = 100,
     .step = 1,
     .default_text = "80",
     .group = "processors",
     .doc = "Share of the enlarged frame, percent"},
};
static const struct fus_param_table params_table = {rows, FUS_COUNT(rows)};

struct fus_processor {
    const struct fus_model *model;
    double share; /* of the net's picture */
    struct fus_lut lut;
    struct fus_run *run;
    size_t input;
    int batch;
    struct fus_resampler *resampler;
    uint8_t *crop;  /* one tile */
    uint8_t *plain; /* the bilinear enlargement of a tile's inner part */
};

/* ---- before a job ---- */

static int check(const struct fus_params *params, const struct fus_models *models,
                 const struct fus_model **model, struct fus_error *err)
{
    const char *named = fus_params_text(params, "frame_enhancer_model");
    const struct fus_model *found;
    const int failed = fus_models_choose(models, ROLE, named, NULL, &found, err);
    if (failed)
        return failed;
    if (strcmp(found->family, FAMILY) != 0)
        return fus_error_set(err, FUS_E_MODEL_NOT_FOUND,
                             "the model %s is installed, but this version cannot run it",
                             found->id);
    if (model)
        *model = found;
    return 0;
}

static enum fus_source_type source_type(const struct fus_params *params,
                                        const struct fus_models *models)
{
    return FUS_SOURCE_TYPE_COMPOSITE_TRAINED;
}

static enum fus_processor_pixels pixels(const struct fus_params *params,
                                        const struct fus_models *models)
{
    return FUS_PIXELS_BGR;
}

static int scale(const struct fus_processor *processor)
{
    return processor->model->enlarge;
}

/* ---- life ---- */

static void close(struct fus_processor *processor)
{
    if (!processor)
        return;
    fus_run_free(processor->run);
    fus_resampler_free(processor->resampler);
    fus_free(processor->crop);
    fus_free(processor->plain);
    fus_free(processor);
}
FUS_CLEANUP_DEFINE(close, struct fus_processor *)

static int open_net(struct fus_processor *processor, const struct fus_processor_context *context,
                    struct fus_error *err)
{
    static const char *const names[] = {"input"};
    const struct fus_model *model = processor->model;
    const int side = model->tile[0];
    const int64_t tile[4] = {1, 3, side, side};
    const int64_t large[4] = {1, 3, (int64_t)side * model->enlarge, (int64_t)side * model->enlarge};
    struct fus_session *session;
    int failed = fus_models_session(context->models, model, context->threads, &session, err);
    if (!failed)
        failed = fus_ports_inputs(model, session, names, 1, err);
    if (!failed)
        failed = fus_port_input(model, session, names[0], tile, 4, &processor->input, err);
    if (!failed)
        failed = fus_port_output(model, session, 0, large, 4, err);
    if (!failed)
        failed = fus_run_new(session, &processor->run, err);
    if (failed)
        return failed;
    const bool batch = side <= BATCH_SIDE && fus_session_free_axis(session, processor->input, 0);
    processor->batch = batch ? BATCH_MAX : 1;
    return 0;
}

static int allocate(struct fus_processor *processor, struct fus_error *err)
{
    const struct fus_model *model = processor->model;
    const size_t side = (size_t)model->tile[0], large = side * (size_t)model->enlarge;
    processor->resampler = fus_resampler_new();
    processor->crop = fus_malloc(side * side * 3);
    processor->plain = fus_malloc(large * large * 3);
    if (!processor->resampler || !processor->crop || !processor->plain)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the frame enhancer");
    return 0;
}

static int open(const struct fus_processor_context *context, struct fus_processor **processor,
                struct fus_error *err)
{
    struct fus_tiles tiles;
    FUS_CLEANUP(close) struct fus_processor *made = fus_calloc(1, sizeof *made);
    if (!made)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the frame enhancer");
    int failed = check(context->params, context->models, &made->model, err);
    if (failed)
        return failed;
    const struct fus_model *model = made->model;
    if (model->tile[0] > TILE_MAX || !fus_tiles_plan(1, 1, model->tile, model->enlarge, &tiles))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "The manifest row of the frame_enhancer model %s has no usable tile.",
                             model->id);
    made->share = (double)fus_params_int(context->params, "frame_enhancer_blend") / 100.0;
    fus_lut_unit(&made->lut, true);
    failed = open_net(made, context, err);
    if (!failed)
        failed = allocate(made, err);
    if (failed)
        return failed;
    *processor = FUS_TAKE(made);
    return 0;
}

/* ---- frames ---- */

struct work {
    struct fus_tiles tiles;
    struct fus_plane picture, enlarged;
};

/* What the net made of a tile, mixed with the bilinear enlargement of the same place. */
static int blend_tile(struct fus_processor *processor, const struct work *work, int column, int row,
                      struct fus_error *err)
{
    const int factor = work->tiles.scale;
    struct fus_rect rect;
    if (!fus_tile_rect(&work->tiles, column, row, &rect))
        return 0;
    const int width = rect.width * factor, height = rect.height * factor;
    const struct fus_plane plain = {processor->plain, (ptrdiff_t)width * 3, width, height, 3};
    const struct fus_plane made = {work->enlarged.data +
                                       (ptrdiff_t)rect.y * factor * work->enlarged.stride_bytes +
                                       (ptrdiff_t)rect.x * factor * 3,
                                   work->enlarged.stride_bytes, width, height, 3};
    const int failed =
        fus_resample_u8_part(processor->resampler, &work->picture, work->enlarged.width,
                             work->enlarged.height, rect.x * factor, rect.y * factor, &plain, err);
    if (!failed)
        fus_blend_u8(&plain, &made, processor->share, &made);
    return failed;
}

/* Tiles first .. first + count - 1 of those that show, by number in rows. */
static int run_tiles(struct fus_processor *processor, const struct work *work, const int *numbers,
                     int count, struct fus_error *err)
{
    const struct fus_tiles *tiles = &work->tiles;
    const size_t side = (size_t)tiles->side, area = side * side;
    const size_t made_count = 3 * area * (size_t)tiles->scale * (size_t)tiles->scale;
    const int64_t shape[4] = {count, 3, tiles->side, tiles->side};
    const struct fus_plane crop = {processor->crop, (ptrdiff_t)side * 3, tiles->side, tiles->side,
                                   3};
    struct fus_tensor made;
    float *data;
    int failed = fus_run_input(processor->run, processor->input, shape, 4, &data, err);
    if (failed)
        return failed;
    for (int i = 0; i < count; i++) {
        fus_tile_take(tiles, &work->picture, numbers[i] % tiles->columns,
                      numbers[i] / tiles->columns, &crop);
        fus_lut_chw(&processor->lut, &crop, data + (size_t)i * 3 * area, area, side);
    }
    failed = fus_run_execute(processor->run, err);
    if (!failed)
        failed = fus_port_result(processor->model, processor->run, 0, (size_t)count * made_count,
                                 &made, err);
    for (int i = 0; !failed && i < count; i++) {
        const int column = numbers[i] % tiles->columns, row = numbers[i] / tiles->columns;
        fus_tile_put(tiles, made.data + (size_t)i * made_count, column, row, &work->enlarged);
        failed = blend_tile(processor, work, column, row, err);
    }
    return failed;
}

static int run_batch(struct fus_processor *processor, const struct work *work, const int *numbers,
                     int count, struct fus_error *err)
{
    int failed = run_tiles(processor, work, numbers, count, err);
    if (failed && count > 1) {
        /* A graph can leave its first axis free and still count on one picture inside. */
        processor->batch = 1;
        failed = 0;
        for (int i = 0; !failed && i < count; i++)
            failed = run_tiles(processor, work, numbers + i, 1, err);
    }
    return failed;
}

static int plan(const struct fus_processor *processor, const struct fus_processor_frame *frame,
                struct work *work, struct fus_error *err)
{
    const struct fus_image *image = frame->image, *enlarged = frame->enlarged;
    const int factor = processor->model->enlarge;
    if ((size_t)image->width * (size_t)image->height * (size_t)factor * (size_t)factor >
        FUS_IMAGE_PIXELS_MAX)
        return fus_error_set(err, FUS_E_MEDIA_TOO_LARGE,
                             "A picture of %dx%d cannot be enlarged %d times: it would have more "
                             "than %zu pixels.",
                             image->width, image->height, factor, FUS_IMAGE_PIXELS_MAX);
    if (!enlarged || image->format != FUS_PIXEL_BGR8 || enlarged->format != FUS_PIXEL_BGR8 ||
        enlarged->width != image->width * factor || enlarged->height != image->height * factor ||
        !fus_tiles_plan(image->width, image->height, processor->model->tile, factor, &work->tiles))
        return fus_error_set(err, FUS_E_INTERNAL, "The frame enhancer has no picture to write to.");
    work->picture = fus_plane_of(image, (struct fus_rect){0, 0, image->width, image->height}, 0);
    work->enlarged =
        fus_plane_of(enlarged, (struct fus_rect){0, 0, enlarged->width, enlarged->height}, 0);
    return 0;
}

static int process(struct fus_processor *processor, struct fus_processor_frame *frame,
                   struct fus_error *err)
{
    struct work work;
    struct fus_rect rect;
    int numbers[BATCH_MAX], waiting = 0;
    int failed = plan(processor, frame, &work, err);
    if (failed)
        return failed;
    const int all = work.tiles.columns * work.tiles.rows;
    for (int i = 0; !failed && i < all; i++) {
        if (fus_tile_rect(&work.tiles, i % work.tiles.columns, i / work.tiles.columns, &rect))
            numbers[waiting++] = i;
        if (waiting > 0 && (waiting >= processor->batch || i == all - 1)) {
            failed = run_batch(processor, &work, numbers, waiting, err);
            waiting = 0;
        }
    }
    return failed;
}

const struct fus_processor_descriptor fus_frame_enhancer = {
    .name = "frame_enhancer",
    .summary = "Enlarges frames 2, 4 or 8 times",
    .params = &params_table,
    .check = check,
    .source_type = source_type,
    .open = open,
    .process = process,
    .close = close,
    .pixels = pixels,
    .scale = scale,
};
