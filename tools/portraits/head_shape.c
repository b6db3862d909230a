#include <string.h>

#include "base/mem.h"
#include "curves.h"
#include "head.h"

/* Points of the skull that the mean face lacks (x >= 0; those off the middle are mirrored). */
static const struct v3 skull_points[] = {
    {0, -1.80f, 1.10f},     {0, -1.66f, 0.42f},     {0, -1.30f, -0.08f},     {0, -1.70f, 1.75f},
    {0, -1.25f, 2.32f},     {0, -0.55f, 2.60f},     {0, 0.15f, 2.52f},       {0, 0.70f, 2.25f},
    {0, 1.20f, 1.95f},      {0, 1.72f, 0.80f},      {0, 1.75f, 1.25f},       {1.19f, -0.75f, 1.35f},
    {1.16f, -0.35f, 1.30f}, {1.12f, 0.10f, 1.35f},  {0.86f, -1.42f, 1.15f},  {0.45f, -1.70f, 1.10f},
    {1.09f, -0.95f, 0.75f}, {0.80f, -1.22f, 0.28f}, {0.42f, -1.50f, 0.30f},  {0.95f, -1.15f, 1.75f},
    {1.10f, -0.55f, 1.90f}, {0.72f, -0.60f, 2.36f}, {1.05f, 0.25f, 1.80f},   {0.70f, 0.50f, 2.20f},
    {0.82f, 1.00f, 1.70f},  {0.62f, -1.35f, 1.90f}, {0.42f, -1.22f, -0.02f}, {0.98f, 0.75f, 1.32f},
    {0.45f, 1.58f, 0.90f},  {0.80f, 1.32f, 1.05f},
};
/* Points of the mean face that lie on the skin of the skull: not eyes, nose, inner lips. */
static const signed char face_points[] = {
    0,  1,  2,  3,  4,  5,   6,   7,   8,   17,  18,  19,  21,  31,  33, 48,
    49, 51, 57, 59, 68, 75,  76,  77,  78,  79,  80,  81,  85,  86,  87, 88,
    90, 92, 94, 96, 98, 110, 111, 112, 113, 115, 117, 119, 121, 123,
};

#define POINTS_MAX 140
struct pt_skull {
    int count;
    double direction[POINTS_MAX][3];
    double weight[POINTS_MAX + 4];
};

static double kernel(double distance)
{
    return distance * distance * distance;
}

static void skull_add(struct pt_skull *skull, double *radius, struct v3 p)
{
    for (int mirror = 0; mirror < (p.x * p.x > 1e-8f ? 2 : 1); mirror++) {
        double q[3] = {mirror ? -p.x : p.x, p.y - PT_HEAD_CENTRE_Y, p.z - PT_HEAD_CENTRE_Z};
        double length = sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2]);
        for (int k = 0; k < 3; k++) {
            skull->direction[skull->count][k] = q[k] / length;
        }
        radius[skull->count++] = length;
    }
}

/* Gaussian elimination with row exchange; the matrix is small and well-posed. */
static void solve(double *m, double *rhs, int n)
{
    for (int i = 0; i < n; i++) {
        int best = i;
        for (int r = i + 1; r < n; r++) {
            best = fabs(m[r * n + i]) > fabs(m[best * n + i]) ? r : best;
        }
        for (int k = 0; k < n && best != i; k++) {
            double swap = m[i * n + k];
            m[i * n + k] = m[best * n + k];
            m[best * n + k] = swap;
        }
        double swap = rhs[i];
        rhs[i] = rhs[best];
        rhs[best] = swap;
        for (int r = i + 1; r < n; r++) {
            double f = m[r * n + i] / m[i * n + i];
            for (int k = i; k < n; k++) {
                m[r * n + k] -= f * m[i * n + k];
            }
            rhs[r] -= f * rhs[i];
        }
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++) {
            rhs[i] -= m[i * n + k] * rhs[k];
        }
        rhs[i] /= m[i * n + i];
    }
}

/* Radial basis functions over directions: radius = sum w |d - d_i|^3 + linear, slightly relaxed so
 * that neighbours that disagree a little make no bumps. */
int pt_skull_make(struct pt_skull **out)
{
    FUS_AUTO_FREE struct pt_skull *skull = fus_calloc(1, sizeof(*skull));
    int n = 0;
    double radius[POINTS_MAX + 4] = {0};
    if (!skull) {
        return FUS_E_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < FUS_COUNT(skull_points); i++) {
        skull_add(skull, radius, skull_points[i]);
    }
    for (size_t i = 0; i < FUS_COUNT(face_points); i++) {
        skull_add(skull, radius, pt_mean_head[(int)face_points[i]]);
    }
    n = skull->count + 4;
    FUS_AUTO_FREE double *m = fus_calloc((size_t)n * (size_t)n, sizeof(*m));
    if (!m) {
        return FUS_E_OUT_OF_MEMORY;
    }
    for (int i = 0; i < skull->count; i++) {
        const double *a = skull->direction[i];
        for (int k = 0; k < skull->count; k++) {
            const double *b = skull->direction[k];
            double d = (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                       (a[2] - b[2]) * (a[2] - b[2]);
            m[i * n + k] = kernel(sqrt(d));
        }
        m[i * n + i] += 0.004;
        for (int k = 0; k < 4; k++) {
            double value = k ? a[k - 1] : 1.0;
            m[i * n + skull->count + k] = value;
            m[(skull->count + k) * n + i] = value;
        }
    }
    solve(m, radius, n);
    memcpy(skull->weight, radius, sizeof(radius));
    *out = FUS_TAKE(skull);
    return 0;
}

void pt_skull_free(struct pt_skull *skull)
{
    fus_free(skull);
}

float pt_skull_radius(const struct pt_skull *skull, struct v3 d)
{
    double sum = skull->weight[skull->count] + skull->weight[skull->count + 1] * d.x +
                 skull->weight[skull->count + 2] * d.y + skull->weight[skull->count + 3] * d.z;
    for (int i = 0; i < skull->count; i++) {
        const double *a = skull->direction[i];
        double q =
            (a[0] - d.x) * (a[0] - d.x) + (a[1] - d.y) * (a[1] - d.y) + (a[2] - d.z) * (a[2] - d.z);
        sum += skull->weight[i] * q * sqrt(q);
    }
    return (float)sum;
}

/* Depth of a ball around (cx, cy, cz) with radii rx, ry, rz, seen from the front; beyond its
 * outline it falls away behind everything, steeply but without a step. */
static float ball(float x, float y, float cx, float cy, float cz, float rx, float ry, float rz)
{
    float q = 1 - ((x - cx) / rx) * ((x - cx) / rx) - ((y - cy) / ry) * ((y - cy) / ry);
    return q > 0.02f ? cz - rz * sqrtf(q) : cz - rz * 0.1414f + (0.02f - q) * 3.5f * rz;
}

static float sculpt_eye(float ax, float y, float z)
{
    z += 0.075f * bell2f(ax - 0.50f, y - 0.02f, 0.30f, 0.20f);
    z += 0.10f * bell2f(ax - 0.22f, y + 0.02f, 0.10f, 0.16f);
    z -= 0.035f * bell2f(ax - 0.52f, y + 0.27f, 0.36f, 0.09f); /* brow ridge */
    float lid = ball(ax, y, PT_EYE_X, -0.005f, PT_EYE_Z, 0.235f, 0.226f, 0.221f);
    z = sminf(z, lid, 0.07f);
    float upper, lower;
    pt_curves_lids(ax, &upper, &lower);
    float over = bell2f(ax - 0.50f, 0.0f, 0.26f, 1.0f);
    z += 0.030f * over * bellf(y - (upper - 0.075f), 0.022f); /* the fold of the upper lid */
    z -= 0.012f * over * bellf(y - (upper - 0.012f), 0.028f); /* its edge stands off the eye */
    z -= 0.010f * over * bellf(y - (lower + 0.014f), 0.026f);
    z += 0.014f * over * bellf(y - (lower + 0.085f), 0.035f); /* furrow under the lower lid */
    return z;
}

static float sculpt_nose(float x, float y, float z)
{
    static const float ys[] = {-0.20f, -0.028f, 0.088f, 0.208f, 0.321f, 0.442f,
                               0.52f,  0.583f,  0.64f,  0.69f,  0.735f, 0.79f};
    static const float zs[] = {-0.325f, -0.285f,  -0.330f, -0.393f, -0.461f, -0.525f,
                               -0.552f, -0.5505f, -0.505f, -0.405f, -0.275f, -0.18f};
    static const float ws[] = {0.20f,  0.125f, 0.12f, 0.13f, 0.14f,  0.15f,
                               0.155f, 0.15f,  0.13f, 0.10f, 0.075f, 0.07f};
    float ax = fabsf(x);
    if (ax > 0.5f || y < -0.2f || y > 0.95f) {
        return z;
    }
    float ridge = pt_curve_through(ys, zs, 12, y), width = pt_curve_through(ys, ws, 12, y);
    float fade = stepf(-0.20f, -0.05f, y) * stepf(0.82f, 0.74f, y);
    float t = ax / width;
    float flank = 1.0f / (1.0f + 0.55f * t * t + 0.30f * t * t * t * t);
    float bridge = mixf(z, lowerf(ridge, z + 0.05f), flank * fade);
    const float flat = z;
    z = bridge;
    z = sminf(z, ball(x, y, 0, 0.575f, -0.395f, 0.155f, 0.125f, 0.155f), 0.06f);        /* tip */
    z = sminf(z, ball(ax, y, 0.170f, 0.622f, -0.215f, 0.115f, 0.108f, 0.165f), 0.035f); /* wing */
    z = sminf(z, ball(x, y, 0, 0.690f, -0.235f, 0.05f, 0.065f, 0.14f),
              0.04f); /* between the nostrils */
    z += 0.13f *
         bell2f(ax - 0.105f + 0.35f * (y - 0.70f), y - 0.700f, 0.052f, 0.030f); /* nostrils */
    z += 0.014f * bell2f(ax - 0.290f, y - 0.63f, 0.032f, 0.10f);                /* its crease */
    return mixf(flat, z, stepf(0.50f, 0.36f, ax));
}

static float sculpt_mouth(float x, float y, float z)
{
    float ax = fabsf(x), u_in, l_in, u_out, l_out;
    z += 0.022f * bellf(x, 0.045f) * bellf(y - 0.83f, 0.07f); /* philtrum and its ridges */
    z -= 0.016f * bellf(ax - 0.075f, 0.035f) * bellf(y - 0.84f, 0.06f);
    z += 0.016f * bell2f(ax - 0.50f, y - 0.960f, 0.06f, 0.06f); /* corners */
    z += 0.055f * bell2f(x, y - 1.345f, 0.30f, 0.065f);         /* furrow under the lip */
    z -= 0.060f * bell2f(x, y - 1.55f, 0.30f, 0.16f);           /* chin */
    if (ax > 0.62f || y < 0.8f || y > 1.4f) {
        return z;
    }
    pt_curves_inner_lips(ax, &u_in, &l_in);
    pt_curves_outer_lips(ax, &u_out, &l_out);
    float end = stepf(PT_MOUTH_OUTER + 0.02f, 0.25f, ax), mid = 0.5f * (u_in + l_in);
    float t, bulge = 0;
    if (y < mid) {
        t = (y - u_out) / higherf(u_in - u_out, 0.02f);
        bulge = -0.062f * bellf(t - 0.55f, 0.50f) + 0.085f * stepf(0.72f, 1.25f, t);
        bulge -= 0.012f * bellf(t, 0.16f); /* the white line over the red */
        bulge -= 0.020f * bellf(x, 0.07f) * bellf(t - 0.7f, 0.35f);
    } else {
        t = (l_out - y) / higherf(l_out - l_in, 0.02f);
        bulge = -0.080f * bellf(t - 0.50f, 0.50f) + 0.085f * stepf(0.75f, 1.25f, t);
    }
    return z + bulge * end;
}

float pt_skull_sculpt(struct v3 p)
{
    float ax = fabsf(p.x), z = p.z;
    if (p.z > 0.75f) {
        return z;
    }
    float front = stepf(0.75f, 0.45f, p.z);
    z = sculpt_eye(ax, p.y, z);
    z = sculpt_mouth(p.x, p.y, z);
    z = sculpt_nose(p.x, p.y, z);
    z -= 0.025f * bell2f(ax - 0.72f, p.y - 0.36f, 0.22f, 0.16f); /* cheekbone */
    /* fold from the wing of the nose to the corner of the mouth */
    float t = clampf((p.y - 0.66f) / 0.34f, 0.0f, 1.0f), fold_x = 0.30f + 0.30f * t;
    z += 0.010f * bellf(ax - fold_x, 0.050f) * bellf(p.y - 0.83f, 0.17f);
    z -= 0.014f * bellf(ax - fold_x - 0.09f, 0.08f) * bellf(p.y - 0.80f, 0.18f);
    return mixf(p.z, z, front);
}
