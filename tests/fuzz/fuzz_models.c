/* What lies in a models folder, on any bytes: a manifest.json, and a .hash. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "inference/manifest.h"
#include "inference/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char crc[FUS_CRC32_HEX_SIZE] = "";
    if (fus_hash_parse(data, size, crc) && strspn(crc, "0123456789abcdef") != 8)
        __builtin_trap();
    struct fus_manifest manifest = {0};
    struct fus_error err = {0};
    if (fus_manifest_add(&manifest, "manifest", data, size, false, &err) == 0) {
        for (size_t i = 0; i < manifest.count; i++) {
            const struct fus_model *model = &manifest.rows[i];
            if (model->file[0] == '/' || strstr(model->file, "..") != NULL || model->builtin ||
                model->need_count > FUS_MODEL_NEEDS_MAX || model->size_count > FUS_MODEL_SIZES_MAX)
                __builtin_trap();
            for (size_t k = 0; k < model->input_count; k++) {
                if (model->inputs[k].rank < 0 || model->inputs[k].rank > FUS_TENSOR_MAX_RANK)
                    __builtin_trap();
            }
        }
    } else if (err.detail[0] == '\0') {
        __builtin_trap();
    }
    fus_manifest_done(&manifest);
    return 0;
}
