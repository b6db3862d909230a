/* The still codecs behind still.h: libjpeg, libpng, libwebp, libtiff; libav for BMP and GIF. Used
 * by still.c alone. libav's own codecs for the first three lose ICC or alpha, or hand out half a
 * picture for half a file. */
#ifndef FUS_MEDIA_STILL_CODEC_H
#define FUS_MEDIA_STILL_CODEC_H

#include "media/still.h"
#include "media/still_header.h"

/* Decodes bytes of a checked header (size limits hold) as stored: orientation is not applied. The
 * still is zeroed before; on failure it may hold parts that fus_still_done frees. */
int fus_jpeg_decode(const uint8_t *bytes, size_t size, const struct fus_still_header *header,
                    struct fus_still *still, struct fus_error *err) FUS_MUST_CHECK;
int fus_png_decode(const uint8_t *bytes, size_t size, const struct fus_still_header *header,
                   struct fus_still *still, struct fus_error *err) FUS_MUST_CHECK;
int fus_webp_decode(const uint8_t *bytes, size_t size, const struct fus_still_header *header,
                    struct fus_still *still, struct fus_error *err) FUS_MUST_CHECK;

int fus_tiff_decode(const uint8_t *bytes, size_t size, const struct fus_still_header *header,
                    struct fus_still *still, struct fus_error *err) FUS_MUST_CHECK;
int fus_av_still_decode(const uint8_t *bytes, size_t size, const struct fus_still_header *header,
                        struct fus_still *still, struct fus_error *err) FUS_MUST_CHECK;

/* What an encoder is asked for. `icc` fits the samples: a GRAY profile only with grey. */
struct fus_still_job {
    const struct fus_image *image; /* BGR8 */
    const struct fus_image *alpha; /* GRAY8 or NULL */
    const uint8_t *icc;
    size_t icc_size;
    bool grey; /* write one channel: B, G and R are equal everywhere */
    int quality;
    bool as_facefusion; /* JPEG: OpenCV's tables, see still_generations.c; WebP: never lossless */
};
int fus_jpeg_encode(const struct fus_still_job *job, uint8_t **bytes, size_t *size,
                    struct fus_error *err) FUS_MUST_CHECK;
int fus_png_encode(const struct fus_still_job *job, uint8_t **bytes, size_t *size,
                   struct fus_error *err) FUS_MUST_CHECK;
int fus_webp_encode(const struct fus_still_job *job, uint8_t **bytes, size_t *size,
                    struct fus_error *err) FUS_MUST_CHECK;

int fus_tiff_encode(const struct fus_still_job *job, uint8_t **bytes, size_t *size,
                    struct fus_error *err) FUS_MUST_CHECK;

/* The JPEG that FFmpeg makes of one that OpenCV made. */
int fus_jpeg_generations(const struct fus_still_job *job, uint8_t **bytes, size_t *size,
                         struct fus_error *err) FUS_MUST_CHECK;

/* Shared by the codecs: rows of BGRA to image + alpha and back; width pixels. */
void fus_bgra_split(const uint8_t *bgra, uint8_t *bgr, uint8_t *alpha, int width);
void fus_bgra_join(const uint8_t *bgr, const uint8_t *alpha, uint8_t *bgra, int width);

/* A growing output buffer in fus_malloc memory. */
struct fus_bytes {
    uint8_t *data;
    size_t size, capacity;
};
/* false: out of memory, nothing changed. */
bool fus_bytes_append(struct fus_bytes *bytes, const void *data, size_t size) FUS_MUST_CHECK;

#endif
