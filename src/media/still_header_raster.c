/* Headers of TIFF, BMP and GIF stills; see still_header.h. */
#include <string.h>

#include "media/gif.h"
#include "media/still_header.h"

static uint32_t number(const uint8_t *bytes, int count, bool little)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[little ? count - 1 - i : i];
    return value;
}

static int broken(struct fus_error *err, const char *what)
{
    return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The %s file is damaged or breaks off.", what);
}

/* TIFF 6.0: the first directory's size, orientation, kind of samples. libtiff checks the rest. */
int fus_tiff_header(const uint8_t *bytes, size_t size, struct fus_still_header *header,
                    struct fus_error *err)
{
    enum { WIDTH = 256, HEIGHT = 257, PHOTOMETRIC = 262, ORIENTATION = 274, EXTRA = 338 };
    if (size < 8)
        return broken(err, "TIFF");
    bool little = bytes[0] == 'I';
    size_t at = number(bytes + 4, 4, little);
    if (at < 8 || at > size - 2)
        return broken(err, "TIFF");
    uint32_t count = number(bytes + at, 2, little);
    at += 2;
    if ((size - at) / 12 < count)
        return broken(err, "TIFF");
    for (; count > 0; count--, at += 12) {
        uint32_t tag = number(bytes + at, 2, little), type = number(bytes + at + 2, 2, little);
        uint32_t value = number(bytes + at + 8, type == 3 ? 2 : 4, little);
        if (tag == WIDTH)
            header->width = value;
        else if (tag == HEIGHT)
            header->height = value;
        else if (tag == ORIENTATION && value >= 1 && value <= 8)
            header->orientation = (int)value;
        else if (tag == PHOTOMETRIC)
            header->grey = value <= 1;
        else if (tag == EXTRA)
            header->has_alpha = value == 1 || value == 2;
    }
    return header->width > 0 && header->height > 0 ? 0 : broken(err, "TIFF");
}

/* BITMAPCOREHEADER, or BITMAPINFOHEADER and what grew from it. */
int fus_bmp_header(const uint8_t *bytes, size_t size, struct fus_still_header *header,
                   struct fus_error *err)
{
    bool core = size >= 26 && bytes[14] == 12;
    if (size < (core ? 26u : 54u))
        return broken(err, "BMP");
    uint64_t offset = number(bytes + 10, 4, true);
    uint64_t bits = number(bytes + (core ? 24 : 28), 2, true);
    uint32_t packing = core ? 0 : number(bytes + 30, 4, true);
    int64_t height = (int32_t)number(bytes + 22, 4, true);
    header->width = (int32_t)number(bytes + 18, 4, true);
    if (core) {
        header->width = number(bytes + 18, 2, true);
        height = number(bytes + 20, 2, true);
    }
    header->height = height < 0 ? -height : height; /* negative: from the top down */
    if (header->width <= 0 || header->height == 0)
        return broken(err, "BMP");
    /* Rows of plain samples fill up to four bytes; run lengths tell themselves. */
    uint64_t row = ((uint64_t)header->width * bits + 31) / 32 * 4;
    if (packing != 1 && packing != 2 &&
        (offset > size || row * (uint64_t)header->height > size - offset))
        return broken(err, "BMP");
    return 0;
}

int fus_gif_header(const uint8_t *bytes, size_t size, struct fus_still_header *header,
                   struct fus_error *err)
{
    struct fus_gif_facts facts;
    if (!fus_gif_walk(bytes, size, &facts))
        return broken(err, "GIF");
    header->width = facts.width;
    header->height = facts.height;
    header->has_alpha = facts.has_alpha;
    return 0;
}
