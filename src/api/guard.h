/* What a request must look like before anything else is done with it. Two programs that read the
 * same bytes differently are how requests are smuggled, so whatever could be read in two ways is
 * refused. */
#ifndef FUS_API_GUARD_H
#define FUS_API_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"

/* Counted over all header fields of a request. */
struct fus_http_head {
    const char *version; /* "HTTP/1.1" */
    unsigned hosts, lengths, encodings, fields;
    const char *host, *length, *encoding; /* the last of each */
    bool odd_bytes; /* a control character, or a name that is empty or has a space */
};
struct fus_http_framing {
    bool has_body;
    bool chunked;
    uint64_t length; /* unless chunked */
};
void fus_http_head_count(struct fus_http_head *head, const char *name, size_t name_size,
                         const char *value, size_t value_size);
/* FUS_E_INVALID_REQUEST: another version than 1.0 or 1.1; not exactly one Host (1.1); a Host that
 * is no host; more than one Content-Length or one that is no number; Transfer-Encoding other than a
 * single "chunked", or beside a Content-Length, or in 1.0; odd bytes. */
int fus_http_head_check(const struct fus_http_head *head, struct fus_http_framing *framing,
                        struct fus_error *err) FUS_MUST_CHECK;

/* true if the host part of "host:port" is localhost, 127.0.0.0/8 or [::1]. */
bool fus_http_host_is_loopback(const char *host) FUS_MUST_CHECK;

#endif
