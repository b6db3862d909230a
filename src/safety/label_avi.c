/* AVI: a _PMX chunk inside the first RIFF (XMP specification part 3, AVI). It takes the place of
 * padding (a JUNK chunk, which our writer leaves in the header), so that nothing moves; without
 * padding it is appended to a file of one RIFF. */
#include <string.h>
#include <unistd.h>

#include "safety/containers.h"

#define RIFF_HEADER 12
#define CHUNK_HEADER 8
#define CHUNKS_MAX 4096

struct avi {
    uint64_t end; /* of the first RIFF */
    uint64_t file_size;
};

struct chunk {
    uint8_t type[4];
    uint64_t start, size; /* of its header; of its data */
};

static bool read_riff(int fd, struct avi *avi)
{
    uint8_t head[RIFF_HEADER];
    off_t length = lseek(fd, 0, SEEK_END);

    if (length < RIFF_HEADER || !fus_label_pread(fd, head, sizeof(head), 0) ||
        memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "AVI ", 4) != 0)
        return false;
    avi->file_size = (uint64_t)length;
    avi->end = (uint64_t)fus_le32(head + 4) + 8;
    return avi->end >= RIFF_HEADER && avi->end <= avi->file_size;
}

static bool next_chunk(int fd, const struct avi *avi, uint64_t *at, struct chunk *chunk)
{
    uint8_t head[CHUNK_HEADER];

    if (*at > avi->end || avi->end - *at < sizeof(head) ||
        !fus_label_pread(fd, head, sizeof(head), *at))
        return false;
    memcpy(chunk->type, head, 4);
    chunk->start = *at;
    chunk->size = fus_le32(head + 4);
    if (chunk->size > avi->end - *at - sizeof(head))
        return false;
    *at += sizeof(head) + chunk->size + chunk->size % 2;
    return true;
}

static int put_header(int fd, const char *type, uint32_t size, uint64_t offset,
                      struct fus_error *err)
{
    uint8_t head[CHUNK_HEADER];

    memcpy(head, type, 4);
    fus_put_le32(head + 4, size);
    return fus_label_pwrite(fd, head, sizeof(head), offset, err);
}

/* The packet with a blank behind it where its length is odd. */
static int put_packet(int fd, struct fus_span xmp, uint64_t at, struct fus_error *err)
{
    uint32_t size = (uint32_t)(xmp.size + xmp.size % 2);
    int rc = put_header(fd, "_PMX", size, at, err);

    if (!rc)
        rc = fus_label_pwrite(fd, xmp.bytes, xmp.size, at + CHUNK_HEADER, err);
    if (!rc && xmp.size % 2)
        rc = fus_label_pwrite(fd, " ", 1, at + CHUNK_HEADER + xmp.size, err);
    return rc;
}

int fus_label_avi_write(int fd, struct fus_span xmp, struct fus_error *err)
{
    struct avi avi;
    struct chunk chunk, room = {.size = 0};
    uint64_t at = RIFF_HEADER, need = xmp.size + xmp.size % 2;
    bool fits = false;
    int rc = 0;

    if (!read_riff(fd, &avi))
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The clip has no place for a label.");
    for (int n = 0; n < CHUNKS_MAX && rc == 0 && next_chunk(fd, &avi, &at, &chunk); n++) {
        if (memcmp(chunk.type, "_PMX", 4) == 0) /* the label of an earlier run */
            rc = fus_label_pwrite(fd, "JUNK", 4, chunk.start, err);
        else if (memcmp(chunk.type, "JUNK", 4) != 0)
            continue;
        if (!fits && (chunk.size == need || chunk.size >= need + CHUNK_HEADER)) {
            room = chunk;
            fits = true;
        }
    }
    if (rc)
        return rc;
    if (fits) {
        uint64_t rest = room.start + CHUNK_HEADER + need;

        if (room.size > need)
            rc = put_header(fd, "JUNK", (uint32_t)(room.size - need - CHUNK_HEADER), rest, err);
        return rc ? rc : put_packet(fd, xmp, room.start, err);
    }
    if (avi.end != avi.file_size || avi.end % 2 || avi.end + CHUNK_HEADER + need > UINT32_MAX)
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The clip has no place for a label.");
    rc = put_packet(fd, xmp, avi.end, err);
    return rc ? rc : put_header(fd, "RIFF", (uint32_t)(avi.end + need), 0, err);
}

bool fus_label_avi_read(int fd, enum fus_digital_source_type *type)
{
    struct avi avi;
    struct chunk chunk;
    uint64_t at = RIFF_HEADER;

    if (!read_riff(fd, &avi))
        return false;
    for (int n = 0; n < CHUNKS_MAX && next_chunk(fd, &avi, &at, &chunk); n++) {
        if (memcmp(chunk.type, "_PMX", 4) == 0)
            return fus_label_packet_at(fd, chunk.start + CHUNK_HEADER, chunk.size, type);
    }
    return false;
}
