/* Matroska: Segment / Tags / Tag / SimpleTag with TagName DIGITAL_SOURCE_TYPE (RFC 8794 for EBML,
 * RFC 9559 for the elements). Only read here: the muxer writes the tags. */
#include <string.h>
#include <unistd.h>

#include "safety/containers.h"
#include "safety/xmp.h"

enum {
    ID_EBML = 0x1a45dfa3,
    ID_SEGMENT = 0x18538067,
    ID_TAGS = 0x1254c367,
    ID_TAG = 0x7373,
    ID_SIMPLE_TAG = 0x67c8,
    ID_TAG_NAME = 0x45a3,
    ID_TAG_STRING = 0x4487,
};

/* Elements looked at before giving up: hours of clusters, but no endless walk through hostile
 * bytes. */
#define ELEMENTS_MAX 300000
#define TEXT_MAX 512

struct element {
    uint32_t id;
    uint64_t start, end; /* of the data */
    bool open;           /* unknown size: `end` is the parent's */
};

struct walk {
    int fd;
    int left; /* elements that may still be looked at */
};

/* The element at `at` inside a parent that ends at `limit`. */
static bool element_at(struct walk *walk, uint64_t at, uint64_t limit, struct element *element)
{
    uint8_t head[12] = {0};
    size_t have = (size_t)FUS_MIN(limit - at, (uint64_t)sizeof(head));

    if (at >= limit || walk->left-- <= 0 || !fus_label_pread(walk->fd, head, have, at))
        return false;

    unsigned id_length = head[0] ? (unsigned)__builtin_clz((unsigned)head[0] << 24) + 1 : 9;

    if (id_length > 4 || id_length >= have)
        return false;
    element->id = 0;
    for (unsigned i = 0; i < id_length; i++)
        element->id = element->id << 8 | head[i];

    const uint8_t *p = head + id_length;
    unsigned size_length = p[0] ? (unsigned)__builtin_clz((unsigned)p[0] << 24) + 1 : 9;

    if (size_length > 8 || id_length + size_length > have)
        return false;

    uint64_t size = p[0] & (0xffu >> size_length);
    bool ones = size == (0xffu >> size_length);

    for (unsigned i = 1; i < size_length; i++) {
        size = size << 8 | p[i];
        ones = ones && p[i] == 0xff;
    }
    element->start = at + id_length + size_length;
    element->open = ones;
    if (!ones && size > limit - element->start)
        return false;
    element->end = ones ? limit : element->start + size;
    return true;
}

/* The next child of that id from *at on; *at moves behind it. */
static bool find_child(struct walk *walk, uint64_t *at, uint64_t limit, uint32_t id,
                       struct element *child)
{
    while (element_at(walk, *at, limit, child)) {
        *at = child->end;
        if (child->id == id)
            return true;
        if (child->open) /* where it ends can't be told without knowing every element */
            return false;
    }
    return false;
}

static bool read_text(struct walk *walk, const struct element *element, char text[TEXT_MAX],
                      size_t *length)
{
    uint64_t size = element->end - element->start;

    if (size >= TEXT_MAX || !fus_label_pread(walk->fd, text, (size_t)size, element->start))
        return false;
    text[size] = '\0';
    *length = strnlen(text, (size_t)size); /* EBML strings may be padded with NUL */
    return true;
}

static bool simple_tag_type(struct walk *walk, const struct element *tag,
                            enum fus_digital_source_type *type)
{
    struct element child;
    char text[TEXT_MAX];
    size_t length;
    uint64_t at = tag->start;

    if (!find_child(walk, &at, tag->end, ID_TAG_NAME, &child) ||
        !read_text(walk, &child, text, &length) || strcmp(text, FUS_LABEL_TAG_SOURCE_TYPE) != 0)
        return false;
    at = tag->start;
    return find_child(walk, &at, tag->end, ID_TAG_STRING, &child) &&
           read_text(walk, &child, text, &length) && fus_xmp_uri_type(text, length, type);
}

static bool tags_type(struct walk *walk, const struct element *tags,
                      enum fus_digital_source_type *type)
{
    struct element tag, simple;

    for (uint64_t at = tags->start; find_child(walk, &at, tags->end, ID_TAG, &tag);) {
        for (uint64_t in = tag.start; find_child(walk, &in, tag.end, ID_SIMPLE_TAG, &simple);) {
            if (simple_tag_type(walk, &simple, type))
                return true;
        }
    }
    return false;
}

bool fus_label_matroska_read(int fd, enum fus_digital_source_type *type)
{
    off_t length = lseek(fd, 0, SEEK_END);
    uint64_t file_size = length > 0 ? (uint64_t)length : 0, at = 0;
    struct walk walk = {.fd = fd, .left = ELEMENTS_MAX};
    struct element segment, tags;

    if (!find_child(&walk, &at, file_size, ID_SEGMENT, &segment))
        return false;
    for (uint64_t in = segment.start; find_child(&walk, &in, segment.end, ID_TAGS, &tags);) {
        if (tags_type(&walk, &tags, type))
            return true;
    }
    return false;
}
