/* What happens in a clip: poses over time for each script, and the voice that goes with the mouth.
 */
#ifndef PORTRAITS_SCRIPT_H
#define PORTRAITS_SCRIPT_H

#include <stddef.h>

#include "scene.h"

enum pt_script {
    PT_SCRIPT_TURNING,
    PT_SCRIPT_TALKING,
    PT_SCRIPT_BLINKING,
    PT_SCRIPT_NODDING,
    PT_SCRIPTS
};
extern const char *const pt_script_names[PT_SCRIPTS];

enum pt_face {
    PT_FACE_NEUTRAL,
    PT_FACE_SMILE,
    PT_FACE_LAUGH,
    PT_FACE_OPEN,
    PT_FACE_SHUT,
    PT_FACE_SURPRISED,
    PT_FACE_FROWN,
    PT_FACES
};
extern const char *const pt_face_names[PT_FACES];
void pt_face_make(struct pt_expression *expression, enum pt_face face);

/* The pose of a person (by seed) at a time. Smooth; the same at every call. */
void pt_script_pose(enum pt_script script, uint32_t seed, double seconds, struct pt_pose *pose);

/* How far the mouth of a talking person is open at a time, 0..1, and which way it is formed
 * (-1 spread .. 1 round). The voice is made from the same two numbers. */
float pt_script_mouth(uint32_t seed, double seconds, float *roundness);

/* A hummed babble in time with the mouth, mono, -1..1: a buzz through two resonances that follow
 * the mouth. No words. `state` starts zeroed and is carried from call to call. */
struct pt_voice {
    double phase;
    double band[2][2];
    uint32_t random;
};
void pt_voice_make(struct pt_voice *voice, enum pt_script script, uint32_t seed, int rate,
                   int64_t first_sample, float *samples, size_t count);

#endif
