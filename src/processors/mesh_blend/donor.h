/* A donor: one face, unwrapped once into an atlas texture, with what the target's frames ask of it.
 * Does not change after it is made. */
#ifndef FUS_PROCESSORS_MESH_BLEND_DONOR_H
#define FUS_PROCESSORS_MESH_BLEND_DONOR_H

#include "processors/mesh_blend/pull.h"
#include "processors/mesh_blend/skin.h"

/* Channels of a texel, each an int16. */
enum fus_texel {
    FUS_TEXEL_L,
    FUS_TEXEL_A,
    FUS_TEXEL_B,
    FUS_TEXEL_CREASE, /* lightness that a smile's creases take away */
    FUS_TEXEL_ALPHA,  /* 0 where hair or a hat is in the way */
    FUS_TEXEL_INNER,  /* between the lips */
    FUS_TEXEL_EYEBALL,
    FUS_TEXEL_LIDS,
    FUS_TEXELS
};
#define FUS_TEXEL_COLOUR_SCALE 200.0f /* of the first four */
#define FUS_TEXEL_MASK_SCALE 20000.0f

struct fus_donor_level {
    int n, width, height;
    int16_t *texels; /* FUS_TEXELS to a pixel, 16-byte aligned */
};
#define FUS_DONOR_LEVELS 5

struct fus_donor {
    struct fus_donor_level levels[FUS_DONOR_LEVELS]; /* sharpest first */
    int level_count;
    float scale; /* eye distance in the picture */
    float yaw, pitch;
    float smile, openness[2], gaze[2];
    float *low[3]; /* Lab at FUS_ATLAS_LOW */
    float *low_skin;
    float *low_alien;  /* 1: shows no skin, and no beard */
    float *low_shadow; /* 1: deep shadow near the face's rim */
    float beard;       /* 0 shaven, 1 hair all around the mouth */
    float skin_l;      /* lightness of nose and cheeks */
    float contrast;    /* spread of L (1 to 99 %) inside the low face */
    float *low_block;
    int16_t *texel_block;
};

/* low: the atlas of FUS_ATLAS_LOW. Others are made as needed and kept in *cache (one, may start
 * NULL; the caller frees). FUS_E_NO_FACE_IN_SOURCE when the points are no face;
 * FUS_E_OUT_OF_MEMORY. */
int fus_donor_new(const struct fus_image *image, const struct fus_point landmarks_68[68],
                  const struct fus_atlas *low, struct fus_atlas **cache, struct fus_donor **donor,
                  struct fus_error *err) FUS_MUST_CHECK;
void fus_donor_free(struct fus_donor *donor);
FUS_CLEANUP_DEFINE(fus_donor_free, struct fus_donor *)

/* The level for a face of this eye distance on the screen. */
const struct fus_donor_level *fus_donor_level(const struct fus_donor *donor, float scale);

/* Horizontal place of the iris in each eye, in eye widths from its middle, from the darkest part of
 * the eyeball. values: scratch of the atlas' size. */
void fus_gaze(const struct fus_atlas *atlas, const float *lightness, float *values, float gaze[2]);

#endif
