/* Bytes that are part of the program (builtin.S). */
#ifndef FUS_INFERENCE_BUILTIN_H
#define FUS_INFERENCE_BUILTIN_H

#include <stddef.h>

struct fus_bytes {
    const void *data;
    size_t size;
};

/* models/manifest.json */
struct fus_bytes fus_builtin_manifest_bytes(void);
/* models/deep_swapper.json */
struct fus_bytes fus_builtin_deep_swapper_bytes(void);
/* The net of a built-in row; size 0 if it has none. */
struct fus_bytes fus_builtin_model_bytes(const char *role, const char *id);

#endif
