/* Writes small ONNX graphs, so that a test can make a net with a model's names, shapes and types
 * and known arithmetic. Field numbers: onnx.proto. */
#ifndef FUS_TESTS_PROCESSORS_ONNX_GRAPH_H
#define FUS_TESTS_PROCESSORS_ONNX_GRAPH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

#include "base/fs.h"

enum { ONNX_FLOAT = 1, ONNX_INT64 = 7, ONNX_DOUBLE = 11 };

/* A protobuf message that grows. Zero-initialise; onnx_done frees it. */
struct onnx {
    uint8_t *bytes;
    size_t size, capacity;
};

static inline void onnx_done(struct onnx *message)
{
    free(message->bytes);
    *message = (struct onnx){0};
}

static inline void onnx_raw(struct onnx *message, const void *bytes, size_t size)
{
    if (message->size + size > message->capacity) {
        message->capacity = 2 * (message->size + size) + 64;
        message->bytes = realloc(message->bytes, message->capacity);
        assert_non_null(message->bytes);
    }
    if (size > 0)
        memcpy(message->bytes + message->size, bytes, size);
    message->size += size;
}

static inline void onnx_varint(struct onnx *message, uint64_t value)
{
    uint8_t byte;
    for (; value > 127; value >>= 7) {
        byte = (uint8_t)(value | 128);
        onnx_raw(message, &byte, 1);
    }
    byte = (uint8_t)value;
    onnx_raw(message, &byte, 1);
}

static inline void onnx_number(struct onnx *message, unsigned field, int64_t value)
{
    onnx_varint(message, field << 3);
    onnx_varint(message, (uint64_t)value);
}

static inline void onnx_bytes(struct onnx *message, unsigned field, const void *bytes, size_t size)
{
    onnx_varint(message, field << 3 | 2);
    onnx_varint(message, size);
    onnx_raw(message, bytes, size);
}

static inline void onnx_text(struct onnx *message, unsigned field, const char *text)
{
    onnx_bytes(message, field, text, strlen(text));
}

/* Takes part's bytes. */
static inline void onnx_part(struct onnx *message, unsigned field, struct onnx *part)
{
    onnx_bytes(message, field, part->bytes, part->size);
    onnx_done(part);
}

/* Input (field 11) or output (12) of a graph; a size below 0 is free. */
static inline void onnx_value(struct onnx *graph, unsigned field, const char *name, int type,
                              const int64_t *shape, int rank)
{
    struct onnx sizes = {0}, tensor = {0}, kind = {0}, value = {0};
    for (int i = 0; i < rank; i++) {
        struct onnx size = {0};
        if (shape[i] < 0)
            onnx_text(&size, 2, "n");
        else
            onnx_number(&size, 1, shape[i]);
        onnx_part(&sizes, 1, &size);
    }
    onnx_number(&tensor, 1, type);
    onnx_part(&tensor, 2, &sizes);
    onnx_part(&kind, 1, &tensor);
    onnx_text(&value, 1, name);
    onnx_part(&value, 2, &kind);
    onnx_part(graph, field, &value);
}

static inline void onnx_input(struct onnx *graph, const char *name, int type, const int64_t *shape,
                              int rank)
{
    onnx_value(graph, 11, name, type, shape, rank);
}

static inline void onnx_output(struct onnx *graph, const char *name, const int64_t *shape, int rank)
{
    onnx_value(graph, 12, name, ONNX_FLOAT, shape, rank);
}

/* A float32 initializer. */
static inline void onnx_constant(struct onnx *graph, const char *name, const float *values,
                                 const int64_t *shape, int rank)
{
    struct onnx tensor = {0};
    size_t count = 1;
    for (int i = 0; i < rank; i++) {
        onnx_number(&tensor, 1, shape[i]);
        count *= (size_t)shape[i];
    }
    onnx_number(&tensor, 2, ONNX_FLOAT);
    onnx_text(&tensor, 8, name);
    onnx_bytes(&tensor, 9, values, count * sizeof *values);
    onnx_part(graph, 5, &tensor);
}

/* Attributes of a node, to be given to onnx_node. */
static inline void onnx_attribute_int(struct onnx *attributes, const char *name, int64_t value)
{
    struct onnx attribute = {0};
    onnx_text(&attribute, 1, name);
    onnx_number(&attribute, 3, value);
    onnx_number(&attribute, 20, 2);
    onnx_part(attributes, 5, &attribute);
}

static inline void onnx_attribute_text(struct onnx *attributes, const char *name, const char *value)
{
    struct onnx attribute = {0};
    onnx_text(&attribute, 1, name);
    onnx_text(&attribute, 4, value);
    onnx_number(&attribute, 20, 3);
    onnx_part(attributes, 5, &attribute);
}

/* inputs: names separated by one space; attributes may be NULL, else they are taken. */
static inline void onnx_node(struct onnx *graph, const char *op, const char *inputs,
                             const char *output, struct onnx *attributes)
{
    struct onnx node = {0};
    for (const char *at = inputs;; at++) {
        const char *end = strchrnul(at, ' ');
        onnx_bytes(&node, 1, at, (size_t)(end - at));
        at = end;
        if (*end == '\0')
            break;
    }
    onnx_text(&node, 2, output);
    onnx_text(&node, 4, op);
    if (attributes) {
        onnx_raw(&node, attributes->bytes, attributes->size);
        onnx_done(attributes);
    }
    onnx_part(graph, 1, &node);
}

/* Writes a model's bytes and, as its vendor would, its CRC-32 beside it: X.onnx and X.hash. */
static inline void onnx_put(const char *path, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint32_t crc = 0xffffffffu;
    char hash[16], beside[256];
    for (size_t i = 0; i < size; i++) {
        crc ^= at[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    snprintf(hash, sizeof hash, "%08x", ~crc);
    const char *end = strrchr(path, '.');
    assert_non_null(end);
    snprintf(beside, sizeof beside, "%.*s.hash", (int)(end - path), path);
    assert_int_equal(fus_fs_write_atomic(beside, hash, 8, 0600, NULL), 0);
    assert_int_equal(fus_fs_write_atomic(path, bytes, size, 0600, NULL), 0);
}

/* Writes the model of that graph, which is taken. */
static inline void onnx_save(struct onnx *graph, const char *path)
{
    struct onnx model = {0}, opset = {0};
    onnx_text(graph, 2, "test");
    onnx_number(&model, 1, 8);
    onnx_number(&opset, 2, 13);
    onnx_part(&model, 8, &opset);
    onnx_part(&model, 7, graph);
    onnx_put(path, model.bytes, model.size);
    onnx_done(&model);
}

#endif
