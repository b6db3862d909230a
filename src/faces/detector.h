/* FaceFusion's detection (spec/pipeline.md 4): one net or several, on the picture and on turned
 * copies of it, with a margin about it; then suppression. One detector belongs to one thread. */
#ifndef FUS_FACES_DETECTOR_H
#define FUS_FACES_DETECTOR_H

#include "faces/detection.h"
#include "vision/resize.h"

#define FUS_DETECTOR_NETS_MAX 3

struct fus_detector_options {
    const struct fus_model *models[FUS_DETECTOR_NETS_MAX];
    size_t model_count;
    int size;        /* side of the square that the nets see; 0: 640 */
    double score;    /* threshold; 0 or less: the first model's */
    int margin[4];   /* percent: top right bottom left */
    int angles[4];   /* 0, 90, 180, 270; one that is there twice counts twice, as upstream */
    int angle_count; /* 0: angle 0 */
    bool compat;     /* FaceFusion 3.8's: scores must exceed the threshold; see faces/decode.h */
    bool opencv_4;   /* its warp turns pictures */
    int threads;
};

struct fus_detector;
int fus_detector_new(struct fus_models *models, const struct fus_detector_options *options,
                     struct fus_detector **detector, struct fus_error *err) FUS_MUST_CHECK;
void fus_detector_free(struct fus_detector *detector);
FUS_CLEANUP_DEFINE(fus_detector_free, struct fus_detector *)

/* At most FUS_FACES_MAX, best score first, in pixels of the picture (BGR8). Allocates nothing after
 * the first pictures of a size. */
int fus_detector_find(struct fus_detector *detector, const struct fus_plane *bgr,
                      struct fus_detection found[FUS_FACES_MAX], size_t *count,
                      struct fus_error *err) FUS_MUST_CHECK;

/* Pixels of padding for margins in percent (top right bottom left) of a picture. */
void fus_detector_padding(const int margin[4], int width, int height, int padding[4]);
/* The overlap above which the lower of two boxes is dropped, by the number of nets and angles. */
float fus_detector_iou(size_t nets, int angles);

#endif
