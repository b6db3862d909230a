/* OpenCV's 8-bit Lab and grey, in integers.
 *
 * vision/lab.h is the float one that mesh_blend uses. Pure, thread-safe. */
#ifndef FUS_VISION_LAB8_H
#define FUS_VISION_LAB8_H

#include <stddef.h>
#include <stdint.h>

#include "vision/resize.h"

/* What FaceFusion does to a crop before the 68-point landmarker: its three bytes are read as R, G,
 * B, turned into 8-bit Lab and back. Where the mean of L is below 30, L is equalised in between
 * (CLAHE, clip limit 2, 8 x 8 tiles). In place; 3 channels. Nothing is allocated. */
void fus_lab8_contrast(const struct fus_plane *crop);

/* One colour, bytes in the order R, G, B. */
void fus_lab8_from_rgb(const uint8_t rgb[3], uint8_t lab[3]);
void fus_lab8_to_rgb(const uint8_t lab[3], uint8_t rgb[3]);

/* CLAHE of one channel of a picture: every `channels`-th byte from data on. */
void fus_clahe8(const struct fus_plane *plane, double clip_limit, int tiles);

/* bgr: 3 channels; grey: 1 channel of the same size. */
void fus_grey8(const struct fus_plane *bgr, const struct fus_plane *grey);

#endif
