/* What FaceFusion's detectors find before suppression, in doubles, in the order in which it was
 * found: their order decides between equal scores. Grows and is kept. */
#ifndef FUS_FACES_FINDINGS_H
#define FUS_FACES_FINDINGS_H

#include "faces/detection.h"
#include "vision/affine.h"

/* The picture that a net looked at: the frame, turned, then padded. */
struct fus_view {
    double left, top; /* padding */
    bool turned;
    struct fus_affine back; /* turned picture to frame */
};

struct fus_findings {
    double (*boxes)[4]; /* x1 y1 x2 y2 */
    double (*points_5)[5][2];
    float *scores;
    size_t *order;
    size_t count, capacity;
    struct fus_view view; /* applied to what is added */
};
/* Takes a zeroed one, and leaves one. */
void fus_findings_done(struct fus_findings *findings);

/* Adds one, in pixels of the view; kept in pixels of the frame. One with a number that is not
 * finite is dropped. */
int fus_findings_add(struct fus_findings *findings, const double box[4], float score,
                     const double points_5[5][2], struct fus_error *err) FUS_MUST_CHECK;
/* Suppression as OpenCV's NMSBoxes (spec/pipeline.md 4.8): those with a score above `score`, best
 * first, at most FUS_FACES_MAX. Returns their number. */
size_t fus_findings_suppress(struct fus_findings *findings, float score, float iou,
                             struct fus_detection found[FUS_FACES_MAX]);

#endif
