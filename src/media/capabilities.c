#include "media/capabilities.h"

#include <stdio.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>

void fus_media_versions(char *out, size_t size)
{
    unsigned format = avformat_version(), codec = avcodec_version(), scale = swscale_version();
    (void)snprintf(out, size, "libavformat %u.%u.%u, libavcodec %u.%u.%u, libswscale %u.%u.%u",
                   AV_VERSION_MAJOR(format), AV_VERSION_MINOR(format), AV_VERSION_MICRO(format),
                   AV_VERSION_MAJOR(codec), AV_VERSION_MINOR(codec), AV_VERSION_MICRO(codec),
                   AV_VERSION_MAJOR(scale), AV_VERSION_MINOR(scale), AV_VERSION_MICRO(scale));
}

bool fus_media_has_encoder(const char *name)
{
    return avcodec_find_encoder_by_name(name) != NULL;
}

bool fus_media_has_decoder(const char *name)
{
    return avcodec_find_decoder_by_name(name) != NULL;
}

bool fus_media_has_muxer(const char *name)
{
    return av_guess_format(name, NULL, NULL) != NULL;
}
