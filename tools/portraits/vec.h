/* Small vector maths of the portrait renderer. Axes: x right, y down, z away from the camera;
 * lengths in eye distances of the mean head unless a name says pixels. */
#ifndef PORTRAITS_VEC_H
#define PORTRAITS_VEC_H

#include <math.h>

#define PT_PI 3.14159265358979f

struct v3 {
    float x, y, z;
};
struct m3 {
    float m[3][3];
};

static inline struct v3 v3(float x, float y, float z)
{
    return (struct v3){x, y, z};
}
static inline struct v3 v3_add(struct v3 a, struct v3 b)
{
    return v3(a.x + b.x, a.y + b.y, a.z + b.z);
}
static inline struct v3 v3_sub(struct v3 a, struct v3 b)
{
    return v3(a.x - b.x, a.y - b.y, a.z - b.z);
}
static inline struct v3 v3_scale(struct v3 a, float s)
{
    return v3(a.x * s, a.y * s, a.z * s);
}
static inline struct v3 v3_mul(struct v3 a, struct v3 b)
{
    return v3(a.x * b.x, a.y * b.y, a.z * b.z);
}
/* a + b * s */
static inline struct v3 v3_mad(struct v3 a, struct v3 b, float s)
{
    return v3(a.x + b.x * s, a.y + b.y * s, a.z + b.z * s);
}
static inline struct v3 v3_lerp(struct v3 a, struct v3 b, float t)
{
    return v3_mad(a, v3_sub(b, a), t);
}
static inline float v3_dot(struct v3 a, struct v3 b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}
static inline struct v3 v3_cross(struct v3 a, struct v3 b)
{
    return v3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
}
static inline float v3_length(struct v3 a)
{
    return sqrtf(v3_dot(a, a));
}
static inline struct v3 v3_unit(struct v3 a)
{
    float length = v3_length(a);
    return length > 1e-12f ? v3_scale(a, 1.0f / length) : v3(0, 0, -1);
}
static inline struct v3 m3_apply(const struct m3 *r, struct v3 p)
{
    return v3(r->m[0][0] * p.x + r->m[0][1] * p.y + r->m[0][2] * p.z,
              r->m[1][0] * p.x + r->m[1][1] * p.y + r->m[1][2] * p.z,
              r->m[2][0] * p.x + r->m[2][1] * p.y + r->m[2][2] * p.z);
}

/* Rz(roll) Ry(yaw) Rx(pitch), radians. Positive yaw turns the nose to the left of the picture,
 * positive pitch turns it down, positive roll turns the head clockwise as seen. */
static inline struct m3 m3_pose(float yaw, float pitch, float roll)
{
    float cy = cosf(yaw), sy = sinf(yaw), cp = cosf(pitch), sp = sinf(pitch);
    float cr = cosf(roll), sr = sinf(roll);
    float a[3][3] = {{cy, sy * sp, sy * cp}, {0, cp, -sp}, {-sy, cy * sp, cy * cp}};
    struct m3 r;
    for (int j = 0; j < 3; j++) {
        r.m[0][j] = cr * a[0][j] - sr * a[1][j];
        r.m[1][j] = sr * a[0][j] + cr * a[1][j];
        r.m[2][j] = a[2][j];
    }
    return r;
}

static inline float clampf(float x, float lo, float hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}
/* Compare and choose: unlike fminf and fmaxf never a call. */
static inline float lowerf(float a, float b)
{
    return a < b ? a : b;
}
static inline float higherf(float a, float b)
{
    return a > b ? a : b;
}
static inline float mixf(float a, float b, float t)
{
    return a + (b - a) * t;
}
/* 0 below a, 1 above b; a > b gives the falling edge. */
static inline float stepf(float a, float b, float x)
{
    float t = clampf((x - a) / (b - a), 0.0f, 1.0f);
    return t * t * (3.0f - 2.0f * t);
}
/* exp(-(x/s)^2) */
static inline float bellf(float x, float s)
{
    float t = x / s;
    return t * t > 14.0f ? 0.0f : expf(-t * t);
}
static inline float bell2f(float x, float y, float sx, float sy)
{
    float t = (x / sx) * (x / sx) + (y / sy) * (y / sy);
    return t > 14.0f ? 0.0f : expf(-t);
}
/* Smooth minimum with blending width k. */
static inline float sminf(float a, float b, float k)
{
    float h = clampf(0.5f + 0.5f * (b - a) / k, 0.0f, 1.0f);
    return mixf(b, a, h) - k * h * (1.0f - h);
}

#endif
