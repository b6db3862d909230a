/* JPEG: one APP1 segment "http://ns.adobe.com/xap/1.0/\0" + packet (XMP specification part
 * 3, 1.1.3). */
#include <string.h>

#include "safety/containers.h"

enum {
    MARKER_SOI = 0xd8,
    MARKER_EOI = 0xd9,
    MARKER_SOS = 0xda,
    MARKER_APP0 = 0xe0,
    MARKER_APP1 = 0xe1
};

static const char xmp_name[] = "http://ns.adobe.com/xap/1.0/"; /* its NUL belongs to it */
static const char extension_name[] = "http://ns.adobe.com/xmp/extension/";
static const char exif_name[] = "Exif";

struct segment {
    int marker;
    size_t start, end;    /* from its 0xff to behind it */
    struct fus_span data; /* behind the length */
};

/* The segment at `at`; false if there is no whole one. */
static bool segment_at(struct fus_span still, size_t at, struct segment *segment)
{
    size_t p = at;

    if (p >= still.size || still.bytes[p] != 0xff)
        return false;
    while (p < still.size && still.bytes[p] == 0xff) /* fill bytes */
        p++;
    if (p >= still.size)
        return false;

    int marker = still.bytes[p++];

    if (marker < 0xc0 ||
        (marker >= 0xd0 && marker <= MARKER_EOI)) /* none with a length may stand here */
        return false;
    if (still.size - p < 2)
        return false;

    size_t length = fus_be16(still.bytes + p);

    if (length < 2 || length > still.size - p)
        return false;
    segment->marker = marker;
    segment->start = at;
    segment->end = p + length;
    segment->data = (struct fus_span){still.bytes + p + 2, length - 2};
    return true;
}

static bool is_app1(const struct segment *segment, const char *name, size_t size)
{
    return segment->marker == MARKER_APP1 && segment->data.size >= size &&
           memcmp(segment->data.bytes, name, size) == 0;
}

static bool is_jpeg(struct fus_span still)
{
    return still.size >= 4 && still.bytes[0] == 0xff && still.bytes[1] == MARKER_SOI;
}

static void put_packet(struct fus_label_buffer *out, struct fus_span xmp)
{
    size_t length = 2 + sizeof(xmp_name) + xmp.size;
    uint8_t head[4] = {0xff, MARKER_APP1, (uint8_t)(length >> 8), (uint8_t)length};

    fus_label_put(out, head, sizeof(head));
    fus_label_put(out, xmp_name, sizeof(xmp_name));
    fus_label_put(out, xmp.bytes, xmp.size);
}

int fus_label_jpeg(struct fus_span still, struct fus_span xmp, struct fus_label_buffer *out,
                   struct fus_error *err)
{
    bool put = false;
    size_t at = 2;

    if (!is_jpeg(still) || 2 + sizeof(xmp_name) + xmp.size > 0xffff)
        return fus_error_set(err, FUS_E_LABELLING_FAILED, "The JPEG has no place for a label.");
    fus_label_put(out, still.bytes, 2);
    for (;;) {
        struct segment segment;

        if (!segment_at(still, at, &segment))
            return fus_error_set(err, FUS_E_LABELLING_FAILED, "The JPEG's structure is damaged.");

        /* JFIF wants to be first and Exif behind it; the packet follows both. */
        bool leading =
            segment.marker == MARKER_APP0 || is_app1(&segment, exif_name, sizeof(exif_name));
        bool xmp_segment = is_app1(&segment, xmp_name, sizeof(xmp_name)) ||
                           is_app1(&segment, extension_name, sizeof(extension_name));

        if (!leading && !put) {
            put_packet(out, xmp);
            put = true;
        }
        if (segment.marker == MARKER_SOS)
            break;
        if (!xmp_segment)
            fus_label_put(out, still.bytes + segment.start, segment.end - segment.start);
        at = segment.end;
    }
    fus_label_put(out, still.bytes + at, still.size - at);
    return 0;
}

bool fus_label_jpeg_find(struct fus_span still, struct fus_span *xmp)
{
    struct segment segment;

    if (!is_jpeg(still))
        return false;
    for (size_t at = 2; segment_at(still, at, &segment) && segment.marker != MARKER_SOS;
         at = segment.end) {
        if (is_app1(&segment, xmp_name, sizeof(xmp_name))) {
            *xmp = (struct fus_span){segment.data.bytes + sizeof(xmp_name),
                                     segment.data.size - sizeof(xmp_name)};
            return true;
        }
    }
    return false;
}
