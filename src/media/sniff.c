#include "media/sniff.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/str.h"
#include "media/gif.h"

struct magic {
    uint16_t offset;
    uint8_t length;
    const char *bytes;
    const char *name; /* how the refusal calls it */
};

/* What people send us that we don't take. Longer and safer marks come first. */
static const struct magic refused[] = {
    {0, 4, "II+\0", "BigTIFF"},
    {0, 4, "MM\0+", "BigTIFF"},
    {0, 4, "\x76\x2f\x31\x01", "OpenEXR"},
    {0, 10, "#?RADIANCE", "Radiance HDR"},
    {0, 4, "8BPS", "Photoshop PSD"},
    {0, 4, "qoif", "QOI"},
    {0, 4, "DDS ", "DDS"},
    {0, 8, "\x8aMNG\r\n\x1a\n", "MNG"},
    {0, 12, "\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"},
    {0, 2, "\xff\x0a", "JPEG XL"},
    {0, 8, "\0\0\0\x0cjP  ", "JPEG 2000"},
    {0, 4, "\xff\x4f\xff\x51", "JPEG 2000"},
    {0, 4, "\xff\xd8\xff\xf7", "JPEG-LS"},
    {0, 4, "\0\0\1\0", "ICO"},
    {0, 4, "\0\0\1\xb3", "MPEG elementary stream"},
    {0, 4, "FLV\1", "FLV"},
    {0, 4, "OggS", "Ogg"},
    {0, 4, "fLaC", "FLAC audio"},
    {0, 3, "ID3", "MP3 audio"},
    {0, 2, "\xff\xfb", "MP3 audio"},
    {0, 4, ".RMF", "RealMedia"},
    {0, 10, "YUV4MPEG2 ", "YUV4MPEG2"},
    {0, 5, "%PDF-", "PDF"},
    {0, 4, "PK\3\4", "ZIP"},
    {0, 2, "\x1f\x8b", "gzip"},
    {0, 6, "7z\xbc\xaf\x27\x1c", "7-Zip"},
    {0, 4,
     "\x7f"
     "ELF",
     "ELF"},
};

static const struct {
    uint8_t length;
    const char *bytes;
    enum fus_container container;
} taken[] = {
    {8, "\x89PNG\r\n\x1a\n", FUS_CONTAINER_PNG},
    {6, "GIF87a", FUS_CONTAINER_GIF},
    {6, "GIF89a", FUS_CONTAINER_GIF},
    {4, "II*\0", FUS_CONTAINER_TIFF},
    {4, "MM\0*", FUS_CONTAINER_TIFF},
    {4, "\0\0\1\xba", FUS_CONTAINER_MPEG},
    {8, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", FUS_CONTAINER_WMV},
    {4, "\x06\x0e\x2b\x34", FUS_CONTAINER_MXF},
};

/* Text that some libav demuxer would take for a list of other files to open. */
static const struct {
    const char *mark;
    const char *name;
} text_marks[] = {
    {"ffconcat", "ffconcat playlist"},
    {"#EXTM3U", "HLS playlist"},
    {"[playlist]", "PLS playlist"},
    {"<svg", "SVG"},
    {"<MPD", "DASH manifest"},
    {"<!DOCTYPE html", "HTML"},
    {"<html", "HTML"},
    {"<?xml", "XML"},
    {"#!", "script"},
};

static int refuse(struct fus_error *err, const char *name)
{
    return fus_error_set(
        err, FUS_E_UNSUPPORTED_MEDIA,
        "%s files are not supported; pictures may be jpg, png, webp, tiff, bmp or gif, "
        "clips mp4, mov, mkv, m4v, webm, avi, wmv, mxf, mpeg, ts or gif.",
        name);
}

static bool has(const uint8_t *bytes, size_t size, size_t offset, const char *mark, size_t length)
{
    return offset <= size && size - offset >= length && memcmp(bytes + offset, mark, length) == 0;
}

static bool brand_is(const uint8_t *brand, const char *list)
{
    for (; *list; list += 4)
        if (memcmp(brand, list, 4) == 0)
            return true;
    return false;
}

/* ISO base media: the major brand decides; the generic image brands look at the compatible ones. */
static int sniff_ftyp(const uint8_t *bytes, size_t size, enum fus_container *container,
                      struct fus_error *err)
{
    if (size < 12)
        return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The file breaks off in its first bytes.");
    const uint8_t *major = bytes + 8;
    if (brand_is(major, "avifavis"))
        return refuse(err, "AVIF");
    if (brand_is(major, "heicheixheimheishevchevxhevmhevs"))
        return refuse(err, "HEIC");
    if (brand_is(major, "crx "))
        return refuse(err, "Canon CR3");
    if (brand_is(major, "jp2 jpx jpm "))
        return refuse(err, "JPEG 2000");
    if (brand_is(major, "M4A M4B M4P "))
        return refuse(err, "M4A audio");
    if (brand_is(major, "mif1msf1miaf")) {
        for (size_t at = 16; at + 4 <= size && at < 256; at += 4)
            if (brand_is(bytes + at, "avifavis"))
                return refuse(err, "AVIF");
        return refuse(err, "HEIC");
    }
    *container = brand_is(major, "qt  ")           ? FUS_CONTAINER_MOV
                 : brand_is(major, "M4V M4VHM4VP") ? FUS_CONTAINER_M4V
                                                   : FUS_CONTAINER_MP4;
    return 0;
}

/* An EBML number of 1 to 8 bytes, the length mark removed; 0 if it doesn't fit. */
static size_t ebml_number(const uint8_t *bytes, size_t size, uint64_t *value)
{
    size_t length = 1;
    if (size == 0 || bytes[0] == 0)
        return 0;
    for (uint8_t mark = 0x80; !(bytes[0] & mark); mark = (uint8_t)(mark >> 1))
        length++;
    if (length > size)
        return 0;
    *value = bytes[0] & (0xffu >> length);
    for (size_t i = 1; i < length; i++)
        *value = *value << 8 | bytes[i];
    return length;
}

/* Matroska and WebM share everything but DocType (RFC 8794 section 11, id 0x4282). */
static int sniff_ebml(const uint8_t *bytes, size_t size, enum fus_container *container,
                      struct fus_error *err)
{
    uint64_t header = 0;
    size_t at = 4;
    size_t length = ebml_number(bytes + at, size - at, &header);
    at += length;
    size_t end = length && header < size - at ? at + (size_t)header : size;
    while (length && at + 2 < end) {
        /* Ids keep their length mark; all of the header's are one or two bytes. */
        size_t id_length = bytes[at] & 0x80 ? 1 : 2;
        bool is_doc_type = id_length == 2 && bytes[at] == 0x42 && bytes[at + 1] == 0x82;
        uint64_t item = 0;
        at += id_length;
        length = ebml_number(bytes + at, end - at, &item);
        at += length;
        if (!length || item > end - at)
            break;
        if (is_doc_type) {
            size_t text = (size_t)item;
            while (text && bytes[at + text - 1] == 0)
                text--;
            if (text == 8 && memcmp(bytes + at, "matroska", 8) == 0) {
                *container = FUS_CONTAINER_MKV;
                return 0;
            }
            if (text == 4 && memcmp(bytes + at, "webm", 4) == 0) {
                *container = FUS_CONTAINER_WEBM;
                return 0;
            }
            return refuse(err, "EBML");
        }
        at += (size_t)item;
    }
    return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The Matroska header is damaged.");
}

static int sniff_riff(const uint8_t *bytes, size_t size, enum fus_container *container,
                      struct fus_error *err)
{
    if (has(bytes, size, 8, "WEBP", 4)) {
        *container = FUS_CONTAINER_WEBP;
        return 0;
    }
    if (has(bytes, size, 8, "AVI ", 4)) {
        *container = FUS_CONTAINER_AVI;
        return 0;
    }
    return refuse(err, has(bytes, size, 8, "WAVE", 4) ? "WAV audio" : "RIFF");
}

static bool looks_like_text(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == 0 || (bytes[i] < 0x20 && !strchr("\t\n\r\f", bytes[i])))
            return false;
    return true;
}

static int refuse_the_rest(const uint8_t *bytes, size_t size, struct fus_error *err)
{
    for (size_t i = 0; i < FUS_COUNT(refused); i++)
        if (has(bytes, size, refused[i].offset, refused[i].bytes, refused[i].length))
            return refuse(err, refused[i].name);
    size_t start = has(bytes, size, 0, "\xef\xbb\xbf", 3) ? 3 : 0;
    while (start < size && strchr(" \t\r\n", bytes[start]) && bytes[start])
        start++;
    for (size_t i = 0; i < FUS_COUNT(text_marks); i++)
        if (has(bytes, size, start, text_marks[i].mark, strlen(text_marks[i].mark)))
            return refuse(err, text_marks[i].name);
    if (looks_like_text(bytes, size))
        return refuse(err, "Text");
    return fus_error_set(
        err, FUS_E_UNSUPPORTED_MEDIA,
        "The kind of this file is not known; pictures may be jpg, png, webp, tiff, bmp or gif, "
        "clips mp4, mov, mkv, m4v, webm, avi, wmv, mxf, mpeg, ts or gif.");
}

/* Two letters are a weak mark: the size of the header behind them must be one that exists. */
static bool is_bmp(const uint8_t *bytes, size_t size)
{
    static const uint8_t headers[] = {12, 40, 52, 56, 64, 108, 124};
    if (size < 18 || memcmp(bytes, "BM", 2) != 0 || bytes[15] || bytes[16] || bytes[17])
        return false;
    return memchr(headers, bytes[14], sizeof(headers)) != NULL;
}

/* Packets of 188 bytes, or of 192 with a time in front (m2ts): three sync bytes in their places. */
static bool is_transport_stream(const uint8_t *bytes, size_t size)
{
    for (size_t packet = 188, at = 0; packet <= 192; packet += 4, at += 4)
        if (size > at + 2 * packet && bytes[at] == 0x47 && bytes[at + packet] == 0x47 &&
            bytes[at + 2 * packet] == 0x47)
            return true;
    return false;
}

int fus_sniff_bytes(const uint8_t *bytes, size_t size, enum fus_container *container,
                    struct fus_error *err)
{
    if (size == 0)
        return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA, "The file is empty.");
    for (size_t i = 0; i < FUS_COUNT(taken); i++)
        if (has(bytes, size, 0, taken[i].bytes, taken[i].length)) {
            *container = taken[i].container;
            return 0;
        }
    if (has(bytes, size, 0, "\xff\xd8\xff", 3) && !has(bytes, size, 3, "\xf7", 1)) {
        *container = FUS_CONTAINER_JPEG;
        return 0;
    }
    if (is_bmp(bytes, size)) {
        *container = FUS_CONTAINER_BMP;
        return 0;
    }
    if (is_transport_stream(bytes, size)) {
        *container = FUS_CONTAINER_MPEGTS;
        return 0;
    }
    if (has(bytes, size, 0, "RIFF", 4))
        return sniff_riff(bytes, size, container, err);
    if (has(bytes, size, 4, "ftyp", 4))
        return sniff_ftyp(bytes, size, container, err);
    if (has(bytes, size, 0, "\x1a\x45\xdf\xa3", 4))
        return sniff_ebml(bytes, size, container, err);
    /* QuickTime older than ftyp begins with any of its boxes. */
    static const char boxes[] = "moovmdatfreeskipwidepnot";
    if (size >= 8 && bytes[0] < 0x20 && brand_is(bytes + 4, boxes)) {
        *container = FUS_CONTAINER_MOV;
        return 0;
    }
    return refuse_the_rest(bytes, size, err);
}

int fus_media_open_file(const char *path, uint64_t max_bytes, int *fd, int64_t *size,
                        struct fus_error *err)
{
    FUS_AUTO_FD int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (file < 0 || fstat(file, &st) < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return fus_error_set(err, FUS_E_NOT_FOUND, "The file does not exist.");
        if (errno == ENXIO || errno == ELOOP)
            return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA, "This is not a regular file.");
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "The file cannot be opened: %s.",
                             strerror(errno));
    }
    if (!S_ISREG(st.st_mode))
        return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA, "This is not a regular file.");
    if (max_bytes && (uint64_t)st.st_size > max_bytes)
        return fus_error_set(err, FUS_E_MEDIA_TOO_LARGE,
                             "The file has %lld bytes; at most %llu are allowed.",
                             (long long)st.st_size, (unsigned long long)max_bytes);
    *size = st.st_size;
    *fd = file;
    file = -1;
    return 0;
}

int fus_sniff_fd(int fd, enum fus_container *container, struct fus_error *err)
{
    uint8_t bytes[FUS_SNIFF_BYTES];
    size_t size = 0;
    while (size < sizeof(bytes)) {
        ssize_t n = pread(fd, bytes + size, sizeof(bytes) - size, (off_t)size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "The file cannot be read: %s.",
                                 strerror(errno));
        if (n == 0)
            break;
        size += (size_t)n;
    }
    int rc = fus_sniff_bytes(bytes, size, container, err);
    if (rc == 0 && *container == FUS_CONTAINER_GIF && fus_gif_moves(fd))
        *container = FUS_CONTAINER_GIF_CLIP;
    return rc;
}

int fus_media_sniff(const char *path, enum fus_container *container, struct fus_error *err)
{
    FUS_AUTO_FD int fd = -1;
    int64_t size = 0;
    int rc = fus_media_open_file(path, 0, &fd, &size, err);
    if (rc == 0)
        rc = fus_sniff_fd(fd, container, err);
    return rc;
}
