#include "vision/planar.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "vision/rect.h"
#include "vision/resize.h"
#include "vision/simd.h"
#include "vision/warp.h"

enum { BLUR_TAPS_MAX = 15 };

struct fus_planar_scratch {
    struct fus_resizer *resizer;
    uint8_t *bytes; /* the resized planes */
    size_t byte_capacity;
    float *floats; /* the crop's region, and one plane more for the blur */
    size_t float_capacity;
};

struct fus_planar_scratch *fus_planar_scratch_new(void)
{
    FUS_CLEANUP(fus_planar_scratch_free)
    struct fus_planar_scratch *scratch = fus_calloc(1, sizeof(*scratch));
    if (scratch == NULL)
        return NULL;
    scratch->resizer = fus_resizer_new();
    if (scratch->resizer == NULL)
        return NULL;
    return FUS_TAKE(scratch);
}

void fus_planar_scratch_free(struct fus_planar_scratch *scratch)
{
    if (scratch == NULL)
        return;
    fus_resizer_free(scratch->resizer);
    fus_free(scratch->bytes);
    fus_free(scratch->floats);
    fus_free(scratch);
}

static int no_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to prepare a net's input.");
}

/* A picture of three planes of width x height (BGR8: one), rows padded to 64 bytes, in scratch. */
static int small_image(struct fus_planar_scratch *scratch, enum fus_pixel_format format, int width,
                       int height, struct fus_image *out, struct fus_error *err)
{
    int channels = format == FUS_PIXEL_BGR8 ? 3 : 1, planes = format == FUS_PIXEL_YUV444P8 ? 3 : 1;
    size_t stride = ((size_t)width * (size_t)channels + 63) & ~(size_t)63, plane, total;
    if (!fus_size_mul(stride, (size_t)height, &plane) ||
        !fus_size_mul(plane, (size_t)planes, &total))
        return no_memory(err);
    if (total > scratch->byte_capacity) {
        fus_free(scratch->bytes);
        scratch->byte_capacity = 0;
        total += total / 4;
        scratch->bytes = fus_malloc_aligned(total);
        if (scratch->bytes == NULL)
            return no_memory(err);
        scratch->byte_capacity = total;
    }
    *out = (struct fus_image){.format = format, .width = width, .height = height};
    for (int i = 0; i < planes; i++) {
        out->plane[i] = scratch->bytes + (size_t)i * plane;
        out->stride_bytes[i] = (ptrdiff_t)stride;
    }
    return 0;
}

/* Grey as three equal planes. */
static void gray_to_planar(const struct fus_image *gray, const struct fus_planar *out)
{
    for (int y = 0; y < gray->height; y++) {
        const uint8_t *row = gray->plane[0] + y * gray->stride_bytes[0];
        float *to = out->data + (size_t)y * out->row_stride;
        for (int x = 0; x < gray->width; x++)
            to[x] = ((float)row[x] - out->mean) * out->scale;
        for (size_t c = 1; c < 3; c++)
            memcpy(to + c * out->plane_stride, to, (size_t)gray->width * sizeof(float));
    }
}

int fus_planar_resize(struct fus_planar_scratch *scratch, const struct fus_image *image,
                      struct fus_rect rect, int width, int height, const struct fus_planar *out,
                      struct fus_error *err)
{
    bool yuv = fus_image_is_yuv(image);
    if (yuv && width == rect.width && height == rect.height) {
        fus_color_to_planar(image, rect, out);
        return 0;
    }
    struct fus_image small;
    int rc =
        small_image(scratch, yuv ? FUS_PIXEL_YUV444P8 : image->format, width, height, &small, err);
    if (rc != 0)
        return rc;
    for (int i = 0; rc == 0 && i < (yuv ? 3 : 1); i++) {
        struct fus_plane from = fus_plane_of(image, rect, i);
        struct fus_plane to = fus_plane_of(&small, (struct fus_rect){0, 0, width, height}, i);
        rc = fus_resize_plane(scratch->resizer, &from, &to, FUS_RESIZE_AREA, err);
    }
    if (rc != 0)
        return rc;
    if (yuv)
        fus_color_yuv444_to_planar((const uint8_t *const *)small.plane, small.stride_bytes, width,
                                   height, image->matrix, image->full_range, out);
    else if (image->format == FUS_PIXEL_BGR8)
        fus_color_bgr_to_planar(small.plane[0], small.stride_bytes[0], width, height, out);
    else
        gray_to_planar(&small, out);
    return 0;
}

/* ------------------------------------------------------------------ crop */

static int gaussian(double sigma, float taps[BLUR_TAPS_MAX])
{
    int radius = FUS_MIN((int)ceil(3 * sigma), BLUR_TAPS_MAX / 2);
    double sum = 0;
    for (int i = -radius; i <= radius; i++)
        sum += exp(-0.5 * i * i / (sigma * sigma));
    for (int i = -radius; i <= radius; i++)
        taps[i + radius] = (float)(exp(-0.5 * i * i / (sigma * sigma)) / sum);
    return radius;
}

FUS_SIMD_CLONES
static void add_scaled(const float *restrict from, float weight, size_t count, float *restrict to)
{
    for (size_t i = 0; i < count; i++)
        to[i] += weight * from[i];
}

/* Rows of plane, blurred along x, into out; the border is replicated by hand at both ends. */
static void blur_rows(const float *plane, int width, int height, const float *taps, int radius,
                      float *out)
{
    memset(out, 0, (size_t)width * (size_t)height * sizeof(float));
    for (int y = 0; y < height; y++) {
        const float *from = plane + (size_t)y * (size_t)width;
        float *to = out + (size_t)y * (size_t)width;
        for (int k = -radius; k <= radius; k++) {
            /* to[x] += taps * from[x + k] where x + k is inside, the border's sample elsewhere */
            int begin = FUS_MIN(FUS_MAX(0, -k), width),
                end = FUS_MAX(FUS_MIN(width, width - k), begin);
            float weight = taps[k + radius];
            for (int x = 0; x < begin; x++)
                to[x] += weight * from[0];
            add_scaled(from + begin + k, weight, (size_t)(end - begin), to + begin);
            for (int x = end; x < width; x++)
                to[x] += weight * from[width - 1];
        }
    }
}

static void blur_columns(const float *plane, int width, int height, const float *taps, int radius,
                         float *out)
{
    memset(out, 0, (size_t)width * (size_t)height * sizeof(float));
    for (int y = 0; y < height; y++) {
        for (int k = -radius; k <= radius; k++) {
            int row = FUS_CLAMP(y + k, 0, height - 1);
            add_scaled(plane + (size_t)row * (size_t)width, taps[k + radius], (size_t)width,
                       out + (size_t)y * (size_t)width);
        }
    }
}

static void blur_planes(float *planes, float *spare, int width, int height, double sigma)
{
    float taps[BLUR_TAPS_MAX];
    int radius = gaussian(sigma, taps);
    size_t size = (size_t)width * (size_t)height;
    for (size_t c = 0; c < 3; c++) {
        blur_rows(planes + c * size, width, height, taps, radius, spare);
        blur_columns(spare, width, height, taps, radius, planes + c * size);
    }
}

/* The part of the picture that the crop and its blur reach, on even coordinates so that chroma
 * cells are whole. A crop that lies outside gets the nearest pixels. */
static struct fus_rect crop_region(const struct fus_affine *from_crop, int size, float margin,
                                   int width, int height)
{
    struct fus_box box = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (int i = 0; i < 4; i++) {
        struct fus_point corner = {i & 1 ? (float)size - 0.5f : -0.5f,
                                   i & 2 ? (float)size - 0.5f : -0.5f};
        struct fus_point p = fus_affine_apply(from_crop, corner);
        box = (struct fus_box){FUS_MIN(box.x1, p.x), FUS_MIN(box.y1, p.y), FUS_MAX(box.x2, p.x),
                               FUS_MAX(box.y2, p.y)};
    }
    struct fus_rect rect;
    if (!fus_rect_around(box, margin, width, height, &rect)) {
        float x = FUS_CLAMP((box.x1 + box.x2) / 2, 0.0f, (float)width - 1);
        float y = FUS_CLAMP((box.y1 + box.y2) / 2, 0.0f, (float)height - 1);
        rect = (struct fus_rect){isfinite(x) ? (int)x : 0, isfinite(y) ? (int)y : 0, 1, 1};
    }
    int right = FUS_MIN((rect.x + rect.width + 1) & ~1, width);
    int bottom = FUS_MIN((rect.y + rect.height + 1) & ~1, height);
    rect.x &= ~1;
    rect.y &= ~1;
    rect.width = right - rect.x;
    rect.height = bottom - rect.y;
    return rect;
}

static int reserve_floats(struct fus_planar_scratch *scratch, size_t count, struct fus_error *err)
{
    if (count <= scratch->float_capacity)
        return 0;
    fus_free(scratch->floats);
    scratch->float_capacity = 0;
    count += count / 4; /* a face that comes nearer does not allocate in each frame */
    scratch->floats = fus_malloc_aligned(count * sizeof(float));
    if (scratch->floats == NULL)
        return no_memory(err);
    scratch->float_capacity = count;
    return 0;
}

/* What is left for the Gaussian, in reduced pixels: the wanted variance less what the mean over
 * `factor` pixels (1/12 of its width squared) and the bilinear samples (t (1 - t), on average 1/6)
 * blur there anyway. 0: none. */
static double rest_sigma(double scale, double factor)
{
    if (scale >= 0.6)
        return 0;
    double wanted = 0.45 / (scale * factor),
           given = (1 - 1 / (factor * factor)) * (1 / 12.0 + 1 / 6.0);
    return sqrt(FUS_MAX(wanted * wanted - given, 0.0));
}

int fus_planar_crop(struct fus_planar_scratch *scratch, const struct fus_image *image,
                    const struct fus_affine *to_crop, int size, const struct fus_planar *out,
                    struct fus_error *err)
{
    double scale = fus_affine_scale(to_crop);
    struct fus_affine from_crop;
    if (!(scale > 1e-6) || !isfinite(scale) || !fus_affine_invert(to_crop, &from_crop))
        return fus_error_set(err, FUS_E_INTERNAL, "A face's crop has no place in the picture.");
    double factor = scale < 0.6 ? 0.75 / scale : 1;
    struct fus_rect rect = crop_region(&from_crop, size, (float)(1.5 / scale + 2 * factor),
                                       image->width, image->height);
    int width = FUS_MAX((int)lround(rect.width / factor), 1);
    int height = FUS_MAX((int)lround(rect.height / factor), 1);
    size_t plane = (size_t)width * (size_t)height;
    int rc = reserve_floats(scratch, 4 * plane, err);
    if (rc != 0)
        return rc;
    struct fus_planar region = {scratch->floats, plane,      (size_t)width,
                                out->mean,       out->scale, out->rgb};
    rc = fus_planar_resize(scratch, image, rect, width, height, &region, err);
    if (rc != 0)
        return rc;
    double sigma = rest_sigma(scale, factor);
    if (sigma > 0.2)
        blur_planes(scratch->floats, scratch->floats + 3 * plane, width, height, sigma);

    /* Picture to region: half-pixel centres. */
    double kx = (double)width / rect.width, ky = (double)height / rect.height;
    struct fus_affine reduce = {kx, 0, (0.5 - rect.x) * kx - 0.5, 0, ky, (0.5 - rect.y) * ky - 0.5};
    struct fus_affine from_to = fus_affine_compose(&from_crop, &reduce);
    struct fus_float_planes from = {scratch->floats, plane, (size_t)width, width, height};
    struct fus_float_planes to = {out->data, out->plane_stride, out->row_stride, size, size};
    fus_warp_planar(&from, &from_to, &to);
    return 0;
}
