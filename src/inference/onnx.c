#include "inference/onnx.h"

#include <string.h>

#include "base/mem.h"
#include "inference/convert.h"

/* Numbers of fields, from onnx.proto. */
enum { MODEL_GRAPH = 7, GRAPH_INITIALIZER = 5 };
enum {
    TENSOR_DIMS = 1,
    TENSOR_TYPE = 2,
    TENSOR_FLOATS = 4,
    TENSOR_INT32S = 5, /* halves are kept in them */
    TENSOR_RAW = 9,
    TENSOR_DOUBLES = 10,
    TENSOR_LOCATION = 14,
};
enum { WIRE_VARINT = 0, WIRE_8_BYTES = 1, WIRE_LENGTH = 2, WIRE_4_BYTES = 5 };
#define INITIALIZER_ELEMENTS_MAX ((uint64_t)1 << 26)

struct span {
    const uint8_t *at;
    size_t left;
};

struct field {
    uint64_t number;
    int wire;
    uint64_t value;    /* of a varint */
    struct span bytes; /* of the others */
};

struct tensor {
    int64_t shape[FUS_TENSOR_MAX_RANK];
    size_t rank; /* counted on beyond FUS_TENSOR_MAX_RANK */
    uint64_t type;
    bool elsewhere;
    struct span raw, floats, doubles, int32s;
};

static bool read_varint(struct span *span, uint64_t *value)
{
    uint64_t result = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (span->left == 0)
            return false;
        uint8_t byte = *span->at++;
        span->left--;
        result |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            *value = result;
            return true;
        }
    }
    return false;
}

static bool cut(struct span *span, uint64_t size, struct span *piece)
{
    if (size > span->left)
        return false;
    *piece = (struct span){span->at, (size_t)size};
    span->at += size;
    span->left -= (size_t)size;
    return true;
}

/* The next field; false: the message ends here or is no message. */
static bool next_field(struct span *message, struct field *field)
{
    uint64_t key, size;
    if (message->left == 0 || !read_varint(message, &key))
        return false;
    *field = (struct field){.number = key >> 3, .wire = (int)(key & 7)};
    switch (field->wire) {
    case WIRE_VARINT:
        return read_varint(message, &field->value);
    case WIRE_8_BYTES:
        return cut(message, 8, &field->bytes);
    case WIRE_LENGTH:
        return read_varint(message, &size) && cut(message, size, &field->bytes);
    case WIRE_4_BYTES:
        return cut(message, 4, &field->bytes);
    default:
        return false;
    }
}

/* The last field of this number that holds bytes. */
static bool last_of(struct span message, uint64_t number, struct span *found)
{
    struct field field;
    bool any = false;
    while (next_field(&message, &field)) {
        if (field.number == number && field.wire == WIRE_LENGTH) {
            *found = field.bytes;
            any = true;
        }
    }
    return any;
}

static void add_dimension(struct tensor *tensor, uint64_t value)
{
    if (tensor->rank < FUS_TENSOR_MAX_RANK)
        tensor->shape[tensor->rank] = (int64_t)value;
    tensor->rank++;
}

static void take_dimensions(struct tensor *tensor, const struct field *field)
{
    uint64_t value;
    if (field->wire == WIRE_VARINT) {
        add_dimension(tensor, field->value);
        return;
    }
    struct span packed = field->bytes;
    while (packed.left > 0 && read_varint(&packed, &value))
        add_dimension(tensor, value);
}

static void read_tensor(struct span message, struct tensor *tensor)
{
    struct field field;
    while (next_field(&message, &field)) {
        switch (field.number) {
        case TENSOR_DIMS:
            take_dimensions(tensor, &field);
            break;
        case TENSOR_TYPE:
            tensor->type = field.value;
            break;
        case TENSOR_LOCATION:
            tensor->elsewhere = field.value != 0;
            break;
        case TENSOR_RAW:
            tensor->raw = field.bytes;
            break;
        case TENSOR_FLOATS: /* packed, as every exporter writes them */
            tensor->floats = field.bytes;
            break;
        case TENSOR_DOUBLES:
            tensor->doubles = field.bytes;
            break;
        case TENSOR_INT32S:
            tensor->int32s = field.bytes;
            break;
        default:
            break;
        }
    }
}

static bool count_elements(const struct tensor *tensor, size_t *count)
{
    uint64_t product = 1;
    if (tensor->rank > FUS_TENSOR_MAX_RANK)
        return false;
    for (size_t i = 0; i < tensor->rank; i++) {
        if (tensor->shape[i] <= 0 || (uint64_t)tensor->shape[i] > INITIALIZER_ELEMENTS_MAX)
            return false;
        product *= (uint64_t)tensor->shape[i];
        if (product > INITIALIZER_ELEMENTS_MAX)
            return false;
    }
    *count = (size_t)product;
    return true;
}

/* Little-endian elements, not aligned in the file, to aligned ones. */
static bool copy_elements(const struct tensor *tensor, size_t count, float *out)
{
    enum ONNXTensorElementDataType type = (enum ONNXTensorElementDataType)tensor->type;
    struct span bytes = tensor->raw;
    if (bytes.at == NULL && tensor->type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
        bytes = tensor->floats;
    if (bytes.at == NULL && tensor->type == ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE)
        bytes = tensor->doubles;
    size_t size = fus_element_size(type);
    if (bytes.at == NULL || size == 0 || bytes.left != count * size)
        return false;
    for (size_t i = 0; i < count; i++) {
        uint64_t element = 0; /* aligned for every type */
        memcpy(&element, bytes.at + i * size, size);
        fus_element_to_float(type, &element, &out[i], 1);
    }
    return true;
}

static bool copy_halves(const struct tensor *tensor, size_t count, float *out)
{
    struct span packed = tensor->int32s;
    uint64_t value;
    for (size_t i = 0; i < count; i++) {
        if (!read_varint(&packed, &value) || value > UINT16_MAX)
            return false;
        uint16_t half = (uint16_t)value;
        fus_element_to_float(ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, &half, &out[i], 1);
    }
    return packed.left == 0;
}

int fus_onnx_last_initializer(const void *bytes, size_t size, float **data,
                              int64_t shape[FUS_TENSOR_MAX_RANK], int *rank, struct fus_error *err)
{
    struct span model = {bytes, size}, graph, last;
    struct tensor tensor = {.rank = 0};
    size_t count = 0;
    if (!last_of(model, MODEL_GRAPH, &graph) || !last_of(graph, GRAPH_INITIALIZER, &last))
        return fus_error_set(err, FUS_E_MODEL_CORRUPT, "The model's graph has no initializer.");
    read_tensor(last, &tensor);
    if (tensor.elsewhere || !count_elements(&tensor, &count))
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "The model's last initializer is not a tensor in the file.");
    FUS_AUTO_FREE float *floats = fus_malloc_aligned(count * sizeof(*floats));
    if (floats == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for an initializer.");
    bool halves = tensor.raw.at == NULL && tensor.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16;
    if (halves ? !copy_halves(&tensor, count, floats) : !copy_elements(&tensor, count, floats))
        return fus_error_set(
            err, FUS_E_MODEL_CORRUPT,
            "The model's last initializer does not hold the numbers that its shape "
            "says.");
    memcpy(shape, tensor.shape, sizeof(tensor.shape));
    *rank = (int)tensor.rank;
    *data = FUS_TAKE(floats);
    return 0;
}
