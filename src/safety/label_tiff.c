/* TIFF: tag 700 of the first directory (XMP specification part 3, TIFF). The directory is written
 * anew behind everything else, with the packet, and the header points to it; nothing that other
 * offsets tell of moves. */
#include <string.h>

#include "safety/containers.h"

#define HEADER 8
#define ENTRY 12
#define TAG_XMP 700

struct directory {
    bool little;
    const uint8_t *entries;
    size_t count;
    uint32_t next; /* offset of the directory behind it */
};

static uint32_t get(const uint8_t *p, int bytes, bool little)
{
    uint32_t value = 0;

    for (int i = 0; i < bytes; i++)
        value = value << 8 | p[little ? bytes - 1 - i : i];
    return value;
}

static void put_number(struct fus_label_buffer *out, uint32_t value, int bytes, bool little)
{
    uint8_t number[4];

    for (int i = 0; i < bytes; i++)
        number[little ? i : bytes - 1 - i] = (uint8_t)(value >> (8 * i));
    fus_label_put(out, number, (size_t)bytes);
}

static bool read_directory(struct fus_span still, struct directory *directory)
{
    if (still.size < HEADER ||
        (memcmp(still.bytes, "II*\0", 4) != 0 && memcmp(still.bytes, "MM\0*", 4) != 0))
        return false;

    bool little = still.bytes[0] == 'I';
    size_t at = get(still.bytes + 4, 4, little);

    if (at < HEADER || at > still.size - 2)
        return false;

    size_t count = get(still.bytes + at, 2, little);

    at += 2;
    if (count == 0 || still.size - at < 4 || (still.size - at - 4) / ENTRY < count)
        return false;
    *directory = (struct directory){.little = little,
                                    .entries = still.bytes + at,
                                    .count = count,
                                    .next = get(still.bytes + at + count * ENTRY, 4, little)};
    return true;
}

static void put_xmp_entry(struct fus_label_buffer *out, size_t size, size_t offset, bool little)
{
    put_number(out, TAG_XMP, 2, little);
    put_number(out, 1, 2, little); /* BYTE */
    put_number(out, (uint32_t)size, 4, little);
    put_number(out, (uint32_t)offset, 4, little);
}

/* Offsets are even, as the specification wants them. */
static void make_even(struct fus_label_buffer *out)
{
    if (out->size % 2)
        fus_label_put(out, "", 1);
}

/* What is copied: all, or all before our own packet and directory of an earlier run. */
static size_t kept_bytes(struct fus_span still, const struct directory *directory)
{
    size_t start = (size_t)(directory->entries - still.bytes) - 2;
    size_t end = start + 2 + directory->count * ENTRY + 4;
    struct fus_span old;

    if (end != still.size || !fus_label_tiff_find(still, &old))
        return still.size;

    size_t at = (size_t)(old.bytes - still.bytes);

    return at >= HEADER && at + old.size + old.size % 2 == start ? at : still.size;
}

int fus_label_tiff(struct fus_span still, struct fus_span xmp, struct fus_label_buffer *out,
                   struct fus_error *err)
{
    struct directory directory;

    if (!read_directory(still, &directory))
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The TIFF's structure is damaged.");

    size_t kept = 0;
    bool little = directory.little, placed = false;

    for (size_t i = 0; i < directory.count; i++)
        kept += get(directory.entries + i * ENTRY, 2, little) != TAG_XMP;
    if (kept >= UINT16_MAX || 2 + (kept + 1) * ENTRY + 4 + 2 > FUS_LABEL_OVERHEAD ||
        still.size + xmp.size + FUS_LABEL_OVERHEAD > UINT32_MAX)
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The TIFF has no place for a label.");
    fus_label_put(out, still.bytes, kept_bytes(still, &directory));
    make_even(out);

    size_t packet = out->size;

    fus_label_put(out, xmp.bytes, xmp.size);
    make_even(out);

    struct fus_label_buffer header = {out->bytes + 4, 0, 4};

    put_number(&header, (uint32_t)out->size, 4, little);
    put_number(out, (uint32_t)kept + 1, 2, little);
    for (size_t i = 0; i < directory.count; i++) {
        const uint8_t *entry = directory.entries + i * ENTRY;
        uint32_t tag = get(entry, 2, little);

        if (!placed && tag > TAG_XMP) {
            put_xmp_entry(out, xmp.size, packet, little);
            placed = true;
        }
        if (tag != TAG_XMP)
            fus_label_put(out, entry, ENTRY);
    }
    if (!placed)
        put_xmp_entry(out, xmp.size, packet, little);
    put_number(out, directory.next, 4, little);
    return 0;
}

bool fus_label_tiff_find(struct fus_span still, struct fus_span *xmp)
{
    struct directory directory;

    if (!read_directory(still, &directory))
        return false;
    for (size_t i = 0; i < directory.count; i++) {
        const uint8_t *entry = directory.entries + i * ENTRY;
        uint32_t type = get(entry + 2, 2, directory.little);
        size_t size = get(entry + 4, 4, directory.little);
        size_t offset = get(entry + 8, 4, directory.little);

        if (get(entry, 2, directory.little) != TAG_XMP || (type != 1 && type != 7) || size <= 4)
            continue;
        if (offset > still.size || size > still.size - offset)
            return false;
        *xmp = (struct fus_span){still.bytes + offset, size};
        return true;
    }
    return false;
}
