/* Follows faces through a clip: detector every tenth frame or when a track is lost, landmarker on
 * the last raw points in between, One Euro filter on the 68 points (design: docs/ARCHITECTURE.md,
 * faces). One tracker belongs to one thread and one clip. */
#ifndef FUS_FACES_TRACKER_H
#define FUS_FACES_TRACKER_H

#include <stdint.h>

#include "faces/analyser.h"

struct fus_tracker_options {
    int detect_every;            /* frames; 0: 10 */
    double filter_min_hz;        /* One Euro; 0: 2.0 */
    double filter_beta;          /* 0: 15 */
    double filter_derivative_hz; /* 0: 3 */
};

/* Where a tracker's faces come from; fus_tracker_new makes one of an analyser, tests their own. The
 * functions behave like fus_analyser_detect and fus_analyser_landmarks. */
struct fus_tracker_source {
    void *context;
    int (*detect)(void *context, const struct fus_image *image,
                  struct fus_detection found[FUS_FACES_MAX], size_t *count, struct fus_error *err);
    int (*landmarks)(void *context, const struct fus_image *image, const struct fus_box *box,
                     const struct fus_point points_5[5], int passes, struct fus_face *face,
                     struct fus_error *err);
    float landmark_threshold;
    bool detects_only; /* landmarks cannot be followed: the detector looks in each frame */
};

struct fus_tracker;
/* options may be NULL. The analyser must outlive the tracker. */
int fus_tracker_new(struct fus_analyser *analyser, const struct fus_tracker_options *options,
                    struct fus_tracker **tracker, struct fus_error *err) FUS_MUST_CHECK;
int fus_tracker_new_with(const struct fus_tracker_source *source,
                         const struct fus_tracker_options *options, struct fus_tracker **tracker,
                         struct fus_error *err) FUS_MUST_CHECK;
void fus_tracker_free(struct fus_tracker *tracker);
FUS_CLEANUP_DEFINE(fus_tracker_free, struct fus_tracker *)

/* Frames in presentation order, pts_us rising. Faces come with track_id, fresh, age_s.
 * wanted_track:
 * >= 0: only this track is landmarked in between detections (reference mode), -1: all.
 *
 * A track is lost when the landmarker's score falls under its threshold or the detector has not
 * confirmed it for a second; the detector then looks in each frame for a while, and a face that
 * turns up at its place with its size gets its number again, with fresh set and age_s from 0. A
 * jump of more than 0.8 eye distances between two frames also sets fresh. A new face with a weak
 * landmark score (under 0.7) is given out from its second frame on. Boxes follow the
 * landmarks; score is the detector's last. Allocates nothing after the first frames. */
int fus_tracker_next(struct fus_tracker *tracker, const struct fus_image *image, int64_t pts_us,
                     int wanted_track, struct fus_faces *faces,
                     struct fus_error *err) FUS_MUST_CHECK;

#endif
