/* The painted skin of a head: colour, gloss and fine relief, over azimuth and elevation. */
#ifndef PORTRAITS_SKIN_H
#define PORTRAITS_SKIN_H

#include <stdint.h>

#include "head.h"

struct pt_texel {
    uint8_t red, green, blue; /* square roots of linear colour, 255 = 1 */
    uint8_t gloss;            /* 255 = 1 */
    int8_t slope_u, slope_v;  /* of the relief, 127 = 0.5 */
};
struct pt_skin {
    int width, height;
    float per_degree; /* texels */
    struct pt_texel *texels;
};
#define PT_SKIN_AZIMUTH 118.0f /* the texture reaches from minus to plus this */
#define PT_SKIN_TOP (-84.0f)
#define PT_SKIN_BOTTOM 80.0f

/* density: texels an eye distance; clamped to 24..260. */
int pt_skin_paint(const struct pt_person *person, const struct pt_head *head, float density,
                  struct pt_skin *skin) FUS_MUST_CHECK;
void pt_skin_done(struct pt_skin *skin);

struct pt_skin_sample {
    struct v3 albedo;
    float gloss, slope_u, slope_v;
};
/* Bilinear; u, v in texels. */
struct pt_skin_sample pt_skin_look(const struct pt_skin *skin, float u, float v);
static inline float pt_skin_u(const struct pt_skin *skin, float azimuth)
{
    return (azimuth + PT_SKIN_AZIMUTH) * skin->per_degree;
}
static inline float pt_skin_v(const struct pt_skin *skin, float elevation)
{
    return (elevation - PT_SKIN_TOP) * skin->per_degree;
}

/* Beard's share 0..1 at a canonical place. */
float pt_skin_beard(struct v3 p);
/* How far inside the hair a canonical place is (about eye distances; negative: bare skin). */
float pt_skin_hair(struct v3 p);

#endif
