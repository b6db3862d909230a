#include "processors/face_debugger.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "faces/masker.h"
#include "vision/crop.h"
#include "vision/draw.h"
#include "vision/paste.h"
#include "vision/templates.h"

#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})

#define CROP_SIZE 512
#define MASK_THRESHOLD 100  /* of 0..255: more than this is inside */
#define HEIGHT_OF_ONE 270.0 /* px of a frame's height that a line of one px is good for */
#define THICKNESS_MAX 10.0

enum item {
    ITEM_BOX = 1,
    ITEM_MASK = 2,
    ITEM_5 = 4,
    ITEM_5_68 = 8,
    ITEM_68 = 16,
    ITEM_68_5 = 32,
};
static const struct {
    const char *name;
    enum item item;
} items[] = {
    {"bounding-box", ITEM_BOX},        {"face-landmark-5", ITEM_5},
    {"face-landmark-5/68", ITEM_5_68}, {"face-landmark-68", ITEM_68},
    {"face-landmark-68/5", ITEM_68_5}, {"face-mask", ITEM_MASK},
};

/* Blue, green, red. */
static const uint8_t red[3] = {0, 0, 255}, light_red[3] = {100, 100, 255};
static const uint8_t green[3] = {0, 255, 0}, cyan[3] = {255, 255, 0}, orange[3] = {0, 165, 255};

static const struct fus_param rows[] = {
    {.name = "face_debugger_items",
     .type = FUS_PARAM_TEXT_LIST,
     .choices = CHOICES("bounding-box", "face-landmark-5", "face-landmark-5/68", "face-landmark-68",
                        "face-landmark-68/5", "face-mask"),
     .default_text = "face-landmark-5/68 face-mask",
     .group = "processors",
     .doc = "What is drawn onto the frames"},
};
static const struct fus_param_table params_table = {rows, FUS_COUNT(rows)};

struct fus_processor {
    unsigned items;
    bool opencv_4;             /* its warp is wanted */
    struct fus_masker *masker; /* with ITEM_MASK */
    uint8_t *crop;             /* CROP_SIZE squared, BGR */
    float *mask;               /* of the crop */
    uint8_t *frame_mask;       /* the mask in the frame; 1 byte a pixel, grows */
    size_t frame_mask_bytes;
};

static unsigned items_of(const struct fus_params *params)
{
    unsigned wanted = 0;
    for (size_t i = 0; i < fus_params_list_count(params, "face_debugger_items"); i++)
        for (size_t k = 0; k < FUS_COUNT(items); k++)
            if (strcmp(fus_params_list_text(params, "face_debugger_items", i), items[k].name) == 0)
                wanted |= items[k].item;
    return wanted;
}

/* The masks that the job selects, with a hard box. */
static void masks_of(const struct fus_params *params, struct fus_masker_options *masks)
{
    fus_masker_options_from_params(params, masks);
    masks->blur = 0.0;
}

/* ---- before a job ---- */

static int check(const struct fus_params *params, const struct fus_models *models,
                 const struct fus_model **model, struct fus_error *err)
{
    struct fus_masker_options masks;
    if (model)
        *model = NULL;
    if (!(items_of(params) & ITEM_MASK))
        return 0;
    masks_of(params, &masks);
    return fus_masker_check(models, &masks, err);
}

static size_t models_of(const struct fus_params *params, const struct fus_models *models,
                        const struct fus_model **found, size_t max)
{
    struct fus_masker_options masks;
    if (!(items_of(params) & ITEM_MASK))
        return 0;
    masks_of(params, &masks);
    return fus_masker_models(models, &masks, found, max);
}

/* The box shows which side is up, and 68 points have another colour when they are estimated. */
static unsigned wants(const struct fus_params *params, const struct fus_models *models)
{
    return items_of(params) & (ITEM_BOX | ITEM_68 | ITEM_68_5) ? FUS_FACE_HAS_68_5 : 0;
}

static enum fus_source_type source_type(const struct fus_params *params,
                                        const struct fus_models *models)
{
    return FUS_SOURCE_TYPE_COMPOSITE;
}

static enum fus_processor_pixels pixels(const struct fus_params *params,
                                        const struct fus_models *models)
{
    return FUS_PIXELS_BGR;
}

/* ---- life ---- */

static void close(struct fus_processor *processor)
{
    if (!processor)
        return;
    fus_masker_free(processor->masker);
    fus_free(processor->crop);
    fus_free(processor->mask);
    fus_free(processor->frame_mask);
    fus_free(processor);
}
FUS_CLEANUP_DEFINE(close, struct fus_processor *)

static int out_of_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the face debugger");
}

static int open(const struct fus_processor_context *context, struct fus_processor **processor,
                struct fus_error *err)
{
    const size_t count = (size_t)CROP_SIZE * CROP_SIZE;
    struct fus_masker_options masks;
    FUS_CLEANUP(close) struct fus_processor *made = fus_calloc(1, sizeof *made);
    if (!made)
        return out_of_memory(err);
    made->items = items_of(context->params);
    made->opencv_4 = context->opencv_4;
    if (made->items & ITEM_MASK) {
        masks_of(context->params, &masks);
        masks.threads = context->threads;
        const int failed = fus_masker_new(context->models, &masks, &made->masker, err);
        if (failed)
            return failed;
        made->crop = fus_malloc(3 * count);
        made->mask = fus_malloc(count * sizeof *made->mask);
        if (!made->crop || !made->mask)
            return out_of_memory(err);
    }
    *processor = FUS_TAKE(made);
    return 0;
}

/* ---- drawing ---- */

/* Cut to whole pixels; what is no place in any picture goes far outside. */
static struct fus_pixel pixel_of(float x, float y)
{
    const float far = 1e9f;
    return (struct fus_pixel){isfinite(x) ? (int)FUS_CLAMP(x, -far, far) : -1000000000,
                              isfinite(y) ? (int)FUS_CLAMP(y, -far, far) : -1000000000};
}

static void draw_box(const struct fus_plane *bgr, const struct fus_face *face, int thickness)
{
    const struct fus_pixel a = pixel_of(face->box.x1, face->box.y1);
    const struct fus_pixel b = pixel_of(face->box.x2, face->box.y2);
    const struct fus_pixel right_top = {b.x, a.y}, left_bottom = {a.x, b.y};
    fus_draw_rectangle(bgr, a, b, red, thickness);
    switch (face->has & FUS_FACE_HAS_68_5 ? face->angle : 0) {
    case 90:
        fus_draw_line(bgr, right_top, b, light_red, thickness + 1);
        break;
    case 180:
        fus_draw_line(bgr, left_bottom, b, light_red, thickness + 1);
        break;
    case 270:
        fus_draw_line(bgr, a, left_bottom, light_red, thickness + 1);
        break;
    default:
        fus_draw_line(bgr, a, right_top, light_red, thickness + 1);
    }
}

static void draw_points(const struct fus_plane *bgr, const struct fus_face *face,
                        const struct fus_point *points, size_t count, const uint8_t color[3],
                        int radius)
{
    for (size_t i = 0; i < count; i++)
        fus_draw_disc(bgr, pixel_of(points[i].x, points[i].y), radius,
                      face->refilled ? orange : color);
}

static bool same_points(const struct fus_point *a, const struct fus_point *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i].x != b[i].x || a[i].y != b[i].y)
            return false;
    return true;
}

static int frame_mask_room(struct fus_processor *processor, size_t bytes, struct fus_error *err)
{
    if (bytes <= processor->frame_mask_bytes)
        return 0;
    fus_free(FUS_TAKE(processor->frame_mask));
    processor->frame_mask_bytes = 0;
    processor->frame_mask = fus_malloc_aligned(bytes);
    if (!processor->frame_mask)
        return out_of_memory(err);
    processor->frame_mask_bytes = bytes;
    return 0;
}

/* The crop's mask as bytes takes the place of its pixels: they are not needed any more. */
static void mask_to_bytes(const float *mask, uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(FUS_CLAMP(mask[i], 0.0f, 1.0f) * 255.0f);
}

static int draw_mask(struct fus_processor *processor, const struct fus_plane *bgr,
                     const struct fus_face *face, int thickness, struct fus_error *err)
{
    const struct fus_plane crop = {processor->crop, CROP_SIZE * 3, CROP_SIZE, CROP_SIZE, 3};
    const struct fus_plane small = {processor->crop, CROP_SIZE, CROP_SIZE, CROP_SIZE, 1};
    const size_t count = (size_t)bgr->width * (size_t)bgr->height;
    struct fus_affine m, inverse;
    if (!fus_template_affine(FUS_TEMPLATE_ARCFACE_128, face->points_5, CROP_SIZE, &m) ||
        !fus_crop_inverse(&m, &inverse) ||
        !fus_crop_u8(bgr, &m, fus_border_for(FUS_BORDER_REPLICATE, processor->opencv_4), &crop))
        return 0; /* five points that make no face */
    int failed = frame_mask_room(processor, count, err);
    if (!failed)
        failed =
            fus_masker_all(processor->masker, &crop, face->landmarks_68, &m, processor->mask, err);
    if (failed)
        return failed;
    const struct fus_plane large = {processor->frame_mask, bgr->width, bgr->width, bgr->height, 1};
    mask_to_bytes(processor->mask, processor->crop, (size_t)CROP_SIZE * CROP_SIZE);
    if (!fus_crop_u8(&small, &inverse, fus_border_for(FUS_BORDER_BLACK, processor->opencv_4),
                     &large))
        return 0;
    for (size_t i = 0; i < count; i++)
        processor->frame_mask[i] = processor->frame_mask[i] > MASK_THRESHOLD ? 255 : 0;
    fus_draw_contours(bgr, &large, same_points(face->points_5, face->detector_5, 5) ? cyan : green,
                      thickness);
    return 0;
}

static int draw_face(struct fus_processor *processor, const struct fus_plane *bgr,
                     const struct fus_face *face, int thickness, struct fus_error *err)
{
    const bool estimated = face->has & FUS_FACE_HAS_68_5;
    if (processor->items & ITEM_BOX)
        draw_box(bgr, face, thickness);
    if (processor->items & ITEM_MASK) {
        const int failed = draw_mask(processor, bgr, face, thickness, err);
        if (failed)
            return failed;
    }
    if (processor->items & ITEM_5)
        draw_points(bgr, face, face->detector_5, 5, red, thickness);
    if (processor->items & ITEM_5_68)
        draw_points(bgr, face, face->points_5, 5,
                    same_points(face->points_5, face->detector_5, 5) ? cyan : green, thickness);
    if (processor->items & ITEM_68)
        draw_points(bgr, face, face->landmarks_68, 68,
                    estimated && same_points(face->landmarks_68, face->landmarks_68_5, 68) ? cyan
                                                                                           : green,
                    thickness);
    if (processor->items & ITEM_68_5 && estimated)
        draw_points(bgr, face, face->landmarks_68_5, 68, cyan, thickness);
    return 0;
}

static int process(struct fus_processor *processor, struct fus_processor_frame *frame,
                   struct fus_error *err)
{
    const struct fus_rect all = {0, 0, frame->image->width, frame->image->height};
    const struct fus_plane bgr = fus_plane_of(frame->image, all, 0);
    const double lines = nearbyint(frame->image->height / HEIGHT_OF_ONE);
    const int thickness = (int)FUS_CLAMP(lines, 1.0, THICKNESS_MAX);
    for (size_t i = 0; i < frame->face_count; i++) {
        const int failed = draw_face(processor, &bgr, frame->faces[i], thickness, err);
        if (failed)
            return failed;
    }
    return 0;
}

const struct fus_processor_descriptor fus_face_debugger = {
    .name = "face_debugger",
    .summary = "Draws what was found of faces",
    .params = &params_table,
    .needs = FUS_NEEDS_FACES,
    .check = check,
    .source_type = source_type,
    .open = open,
    .process = process,
    .close = close,
    .pixels = pixels,
    .wants = wants,
    .models = models_of,
};
