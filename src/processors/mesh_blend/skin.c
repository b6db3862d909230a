#include "processors/mesh_blend/skin.h"

#include <math.h>

#include "processors/mesh_blend/stats.h"
#include "vision/blur.h"
#include "vision/morph.h"
#include "vision/simd.h"

#define PIXELS_MIN 50
#define SPREAD_FACTOR (1.6f * 1.4826f) /* of the median deviation */

static const float spread_min[3] = {7.0f, 3.0f, 3.0f};
static const float spread_max[3] = {12.0f, 6.0f, 6.0f};

static size_t gather(const struct fus_atlas *atlas, const float *plane, const float *mask,
                     const float *gate, float *values)
{
    size_t found = 0;
    for (size_t i = 0; i < fus_atlas_count(atlas); i++)
        if (mask[i] > 0.5f && (!gate || gate[i] > 0.5f))
            values[found++] = plane[i];
    return found;
}

void fus_skin_learn(const struct fus_atlas *atlas, float *const lab[3], const float *gate,
                    float *values, struct fus_skin *skin)
{
    skin->sure = true;
    for (int c = 0; c < 3; c++) {
        size_t found = gather(atlas, lab[c], atlas->mask[FUS_ATLAS_SEED], gate, values);
        if (found < PIXELS_MIN) {
            skin->sure = false;
            found = gather(atlas, lab[c], atlas->mask[FUS_ATLAS_FACE], NULL, values);
        }
        const float middle = fus_stats_median(values, found);
        skin->middle[c] = middle;
        skin->spread[c] = spread_max[c];
        if (!skin->sure)
            continue;
        for (size_t i = 0; i < found; i++)
            values[i] = fabsf(values[i] - middle);
        const float spread = SPREAD_FACTOR * fus_stats_median(values, found);
        skin->spread[c] = FUS_CLAMP(spread, spread_min[c], spread_max[c]);
    }
}

FUS_SIMD_CLONES static void like_pixels(const float *l, const float *a, const float *b,
                                        const float *face, const struct fus_skin *skin, float *like,
                                        size_t count)
{
    const float ml = skin->middle[0], ma = skin->middle[1], mb = skin->middle[2];
    const float sl = 1.0f / skin->spread[0], sa = 1.0f / skin->spread[1],
                sb = 1.0f / skin->spread[2];
    for (size_t i = 0; i < count; i++) {
        float dl = (l[i] - ml) * sl;
        dl *= dl > 0.0f ? 0.7f : 1.0f; /* highlights are skin more often than shadows */
        const float da = (a[i] - ma) * sa, db = (b[i] - mb) * sb;
        const float far = sqrtf(0.6f * dl * dl + da * da + db * db);
        like[i] = face[i] * (1.0f - fus_smoothstep(far, 2.2f, 4.0f));
    }
}

void fus_skin_like(const struct fus_atlas *atlas, const struct fus_skin *skin, float *const lab[3],
                   float *like)
{
    like_pixels(lab[0], lab[1], lab[2], atlas->mask[FUS_ATLAS_FACE], skin, like,
                fus_atlas_count(atlas));
}

void fus_skin_covered(const struct fus_atlas *atlas, const float *like, float grow, float *map,
                      float *scratch)
{
    const float *free_of_features = atlas->mask[FUS_ATLAS_NO_FEATURE];
    const size_t count = fus_atlas_count(atlas);
    const float n = (float)atlas->n;
    for (size_t i = 0; i < count; i++)
        map[i] = (1.0f - like[i]) * free_of_features[i];
    fus_blur_gaussian(map, map, atlas->width, atlas->height, 0.05f * n, scratch);
    for (size_t i = 0; i < count; i++)
        map[i] = fus_smoothstep(map[i], 0.3f, 0.65f);
    const int radius = FUS_MAX((int)lrintf(grow * n), 1);
    fus_morph_dilate(map, map, atlas->width, atlas->height, radius, scratch);
    fus_blur_gaussian(map, map, atlas->width, atlas->height, 0.05f * n, scratch);
}
