/* 2x3 geometry: similarities from point pairs, inverse, composition. Pure functions, thread-safe.
 */
#ifndef FUS_VISION_AFFINE_H
#define FUS_VISION_AFFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/image.h"
#include "base/macros.h"

/* x' = xx x + xy y + tx,  y' = yx x + yy y + ty */
struct fus_affine {
    double xx, xy, tx;
    double yx, yy, ty;
};

/* The similarity (rotation, uniform scale, shift; no reflection) that maps from[] to to[] with the
 * least squared error: the 2-D closed form of Umeyama's method (PAMI 1991). false, *out unchanged:
 * fewer than 2 points, all in one place, or a number that is not finite. */
bool fus_affine_similarity(const struct fus_point *from, const struct fus_point *to, size_t count,
                           struct fus_affine *out) FUS_MUST_CHECK;
/* false, *out unchanged: it has no inverse. out may be m. */
bool fus_affine_invert(const struct fus_affine *m, struct fus_affine *out) FUS_MUST_CHECK;
/* First `first`, then `second`. */
struct fus_affine fus_affine_compose(const struct fus_affine *first,
                                     const struct fus_affine *second);
struct fus_point fus_affine_apply(const struct fus_affine *m, struct fus_point p);
/* Root of |determinant|: how lengths grow, for a similarity exactly. */
double fus_affine_scale(const struct fus_affine *m);

#endif
