/* synthetic/cases.json: recorded numbers for pictures and points made from formulas. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "faces/face.h"
#include "faces/turn.h"
#include "golden.h"
#include "golden_support.h"
#include "processors/swapper/pixel_boost.h"
#include "vision/crop.h"
#include "vision/face_mask.h"
#include "vision/nms.h"
#include "vision/paste.h"

static const char family[] = "synthetic";
#define CASES "synthetic/cases.json"

/* Opens a case on one key of the file: c->want_json becomes its value. */
static bool open_key(struct parity_case *c, struct parity *run, const char *key)
{
    char title[120];
    if (!parity_open(c, run, family, CASES))
        return false;
    snprintf(title, sizeof title, "%s %s", CASES, key);
    memcpy(c->name, title, sizeof title);
    json_t *value = json_incref(json_object_get(c->want_json, key));
    json_decref(c->want_json);
    c->want_json = value;
    if (!value)
        parity_skip(c, "not in this file");
    return value != NULL;
}

static double number_at(const json_t *array, size_t index)
{
    return json_number_value(json_array_get(array, index));
}

static struct fus_point point_of(const json_t *pair)
{
    return (struct fus_point){(float)number_at(pair, 0), (float)number_at(pair, 1)};
}

static void five_points(const json_t *list, struct fus_point points[5])
{
    for (size_t i = 0; i < 5; i++)
        points[i] = point_of(json_array_get(list, i));
}

static bool template_of(const json_t *item, enum fus_template *which)
{
    static const char *const names[] = {
        [FUS_TEMPLATE_ARCFACE_112_V1] = "arcface_112_v1",
        [FUS_TEMPLATE_ARCFACE_112_V2] = "arcface_112_v2",
        [FUS_TEMPLATE_ARCFACE_128] = "arcface_128",
        [FUS_TEMPLATE_DFL_WHOLE_FACE] = "dfl_whole_face",
        [FUS_TEMPLATE_FFHQ_512] = "ffhq_512",
        [FUS_TEMPLATE_MTCNN_512] = "mtcnn_512",
        [FUS_TEMPLATE_STYLEGANEX_384] = "styleganex_384",
    };
    const char *name = json_string_value(json_object_get(item, "template"));
    for (size_t i = 0; name && i < FUS_COUNT(names); i++) {
        if (strcmp(names[i], name) == 0) {
            *which = (enum fus_template)i;
            return true;
        }
    }
    return false;
}

static bool affine_of(struct parity_case *c, const json_t *item, struct fus_affine *m)
{
    enum fus_template which;
    struct fus_point points[5];
    five_points(json_object_get(item, "points"), points);
    if (template_of(item, &which) &&
        fus_template_affine(which, points, (int)json_integer_value(json_object_get(item, "size")),
                            m))
        return true;
    parity_fail(c, "no similarity");
    return false;
}

/* A row of a matrix: the linear part to 1e-7 of the matrix's scale (upstream's solver stops that
 * far from the optimum), the shift to 5e-5 px. */
static void compare_row(struct parity_case *c, double a, double b, double shift, const json_t *row)
{
    double scale = fmax(hypot(number_at(row, 0), number_at(row, 1)), 1);
    parity_number(c, a, number_at(row, 0), parity_f(1e-7 * scale));
    parity_number(c, b, number_at(row, 1), parity_f(1e-7 * scale));
    parity_number(c, shift, number_at(row, 2), parity_f(5e-5));
}

static void similarities(struct parity *run)
{
    struct parity_case c;
    const json_t *item;
    size_t i;
    if (open_key(&c, run, "similarity")) {
        json_array_foreach(c.want_json, i, item)
        {
            const json_t *matrix = json_object_get(item, "matrix"),
                         *row0 = json_object_get(item, "matrix_row0");
            struct fus_affine m;
            if (!affine_of(&c, item, &m))
                break;
            compare_row(&c, m.xx, m.xy, m.tx, row0 ? row0 : json_array_get(matrix, 0));
            if (matrix)
                compare_row(&c, m.yx, m.yy, m.ty, json_array_get(matrix, 1));
        }
    }
    parity_close(&c);
}

/* ---- pictures made from formulas ---- */

/* G200, A150, B80; the text behind the name in the file says the formulas. */
static bool make_frame(struct parity_case *c, const char *name, struct fus_plane *plane)
{
    int size = name ? atoi(name + 1) : 0;
    if (size <= 0 || size > 1024 || !parity_make_picture(c, size, size, plane))
        return false;
    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
            uint8_t *p = plane->data + y * plane->stride_bytes + 3 * x;
            bool g = name[0] == 'G', a = name[0] == 'A';
            p[0] = (uint8_t)(g ? x : a ? 3 * x : 7 * x + 11);
            p[1] = (uint8_t)(g ? y : a ? 5 * y : 3 * y + 17);
            p[2] = (uint8_t)(g || a ? y + x : y * x + 5);
        }
    }
    return true;
}

static void compare_pixels(struct parity_case *c, const struct fus_plane *plane, const json_t *item)
{
    const char *place;
    const json_t *pixel;
    double sum = 0;
    for (int y = 0; y < plane->height; y++)
        for (int x = 0; x < 3 * plane->width; x++)
            sum += plane->data[y * plane->stride_bytes + x];
    parity_number(c, sum, json_number_value(json_object_get(item, "channel_sum")), PARITY_E);
    json_object_foreach(json_object_get(item, "pixels"), place, pixel)
    {
        int y = -1, x = -1;
        if (sscanf(place, "%d,%d", &y, &x) != 2 || y < 0 || x < 0 || y >= plane->height ||
            x >= plane->width) {
            parity_fail(c, "pixel %s is not understood", place);
            return;
        }
        for (size_t k = 0; k < 3; k++)
            parity_number(c, plane->data[y * plane->stride_bytes + 3 * x + (int)k],
                          number_at(pixel, k), PARITY_E);
    }
}

/* The matrix of a warp: a similarity of the file, a box brought to the size, or scale and shift. */
static bool warp_matrix(struct parity_case *c, const json_t *cases, const json_t *item,
                        double width, double height, struct fus_affine *m)
{
    const char *from = json_string_value(json_object_get(item, "matrix_from"));
    const json_t *box = json_object_get(item, "box"), *shift = json_object_get(item, "translation");
    double scale = json_number_value(json_object_get(item, "scale"));
    size_t index = 0;
    if (from && sscanf(from, "similarity[%zu]", &index) == 1)
        return affine_of(c, json_array_get(json_object_get(cases, "similarity"), index), m);
    if (box) {
        double sx = width / (number_at(box, 2) - number_at(box, 0));
        double sy = height / (number_at(box, 3) - number_at(box, 1));
        *m = (struct fus_affine){sx, 0, -sx * number_at(box, 0), 0, sy, -sy * number_at(box, 1)};
        return true;
    }
    *m = (struct fus_affine){scale, 0, number_at(shift, 0), 0, scale, number_at(shift, 1)};
    return shift != NULL;
}

static void warps(struct parity *run)
{
    struct parity_case c;
    const json_t *item;
    size_t i;
    if (open_key(&c, run, "warp")) {
        json_t *cases = parity_input_json(&c, CASES);
        json_array_foreach(c.want_json, i, item)
        {
            const json_t *size = json_object_get(item, "size");
            const char *what = json_string_value(json_object_get(item, "what"));
            struct fus_plane from = {0}, to = {0};
            struct fus_affine m;
            int w = (int)number_at(size, 0), h = (int)number_at(size, 1);
            if (make_frame(&c, json_string_value(json_object_get(item, "frame")), &from) &&
                parity_make_picture(&c, w, h, &to) && warp_matrix(&c, cases, item, w, h, &m)) {
                enum fus_border border =
                    what && strstr(what, "replicate") ? FUS_BORDER_REPLICATE : FUS_BORDER_BLACK;
                if (fus_crop_u8(&from, &m, border, &to))
                    compare_pixels(&c, &to, item);
            }
            fus_free(from.data);
            fus_free(to.data);
        }
        json_decref(cases);
    }
    parity_close(&c);
}

/* ---- paste ---- */

static void paste_areas(struct parity *run)
{
    struct parity_case c;
    const json_t *item;
    size_t i;
    if (open_key(&c, run, "paste_area")) {
        json_t *cases = parity_input_json(&c, CASES);
        json_array_foreach(c.want_json, i, item)
        {
            const json_t *frame = json_object_get(item, "frame_wh"),
                         *roi = json_object_get(item, "roi"),
                         *matrix = json_object_get(item, "matrix");
            int size = (int)number_at(json_object_get(item, "crop"), 0);
            struct fus_affine m, back;
            if (!warp_matrix(&c, cases, item, size, size, &m))
                break;
            const struct fus_rect rect =
                fus_paste_rect(&m, size, (int)number_at(frame, 0), (int)number_at(frame, 1));
            parity_number(&c, rect.x, number_at(roi, 0), PARITY_E);
            parity_number(&c, rect.y, number_at(roi, 1), PARITY_E);
            parity_number(&c, rect.x + rect.width, number_at(roi, 2), PARITY_E);
            parity_number(&c, rect.y + rect.height, number_at(roi, 3), PARITY_E);
            if (!fus_crop_inverse(&m, &back))
                break;
            compare_row(&c, back.xx, back.xy, back.tx - rect.x, json_array_get(matrix, 0));
            compare_row(&c, back.yx, back.yy, back.ty - rect.y, json_array_get(matrix, 1));
        }
        json_decref(cases);
    }
    parity_close(&c);
}

/* "all 1" or "1 for col < 40, else 0.3" */
static void fill_mask(const char *text, float *mask, int size)
{
    int edge = size;
    double rest = 1;
    if (text)
        (void)sscanf(text, "1 for col < %d, else %lf", &edge, &rest);
    for (int i = 0; i < size * size; i++)
        mask[i] = i % size < edge ? 1.0F : (float)rest;
}

static void pastes(struct parity *run)
{
    struct parity_case c;
    struct fus_error err = {0};
    const json_t *item;
    size_t i;
    if (open_key(&c, run, "paste")) {
        FUS_CLEANUP(fus_paste_scratch_free)
        struct fus_paste_scratch *scratch = fus_paste_scratch_new();
        json_array_foreach(c.want_json, i, item)
        {
            struct fus_plane frame = {0}, crop = {0};
            struct fus_affine m;
            int size = (int)json_integer_value(json_object_get(item, "size"));
            FUS_AUTO_FREE float *mask = fus_calloc((size_t)size * (size_t)size, sizeof(float));
            if (scratch && mask &&
                make_frame(&c, json_string_value(json_object_get(item, "frame")), &frame) &&
                make_frame(&c, json_string_value(json_object_get(item, "crop")), &crop) &&
                affine_of(&c, item, &m)) {
                const struct fus_crop_pixels pixels = {FUS_CROP_U8, crop.data, size};
                fill_mask(json_string_value(json_object_get(item, "mask")), mask, size);
                if (parity_ok(&c, fus_paste(scratch, &frame, &pixels, mask, &m, NULL, &err), &err))
                    compare_pixels(&c, &frame, item);
            }
            fus_free(frame.data);
            fus_free(crop.data);
        }
    }
    parity_close(&c);
}

/* ---- faces ---- */

static void suppression(struct parity *run)
{
    struct parity_case c;
    const json_t *item;
    size_t i;
    if (open_key(&c, run, "nms")) {
        json_array_foreach(c.want_json, i, item)
        {
            const json_t *boxes = json_object_get(item, "boxes"),
                         *scores = json_object_get(item, "scores"),
                         *keep = json_object_get(item, "keep");
            struct fus_box box[32];
            float score[32];
            size_t order[32], count = FUS_MIN(json_array_size(boxes), (size_t)32);
            for (size_t k = 0; k < count; k++) {
                const json_t *b = json_array_get(boxes, k);
                box[k] = (struct fus_box){(float)number_at(b, 0), (float)number_at(b, 1),
                                          (float)number_at(b, 2), (float)number_at(b, 3)};
                score[k] = (float)number_at(scores, k);
            }
            size_t kept = fus_nms(box, score, count,
                                  (float)json_number_value(json_object_get(item, "nms_threshold")),
                                  order, 32);
            parity_number(&c, (double)kept, (double)json_array_size(keep), PARITY_E);
            for (size_t k = 0; k < FUS_MIN(kept, json_array_size(keep)); k++)
                parity_number(&c, (double)order[k], number_at(keep, k), PARITY_E);
        }
    }
    parity_close(&c);
}

static void turned_sizes(struct parity *run)
{
    struct parity_case c;
    const json_t *item;
    size_t i;
    if (open_key(&c, run, "rotation_size")) {
        json_array_foreach(c.want_json, i, item)
        {
            const json_t *wh = json_object_get(item, "wh"), *out = json_object_get(item, "out");
            const struct fus_turn turn =
                fus_turn_of((int)number_at(wh, 0), (int)number_at(wh, 1),
                            (int)json_integer_value(json_object_get(item, "angle")));
            parity_number(&c, turn.width, number_at(out, 0), PARITY_E);
            parity_number(&c, turn.height, number_at(out, 1), PARITY_E);
        }
    }
    parity_close(&c);
}

static void turning_matrices(struct parity *run)
{
    struct parity_case c;
    const json_t *item;
    size_t i;
    if (open_key(&c, run, "rotation_matrix")) {
        json_array_foreach(c.want_json, i, item)
        {
            const json_t *wh = json_object_get(item, "wh"),
                         *matrix = json_object_get(item, "matrix");
            const struct fus_affine to =
                fus_turn_of((int)number_at(wh, 0), (int)number_at(wh, 1),
                            (int)json_integer_value(json_object_get(item, "angle")))
                    .to;
            const double got[6] = {to.xx, to.xy, to.tx, to.yx, to.yy, to.ty};
            for (size_t k = 0; k < 6; k++)
                parity_number(&c, got[k], number_at(json_array_get(matrix, k / 3), k % 3),
                              parity_f(1e-7));
        }
    }
    parity_close(&c);
}

static void face_angles(struct parity *run)
{
    struct parity_case c;
    const json_t *item;
    size_t i;
    if (open_key(&c, run, "face_angle")) {
        json_array_foreach(c.want_json, i, item)
        {
            struct fus_point points[68] = {{0, 0}};
            points[0] = point_of(json_object_get(item, "p0"));
            points[16] = point_of(json_object_get(item, "p16"));
            parity_number(&c, fus_face_angle(points),
                          json_number_value(json_object_get(item, "angle")), PARITY_E);
        }
    }
    parity_close(&c);
}

/* A picture of running numbers cut into tiles; channel 0 of the picture is blue, the tiles' third.
 */
static void boost(struct parity *run)
{
    struct parity_case c;
    if (open_key(&c, run, "pixel_boost")) {
        const json_t *tiles = json_object_get(c.want_json, "channel0_of_tiles");
        const int n = (int)json_integer_value(json_object_get(c.want_json, "n"));
        uint8_t bytes[48];
        float cut[48];
        struct fus_lut lut = {.rgb = true};
        for (int i = 0; i < 48; i++)
            bytes[i] = (uint8_t)i;
        for (int i = 0; i < 3 * 256; i++)
            lut.value[i / 256][i % 256] = (float)(i % 256);
        const struct fus_plane picture = {bytes, 12, 4, 4, 3};
        if (n == 2) {
            fus_pixel_boost_implode(&picture, n, &lut, 0, n * n, cut);
            for (size_t i = 0; i < 16; i++)
                parity_number(
                    &c, (double)cut[i / 4 * 12 + 8 + i % 4],
                    number_at(json_array_get(json_array_get(tiles, i / 4), i % 4 / 2), i % 2),
                    PARITY_E);
        }
    }
    parity_close(&c);
}

/* ---- masks ---- */

/* Every fourth row and column of a square mask; given to six decimals. */
static void compare_mask(struct parity_case *c, const float *mask, int size, const json_t *rows)
{
    for (int y = 0; y < size; y += 4)
        for (int x = 0; x < size; x += 4)
            parity_number(c, (double)mask[y * size + x],
                          number_at(json_array_get(rows, (size_t)y / 4), (size_t)x / 4),
                          parity_f(1e-5));
}

static void padded_box_mask(struct parity *run)
{
    struct parity_case c;
    if (open_key(&c, run, "box_mask_padded")) {
        const json_t *sides = json_object_get(c.want_json, "padding_top_right_bottom_left");
        int size = (int)json_integer_value(json_object_get(c.want_json, "size")), padding[4];
        FUS_AUTO_FREE float *mask = fus_calloc((size_t)size * (size_t)size, sizeof(float));
        FUS_AUTO_FREE float *scratch = fus_calloc(fus_mask_scratch(size, size), sizeof(float));
        for (size_t i = 0; i < 4; i++)
            padding[i] = (int)number_at(sides, i);
        if (mask && scratch) {
            fus_mask_box(mask, size, json_number_value(json_object_get(c.want_json, "blur")),
                         padding, scratch);
            compare_mask(&c, mask, size, json_object_get(c.want_json, "every_4th_row_and_col"));
        }
    }
    parity_close(&c);
}

static void mouth_mask(struct parity *run)
{
    struct parity_case c;
    if (open_key(&c, run, "area_mask")) {
        int size = (int)json_integer_value(json_object_get(c.want_json, "size"));
        FUS_AUTO_FREE float *mask = fus_calloc((size_t)size * (size_t)size, sizeof(float));
        FUS_AUTO_FREE float *scratch = fus_calloc(fus_mask_scratch(size, size), sizeof(float));
        struct fus_point points[68];
        for (size_t i = 0; i < 68; i++)
            points[i] = (struct fus_point){16, 16};
        points[48] = (struct fus_point){8, 8};
        points[51] = (struct fus_point){24, 8};
        points[54] = (struct fus_point){24, 24};
        points[57] = (struct fus_point){8, 24};
        if (mask && scratch) {
            fus_mask_area(mask, size, points, FUS_AREA_MOUTH, scratch);
            compare_mask(&c, mask, size, json_object_get(c.want_json, "every_4th_row_and_col"));
        }
    }
    parity_close(&c);
}

void parity_golden_synthetic(struct parity *run)
{
    similarities(run);
    warps(run);
    paste_areas(run);
    pastes(run);
    turned_sizes(run);
    turning_matrices(run);
    face_angles(run);
    suppression(run);
    boost(run);
    padded_box_mask(run);
    mouth_mask(run);
}
