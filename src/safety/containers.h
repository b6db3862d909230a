/* Where each container keeps an XMP packet. The bytes come from outside: every length is checked
 * against what is there before it is used. Internal to safety; thread-safe. */
#ifndef FUS_SAFETY_CONTAINERS_H
#define FUS_SAFETY_CONTAINERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "safety/label.h"

/* Part of a file in memory. */
struct fus_span {
    const uint8_t *bytes;
    size_t size;
};

/* A buffer with room for everything that will be put; `size` is what is filled. */
struct fus_label_buffer {
    uint8_t *bytes;
    size_t size, capacity;
};
/* What a still may grow by, beside the packet: headers, padding, a VP8X chunk, a TIFF directory. */
#define FUS_LABEL_OVERHEAD 2048
void fus_label_put(struct fus_label_buffer *out, const void *bytes, size_t size);

/* Copies `still` into out with the packet in its place; any XMP that was there is left out. out's
 * capacity is still.size + xmp.size + FUS_LABEL_OVERHEAD. FUS_E_LABELLING_FAILED if the structure
 * is damaged. */
int fus_label_jpeg(struct fus_span still, struct fus_span xmp, struct fus_label_buffer *out,
                   struct fus_error *err) FUS_MUST_CHECK;
int fus_label_png(struct fus_span still, struct fus_span xmp, struct fus_label_buffer *out,
                  struct fus_error *err) FUS_MUST_CHECK;
int fus_label_webp(struct fus_span still, struct fus_span xmp, struct fus_label_buffer *out,
                   struct fus_error *err) FUS_MUST_CHECK;

int fus_label_tiff(struct fus_span still, struct fus_span xmp, struct fus_label_buffer *out,
                   struct fus_error *err) FUS_MUST_CHECK;

/* The packet inside a still; false if it has none (or is damaged before it). */
bool fus_label_jpeg_find(struct fus_span still, struct fus_span *xmp);
bool fus_label_png_find(struct fus_span still, struct fus_span *xmp);
bool fus_label_webp_find(struct fus_span still, struct fus_span *xmp);

bool fus_label_tiff_find(struct fus_span still, struct fus_span *xmp);

/* AVI: a _PMX chunk. ASF (wmv): an object of its own. By the open file. */
int fus_label_avi_write(int fd, struct fus_span xmp, struct fus_error *err) FUS_MUST_CHECK;
bool fus_label_avi_read(int fd, enum fus_digital_source_type *type);
int fus_label_asf_write(int fd, struct fus_span xmp, struct fus_error *err) FUS_MUST_CHECK;
bool fus_label_asf_read(int fd, enum fus_digital_source_type *type);

/* ISO base media (mp4, mov, m4v) by its open file: a top-level uuid box. Writing appends it, after
 * taking an older one out of use. */
int fus_label_bmff_write(int fd, struct fus_span xmp, struct fus_error *err) FUS_MUST_CHECK;
bool fus_label_bmff_read(int fd, enum fus_digital_source_type *type);

/* Matroska: the DIGITAL_SOURCE_TYPE tag. */
#define FUS_LABEL_TAG_SOURCE_TYPE "DIGITAL_SOURCE_TYPE"
bool fus_label_matroska_read(int fd, enum fus_digital_source_type *type);

/* pread of exactly size bytes; false at the end of the file or on an error. */
bool fus_label_pread(int fd, void *bytes, size_t size, uint64_t offset);
/* pwrite of all; FUS_E_STORAGE_UNAVAILABLE (no space), FUS_E_LABELLING_FAILED. */
int fus_label_pwrite(int fd, const void *bytes, size_t size, uint64_t offset,
                     struct fus_error *err) FUS_MUST_CHECK;
/* The source type in a packet of `size` bytes (its first MiB) at `offset`. */
bool fus_label_packet_at(int fd, uint64_t offset, uint64_t size,
                         enum fus_digital_source_type *type);

static inline uint16_t fus_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}
static inline uint32_t fus_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline void fus_put_be32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}
static inline uint32_t fus_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}
static inline void fus_put_le32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

#endif
