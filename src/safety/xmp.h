/* The XMP packet of a label: written and read back. Thread-safe. Internal to safety. */
#ifndef FUS_SAFETY_XMP_H
#define FUS_SAFETY_XMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "safety/label.h"

/* A packet never grows beyond this, so that it fits one JPEG segment (65533 less the 29 of the
 * name). */
#define FUS_XMP_PACKET_MAX 65000

/* Appends the whole packet (<?xpacket ...?> to <?xpacket end?>). FUS_E_OUT_OF_MEMORY, or
 * FUS_E_LABELLING_FAILED when the label's texts are too long. */
int fus_xmp_build(const struct fus_label *label, struct fus_str *packet,
                  struct fus_error *err) FUS_MUST_CHECK;

/* Looks for DigitalSourceType with one of our two terms, as an attribute or an element, by its full
 * URI. Any bytes may be given; nothing behind `size` is read. */
bool fus_xmp_source_type(const void *packet, size_t size, enum fus_digital_source_type *type);

/* The term that an exact URI (http or https) stands for; false if it is none of ours. */
bool fus_xmp_uri_type(const char *uri, size_t length, enum fus_digital_source_type *type);

#endif
