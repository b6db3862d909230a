/* Every output says that it is synthetic: XMP with IPTC DigitalSourceType in JPEG, PNG, WebP, TIFF
 * (tag 700), mp4/mov/m4v (uuid box), AVI (_PMX chunk) and WMV (ASF object), a tag in Matroska and
 * WebM. Thread-safe. */
#ifndef FUS_SAFETY_LABEL_H
#define FUS_SAFETY_LABEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "media/media.h"

enum fus_digital_source_type { FUS_DST_COMPOSITE_SYNTHETIC, FUS_DST_COMPOSITE_TRAINED };

struct fus_label {
    enum fus_digital_source_type type;
    const char *tool;   /* "fusiond 0.1.0" */
    const char *job_id; /* may be NULL */
    const char *models; /* space separated model ids, may be NULL */
};

/* The IPTC term, "compositeSynthetic" or "compositeWithTrainedAlgorithmicMedia", and its full URI.
 */
const char *fus_label_term(enum fus_digital_source_type type);
const char *fus_label_uri(enum fus_digital_source_type type);

/* Puts the label into the bytes of a still (JPEG APP1, PNG iTXt, WebP XMP chunk with VP8X). *out is
 * the caller's (fus_free). FUS_E_LABELLING_FAILED if the container has no place for it. */
int fus_label_still(enum fus_container container, const uint8_t *bytes, size_t size,
                    const struct fus_label *label, uint8_t **out, size_t *out_size,
                    struct fus_error *err) FUS_MUST_CHECK;

/* Labels a finished clip in place, before it becomes visible: writes the XMP packet (mp4, mov,
 * m4v, avi, wmv); for mkv and webm checks that the tags given to the writer (fus_label_tags) are
 * there. */
int fus_label_clip(const char *path, enum fus_container container, const struct fus_label *label,
                   struct fus_error *err) FUS_MUST_CHECK;

/* The same on an open file (read and write), without fsync. */
int fus_label_clip_fd(int fd, enum fus_container container, const struct fus_label *label,
                      struct fus_error *err) FUS_MUST_CHECK;

/* Whether the label goes in as the writer's metadata (fus_label_tags): mkv, webm. */
bool fus_label_by_tags(enum fus_container container);

/* Tags for the writer's metadata: fills at most 8 key/value pointers, NULL-terminated, into array;
 * the strings live in `storage`. */
#define FUS_LABEL_TAGS_MAX 9
struct fus_label_tags {
    const char *items[FUS_LABEL_TAGS_MAX];
    char text[4][256];
};
void fus_label_tags(const struct fus_label *label, struct fus_label_tags *tags);

/* Reads the label back from a file: FUS_E_NOT_FOUND if it has none. */
int fus_label_read(const char *path, enum fus_digital_source_type *type,
                   struct fus_error *err) FUS_MUST_CHECK;

#endif
