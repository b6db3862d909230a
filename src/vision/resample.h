/* Resizing to the bit as OpenCV does it; vision/resize.h is the faster one that is only close.
 *
 * Half-pixel centres. A resampler is the scratch memory of one thread: it grows as needed and is
 * kept, so that frames allocate nothing after the first. */
#ifndef FUS_VISION_RESAMPLE_H
#define FUS_VISION_RESAMPLE_H

#include "base/error.h"
#include "base/macros.h"
#include "vision/float_plane.h"
#include "vision/resize.h"

enum fus_resample {
    FUS_RESAMPLE_BILINEAR, /* two samples an axis; exactly half in both axes is the mean of four */
    FUS_RESAMPLE_CUBIC,    /* four samples an axis, A = -0.75 */
    FUS_RESAMPLE_AREA,     /* coverage-weighted mean; where an axis grows, OpenCV's variant of
                              bilinear on both axes */
};

struct fus_resampler;
struct fus_resampler *fus_resampler_new(void); /* NULL: out of memory */
void fus_resampler_free(struct fus_resampler *resampler);
FUS_CLEANUP_DEFINE(fus_resampler_free, struct fus_resampler *)

/* Fills to from from: the same number of channels (1..4), not overlapping. Equal sizes copy.
 * FUS_E_OUT_OF_MEMORY (to unchanged), FUS_E_INTERNAL for impossible sizes. */
int fus_resample_u8(struct fus_resampler *resampler, const struct fus_plane *from,
                    const struct fus_plane *to, enum fus_resample kind,
                    struct fus_error *err) FUS_MUST_CHECK;
int fus_resample_f32(struct fus_resampler *resampler, const struct fus_fplane *from,
                     const struct fus_fplane *to, enum fus_resample kind,
                     struct fus_error *err) FUS_MUST_CHECK;

/* Bilinear to full_width x full_height, of which only the part at (left, top) of to's size is
 * computed. The part lies inside. */
int fus_resample_u8_part(struct fus_resampler *resampler, const struct fus_plane *from,
                         int full_width, int full_height, int left, int top,
                         const struct fus_plane *to, struct fus_error *err) FUS_MUST_CHECK;

/* Plain twin of bilinear, sample by sample; only tests call it. */
void fus_resample_u8_plain(const struct fus_plane *from, const struct fus_plane *to);

#endif
