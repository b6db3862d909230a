#include "media/media.h"

#include <strings.h>

struct container_facts {
    const char *name;
    const char *mime;
    bool is_video;
    const char *demuxer, *muxer; /* libav's; stills have none */
    const char *no_label;        /* "A BMP": cannot be an output */
};

static const struct container_facts containers[] = {
    [FUS_CONTAINER_UNKNOWN] = {"unknown", "application/octet-stream", .no_label = "This format"},
    [FUS_CONTAINER_JPEG] = {"jpg", "image/jpeg"},
    [FUS_CONTAINER_PNG] = {"png", "image/png"},
    [FUS_CONTAINER_WEBP] = {"webp", "image/webp"},
    [FUS_CONTAINER_TIFF] = {"tiff", "image/tiff"},
    [FUS_CONTAINER_BMP] = {"bmp", "image/bmp", .no_label = "A BMP"},
    [FUS_CONTAINER_GIF] = {"gif", "image/gif", .no_label = "A GIF"},
    [FUS_CONTAINER_GIF_CLIP] = {"gif", "image/gif", true, "gif", NULL, "A GIF"},
    [FUS_CONTAINER_MP4] = {"mp4", "video/mp4", true, "mov", "mp4", NULL},
    [FUS_CONTAINER_MOV] = {"mov", "video/quicktime", true, "mov", "mov", NULL},
    [FUS_CONTAINER_M4V] = {"m4v", "video/x-m4v", true, "mov", "ipod", NULL},
    [FUS_CONTAINER_MKV] = {"mkv", "video/x-matroska", true, "matroska", "matroska", NULL},
    [FUS_CONTAINER_WEBM] = {"webm", "video/webm", true, "matroska", "webm", NULL},
    [FUS_CONTAINER_AVI] = {"avi", "video/x-msvideo", true, "avi", "avi", NULL},
    [FUS_CONTAINER_WMV] = {"wmv", "video/x-ms-wmv", true, "asf", "asf", NULL},
    [FUS_CONTAINER_MXF] = {"mxf", "application/mxf", true, "mxf", NULL, "An MXF"},
    [FUS_CONTAINER_MPEG] = {"mpeg", "video/mpeg", true, "mpeg", NULL, "An MPEG program stream"},
    [FUS_CONTAINER_MPEGTS] = {"ts", "video/mp2t", true, "mpegts", NULL, "An MPEG transport stream"},
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
    static const struct {
        const char *name;
        enum fus_container container;
    } others[] = {{"jpeg", FUS_CONTAINER_JPEG},   {"tif", FUS_CONTAINER_TIFF},
                  {"mpg", FUS_CONTAINER_MPEG},    {"asf", FUS_CONTAINER_WMV},
                  {"m2ts", FUS_CONTAINER_MPEGTS}, {"mts", FUS_CONTAINER_MPEGTS}};
    for (size_t i = 0; i < FUS_COUNT(others); i++)
        if (strcasecmp(name, others[i].name) == 0)
            return others[i].container;
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

int fus_container_check_output(enum fus_container container, struct fus_error *err)
{
    const struct container_facts *facts = facts_of(container);
    if (!facts->no_label)
        return 0;
    if (container == FUS_CONTAINER_GIF || container == FUS_CONTAINER_GIF_CLIP)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "GIF can be read but not written: 256 colours are too few.");
    return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                         "%s can't carry the label that says it is synthetic.", facts->no_label);
}

const char *fus_container_demuxer(enum fus_container container)
{
    return facts_of(container)->demuxer;
}

const char *fus_container_muxer(enum fus_container container)
{
    return facts_of(container)->muxer;
}
