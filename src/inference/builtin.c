#include "inference/builtin.h"

#include <string.h>

#include "base/macros.h"

extern const unsigned char fus_builtin_manifest[], fus_builtin_manifest_end[];
extern const unsigned char fus_builtin_deep_swapper[], fus_builtin_deep_swapper_end[];
extern const unsigned char fus_builtin_face_detector[], fus_builtin_face_detector_end[];
extern const unsigned char fus_builtin_face_landmarker[], fus_builtin_face_landmarker_end[];

static struct fus_bytes between(const unsigned char *begin, const unsigned char *end)
{
    return (struct fus_bytes){begin, (size_t)(end - begin)};
}

struct fus_bytes fus_builtin_manifest_bytes(void)
{
    return between(fus_builtin_manifest, fus_builtin_manifest_end);
}

struct fus_bytes fus_builtin_deep_swapper_bytes(void)
{
    return between(fus_builtin_deep_swapper, fus_builtin_deep_swapper_end);
}

struct fus_bytes fus_builtin_model_bytes(const char *role, const char *id)
{
    if (strcmp(id, "builtin") == 0 && strcmp(role, "face_detector") == 0)
        return between(fus_builtin_face_detector, fus_builtin_face_detector_end);
    if (strcmp(id, "builtin") == 0 && strcmp(role, "face_landmarker") == 0)
        return between(fus_builtin_face_landmarker, fus_builtin_face_landmarker_end);
    return (struct fus_bytes){NULL, 0};
}
