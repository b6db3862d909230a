/* Follows faces through a clip: detector every tenth frame or when a track is lost, landmarker on the
 * last raw points in between, One Euro filter on the 68 points (design: docs/ARCHITECTURE.md, faces).
 * One tracker belongs to one thread and one clip. */
#ifndef FUS_FACES_TRACKER_H
#define FUS_FACES_TRACKER_H

#include <stdint.h>

#include "faces/analyser.h"

struct fus_tracker_options {
    int detect_every;          /* frames; 0: 10 */
    double filter_min_hz;      /* One Euro; 0: 2.0 */
    double filter_beta;        /* 0: 15 */
    double filter_derivative_hz; /* 0: 3 */
};

struct fus_tracker;
int fus_tracker_new(struct fus_analyser *analyser, const struct fus_tracker_options *options,
                    struct fus_tracker **tracker, struct fus_error *err) FUS_MUST_CHECK;
void fus_tracker_free(struct fus_tracker *tracker);
FUS_CLEANUP_DEFINE(fus_tracker_free, struct fus_tracker *)

/* Frames in presentation order, pts_us rising. Faces come with track_id, fresh, age_s. wanted_track:
 * >= 0: only this track is landmarked in between detections (reference mode), -1: all. */
int fus_tracker_next(struct fus_tracker *tracker, const struct fus_image *image, int64_t pts_us,
                     int wanted_track, struct fus_faces *faces, struct fus_error *err)
    FUS_MUST_CHECK;

#endif
