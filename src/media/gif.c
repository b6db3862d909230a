#include "media/gif.h"

#include <string.h>
#include <unistd.h>

/* Of a file that is read piece by piece. */
#define WINDOW_BYTES 16384
/* Blocks looked at: a picture's data has one for 255 bytes. */
#define BLOCKS_MAX (1 << 22)

/* Bytes of a GIF by their place: all in memory, or a window of a file. */
struct source {
    int fd; /* -1: memory */
    const uint8_t *bytes;
    size_t start, size; /* what `bytes` holds of the whole */
    uint8_t window[WINDOW_BYTES];
};

static bool get(struct source *source, size_t at, size_t count, const uint8_t **bytes)
{
    bool inside = at >= source->start && at - source->start <= source->size &&
                  source->size - (at - source->start) >= count;
    if (!inside && source->fd >= 0) {
        ssize_t n = pread(source->fd, source->window, sizeof(source->window), (off_t)at);
        source->bytes = source->window;
        source->start = at;
        source->size = n > 0 ? (size_t)n : 0;
        inside = source->size >= count;
    }
    *bytes = inside ? source->bytes + (at - source->start) : NULL;
    return inside;
}

static int le16(const uint8_t *bytes)
{
    return bytes[0] | bytes[1] << 8;
}

static size_t table_bytes(uint8_t flags)
{
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Skips sub-blocks up to their empty end. */
static bool skip_blocks(struct source *source, size_t *at)
{
    const uint8_t *length;
    for (int i = 0; i < BLOCKS_MAX && get(source, *at, 1, &length); i++) {
        size_t step = *length;
        *at += 1 + step;
        if (step == 0)
            return true;
    }
    return false;
}

static bool picture(struct source *source, size_t *at, bool first, struct fus_gif_facts *facts)
{
    const uint8_t *head;
    if (!get(source, *at, 10, &head))
        return false;
    int left = le16(head + 1), top = le16(head + 3), width = le16(head + 5),
        height = le16(head + 7);
    *at += 10 + table_bytes(head[9]) + 1; /* and the code size */
    if (!skip_blocks(source, at))
        return false;
    if (first)
        facts->has_alpha |= left > 0 || top > 0 || width < facts->width || height < facts->height;
    facts->pictures++;
    return true;
}

static void walk(struct source *source, struct fus_gif_facts *facts)
{
    const uint8_t *block;
    *facts = (struct fus_gif_facts){0};
    if (!get(source, 0, 13, &block) || memcmp(block, "GIF8", 4) != 0)
        return;
    facts->width = le16(block + 6);
    facts->height = le16(block + 8);
    size_t at = 13 + table_bytes(block[10]);
    for (int i = 0; i < BLOCKS_MAX && facts->pictures < 2 && get(source, at, 1, &block); i++) {
        bool first = facts->pictures == 0, whole = false;
        if (*block == 0x2c) {
            whole = picture(source, &at, first, facts);
        } else if (*block == 0x21 && get(source, at, 4, &block)) {
            /* The graphic control extension tells the transparent colour. */
            if (first && block[1] == 0xf9 && block[2] >= 1)
                facts->has_alpha |= block[3] & 1;
            at += 2;
            whole = skip_blocks(source, &at);
        }
        if (!whole)
            return;
    }
}

bool fus_gif_walk(const uint8_t *bytes, size_t size, struct fus_gif_facts *facts)
{
    struct source source = {.fd = -1, .bytes = bytes, .size = size};
    walk(&source, facts);
    return facts->pictures > 0 && facts->width > 0 && facts->height > 0;
}

bool fus_gif_moves(int fd)
{
    struct source source = {.fd = fd};
    struct fus_gif_facts facts;
    walk(&source, &facts);
    return facts.pictures > 1;
}
