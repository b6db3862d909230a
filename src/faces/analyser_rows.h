/* Which models an analyser runs. Internal to faces. */
#ifndef FUS_FACES_ANALYSER_ROWS_H
#define FUS_FACES_ANALYSER_ROWS_H

#include "faces/analyser.h"
#include "faces/detector.h"

/* NULL: not used. Either builtin_detector or detectors; either builtin_landmarker or estimator
 * with, unless it is off, one or both of fan and peppa. The estimator may also stand beside the
 * built-in landmarker. */
struct fus_analyser_rows {
    const struct fus_model *builtin_detector;
    const struct fus_model *detectors[FUS_DETECTOR_NETS_MAX];
    size_t detector_count;
    const struct fus_model *builtin_landmarker;
    const struct fus_model *fan, *peppa, *estimator;
    const struct fus_model *recognizer, *classifier;
};

int fus_analyser_rows_choose(const struct fus_models *models,
                             const struct fus_analyser_options *options,
                             struct fus_analyser_rows *rows, struct fus_error *err) FUS_MUST_CHECK;

#endif
