/* ASF (wmv): an object of its own at the top level (XMP specification part 3, ASF), at the end; the
 * file's size in the header is brought up to date (ASF specification 2.1 and 3.2). */
#include <string.h>
#include <unistd.h>

#include "safety/containers.h"

#define OBJECT_HEADER 24
#define OBJECTS_MAX 4096
/* In the file properties object: behind its header and the file's id. */
#define FILE_SIZE_AT 40

static const uint8_t header_id[16] = {0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11,
                                      0xa6, 0xd9, 0x00, 0xaa, 0x00, 0x62, 0xce, 0x6c};
static const uint8_t properties_id[16] = {0xa1, 0xdc, 0xab, 0x8c, 0x47, 0xa9, 0xcf, 0x11,
                                          0x8e, 0xe4, 0x00, 0xc0, 0x0c, 0x20, 0x53, 0x65};
/* BE7ACFCB-97A9-42E8-9C71-999491E3AFAC, its first three numbers with the low byte first */
static const uint8_t xmp_id[16] = {0xcb, 0xcf, 0x7a, 0xbe, 0xa9, 0x97, 0xe8, 0x42,
                                   0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac};

struct object {
    uint8_t id[16];
    uint64_t start, size;
};

static void put_le64(uint8_t *p, uint64_t value)
{
    fus_put_le32(p, (uint32_t)value);
    fus_put_le32(p + 4, (uint32_t)(value >> 32));
}

static bool object_at(int fd, uint64_t at, uint64_t end, struct object *object)
{
    uint8_t head[OBJECT_HEADER];

    if (at > end || end - at < sizeof(head) || !fus_label_pread(fd, head, sizeof(head), at))
        return false;
    memcpy(object->id, head, sizeof(object->id));
    object->start = at;
    object->size = (uint64_t)fus_le32(head + 20) << 32 | fus_le32(head + 16);
    return object->size >= sizeof(head) && object->size <= end - at;
}

static bool is(const struct object *object, const uint8_t id[16])
{
    return memcmp(object->id, id, sizeof(object->id)) == 0;
}

/* Where the file's size stands; 0 if nowhere. */
static uint64_t find_size_field(int fd, const struct object *header)
{
    struct object object;
    uint64_t end = header->start + header->size;

    /* the header's own fields: number of objects, two reserved bytes */
    for (uint64_t at = header->start + OBJECT_HEADER + 6; object_at(fd, at, end, &object);
         at += object.size) {
        if (is(&object, properties_id) && object.size >= FILE_SIZE_AT + 8)
            return object.start + FILE_SIZE_AT;
    }
    return 0;
}

static uint64_t file_length(int fd)
{
    off_t length = lseek(fd, 0, SEEK_END);

    return length > 0 ? (uint64_t)length : 0;
}

int fus_label_asf_write(int fd, struct fus_span xmp, struct fus_error *err)
{
    uint64_t length = file_length(fd), at = 0, size_field = 0;
    struct object object;
    uint8_t head[OBJECT_HEADER], number[8];
    int rc = 0;

    for (int n = 0; n < OBJECTS_MAX && object_at(fd, at, length, &object); n++) {
        if (n == 0 && is(&object, header_id))
            size_field = find_size_field(fd, &object);
        if (is(&object, xmp_id)) { /* the label of an earlier run */
            if (object.start + object.size != length || ftruncate(fd, (off_t)object.start) != 0)
                return fus_error_set(err, FUS_E_LABELLING_FAILED, "An old label stays in place.");
            break;
        }
        at += object.size;
    }
    if (!size_field)
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The clip has no place for a label.");
    length = file_length(fd);
    memcpy(head, xmp_id, sizeof(xmp_id));
    put_le64(head + 16, sizeof(head) + xmp.size);
    put_le64(number, length + sizeof(head) + xmp.size);
    rc = fus_label_pwrite(fd, head, sizeof(head), length, err);
    if (!rc)
        rc = fus_label_pwrite(fd, xmp.bytes, xmp.size, length + sizeof(head), err);
    return rc ? rc : fus_label_pwrite(fd, number, sizeof(number), size_field, err);
}

bool fus_label_asf_read(int fd, enum fus_digital_source_type *type)
{
    uint64_t length = file_length(fd), at = 0;
    struct object object;

    for (int n = 0; n < OBJECTS_MAX && object_at(fd, at, length, &object); n++) {
        if (is(&object, xmp_id))
            return fus_label_packet_at(fd, at + OBJECT_HEADER, object.size - OBJECT_HEADER, type);
        at += object.size;
    }
    return false;
}
