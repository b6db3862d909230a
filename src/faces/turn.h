/* Turned pictures, as FaceFusion turns them for faces that do not stand upright
 * (spec/pipeline.md 4.3). Pure, thread-safe. */
#ifndef FUS_FACES_TURN_H
#define FUS_FACES_TURN_H

#include "vision/affine.h"

struct fus_turn {
    struct fus_affine to, back; /* picture to turned picture, and the inverse */
    int width, height;          /* of the turned picture */
};

/* A picture of width x height turned by `degrees` counter-clockwise about its middle; the turned
 * picture is as large as it needs to be. */
struct fus_turn fus_turn_of(int width, int height, int degrees);

#endif
