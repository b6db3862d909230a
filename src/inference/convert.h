/* Elements of tensors between float32, which callers see, and what a graph declares. Internal to
 * inference. Pure, thread-safe. */
#ifndef FUS_INFERENCE_CONVERT_H
#define FUS_INFERENCE_CONVERT_H

#include "inference/ort.h"

/* Bytes of an element, 0 for types that are not taken (float32, float64, float16, int64, int32,
 * uint8 and bool are). */
size_t fus_element_size(enum ONNXTensorElementDataType type);
/* Numbers are rounded to nearest even where they become integers or halves; out-of-range ones
 * saturate (integers) or become infinite (halves); NaN becomes integer 0. */
void fus_element_from_float(enum ONNXTensorElementDataType type, const float *from, void *to,
                            size_t count);
void fus_element_to_float(enum ONNXTensorElementDataType type, const void *from, float *to,
                          size_t count);

#endif
