/* WebP by libwebp; libwebpmux puts the ICC profile into the container. */
#include "media/still_codec.h"

#include <string.h>

#include <webp/decode.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include "base/mem.h"

static int out_of_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a WebP picture.");
}

static int tell_status(VP8StatusCode status, struct fus_error *err)
{
    if (status == VP8_STATUS_OUT_OF_MEMORY)
        return out_of_memory(err);
    if (status == VP8_STATUS_UNSUPPORTED_FEATURE)
        return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA,
                             "This variant of WebP is not supported.");
    return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The WebP file is damaged or breaks off.");
}

/* Decodes into rows of size bytes, BGR or BGRA. */
static int decode_rows(const uint8_t *bytes, size_t size, const struct fus_still_header *header,
                       bool alpha, uint8_t *rows, ptrdiff_t stride, struct fus_error *err)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return fus_error_set(err, FUS_E_INTERNAL, "libwebp is of another version.");
    VP8StatusCode status = WebPGetFeatures(bytes, size, &config.input);
    if (status != VP8_STATUS_OK)
        return tell_status(status, err);
    if (config.input.width != header->width || config.input.height != header->height)
        return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The WebP file has two sizes.");
    config.output.colorspace = alpha ? MODE_BGRA : MODE_BGR;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = rows;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = (size_t)stride * (size_t)header->height;
    status = WebPDecode(bytes, size, &config);
    WebPFreeDecBuffer(&config.output);
    return status == VP8_STATUS_OK ? 0 : tell_status(status, err);
}

int fus_webp_decode(const uint8_t *bytes, size_t size, const struct fus_still_header *header,
                    struct fus_still *still, struct fus_error *err)
{
    int width = (int)header->width, height = (int)header->height;
    if (header->icc && header->icc_size) {
        still->icc = fus_memdup(header->icc, header->icc_size);
        if (!still->icc)
            return out_of_memory(err);
        still->icc_size = header->icc_size;
    }
    int rc = fus_image_alloc(&still->image, FUS_PIXEL_BGR8, width, height, err);
    if (rc < 0)
        return rc;
    if (!header->has_alpha)
        return decode_rows(bytes, size, header, false, still->image.plane[0],
                           still->image.stride_bytes[0], err);
    FUS_AUTO_FREE uint8_t *bgra = fus_calloc((size_t)width * 4, (size_t)height);
    if (!bgra)
        return out_of_memory(err);
    rc = fus_image_alloc(&still->alpha, FUS_PIXEL_GRAY8, width, height, err);
    if (rc == 0)
        rc = decode_rows(bytes, size, header, true, bgra, (ptrdiff_t)width * 4, err);
    for (int y = 0; rc == 0 && y < height; y++)
        fus_bgra_split(bgra + (size_t)width * 4 * (size_t)y,
                       still->image.plane[0] + still->image.stride_bytes[0] * y,
                       still->alpha.plane[0] + still->alpha.stride_bytes[0] * y, width);
    return rc;
}

static int collect(const uint8_t *data, size_t size, const WebPPicture *picture)
{
    return fus_bytes_append(picture->custom_ptr, data, size);
}

static int fill_picture(const struct fus_still_job *job, WebPPicture *picture,
                        struct fus_error *err)
{
    const struct fus_image *image = job->image;
    picture->width = image->width;
    picture->height = image->height;
    if (!job->alpha)
        return WebPPictureImportBGR(picture, image->plane[0], (int)image->stride_bytes[0])
                   ? 0
                   : out_of_memory(err);
    size_t row = (size_t)image->width * 4;
    FUS_AUTO_FREE uint8_t *bgra = fus_calloc(row, (size_t)image->height);
    if (!bgra)
        return out_of_memory(err);
    for (int y = 0; y < image->height; y++)
        fus_bgra_join(image->plane[0] + image->stride_bytes[0] * y,
                      job->alpha->plane[0] + job->alpha->stride_bytes[0] * y,
                      bgra + row * (size_t)y, image->width);
    return WebPPictureImportBGRA(picture, bgra, (int)row) ? 0 : out_of_memory(err);
}

static int add_icc(const struct fus_still_job *job, struct fus_bytes *made, struct fus_error *err)
{
    WebPData picture = {.bytes = made->data, .size = made->size};
    WebPData icc = {.bytes = job->icc, .size = job->icc_size};
    WebPData whole = {0};
    WebPMux *mux = WebPMuxCreate(&picture, 0);
    struct fus_bytes out = {0};
    bool ok = mux && WebPMuxSetChunk(mux, "ICCP", &icc, 0) == WEBP_MUX_OK &&
              WebPMuxAssemble(mux, &whole) == WEBP_MUX_OK &&
              fus_bytes_append(&out, whole.bytes, whole.size);
    WebPMuxDelete(mux);
    WebPDataClear(&whole);
    if (!ok)
        return out_of_memory(err);
    fus_free(made->data);
    *made = out;
    return 0;
}

int fus_webp_encode(const struct fus_still_job *job, uint8_t **bytes, size_t *size,
                    struct fus_error *err)
{
    WebPConfig config;
    WebPPicture picture;
    if (!WebPConfigInit(&config) || !WebPPictureInit(&picture))
        return fus_error_set(err, FUS_E_INTERNAL, "libwebp is of another version.");
    if (job->image->width > WEBP_MAX_DIMENSION || job->image->height > WEBP_MAX_DIMENSION)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "WebP holds at most %d pixels a side.",
                             WEBP_MAX_DIMENSION);
    config.lossless = job->quality >= 100 && !job->as_facefusion;
    config.quality = config.lossless ? 70.0f : (float)FUS_CLAMP(job->quality, 0, 100);
    config.exact = 1; /* colours under full transparency stay */
    picture.use_argb = config.lossless;
    struct fus_bytes made = {0};
    picture.writer = collect;
    picture.custom_ptr = &made;
    int rc = fill_picture(job, &picture, err);
    if (rc == 0 && !WebPEncode(&config, &picture))
        rc = picture.error_code == VP8_ENC_ERROR_OUT_OF_MEMORY ||
                     picture.error_code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY ||
                     picture.error_code == VP8_ENC_ERROR_BAD_WRITE
                 ? out_of_memory(err)
                 : fus_error_set(err, FUS_E_INTERNAL, "The WebP encoder failed.");
    WebPPictureFree(&picture);
    if (rc == 0 && job->icc)
        rc = add_icc(job, &made, err);
    if (rc == 0) {
        *size = made.size;
        *bytes = FUS_TAKE(made.data);
    }
    fus_free(made.data);
    return rc;
}
