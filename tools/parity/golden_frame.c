/* enhancers/frame_enhancer and processors2/face_debugger. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "golden.h"
#include "golden_support.h"
#include "processors/frame_enhancer/tiles.h"
#include "processors/processor.h"
#include "vision/color_match.h"
#include "vision/resample.h"

static const char frames[] = "enhancers/frame_enhancer";
#define FRAME "enhancers/frame_enhancer/"
#define WEB FRAME "real_web_photo_x4/"
#define CUT FRAME "reference/crop_frame.npy"

/* The model's own numbers: tile, padding, overlap; scale. */
static const int tile[3] = {64, 4, 2};
#define SCALE 4

static void cut(struct parity *run)
{
    struct parity_case c;
    if (parity_open(&c, run, frames, CUT)) {
        const struct fus_npy *s = parity_input(&c, PARITY_S);
        if (s && c.want->count == (size_t)80 * 96 * 3)
            for (size_t y = 0; y < 80; y++)
                for (size_t i = 0; i < (size_t)96 * 3; i++)
                    parity_number(&c, fus_npy_at(s, ((y + 100) * 1024 + 200) * 3 + i),
                                  fus_npy_at(c.want, y * 96 * 3 + i), PARITY_E);
    }
    parity_close(&c);
}

static void numbers(struct parity *run, const char *name, int first, int second, int third)
{
    struct parity_case c;
    char file[96];
    const int want[3] = {first, second, third};
    snprintf(file, sizeof file, "%s%s", name[0] == '.' ? FRAME : WEB,
             name[0] == '.' ? name + 1 : name);
    if (parity_open(&c, run, frames, file)) {
        if (json_is_number(c.want_json))
            parity_number(&c, first, json_number_value(c.want_json), PARITY_E);
        for (size_t i = 0; i < json_array_size(c.want_json) && i < 3; i++)
            parity_number(&c, want[i], json_number_value(json_array_get(c.want_json, i)), PARITY_E);
    }
    parity_close(&c);
}

static bool plan(struct parity_case *c, const struct fus_npy *picture, struct fus_tiles *tiles)
{
    if (fus_tiles_plan((int)picture->shape[1], (int)picture->shape[0], tile, SCALE, tiles))
        return true;
    parity_fail(c, "no tiles");
    return false;
}

static void tile_numbers(struct parity *run)
{
    struct fus_tiles tiles = {0};
    if (!fus_tiles_plan(96, 80, tile, SCALE, &tiles))
        return;
    numbers(run, ".reference/crop_shape.json", tiles.height, tiles.width, 3);
    numbers(run, "model_size.json", tile[0], tile[1], tile[2]);
    numbers(run, "model_scale.json", SCALE, 0, 0);
    numbers(run, "tile_count.json", tiles.columns * tiles.rows, 0, 0);
    numbers(run, "pad_width.json", tiles.padded_width, 0, 0);
    numbers(run, "pad_height.json", tiles.padded_height, 0, 0);
}

static void raw_tile(struct parity *run, int index)
{
    struct parity_case c;
    char file[96];
    snprintf(file, sizeof file, WEB "tile_%d/raw.npy", index);
    if (parity_open(&c, run, frames, file)) {
        const struct fus_npy *picture = parity_input(&c, CUT);
        struct fus_plane crop = {0};
        struct fus_tiles tiles;
        if (picture && plan(&c, picture, &tiles) && parity_make_picture(&c, 64, 64, &crop)) {
            const struct fus_plane plane = parity_plane(picture);
            fus_tile_take(&tiles, &plane, index, 0, &crop);
            parity_picture(&c, &crop, PARITY_E);
        }
        fus_free(crop.data);
    }
    parity_close(&c);
}

/* A net's output as one tile without borders that fills its picture: every value is compared. */
static void normalised_tile(struct parity *run, int index)
{
    static const int whole[3] = {64, 0, 0};
    struct parity_case c;
    char file[96], raw[96];
    snprintf(file, sizeof file, WEB "tile_%d/normalized.npy", index);
    snprintf(raw, sizeof raw, WEB "tile_%d/forward_output.npy.gz", index);
    if (parity_open(&c, run, frames, file)) {
        const struct fus_npy *output = parity_input(&c, raw);
        struct fus_plane picture = {0};
        struct fus_tiles tiles;
        if (output && fus_npy_f32(output) && output->count == (size_t)3 * 256 * 256 &&
            fus_tiles_plan(64, 64, whole, SCALE, &tiles) &&
            parity_make_picture(&c, 256, 256, &picture)) {
            fus_tile_put(&tiles, fus_npy_f32(output), 0, 0, &picture);
            parity_picture(&c, &picture, PARITY_E);
        }
        fus_free(picture.data);
    }
    parity_close(&c);
}

/* Rows 0..223 come from the first two tiles alone. */
static void merged(struct parity *run)
{
    struct parity_case c;
    struct fus_error err = {0};
    if (parity_open(&c, run, frames, WEB "enhance_frame_output.npy")) {
        const struct fus_npy *picture = parity_input(&c, CUT);
        const struct fus_npy *first = parity_input(&c, WEB "tile_0/forward_output.npy.gz"),
                             *second = parity_input(&c, WEB "tile_1/forward_output.npy.gz");
        FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
        struct fus_plane large = {0}, plain = {0};
        struct fus_tiles tiles;
        if (picture && first && second && resampler && plan(&c, picture, &tiles) &&
            parity_make_picture(&c, 384, 320, &large) &&
            parity_make_picture(&c, 384, 320, &plain)) {
            const struct fus_plane from = parity_plane(picture);
            fus_tile_put(&tiles, fus_npy_f32(first), 0, 0, &large);
            fus_tile_put(&tiles, fus_npy_f32(second), 1, 0, &large);
            if (parity_ok(&c,
                          fus_resample_u8(resampler, &from, &plain, FUS_RESAMPLE_BILINEAR, &err),
                          &err)) {
                fus_blend_u8(&plain, &large, 0.8, &large);
                parity_part_u8(&c, large.data, 0, (size_t)224 * 384 * 3, PARITY_E);
            }
        }
        fus_free(large.data);
        fus_free(plain.data);
    }
    parity_close(&c);
}

void parity_golden_frame_enhancer(struct parity *run)
{
    static const char *const weights[] = {WEB "tile_0/forward_output.npy.gz",
                                          WEB "tile_1/forward_output.npy.gz"};
    struct fus_lut lut;
    cut(run);
    tile_numbers(run);
    fus_lut_unit(&lut, true);
    for (int i = 0; i < 2; i++) {
        char file[96], raw[96];
        raw_tile(run, i);
        snprintf(file, sizeof file, WEB "tile_%d/input.npy", i);
        snprintf(raw, sizeof raw, WEB "tile_%d/raw.npy", i);
        parity_row_tensor(run, frames, file, raw, &lut, true);
        normalised_tile(run, i);
    }
    merged(run);
    parity_needs_weights(run, frames, weights, FUS_COUNT(weights));
}

/* ---- face_debugger ---- */

static const char debugger[] = "processors2/face_debugger";
#define DEBUG "processors2/face_debugger/"

static void debugger_source(struct parity *run)
{
    struct parity_case c;
    struct fus_error err = {0};
    if (parity_open(&c, run, debugger, PARITY_D)) {
        FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
        const struct fus_npy *s = parity_input(&c, PARITY_S);
        struct fus_plane to = {0};
        if (s && resampler && parity_make_picture(&c, 384, 384, &to)) {
            const struct fus_plane from = parity_plane(s);
            if (parity_ok(&c, fus_resample_u8(resampler, &from, &to, FUS_RESAMPLE_BILINEAR, &err),
                          &err))
                parity_picture(&c, &to, PARITY_E);
        }
        fus_free(to.data);
    }
    parity_close(&c);
}

static void angle(struct parity *run)
{
    struct parity_case c;
    if (parity_open(&c, run, debugger, DEBUG "angle.json")) {
        const struct fus_npy *from = parity_input(&c, DEBUG "landmark_68_5.npy");
        struct fus_point points[68];
        if (from && parity_points(from, points, 68) == 68)
            parity_number(&c, fus_face_angle(points), json_number_value(c.want_json), PARITY_E);
    }
    parity_close(&c);
}

/* Runs the processor itself. */
static int debug(const struct fus_npy *d, const struct fus_face *face, struct fus_image *image,
                 struct fus_error *err)
{
    const struct fus_processor_descriptor *descriptor = fus_processor_find("face_debugger");
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = fus_params_new(fus_processors_schema());
    struct fus_processor *processor = NULL;
    const struct fus_plane from = parity_plane(d);
    int rc = descriptor && params ? 0 : FUS_E_INTERNAL;
    if (!rc)
        rc = fus_models_open(NULL, NULL, &models, err);
    if (!rc)
        rc = fus_params_take_text(params, "face_debugger_items", "face-landmark-5/68 face-mask",
                                  err);
    if (!rc)
        rc = fus_image_alloc(image, FUS_PIXEL_BGR8, from.width, from.height, err);
    if (rc)
        return rc;
    for (int y = 0; y < from.height; y++)
        memcpy(image->plane[0] + y * image->stride_bytes[0], from.data + y * from.stride_bytes,
               (size_t)from.width * 3);
    const struct fus_processor_context context = {.params = params, .models = models, .threads = 1};
    struct fus_processor_frame frame = {.image = image,
                                        .faces = &face,
                                        .face_count = 1,
                                        .changed = {0, 0, from.width, from.height}};
    rc = descriptor->open(&context, &processor, err);
    if (!rc)
        rc = descriptor->process(processor, &frame, err);
    descriptor->close(processor);
    return rc;
}

static void rendered(struct parity *run)
{
    struct parity_case c;
    struct fus_error err = {0};
    if (parity_open(&c, run, debugger, DEBUG "rendered_frame.npy")) {
        const struct fus_npy *d = parity_input(&c, PARITY_D),
                             *five = parity_input(&c, DEBUG "landmark_5_68.npy"),
                             *five_of = parity_input(&c, DEBUG "landmark_5.npy"),
                             *box = parity_input(&c, DEBUG "bounding_box.npy");
        FUS_AUTO_FREE struct fus_face *face = fus_calloc(1, sizeof *face);
        FUS_AUTO_IMAGE struct fus_image image = {0};
        if (d && five && five_of && box && face && parity_points(five, face->points_5, 5) == 5 &&
            parity_points(five_of, face->detector_5, 5) == 5) {
            face->box = (struct fus_box){(float)fus_npy_at(box, 0), (float)fus_npy_at(box, 1),
                                         (float)fus_npy_at(box, 2), (float)fus_npy_at(box, 3)};
            if (parity_ok(&c, debug(d, face, &image, &err), &err)) {
                const struct fus_plane got = {image.plane[0], image.stride_bytes[0], image.width,
                                              image.height, 3};
                parity_picture(&c, &got, PARITY_E);
            }
        }
    }
    parity_close(&c);
}

void parity_golden_debugger(struct parity *run)
{
    static const char *const weights[] = {DEBUG "bounding_box.npy", DEBUG "landmark_5.npy",
                                          DEBUG "landmark_68.npy", DEBUG "landmark_68_5.npy"};
    debugger_source(run);
    parity_row_equals(run, debugger, DEBUG "landmark_5_68.npy", DEBUG "landmark_5.npy", -1);
    parity_row_equals(run, debugger, DEBUG "landmark_68.npy", DEBUG "landmark_68_5.npy", -1);
    angle(run);
    rendered(run);
    parity_needs_weights(run, debugger, weights, FUS_COUNT(weights));
}
