#include "media/media.h"

#include <strings.h>

struct container_facts {
    const char *name;
    const char *mime;
    bool is_video;
};

static const struct container_facts containers[] = {
    [FUS_CONTAINER_UNKNOWN] = {"unknown", "application/octet-stream", false},
    [FUS_CONTAINER_JPEG] = {"jpg", "image/jpeg", false},
    [FUS_CONTAINER_PNG] = {"png", "image/png", false},
    [FUS_CONTAINER_WEBP] = {"webp", "image/webp", false},
    [FUS_CONTAINER_MP4] = {"mp4", "video/mp4", true},
    [FUS_CONTAINER_MOV] = {"mov", "video/quicktime", true},
    [FUS_CONTAINER_MKV] = {"mkv", "video/x-matroska", true},
};

static const struct container_facts *facts_of(enum fus_container container)
{
    size_t index = (size_t)container;
    return &containers[index < FUS_COUNT(containers) ? index : FUS_CONTAINER_UNKNOWN];
}

void fus_media_limits_default(struct fus_media_limits *limits)
{
    *limits = (struct fus_media_limits){
        .max_bytes = (uint64_t)4 << 30,
        .max_pixels = (uint64_t)1 << 26,
        .max_dimension = 16384,
        .max_seconds = 6 * 3600.0,
        .max_frames = 2000000,
        .max_streams = 64,
    };
}

enum fus_container fus_container_from_name(const char *name)
{
    if (!name)
        return FUS_CONTAINER_UNKNOWN;
    if (strcasecmp(name, "jpeg") == 0)
        return FUS_CONTAINER_JPEG;
    for (size_t i = FUS_CONTAINER_UNKNOWN + 1; i < FUS_COUNT(containers); i++)
        if (strcasecmp(name, containers[i].name) == 0)
            return (enum fus_container)i;
    return FUS_CONTAINER_UNKNOWN;
}

const char *fus_container_name(enum fus_container container)
{
    return facts_of(container)->name;
}

const char *fus_container_mime(enum fus_container container)
{
    return facts_of(container)->mime;
}

bool fus_container_is_video(enum fus_container container)
{
    return facts_of(container)->is_video;
}
