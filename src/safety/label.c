#include "safety/label.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "safety/containers.h"
#include "safety/xmp.h"

/* A still larger than this is not read to look for its label. */
#define STILL_READ_MAX ((size_t)512 << 20)

void fus_label_put(struct fus_label_buffer *out, const void *bytes, size_t size)
{
    assert(size <= out->capacity - out->size);
    if (size > 0)
        memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
}

static int no_place(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_LABELLING_FAILED, "This container has no place for a label.");
}

static int put_label(enum fus_container container, struct fus_span still, struct fus_span xmp,
                     struct fus_label_buffer *out, struct fus_error *err)
{
    switch (container) {
    case FUS_CONTAINER_JPEG:
        return fus_label_jpeg(still, xmp, out, err);
    case FUS_CONTAINER_PNG:
        return fus_label_png(still, xmp, out, err);
    case FUS_CONTAINER_WEBP:
        return fus_label_webp(still, xmp, out, err);
    case FUS_CONTAINER_TIFF:
        return fus_label_tiff(still, xmp, out, err);
    default:
        return no_place(err);
    }
}

int fus_label_still(enum fus_container container, const uint8_t *bytes, size_t size,
                    const struct fus_label *label, uint8_t **out, size_t *out_size,
                    struct fus_error *err)
{
    FUS_AUTO_STR struct fus_str packet = {0};
    struct fus_label_buffer buffer = {0};
    int rc = fus_xmp_build(label, &packet, err);

    if (rc)
        return rc;
    if (!fus_size_add(size, packet.length + FUS_LABEL_OVERHEAD, &buffer.capacity))
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The picture is too large.");

    FUS_AUTO_FREE uint8_t *made = fus_malloc(buffer.capacity);

    if (!made)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the label.");
    buffer.bytes = made;
    rc = put_label(container, (struct fus_span){bytes, size},
                   (struct fus_span){(const uint8_t *)packet.text, packet.length}, &buffer, err);
    if (rc)
        return rc;
    *out = FUS_TAKE(made);
    *out_size = buffer.size;
    return 0;
}

/* How a kind of clip is labelled and read back. */
struct clip_place {
    int (*write)(int fd, struct fus_span xmp,
                 struct fus_error *err); /* NULL: by the writer's tags */
    bool (*read)(int fd, enum fus_digital_source_type *type);
};

static const struct clip_place *place_of(enum fus_container container)
{
    static const struct clip_place bmff = {fus_label_bmff_write, fus_label_bmff_read};
    static const struct clip_place matroska = {NULL, fus_label_matroska_read};
    static const struct clip_place avi = {fus_label_avi_write, fus_label_avi_read};
    static const struct clip_place asf = {fus_label_asf_write, fus_label_asf_read};

    switch (container) {
    case FUS_CONTAINER_MP4:
    case FUS_CONTAINER_MOV:
    case FUS_CONTAINER_M4V:
        return &bmff;
    case FUS_CONTAINER_MKV:
    case FUS_CONTAINER_WEBM:
        return &matroska;
    case FUS_CONTAINER_AVI:
        return &avi;
    case FUS_CONTAINER_WMV:
        return &asf;
    default:
        return NULL;
    }
}

bool fus_label_by_tags(enum fus_container container)
{
    const struct clip_place *place = place_of(container);

    return place && !place->write;
}

int fus_label_clip_fd(int fd, enum fus_container container, const struct fus_label *label,
                      struct fus_error *err)
{
    const struct clip_place *place = place_of(container);
    FUS_AUTO_STR struct fus_str packet = {0};
    enum fus_digital_source_type found;
    int rc = 0;

    if (!place)
        return no_place(err);
    if (place->write) {
        rc = fus_xmp_build(label, &packet, err);
        if (!rc)
            rc = place->write(fd, (struct fus_span){(const uint8_t *)packet.text, packet.length},
                              err);
    }
    if (rc)
        return rc;

    /* Whatever wrote it, what counts is that a reader finds it. */
    if (!place->read(fd, &found) || found != label->type)
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The label can't be read back.");
    return 0;
}

int fus_label_clip(const char *path, enum fus_container container, const struct fus_label *label,
                   struct fus_error *err)
{
    FUS_AUTO_FD int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    int rc;

    if (fd < 0)
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The output could not be opened.");
    rc = fus_label_clip_fd(fd, container, label, err);
    if (rc)
        return rc;
    if (fsync(fd) != 0)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE,
                             "The output could not be written out.");
    return 0;
}

void fus_label_tags(const struct fus_label *label, struct fus_label_tags *tags)
{
    const char *const keys[] = {FUS_LABEL_TAG_SOURCE_TYPE, "CREATOR_TOOL", "JOB_ID", "MODELS"};
    const char *const values[] = {fus_label_uri(label->type), label->tool, label->job_id,
                                  label->models};
    size_t n = 0;

    memset(tags, 0, sizeof(*tags));
    for (size_t i = 0; i < FUS_COUNT(keys); i++) {
        if (!values[i])
            continue;
        fus_strlcpy(tags->text[i], values[i], sizeof(tags->text[i]));
        tags->items[n++] = keys[i];
        tags->items[n++] = tags->text[i];
    }
}

static bool read_still(const char *path, bool (*find)(struct fus_span, struct fus_span *),
                       enum fus_digital_source_type *type)
{
    FUS_AUTO_FREE void *bytes = NULL;
    struct fus_span xmp;
    size_t size;

    return fus_fs_read(path, STILL_READ_MAX, &bytes, &size, NULL) == 0 &&
           find((struct fus_span){bytes, size}, &xmp) &&
           fus_xmp_source_type(xmp.bytes, xmp.size, type);
}

int fus_label_read(const char *path, enum fus_digital_source_type *type, struct fus_error *err)
{
    FUS_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t head[12];
    bool found = false;

    if (fd < 0 || !fus_label_pread(fd, head, sizeof(head), 0))
        return fus_error_set(err, FUS_E_NOT_FOUND, "The file has no label.");
    if (memcmp(head, "\xff\xd8\xff", 3) == 0)
        found = read_still(path, fus_label_jpeg_find, type);
    else if (memcmp(head, "\x89PNG", 4) == 0)
        found = read_still(path, fus_label_png_find, type);
    else if (memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBP", 4) == 0)
        found = read_still(path, fus_label_webp_find, type);
    else if (memcmp(head, "II*\0", 4) == 0 || memcmp(head, "MM\0*", 4) == 0)
        found = read_still(path, fus_label_tiff_find, type);
    else if (memcmp(head, "RIFF", 4) == 0)
        found = fus_label_avi_read(fd, type);
    else if (memcmp(head, "\x30\x26\xb2\x75", 4) == 0)
        found = fus_label_asf_read(fd, type);
    else if (memcmp(head, "\x1a\x45\xdf\xa3", 4) == 0)
        found = fus_label_matroska_read(fd, type);
    else
        found = fus_label_bmff_read(fd, type);
    return found ? 0 : fus_error_set(err, FUS_E_NOT_FOUND, "The file has no label.");
}
