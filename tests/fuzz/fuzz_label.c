/* The label's parsers on any bytes: as a still of each kind, as an XMP packet, and as a file. The
 * first byte chooses. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "safety/label.h"
#include "safety/xmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct fus_label label = {
    .type = FUS_DST_COMPOSITE_SYNTHETIC, .tool = "fuzz", .job_id = "job", .models = "m"};

static void as_still(enum fus_container container, const uint8_t *bytes, size_t size)
{
    uint8_t *once = NULL, *twice = NULL;
    size_t once_size, twice_size;

    if (fus_label_still(container, bytes, size, &label, &once, &once_size, NULL) == 0) {
        /* what we wrote must be taken again, and labelled again it does not grow */
        if (fus_label_still(container, once, once_size, &label, &twice, &twice_size, NULL) != 0 ||
            twice_size > once_size)
            __builtin_trap();
        fus_free(twice);
        fus_free(once);
    }
}

static void as_file(const uint8_t *bytes, size_t size)
{
    enum fus_digital_source_type type;
    char path[64];
    int fd = memfd_create("fuzz_label", MFD_CLOEXEC);

    if (fd < 0)
        return;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (write(fd, bytes, size) == (ssize_t)size) {
        (void)!fus_label_read(path, &type, NULL);
        (void)!fus_label_clip_fd(fd, FUS_CONTAINER_MKV, &label, NULL);
        if (fus_label_clip_fd(fd, FUS_CONTAINER_MP4, &label, NULL) == 0 &&
            fus_label_read(path, &type, NULL) != 0)
            __builtin_trap();
        (void)!fus_label_clip_fd(fd, FUS_CONTAINER_AVI, &label, NULL);
        (void)!fus_label_clip_fd(fd, FUS_CONTAINER_WMV, &label, NULL);
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum fus_digital_source_type type;

    if (size == 0)
        return 0;
    switch (data[0] % 6) {
    case 0:
        as_still(FUS_CONTAINER_JPEG, data + 1, size - 1);
        break;
    case 1:
        as_still(FUS_CONTAINER_PNG, data + 1, size - 1);
        break;
    case 2:
        as_still(FUS_CONTAINER_WEBP, data + 1, size - 1);
        break;
    case 3:
        fus_xmp_source_type(data + 1, size - 1, &type);
        break;
    case 5:
        as_still(FUS_CONTAINER_TIFF, data + 1, size - 1);
        break;
    default:
        as_file(data + 1, size - 1);
    }
    return 0;
}
