/* Everything that looks at a medium's bytes before and while decoding: the type, the still's
 * header, the whole still, the clip's probe and its first frames. Limits are small so that a run is
 * quick. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "media/reader.h"
#include "media/sniff.h"
#include "media/still.h"
#include "media/still_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAMES_MAX 8

static const struct fus_media_limits limits = {
    .max_bytes = 1 << 20,
    .max_pixels = 1 << 16,
    .max_dimension = 2048,
    .max_seconds = 60,
    .max_frames = 1000,
    .max_streams = 8,
};

static void read_still(const char *path)
{
    FUS_AUTO_STILL struct fus_still still = {0};
    if (fus_still_read(path, &limits, &still, NULL) != 0)
        return;
    uint64_t pixels = (uint64_t)still.image.width * (uint64_t)still.image.height;
    if (!still.image.plane[0] || pixels > limits.max_pixels)
        __builtin_trap();
}

static void read_clip(const char *path)
{
    struct fus_reader_options options = {.threads = 1};
    FUS_CLEANUP(fus_reader_free) struct fus_reader *reader = NULL;
    bool more = fus_reader_open(path, &limits, &options, &reader, NULL) == 0;
    for (int i = 0; more && i < FRAMES_MAX; i++) {
        FUS_CLEANUP(fus_message_free) struct fus_message *message = NULL;
        more = fus_reader_next(reader, &message, NULL) == 0 && message->kind != FUS_MESSAGE_END;
    }
}

static void read_file(const uint8_t *data, size_t size, bool video)
{
    char path[64];
    struct fus_media_info info;
    int fd = memfd_create("fuzz_sniff", MFD_CLOEXEC);
    if (fd < 0)
        return;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (write(fd, data, size) == (ssize_t)size &&
        fus_media_probe(path, &limits, &info, NULL) == 0) {
        if (info.width <= 0 || info.height <= 0)
            __builtin_trap();
        if (video)
            read_clip(path);
        else
            read_still(path);
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum fus_container container = FUS_CONTAINER_UNKNOWN;
    struct fus_still_header header;
    int orientation = fus_exif_orientation(data, size);
    if (orientation < 1 || orientation > 8)
        __builtin_trap();
    static const enum fus_container stills[] = {FUS_CONTAINER_JPEG, FUS_CONTAINER_PNG,
                                                FUS_CONTAINER_WEBP, FUS_CONTAINER_TIFF,
                                                FUS_CONTAINER_BMP,  FUS_CONTAINER_GIF};
    for (size_t c = 0; c < FUS_COUNT(stills); c++)
        if (size >= 12 && fus_still_header_parse(data, size, stills[c], &header, NULL) == 0 &&
            (header.width <= 0 || header.height <= 0 || header.orientation < 1 ||
             header.orientation > 8))
            __builtin_trap();
    if (fus_sniff_bytes(data, size, &container, NULL) == 0)
        read_file(data, size, fus_container_is_video(container));
    return 0;
}
