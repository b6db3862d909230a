/* Facts of a still from its bytes, before any decoder allocates for it. Pure functions over memory:
 * thread-safe, no allocation, fuzzed by tests/fuzz/fuzz_sniff.c. */
#ifndef FUS_MEDIA_STILL_HEADER_H
#define FUS_MEDIA_STILL_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "media/media.h"

struct fus_still_header {
    enum fus_container container;
    int64_t width, height; /* as stored, before orientation; > 0; may be beyond what an int holds */
    int orientation;       /* EXIF 1..8, 1 if the file says nothing sensible */
    bool has_alpha;
    bool grey;
    const uint8_t
        *icc; /* WebP only (libjpeg and libpng unpack theirs): inside the bytes, or NULL */
    size_t icc_size;
};

/* Walks the whole structure: a file that ends before its structure does is FUS_E_CORRUPT_MEDIA, an
 * animated WebP or PNG FUS_E_UNSUPPORTED_MEDIA. */
int fus_still_header_parse(const uint8_t *bytes, size_t size, enum fus_container container,
                           struct fus_still_header *header, struct fus_error *err) FUS_MUST_CHECK;

/* The parts of it in still_header_raster.c; *header is filled with nothing before. */
int fus_tiff_header(const uint8_t *bytes, size_t size, struct fus_still_header *header,
                    struct fus_error *err) FUS_MUST_CHECK;
int fus_bmp_header(const uint8_t *bytes, size_t size, struct fus_still_header *header,
                   struct fus_error *err) FUS_MUST_CHECK;
int fus_gif_header(const uint8_t *bytes, size_t size, struct fus_still_header *header,
                   struct fus_error *err) FUS_MUST_CHECK;

/* FUS_E_DECOMPRESSION_BOMB if more pixels than allowed are promised by a file too small to hold a
 * real picture of that size (more than 200 pixels a byte), else FUS_E_MEDIA_TOO_LARGE. */
int fus_still_header_check(const struct fus_still_header *header, size_t file_bytes,
                           const struct fus_media_limits *limits,
                           struct fus_error *err) FUS_MUST_CHECK;

/* Sniffs, reads a still's file whole, parses and checks its header: what fus_still_read and
 * fus_media_probe have in common. *bytes is the caller's (fus_free). Blocks. In still.c. */
int fus_still_load(const char *path, const struct fus_media_limits *limits, void **bytes,
                   size_t *size, struct fus_still_header *header,
                   struct fus_error *err) FUS_MUST_CHECK;

/* Orientation out of a TIFF block ("II*\0" or "MM\0*" first), 1 if there is none. */
int fus_exif_orientation(const uint8_t *tiff, size_t size);

#endif
