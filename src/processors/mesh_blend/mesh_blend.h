/* mesh_blend: a face swap that needs no generator. The donor's face is unwrapped once into an
 * atlas; each target face lends it its place, light, skin tone, contrast and grain (the recipe:
 * docs/MESH_BLEND.md).
 *
 * Life: new -> add_donor (each source) -> frame (in presentation order) -> free. One thread. After
 * the first frames of a clip no memory is allocated any more. */
#ifndef FUS_PROCESSORS_MESH_BLEND_MESH_BLEND_H
#define FUS_PROCESSORS_MESH_BLEND_MESH_BLEND_H

#include "faces/face.h"
#include "processors/mesh_blend/field.h"
#include "processors/mesh_blend/render.h"

#define FUS_MESH_BLEND_DONORS_MAX 16

struct fus_mesh_blend_options {
    float strength;       /* 0..1: opacity of the swap */
    float feather, inset; /* of the mask's edge, eye distances */
    int padding[4]; /* percent of the face's height or width taken off: top right bottom left */
    bool keep_mouth;
    enum fus_blend_eyes eyes;
    bool clip; /* states are kept by track */
};

struct fus_mesh_blend;
int fus_mesh_blend_new(const struct fus_mesh_blend_options *options, struct fus_mesh_blend **blend,
                       struct fus_error *err) FUS_MUST_CHECK;
void fus_mesh_blend_free(struct fus_mesh_blend *blend);
FUS_CLEANUP_DEFINE(fus_mesh_blend_free, struct fus_mesh_blend *)

/* At most FUS_MESH_BLEND_DONORS_MAX; FUS_E_INVALID_PARAMETER beyond. *donor (may be NULL) gets what
 * was seen, owned by blend. */
int fus_mesh_blend_add_donor(struct fus_mesh_blend *blend, const struct fus_image *image,
                             const struct fus_point landmarks_68[68],
                             const struct fus_donor **donor, struct fus_error *err) FUS_MUST_CHECK;
/* No more donors will come: frees what only their making needs. */
void fus_mesh_blend_donors_done(struct fus_mesh_blend *blend);

/* Swaps every face in place. Faces whose points are unusable are left alone. */
int fus_mesh_blend_frame(struct fus_mesh_blend *blend, struct fus_image *image,
                         const struct fus_face *const *faces, size_t count, int64_t pts_us,
                         int64_t index, struct fus_error *err) FUS_MUST_CHECK;
/* Of the last face drawn; for measuring. */
const struct fus_render_trace *fus_mesh_blend_trace(const struct fus_mesh_blend *blend);

#endif
