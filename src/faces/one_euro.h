/* One Euro filter on the 68 points of a face (Casiez, Roussel, Vogel, CHI 2012): a low pass whose
 * cut-off rises with speed, so that a head at rest does not tremble and a moving one is not late.
 *
 * Speeds are in eye distances a second, the eye distance being a running mean, so that one set of
 * constants fits faces of all sizes. A point's cut-off follows the faster of its own speed and the
 * median speed of the face: a turning head takes its slow points along. Plain state, one per track.
 */
#ifndef FUS_FACES_ONE_EURO_H
#define FUS_FACES_ONE_EURO_H

#include <stdbool.h>

#include "base/image.h"

#define FUS_ONE_EURO_POINTS 68

struct fus_one_euro_options {
    double min_hz;        /* cut-off at rest */
    double beta;          /* Hz for each eye distance a second */
    double derivative_hz; /* cut-off of the speed's own low pass */
};

struct fus_one_euro {
    bool started;
    float eye_distance; /* running mean */
    struct fus_point filtered[FUS_ONE_EURO_POINTS];
    struct fus_point speed[FUS_ONE_EURO_POINTS]; /* eye distances a second, low-passed */
    struct fus_point last_raw[FUS_ONE_EURO_POINTS];
};

/* Drops the state: the next points pass unchanged. */
void fus_one_euro_reset(struct fus_one_euro *filter);
/* dt_s > 0: time since the last points. out may be raw. */
void fus_one_euro_apply(struct fus_one_euro *filter, const struct fus_one_euro_options *options,
                        const struct fus_point raw[FUS_ONE_EURO_POINTS], float eye_distance,
                        double dt_s, struct fus_point out[FUS_ONE_EURO_POINTS]);

#endif
