#include "onnx_writer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- protobuf ---- */

struct buffer {
    unsigned char *bytes;
    size_t size, capacity;
};

static void die(const char *what)
{
    fprintf(stderr, "onnx_writer: %s\n", what);
    abort();
}

static void put(struct buffer *buffer, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    if (buffer->size + size > buffer->capacity) {
        buffer->capacity = 2 * (buffer->size + size);
        buffer->bytes = realloc(buffer->bytes, buffer->capacity);
        if (!buffer->bytes)
            die("not enough memory");
    }
    memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
}

static void put_varint(struct buffer *buffer, uint64_t value)
{
    do {
        unsigned char byte = (unsigned char)(value & 0x7f);
        value >>= 7;
        if (value)
            byte |= 0x80;
        put(buffer, &byte, 1);
    } while (value);
}

static void put_int(struct buffer *buffer, unsigned field, int64_t value)
{
    put_varint(buffer, field << 3);
    put_varint(buffer, (uint64_t)value);
}

static void put_bytes(struct buffer *buffer, unsigned field, const void *bytes, size_t size)
{
    put_varint(buffer, field << 3 | 2);
    put_varint(buffer, size);
    put(buffer, bytes, size);
}

static void put_text(struct buffer *buffer, unsigned field, const char *text)
{
    put_bytes(buffer, field, text, strlen(text));
}

/* Adds a message and frees it. */
static void put_message(struct buffer *buffer, unsigned field, struct buffer *message)
{
    put_bytes(buffer, field, message->bytes, message->size);
    free(message->bytes);
    *message = (struct buffer){0};
}

/* ---- graph ---- */

/* Field numbers of onnx.proto. */
enum { MODEL_IR = 1, MODEL_PRODUCER = 2, MODEL_GRAPH = 7, MODEL_OPSET = 8 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5 };
enum { ATTR_NAME = 1, ATTR_F = 2, ATTR_I = 3, ATTR_S = 4, ATTR_INTS = 8, ATTR_TYPE = 20 };
enum { ATTR_IS_FLOAT = 1, ATTR_IS_INT = 2, ATTR_IS_STRING = 3, ATTR_IS_INTS = 7 };
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9 };

struct onnx {
    struct buffer graph, node, model;
    bool open; /* node has not been added yet */
    int nodes;
};

struct onnx *onnx_new(void)
{
    struct onnx *onnx = calloc(1, sizeof(*onnx));
    if (!onnx)
        die("not enough memory");
    put_text(&onnx->graph, GRAPH_NAME, "test");
    return onnx;
}

void onnx_free(struct onnx *onnx)
{
    if (!onnx)
        return;
    free(onnx->graph.bytes);
    free(onnx->node.bytes);
    free(onnx->model.bytes);
    free(onnx);
}

static void close_node(struct onnx *onnx)
{
    if (onnx->open)
        put_message(&onnx->graph, GRAPH_NODE, &onnx->node);
    onnx->open = false;
}

static void value_info(struct onnx *onnx, unsigned field, const char *name, enum onnx_type type,
                       const int64_t *shape, int rank)
{
    struct buffer dims = {0}, tensor = {0}, holder = {0}, info = {0};
    for (int i = 0; i < rank; i++) {
        struct buffer dim = {0};
        char free_name[16];
        snprintf(free_name, sizeof free_name, "n%d", i);
        if (shape[i] > 0)
            put_int(&dim, 1, shape[i]);
        else
            put_text(&dim, 2, free_name);
        put_message(&dims, 1, &dim);
    }
    put_int(&tensor, 1, type);
    put_message(&tensor, 2, &dims);
    put_message(&holder, 1, &tensor);
    put_text(&info, 1, name);
    put_message(&info, 2, &holder);
    close_node(onnx);
    put_message(&onnx->graph, field, &info);
}

void onnx_input(struct onnx *onnx, const char *name, enum onnx_type type, const int64_t *shape,
                int rank)
{
    value_info(onnx, GRAPH_INPUT, name, type, shape, rank);
}

void onnx_output(struct onnx *onnx, const char *name, enum onnx_type type, const int64_t *shape,
                 int rank)
{
    value_info(onnx, GRAPH_OUTPUT, name, type, shape, rank);
}

static void initializer(struct onnx *onnx, const char *name, enum onnx_type type,
                        const int64_t *shape, int rank, const void *values, size_t item)
{
    struct buffer tensor = {0};
    size_t count = 1;
    for (int i = 0; i < rank; i++) {
        put_int(&tensor, TENSOR_DIMS, shape[i]);
        count *= (size_t)shape[i];
    }
    put_int(&tensor, TENSOR_TYPE, type);
    put_text(&tensor, TENSOR_NAME, name);
    put_bytes(&tensor, TENSOR_RAW, values, count * item);
    close_node(onnx);
    put_message(&onnx->graph, GRAPH_INITIALIZER, &tensor);
}

void onnx_floats(struct onnx *onnx, const char *name, const int64_t *shape, int rank,
                 const float *values)
{
    initializer(onnx, name, ONNX_FLOAT, shape, rank, values, sizeof(float));
}

void onnx_float(struct onnx *onnx, const char *name, float value)
{
    initializer(onnx, name, ONNX_FLOAT, NULL, 0, &value, sizeof value);
}

void onnx_int64s(struct onnx *onnx, const char *name, const int64_t *values, size_t count)
{
    const int64_t shape[1] = {(int64_t)count};
    initializer(onnx, name, ONNX_INT64, shape, 1, values, sizeof(int64_t));
}

static void put_names(struct buffer *node, unsigned field, const char *names)
{
    while (*names) {
        size_t length = strcspn(names, " ");
        put_bytes(node, field, names, length);
        names += length + (names[length] == ' ');
    }
}

void onnx_node(struct onnx *onnx, const char *op, const char *inputs, const char *outputs)
{
    char name[64];
    close_node(onnx);
    snprintf(name, sizeof name, "%s_%d", op, onnx->nodes++);
    put_names(&onnx->node, NODE_INPUT, inputs);
    put_names(&onnx->node, NODE_OUTPUT, outputs);
    put_text(&onnx->node, NODE_NAME, name);
    put_text(&onnx->node, NODE_OP, op);
    onnx->open = true;
}

static void attribute(struct onnx *onnx, struct buffer *value, const char *name, int type)
{
    if (!onnx->open)
        die("an attribute without a node");
    put_text(value, ATTR_NAME, name);
    put_int(value, ATTR_TYPE, type);
    put_message(&onnx->node, NODE_ATTRIBUTE, value);
}

void onnx_attribute_int(struct onnx *onnx, const char *name, int64_t value)
{
    struct buffer message = {0};
    put_int(&message, ATTR_I, value);
    attribute(onnx, &message, name, ATTR_IS_INT);
}

void onnx_attribute_ints(struct onnx *onnx, const char *name, const int64_t *values, size_t count)
{
    struct buffer message = {0};
    for (size_t i = 0; i < count; i++)
        put_int(&message, ATTR_INTS, values[i]);
    attribute(onnx, &message, name, ATTR_IS_INTS);
}

void onnx_attribute_float(struct onnx *onnx, const char *name, float value)
{
    struct buffer message = {0};
    put_varint(&message, ATTR_F << 3 | 5);
    put(&message, &value, sizeof value);
    attribute(onnx, &message, name, ATTR_IS_FLOAT);
}

void onnx_attribute_text(struct onnx *onnx, const char *name, const char *value)
{
    struct buffer message = {0};
    put_text(&message, ATTR_S, value);
    attribute(onnx, &message, name, ATTR_IS_STRING);
}

const void *onnx_bytes(struct onnx *onnx, size_t *size)
{
    struct buffer opset = {0};
    close_node(onnx);
    onnx->model.size = 0;
    put_int(&onnx->model, MODEL_IR, 8);
    put_text(&onnx->model, MODEL_PRODUCER, "fusiond tests");
    put_int(&opset, 2, 17);
    put_message(&onnx->model, MODEL_OPSET, &opset);
    put_bytes(&onnx->model, MODEL_GRAPH, onnx->graph.bytes, onnx->graph.size);
    *size = onnx->model.size;
    return onnx->model.bytes;
}

void onnx_save(struct onnx *onnx, const char *path)
{
    size_t size;
    const void *bytes = onnx_bytes(onnx, &size);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        die("a model cannot be written");
}
