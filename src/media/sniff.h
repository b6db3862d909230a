/* Type of a file by its first bytes. Pure functions over memory: no I/O, thread-safe, fuzzed by
 * tests/fuzz/fuzz_sniff.c. */
#ifndef FUS_MEDIA_SNIFF_H
#define FUS_MEDIA_SNIFF_H

#include <stddef.h>
#include <stdint.h>

#include "media/media.h"

/* As many first bytes of a file as the sniffer wants; fewer are fine for a shorter file. */
#define FUS_SNIFF_BYTES 4096

/* See fus_media_sniff. */
int fus_sniff_bytes(const uint8_t *bytes, size_t size, enum fus_container *container,
                    struct fus_error *err) FUS_MUST_CHECK;

/* Opens a regular file for reading, close-on-exec, without being held up by a FIFO. Errors:
 * not_found, storage_unavailable, unsupported_media (a folder, a device); media_too_large beyond
 * max_bytes (0: no limit). *fd is the caller's. */
int fus_media_open_file(const char *path, uint64_t max_bytes, int *fd, int64_t *size,
                        struct fus_error *err) FUS_MUST_CHECK;

/* fus_media_sniff on a descriptor (pread; the offset is not moved). */
int fus_sniff_fd(int fd, enum fus_container *container, struct fus_error *err) FUS_MUST_CHECK;

#endif
