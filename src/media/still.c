#include "media/still.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "media/orient.h"
#include "media/sniff.h"
#include "media/still_codec.h"
#include "media/still_header.h"

/* Stills are read whole; no sensible one is larger. */
#define STILL_BYTES_MAX ((size_t)1 << 30)

bool fus_bytes_append(struct fus_bytes *bytes, const void *data, size_t size)
{
    size_t need = 0;
    if (!fus_size_add(bytes->size, size, &need))
        return false;
    if (need > bytes->capacity) {
        size_t capacity = FUS_MAX(need + need / 2, (size_t)4096);
        uint8_t *grown = fus_realloc(bytes->data, capacity, 1);
        if (!grown)
            return false;
        bytes->data = grown;
        bytes->capacity = capacity;
    }
    if (size)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size = need;
    return true;
}

void fus_bgra_split(const uint8_t *bgra, uint8_t *bgr, uint8_t *alpha, int width)
{
    for (int x = 0; x < width; x++, bgra += 4, bgr += 3) {
        bgr[0] = bgra[0];
        bgr[1] = bgra[1];
        bgr[2] = bgra[2];
        alpha[x] = bgra[3];
    }
}

void fus_bgra_join(const uint8_t *bgr, const uint8_t *alpha, uint8_t *bgra, int width)
{
    for (int x = 0; x < width; x++, bgra += 4, bgr += 3) {
        bgra[0] = bgr[0];
        bgra[1] = bgr[1];
        bgra[2] = bgr[2];
        bgra[3] = alpha[x];
    }
}

void fus_still_done(struct fus_still *still)
{
    fus_image_done(&still->image);
    fus_image_done(&still->alpha);
    fus_free(still->icc);
    *still = (struct fus_still){0};
}

static int orient_image(struct fus_image *image, int orientation, struct fus_error *err)
{
    if (!image->plane[0])
        return 0;
    bool swap = fus_orient_swaps(orientation);
    struct fus_image upright = {0};
    int rc = fus_image_alloc(&upright, image->format, swap ? image->height : image->width,
                             swap ? image->width : image->height, err);
    if (rc < 0)
        return rc;
    fus_orient_plane(orientation, image->format == FUS_PIXEL_BGR8 ? 3 : 1, image->plane[0],
                     image->stride_bytes[0], image->width, image->height, upright.plane[0],
                     upright.stride_bytes[0]);
    fus_image_done(image);
    *image = upright;
    return 0;
}

static int decode(const uint8_t *bytes, size_t size, const struct fus_still_header *header,
                  struct fus_still *still, struct fus_error *err)
{
    int rc = 0;
    if (header->container == FUS_CONTAINER_JPEG)
        rc = fus_jpeg_decode(bytes, size, header, still, err);
    else if (header->container == FUS_CONTAINER_PNG)
        rc = fus_png_decode(bytes, size, header, still, err);
    else if (header->container == FUS_CONTAINER_TIFF)
        rc = fus_tiff_decode(bytes, size, header, still, err);
    else if (header->container != FUS_CONTAINER_WEBP)
        rc = fus_av_still_decode(bytes, size, header, still, err);
    else
        rc = fus_webp_decode(bytes, size, header, still, err);
    still->container = header->container;
    if (rc == 0 && header->orientation > 1)
        rc = orient_image(&still->image, header->orientation, err);
    if (rc == 0 && header->orientation > 1)
        rc = orient_image(&still->alpha, header->orientation, err);
    return rc;
}

int fus_still_load(const char *path, const struct fus_media_limits *limits, void **bytes,
                   size_t *size, struct fus_still_header *header, struct fus_error *err)
{
    enum fus_container container = FUS_CONTAINER_UNKNOWN;
    int rc = fus_media_sniff(path, &container, err);
    if (rc < 0)
        return rc;
    if (fus_container_is_video(container))
        return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA,
                             "This is a clip (%s) where a picture is wanted.",
                             fus_container_name(container));
    size_t most = STILL_BYTES_MAX;
    if (limits->max_bytes && limits->max_bytes < most)
        most = (size_t)limits->max_bytes;
    FUS_AUTO_FREE void *read = NULL;
    size_t length = 0;
    rc = fus_fs_read(path, most, &read, &length, err);
    if (rc == 0)
        rc = fus_still_header_parse(read, length, container, header, err);
    if (rc == 0)
        rc = fus_still_header_check(header, length, limits, err);
    if (rc < 0)
        return rc;
    *size = length;
    *bytes = FUS_TAKE(read);
    return 0;
}

int fus_still_read(const char *path, const struct fus_media_limits *limits, struct fus_still *still,
                   struct fus_error *err)
{
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size = 0;
    struct fus_still_header header;
    int rc = fus_still_load(path, limits, &bytes, &size, &header, err);
    if (rc < 0)
        return rc;
    struct fus_still made = {0};
    rc = decode(bytes, size, &header, &made, err);
    if (rc < 0)
        fus_still_done(&made);
    else
        *still = made;
    return rc;
}

/* What a processor's rounding leaves of colour on grey is none. */
#define GREY_SLACK 2

static bool all_grey(const struct fus_image *image)
{
    for (int y = 0; y < image->height; y++) {
        const uint8_t *p = image->plane[0] + image->stride_bytes[0] * y;
        for (int x = 0; x < image->width; x++, p += 3)
            if (abs(p[0] - p[1]) > GREY_SLACK || abs(p[2] - p[1]) > GREY_SLACK)
                return false;
    }
    return true;
}

/* ICC.1:2010 section 7.2.6: the profile's colour space stands at byte 16. */
static bool icc_is(const struct fus_still *still, const char *space)
{
    return still->icc && still->icc_size >= 128 && memcmp(still->icc + 16, space, 4) == 0;
}

int fus_still_encode(const struct fus_still *still, const struct fus_still_options *options,
                     uint8_t **bytes, size_t *size, struct fus_error *err)
{
    /* A grey picture stays grey as long as nothing painted colour on it; a profile goes along only
     * with the kind of samples that it describes. */
    bool can_grey = options->container != FUS_CONTAINER_WEBP;
    struct fus_still_job job = {
        .image = &still->image,
        .alpha = still->alpha.plane[0] ? &still->alpha : NULL,
        .grey = can_grey && still->grey && !icc_is(still, "RGB ") && all_grey(&still->image),
        .quality = options->quality,
        .as_facefusion = options->as_facefusion,
    };
    if (!job.as_facefusion && icc_is(still, job.grey ? "GRAY" : "RGB ")) {
        job.icc = still->icc;
        job.icc_size = still->icc_size;
    }
    switch (options->container) {
    case FUS_CONTAINER_JPEG:
        return job.as_facefusion ? fus_jpeg_generations(&job, bytes, size, err)
                                 : fus_jpeg_encode(&job, bytes, size, err);
    case FUS_CONTAINER_PNG:
        return fus_png_encode(&job, bytes, size, err);
    case FUS_CONTAINER_WEBP:
        return fus_webp_encode(&job, bytes, size, err);
    case FUS_CONTAINER_TIFF:
        return fus_tiff_encode(&job, bytes, size, err);
    default:
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "A picture can be written as jpg, png, webp or tiff.");
    }
}
