/* ISO base media files: a top-level box of type uuid whose user type says XMP (XMP specification
 * part 3, 1.2.7.1; ISO/IEC 14496-12 section 4.2 for the boxes). It stands at the end, so nothing in
 * front of it moves and no offset inside moov changes. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "safety/containers.h"
#include "safety/xmp.h"

static const uint8_t xmp_uuid[16] = {0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8,
                                     0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac};

/* Top-level boxes looked at; a fragmented clip has two a fragment. */
#define BOXES_MAX 200000
#define PACKET_READ_MAX ((size_t)1 << 20)

struct box {
    uint64_t offset, size;
    uint8_t type[4];
    uint64_t header; /* bytes before the payload */
    bool to_end;     /* size 0: reaches to the end of the file */
    bool xmp;
};

bool fus_label_pread(int fd, void *bytes, size_t size, uint64_t offset)
{
    uint8_t *to = bytes;

    while (size > 0) {
        ssize_t n = pread(fd, to, size, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        to += n;
        size -= (size_t)n;
        offset += (uint64_t)n;
    }
    return true;
}

static bool box_at(int fd, uint64_t offset, uint64_t file_size, struct box *box)
{
    uint8_t head[16];

    if (offset > file_size || file_size - offset < 8 || !fus_label_pread(fd, head, 8, offset))
        return false;
    *box = (struct box){.offset = offset, .size = fus_be32(head), .header = 8};
    memcpy(box->type, head + 4, 4);
    if (box->size == 1) {
        if (file_size - offset < 16 || !fus_label_pread(fd, head + 8, 8, offset + 8))
            return false;
        box->size = (uint64_t)fus_be32(head + 8) << 32 | fus_be32(head + 12);
        box->header = 16;
    } else if (box->size == 0) {
        box->size = file_size - offset;
        box->to_end = true;
    }
    if (box->size < box->header || box->size > file_size - offset)
        return false;
    if (memcmp(box->type, "uuid", 4) == 0 && box->size - box->header >= sizeof(xmp_uuid)) {
        uint8_t user_type[16];

        if (!fus_label_pread(fd, user_type, sizeof(user_type), offset + box->header))
            return false;
        box->xmp = memcmp(user_type, xmp_uuid, sizeof(xmp_uuid)) == 0;
    }
    return true;
}

int fus_label_pwrite(int fd, const void *bytes, size_t size, uint64_t offset, struct fus_error *err)
{
    const uint8_t *from = bytes;

    while (size > 0) {
        ssize_t n = pwrite(fd, from, size, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == ENOSPC || errno == EDQUOT))
            return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "No space left for the output.");
        if (n <= 0)
            return fus_error_set(err, FUS_E_LABELLING_FAILED, "The label could not be written.");
        from += n;
        size -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}

/* A box that says "to the end" would swallow what is appended: its size is written out. */
static int fix_open_end(int fd, const struct box *box, struct fus_error *err)
{
    uint8_t size[4];

    if (box->size > UINT32_MAX)
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The clip has no place for a label.");
    fus_put_be32(size, (uint32_t)box->size);
    return fus_label_pwrite(fd, size, sizeof(size), box->offset, err);
}

static int append_box(int fd, uint64_t end, struct fus_span xmp, struct fus_error *err)
{
    uint8_t head[24];
    int rc;

    fus_put_be32(head, (uint32_t)(sizeof(head) + xmp.size));
    memcpy(head + 4, "uuid", 4);
    memcpy(head + 8, xmp_uuid, sizeof(xmp_uuid));
    rc = fus_label_pwrite(fd, head, sizeof(head), end, err);
    return rc ? rc : fus_label_pwrite(fd, xmp.bytes, xmp.size, end + sizeof(head), err);
}

int fus_label_bmff_write(int fd, struct fus_span xmp, struct fus_error *err)
{
    off_t length = lseek(fd, 0, SEEK_END);
    uint64_t file_size = length > 0 ? (uint64_t)length : 0, end = 0;
    bool movie = false;
    struct box box;

    for (int n = 0; end < file_size; n++) {
        if (n == BOXES_MAX || !box_at(fd, end, file_size, &box))
            return fus_error_set(err, FUS_E_LABELLING_FAILED, "The clip's structure is damaged.");
        movie = movie || memcmp(box.type, "moov", 4) == 0;

        uint64_t next = box.offset + box.size;
        int rc = 0;

        if (box.xmp && next == file_size) { /* the label of an earlier run */
            if (ftruncate(fd, (off_t)box.offset) != 0)
                return fus_error_set(err, FUS_E_LABELLING_FAILED, "An old label stays in place.");
            break;
        }
        if (box.xmp)
            rc = fus_label_pwrite(fd, "free", 4, box.offset + 4, err);
        else if (box.to_end)
            rc = fix_open_end(fd, &box, err);
        if (rc)
            return rc;
        end = next;
    }
    if (!movie)
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The clip has no place for a label.");
    return append_box(fd, end, xmp, err);
}

bool fus_label_packet_at(int fd, uint64_t offset, uint64_t size, enum fus_digital_source_type *type)
{
    size_t take = (size_t)FUS_MIN(size, (uint64_t)PACKET_READ_MAX);
    FUS_AUTO_FREE uint8_t *packet = fus_malloc(take ? take : 1);

    return packet && fus_label_pread(fd, packet, take, offset) &&
           fus_xmp_source_type(packet, take, type);
}

static bool read_packet(int fd, const struct box *box, enum fus_digital_source_type *type)
{
    uint64_t start = box->header + sizeof(xmp_uuid);

    return fus_label_packet_at(fd, box->offset + start, box->size - start, type);
}

bool fus_label_bmff_read(int fd, enum fus_digital_source_type *type)
{
    off_t length = lseek(fd, 0, SEEK_END);
    uint64_t file_size = length > 0 ? (uint64_t)length : 0, at = 0;
    struct box box;

    for (int n = 0; n < BOXES_MAX && box_at(fd, at, file_size, &box); n++) {
        if (box.xmp)
            return read_packet(fd, &box, type);
        at = box.offset + box.size;
    }
    return false;
}
