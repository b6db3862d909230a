/* The fixed set of stills by which detectors are judged: all tones, lights and faces, turned heads,
 * several sizes and places. Picture `index` of the set of `seed` is always the same. */
#ifndef PORTRAITS_SAMPLESET_H
#define PORTRAITS_SAMPLESET_H

#include "scene.h"

/* yaw -30..30, pitch -12..12, roll -12..12 degrees, eye distance 24..84 px, 480x360. */
void pt_sampleset_item(uint32_t seed, int index, struct pt_scene_spec *spec, struct pt_pose *pose);

#endif
