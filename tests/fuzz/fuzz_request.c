/* What stands in a request before a handler sees it: the target, the JSON, a range. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "api/http.h"
#include "api/json.h"
#include "api/range.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_target(const char *text)
{
    struct fus_http_target target = {0};
    if (fus_http_target_parse(text, &target, NULL) != 0)
        return;
    for (size_t i = 0; i < target.segment_count; i++)
        if (strcmp(target.segments[i], "..") == 0 ||
            !fus_utf8_valid(target.segments[i], strlen(target.segments[i])))
            __builtin_trap();
    fus_http_target_done(&target);
}

static void as_range(const char *text)
{
    uint64_t offset = 0, length = 0;
    const uint64_t size = 1000;
    if (fus_range_parse(text, size, &offset, &length) == FUS_RANGE_OK &&
        (length == 0 || offset >= size || length > size - offset))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUS_AUTO_JSON json_t *json = NULL;
    FUS_AUTO_FREE char *text = fus_strndup((const char *)data, size);
    (void)!fus_json_parse((const char *)data, size, &json, NULL);
    if (text == NULL)
        return 0;
    as_target(text);
    as_range(text);
    return 0;
}
