/* Which of the faces are changed: many, one, reference; orders of FaceFusion. */
#ifndef FUS_FACES_SELECTOR_H
#define FUS_FACES_SELECTOR_H

#include "faces/face.h"

enum fus_selector_mode { FUS_SELECT_MANY, FUS_SELECT_ONE, FUS_SELECT_REFERENCE };
enum fus_selector_order {
    FUS_ORDER_LEFT_RIGHT,
    FUS_ORDER_RIGHT_LEFT,
    FUS_ORDER_TOP_BOTTOM,
    FUS_ORDER_BOTTOM_TOP,
    FUS_ORDER_SMALL_LARGE,
    FUS_ORDER_LARGE_SMALL,
    FUS_ORDER_BEST_WORST,
    FUS_ORDER_WORST_BEST,
};

/* From the parameter's values ("left-right", ...); the parameter table has checked them. */
enum fus_selector_mode fus_selector_mode_parse(const char *name);
enum fus_selector_order fus_selector_order_parse(const char *name);

/* Stable sort in place (spec/pipeline.md section 12). */
void fus_faces_sort(struct fus_faces *faces, enum fus_selector_order order);

/* Reference without a recognizer: the face of the reference frame, followed by its track and found
 * again by place and size after a miss. Plain state, one per clip, one thread. */
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
