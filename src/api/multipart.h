/* multipart/form-data (RFC 7578), read as it arrives: bytes are pushed in, events come out.
 *
 * Nothing is kept but the headers of the part being read (at most 8 KiB), so that a body of any
 * size passes through. Every cap is checked here or by the receiver of the events. */
#ifndef FUS_API_MULTIPART_H
#define FUS_API_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/macros.h"

#define FUS_MULTIPART_BOUNDARY_MAX 70 /* RFC 2046, 5.1.1 */
#define FUS_MULTIPART_HEADERS_MAX 8192

struct fus_multipart_part {
    char name[128];
    char filename[256]; /* as the client calls it, never a path here */
    bool has_filename;
    char content_type[96]; /* "" if not given */
};
/* A receiver that returns an error ends the parse with it. */
struct fus_multipart_events {
    void *user;
    int (*begin)(void *user, const struct fus_multipart_part *part, struct fus_error *err);
    int (*data)(void *user, const void *bytes, size_t size, struct fus_error *err);
    int (*end)(void *user, struct fus_error *err);
};

/* The boundary of a Content-Type field. FUS_E_INVALID_REQUEST if it has none or a bad one. */
int fus_multipart_boundary(const char *content_type, char out[FUS_MULTIPART_BOUNDARY_MAX + 1],
                           struct fus_error *err) FUS_MUST_CHECK;

struct fus_multipart;
struct fus_multipart *fus_multipart_new(const char *boundary, size_t max_parts,
                                        const struct fus_multipart_events *events) FUS_MUST_CHECK;
void fus_multipart_free(struct fus_multipart *multipart);
FUS_CLEANUP_DEFINE(fus_multipart_free, struct fus_multipart *)
/* FUS_E_INVALID_REQUEST: not well-formed, or more parts than allowed. After an error only free. */
int fus_multipart_feed(struct fus_multipart *multipart, const void *bytes, size_t size,
                       struct fus_error *err) FUS_MUST_CHECK;
/* No more bytes: FUS_E_INVALID_REQUEST if the closing delimiter has not come. */
int fus_multipart_finish(struct fus_multipart *multipart, struct fus_error *err) FUS_MUST_CHECK;

#endif
