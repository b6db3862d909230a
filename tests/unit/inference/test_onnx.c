/* The last initializer of a graph, and elements other than float32. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "inference/convert.h"
#include "inference/onnx.h"

struct message {
    uint8_t bytes[512];
    size_t size;
};

static void put_varint(struct message *message, uint64_t value)
{
    while (value > 127) {
        message->bytes[message->size++] = (uint8_t)(value | 128);
        value >>= 7;
    }
    message->bytes[message->size++] = (uint8_t)value;
}

static void put_number(struct message *message, unsigned field, uint64_t value)
{
    put_varint(message, field << 3);
    put_varint(message, value);
}

static void put_bytes(struct message *message, unsigned field, const void *bytes, size_t size)
{
    put_varint(message, field << 3 | 2);
    put_varint(message, size);
    memcpy(message->bytes + message->size, bytes, size);
    message->size += size;
}

/* A model whose graph has two initializers: `first`, then `last`. */
static struct message model_of(const struct message *first, const struct message *last)
{
    struct message graph = {.size = 0}, model = {.size = 0};
    put_bytes(&graph, 2, "name", 4);
    put_bytes(&graph, 5, first->bytes, first->size);
    put_bytes(&graph, 5, last->bytes, last->size);
    put_number(&model, 1, 8);
    put_bytes(&model, 7, graph.bytes, graph.size);
    return model;
}

static struct message matrix(unsigned type, unsigned field, const void *bytes, size_t size)
{
    struct message tensor = {.size = 0};
    put_number(&tensor, 1, 2);
    put_number(&tensor, 1, 3);
    put_number(&tensor, 2, type);
    put_bytes(&tensor, field, bytes, size);
    return tensor;
}

static void assert_last(const struct message *model, const float expected[6])
{
    FUS_AUTO_FREE float *data = NULL;
    int64_t shape[FUS_TENSOR_MAX_RANK];
    int rank = 0;
    assert_int_equal(
        fus_onnx_last_initializer(model->bytes, model->size, &data, shape, &rank, NULL), 0);
    assert_int_equal(rank, 2);
    assert_int_equal(shape[0], 2);
    assert_int_equal(shape[1], 3);
    assert_memory_equal(data, expected, 6 * sizeof(*data));
}

static const float NUMBERS[6] = {1.0f, -2.0f, 0.5f, 1024.0f, -0.0f, 6.1035156e-5f};

static void the_last_initializer_is_read_in_every_encoding(void **state)
{
    (void)state;
    static const float OTHER[6] = {9, 9, 9, 9, 9, 9};
    static const double DOUBLES[6] = {1.0, -2.0, 0.5, 1024.0, -0.0, 6.103515625e-5};
    static const uint16_t HALVES[6] = {0x3c00, 0xc000, 0x3800, 0x6400, 0x8000, 0x0400};
    const struct message first = matrix(1, 9, OTHER, sizeof(OTHER));
    const struct message forms[] = {
        matrix(1, 9, NUMBERS, sizeof(NUMBERS)),  matrix(1, 4, NUMBERS, sizeof(NUMBERS)),
        matrix(11, 9, DOUBLES, sizeof(DOUBLES)), matrix(11, 10, DOUBLES, sizeof(DOUBLES)),
        matrix(10, 9, HALVES, sizeof(HALVES)),
    };
    for (size_t i = 0; i < FUS_COUNT(forms); i++) {
        const struct message model = model_of(&first, &forms[i]);
        assert_last(&model, NUMBERS);
    }
    struct message packed = {.size = 0};
    for (size_t i = 0; i < 6; i++)
        put_varint(&packed, HALVES[i]);
    const struct message halves = matrix(10, 5, packed.bytes, packed.size);
    const struct message model = model_of(&first, &halves);
    assert_last(&model, NUMBERS);
}

static void a_damaged_file_is_refused_at_every_length(void **state)
{
    (void)state;
    const struct message tensor = matrix(1, 9, NUMBERS, sizeof(NUMBERS));
    const struct message model = model_of(&tensor, &tensor);
    for (size_t size = 0; size < model.size; size++) {
        float *data = NULL;
        int64_t shape[FUS_TENSOR_MAX_RANK];
        int rank;
        assert_int_equal(fus_onnx_last_initializer(model.bytes, size, &data, shape, &rank, NULL),
                         FUS_E_MODEL_CORRUPT);
        assert_null(data);
    }
}

static void an_initializer_that_does_not_hold_its_shape_is_refused(void **state)
{
    (void)state;
    const struct message good = matrix(1, 9, NUMBERS, sizeof(NUMBERS));
    struct message bad[4] = {
        matrix(1, 9, NUMBERS, sizeof(NUMBERS) - 4), /* too few numbers */
        matrix(7, 9, NUMBERS, sizeof(NUMBERS)),     /* int64 of half the size */
        matrix(99, 9, NUMBERS, sizeof(NUMBERS)),    /* no type */
        matrix(1, 9, NUMBERS, sizeof(NUMBERS)),
    };
    put_number(&bad[3], 14, 1); /* kept in another file */
    for (size_t i = 0; i < FUS_COUNT(bad); i++) {
        float *data = NULL;
        int64_t shape[FUS_TENSOR_MAX_RANK];
        int rank;
        struct fus_error err = {0};
        const struct message model = model_of(&good, &bad[i]);
        assert_int_equal(
            fus_onnx_last_initializer(model.bytes, model.size, &data, shape, &rank, &err),
            FUS_E_MODEL_CORRUPT);
        assert_non_null(strstr(err.detail, "initializer"));
    }
}

static void every_half_comes_back_as_it_was(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits <= UINT16_MAX; bits++) {
        const uint16_t half = (uint16_t)bits;
        uint16_t again;
        float value;
        fus_element_to_float(ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, &half, &value, 1);
        fus_element_from_float(ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, &value, &again, 1);
        if (isnan(value))
            assert_int_equal(again & 0x7c00, 0x7c00);
        else
            assert_int_equal(again, half);
    }
}

static void floats_are_rounded_to_the_nearest_half(void **state)
{
    (void)state;
    static const struct {
        float value;
        uint16_t half;
    } CASES[] = {
        {1.0f + 0x1p-11f, 0x3c00}, /* a tie goes to the even one */
        {1.0f + 0x3p-11f, 0x3c02}, {65519.0f, 0x7bff},   {65520.0f, 0x7c00},
        {0x1p-25f, 0x0000},        {0x1.8p-25f, 0x0001}, {0x1.ff8p-15f, 0x03ff},
        {0x1.ffep-15f, 0x0400},    {-2.0f, 0xc000},
    };
    for (size_t i = 0; i < FUS_COUNT(CASES); i++) {
        uint16_t half;
        fus_element_from_float(ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, &CASES[i].value, &half, 1);
        assert_int_equal(half, CASES[i].half);
    }
}

static void whole_numbers_are_rounded_and_bounded(void **state)
{
    (void)state;
    const float values[5] = {2.5f, -3.6f, 1e30f, -1e30f, NAN};
    int64_t longs[5];
    uint8_t bytes[5];
    fus_element_from_float(ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, values, longs, 5);
    const int64_t expected[5] = {2, -4, INT64_MAX, INT64_MIN, 0};
    assert_memory_equal(longs, expected, sizeof(longs));
    fus_element_from_float(ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, values, bytes, 5);
    const uint8_t bounded[5] = {2, 0, 255, 0, 0};
    assert_memory_equal(bytes, bounded, sizeof(bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_initializer_is_read_in_every_encoding),
        cmocka_unit_test(a_damaged_file_is_refused_at_every_length),
        cmocka_unit_test(an_initializer_that_does_not_hold_its_shape_is_refused),
        cmocka_unit_test(every_half_comes_back_as_it_was),
        cmocka_unit_test(floats_are_rounded_to_the_nearest_half),
        cmocka_unit_test(whole_numbers_are_rounded_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
