/* From the output tensors of FaceFusion's detectors to findings, in the precision that FaceFusion
 * has (spec/pipeline.md 4.5 to 4.7, corrections.md A5). Pure but for the findings' memory. */
#ifndef FUS_FACES_DECODE_H
#define FUS_FACES_DECODE_H

#include "faces/findings.h"

struct fus_decode {
    double ratio_x, ratio_y; /* the view's size over the size that the net saw it in */
    float score;             /* threshold */
    /* FaceFusion 3.8's: a level whose only hit is in row 0 counts as empty, and yolo_face's scores
     * must exceed the threshold. */
    bool compat;
};
struct fus_grid {
    int columns, rows, stride; /* cells, row by row; stride in pixels of the net's input */
};

/* retinaface, scrfd: score [cells * 2], bbox [cells * 2][4] distances to the sides, kps
 * [cells * 2][10]; all in units of the stride, from the cell's corner. */
int fus_decode_scrfd(const struct fus_decode *decode, const struct fus_grid *grid,
                     const float *score, const float *bbox, const float *kps,
                     struct fus_findings *out, struct fus_error *err) FUS_MUST_CHECK;
/* yunet: cls and obj [cells], bbox [cells][4], kps [cells][10]; the score is cls * obj or, by the
 * rule, its root. */
int fus_decode_yunet(const struct fus_decode *decode, const struct fus_grid *grid,
                     enum fus_score_rule rule, const float *cls, const float *obj,
                     const float *bbox, const float *kps, struct fus_findings *out,
                     struct fus_error *err) FUS_MUST_CHECK;
/* yolo_face: [20][columns]: centre x, centre y, width, height, score, five times x, y, confidence;
 * pixels of the net's input. In float32. */
#define FUS_YOLO_ROWS 20
int fus_decode_yolo(const struct fus_decode *decode, const float *output, size_t columns,
                    struct fus_findings *out, struct fus_error *err) FUS_MUST_CHECK;

#endif
