/* vision/: sizes, fitting, blending, colour matching, frame numbers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "golden.h"
#include "vision/color_match.h"
#include "vision/fit.h"

/* A picture of our own, tight. */
static bool make(struct parity_case *c, int width, int height, struct fus_plane *plane)
{
    uint8_t *data = fus_calloc((size_t)width * (size_t)height, 3);
    if (!data)
        parity_fail(c, "not enough memory");
    *plane = (struct fus_plane){data, (ptrdiff_t)width * 3, width, height, 3};
    return data != NULL;
}

/* ---- vision/image, vision/resolution ---- */

static void source_size(struct parity *run)
{
    struct parity_case c;
    if (parity_open(&c, run, "vision/image", "vision/image/source_resolution.json")) {
        const struct fus_npy *s = parity_input(&c, PARITY_S);
        for (size_t i = 0; s && i < 2; i++)
            parity_number(&c, (double)s->shape[1 - i],
                          json_number_value(json_array_get(c.want_json, i)), PARITY_E);
    }
    parity_close(&c);
}

static void packed_sizes(struct parity *run)
{
    struct parity_case c;
    const json_t *item;
    size_t i;
    if (parity_open(&c, run, "vision/resolution", "vision/resolution/pack_resolution.json")) {
        json_array_foreach(c.want_json, i, item)
        {
            const json_t *input = json_object_get(item, "input");
            const char *packed = json_string_value(json_object_get(item, "packed"));
            int width = 0, height = 0, want_width = -1, want_height = -1;
            fus_fit_even(json_number_value(json_array_get(input, 0)),
                         json_number_value(json_array_get(input, 1)), &width, &height);
            if (!packed || sscanf(packed, "%dx%d", &want_width, &want_height) != 2)
                parity_fail(&c, "entry %zu is not understood", i);
            parity_number(&c, width, want_width, PARITY_E);
            parity_number(&c, height, want_height, PARITY_E);
        }
    }
    parity_close(&c);
}

/* "WxH" as parameters write it. */
static void unpacked_sizes(struct parity *run)
{
    struct parity_case c;
    const json_t *item;
    size_t i;
    if (parity_open(&c, run, "vision/resolution", "vision/resolution/unpack_resolution.json")) {
        json_array_foreach(c.want_json, i, item)
        {
            const char *text = json_string_value(json_object_get(item, "input"));
            const json_t *output = json_object_get(item, "output");
            int width = -1, height = -1;
            if (!text || sscanf(text, "%dx%d", &width, &height) != 2)
                parity_fail(&c, "entry %zu is not understood", i);
            parity_number(&c, width, json_number_value(json_array_get(output, 0)), PARITY_E);
            parity_number(&c, height, json_number_value(json_array_get(output, 1)), PARITY_E);
        }
    }
    parity_close(&c);
}

/* ---- vision/frame ---- */

enum fit { CONTAIN, COVER, RESTRICT };

static int fit(enum fit kind, struct fus_resampler *resampler, const struct fus_plane *from,
               const struct fus_plane *to, struct fus_error *err)
{
    if (kind == CONTAIN)
        return fus_fit_contain_u8(resampler, from, to, err);
    if (kind == COVER)
        return fus_fit_cover_u8(resampler, from, to, err);
    return fus_resample_u8(resampler, from, to, FUS_RESAMPLE_BILINEAR, err);
}

static void fitted(struct parity *run, enum fit kind, int width, int height)
{
    static const char *const names[] = {"fit_contain", "fit_cover", "restrict"};
    struct parity_case c;
    struct fus_error err = {0};
    char file[96];
    snprintf(file, sizeof file, "vision/frame/%s_%dx%d.npy", names[kind], width, height);
    if (parity_open(&c, run, "vision/frame", file)) {
        FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
        const struct fus_npy *v0 = parity_input(&c, PARITY_V0);
        struct fus_plane to = {0};
        if (v0 && kind == RESTRICT)
            fus_fit_restrict((int)v0->shape[1], (int)v0->shape[0], width, height, &width, &height);
        if (v0 && resampler && make(&c, width, height, &to)) {
            const struct fus_plane from = parity_plane(v0);
            if (parity_ok(&c, fit(kind, resampler, &from, &to, &err), &err))
                parity_picture(&c, &to, PARITY_E);
        }
        fus_free(to.data);
    }
    parity_close(&c);
}

/* ---- vision/color ---- */

static void blended(struct parity *run, const char *share)
{
    struct parity_case c;
    char file[96];
    double f = 0;
    snprintf(file, sizeof file, "vision/color/blend_frame_%s.npy", share);
    if (parity_open(&c, run, "vision/color", file) && sscanf(share, "%lf", &f) == 1) {
        const struct fus_npy *v0 = parity_input(&c, PARITY_V0),
                             *v150 = parity_input(&c, PARITY_V150);
        struct fus_plane to = {0};
        if (v0 && v150 && make(&c, (int)v0->shape[1], (int)v0->shape[0], &to)) {
            const struct fus_plane a = parity_plane(v0), b = parity_plane(v150);
            fus_blend_u8(&a, &b, f, &to);
            parity_picture(&c, &to, PARITY_E);
        }
        fus_free(to.data);
    }
    parity_close(&c);
}

/* size 0: match; else equalize at that size, -1: the full one. */
static void matched(struct parity *run, const char *name, int size,
                    struct parity_tolerance tolerance)
{
    struct parity_case c;
    struct fus_error err = {0};
    char file[96];
    snprintf(file, sizeof file, "vision/color/%s.npy", name);
    if (parity_open(&c, run, "vision/color", file)) {
        FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
        const struct fus_npy *v0 = parity_input(&c, PARITY_V0),
                             *v150 = parity_input(&c, PARITY_V150);
        struct fus_plane to = {0};
        if (v0 && v150 && resampler && make(&c, (int)v0->shape[1], (int)v0->shape[0], &to)) {
            const struct fus_plane a = parity_plane(v0), b = parity_plane(v150);
            int w = size > 0 ? size : a.width, h = size > 0 ? size : a.height;
            int rc = size == 0 ? fus_color_match(resampler, &a, &b, &to, &err)
                               : fus_color_equalize(resampler, &a, &b, w, h, &to, &err);
            if (parity_ok(&c, rc, &err))
                parity_picture(&c, &to, tolerance);
        }
        fus_free(to.data);
    }
    parity_close(&c);
}

/* Facts and frames of clips that are not among the recorded values. */
static void need_media(struct parity *run)
{
    static const char *const files[] = {
        "vision/video/target_240p/duration.json",
        "vision/video/target_240p/fps.json",
        "vision/video/target_240p/frame_total.json",
        "vision/video/target_240p/resolution.json",
        "vision/video/target_1080p/duration.json",
        "vision/video/target_1080p/fps.json",
        "vision/video/target_1080p/frame_total.json",
        "vision/video/target_1080p/resolution.json",
        "vision/video/frames/target_240p_frame_1.npy",
        "vision/video/frames/target_240p_frame_50.npy",
        "vision/video/frames/target_240p_frame_269.npy",
    };
    parity_report_count(run->report, "vision/video", PARITY_SKIPPED, FUS_COUNT(files),
                        "needs the example clips");
}

void parity_golden_vision(struct parity *run)
{
    source_size(run);
    packed_sizes(run);
    unpacked_sizes(run);
    for (int kind = CONTAIN; kind <= COVER; kind++) {
        fitted(run, (enum fit)kind, 300, 300);
        fitted(run, (enum fit)kind, 600, 200);
    }
    fitted(run, RESTRICT, 200, 100);
    fitted(run, RESTRICT, 800, 800);
    blended(run, "0.0");
    blended(run, "0.25");
    blended(run, "0.75");
    blended(run, "1.0");
    matched(run, "equalize_frame_color_small", 16, (struct parity_tolerance){1, 0.001, "max 1"});
    matched(run, "equalize_frame_color_full", -1, PARITY_E);
    need_media(run);
    matched(run, "match_frame_color", 0, (struct parity_tolerance){2, 0.05, "max 2"});
}
