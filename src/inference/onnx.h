/* Looks into an ONNX file without ONNX Runtime: its C API hands out no initializers. Foreign bytes:
 * every length is checked, nothing is trusted. Format: onnx.proto, Protocol Buffers encoding. */
#ifndef FUS_INFERENCE_ONNX_H
#define FUS_INFERENCE_ONNX_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"
#include "inference/runtime.h"

/* The last initializer of the main graph, as float32: *data (the caller's, fus_free) with `shape`
 * and `rank`. Float32, float16 and float64 tensors, raw or as fields; those kept in other files are
 * not followed. FUS_E_MODEL_CORRUPT with a sentence when there is none that can be read. */
int fus_onnx_last_initializer(const void *bytes, size_t size, float **data,
                              int64_t shape[FUS_TENSOR_MAX_RANK], int *rank,
                              struct fus_error *err) FUS_MUST_CHECK;

#endif
