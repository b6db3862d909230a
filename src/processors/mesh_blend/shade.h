/* What of the donor's light and shadow may stay on the target's face. The donor is painted with its
 * own shading on the target's skin tone; where the donor lay in deep shadow, under a hat or behind
 * hair, that would look bruised. So skin may not be much darker than the target's own contrast lets
 * it, dark skin is the target's skin with less light (its hue, less colour), and what was not skin
 * in the donor becomes plain skin. */
#ifndef FUS_PROCESSORS_MESH_BLEND_SHADE_H
#define FUS_PROCESSORS_MESH_BLEND_SHADE_H

#include <stddef.h>

struct fus_shade {
    const float *drawn[3]; /* L a b of what would be drawn, low atlas */
    const float *skin[3];  /* the target's skin (or lips) around each pixel */
    const float *bare;     /* 1 where only skin belongs: lightness may be limited */
    const float *smooth;   /* 1 where neither shadows nor shine belong */
    const float *alien;    /* 1 where the donor shows no skin */
    float contrast;        /* lightness by which skin may differ freely */
};
/* change: what to add to drawn, three planes that are no plane of shade. */
void fus_shade_limit(const struct fus_shade *shade, float *const change[3], size_t count);

#endif
