/* detail: a face enhancer that needs no net. Luma inside the face becomes crisper: fine structure
 * above the noise is raised, local contrast is raised around an edge-aware base, and the result
 * stays between the local extremes (docs/DETAIL.md has the recipe and its figures).
 *
 * No state goes from frame to frame: the same picture and points give the same bytes, and all
 * widths follow the face continuously, so that clips do not flicker. One thread an object. */
#ifndef FUS_PROCESSORS_FACE_ENHANCER_DETAIL_H
#define FUS_PROCESSORS_FACE_ENHANCER_DETAIL_H

#include "base/image.h"

struct fus_detail;
int fus_detail_new(struct fus_detail **detail, struct fus_error *err) FUS_MUST_CHECK;
void fus_detail_free(struct fus_detail *detail);
FUS_CLEANUP_DEFINE(fus_detail_free, struct fus_detail *)

/* Sharpens one face in place. image: any format; of YUV only the Y plane changes, of BGR8 all three
 * channels by the same amount. landmarks_68: pixels, iBUG order; unusable ones and faces of less
 * than FUS_DETAIL_EYES_MIN px between the eyes are left alone. strength 0..1. *changed gets the
 * rectangle that was touched (width 0: nothing); bytes outside it, and all where the mask is 0, are
 * as before. FUS_E_OUT_OF_MEMORY before anything is changed; allocates nothing once it has seen
 * faces of the size. */
#define FUS_DETAIL_EYES_MIN 6.0f
int fus_detail_face(struct fus_detail *detail, struct fus_image *image,
                    const struct fus_point landmarks_68[68], float strength,
                    struct fus_rect *changed, struct fus_error *err) FUS_MUST_CHECK;

/* What the last face was measured to be, for tests and docs: levels of 0..255. */
struct fus_detail_trace {
    float eyes;   /* px */
    float noise;  /* standard deviation */
    float blocks; /* mean step at the borders of 8x8 blocks beyond that elsewhere */
};
struct fus_detail_trace fus_detail_trace(const struct fus_detail *detail);

#endif
