/* JSON from outside: its depth and size are known before the parser sees it. */
#ifndef FUS_API_JSON_H
#define FUS_API_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"
#include "base/macros.h"

#define FUS_JSON_DEPTH_MAX 32

__attribute__((unused)) static inline void fus_json_decref_p(json_t **json)
{
    json_decref(*json);
}
#define FUS_AUTO_JSON __attribute__((cleanup(fus_json_decref_p)))

/* One value, and nothing behind it. FUS_E_INVALID_REQUEST: not JSON, nested too deep, a member
 * given twice (RFC 8259 leaves open what that means, so it may mean two things to two programs). */
int fus_json_parse(const char *text, size_t size, json_t **json,
                   struct fus_error *err) FUS_MUST_CHECK;
/* Appends "/name", escaped as RFC 6901 wants it, cut at the buffer's end. */
void fus_json_pointer(char out[96], const char *prefix, const char *name);

#endif
