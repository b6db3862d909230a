#include "figures.h"

#include <math.h>

#include "base/mem.h"
#include "vision/affine.h"
#include "vision/blur.h"
#include "vision/lab.h"
#include "vision/warp.h"

static const struct fus_point template_112[5] = {{38.2946f, 51.6963f},
                                                 {73.5318f, 51.5014f},
                                                 {56.0252f, 71.7366f},
                                                 {41.5493f, 92.3655f},
                                                 {70.7299f, 92.2041f}};

/* A rectangle of a picture as three planes of 0..255, blurred. The caller frees. */
static float *read_planes(const struct fus_image *bgr, const struct fus_rect *rect, float sigma)
{
    const size_t count = (size_t)rect->width * (size_t)rect->height;
    float *planes =
        fus_calloc(3 * count + fus_blur_scratch(rect->width, rect->height), sizeof *planes);
    if (!planes)
        return NULL;
    for (int y = 0; y < rect->height; y++) {
        const uint8_t *in = bgr->plane[0] + (rect->y + y) * bgr->stride_bytes[0] + 3 * rect->x;
        for (size_t x = 0; x < (size_t)rect->width; x++)
            for (size_t c = 0; c < 3; c++)
                planes[c * count + (size_t)y * (size_t)rect->width + x] = in[3 * x + c];
    }
    for (size_t c = 0; c < 3; c++)
        fus_blur_gaussian(planes + c * count, planes + c * count, rect->width, rect->height, sigma,
                          planes + 3 * count);
    return planes;
}

static struct fus_rect clip_rect(const struct fus_image *image, float x1, float y1, float x2,
                                 float y2)
{
    struct fus_rect rect = {.x = FUS_CLAMP((int)floorf(x1), 0, image->width - 1),
                            .y = FUS_CLAMP((int)floorf(y1), 0, image->height - 1)};
    rect.width = FUS_CLAMP((int)ceilf(x2), rect.x + 1, image->width) - rect.x;
    rect.height = FUS_CLAMP((int)ceilf(y2), rect.y + 1, image->height) - rect.y;
    return rect;
}

int figures_embed(struct fus_run *run, const struct fus_image *bgr, const struct fus_point five[5],
                  float embedding[EMBEDDING_SIZE], struct fus_error *err)
{
    struct fus_affine to_crop, to_picture;
    if (!fus_affine_similarity(five, template_112, 5, &to_crop) ||
        !fus_affine_invert(&to_crop, &to_picture))
        return fus_error_set(err, FUS_E_INTERNAL, "the five points are in one place");
    const float scale = (float)fus_affine_scale(&to_crop),
                sigma = scale < 0.6f ? 0.45f / scale : 0.0f;
    const struct fus_point centre = fus_affine_apply(&to_picture, (struct fus_point){56.0f, 56.0f});
    const float reach = 80.0f / scale + 4.0f * sigma + 2.0f;
    const struct fus_rect rect =
        clip_rect(bgr, centre.x - reach, centre.y - reach, centre.x + reach, centre.y + reach);
    FUS_AUTO_FREE float *planes = read_planes(bgr, &rect, sigma);
    FUS_AUTO_FREE float *crop = fus_calloc(3 * 112 * 112, sizeof *crop);
    if (!planes || !crop)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    to_picture.tx -= rect.x;
    to_picture.ty -= rect.y;
    const struct fus_float_planes from = {.data = planes,
                                          .plane_stride = (size_t)rect.width * (size_t)rect.height,
                                          .row_stride = (size_t)rect.width,
                                          .width = rect.width,
                                          .height = rect.height};
    const struct fus_float_planes to = {
        .data = crop, .plane_stride = 112 * 112, .row_stride = 112, .width = 112, .height = 112};
    fus_warp_planar(&from, &to_picture, &to);
    const int64_t shape[4] = {1, 3, 112, 112};
    float *input;
    int failed = fus_run_input(run, 0, shape, 4, &input, err);
    if (failed)
        return failed;
    for (size_t c = 0; c < 3; c++) /* RGB from BGR */
        for (size_t i = 0; i < 112 * 112; i++)
            input[c * 112 * 112 + i] = (crop[(2 - c) * 112 * 112 + i] - 127.5f) / 128.0f;
    struct fus_tensor output;
    failed = fus_run_execute(run, err);
    if (!failed)
        failed = fus_run_output(run, 0, &output, err);
    if (failed)
        return failed;
    if (output.count != EMBEDDING_SIZE)
        return fus_error_set(err, FUS_E_INTERNAL, "the embedding is not of 512 numbers");
    double square = 0.0;
    for (size_t i = 0; i < EMBEDDING_SIZE; i++)
        square += (double)output.data[i] * output.data[i];
    for (size_t i = 0; i < EMBEDDING_SIZE; i++)
        embedding[i] = (float)(output.data[i] / sqrt(square));
    return 0;
}

float figures_cosine(const float a[EMBEDDING_SIZE], const float b[EMBEDDING_SIZE])
{
    double sum = 0.0;
    for (size_t i = 0; i < EMBEDDING_SIZE; i++)
        sum += (double)a[i] * b[i];
    return (float)sum;
}

int figures_seam(const struct fus_image *target, const struct fus_image *result,
                 const struct fus_render_trace *trace, float scale, float *seam,
                 struct fus_error *err)
{
    const struct fus_rect *drawn = &trace->rect;
    const float margin = 0.3f * scale;
    const struct fus_rect rect = clip_rect(
        target, (float)drawn->x - margin, (float)drawn->y - margin,
        (float)(drawn->x + drawn->width) + margin, (float)(drawn->y + drawn->height) + margin);
    const size_t count = (size_t)rect.width * (size_t)rect.height;
    FUS_AUTO_FREE float *before = read_planes(target, &rect, 0.08f * scale);
    FUS_AUTO_FREE float *after = read_planes(result, &rect, 0.08f * scale);
    if (!before || !after)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    for (size_t i = 0; i < 3 * count; i++) {
        before[i] /= 255.0f;
        after[i] /= 255.0f;
    }
    float *both[2] = {before, after};
    for (int k = 0; k < 2; k++)
        fus_lab_from_bgr_plain(both[k], both[k] + count, both[k] + 2 * count, both[k],
                               both[k] + count, both[k] + 2 * count, count);
    double sum = 0.0;
    size_t found = 0;
    for (int y = 0; trace->mask && y < drawn->height; y++) {
        for (int x = 0; x < drawn->width; x++) {
            const size_t i = (size_t)y * (size_t)drawn->width + (size_t)x;
            if (!(trace->depth[i] > 0.10f && trace->depth[i] < 0.26f && trace->mask[i] > 0.02f))
                continue;
            const size_t j = (size_t)(drawn->y + y - rect.y) * (size_t)rect.width +
                             (size_t)(drawn->x + x - rect.x);
            double square = 0.0;
            for (size_t c = 0; c < 3; c++) {
                const double d = (double)before[c * count + j] - after[c * count + j];
                square += d * d;
            }
            sum += sqrt(square);
            found++;
        }
    }
    *seam = found ? (float)(sum / (double)found) : 0.0f;
    return 0;
}
