/* Pulls a face out of a picture into the atlas: the region is shrunk by areas to about the atlas'
 * own scale, then sampled under the mesh and turned into BGR and Lab. Works on BGR8 and on YUV
 * planes without converting them first (means and matrices commute). */
#ifndef FUS_PROCESSORS_MESH_BLEND_PULL_H
#define FUS_PROCESSORS_MESH_BLEND_PULL_H

#include "base/error.h"
#include "base/image.h"
#include "processors/mesh_blend/atlas.h"

/* Scratch that only grows. Zero-initialise. */
struct fus_pull {
    float *small; /* 4 floats a pixel, three used */
    float *line;
    float *weights;
    int *starts;
    size_t small_room, line_room, weight_room, start_room;
};
void fus_pull_done(struct fus_pull *pull);

/* How YUV and gamma-coded BGR (0..1) belong together; for BGR8 it is the identity. */
struct fus_pixel_map {
    float offset[3];      /* of the stored values 0..255 */
    float to_bgr[3][3];   /* (stored - offset) -> BGR 0..1 */
    float from_bgr[3][3]; /* BGR 0..1 -> stored - offset */
};
void fus_pixel_map_make(const struct fus_image *image, struct fus_pixel_map *map);

/* lab: three planes of the atlas' size; bgr the same or NULL. scale: small pixels per picture pixel
 * (values from 0.97 on mean: do not shrink). The picture's edge is replicated. FUS_E_OUT_OF_MEMORY.
 */
int fus_pull_atlas(struct fus_pull *pull, const struct fus_image *image,
                   const struct fus_mesh *mesh, float scale, const struct fus_atlas *atlas,
                   float *const lab[3], float *const bgr[3], struct fus_error *err) FUS_MUST_CHECK;

/* Shrinks a tight plane by areas. The scratch must not be in use by others. */
int fus_pull_resize(struct fus_pull *pull, const float *source, int width, int height,
                    float *target, int target_width, int target_height, float scale,
                    struct fus_error *err) FUS_MUST_CHECK;

#endif
