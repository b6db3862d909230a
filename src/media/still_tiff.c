/* TIFF by libtiff, from and to memory. Pixels come through its RGBA reader, which knows every
 * packing, palette and depth (16 bits become 8 by rounding v / 257) and is what OpenCV uses; any
 * error that it tells of fails the whole picture. */
#include "media/still_codec.h"

#include <stdio.h>
#include <string.h>

#include <tiffio.h>

#include "base/mem.h"

/* One allocation of libtiff's own: strips and tables. */
#define TIFF_ALLOC_MAX ((tmsize_t)1 << 30)

struct memory {
    const uint8_t *bytes; /* reading */
    size_t size;
    struct fus_bytes made; /* writing */
    size_t at;
    bool writing, short_of_memory;
};

static tmsize_t memory_read(thandle_t user, void *to, tmsize_t count)
{
    struct memory *memory = user;
    const uint8_t *from = memory->writing ? memory->made.data : memory->bytes;
    size_t size = memory->writing ? memory->made.size : memory->size;
    size_t left = memory->at < size ? size - memory->at : 0;
    size_t take = FUS_MIN((size_t)FUS_MAX(count, 0), left);
    if (take)
        memcpy(to, from + memory->at, take);
    memory->at += take;
    return (tmsize_t)take;
}

static tmsize_t memory_write(thandle_t user, void *from, tmsize_t count)
{
    static const uint8_t zeros[256];
    struct memory *memory = user;
    size_t size = (size_t)FUS_MAX(count, 0);
    struct fus_bytes *made = &memory->made;
    while (made->size < memory->at) {
        size_t step = FUS_MIN(memory->at - made->size, sizeof(zeros));
        if (!fus_bytes_append(made, zeros, step)) {
            memory->short_of_memory = true;
            return 0;
        }
    }
    size_t over = FUS_MIN(size, made->size - memory->at);
    if (over)
        memcpy(made->data + memory->at, from, over);
    if (!fus_bytes_append(made, (const uint8_t *)from + over, size - over)) {
        memory->short_of_memory = true;
        return 0;
    }
    memory->at += size;
    return count;
}

static toff_t memory_size(thandle_t user)
{
    const struct memory *memory = user;
    return memory->writing ? memory->made.size : memory->size;
}

static toff_t memory_seek(thandle_t user, toff_t offset, int whence)
{
    struct memory *memory = user;
    toff_t base = whence == SEEK_CUR ? memory->at : whence == SEEK_END ? memory_size(user) : 0;
    toff_t at = base + offset; /* negative offsets wrap, as toff_t has no sign */
    if (at > (toff_t)INT64_MAX)
        return (toff_t)-1;
    memory->at = at;
    return at;
}

static int memory_close(thandle_t user)
{
    (void)user;
    return 0;
}

static int say_nothing(TIFF *tiff, void *user, const char *module, const char *format, va_list args)
{
    (void)tiff;
    (void)user;
    (void)module;
    (void)format;
    (void)args;
    return 1;
}

static TIFF *tiff_open(struct memory *memory, const char *mode)
{
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options)
        return NULL;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, TIFF_ALLOC_MAX);
    TIFFOpenOptionsSetErrorHandlerExtR(options, say_nothing, NULL);
    TIFFOpenOptionsSetWarningHandlerExtR(options, say_nothing, NULL);
    TIFF *tiff = TIFFClientOpenExt("picture", mode, memory, memory_read, memory_write, memory_seek,
                                   memory_close, memory_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return tiff;
}

static int out_of_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a TIFF picture.");
}

static int damaged(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The TIFF file is damaged or breaks off.");
}

enum alpha_kind { ALPHA_NONE, ALPHA_STRAIGHT, ALPHA_MULTIPLIED };

/* libtiff multiplies straight alpha into the colours; declared as multiplied already, they stay. */
static enum alpha_kind prepare_alpha(TIFF *tiff)
{
    uint16_t count = 0, *kinds = NULL;
    uint16_t multiplied = EXTRASAMPLE_ASSOCALPHA;
    if (!TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) || count < 1)
        return ALPHA_NONE;
    if (kinds[0] == EXTRASAMPLE_ASSOCALPHA)
        return ALPHA_MULTIPLIED;
    if (kinds[0] != EXTRASAMPLE_UNASSALPHA)
        return ALPHA_NONE;
    if (count == 1)
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &multiplied);
    return ALPHA_STRAIGHT;
}

static uint8_t divided(uint8_t value, unsigned alpha)
{
    unsigned straight = alpha ? (value * 255u + alpha / 2) / alpha : 0;
    return (uint8_t)FUS_MIN(straight, 255u);
}

static void take_row(const uint32_t *raster, enum alpha_kind kind, int width, uint8_t *bgr,
                     uint8_t *alpha)
{
    for (int x = 0; x < width; x++, bgr += 3) {
        unsigned a = TIFFGetA(raster[x]);
        bgr[0] = (uint8_t)TIFFGetB(raster[x]);
        bgr[1] = (uint8_t)TIFFGetG(raster[x]);
        bgr[2] = (uint8_t)TIFFGetR(raster[x]);
        for (int c = 0; kind == ALPHA_MULTIPLIED && c < 3; c++)
            bgr[c] = divided(bgr[c], a);
        if (alpha)
            alpha[x] = (uint8_t)a;
    }
}

static int read_tiff(TIFF *tiff, const struct fus_still_header *header, struct fus_still *still,
                     struct fus_error *err)
{
    char reason[1024] = "";
    uint32_t width = 0, height = 0, profile_size = 0;
    void *profile = NULL;
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
    if (width != header->width || height != header->height)
        return damaged(err);
    if (!TIFFRGBAImageOK(tiff, reason))
        return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA,
                             "This variant of TIFF is not supported.");
    enum alpha_kind kind = prepare_alpha(tiff);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT); /* turned by our own rule */
    FUS_AUTO_FREE uint32_t *raster = fus_calloc((size_t)width * height, sizeof(*raster));
    if (!raster)
        return out_of_memory(err);
    if (!TIFFReadRGBAImageOriented(tiff, width, height, raster, ORIENTATION_TOPLEFT, 1))
        return damaged(err);
    int rc = fus_image_alloc(&still->image, FUS_PIXEL_BGR8, (int)width, (int)height, err);
    if (rc == 0 && kind != ALPHA_NONE)
        rc = fus_image_alloc(&still->alpha, FUS_PIXEL_GRAY8, (int)width, (int)height, err);
    if (rc < 0)
        return rc;
    for (size_t y = 0; y < height; y++)
        take_row(raster + y * width, kind, (int)width,
                 still->image.plane[0] + still->image.stride_bytes[0] * (ptrdiff_t)y,
                 kind == ALPHA_NONE
                     ? NULL
                     : still->alpha.plane[0] + still->alpha.stride_bytes[0] * (ptrdiff_t)y);
    still->grey = header->grey;
    if (TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &profile_size, &profile) && profile_size) {
        still->icc = fus_memdup(profile, profile_size);
        still->icc_size = still->icc ? profile_size : 0;
    }
    return 0;
}

int fus_tiff_decode(const uint8_t *bytes, size_t size, const struct fus_still_header *header,
                    struct fus_still *still, struct fus_error *err)
{
    struct memory memory = {.bytes = bytes, .size = size};
    TIFF *tiff = tiff_open(&memory, "rm");
    if (!tiff)
        return damaged(err);
    int rc = read_tiff(tiff, header, still, err);
    TIFFClose(tiff);
    return rc;
}

static void set_fields(TIFF *tiff, const struct fus_still_job *job, uint16_t samples)
{
    uint16_t straight = EXTRASAMPLE_UNASSALPHA;
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, (uint32_t)job->image->width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, (uint32_t)job->image->height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, samples);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, job->grey ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_LZW); /* what every reader knows */
    TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, TIFFDefaultStripSize(tiff, 0));
    if (job->alpha)
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &straight);
    if (job->icc)
        TIFFSetField(tiff, TIFFTAG_ICCPROFILE, (uint32_t)job->icc_size, job->icc);
}

static void fill_row(const struct fus_still_job *job, int y, uint8_t *to)
{
    const uint8_t *bgr = job->image->plane[0] + job->image->stride_bytes[0] * y;
    const uint8_t *alpha =
        job->alpha ? job->alpha->plane[0] + job->alpha->stride_bytes[0] * y : NULL;
    for (int x = 0; x < job->image->width; x++, bgr += 3) {
        if (job->grey) {
            *to++ = bgr[1];
        } else {
            *to++ = bgr[2];
            *to++ = bgr[1];
            *to++ = bgr[0];
        }
        if (alpha)
            *to++ = alpha[x];
    }
}

int fus_tiff_encode(const struct fus_still_job *job, uint8_t **bytes, size_t *size,
                    struct fus_error *err)
{
    uint16_t samples = (uint16_t)((job->grey ? 1 : 3) + (job->alpha ? 1 : 0));
    FUS_AUTO_FREE uint8_t *row = fus_calloc((size_t)job->image->width, samples);
    struct memory memory = {.writing = true};
    TIFF *tiff = row ? tiff_open(&memory, "wlm") : NULL;
    bool good = tiff != NULL;
    if (tiff)
        set_fields(tiff, job, samples);
    for (int y = 0; good && y < job->image->height; y++) {
        fill_row(job, y, row);
        good = TIFFWriteScanline(tiff, row, (uint32_t)y, 0) == 1;
    }
    good = good && TIFFFlush(tiff) == 1;
    if (tiff)
        TIFFClose(tiff);
    if (!good || memory.short_of_memory) {
        fus_free(memory.made.data);
        return memory.short_of_memory || !tiff
                   ? out_of_memory(err)
                   : fus_error_set(err, FUS_E_INTERNAL, "The TIFF encoder failed.");
    }
    *bytes = memory.made.data;
    *size = memory.made.size;
    return 0;
}
