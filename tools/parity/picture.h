/* Pictures against pictures: PSNR, the region that was changed, a folder to look at. */
#ifndef FUS_PARITY_PICTURE_H
#define FUS_PARITY_PICTURE_H

#include "base/error.h"
#include "base/image.h"

/* dB over all values of two BGR8 pictures of one size; INFINITY when equal. *max (may be NULL): the
 * greatest difference. */
double parity_psnr(const struct fus_image *a, const struct fus_image *b, int *max);

/* A run's result against upstream's, where the target tells which pixels upstream changed. Inside
 * what was pasted some pixels come out as they were by chance (blended by less than one level),
 * other ones in each program: a pixel is outside only if nothing changed within PARITY_REACH pixels
 * of it. */
#define PARITY_REACH 2
struct parity_region {
    size_t changed;       /* pixels that differ between target and expected */
    size_t stray;         /* pixels outside that ours differs from the target in */
    int stray_x, stray_y; /* one of them */
    double psnr;          /* dB inside the changed pixels; INFINITY when equal */
    int max;              /* greatest difference inside */
};
/* All BGR8 of one size. */
void parity_region(const struct fus_image *target, const struct fus_image *expected,
                   const struct fus_image *ours, struct parity_region *region);

/* Writes <folder>/<name>-ours.png, -expected.png and -difference.png (eightfold); the folder is
 * made. */
int parity_keep(const char *folder, const char *name, const struct fus_image *ours,
                const struct fus_image *expected, struct fus_error *err) FUS_MUST_CHECK;

#endif
