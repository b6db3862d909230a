/* Draws a donor's face over a target's, into the picture, in place. */
#ifndef FUS_PROCESSORS_MESH_BLEND_RENDER_H
#define FUS_PROCESSORS_MESH_BLEND_RENDER_H

#include "processors/mesh_blend/field.h"

struct fus_render_options {
    float inset, feather; /* of the mask, eye distances */
    float opacity;        /* 0..1 */
    bool keep_mouth;      /* the target's inner mouth */
    uint32_t seed;        /* of the grain: another one in each frame */
};

/* The last face drawn, for measuring: planes over rect, valid until the next draw. */
struct fus_render_trace {
    struct fus_rect rect;
    const float *mask;  /* as blended, 0..1 */
    const float *depth; /* inside the drawn face, eye distances */
};

struct fus_render;
int fus_render_new(struct fus_render **render, struct fus_error *err) FUS_MUST_CHECK;
void fus_render_free(struct fus_render *render);
FUS_CLEANUP_DEFINE(fus_render_free, struct fus_render *)

/* Pixels whose mask is exactly 0 keep their bytes. dt as in fus_field_look (the grain is smoothed
 * in state). FUS_E_OUT_OF_MEMORY before anything is drawn. trace may be NULL. */
int fus_render_face(struct fus_render *render, struct fus_image *image, const struct fus_mesh *mesh,
                    const struct fus_donor *donor, const struct fus_blend_look *look,
                    const struct fus_render_options *options, double dt,
                    struct fus_blend_state *state, struct fus_render_trace *trace,
                    struct fus_error *err) FUS_MUST_CHECK;

#endif
