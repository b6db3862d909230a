/* Which colours are skin: a median colour with a spread, and what it makes of a Lab picture. */
#ifndef FUS_PROCESSORS_MESH_BLEND_SKIN_H
#define FUS_PROCESSORS_MESH_BLEND_SKIN_H

#include <stdbool.h>

#include "processors/mesh_blend/atlas.h"

struct fus_skin {
    float middle[3], spread[3]; /* L a b */
    bool sure;                  /* enough pixels were seen; else no mask should trust it */
};

/* From the pixels whose seed and gate are above 0.5 (gate may be NULL); too few: from the whole
 * face. values: scratch of the atlas' size. */
void fus_skin_learn(const struct fus_atlas *atlas, float *const lab[3], const float *gate,
                    float *values, struct fus_skin *skin);
/* 1 like skin, 0 not; outside the face 0. */
void fus_skin_like(const struct fus_atlas *atlas, const struct fus_skin *skin, float *const lab[3],
                   float *like);
/* What of the face is covered by something else (hair, hat, scarf): the unlike pixels away from
 * features, grown by `grow` eye distances and softened. map may not be like; scratch as
 * fus_blur_scratch. */
void fus_skin_covered(const struct fus_atlas *atlas, const float *like, float grow, float *map,
                      float *scratch);

#endif
