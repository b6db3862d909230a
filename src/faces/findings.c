#include "faces/findings.h"

#include <math.h>

#include "base/mem.h"
#include "vision/nms.h"

/* All anchors of all detectors in four turns are fewer. */
enum { FINDINGS_MAX = 1 << 18 };

void fus_findings_done(struct fus_findings *findings)
{
    fus_free(findings->boxes);
    fus_free(findings->points_5);
    fus_free(findings->scores);
    fus_free(findings->order);
    *findings = (struct fus_findings){0};
}

static int grow(struct fus_findings *findings, struct fus_error *err)
{
    if (findings->count < findings->capacity)
        return 0;
    size_t capacity = findings->capacity > 0 ? 2 * findings->capacity : 256;
    void *boxes = NULL, *points = NULL, *scores = NULL, *order = NULL;
    if (capacity <= FINDINGS_MAX)
        boxes = fus_realloc(findings->boxes, capacity, sizeof(*findings->boxes));
    if (boxes != NULL) {
        findings->boxes = boxes;
        points = fus_realloc(findings->points_5, capacity, sizeof(*findings->points_5));
    }
    if (points != NULL) {
        findings->points_5 = points;
        scores = fus_realloc(findings->scores, capacity, sizeof(*findings->scores));
    }
    if (scores != NULL) {
        findings->scores = scores;
        order = fus_realloc(findings->order, capacity, sizeof(*findings->order));
    }
    if (order == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to look for faces.");
    findings->order = order;
    findings->capacity = capacity;
    return 0;
}

static bool all_finite(const double box[4], float score, const double points_5[5][2])
{
    double sum = (double)score + box[0] + box[1] + box[2] + box[3];
    for (int i = 0; i < 5; i++)
        sum += points_5[i][0] + points_5[i][1];
    return isfinite(sum);
}

static void turn_point(const struct fus_affine *m, double *x, double *y)
{
    double px = *x, py = *y;
    *x = m->xx * px + m->xy * py + m->tx;
    *y = m->yx * px + m->yy * py + m->ty;
}

/* All four corners are turned; the box is what holds them. */
static void turn_box(const struct fus_affine *m, double box[4])
{
    double x[4] = {box[0], box[2], box[2], box[0]}, y[4] = {box[1], box[1], box[3], box[3]};
    for (int i = 0; i < 4; i++) {
        turn_point(m, &x[i], &y[i]);
        box[0] = i == 0 ? x[i] : FUS_MIN(box[0], x[i]);
        box[1] = i == 0 ? y[i] : FUS_MIN(box[1], y[i]);
        box[2] = i == 0 ? x[i] : FUS_MAX(box[2], x[i]);
        box[3] = i == 0 ? y[i] : FUS_MAX(box[3], y[i]);
    }
}

int fus_findings_add(struct fus_findings *findings, const double box[4], float score,
                     const double points_5[5][2], struct fus_error *err)
{
    if (!all_finite(box, score, points_5))
        return 0;
    int rc = grow(findings, err);
    if (rc != 0)
        return rc;
    const struct fus_view *view = &findings->view;
    double *out = findings->boxes[findings->count];
    out[0] = FUS_MIN(box[0], box[2]) - view->left;
    out[1] = FUS_MIN(box[1], box[3]) - view->top;
    out[2] = FUS_MAX(box[0], box[2]) - view->left;
    out[3] = FUS_MAX(box[1], box[3]) - view->top;
    if (view->turned)
        turn_box(&view->back, out);
    for (int i = 0; i < 5; i++) {
        double *point = findings->points_5[findings->count][i];
        point[0] = points_5[i][0] - view->left;
        point[1] = points_5[i][1] - view->top;
        if (view->turned)
            turn_point(&view->back, &point[0], &point[1]);
    }
    findings->scores[findings->count++] = score;
    return 0;
}

size_t fus_findings_suppress(struct fus_findings *findings, float score, float iou,
                             struct fus_detection found[FUS_FACES_MAX])
{
    size_t kept = fus_nms_boxes((const double(*)[4])findings->boxes, findings->scores,
                                findings->count, score, iou, findings->order, FUS_FACES_MAX);
    for (size_t i = 0; i < kept; i++) {
        size_t k = findings->order[i];
        const double *box = findings->boxes[k];
        found[i].box = (struct fus_box){(float)box[0], (float)box[1], (float)box[2], (float)box[3]};
        found[i].score = findings->scores[k];
        for (int p = 0; p < 5; p++)
            found[i].points_5[p] = (struct fus_point){(float)findings->points_5[k][p][0],
                                                      (float)findings->points_5[k][p][1]};
    }
    return kept;
}
