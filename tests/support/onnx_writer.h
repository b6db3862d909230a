/* Writes small ONNX models for tests: a graph is described node by node and encoded as a protobuf.
 *
 * Opset 17, IR version 8. Tests own what they make: any failure (memory, files) aborts the test
 * program, so nothing has to be checked. Not thread-safe.
 *
 *     struct onnx *onnx = onnx_new();
 *     onnx_input(onnx, "input", ONNX_FLOAT, (int64_t[]){1, 3, 8, 8}, 4);
 *     onnx_floats(onnx, "half", (int64_t[]){1}, 1, (float[]){0.5F});
 *     onnx_node(onnx, "Mul", "input half", "output");
 *     onnx_output(onnx, "output", ONNX_FLOAT, (int64_t[]){1, 3, 8, 8}, 4);
 *     onnx_save(onnx, path);
 */
#ifndef FUS_TESTS_ONNX_WRITER_H
#define FUS_TESTS_ONNX_WRITER_H

#include <stddef.h>
#include <stdint.h>

enum onnx_type {
    ONNX_FLOAT = 1,
    ONNX_UINT8 = 2,
    ONNX_INT32 = 6,
    ONNX_INT64 = 7,
    ONNX_FLOAT16 = 10,
    ONNX_DOUBLE = 11,
};

struct onnx;
struct onnx *onnx_new(void);
void onnx_free(struct onnx *onnx); /* takes NULL */

/* A side of 0 is a free one. */
void onnx_input(struct onnx *onnx, const char *name, enum onnx_type type, const int64_t *shape,
                int rank);
void onnx_output(struct onnx *onnx, const char *name, enum onnx_type type, const int64_t *shape,
                 int rank);
/* Constants; kept in the order in which they are added. rank 0: a scalar. */
void onnx_floats(struct onnx *onnx, const char *name, const int64_t *shape, int rank,
                 const float *values);
void onnx_int64s(struct onnx *onnx, const char *name, const int64_t *values, size_t count);
/* A single float. */
void onnx_float(struct onnx *onnx, const char *name, float value);

/* inputs and outputs: names separated by a space. */
void onnx_node(struct onnx *onnx, const char *op, const char *inputs, const char *outputs);
/* Attributes of the node added last. */
void onnx_attribute_int(struct onnx *onnx, const char *name, int64_t value);
void onnx_attribute_ints(struct onnx *onnx, const char *name, const int64_t *values, size_t count);
void onnx_attribute_float(struct onnx *onnx, const char *name, float value);
void onnx_attribute_text(struct onnx *onnx, const char *name, const char *value);

/* The model's bytes, owned by onnx until the next call with it. */
const void *onnx_bytes(struct onnx *onnx, size_t *size);
void onnx_save(struct onnx *onnx, const char *path);

#endif
