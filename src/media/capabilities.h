/* What the libav that this program runs with can do, for `fusiond doctor`. Thread-safe. */
#ifndef FUS_MEDIA_CAPABILITIES_H
#define FUS_MEDIA_CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>

/* "libavformat 59.27.100, libavcodec 59.37.100, libswscale 6.7.100" of the libraries loaded. */
void fus_media_versions(char *out, size_t size);
/* By libav's name: "libx264", "aac". */
bool fus_media_has_encoder(const char *name);
bool fus_media_has_decoder(const char *name);
bool fus_media_has_muxer(const char *name);

#endif
