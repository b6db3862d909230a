#include "sampleset.h"

#include <string.h>

#include "noise.h"
#include "script.h"

void pt_sampleset_item(uint32_t seed, int index, struct pt_scene_spec *spec, struct pt_pose *pose)
{
    memset(spec, 0, sizeof(*spec));
    memset(pose, 0, sizeof(*pose));
    uint32_t state = pt_hash(seed * 7919u + (uint32_t)index);
    spec->width = 480;
    spec->height = 360;
    spec->people = 1;
    spec->light = (enum pt_light_kind)((index / PT_TONES) % PT_LIGHT_KINDS);
    spec->background_seed = state;
    struct pt_sitter *sitter = &spec->sitters[0];
    sitter->seed = seed * 1000u + (uint32_t)index;
    sitter->tone = index % PT_TONES;
    sitter->hair_style = -1;
    float size = pt_random(&state);
    /* turned by up to 30 degrees a head shows eyes at least cos 30 as far apart, so 28 keeps 24 */
    sitter->eye_distance_px = 28.0f + 56.0f * size * size;
    float reach = lowerf(170.0f, 240.0f - 1.8f * sitter->eye_distance_px);
    sitter->centre_x = 239.5f + reach * pt_random_in(&state, -1, 1);
    sitter->centre_y =
        179.5f + (170.0f - 2.0f * sitter->eye_distance_px) * pt_random_in(&state, -0.6f, 0.6f);
    pose->yaw = pt_random_in(&state, -30, 30);
    pose->pitch = pt_random_in(&state, -12, 12);
    pose->roll = pt_random_in(&state, -12, 12);
    pt_face_make(&pose->expression, (enum pt_face)((index / 3) % PT_FACES));
    pose->expression.gaze_x = pt_random_in(&state, -0.25f, 0.25f);
}
