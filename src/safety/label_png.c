/* PNG: an uncompressed iTXt chunk "XML:com.adobe.xmp" behind IHDR (XMP specification part
 * 3, 1.1.5). */
#include <string.h>

#include "safety/containers.h"

static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
static const char xmp_keyword[] = "XML:com.adobe.xmp"; /* its NUL belongs to it */
static const char raw_keyword[] = "Raw profile type xmp";

#define CHUNK_FRAME 12 /* length, type, CRC */

struct chunk {
    const uint8_t *type;
    struct fus_span data;
    size_t start, end;
};

static bool chunk_at(struct fus_span still, size_t at, struct chunk *chunk)
{
    if (at > still.size || still.size - at < CHUNK_FRAME)
        return false;

    size_t length = fus_be32(still.bytes + at);

    if (length > still.size - at - CHUNK_FRAME)
        return false;
    chunk->type = still.bytes + at + 4;
    chunk->data = (struct fus_span){still.bytes + at + 8, length};
    chunk->start = at;
    chunk->end = at + CHUNK_FRAME + length;
    return true;
}

static bool is_type(const struct chunk *chunk, const char *type)
{
    return memcmp(chunk->type, type, 4) == 0;
}

static bool has_keyword(const struct chunk *chunk, const char *keyword, size_t size)
{
    return chunk->data.size >= size && memcmp(chunk->data.bytes, keyword, size) == 0;
}

static bool is_xmp(const struct chunk *chunk)
{
    if (is_type(chunk, "iTXt"))
        return has_keyword(chunk, xmp_keyword, sizeof(xmp_keyword));
    return (is_type(chunk, "tEXt") || is_type(chunk, "zTXt")) &&
           has_keyword(chunk, raw_keyword, sizeof(raw_keyword));
}

/* CRC-32 of PNG annex D, bit by bit: a packet has a few kB. */
static uint32_t crc32_of(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0xffffffffu;

    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? 0xedb88320u ^ crc >> 1 : crc >> 1;
    }
    return ~crc;
}

static void put_packet(struct fus_label_buffer *out, struct fus_span xmp)
{
    /* behind the keyword: compression flag, method, empty language tag, empty translated keyword */
    static const uint8_t rest[4] = {0, 0, 0, 0};
    size_t length = sizeof(xmp_keyword) + sizeof(rest) + xmp.size;
    size_t start = out->size + 4;
    uint8_t number[4];

    fus_put_be32(number, (uint32_t)length);
    fus_label_put(out, number, 4);
    fus_label_put(out, "iTXt", 4);
    fus_label_put(out, xmp_keyword, sizeof(xmp_keyword));
    fus_label_put(out, rest, sizeof(rest));
    fus_label_put(out, xmp.bytes, xmp.size);
    fus_put_be32(number, crc32_of(out->bytes + start, out->size - start));
    fus_label_put(out, number, 4);
}

static bool is_png(struct fus_span still)
{
    return still.size >= sizeof(signature) &&
           memcmp(still.bytes, signature, sizeof(signature)) == 0;
}

int fus_label_png(struct fus_span still, struct fus_span xmp, struct fus_label_buffer *out,
                  struct fus_error *err)
{
    size_t at = sizeof(signature);
    struct chunk chunk;

    if (!is_png(still) || !chunk_at(still, at, &chunk) || !is_type(&chunk, "IHDR"))
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The PNG has no place for a label.");
    fus_label_put(out, still.bytes, chunk.end);
    put_packet(out, xmp);
    do {
        at = chunk.end;
        if (!chunk_at(still, at, &chunk))
            return fus_error_set(err, FUS_E_LABELLING_FAILED, "The PNG's structure is damaged.");
        if (!is_xmp(&chunk))
            fus_label_put(out, still.bytes + chunk.start, chunk.end - chunk.start);
    } while (!is_type(&chunk, "IEND")); /* what stands behind IEND is no part of the picture */
    return 0;
}

bool fus_label_png_find(struct fus_span still, struct fus_span *xmp)
{
    struct chunk chunk;

    if (!is_png(still))
        return false;
    for (size_t at = sizeof(signature); chunk_at(still, at, &chunk); at = chunk.end) {
        if (!is_type(&chunk, "iTXt") || !has_keyword(&chunk, xmp_keyword, sizeof(xmp_keyword)))
            continue;

        const uint8_t *p = chunk.data.bytes + sizeof(xmp_keyword);
        size_t left = chunk.data.size - sizeof(xmp_keyword);

        if (left < 2 || p[0] != 0) /* compressed: not ours, and XMP forbids it */
            return false;
        p += 2;
        left -= 2;
        for (int text = 0; text < 2; text++) { /* language tag, translated keyword */
            const uint8_t *end = left ? memchr(p, 0, left) : NULL;

            if (!end)
                return false;
            left -= (size_t)(end + 1 - p);
            p = end + 1;
        }
        *xmp = (struct fus_span){p, left};
        return true;
    }
    return false;
}
