#include "media/still_header.h"

#include <string.h>

/* Photographs have 1 to 20 pixels a byte; a deflate stream of nothing reaches about 340 for RGB. */
#define BOMB_PIXELS_A_BYTE 200

static uint32_t be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
    return be16(p) << 16 | be16(p + 2);
}

static uint32_t le16(const uint8_t *p)
{
    return (uint32_t)p[1] << 8 | p[0];
}

static uint32_t le24(const uint8_t *p)
{
    return (uint32_t)p[2] << 16 | le16(p);
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p + 2) << 16 | le16(p);
}

static int broken(struct fus_error *err, const char *what)
{
    return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The %s file is damaged or breaks off.", what);
}

/* TIFF 6.0 section 2 and Exif 2.32 tag 0x0112 of IFD 0. */
int fus_exif_orientation(const uint8_t *tiff, size_t size)
{
    if (size < 8 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0))
        return 1;
    bool little = tiff[0] == 'I';
    size_t at = little ? le32(tiff + 4) : be32(tiff + 4);
    if (at > size - 2)
        return 1;
    uint32_t count = little ? le16(tiff + at) : be16(tiff + at);
    at += 2;
    for (; count > 0 && size - at >= 12; count--, at += 12) {
        uint32_t tag = little ? le16(tiff + at) : be16(tiff + at);
        uint32_t type = little ? le16(tiff + at + 2) : be16(tiff + at + 2);
        uint32_t value = little ? le16(tiff + at + 8) : be16(tiff + at + 8);
        if (tag == 0x0112)
            return type == 3 && value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

static bool is_sof(uint8_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static int parse_jpeg(const uint8_t *bytes, size_t size, struct fus_still_header *header,
                      struct fus_error *err)
{
    size_t at = 2;
    while (at + 4 <= size) {
        if (bytes[at] != 0xff || bytes[at + 1] == 0xff) {
            at++; /* fill bytes, or rubbish between segments that libjpeg skips as well */
            continue;
        }
        uint8_t marker = bytes[at + 1];
        at += 2;
        if (marker == 0xda)
            break;
        if (marker == 0x00 || marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8))
            continue;
        if (marker == 0xd9)
            return broken(err, "JPEG");
        size_t length = be16(bytes + at);
        if (length < 2 || length > size - at)
            return broken(err, "JPEG");
        const uint8_t *body = bytes + at + 2;
        if (is_sof(marker) && length >= 8) {
            header->height = be16(body + 1);
            header->width = be16(body + 3);
            header->grey = body[5] == 1;
        } else if (marker == 0xe1 && length >= 16 && memcmp(body, "Exif\0", 5) == 0) {
            header->orientation = fus_exif_orientation(body + 6, length - 8);
        }
        at += length;
    }
    return header->width > 0 && header->height > 0 ? 0 : broken(err, "JPEG");
}

static int parse_png(const uint8_t *bytes, size_t size, struct fus_still_header *header,
                     struct fus_error *err)
{
    if (size < 33 || be32(bytes + 8) != 13 || memcmp(bytes + 12, "IHDR", 4) != 0)
        return broken(err, "PNG");
    header->width = be32(bytes + 16);
    header->height = be32(bytes + 20);
    uint8_t color = bytes[25];
    header->grey = (color & 2) == 0 && color != 3;
    header->has_alpha = (color & 4) != 0;
    if (header->width == 0 || header->height == 0)
        return broken(err, "PNG");
    bool ended = false;
    for (size_t at = 33; !ended && size - at >= 12;) {
        size_t length = be32(bytes + at);
        const uint8_t *type = bytes + at + 4;
        if (length > size - at - 12)
            break;
        if (memcmp(type, "eXIf", 4) == 0)
            header->orientation = fus_exif_orientation(type + 4, length);
        else if (memcmp(type, "acTL", 4) == 0)
            return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA,
                                 "Animated PNG files are not supported.");
        else if (memcmp(type, "tRNS", 4) == 0)
            header->has_alpha = true;
        else if (memcmp(type, "iCCP", 4) == 0 && !header->icc) {
            header->icc = type + 4;
            header->icc_size = length;
        }
        ended = memcmp(type, "IEND", 4) == 0;
        at += length + 12;
    }
    return ended
               ? 0
               : fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The PNG file breaks off before its end.");
}

/* The size of an image chunk; false if it isn't one or too short. */
static bool webp_picture(const uint8_t *type, const uint8_t *body, size_t length, int64_t *width,
                         int64_t *height, bool *alpha)
{
    if (memcmp(type, "VP8 ", 4) == 0 && length >= 10 && memcmp(body + 3, "\x9d\x01\x2a", 3) == 0) {
        *width = le16(body + 6) & 0x3fff;
        *height = le16(body + 8) & 0x3fff;
        return true;
    }
    if (memcmp(type, "VP8L", 4) == 0 && length >= 5 && body[0] == 0x2f) {
        uint32_t bits = le32(body + 1);
        *width = (bits & 0x3fff) + 1;
        *height = (bits >> 14 & 0x3fff) + 1;
        *alpha = *alpha || (bits >> 28 & 1);
        return true;
    }
    return false;
}

/* WebP container specification (RFC 9649 section 2). */
static int parse_webp(const uint8_t *bytes, size_t size, struct fus_still_header *header,
                      struct fus_error *err)
{
    if (size < 20 || le32(bytes + 4) < 12 || le32(bytes + 4) > size - 8)
        return broken(err, "WebP");
    size_t end = (size_t)le32(bytes + 4) + 8;
    bool picture = false;
    for (size_t at = 12; end - at >= 8;) {
        const uint8_t *type = bytes + at, *body = bytes + at + 8;
        size_t length = le32(bytes + at + 4);
        int64_t width = 0, height = 0;
        if (length > end - at - 8)
            return broken(err, "WebP");
        if (memcmp(type, "VP8X", 4) == 0 && length >= 10) {
            if (body[0] & 0x02)
                return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA,
                                     "Animated WebP files are not supported.");
            header->has_alpha = (body[0] & 0x10) != 0;
            width = (int64_t)le24(body + 4) + 1;
            height = (int64_t)le24(body + 7) + 1;
        } else if (webp_picture(type, body, length, &width, &height, &header->has_alpha)) {
            picture = true;
        } else if (memcmp(type, "ICCP", 4) == 0) {
            header->icc = body;
            header->icc_size = length;
        } else if (memcmp(type, "EXIF", 4) == 0) {
            /* Some writers keep JPEG's prefix. */
            size_t skip = length >= 6 && memcmp(body, "Exif\0", 5) == 0 ? 6 : 0;
            header->orientation = fus_exif_orientation(body + skip, length - skip);
        }
        header->width = FUS_MAX(header->width, width);
        header->height = FUS_MAX(header->height, height);
        size_t step = 8 + length + (length & 1);
        at += FUS_MIN(step, end - at);
    }
    return picture && header->width > 0 && header->height > 0 ? 0 : broken(err, "WebP");
}

int fus_still_header_parse(const uint8_t *bytes, size_t size, enum fus_container container,
                           struct fus_still_header *header, struct fus_error *err)
{
    struct fus_still_header parsed = {.container = container, .orientation = 1};
    int rc = 0;
    if (container == FUS_CONTAINER_JPEG)
        rc = parse_jpeg(bytes, size, &parsed, err);
    else if (container == FUS_CONTAINER_PNG)
        rc = parse_png(bytes, size, &parsed, err);
    else if (container == FUS_CONTAINER_WEBP)
        rc = parse_webp(bytes, size, &parsed, err);
    else if (container == FUS_CONTAINER_TIFF)
        rc = fus_tiff_header(bytes, size, &parsed, err);
    else if (container == FUS_CONTAINER_BMP)
        rc = fus_bmp_header(bytes, size, &parsed, err);
    else if (container == FUS_CONTAINER_GIF)
        rc = fus_gif_header(bytes, size, &parsed, err);
    else
        rc = fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA, "This is not a still picture.");
    if (rc == 0)
        *header = parsed;
    return rc;
}

int fus_still_header_check(const struct fus_still_header *header, size_t file_bytes,
                           const struct fus_media_limits *limits, struct fus_error *err)
{
    uint64_t pixels = (uint64_t)header->width * (uint64_t)header->height;
    uint64_t most = FUS_IMAGE_PIXELS_MAX;
    if (limits->max_pixels && limits->max_pixels < most)
        most = limits->max_pixels;
    long long width = (long long)header->width, height = (long long)header->height;
    if (limits->max_dimension && FUS_MAX(width, height) > limits->max_dimension)
        return fus_error_set(err, FUS_E_MEDIA_TOO_LARGE,
                             "The picture has %lld x %lld pixels; a side may have %d.", width,
                             height, limits->max_dimension);
    if (pixels <= most)
        return 0;
    if (pixels / BOMB_PIXELS_A_BYTE > file_bytes)
        return fus_error_set(err, FUS_E_DECOMPRESSION_BOMB,
                             "A file of %zu bytes that unpacks to %lld x %lld pixels is refused.",
                             file_bytes, width, height);
    return fus_error_set(err, FUS_E_MEDIA_TOO_LARGE,
                         "The picture has %lld x %lld pixels; at most %llu in all are allowed.",
                         width, height, (unsigned long long)most);
}
