/* One of FaceFusion's detectors as a net: BGR8 in, findings out (spec/pipeline.md 4.4 to 4.7).
 * Families: scrfd (and retinaface), yunet, yolo_face. One net belongs to one thread. */
#ifndef FUS_FACES_DETECTOR_NET_H
#define FUS_FACES_DETECTOR_NET_H

#include "faces/findings.h"
#include "vision/lut.h"
#include "vision/resample.h"

struct fus_detector_net;
/* true if this version has the code that runs the model. */
bool fus_detector_net_runs(const struct fus_model *model);
/* size: side of the square that the net sees; 0: 640. FUS_E_INVALID_PARAMETER for a size that the
 * model doesn't offer; FUS_E_MODEL_CORRUPT for outputs that are not its family's. */
int fus_detector_net_new(struct fus_models *models, const struct fus_model *model, int size,
                         int threads, struct fus_detector_net **net,
                         struct fus_error *err) FUS_MUST_CHECK;
void fus_detector_net_free(struct fus_detector_net *net);
FUS_CLEANUP_DEFINE(fus_detector_net_free, struct fus_detector_net *)

/* Adds what has at least this score. compat: as in struct fus_decode. */
int fus_detector_net_find(struct fus_detector_net *net, const struct fus_plane *bgr, float score,
                          bool compat, struct fus_findings *out,
                          struct fus_error *err) FUS_MUST_CHECK;

/* How a picture is fitted into a square: only made smaller, sizes truncated. */
struct fus_detector_fit {
    int width, height;       /* the picture in the square, at its top left */
    double ratio_x, ratio_y; /* picture over that */
};
struct fus_detector_fit fus_detector_fit_of(int width, int height, int size);
/* How a family's nets want their pixels; B G R. false: no such family. */
bool fus_detector_lut(const char *family, struct fus_lut *lut);
/* The picture into the top left of chw (three planes of size x size), of which the rest is left as
 * it is. small: size x size pixels of 3 bytes, for the picture made smaller. */
int fus_detector_prepare(struct fus_resampler *resampler, const struct fus_lut *lut,
                         const struct fus_plane *bgr, int size, uint8_t *small, float *chw,
                         struct fus_error *err) FUS_MUST_CHECK;

#endif
