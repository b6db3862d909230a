/* What one frame's face asks of the donor's texture, found in the low atlas: the additive Lab field
 * that carries the target's skin tone and light, gains of contrast, what covers the face, blinks,
 * creases. In clips all of it is smoothed in time here, in the atlas, so that nothing smears over
 * motion. */
#ifndef FUS_PROCESSORS_MESH_BLEND_FIELD_H
#define FUS_PROCESSORS_MESH_BLEND_FIELD_H

#include "processors/mesh_blend/donor.h"

/* Kept from frame to frame for one face and one donor. */
struct fus_blend_state {
    float *field[3], *base[3], *around[3], *alpha; /* low planes */
    float *block;
    struct fus_skin skin;
    float gain_l, gain_c, crease, blink[2], lips[3];
    float grain_gain, grain_add;
    double grain_wait_s;           /* since the grain was last measured */
    bool field_known, grain_known; /* else the next frame sets, not smooths */
};
int fus_blend_state_init(struct fus_blend_state *state, const struct fus_atlas *low,
                         struct fus_error *err) FUS_MUST_CHECK;
void fus_blend_state_done(struct fus_blend_state *state);

/* New value's share after dt seconds with time constant tau; dt < 0: all of it. */
float fus_blend_share(double dt, double tau);

enum fus_blend_eyes { FUS_BLEND_EYES_TARGET, FUS_BLEND_EYES_DONOR, FUS_BLEND_EYES_BY_GAZE };

/* A frame's findings, for the render. */
struct fus_blend_look {
    const float *texels;  /* low atlas, 4 floats a pixel: L a b to add (field and base), mask */
    const float *grain;   /* low plane: how surely a pixel is plain skin */
    float gain_l, gain_c; /* of the donor's texture */
    float crease;         /* of the donor's creases to take away, 0..1 */
    float blink[2];       /* 1: shut, the target's lids */
    float eyes;           /* share of the target's eyeballs, 0..1 */
};

/* Working planes and fixed masks; one per thread. */
struct fus_field;
/* low: FUS_ATLAS_LOW, outlives it. limit: low plane that multiplies every mask (padding), copied;
 * or NULL. */
int fus_field_new(const struct fus_atlas *low, const float *limit, struct fus_field **field,
                  struct fus_error *err) FUS_MUST_CHECK;
void fus_field_free(struct fus_field *field);
FUS_CLEANUP_DEFINE(fus_field_free, struct fus_field *)

/* dt: seconds since the state's last frame, < 0 for a still or a first frame. look points into the
 * field until the next call. */
int fus_field_look(struct fus_field *field, const struct fus_image *image,
                   const struct fus_mesh *mesh, const struct fus_donor *donor,
                   enum fus_blend_eyes eyes, double dt, struct fus_blend_state *state,
                   struct fus_blend_look *look, struct fus_error *err) FUS_MUST_CHECK;
/* The target's skin colour found in the last look (for telling a cut from a lost face). */
const float *fus_field_lightness(const struct fus_field *field);

#endif
