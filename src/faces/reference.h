/* Reference without a recognizer: the face of the reference frame, followed by its track and found
 * again by place and size after a miss. Plain state, one per clip, one thread. */
#ifndef FUS_FACES_REFERENCE_H
#define FUS_FACES_REFERENCE_H

#include "faces/selector.h"

struct fus_reference {
    bool set;
    int track_id;
    struct fus_point centre; /* last place */
    float eye_distance;      /* last size */
    int missed_frames;
};
/* Picks the face at `position` (clamped to the last one) of faces ordered by `order`; false if
 * there is no face at all. */
bool fus_reference_pick(struct fus_reference *reference, const struct fus_faces *faces,
                        enum fus_selector_order order, int position);
/* Index of the reference face among this frame's faces, or -1. Updates place and size. */
int fus_reference_follow(struct fus_reference *reference, const struct fus_faces *faces);

#endif
