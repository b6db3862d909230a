/* Figures of a swap, defined as measure.py of the mesh_blend study defines them. */
#ifndef LOOKS_FIGURES_H
#define LOOKS_FIGURES_H

#include "base/image.h"
#include "inference/runtime.h"
#include "processors/mesh_blend/render.h"

#define EMBEDDING_SIZE 512

/* Identity of the face with these five points: crop of 112 by the similarity to the usual template,
 * blurred first when it shrinks below 0.6, (RGB - 127.5) / 128; length 1. */
int figures_embed(struct fus_run *run, const struct fus_image *bgr, const struct fus_point five[5],
                  float embedding[EMBEDDING_SIZE], struct fus_error *err) FUS_MUST_CHECK;
float figures_cosine(const float a[EMBEDDING_SIZE], const float b[EMBEDDING_SIZE]);

/* Mean Lab distance of two pictures, both blurred by 0.08 of the scale, where the depth inside the
 * drawn face is 0.10 to 0.26 and the mask is above 0.02. */
int figures_seam(const struct fus_image *target, const struct fus_image *result,
                 const struct fus_render_trace *trace, float scale, float *seam,
                 struct fus_error *err) FUS_MUST_CHECK;

#endif
