#include "faces/detector.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "faces/detector_net.h"
#include "faces/picture.h"
#include "faces/turn.h"
#include "vision/crop.h"

struct fus_detector {
    struct fus_detector_net *nets[FUS_DETECTOR_NETS_MAX];
    size_t net_count;
    float score;
    int margin[4], angles[4], angle_count;
    bool compat, opencv_4;
    struct fus_picture turned, padded;
    struct fus_findings findings;
};

int fus_detector_new(struct fus_models *models, const struct fus_detector_options *options,
                     struct fus_detector **out, struct fus_error *err)
{
    FUS_CLEANUP(fus_detector_free) struct fus_detector *detector = fus_calloc(1, sizeof(*detector));
    if (detector == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the face detector.");
    for (size_t i = 0; i < options->model_count; i++) {
        int rc = fus_detector_net_new(models, options->models[i], options->size, options->threads,
                                      &detector->nets[i], err);
        if (rc != 0)
            return rc;
        detector->net_count++;
    }
    detector->score =
        (float)(options->score > 0 ? options->score : options->models[0]->score_threshold);
    memcpy(detector->margin, options->margin, sizeof(detector->margin));
    memcpy(detector->angles, options->angles, sizeof(detector->angles));
    detector->angle_count = FUS_MIN(options->angle_count, (int)FUS_COUNT(detector->angles));
    if (detector->angle_count <= 0) {
        detector->angles[0] = 0;
        detector->angle_count = 1;
    }
    detector->compat = options->compat;
    detector->opencv_4 = options->opencv_4;
    *out = FUS_TAKE(detector);
    return 0;
}

void fus_detector_free(struct fus_detector *detector)
{
    if (detector == NULL)
        return;
    for (size_t i = 0; i < detector->net_count; i++)
        fus_detector_net_free(detector->nets[i]);
    fus_picture_done(&detector->turned);
    fus_picture_done(&detector->padded);
    fus_findings_done(&detector->findings);
    fus_free(detector);
}

/* ------------------------------------------------------------------ what the nets look at */

/* A percentage of a side, at most half of it, truncated. */
static int padding_of(int percent, int side)
{
    return (int)(side * (FUS_CLAMP(percent, 0, 100) * (0.5 / 100)));
}

void fus_detector_padding(const int margin[4], int width, int height, int padding[4])
{
    for (int i = 0; i < 4; i++)
        padding[i] = padding_of(margin[i], i % 2 == 0 ? height : width);
}

/* The picture in the middle of black. */
static int pad(struct fus_picture *canvas, const struct fus_plane *from, const int padding[4],
               struct fus_plane *to, struct fus_error *err)
{
    int top = padding[0], right = padding[1], bottom = padding[2], left = padding[3];
    int rc =
        fus_picture_plane(canvas, from->width + left + right, from->height + top + bottom, to, err);
    if (rc != 0)
        return rc;
    memset(to->data, 0, (size_t)to->stride_bytes * (size_t)to->height);
    for (int y = 0; y < from->height; y++)
        memcpy(to->data + (y + top) * to->stride_bytes + 3 * (ptrdiff_t)left,
               from->data + y * from->stride_bytes, 3 * (size_t)from->width);
    return 0;
}

static int turn(struct fus_picture *canvas, const struct fus_plane *from, int angle,
                enum fus_border border, struct fus_plane *to, struct fus_affine *back,
                struct fus_error *err)
{
    const struct fus_turn turned = fus_turn_of(from->width, from->height, angle);
    int rc = fus_picture_plane(canvas, turned.width, turned.height, to, err);
    if (rc == 0 && !fus_crop_u8(from, &turned.to, border, to))
        rc = fus_error_set(err, FUS_E_INTERNAL, "A picture could not be turned.");
    *back = turned.back;
    return rc;
}

/* The picture at one angle with its margin, and the way back from it. */
static int look(struct fus_detector *detector, const struct fus_plane *bgr, int angle,
                struct fus_plane *seen, struct fus_view *view, struct fus_error *err)
{
    *seen = *bgr;
    *view = (struct fus_view){.turned = angle != 0};
    int rc = 0, padding[4];
    if (view->turned)
        rc = turn(&detector->turned, bgr, angle,
                  fus_border_for(FUS_BORDER_BLACK, detector->opencv_4), seen, &view->back, err);
    if (rc != 0)
        return rc;
    fus_detector_padding(detector->margin, seen->width, seen->height, padding);
    view->top = padding[0];
    view->left = padding[3];
    struct fus_plane bare = *seen;
    if ((padding[0] | padding[1] | padding[2] | padding[3]) != 0)
        rc = pad(&detector->padded, &bare, padding, seen, err);
    return rc;
}

/* ------------------------------------------------------------------ detection */

float fus_detector_iou(size_t nets, int angles)
{
    static const float BY_ANGLES[] = {0.4f, 0.3f, 0.2f, 0.1f};
    return nets > 1 ? 0.1f : BY_ANGLES[FUS_CLAMP(angles, 1, 4) - 1];
}

int fus_detector_find(struct fus_detector *detector, const struct fus_plane *bgr,
                      struct fus_detection found[FUS_FACES_MAX], size_t *count,
                      struct fus_error *err)
{
    struct fus_findings *findings = &detector->findings;
    findings->count = 0;
    for (int i = 0; i < detector->angle_count; i++) {
        struct fus_plane seen;
        int rc = look(detector, bgr, detector->angles[i], &seen, &findings->view, err);
        for (size_t n = 0; rc == 0 && n < detector->net_count; n++)
            rc = fus_detector_net_find(detector->nets[n], &seen, detector->score, detector->compat,
                                       findings, err);
        if (rc != 0)
            return rc;
    }
    /* All that is here reached the threshold; upstream's suppression drops what is exactly at it.
     */
    float score = detector->compat ? detector->score : -INFINITY;
    float iou = fus_detector_iou(detector->net_count, detector->angle_count);
    *count = fus_findings_suppress(findings, score, iou, found);
    return 0;
}
