/* The lines of the mean face in its own frontal plane (canonical x, y): lids, lips, brows,
 * hairline. Everything painted or cut out of a head is placed by these, and the landmarks lie on
 * them. */
#ifndef PORTRAITS_CURVES_H
#define PORTRAITS_CURVES_H

#include <stdbool.h>

#include "vec.h"

extern const struct v3 pt_mean_head[131];

#define PT_EYE_INNER 0.2746f
#define PT_EYE_OUTER 0.7101f
#define PT_MOUTH_INNER 0.4136f /* half width of the opening between the lips */
#define PT_MOUTH_OUTER 0.4850f /* half width of the red of the lips */

/* y through the points (x rising), a smooth curve; the ends are held. */
float pt_curve_through(const float *xs, const float *ys, int count, float x);

/* Edges of the upper and the lower lid at |x|; beyond the corners the corners' height. */
void pt_curves_lids(float abs_x, float *upper, float *lower);
/* Inner edges of the lips (they meet at PT_MOUTH_INNER) and the borders of the red. */
void pt_curves_inner_lips(float abs_x, float *upper, float *lower);
void pt_curves_outer_lips(float abs_x, float *upper, float *lower);
/* Inside an opening (eye or mouth)? */
bool pt_curves_hole(float x, float y);
/* Centre line of the brow at |x|, held at its ends. */
float pt_curves_brow(float abs_x);
/* Height of the hairline at an azimuth around the head, degrees from the front (0..180). */
float pt_curves_hairline(float azimuth);

#endif
