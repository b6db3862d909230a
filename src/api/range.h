/* Byte ranges (RFC 9110, 14). */
#ifndef FUS_API_RANGE_H
#define FUS_API_RANGE_H

#include <stdint.h>

#include "base/macros.h"

enum fus_range {
    FUS_RANGE_NONE,          /* no range, several ranges, another unit, not understood: send all */
    FUS_RANGE_OK,            /* *offset and *length are set, length > 0 */
    FUS_RANGE_UNSATISFIABLE, /* 416 */
};
/* header may be NULL. Only one range is served; a server may ignore what is more (14.2). */
enum fus_range fus_range_parse(const char *header, uint64_t size, uint64_t *offset,
                               uint64_t *length) FUS_MUST_CHECK;

#endif
