/* Mixing of pictures and matching one picture's colours to another's, as FaceFusion does.
 *
 * All planes are 8-bit, 3 channels (blend: any number). Thread-safe. */
#ifndef FUS_VISION_COLOR_MATCH_H
#define FUS_VISION_COLOR_MATCH_H

#include "base/error.h"
#include "base/macros.h"
#include "vision/resample.h"

/* a * (1 - share_of_b) + b * share_of_b: float32 products and sum, rounded half to even (OpenCV's
 * addWeighted). All of one size; to may be a or b. */
void fus_blend_u8(const struct fus_plane *a, const struct fus_plane *b, double share_of_b,
                  const struct fus_plane *to);

/* to = target + (source - target, both averaged down to width x height, enlarged again). source may
 * have another size; to has target's and may be target. FUS_E_OUT_OF_MEMORY, FUS_E_INTERNAL. */
int fus_color_equalize(struct fus_resampler *resampler, const struct fus_plane *source,
                       const struct fus_plane *target, int width, int height,
                       const struct fus_plane *to, struct fus_error *err) FUS_MUST_CHECK;
/* Three steps of equalize with growing detail, then one at full size. */
int fus_color_match(struct fus_resampler *resampler, const struct fus_plane *source,
                    const struct fus_plane *target, const struct fus_plane *to,
                    struct fus_error *err) FUS_MUST_CHECK;

#endif
