/* face_analysis/: landmarkers, recognizer and classifier up to their inputs, and what is made of
 * their outputs. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "faces/classifier.h"
#include "faces/landmark_crop.h"
#include "faces/landmarker_net.h"
#include "faces/recognizer.h"
#include "golden.h"
#include "golden_support.h"
#include "vision/crop.h"
#include "vision/lab8.h"

static const char family[] = "face_analysis";
#define REFERENCE_POINTS "face_analysis/reference/face_landmark_5.npy"
#define LANDMARKER "face_analysis/face_landmarker/"
#define YOLO "face_detector/yolo_face/source_640x640/"

/* ---- 68-point landmarkers ---- */

static bool landmark_crop(struct parity_case *c, struct fus_landmark_crop *crop)
{
    const struct fus_npy *box = parity_input(c, LANDMARKER "bounding_box.npy");
    if (!box || box->count != 4)
        return false;
    const struct fus_box b = {(float)fus_npy_at(box, 0), (float)fus_npy_at(box, 1),
                              (float)fus_npy_at(box, 2), (float)fus_npy_at(box, 3)};
    return fus_landmark_crop_of(&b, 0, crop);
}

static void scale_and_shift(struct parity *run)
{
    struct parity_case c;
    struct fus_landmark_crop crop;
    if (parity_open(&c, run, family, LANDMARKER "2dfan4_scale.json") && landmark_crop(&c, &crop))
        parity_number(&c, crop.to_crop.xx, json_number_value(c.want_json), parity_f(1e-12));
    parity_close(&c);
    if (parity_open(&c, run, family, LANDMARKER "2dfan4_translation.npy") &&
        landmark_crop(&c, &crop)) {
        parity_number(&c, crop.to_crop.tx, fus_npy_at(c.want, 0), parity_f(1e-12));
        parity_number(&c, crop.to_crop.ty, fus_npy_at(c.want, 1), parity_f(1e-12));
    }
    parity_close(&c);
}

static void pre_contrast(struct parity *run)
{
    struct parity_case c;
    if (parity_open(&c, run, family, LANDMARKER "pre_contrast_crop.npy")) {
        const struct fus_npy *s = parity_input(&c, PARITY_S),
                             *shift = parity_input(&c, LANDMARKER "2dfan4_translation.npy");
        json_t *scale = parity_input_json(&c, LANDMARKER "2dfan4_scale.json");
        struct fus_plane crop = {0};
        if (s && shift && scale && parity_make_picture(&c, 256, 256, &crop)) {
            const struct fus_plane from = parity_plane(s);
            const double k = json_number_value(scale);
            const struct fus_affine m = {k, 0, fus_npy_at(shift, 0), 0, k, fus_npy_at(shift, 1)};
            if (fus_crop_u8(&from, &m, FUS_BORDER_BLACK, &crop))
                parity_picture(&c, &crop, PARITY_E);
        }
        fus_free(crop.data);
        json_decref(scale);
    }
    parity_close(&c);
}

static void contrast(struct parity *run)
{
    struct parity_case c;
    if (parity_open(&c, run, family, LANDMARKER "optimized_contrast_crop.npy")) {
        const struct fus_npy *from = parity_input(&c, LANDMARKER "pre_contrast_crop.npy");
        struct fus_plane crop = {0};
        if (from && parity_make_picture(&c, 256, 256, &crop) &&
            from->count == (size_t)256 * 256 * 3) {
            memcpy(crop.data, from->data, from->count);
            fus_lab8_contrast(&crop);
            parity_picture(&c, &crop, PARITY_E);
        }
        fus_free(crop.data);
    }
    parity_close(&c);
}

/* `many`: which of the two landmarkers' results counts. */
static void choice(struct parity *run)
{
    struct parity_case c;
    static const char *const files[] = {LANDMARKER "2dfan4_landmark_68.npy",
                                        LANDMARKER "peppa_wutz_landmark_68.npy"};
    if (parity_open(&c, run, family, LANDMARKER "detect_face_landmark_68.npy")) {
        json_t *fan = parity_input_json(&c, LANDMARKER "2dfan4_score.json"),
               *peppa = parity_input_json(&c, LANDMARKER "peppa_wutz_score.json");
        if (fan) {
            /* without peppa's score: it is at most 1, so 2dfan4's wins above 0.8 */
            enum fus_landmarker_choice which = fus_landmarker_choose(
                true, true, json_number_value(fan), peppa ? json_number_value(peppa) : 1);
            if (!peppa)
                c.outcome.state = PARITY_PASSED; /* not skipped for want of it */
            const struct fus_npy *chosen = parity_input(&c, files[which == FUS_LANDMARKS_PEPPA]);
            for (size_t i = 0; chosen && i < c.want->count; i++)
                parity_number(&c, fus_npy_at(chosen, i), fus_npy_at(c.want, i), PARITY_E);
        }
        json_decref(fan);
        json_decref(peppa);
    }
    parity_close(&c);
    if (parity_open(&c, run, family, LANDMARKER "detect_face_landmark_score.json")) {
        json_t *fan = parity_input_json(&c, LANDMARKER "2dfan4_score.json");
        if (fan)
            parity_number(&c, json_number_value(fan), json_number_value(c.want_json), PARITY_E);
        json_decref(fan);
    }
    parity_close(&c);
}

static void five_of_68(struct parity *run)
{
    struct parity_case c;
    if (parity_open(&c, run, family, LANDMARKER "fan_68_5_input.npy")) {
        const struct fus_npy *from = parity_input(&c, LANDMARKER "detect_face_landmark_68.npy");
        struct fus_point points[68], five[5];
        if (from && parity_points(from, points, 68) == 68) {
            fus_face_points_5(points, five);
            parity_f32(&c, &five[0].x, parity_f(1e-4));
        }
    }
    parity_close(&c);
}

/* ---- recognizer, classifier ---- */

/* embedding / norm. */
static void embedding_norm(struct parity *run, const char *of, const char *file,
                           const char *embedding)
{
    struct parity_case c;
    if (parity_open(&c, run, of, file)) {
        const struct fus_npy *from = parity_input(&c, embedding);
        float norm[FUS_EMBEDDING_SIZE];
        if (from && fus_npy_f32(from) && from->count == FUS_EMBEDDING_SIZE &&
            c.want->count == FUS_EMBEDDING_SIZE) {
            if (fus_embedding_normalise(fus_npy_f32(from), norm))
                parity_f32(&c, norm, parity_f(1e-7));
        }
    }
    parity_close(&c);
}

static void classes(struct parity *run)
{
    static const char *const genders[] = {"", "female", "male"};
    static const char *const races[] = {"",      "white",  "black", "latino",
                                        "asian", "indian", "arabic"};
    static const char *const names[] = {"race", "gender", "age"};
    for (size_t i = 0; i < FUS_COUNT(names); i++) {
        struct parity_case c;
        char file[96];
        snprintf(file, sizeof file, "face_analysis/face_classifier/%s.json", names[i]);
        if (parity_open(&c, run, family, file)) {
            const struct fus_npy *race =
                parity_input(&c, "face_analysis/face_classifier/race_id_raw.npy");
            const struct fus_npy *gender =
                parity_input(&c, "face_analysis/face_classifier/gender_id_raw.npy");
            const struct fus_npy *age =
                parity_input(&c, "face_analysis/face_classifier/age_id_raw.npy");
            struct fus_face *face = fus_calloc(1, sizeof *face);
            if (race && gender && age && face) {
                fus_classes_of((int)fus_npy_at(race, 0), (int)fus_npy_at(gender, 0),
                               (int)fus_npy_at(age, 0), face);
                const char *want = json_string_value(c.want_json);
                if (i == 0)
                    parity_number(&c, want && strcmp(want, races[face->race]) == 0, 1, PARITY_E);
                else if (i == 1)
                    parity_number(&c, want && strcmp(want, genders[face->gender]) == 0, 1,
                                  PARITY_E);
                else {
                    parity_number(&c, face->age_start,
                                  json_number_value(json_array_get(c.want_json, 0)), PARITY_E);
                    parity_number(&c, face->age_end,
                                  json_number_value(json_array_get(c.want_json, 1)), PARITY_E);
                }
            }
            fus_free(face);
        }
        parity_close(&c);
    }
}

static void crops_and_inputs(struct parity *run)
{
    static const double mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};
    struct fus_lut lut;
    parity_row_crop(run, family, "face_analysis/face_recognizer/crop_vision_frame.npy", PARITY_S,
                    REFERENCE_POINTS, FUS_TEMPLATE_ARCFACE_112_V2, 112);
    fus_lut_127(&lut, true);
    parity_row_tensor(run, family, "face_analysis/face_recognizer/input.npy",
                      "face_analysis/face_recognizer/crop_vision_frame.npy", &lut, true);
    embedding_norm(run, family, "face_analysis/face_recognizer/embedding_norm.npy",
                   "face_analysis/face_recognizer/embedding.npy");
    embedding_norm(run, "face_swapper", "face_swapper/inswapper_128/source_embedding_norm.npy",
                   "face_swapper/inswapper_128/source_embedding.npy");
    embedding_norm(run, "face_swapper", "face_swapper/ghost_1_256/source_embedding_norm.npy",
                   "face_swapper/ghost_1_256/source_embedding.npy");
    parity_row_crop(run, family, "face_analysis/face_classifier/crop_vision_frame.npy", PARITY_S,
                    REFERENCE_POINTS, FUS_TEMPLATE_ARCFACE_112_V2, 224);
    fus_lut_mixed(&lut, mean, deviation, true);
    parity_row_tensor(run, family, "face_analysis/face_classifier/input.npy.gz",
                      "face_analysis/face_classifier/crop_vision_frame.npy", &lut, true);
}

static void need_weights(struct parity *run)
{
    static const char *const files[] = {
        LANDMARKER "2dfan4_landmark_68.npy",
        LANDMARKER "2dfan4_score.json",
        LANDMARKER "peppa_wutz_landmark_68.npy",
        LANDMARKER "peppa_wutz_score.json",
        LANDMARKER "fan_68_5_output.npy",
        "face_analysis/face_recognizer/embedding.npy",
        "face_analysis/face_classifier/race_id_raw.npy",
        "face_analysis/face_classifier/gender_id_raw.npy",
        "face_analysis/face_classifier/age_id_raw.npy",
    };
    parity_needs_weights(run, family, files, FUS_COUNT(files));
}

void parity_golden_analysis(struct parity *run)
{
    struct fus_lut lut;
    parity_row_equals(run, family, "face_analysis/reference/bounding_box.npy",
                      YOLO "detect_faces_bounding_boxes.npy", 0);
    parity_row_equals(run, family, REFERENCE_POINTS, YOLO "detect_faces_face_landmarks_5.npy", 0);
    parity_row_equals(run, family, "face_analysis/reference/face_score.npy",
                      YOLO "detect_faces_face_scores.npy", 0);
    scale_and_shift(run);
    pre_contrast(run);
    contrast(run);
    fus_lut_unit(&lut, false);
    parity_row_tensor(run, family, LANDMARKER "model_input.npy.gz",
                      LANDMARKER "optimized_contrast_crop.npy", &lut, true);
    choice(run);
    five_of_68(run);
    crops_and_inputs(run);
    classes(run);
    need_weights(run);
}
