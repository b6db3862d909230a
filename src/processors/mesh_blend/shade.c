#include "processors/mesh_blend/shade.h"

#include <math.h>

#include "processors/mesh_blend/geometry.h"
#include "vision/simd.h"

#define LAB_FOOT 16.0f    /* L + 16, a and b all go with the cube root of the light */
#define ROOM 0.8f         /* of the contrast: the most that is kept of what exceeds it */
#define HIGHLIGHT 2.0f    /* skin shines: times the contrast before it is limited */
#define SMOOTH_PART 0.25f /* of the contrast that is left to what should be smooth */
#define ALIEN_PART 0.4f   /* of the difference taken from what is no skin */
#define DARK_START 2.0f   /* lightness below the skin's from which colour is held */
#define DARK_FULL 12.0f
#define COLOUR_PART 0.85f /* of its deviation taken from dark skin */

/* size, as it is up to free, then ever less, never more than free + room. */
FUS_SIMD_INLINE float soften(float size, float free, float room)
{
    const float over = size - free > 0.0f ? size - free : 0.0f;
    return (size < free ? size : free) + room * over / (room + over);
}

FUS_SIMD_CLONES static void limit_pixels(const struct fus_shade *shade, float *restrict change_l,
                                         float *restrict change_a, float *restrict change_b,
                                         size_t count)
{
    const float *l = shade->drawn[0], *a = shade->drawn[1], *b = shade->drawn[2];
    const float *sl = shade->skin[0], *sa = shade->skin[1], *sb = shade->skin[2];
    const float *bare = shade->bare, *smooth = shade->smooth, *alien = shade->alien;
    const float contrast = shade->contrast;
    for (size_t i = 0; i < count; i++) {
        const float off = l[i] - sl[i];
        const float part = 1.0f - (1.0f - SMOOTH_PART) * smooth[i];
        const float shine = HIGHLIGHT + (1.0f - HIGHLIGHT) * smooth[i];
        const float free = contrast * part * (off < 0.0f ? 1.0f : shine);
        float kept = soften(fabsf(off), free, ROOM * contrast * part);
        kept = off < 0.0f ? -kept : kept;
        const float other = ALIEN_PART * alien[i];
        kept *= 1.0f - other;
        change_l[i] = bare[i] * (kept - off);

        const float lightness = l[i] + change_l[i];
        float light = (lightness + LAB_FOOT) / (sl[i] + LAB_FOOT);
        light = light > 0.0f ? light : 0.0f;
        light = light < 1.0f ? light : 1.0f;
        float dark = (sl[i] - lightness - DARK_START) * (1.0f / (DARK_FULL - DARK_START));
        dark = dark > 0.0f ? dark : 0.0f;
        dark = dark < 1.0f ? dark : 1.0f;
        dark *= COLOUR_PART;
        const float strange = other * bare[i];
        const float held = dark > strange ? dark : strange;
        change_a[i] = held * (sa[i] * light - a[i]);
        change_b[i] = held * (sb[i] * light - b[i]);
    }
}

void fus_shade_limit(const struct fus_shade *shade, float *const change[3], size_t count)
{
    limit_pixels(shade, change[0], change[1], change[2], count);
}
