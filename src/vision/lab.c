#include "vision/lab.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "vision/simd.h"

/* sRGB primaries with the D65 white divided out, so that X/Xn, Y, Z/Zn come out directly. */
#define WHITE_X 0.950456f
#define WHITE_Z 1.088754f
#define LAB_EDGE 0.008856f
#define LAB_SLOPE 7.787f
#define LAB_SHIFT (16.0f / 116.0f)
#define LAB_EDGE_CURVE 0.206893f

static const float to_xyz[3][3] = {
    {0.412453f / WHITE_X, 0.357580f / WHITE_X, 0.180423f / WHITE_X},
    {0.212671f, 0.715160f, 0.072169f},
    {0.019334f / WHITE_Z, 0.119193f / WHITE_Z, 0.950227f / WHITE_Z},
};
static const float from_xyz[3][3] = {
    {3.240479f * WHITE_X, -1.53715f, -0.498535f * WHITE_Z},
    {-0.969256f * WHITE_X, 1.875991f, 0.041556f * WHITE_Z},
    {0.055648f * WHITE_X, -0.204043f, 1.057311f * WHITE_Z},
};

/* t^2.4 as t^2 * p(sqrt t); minimax-like fit on the range of the curve's upper branch, error 7e-6.
 */
FUS_SIMD_INLINE float decode(float value)
{
    value = value < 0.0f ? 0.0f : value > 1.0f ? 1.0f : value;
    const float t = (value + 0.055f) * (1.0f / 1.055f);
    const float s = sqrtf(t);
    float p = 0.09654042f;
    p = p * s - 0.4005708f;
    p = p * s + 0.71394563f;
    p = p * s - 0.77518491f;
    p = p * s + 1.32870222f;
    p = p * s + 0.03657388f;
    const float upper = t * t * p;
    return value <= 0.04045f ? value * (1.0f / 12.92f) : upper;
}

/* x^(5/12) as a polynomial in the fourth root, error 2e-6. */
FUS_SIMD_INLINE float encode(float value)
{
    value = value < 0.0f ? 0.0f : value > 1.0f ? 1.0f : value;
    const float s = sqrtf(sqrtf(value));
    float p = 0.06456165f;
    p = p * s - 0.30148447f;
    p = p * s + 0.6224406f;
    p = p * s - 0.80812627f;
    p = p * s + 1.294566f;
    p = p * s + 0.13235574f;
    p = p * s - 0.00431194f;
    const float upper = 1.055f * p - 0.055f;
    return value <= 0.0031308f ? value * 12.92f : upper;
}

/* Cube root of x >= 0.0088: first guess from the exponent, two Newton steps (error about 1e-6). */
FUS_SIMD_INLINE float cube_root(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = (int32_t)((float)bits * (1.0f / 3.0f)) + 709921077;
    float y;
    memcpy(&y, &bits, sizeof y);
    y = (2.0f * y + x / (y * y)) * (1.0f / 3.0f);
    y = (2.0f * y + x / (y * y)) * (1.0f / 3.0f);
    return y;
}

FUS_SIMD_INLINE float curve(float t)
{
    const float safe = t > LAB_EDGE ? t : LAB_EDGE;
    const float root = cube_root(safe);
    return t > LAB_EDGE ? root : LAB_SLOPE * t + LAB_SHIFT;
}

FUS_SIMD_INLINE float uncurve(float f)
{
    const float cube = f * f * f;
    const float line = (f - LAB_SHIFT) * (1.0f / LAB_SLOPE);
    return f > LAB_EDGE_CURVE ? cube : line;
}

FUS_SIMD_CLONES void fus_lab_from_bgr(const float *blue, const float *green, const float *red,
                                      float *l, float *a, float *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const float linear_r = decode(red[i]), linear_g = decode(green[i]);
        const float linear_b = decode(blue[i]);
        const float x =
            curve(to_xyz[0][0] * linear_r + to_xyz[0][1] * linear_g + to_xyz[0][2] * linear_b);
        const float y =
            curve(to_xyz[1][0] * linear_r + to_xyz[1][1] * linear_g + to_xyz[1][2] * linear_b);
        const float z =
            curve(to_xyz[2][0] * linear_r + to_xyz[2][1] * linear_g + to_xyz[2][2] * linear_b);
        l[i] = 116.0f * y - 16.0f;
        a[i] = 500.0f * (x - y);
        b[i] = 200.0f * (y - z);
    }
}

FUS_SIMD_CLONES void fus_lab_to_bgr(const float *l, const float *a, const float *b, float *blue,
                                    float *green, float *red, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const float fy = (l[i] + 16.0f) * (1.0f / 116.0f);
        const float x = uncurve(fy + a[i] * (1.0f / 500.0f));
        const float y = uncurve(fy);
        const float z = uncurve(fy - b[i] * (1.0f / 200.0f));
        blue[i] = encode(from_xyz[2][0] * x + from_xyz[2][1] * y + from_xyz[2][2] * z);
        green[i] = encode(from_xyz[1][0] * x + from_xyz[1][1] * y + from_xyz[1][2] * z);
        red[i] = encode(from_xyz[0][0] * x + from_xyz[0][1] * y + from_xyz[0][2] * z);
    }
}

static float decode_plain(float value)
{
    value = fminf(fmaxf(value, 0.0f), 1.0f);
    return value <= 0.04045f ? value / 12.92f : powf((value + 0.055f) / 1.055f, 2.4f);
}

static float encode_plain(float value)
{
    value = fminf(fmaxf(value, 0.0f), 1.0f);
    return value <= 0.0031308f ? value * 12.92f : 1.055f * powf(value, 1.0f / 2.4f) - 0.055f;
}

static float curve_plain(float t)
{
    return t > LAB_EDGE ? cbrtf(t) : LAB_SLOPE * t + LAB_SHIFT;
}

void fus_lab_from_bgr_plain(const float *blue, const float *green, const float *red, float *l,
                            float *a, float *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const float rgb[3] = {decode_plain(red[i]), decode_plain(green[i]), decode_plain(blue[i])};
        float f[3];
        for (int row = 0; row < 3; row++)
            f[row] = curve_plain(to_xyz[row][0] * rgb[0] + to_xyz[row][1] * rgb[1] +
                                 to_xyz[row][2] * rgb[2]);
        l[i] = 116.0f * f[1] - 16.0f;
        a[i] = 500.0f * (f[0] - f[1]);
        b[i] = 200.0f * (f[1] - f[2]);
    }
}

void fus_lab_to_bgr_plain(const float *l, const float *a, const float *b, float *blue, float *green,
                          float *red, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const float fy = (l[i] + 16.0f) / 116.0f;
        const float xyz[3] = {uncurve(fy + a[i] / 500.0f), uncurve(fy),
                              uncurve(fy - b[i] / 200.0f)};
        float rgb[3];
        for (int row = 0; row < 3; row++)
            rgb[row] = encode_plain(from_xyz[row][0] * xyz[0] + from_xyz[row][1] * xyz[1] +
                                    from_xyz[row][2] * xyz[2]);
        red[i] = rgb[0];
        green[i] = rgb[1];
        blue[i] = rgb[2];
    }
}

float fus_lab_lightness(float grey)
{
    return 116.0f * curve_plain(decode_plain(grey)) - 16.0f;
}
