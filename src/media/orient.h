/* The eight orientations of EXIF (tag 0x0112), for stills and for display matrices of clips.
 * Pure; thread-safe. */
#ifndef FUS_MEDIA_ORIENT_H
#define FUS_MEDIA_ORIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* true if the upright picture has the stored one's sides exchanged (5..8). */
static inline bool fus_orient_swaps(int orientation)
{
    return orientation >= 5;
}

/* Degrees clockwise that a viewer turns the stored picture (a mirrored one after its mirroring). */
int fus_orient_degrees(int orientation);
/* 0, 90, 180, 270 -> 1, 6, 3, 8. */
int fus_orient_from_degrees(int degrees);

/* A 3x3 display matrix (16.16, as in ISO/IEC 14496-12 tkhd) to the nearest orientation and back. */
int fus_orient_from_matrix(const int32_t matrix[9]);
void fus_orient_to_matrix(int orientation, int32_t matrix[9]);

/* Writes the upright picture of a plane of width x height pixels of pixel_bytes (1 or 3) each; `to`
 * has height x width pixels if fus_orient_swaps. The planes must not overlap. */
void fus_orient_plane(int orientation, int pixel_bytes, const uint8_t *from, ptrdiff_t from_stride,
                      int width, int height, uint8_t *to, ptrdiff_t to_stride);

#endif
