#include "base/mem.h"
#include "media/demux.h"
#include "media/orient.h"
#include "media/sniff.h"
#include "media/still_header.h"

static int probe_still(const char *path, const struct fus_media_limits *limits,
                       struct fus_media_info *info, struct fus_error *err)
{
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size = 0;
    struct fus_still_header header;
    int rc = fus_still_load(path, limits, &bytes, &size, &header, err);
    if (rc < 0)
        return rc;
    bool swap = fus_orient_swaps(header.orientation);
    *info = (struct fus_media_info){
        .container = header.container,
        .has_alpha = header.has_alpha,
        .grey = header.grey,
        .width = (int)(swap ? header.height : header.width),
        .height = (int)(swap ? header.width : header.height),
        .rotation = fus_orient_degrees(header.orientation),
        .frames = 1,
    };
    return 0;
}

static int probe_clip(const char *path, const struct fus_media_limits *limits,
                      struct fus_media_info *info, struct fus_error *err)
{
    FUS_CLEANUP(fus_demux_free) struct fus_demux *demux = NULL;
    int rc = fus_demux_open(path, limits, &demux, err);
    if (rc == 0)
        *info = demux->info;
    return rc;
}

int fus_media_probe(const char *path, const struct fus_media_limits *limits,
                    struct fus_media_info *info, struct fus_error *err)
{
    enum fus_container container = FUS_CONTAINER_UNKNOWN;
    int rc = fus_media_sniff(path, &container, err);
    if (rc < 0)
        return rc;
    return fus_container_is_video(container) ? probe_clip(path, limits, info, err)
                                             : probe_still(path, limits, info, err);
}
