/* WebP: an "XMP " chunk at the end of an extended file; a simple file (VP8 or VP8L alone) gets its
 * VP8X header first (WebP container specification; RFC 6386 section 9.1 and the WebP lossless
 * format for the sizes). */
#include <string.h>

#include "safety/containers.h"

#define RIFF_HEADER 12
#define VP8X_SIZE 10
enum { FLAG_XMP = 0x04, FLAG_ALPHA = 0x10 };

struct chunk {
    const uint8_t *type;
    struct fus_span data;
    size_t start, end; /* with its padding byte, as far as the file has it */
};

static bool chunk_at(struct fus_span still, size_t at, struct chunk *chunk)
{
    if (at > still.size || still.size - at < 8)
        return false;

    size_t length = fus_le32(still.bytes + at + 4);
    size_t left = still.size - at - 8;

    if (length > left)
        return false;
    chunk->type = still.bytes + at;
    chunk->data = (struct fus_span){still.bytes + at + 8, length};
    chunk->start = at;
    chunk->end = at + 8 + length + (length % 2 && length < left);
    return true;
}

static bool is_type(const struct chunk *chunk, const char *type)
{
    return memcmp(chunk->type, type, 4) == 0;
}

/* Cuts `still` to what RIFF says belongs to it. */
static bool is_webp(struct fus_span *still)
{
    if (still->size < RIFF_HEADER || memcmp(still->bytes, "RIFF", 4) != 0 ||
        memcmp(still->bytes + 8, "WEBP", 4) != 0)
        return false;

    size_t riff = fus_le32(still->bytes + 4);

    if (riff < 4 || riff > still->size - 8)
        return false;
    still->size = riff + 8;
    return true;
}

static void put_chunk(struct fus_label_buffer *out, const char *type, const uint8_t *bytes,
                      size_t size)
{
    uint8_t number[4];

    fus_put_le32(number, (uint32_t)size);
    fus_label_put(out, type, 4);
    fus_label_put(out, number, 4);
    fus_label_put(out, bytes, size);
    if (size % 2)
        fus_label_put(out, "", 1);
}

/* VP8X fields of a simple file from its only chunk. */
static bool extended_header(const struct chunk *chunk, uint8_t fields[VP8X_SIZE])
{
    const uint8_t *p = chunk->data.bytes;
    uint32_t width, height;

    memset(fields, 0, VP8X_SIZE);
    if (is_type(chunk, "VP8 ")) {
        if (chunk->data.size < 10 || (p[0] & 1) || p[3] != 0x9d || p[4] != 0x01 || p[5] != 0x2a)
            return false; /* no key frame */
        width = (uint32_t)(p[6] | p[7] << 8) & 0x3fff;
        height = (uint32_t)(p[8] | p[9] << 8) & 0x3fff;
    } else if (is_type(chunk, "VP8L")) {
        if (chunk->data.size < 5 || p[0] != 0x2f)
            return false;

        uint32_t bits = fus_le32(p + 1);

        width = (bits & 0x3fff) + 1;
        height = (bits >> 14 & 0x3fff) + 1;
        if (bits >> 28 & 1)
            fields[0] |= FLAG_ALPHA;
    } else {
        return false;
    }
    if (width == 0 || height == 0)
        return false;
    for (int i = 0; i < 3; i++) {
        fields[4 + i] = (uint8_t)((width - 1) >> (8 * i));
        fields[7 + i] = (uint8_t)((height - 1) >> (8 * i));
    }
    return true;
}

int fus_label_webp(struct fus_span still, struct fus_span xmp, struct fus_label_buffer *out,
                   struct fus_error *err)
{
    struct chunk chunk;
    uint8_t fields[VP8X_SIZE];

    if (!is_webp(&still) || !chunk_at(still, RIFF_HEADER, &chunk))
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The WebP has no place for a label.");

    bool extended = is_type(&chunk, "VP8X") && chunk.data.size == VP8X_SIZE;

    if (extended)
        memcpy(fields, chunk.data.bytes, VP8X_SIZE);
    else if (!extended_header(&chunk, fields))
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The WebP's structure is damaged.");
    fields[0] |= FLAG_XMP;

    fus_label_put(out, still.bytes, RIFF_HEADER);
    put_chunk(out, "VP8X", fields, VP8X_SIZE);
    for (size_t at = extended ? chunk.end : RIFF_HEADER; at < still.size; at = chunk.end) {
        if (!chunk_at(still, at, &chunk))
            return fus_error_set(err, FUS_E_LABELLING_FAILED, "The WebP's structure is damaged.");
        if (!is_type(&chunk, "XMP "))
            put_chunk(out, (const char *)chunk.type, chunk.data.bytes, chunk.data.size);
    }
    put_chunk(out, "XMP ", xmp.bytes, xmp.size);
    if (out->size - 8 > UINT32_MAX)
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The WebP is too large.");
    fus_put_le32(out->bytes + 4, (uint32_t)(out->size - 8));
    return 0;
}

bool fus_label_webp_find(struct fus_span still, struct fus_span *xmp)
{
    struct chunk chunk;

    if (!is_webp(&still))
        return false;
    for (size_t at = RIFF_HEADER; chunk_at(still, at, &chunk); at = chunk.end) {
        if (is_type(&chunk, "XMP ")) {
            *xmp = chunk.data;
            return true;
        }
    }
    return false;
}
