/* Hair: a mass on the scalp (the cap) and strands over it that follow the style. Made once, turned
 * with the head. */
#ifndef PORTRAITS_HAIR_H
#define PORTRAITS_HAIR_H

#include "parts.h"

#define PT_STRAND_POINTS 12
struct pt_strand {
    struct v3 point[PT_STRAND_POINTS];
    float width, shade;
    int count; /* points used */
};
struct pt_hair {
    struct v3 *cap; /* like the head's grid; NULL without a cap */
    bool *covered;  /* of each grid point */
    struct pt_strand *strands;
    int strand_count;
};
/* detail: eye distance in pixels; small heads get fewer, wider strands. */
int pt_hair_make(const struct pt_person *person, const struct pt_head *head, float detail,
                 struct pt_hair *hair) FUS_MUST_CHECK;
void pt_hair_done(struct pt_hair *hair);
int pt_hair_add(const struct pt_bust *bust, const struct pt_hair *hair,
                struct pt_soup *soup) FUS_MUST_CHECK;

#endif
