#include "processors/mesh_blend/pull.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "vision/lab.h"
#include "vision/simd.h"

typedef float v4 __attribute__((vector_size(16)));

/* Taps of one output pixel on one axis. */
struct axis {
    int count; /* output pixels */
    const int
        *starts; /* first input pixel, and behind the last one the end: count + 1 entries of taps */
    const int *taps; /* index of the first weight; taps[i + 1] - taps[i] weights */
    const float *weights;
};

void fus_pull_done(struct fus_pull *pull)
{
    fus_free(pull->small);
    fus_free(pull->line);
    fus_free(pull->weights);
    fus_free(pull->starts);
    *pull = (struct fus_pull){0};
}

static bool grow(void *block, size_t *room, size_t need, size_t size)
{
    if (need <= *room)
        return true;
    size_t bytes;
    if (!fus_size_mul(need + need / 4, size, &bytes))
        return false;
    void *bigger = fus_malloc_aligned(bytes);
    if (!bigger)
        return false;
    void *old;
    memcpy(&old, block, sizeof old);
    fus_free(old);
    memcpy(block, &bigger, sizeof bigger);
    *room = need + need / 4;
    return true;
}

void fus_pixel_map_make(const struct fus_image *image, struct fus_pixel_map *map)
{
    *map = (struct fus_pixel_map){0};
    if (!fus_image_is_yuv(image)) {
        for (int i = 0; i < 3; i++) {
            map->to_bgr[i][i] = 1.0f / 255.0f;
            map->from_bgr[i][i] = 255.0f;
        }
        return;
    }
    float kr = 0.299f, kb = 0.114f;
    if (image->matrix == FUS_MATRIX_BT709) {
        kr = 0.2126f;
        kb = 0.0722f;
    } else if (image->matrix == FUS_MATRIX_BT2020) {
        kr = 0.2627f;
        kb = 0.0593f;
    }
    const float kg = 1.0f - kr - kb;
    const float luma = image->full_range ? 255.0f : 219.0f;
    const float chroma = image->full_range ? 255.0f : 224.0f;
    map->offset[0] = image->full_range ? 0.0f : 16.0f;
    map->offset[1] = map->offset[2] = 128.0f;
    const float coefficient[3] = {kb, kg, kr};
    for (int i = 0; i < 3; i++) {
        map->to_bgr[i][0] = 1.0f / luma;
        map->from_bgr[0][i] = coefficient[i] * luma;
        map->from_bgr[1][i] =
            ((i == 0 ? 1.0f : 0.0f) - coefficient[i]) * chroma / (2.0f * (1.0f - kb));
        map->from_bgr[2][i] =
            ((i == 2 ? 1.0f : 0.0f) - coefficient[i]) * chroma / (2.0f * (1.0f - kr));
    }
    map->to_bgr[0][1] = 2.0f * (1.0f - kb) / chroma;
    map->to_bgr[2][2] = 2.0f * (1.0f - kr) / chroma;
    map->to_bgr[1][1] = -2.0f * (1.0f - kb) * kb / kg / chroma;
    map->to_bgr[1][2] = -2.0f * (1.0f - kr) * kr / kg / chroma;
}

/* Box means for shrinking, linear interpolation else. Fills at most count * (2 + 1 / scale) + size
 * weights. */
static struct axis axis_make(int size, int count, float scale, int *starts, float *weights)
{
    int *taps = starts + count + 1;
    int used = 0;
    for (int i = 0; i < count; i++) {
        taps[i] = used;
        if (scale < 0.97f) {
            const float from = (float)i / scale, to = fminf((float)(i + 1) / scale, (float)size);
            const int first = FUS_MIN((int)from, size - 1);
            const int last = FUS_CLAMP((int)ceilf(to) - 1, first, size - 1);
            starts[i] = first;
            float sum = 0.0f;
            for (int j = first; j <= last; j++) {
                const float part = fminf(to, (float)(j + 1)) - fmaxf(from, (float)j);
                weights[used++] = fmaxf(part, 1e-6f);
                sum += weights[used - 1];
            }
            for (int j = taps[i]; j < used; j++)
                weights[j] /= sum;
        } else {
            const float at = FUS_CLAMP(((float)i + 0.5f) / scale - 0.5f, 0.0f, (float)(size - 1));
            const int first = FUS_CLAMP((int)at, 0, FUS_MAX(size - 2, 0));
            starts[i] = first;
            weights[used++] = size > 1 ? 1.0f - (at - (float)first) : 1.0f;
            if (size > 1)
                weights[used++] = at - (float)first;
        }
    }
    taps[count] = used;
    return (struct axis){count, starts, taps, weights};
}

static size_t axis_weights(int size, int count)
{
    return (size_t)size + 4 * (size_t)count + 8;
}

FUS_SIMD_CLONES static void add_bytes(float *restrict line, const uint8_t *restrict row,
                                      float weight, int count)
{
    for (int x = 0; x < count; x++)
        line[x] += weight * (float)row[x];
}

FUS_SIMD_CLONES static void add_floats(float *restrict line, const float *restrict row,
                                       float weight, int count)
{
    for (int x = 0; x < count; x++)
        line[x] += weight * row[x];
}

/* One line of `channels` interleaved values through the horizontal axis. */
static void across(const struct axis *axis, const float *line, int channels, float *out,
                   int out_step)
{
    for (int x = 0; x < axis->count; x++) {
        const float *in = line + (size_t)axis->starts[x] * (size_t)channels;
        float sum[3] = {0.0f, 0.0f, 0.0f};
        for (int tap = axis->taps[x]; tap < axis->taps[x + 1]; tap++, in += channels)
            for (int c = 0; c < channels; c++)
                sum[c] += axis->weights[tap] * in[c];
        for (int c = 0; c < channels; c++)
            out[c] = sum[c];
        out += out_step;
    }
}

/* Axis-aligned piece of a plane of bytes. */
struct piece {
    const uint8_t *bytes;
    ptrdiff_t stride;
    int width, height, channels;
};

static int shrink_piece(struct fus_pull *pull, const struct piece *piece, float scale_x,
                        float scale_y, int small_width, int small_height, float *out,
                        struct fus_error *err)
{
    const size_t nx = axis_weights(piece->width, small_width);
    const size_t ny = axis_weights(piece->height, small_height);
    if (!grow(&pull->weights, &pull->weight_room, nx + ny, sizeof(float)) ||
        !grow(&pull->starts, &pull->start_room, 2 * (size_t)(small_width + small_height) + 8,
              sizeof(int)) ||
        !grow(&pull->line, &pull->line_room, (size_t)piece->width * 3, sizeof(float)))
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for a face");
    const struct axis ax =
        axis_make(piece->width, small_width, scale_x, pull->starts, pull->weights);
    const struct axis ay = axis_make(piece->height, small_height, scale_y,
                                     pull->starts + 2 * small_width + 2, pull->weights + nx);
    const int count = piece->width * piece->channels;
    for (int y = 0; y < small_height; y++) {
        memset(pull->line, 0, (size_t)count * sizeof(float));
        for (int tap = ay.taps[y]; tap < ay.taps[y + 1]; tap++)
            add_bytes(pull->line, piece->bytes + (ay.starts[y] + tap - ay.taps[y]) * piece->stride,
                      ay.weights[tap], count);
        across(&ax, pull->line, piece->channels, out + 4 * (size_t)y * (size_t)small_width, 4);
    }
    return 0;
}

int fus_pull_resize(struct fus_pull *pull, const float *source, int width, int height,
                    float *target, int target_width, int target_height, float scale,
                    struct fus_error *err)
{
    const size_t nx = axis_weights(width, target_width), ny = axis_weights(height, target_height);
    if (!grow(&pull->weights, &pull->weight_room, nx + ny, sizeof(float)) ||
        !grow(&pull->starts, &pull->start_room, 2 * (size_t)(target_width + target_height) + 8,
              sizeof(int)) ||
        !grow(&pull->line, &pull->line_room, (size_t)width * 3, sizeof(float)))
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for a face");
    const struct axis ax = axis_make(width, target_width, scale, pull->starts, pull->weights);
    const struct axis ay = axis_make(height, target_height, scale,
                                     pull->starts + 2 * target_width + 2, pull->weights + nx);
    for (int y = 0; y < target_height; y++) {
        memset(pull->line, 0, (size_t)width * sizeof(float));
        for (int tap = ay.taps[y]; tap < ay.taps[y + 1]; tap++)
            add_floats(pull->line,
                       source + (size_t)(ay.starts[y] + tap - ay.taps[y]) * (size_t)width,
                       ay.weights[tap], width);
        across(&ax, pull->line, 1, target + (size_t)y * (size_t)target_width, 1);
    }
    return 0;
}

/* Where the atlas' pixels lie in the small picture: linear per triangle. */
struct triangle_map {
    float x[3], y[3];
};

static void map_triangles(const struct fus_atlas *atlas, const struct fus_mesh *mesh,
                          const struct fus_rect *rect, float scale_x, float scale_y,
                          struct triangle_map maps[FUS_MESH_TRIANGLES])
{
    for (int t = 0; t < FUS_MESH_TRIANGLES; t++) {
        maps[t] = (struct triangle_map){{0}, {0}};
        for (int k = 0; k < 3; k++) {
            const struct fus_point p = mesh->at[fus_mesh_triangles[t][k]];
            const float x = (p.x - (float)rect->x + 0.5f) * scale_x - 0.5f;
            const float y = (p.y - (float)rect->y + 0.5f) * scale_y - 0.5f;
            for (int i = 0; i < 3; i++) {
                maps[t].x[i] += x * atlas->weights[t][k][i];
                maps[t].y[i] += y * atlas->weights[t][k][i];
            }
        }
    }
}

FUS_SIMD_INLINE v4 sample(const float *small, int width, int height, float x, float y)
{
    x = x > 0.0f ? x : 0.0f; /* also when NaN */
    y = y > 0.0f ? y : 0.0f;
    x = x < (float)(width - 1) ? x : (float)(width - 1);
    y = y < (float)(height - 1) ? y : (float)(height - 1);
    const int x1 = (int)x, y1 = (int)y;
    const size_t right = x1 + 1 < width ? 4 : 0;
    const size_t below = y1 + 1 < height ? 4 * (size_t)width : 0;
    const float *at = small + 4 * ((size_t)y1 * (size_t)width + (size_t)x1);
    v4 a, b, c, d;
    memcpy(&a, at, sizeof a);
    memcpy(&b, at + right, sizeof b);
    memcpy(&c, at + below, sizeof c);
    memcpy(&d, at + below + right, sizeof d);
    const float px = x - (float)x1, py = y - (float)y1;
    const v4 top = a + px * (b - a), bottom = c + px * (d - c);
    return top + py * (bottom - top);
}

/* Pixels outside the face take the nearest one of their row, rows without any that of the next row.
 */
static void fill_outside(const struct fus_atlas *atlas, float *plane)
{
    const float *face = atlas->mask[FUS_ATLAS_FACE];
    const size_t width = (size_t)atlas->width;
    int known = -1;
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < atlas->height; i++) {
            const int y = pass ? atlas->height - 1 - i : i;
            float *row = plane + (size_t)y * width;
            const float *inside = face + (size_t)y * width;
            size_t first = 0, last = width;
            while (first < width && inside[first] == 0.0f)
                first++;
            if (first == width) {
                if (known >= 0 && (pass == 0 || y < known))
                    memcpy(row, plane + (size_t)known * width, width * sizeof *row);
                continue;
            }
            known = y;
            if (pass)
                continue;
            while (last > 0 && inside[last - 1] == 0.0f)
                last--;
            float value = row[first];
            for (size_t x = 0; x < width; x++) {
                if (x < last && inside[x] != 0.0f)
                    value = row[x];
                else
                    row[x] = value;
            }
        }
    }
}

int fus_pull_atlas(struct fus_pull *pull, const struct fus_image *image,
                   const struct fus_mesh *mesh, float scale, const struct fus_atlas *atlas,
                   float *const lab[3], float *const bgr[3], struct fus_error *err)
{
    const bool yuv = fus_image_is_yuv(image);
    const int shift_x = yuv ? fus_image_chroma_shift_x(image->format) : 0;
    const int shift_y = yuv ? fus_image_chroma_shift_y(image->format) : 0;
    const float margin = 0.05f * mesh->scale + 2.0f;
    struct fus_rect rect = {
        .x = FUS_CLAMP((int)floorf(mesh->bounds.x1 - margin), 0, image->width - 1) & ~1,
        .y = FUS_CLAMP((int)floorf(mesh->bounds.y1 - margin), 0, image->height - 1) & ~1,
    };
    rect.width = FUS_CLAMP((int)ceilf(mesh->bounds.x2 + margin), rect.x + 1, image->width) - rect.x;
    rect.height =
        FUS_CLAMP((int)ceilf(mesh->bounds.y2 + margin), rect.y + 1, image->height) - rect.y;
    if (!(scale < 0.97f))
        scale = 1.0f;
    const int width = FUS_MAX((int)lrintf((float)rect.width * scale), 1);
    const int height = FUS_MAX((int)lrintf((float)rect.height * scale), 1);
    const float scale_x = (float)width / (float)rect.width;
    const float scale_y = (float)height / (float)rect.height;
    if (!grow(&pull->small, &pull->small_room, 4 * (size_t)width * (size_t)height, sizeof(float)))
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for a face");
    for (int plane = 0; plane < (yuv ? 3 : 1); plane++) {
        const int sx = plane ? shift_x : 0, sy = plane ? shift_y : 0;
        const struct piece piece = {
            .bytes = image->plane[plane] + (rect.y >> sy) * image->stride_bytes[plane] +
                     (rect.x >> sx) * (yuv ? 1 : 3),
            .stride = image->stride_bytes[plane],
            .width = (rect.width + sx) >> sx,
            .height = (rect.height + sy) >> sy,
            .channels = yuv ? 1 : 3,
        };
        const int failed =
            shrink_piece(pull, &piece, (float)(1 << sx) * scale_x, (float)(1 << sy) * scale_y,
                         width, height, pull->small + plane, err);
        if (failed)
            return failed;
    }
    struct triangle_map maps[FUS_MESH_TRIANGLES];
    map_triangles(atlas, mesh, &rect, scale_x, scale_y, maps);
    struct fus_pixel_map map;
    fus_pixel_map_make(image, &map);
    for (size_t i = 0; i < atlas->run_count; i++) {
        const struct fus_atlas_run run = atlas->runs[i];
        const struct triangle_map *m = &maps[run.triangle];
        for (int x = run.x1; x < run.x2; x++) {
            const float fx = (float)x, fy = (float)run.y;
            const v4 stored =
                sample(pull->small, width, height, m->x[0] * fx + m->x[1] * fy + m->x[2],
                       m->y[0] * fx + m->y[1] * fy + m->y[2]);
            const size_t at = (size_t)run.y * (size_t)atlas->width + (size_t)x;
            const float s0 = stored[0] - map.offset[0], s1 = stored[1] - map.offset[1];
            const float s2 = stored[2] - map.offset[2];
            for (int c = 0; c < 3; c++) {
                const float value =
                    map.to_bgr[c][0] * s0 + map.to_bgr[c][1] * s1 + map.to_bgr[c][2] * s2;
                lab[c][at] = FUS_CLAMP(value, 0.0f, 1.0f);
            }
        }
    }
    if (bgr)
        for (int c = 0; c < 3; c++)
            memcpy(bgr[c], lab[c], fus_atlas_count(atlas) * sizeof(float));
    for (size_t i = 0; i < atlas->run_count;) {
        /* the runs of a row are one behind the other, with gaps at most where the mesh has none */
        const struct fus_atlas_run first = atlas->runs[i];
        int end = first.x2;
        for (i++; i < atlas->run_count && atlas->runs[i].y == first.y && atlas->runs[i].x1 == end;
             i++)
            end = atlas->runs[i].x2;
        const size_t at = (size_t)first.y * (size_t)atlas->width + (size_t)first.x1;
        fus_lab_from_bgr(lab[0] + at, lab[1] + at, lab[2] + at, lab[0] + at, lab[1] + at,
                         lab[2] + at, (size_t)(end - first.x1));
    }
    for (int c = 0; c < 3; c++) {
        fill_outside(atlas, lab[c]);
        if (bgr)
            fill_outside(atlas, bgr[c]);
    }
    return 0;
}
