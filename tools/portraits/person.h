/* Who is drawn: shape, colours and style, all from a seed; and what the face does: the expression.
 */
#ifndef PORTRAITS_PERSON_H
#define PORTRAITS_PERSON_H

#include <stdint.h>

#include "vec.h"

#define PT_TONES 8

enum pt_hair_style {
    PT_HAIR_CROP,   /* a finger's breadth, combed forward and up */
    PT_HAIR_SIDE,   /* parted at one side */
    PT_HAIR_BACK,   /* combed back */
    PT_HAIR_FRINGE, /* over the forehead */
    PT_HAIR_BOB,    /* to the chin */
    PT_HAIR_LONG,   /* to the shoulders */
    PT_HAIR_AFRO,
    PT_HAIR_BUZZ, /* shaved close */
    PT_HAIR_STYLES
};

struct pt_person {
    uint32_t seed;
    int tone;                                      /* 0 lightest .. PT_TONES - 1 darkest */
    struct v3 skin, lips, hair, brow, iris, cloth; /* linear RGB */
    enum pt_hair_style hair_style;
    float hair_parting; /* x of the parting */
    float age;          /* 0 young .. 1 old */
    float beard;        /* 0 none, up to 0.5 stubble, up to 1 short beard */
    float freckles;     /* 0..1 */
    float gloss;        /* of the skin, 0..1 */
    float brow_thick;   /* 0.6..1.4 */
    float bust;         /* width of neck and shoulders, 0.85..1.1 */
    int collar;         /* 0 round neck, 1 V neck, 2 high neck */
    /* shape, each about -1..1 */
    float jaw_width, jaw_length, cheek, face_width, forehead, nose_length, nose_width, nose_bridge;
    float eye_distance, eye_size, eye_tilt, mouth_width, lip_fullness, brow_height, chin, ears;
};

/* tone < 0 or hair_style < 0: drawn from the seed too. */
void pt_person_make(struct pt_person *person, uint32_t seed, int tone, int hair_style);

/* The person's shape: where a point of the mean head lies on this one. Smooth; applies to all
 * parts. */
struct v3 pt_person_shape(const struct pt_person *person, struct v3 canonical);

/* What the face does. 0 is rest everywhere: mouth closed, eyes open and straight ahead. */
struct pt_expression {
    float jaw;      /* 0 closed .. 1 wide open */
    float smile;    /* -0.5..1 */
    float pucker;   /* 0..1, as in "oo" */
    float brow;     /* -1 frown .. 1 raised */
    float blink[2]; /* left and right eye of the picture, 0 open .. 1 shut; negative is wide open */
    float gaze_x, gaze_y; /* radians; positive is to the right of the picture, down */
};

/* sRGB 0..255 to linear. */
struct v3 pt_srgb(int r, int g, int b);

#endif
