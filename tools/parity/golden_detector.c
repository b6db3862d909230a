/* face_detector/: margins, inputs, decoding and suppression of FaceFusion's detectors. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "faces/decode.h"
#include "faces/detector.h"
#include "faces/detector_net.h"
#include "golden.h"
#include "golden_support.h"
#include "vision/nms.h"
#include "vision/resample.h"

static const char family[] = "face_detector";
#define T 0.5F

static void margins(struct parity *run)
{
    struct parity_case c;
    const json_t *item;
    size_t i;
    if (parity_open(&c, run, family, "face_detector/prepare_margin_cases.json")) {
        const struct fus_npy *s = parity_input(&c, PARITY_S);
        json_array_foreach(c.want_json, i, item)
        {
            const json_t *margin = json_object_get(item, "margin"),
                         *padding = json_object_get(item, "result");
            int percent[4], pixels[4];
            for (size_t k = 0; k < 4; k++)
                percent[k] = (int)json_number_value(json_array_get(margin, k));
            if (!s || json_array_size(padding) != 4)
                break;
            fus_detector_padding(percent, (int)s->shape[1], (int)s->shape[0], pixels);
            for (size_t k = 0; k < 4; k++)
                parity_number(&c, pixels[k], json_number_value(json_array_get(padding, k)),
                              PARITY_E);
        }
    }
    parity_close(&c);
}

/* ---- inputs ---- */

/* S as the nets see it: shrunk, in the top left of a black square. */
static bool see(struct parity_case *c, const struct fus_npy *picture, int size,
                struct fus_plane *square)
{
    FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
    struct fus_error err = {0};
    const struct fus_plane from = parity_plane(picture);
    const struct fus_detector_fit fit = fus_detector_fit_of(from.width, from.height, size);
    if (!resampler || !parity_make_picture(c, size, size, square))
        return false;
    struct fus_plane part = *square;
    part.width = fit.width;
    part.height = fit.height;
    return parity_ok(c, fus_resample_u8(resampler, &from, &part, FUS_RESAMPLE_BILINEAR, &err),
                     &err);
}

static void input(struct parity *run, const char *name, const struct fus_lut *lut)
{
    struct parity_case c;
    char file[96];
    snprintf(file, sizeof file, "face_detector/model_input/source_640x640/%s.npy.gz", name);
    if (parity_open(&c, run, family, file)) {
        const struct fus_npy *s = parity_input(&c, PARITY_S);
        const size_t plane = (size_t)640 * 640;
        FUS_AUTO_FREE float *tensor = fus_calloc(3 * plane, sizeof(float));
        struct fus_plane square = {0};
        if (s && tensor && c.want->count == 3 * plane && see(&c, s, 640, &square)) {
            fus_lut_chw(lut, &square, tensor, plane, 640);
            parity_f32(&c, tensor, PARITY_E);
        }
        fus_free(square.data);
    }
    parity_close(&c);
}

static void inputs(struct parity *run)
{
    struct fus_lut lut;
    fus_lut_offset(&lut, 0, 1, false);
    input(run, "raw", &lut);
    fus_lut_offset(&lut, 127.5F, 128, false);
    input(run, "normalized_m1_1", &lut);
    fus_lut_unit(&lut, false);
    input(run, "normalized_0_1", &lut);
}

/* ---- decoding ---- */

enum detector { SCRFD, YUNET, YOLO };
struct recording {
    enum detector detector;
    const char *folder, *picture;
    double score_tolerance, tolerance;
};

static const struct fus_npy *raw_output(struct parity_case *c, const struct recording *recording,
                                        int index)
{
    char file[120];
    if (recording->detector == YOLO)
        snprintf(file, sizeof file, "%s/constructed_raw_output.npy.gz", recording->folder);
    else
        snprintf(file, sizeof file, "%s/derived_raw_output_%02d.npy.gz", recording->folder, index);
    return parity_input(c, file);
}

/* The recorded outputs of one stride through our decoder. */
static bool decode_level(struct parity_case *c, const struct recording *recording,
                         const struct fus_decode *decode, int level, struct fus_findings *findings)
{
    const struct fus_npy *outputs[4] = {0};
    struct fus_error err = {0};
    int stride = 8 << level, kinds = recording->detector == SCRFD ? 3 : 4;
    const struct fus_grid grid = {640 / stride, 640 / stride, stride};
    for (int kind = 0; kind < kinds; kind++) {
        outputs[kind] = raw_output(c, recording, kind * 3 + level);
        if (!outputs[kind])
            return false;
    }
    int rc = recording->detector == SCRFD
                 ? fus_decode_scrfd(decode, &grid, fus_npy_f32(outputs[0]), fus_npy_f32(outputs[1]),
                                    fus_npy_f32(outputs[2]), findings, &err)
                 : fus_decode_yunet(decode, &grid, FUS_SCORE_PRODUCT, fus_npy_f32(outputs[0]),
                                    fus_npy_f32(outputs[1]), fus_npy_f32(outputs[2]),
                                    fus_npy_f32(outputs[3]), findings, &err);
    return parity_ok(c, rc, &err);
}

static bool decode_all(struct parity_case *c, const struct recording *recording,
                       struct fus_findings *findings)
{
    const struct fus_npy *picture = parity_input(c, recording->picture);
    struct fus_error err = {0};
    if (!picture)
        return false;
    const struct fus_detector_fit fit =
        fus_detector_fit_of((int)picture->shape[1], (int)picture->shape[0], 640);
    const struct fus_decode decode = {fit.ratio_x, fit.ratio_y, T, true};
    if (recording->detector == YOLO) {
        const struct fus_npy *output = raw_output(c, recording, 0);
        return output && parity_ok(c,
                                   fus_decode_yolo(&decode, fus_npy_f32(output), output->shape[2],
                                                   findings, &err),
                                   &err);
    }
    for (int level = 0; level < 3; level++)
        if (!decode_level(c, recording, &decode, level, findings))
            return false;
    return true;
}

enum part { BOXES, SCORES, POINTS };

static void compare_part(struct parity_case *c, const struct recording *recording, enum part part,
                         const struct fus_findings *findings)
{
    size_t count = c->want->shape[0];
    if (findings->count != count) {
        parity_fail(c, "%zu candidates, recorded are %zu", findings->count, count);
        return;
    }
    if (part == BOXES)
        parity_f64(c, &findings->boxes[0][0], parity_f(recording->tolerance));
    else if (part == POINTS)
        parity_f64(c, &findings->points_5[0][0][0], parity_f(recording->tolerance));
    else
        parity_f32(c, findings->scores, parity_f(recording->score_tolerance));
}

static void decoded(struct parity *run, const struct recording *recording)
{
    static const struct {
        const char *name;
        enum part part;
    } files[] = {
        {"bounding_boxes", BOXES},    {"detect_faces_bounding_boxes", BOXES},
        {"face_scores", SCORES},      {"detect_faces_face_scores", SCORES},
        {"face_landmarks_5", POINTS}, {"detect_faces_face_landmarks_5", POINTS},
    };
    for (size_t i = 0; i < FUS_COUNT(files); i++) {
        struct parity_case c;
        char file[120];
        snprintf(file, sizeof file, "%s/%s.npy", recording->folder, files[i].name);
        if (parity_open(&c, run, family, file)) {
            struct fus_findings findings = {0};
            if (decode_all(&c, recording, &findings))
                compare_part(&c, recording, files[i].part, &findings);
            fus_findings_done(&findings);
        }
        parity_close(&c);
    }
}

/* ---- suppression: which of the recorded candidates survives ---- */

static void survivor(struct parity *run, const char *folder, size_t wanted)
{
    struct parity_case c;
    char boxes_file[120], scores_file[120];
    snprintf(boxes_file, sizeof boxes_file, "%s/detect_faces_bounding_boxes.npy", folder);
    snprintf(scores_file, sizeof scores_file, "%s/detect_faces_face_scores.npy", folder);
    if (parity_open(&c, run, "face_detector NMS", boxes_file)) {
        const struct fus_npy *scores = parity_input(&c, scores_file);
        double boxes[32][4];
        float score[32];
        size_t order[32], count = FUS_MIN(c.want->shape[0], (size_t)32);
        if (scores && scores->count >= count) {
            for (size_t i = 0; i < 4 * count; i++)
                boxes[i / 4][i % 4] = fus_npy_at(c.want, i);
            for (size_t i = 0; i < count; i++)
                score[i] = (float)fus_npy_at(scores, i);
            size_t kept = fus_nms_boxes((const double(*)[4])boxes, score, count, T,
                                        fus_detector_iou(1, 1), order, 32);
            parity_number(&c, (double)kept, 1, PARITY_E);
            parity_number(&c, kept ? (double)order[0] : -1, (double)wanted, PARITY_E);
        }
    }
    parity_close(&c);
}

static void need_weights(struct parity *run)
{
    static const char *const files[] = {
        "face_detector/retinaface/source_640x640/bounding_boxes.npy",
        "face_detector/retinaface/source_640x640/detect_faces_bounding_boxes.npy",
        "face_detector/retinaface/source_640x640/face_scores.npy",
        "face_detector/retinaface/source_640x640/detect_faces_face_scores.npy",
        "face_detector/retinaface/source_640x640/face_landmarks_5.npy",
        "face_detector/retinaface/source_640x640/detect_faces_face_landmarks_5.npy",
        "face_detector/retinaface/source_320x320/bounding_boxes.npy",
        "face_detector/retinaface/source_320x320/detect_faces_bounding_boxes.npy",
        "face_detector/retinaface/source_320x320/face_scores.npy",
        "face_detector/retinaface/source_320x320/detect_faces_face_scores.npy",
        "face_detector/retinaface/source_320x320/face_landmarks_5.npy",
        "face_detector/retinaface/source_320x320/detect_faces_face_landmarks_5.npy",
    };
    parity_needs_weights(run, family, files, FUS_COUNT(files));
}

void parity_golden_detector(struct parity *run)
{
    static const struct recording recordings[] = {
        {SCRFD, "face_detector/scrfd/source_640x640", PARITY_S, 2e-7, 1e-4},
        {YUNET, "face_detector/yunet/source_640x640", PARITY_S, 0, 1e-4},
        {YOLO, "face_detector/yolo_face/source_640x640", PARITY_S, 1e-6, 1e-3},
        {YOLO, "face_detector/yolo_face/video_frame_0_640x640", PARITY_V0, 1e-6, 1e-3},
    };
    margins(run);
    inputs(run);
    parity_row_equals(run, family, "face_detector/video/target_240p_frame_0.npy", PARITY_V0, -1);
    for (size_t i = 0; i < FUS_COUNT(recordings); i++)
        decoded(run, &recordings[i]);
    need_weights(run);
    survivor(run, "face_detector/retinaface/source_320x320", 3);
    survivor(run, "face_detector/retinaface/source_640x640", 0);
    survivor(run, recordings[0].folder, 0);
    survivor(run, recordings[2].folder, 4);
    survivor(run, recordings[3].folder, 2);
    survivor(run, recordings[1].folder, 3);
}
