/* The multipart parser: the same bytes, cut in two ways, must give the same events. The first byte
 * is the size of the pieces. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "api/multipart.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct trace {
    struct fus_str text;
    size_t open; /* parts begun and not ended */
};

static int begin(void *user, const struct fus_multipart_part *part, struct fus_error *err)
{
    struct trace *trace = user;
    if (trace->open++ != 0 || part->name[0] == '\0' || strchr(part->filename, '/') != NULL)
        __builtin_trap();
    fus_str_printf(&trace->text, "<%s|%s>", part->name, part->filename);
    return 0;
}

static int data_in(void *user, const void *bytes, size_t size, struct fus_error *err)
{
    struct trace *trace = user;
    if (trace->open != 1 || size == 0)
        __builtin_trap();
    fus_str_append_n(&trace->text, bytes, size);
    return 0;
}

static int end(void *user, struct fus_error *err)
{
    struct trace *trace = user;
    if (trace->open-- != 1)
        __builtin_trap();
    fus_str_append(&trace->text, ";");
    return 0;
}

static int parse(const uint8_t *bytes, size_t size, size_t step, struct trace *trace)
{
    const struct fus_multipart_events events = {trace, begin, data_in, end};
    FUS_CLEANUP(fus_multipart_free)
    struct fus_multipart *multipart = fus_multipart_new("b", 4, &events);
    if (multipart == NULL)
        return 0;
    for (size_t at = 0; at < size; at += step) {
        int rc = fus_multipart_feed(multipart, bytes + at, FUS_MIN(step, size - at), NULL);
        if (rc != 0)
            return rc;
    }
    return fus_multipart_finish(multipart, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char boundary[FUS_MULTIPART_BOUNDARY_MAX + 1], header[512];
    struct trace whole = {0}, pieces = {0};
    if (size < 1)
        return 0;
    int rc = parse(data + 1, size - 1, size, &whole);
    if (parse(data + 1, size - 1, (size_t)data[0] % 64 + 1, &pieces) != rc ||
        (rc == 0 && (whole.text.length != pieces.text.length ||
                     (whole.text.length > 0 &&
                      memcmp(whole.text.text, pieces.text.text, whole.text.length) != 0))))
        __builtin_trap();
    fus_str_done(&whole.text);
    fus_str_done(&pieces.text);
    size_t length = FUS_MIN(size, sizeof(header) - 1);
    memcpy(header, data, length);
    header[length] = '\0';
    (void)!fus_multipart_boundary(header, boundary, NULL);
    return 0;
}
