/* Lights, and the colour of a place. Linear RGB. */
#ifndef PORTRAITS_SHADE_H
#define PORTRAITS_SHADE_H

#include "parts.h"

enum pt_light_kind {
    PT_LIGHT_STUDIO,
    PT_LIGHT_LEFT, /* hard, from the left of the picture */
    PT_LIGHT_RIGHT,
    PT_LIGHT_WARM,
    PT_LIGHT_COLD,
    PT_LIGHT_RIM, /* strong from behind */
    PT_LIGHT_TOP,
    PT_LIGHT_FLAT,
    PT_LIGHT_KINDS
};
extern const char *const pt_light_names[PT_LIGHT_KINDS];

struct pt_lamp {
    struct v3 towards; /* unit, from the scene to the lamp */
    struct v3 colour;
};
struct pt_lights {
    struct pt_lamp key, fill, rim; /* only the key throws shadows */
    struct v3 above, below;        /* light of the surroundings */
    float shadow_blur;             /* texels */
};
void pt_lights_make(struct pt_lights *lights, enum pt_light_kind kind);

struct pt_surface {
    enum pt_material material;
    struct v3 pos, normal, rest;
    float u, v, ao;
};
/* shadow: the key's map of this person, in camera space. */
struct v3 pt_shade(const struct pt_lights *lights, const struct pt_bust *bust,
                   const struct pt_shadow *shadow, const struct pt_surface *surface);
/* Tone curve and sRGB, 0..255 (not rounded). */
float pt_display(float linear);

#endif
