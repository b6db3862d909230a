#include "vision/color_match.h"

#include "base/mem.h"
#include "vision/fit.h"
#include "vision/simd.h"

FUS_SIMD_CLONES
static void blend_row(const uint8_t *a, const uint8_t *b, float share_a, float share_b, uint8_t *to,
                      int n)
{
    for (int i = 0; i < n; i++) {
        float v = (float)a[i] * share_a + (float)b[i] * share_b;
        v = v > 0 ? v : 0;
        v = v < 255 ? v : 255;
        union {
            float f;
            uint32_t u;
        } rounded = {v + 12582912.0f}; /* half to even: the whole part lands in the low bits */
        to[i] = (uint8_t)rounded.u;
    }
}

void fus_blend_u8(const struct fus_plane *a, const struct fus_plane *b, double share_of_b,
                  const struct fus_plane *to)
{
    double share_a = 1 - share_of_b;
    for (int y = 0; y < to->height; y++)
        blend_row(a->data + y * a->stride_bytes, b->data + y * b->stride_bytes, (float)share_a,
                  (float)(1 - share_a), to->data + y * to->stride_bytes, to->width * to->channels);
}

static void mix(const struct fus_plane *target, const float *difference, const struct fus_plane *to)
{
    int n = target->width * target->channels;
    for (int y = 0; y < target->height; y++) {
        const uint8_t *p = target->data + y * target->stride_bytes;
        uint8_t *out = to->data + y * to->stride_bytes;
        for (int i = 0; i < n; i++) {
            float v = (float)p[i] + difference[(size_t)y * (size_t)n + (size_t)i];
            out[i] = (uint8_t)FUS_CLAMP(v, 0.0f, 255.0f);
        }
    }
}

int fus_color_equalize(struct fus_resampler *resampler, const struct fus_plane *source,
                       const struct fus_plane *target, int width, int height,
                       const struct fus_plane *to, struct fus_error *err)
{
    if (width < 1 || height < 1 || width > 1 << 15 || height > 1 << 15)
        return fus_error_set(err, FUS_E_INTERNAL, "sizes that cannot be equalised");
    size_t few = 3 * (size_t)width * (size_t)height;
    size_t many = 3 * (size_t)target->width * (size_t)target->height;
    FUS_AUTO_FREE float *floats = fus_calloc(few + many, sizeof(float));
    FUS_AUTO_FREE uint8_t *bytes = fus_calloc(few, 2);
    if (!floats || !bytes)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "no memory to match colours");
    struct fus_plane small[2] = {{bytes, 3 * width, width, height, 3},
                                 {bytes + few, 3 * width, width, height, 3}};
    int rc = fus_resample_u8(resampler, source, &small[0], FUS_RESAMPLE_AREA, err);
    if (rc == 0)
        rc = fus_resample_u8(resampler, target, &small[1], FUS_RESAMPLE_AREA, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < few; i++)
        floats[i] = (float)(bytes[i] - bytes[few + i]);
    struct fus_fplane from = {floats, 3 * width, width, height, 3};
    struct fus_fplane wide = {floats + few, 3 * target->width, target->width, target->height, 3};
    rc = fus_resample_f32(resampler, &from, &wide, FUS_RESAMPLE_CUBIC, err);
    if (rc == 0)
        mix(target, wide.data, to);
    return rc;
}

int fus_color_match(struct fus_resampler *resampler, const struct fus_plane *source,
                    const struct fus_plane *target, const struct fus_plane *to,
                    struct fus_error *err)
{
    size_t bytes = 3 * (size_t)target->width * (size_t)target->height;
    FUS_AUTO_FREE uint8_t *matched = fus_malloc(bytes);
    if (!matched)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "no memory to match colours");
    struct fus_plane step = {matched, 3 * target->width, target->width, target->height, 3};
    const struct fus_plane *from = source;
    double part = (target->height - 16) / 3.0;
    for (int i = 0; i < 3; i++) {
        int width, height;
        fus_fit_even(16 + i * part, 16 + i * part, &width, &height);
        int rc = fus_color_equalize(resampler, from, target, FUS_MAX(width, 1), FUS_MAX(height, 1),
                                    &step, err);
        if (rc < 0)
            return rc;
        from = &step;
    }
    return fus_color_equalize(resampler, from, target, target->width, target->height, to, err);
}
