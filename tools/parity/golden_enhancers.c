/* enhancers/: face_enhancer's crop, input, result and paste. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "golden.h"
#include "golden_support.h"
#include "processors/face_enhancer/restore.h"
#include "vision/crop.h"

static const char family[] = "enhancers/face_enhancer";
#define FACE "enhancers/face_enhancer/"
#define GPEN FACE "gpen_bfr_256/"
#define POINTS FACE "reference/face_landmark_5.npy"
#define YOLO "face_detector/yolo_face/source_640x640/"
#define SIZE 256

static void matrix(struct parity *run)
{
    struct parity_case c;
    if (parity_open(&c, run, family, GPEN "affine_matrix.npy")) {
        const struct fus_npy *points = parity_input(&c, POINTS);
        struct fus_point five[5];
        struct fus_affine m;
        if (points && parity_points(points, five, 5) == 5 &&
            fus_template_affine(FUS_TEMPLATE_ARCFACE_128, five, SIZE, &m)) {
            const double got[6] = {m.xx, m.xy, m.tx, m.yx, m.yy, m.ty};
            for (size_t i = 0; i < 6; i++)
                parity_number(&c, got[i], fus_npy_at(c.want, i), parity_f(i % 3 < 2 ? 2e-8 : 1e-5));
        }
    }
    parity_close(&c);
}

/* With upstream's own matrix the warp is bit equal. */
static void crop_by_matrix(struct parity *run)
{
    struct parity_case c;
    if (parity_open(&c, run, family, GPEN "crop_vision_frame.npy")) {
        const struct fus_npy *s = parity_input(&c, PARITY_S),
                             *from = parity_input(&c, GPEN "affine_matrix.npy");
        struct fus_plane crop = {0};
        if (s && from && from->count == 6 && parity_make_picture(&c, SIZE, SIZE, &crop)) {
            const struct fus_plane plane = parity_plane(s);
            const struct fus_affine m = {fus_npy_at(from, 0), fus_npy_at(from, 1),
                                         fus_npy_at(from, 2), fus_npy_at(from, 3),
                                         fus_npy_at(from, 4), fus_npy_at(from, 5)};
            if (fus_crop_u8(&plane, &m, FUS_BORDER_REPLICATE, &crop))
                parity_picture(&c, &crop, PARITY_E);
        }
        fus_free(crop.data);
    }
    parity_close(&c);
}

static void normalised(struct parity *run)
{
    struct parity_case c;
    if (parity_open(&c, run, family, GPEN "normalized_crop_vision_frame.npy")) {
        const struct fus_npy *raw = parity_input(&c, GPEN "forward_output.npy.gz");
        FUS_AUTO_FREE uint8_t *bgr = fus_calloc((size_t)SIZE * SIZE, 3);
        if (raw && bgr && fus_npy_f32(raw) && raw->count == (size_t)3 * SIZE * SIZE) {
            fus_restore_normalise(fus_npy_f32(raw), SIZE, bgr);
            parity_u8(&c, bgr, PARITY_E);
        }
    }
    parity_close(&c);
}

/* The crop that stands in for the net's result, pasted and blended by 80 %; outside the ROI the
 * picture stays as it was. */
static void pasted(struct parity *run)
{
    struct parity_case c;
    struct fus_error err = {0};
    if (parity_open(&c, run, family, GPEN "enhance_face_output.npy.gz")) {
        const struct fus_npy *s = parity_input(&c, PARITY_S),
                             *crop = parity_input(&c, GPEN "derived_enhance_crop.npy"),
                             *mask = parity_input(&c, GPEN "box_mask.npy"),
                             *all = parity_input(&c, YOLO "detect_faces_face_landmarks_5.npy");
        FUS_CLEANUP(fus_paste_scratch_free)
        struct fus_paste_scratch *scratch = fus_paste_scratch_new();
        FUS_AUTO_FREE uint8_t *frame = s ? fus_memdup(s->data, s->count) : NULL;
        FUS_AUTO_FREE uint8_t *kept = s ? fus_malloc(s->count) : NULL;
        struct fus_point points[50];
        struct fus_affine m;
        if (crop && mask && all && frame && kept && scratch &&
            parity_points(all, points, 50) == 50 &&
            fus_template_affine(FUS_TEMPLATE_ARCFACE_128, points + 4 * 5, SIZE, &m)) {
            struct fus_plane plane = parity_plane(s);
            const struct parity_tolerance derived = {1, 2, "max 1, 2 %"};
            const struct fus_rect roi = fus_paste_rect(&m, SIZE, plane.width, plane.height);
            plane.data = frame;
            if (parity_ok(&c,
                          fus_restore_paste(scratch, &plane, fus_npy_u8(crop), SIZE,
                                            fus_npy_f32(mask), &m, 0.8, kept, &err),
                          &err))
                parity_picture(&c, &plane, derived);
            parity_number(&c, roi.x, 81, PARITY_E);
            parity_number(&c, roi.y, 128, PARITY_E);
            parity_number(&c, roi.x + roi.width, 937, PARITY_E);
            parity_number(&c, roi.y + roi.height, 985, PARITY_E);
        }
    }
    parity_close(&c);
}

void parity_golden_face_enhancer(struct parity *run)
{
    static const double half[3] = {0.5, 0.5, 0.5};
    static const char *const weights[] = {GPEN "forward_output.npy.gz"};
    struct fus_lut lut;
    parity_row_equals(run, family, FACE "reference/bounding_box.npy",
                      YOLO "detect_faces_bounding_boxes.npy", 0);
    parity_row_equals(run, family, POINTS, YOLO "detect_faces_face_landmarks_5.npy", 0);
    matrix(run);
    crop_by_matrix(run);
    parity_row_crop(run, family, GPEN "crop_vision_frame.npy", PARITY_S, POINTS,
                    FUS_TEMPLATE_ARCFACE_128, SIZE);
    parity_row_box_mask(run, family, GPEN "box_mask.npy", SIZE);
    fus_lut_mean_std_f64(&lut, half, half, true);
    parity_row_tensor(run, family, GPEN "input.npy.gz", GPEN "crop_vision_frame.npy", &lut, true);
    normalised(run);
    pasted(run);
    parity_needs_weights(run, family, weights, FUS_COUNT(weights));
}
