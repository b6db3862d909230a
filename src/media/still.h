/* Still pictures: JPEG, PNG, WebP, TIFF in and out; BMP and single GIFs in. Thread-safe; blocking.
 */
#ifndef FUS_MEDIA_STILL_H
#define FUS_MEDIA_STILL_H

#include <stddef.h>
#include <stdint.h>

#include "media/media.h"

/* A decoded still. EXIF orientation is applied (and not carried on). */
struct fus_still {
    struct fus_image image; /* BGR8; grey is expanded; 16-bit is reduced */
    struct fus_image alpha; /* GRAY8 of the same size, or all zero if there is none */
    uint8_t *icc;           /* ICC profile, or NULL */
    size_t icc_size;
    bool grey; /* was a grey picture */
    enum fus_container container;
};
void fus_still_done(struct fus_still *still);
#define FUS_AUTO_STILL __attribute__((cleanup(fus_still_done)))

/* Errors as fus_media_probe. For a target that is a video: FUS_E_UNSUPPORTED_MEDIA. A truncated or
 * damaged file is FUS_E_CORRUPT_MEDIA, never a half picture. */
int fus_still_read(const char *path, const struct fus_media_limits *limits, struct fus_still *still,
                   struct fus_error *err) FUS_MUST_CHECK;

struct fus_still_options {
    enum fus_container container; /* JPEG, PNG, WEBP or TIFF */
    int quality;                  /* 0..100; JPEG and WebP; WebP 100 is lossless. PNG ignores it */
    /* JPEG and WebP as FaceFusion 3.8 makes them: a JPEG goes through OpenCV's (quality 95) on its
     * way to FFmpeg's encoder, a WebP is always lossy. Neither carries ICC then. */
    bool as_facefusion;
};
/* Encodes into memory: *bytes is the caller's (fus_free). Alpha is kept by PNG, WebP and TIFF and
 * dropped by JPEG; ICC is embedded. PNG is lossless: unchanged pixels come back bit for bit. No
 * metadata but ICC: safety/label.h adds it. */
int fus_still_encode(const struct fus_still *still, const struct fus_still_options *options,
                     uint8_t **bytes, size_t *size, struct fus_error *err) FUS_MUST_CHECK;

/* FaceFusion 3.8 works on a copy of the target that FFmpeg made, which costs a lossy target a
 * generation: does that to a WebP; other pictures stay as they are. */
int fus_still_recode(struct fus_still *still, struct fus_error *err) FUS_MUST_CHECK;

#endif
