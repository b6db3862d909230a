/* Does a clip's file hold all that its outermost structure promises? libav plays a torn file up to
 * the tear and calls that the end, so we look ourselves. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "media/demux.h"

/* Fragmented recordings have a few boxes a second. */
#define BOXES_MAX (1 << 20)

static bool read_at(int fd, int64_t offset, uint8_t *to, size_t size)
{
    ssize_t n = 0;
    do
        n = pread(fd, to, size, (off_t)offset);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)size;
}

static uint64_t big_endian(const uint8_t *bytes, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static bool is_box_type(const uint8_t *type)
{
    for (int i = 0; i < 4; i++)
        if ((type[i] < 0x20 || type[i] > 0x7e) && type[i] != 0xa9)
            return false;
    return true;
}

/* ISO/IEC 14496-12 section 4.2. Rubbish behind the last box is none of our business. */
static bool boxes_are_whole(int fd, int64_t size)
{
    int64_t at = 0;
    for (int i = 0; i < BOXES_MAX && size - at >= 8; i++) {
        uint8_t head[16] = {0};
        if (!read_at(fd, at, head, 8) || !is_box_type(head + 4))
            return true;
        uint64_t length = big_endian(head, 4);
        if (length == 0)
            return true; /* up to the end of the file */
        if (length == 1) {
            if (!read_at(fd, at, head, 16))
                return false;
            length = big_endian(head + 8, 8);
        }
        if (length < 8)
            return true;
        if (length > (uint64_t)(size - at))
            return false;
        at += (int64_t)length;
    }
    return true;
}

/* An EBML length at `at`; 0 bytes if damaged. All ones mean unknown. */
static int ebml_length(int fd, int64_t at, uint64_t *value, bool *unknown)
{
    uint8_t bytes[8] = {0};
    if (!read_at(fd, at, bytes, 1) || bytes[0] == 0)
        return 0;
    int count = __builtin_clz((unsigned)bytes[0]) - 23;
    if (!read_at(fd, at, bytes, (size_t)count))
        return 0;
    uint64_t mask = ((uint64_t)1 << (7 * count)) - 1;
    *value = big_endian(bytes, count) & mask;
    *unknown = *value == mask;
    return count;
}

/* RFC 9559: EBML header, then one Segment (0x18538067). Live recordings leave its length unknown.
 */
static bool segment_is_whole(int fd, int64_t size)
{
    uint64_t length = 0;
    bool unknown = false;
    uint8_t id[4];
    int bytes = ebml_length(fd, 4, &length, &unknown);
    if (!bytes || unknown || length > (uint64_t)size)
        return false;
    int64_t at = 4 + bytes + (int64_t)length;
    if (!read_at(fd, at, id, 4))
        return false;
    if (memcmp(id, "\x18\x53\x80\x67", 4) != 0)
        return true;
    bytes = ebml_length(fd, at + 4, &length, &unknown);
    if (!bytes)
        return false;
    return unknown || length <= (uint64_t)(size - at - 4 - bytes);
}

/* Each RIFF chunk of an AVI; recorders that were cut off leave the length empty. */
static bool riff_is_whole(int fd, int64_t size)
{
    int64_t at = 0;
    for (int i = 0; i < BOXES_MAX && size - at >= 12; i++) {
        uint8_t head[8];
        if (!read_at(fd, at, head, 8) || memcmp(head, "RIFF", 4) != 0)
            return true;
        uint64_t length =
            (uint64_t)head[7] << 24 | (uint64_t)head[6] << 16 | (uint64_t)head[5] << 8 | head[4];
        if (length > (uint64_t)(size - at - 8))
            return false;
        at += 8 + (int64_t)length + (int64_t)(length & 1);
    }
    return true;
}

bool fus_clip_is_whole(int fd, int64_t size, enum fus_container container)
{
    if (fus_container_is_ebml(container))
        return segment_is_whole(fd, size);
    if (fus_container_is_bmff(container))
        return boxes_are_whole(fd, size);
    return container != FUS_CONTAINER_AVI || riff_is_whole(fd, size);
}
