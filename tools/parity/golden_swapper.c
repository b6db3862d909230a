/* face_swapper/ and face_masker/: crops, inputs, masks and what is made of a net's output. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "golden.h"
#include "golden_support.h"
#include "processors/swapper/identity.h"
#include "processors/swapper/pixel_boost.h"
#include "vision/resample.h"

static const char family[] = "face_swapper";
#define IN "face_swapper/inswapper_128/"
#define GHOST "face_swapper/ghost_1_256/"
#define YOLO "face_detector/yolo_face/source_640x640/"

static void geometry(struct parity *run, const char *folder)
{
    static const struct {
        const char *name, *from;
    } rows[] = {
        {"source_bounding_box.npy", YOLO "detect_faces_bounding_boxes.npy"},
        {"target_bounding_box.npy", YOLO "detect_faces_bounding_boxes.npy"},
        {"target_landmark_5_of_68.npy", YOLO "detect_faces_face_landmarks_5.npy"},
    };
    for (size_t i = 0; i < FUS_COUNT(rows); i++) {
        char file[120];
        snprintf(file, sizeof file, "%s%s", folder, rows[i].name);
        parity_row_equals(run, family, file, rows[i].from, 4);
    }
}

/* e E / |e|: what inswapper is told of the source. */
static void through_matrix(struct parity *run)
{
    struct parity_case c;
    if (parity_open(&c, run, family, IN "prepared_source_embedding.npy")) {
        const struct fus_npy *e = parity_input(&c, IN "source_embedding.npy"),
                             *matrix = parity_input(&c, IN "model_initializer.npy.gz");
        float values[FUS_EMBEDDING_SIZE];
        if (e && matrix && fus_npy_f32(e) && fus_npy_f32(matrix)) {
            fus_identity_through_matrix(fus_npy_f32(e), fus_npy_f32(matrix), values);
            parity_f32(&c, values, parity_f(5e-7));
        }
    }
    parity_close(&c);
}

/* face_swapper_weight 0.5 leaves the source's embedding alone. */
static void balanced(struct parity *run, const char *folder)
{
    struct parity_case c;
    char file[120], prepared[120], target[120];
    snprintf(file, sizeof file, "%ssource_input.npy", folder);
    snprintf(prepared, sizeof prepared, "%sprepared_source_embedding.npy", folder);
    snprintf(target, sizeof target, "%starget_embedding.npy", folder);
    if (parity_open(&c, run, family, file)) {
        const struct fus_npy *e = parity_input(&c, prepared), *t = parity_input(&c, target);
        float values[FUS_EMBEDDING_SIZE];
        if (e && t && fus_npy_f32(e) && fus_npy_f32(t)) {
            fus_identity_balance(fus_npy_f32(e), fus_npy_f32(t), fus_identity_weight(0.5), values);
            parity_f32(&c, values, PARITY_E);
        }
    }
    parity_close(&c);
}

static void result_f32(struct parity *run)
{
    struct parity_case c;
    if (parity_open(&c, run, family, IN "normalized_crop_frame.npy")) {
        const struct fus_npy *raw = parity_input(&c, IN "raw_model_output.npy");
        FUS_AUTO_FREE float *bgr = fus_calloc((size_t)128 * 128 * 3, sizeof(float));
        if (raw && bgr && raw->count == (size_t)128 * 128 * 3 && fus_npy_f32(raw)) {
            fus_pixel_boost_explode_f32(fus_npy_f32(raw), 1, 128, 0, 1, bgr);
            parity_f32(&c, bgr, PARITY_E);
        }
    }
    parity_close(&c);
}

static void result_f64(struct parity *run)
{
    static const double half[3] = {0.5, 0.5, 0.5};
    struct parity_case c;
    if (parity_open(&c, run, family, GHOST "normalized_crop_frame.npy.gz")) {
        const struct fus_npy *raw = parity_input(&c, GHOST "raw_model_output.npy.gz");
        FUS_AUTO_FREE double *bgr = fus_calloc((size_t)256 * 256 * 3, sizeof(double));
        if (raw && bgr && raw->count == (size_t)256 * 256 * 3 && fus_npy_f32(raw)) {
            fus_pixel_boost_explode_f64(fus_npy_f32(raw), 1, 256, 0, 1, half, half, bgr);
            parity_f64(&c, bgr, PARITY_E);
        }
    }
    parity_close(&c);
}

static void need_weights(struct parity *run)
{
    static const char *const files[] = {
        IN "source_embedding.npy",       IN "target_embedding.npy",
        IN "raw_model_output.npy",       GHOST "source_embedding.npy",
        GHOST "target_embedding.npy",    GHOST "prepared_source_embedding.npy",
        GHOST "raw_model_output.npy.gz",
    };
    static const char *const masks[] = {
        "face_masker/occlusion_mask.npy",
        "face_masker/region_mask.npy",
    };
    parity_needs_weights(run, family, files, FUS_COUNT(files));
    parity_needs_weights(run, "face_masker", masks, FUS_COUNT(masks));
}

static void masker_crop(struct parity *run)
{
    struct parity_case c;
    struct fus_error err = {0};
    if (parity_open(&c, run, "face_masker", "face_masker/crop.npy")) {
        FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
        const struct fus_npy *s = parity_input(&c, PARITY_S);
        struct fus_plane crop = {0};
        if (s && resampler && parity_make_picture(&c, 256, 256, &crop)) {
            const struct fus_plane from = parity_plane(s);
            if (parity_ok(&c, fus_resample_u8(resampler, &from, &crop, FUS_RESAMPLE_BILINEAR, &err),
                          &err))
                parity_picture(&c, &crop, PARITY_E);
        }
        fus_free(crop.data);
    }
    parity_close(&c);
}

void parity_golden_swapper(struct parity *run)
{
    static const double half[3] = {0.5, 0.5, 0.5}, zero[3] = {0, 0, 0}, one[3] = {1, 1, 1};
    struct fus_lut lut;
    masker_crop(run);
    geometry(run, IN);
    through_matrix(run);
    balanced(run, IN);
    parity_row_crop(run, family, IN "crop_vision_frame.npy", PARITY_S,
                    IN "target_landmark_5_of_68.npy", FUS_TEMPLATE_ARCFACE_128, 128);
    parity_row_box_mask(run, family, IN "box_mask.npy", 128);
    fus_lut_mean_std_f64(&lut, zero, one, true);
    parity_row_tensor(run, family, IN "target_input.npy", IN "crop_vision_frame.npy", &lut, true);
    result_f32(run);
    geometry(run, GHOST);
    balanced(run, GHOST);
    parity_row_crop(run, family, GHOST "crop_vision_frame.npy", PARITY_S,
                    GHOST "target_landmark_5_of_68.npy", FUS_TEMPLATE_ARCFACE_112_V1, 256);
    parity_row_box_mask(run, family, GHOST "box_mask.npy", 256);
    fus_lut_mean_std_f64(&lut, half, half, true);
    parity_row_tensor(run, family, GHOST "target_input.npy.gz", GHOST "crop_vision_frame.npy", &lut,
                      true);
    result_f64(run);
    need_weights(run);
}
