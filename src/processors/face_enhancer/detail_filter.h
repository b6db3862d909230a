/* The loops of detail over tight float planes of luma, 0..255. Thread-safe. */
#ifndef FUS_PROCESSORS_FACE_ENHANCER_DETAIL_FILTER_H
#define FUS_PROCESSORS_FACE_ENHANCER_DETAIL_FILTER_H

#include <stddef.h>

/* Smallest and greatest value within `radius` px (a square). The radius may lie between whole
 * numbers: then it is the mean of the two, so that it can follow a face without steps. Borders
 * count what is there. scratch: 4 * width * height floats. radius 0..15. */
void fus_detail_extremes(const float *source, float *low, float *high, int width, int height,
                         float radius, float *scratch);
void fus_detail_extremes_plain(const float *source, float *low, float *high, int width, int height,
                               float radius);

/* How a row is sharpened; all of its values are a pixel's but for the numbers at the end. */
struct fus_detail_row {
    const float *luma, *blurred;  /* the picture, and without its fine structure */
    const float *low, *high;      /* local extremes */
    const float *mask, *gain;     /* 0..1 */
    const float *base_a, *base_b; /* edge-aware base: base_a * blurred + base_b */
    float fine, coarse;           /* gains */
    float fine_core, coarse_core; /* amplitudes below which structure counts as noise */
    float margin, share;          /* the result stays within low - room .. high + room, where room =
                                   * margin + share * (high - low), at most FUS_DETAIL_ROOM_MAX */
};
#define FUS_DETAIL_ROOM_MAX 8.0f
/* What is to be added to the luma. delta may not be one of the inputs. */
void fus_detail_sharpen_row(const struct fus_detail_row *row, float *delta, int width);

/* Standard deviation of what looks like noise: Immerkaer's mask (CVIU 1996) on flat spots, where
 * where[i] > 0.5. 0 when nothing is flat. */
float fus_detail_noise(const float *luma, const float *where, int width, int height);
/* How much stronger steps at one of eight columns (or rows) are than at the others: the grid of
 * blocks that JPEG and old codecs leave. 0 when there is none. */
float fus_detail_blocks(const float *luma, const float *where, int width, int height);

#endif
