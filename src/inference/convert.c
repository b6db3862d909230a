#include "inference/convert.h"

#include <math.h>
#include <string.h>

size_t fus_element_size(enum ONNXTensorElementDataType type)
{
    switch ((int)type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
        return 4;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
        return 8;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
        return 2;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
        return 1;
    default:
        return 0;
    }
}

/* IEEE 754 binary16, by its bits: no compiler here promises a half type. */
static float half_to_float(uint16_t half)
{
    int exponent = half >> 10 & 31, fraction = half & 1023;
    float value;

    if (exponent == 31)
        value = fraction ? NAN : INFINITY;
    else if (exponent == 0)
        value = ldexpf((float)fraction, -24);
    else
        value = ldexpf((float)(fraction + 1024), exponent - 25);
    return half >> 15 ? -value : value;
}

static uint16_t half_from_float(float value)
{
    uint16_t sign = signbit(value) ? 0x8000 : 0;
    float size = fabsf(value);
    int exponent;

    if (isnan(value))
        return 0x7e00;
    if (size >= 65520.0f) /* the middle between the largest half and the next */
        return sign | 0x7c00;
    frexpf(size, &exponent);
    /* the step between halves near it: 2^-24 for the smallest, else 11 bits of fraction */
    int step = exponent - 11 < -24 ? -24 : exponent - 11;
    int steps = (int)nearbyintf(ldexpf(size, -step)); /* up to 2048 */
    if (steps < 1024)
        return (uint16_t)(sign | steps); /* subnormal */
    if (steps == 2048) {
        steps = 1024;
        step++;
    }
    return (uint16_t)(sign | (step + 25) << 10 | (steps - 1024));
}

static int64_t whole(float value, int64_t low, int64_t high)
{
    if (isnan(value))
        return 0;
    if (value <= (float)low)
        return low;
    return value >= (float)high ? high : (int64_t)llrintf(value);
}

void fus_element_from_float(enum ONNXTensorElementDataType type, const float *from, void *to,
                            size_t count)
{
    switch ((int)type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
        for (size_t i = 0; i < count; i++)
            ((double *)to)[i] = from[i];
        break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
        for (size_t i = 0; i < count; i++)
            ((uint16_t *)to)[i] = half_from_float(from[i]);
        break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
        for (size_t i = 0; i < count; i++)
            ((int64_t *)to)[i] = whole(from[i], INT64_MIN, INT64_MAX);
        break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
        for (size_t i = 0; i < count; i++)
            ((int32_t *)to)[i] = (int32_t)whole(from[i], INT32_MIN, INT32_MAX);
        break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
        for (size_t i = 0; i < count; i++)
            ((uint8_t *)to)[i] = (uint8_t)whole(from[i], 0, UINT8_MAX);
        break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
        for (size_t i = 0; i < count; i++)
            ((uint8_t *)to)[i] = from[i] != 0.0f;
        break;
    default:
        memcpy(to, from, count * sizeof(*from));
    }
}

void fus_element_to_float(enum ONNXTensorElementDataType type, const void *from, float *to,
                          size_t count)
{
    switch ((int)type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
        for (size_t i = 0; i < count; i++)
            to[i] = (float)((const double *)from)[i];
        break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
        for (size_t i = 0; i < count; i++)
            to[i] = half_to_float(((const uint16_t *)from)[i]);
        break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
        for (size_t i = 0; i < count; i++)
            to[i] = (float)((const int64_t *)from)[i];
        break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
        for (size_t i = 0; i < count; i++)
            to[i] = (float)((const int32_t *)from)[i];
        break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
        for (size_t i = 0; i < count; i++)
            to[i] = ((const uint8_t *)from)[i];
        break;
    default:
        memcpy(to, from, count * sizeof(*to));
    }
}
