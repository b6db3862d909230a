#include "vision/lab8.h"

#include <math.h>
#include <pthread.h>

#define ROOTS 3072
#define LIGHT_ONE 4096

/* Tables of both ways, made once. */
struct tables {
    uint16_t linear[256]; /* times 2040 */
    uint16_t root[ROOTS]; /* times 32768 */
    int16_t y[256], f[256], a[256], b[256];
    uint8_t gamma[LIGHT_ONE];
};

static double to_linear(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

/* The cube root of v cut (not rounded) to float32: OpenCV's own root comes out just below. */
static float root_of(float v)
{
    double exact = cbrt((double)v);
    float root = (float)exact;
    return (double)root > exact ? nextafterf(root, 0) : root;
}

static void make_forward(struct tables *t)
{
    for (int i = 0; i < 256; i++)
        t->linear[i] = (uint16_t)nearbyint(2040 * to_linear(i / 255.0));
    for (int i = 0; i < ROOTS; i++) {
        float v = (float)i / 2040.0f;
        float root = v < 0.008856f ? 7.787f * v + 16.0f / 116.0f : root_of(v);
        t->root[i] = (uint16_t)nearbyintf(32768 * root);
    }
}

static void make_backward(struct tables *t)
{
    for (int i = 0; i < 256; i++) {
        double l = i * 100 / 255.0, f = (l + 16) / 116, y = f * f * f;
        if (l <= 8) {
            y = l * 27 / 24389;
            f = y * 841 / 108 + 16.0 / 116;
        }
        t->y[i] = (int16_t)nearbyint(y * 16384);
        t->f[i] = (int16_t)nearbyint(f * 16384);
        t->a[i] = (int16_t)(((5 * i * 53687 + 128) >> 13) - 4194);
        t->b[i] = (int16_t)(((i * 41943 + 16) >> 9) - 10484);
    }
    /* the table rises: where each level begins is the inverse at half a level below */
    int at = 0;
    for (int level = 0; level < 256; level++) {
        double end = level < 255 ? to_linear((level + 0.5) / 255) * LIGHT_ONE : LIGHT_ONE;
        for (; at < LIGHT_ONE && at <= end; at++)
            t->gamma[at] = (uint8_t)level;
    }
}

static struct tables tables;
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void make_tables(void)
{
    make_forward(&tables);
    make_backward(&tables);
}

static const struct tables *get_tables(void)
{
    pthread_once(&tables_once, make_tables);
    return &tables;
}

static void from_rgb(const struct tables *t, const uint8_t rgb[3], uint8_t lab[3])
{
    int r = t->linear[rgb[0]], g = t->linear[rgb[1]], b = t->linear[rgb[2]];
    int x = t->root[(r * 1777 + g * 1541 + b * 778 + 2048) >> 12];
    int y = t->root[(r * 871 + g * 2929 + b * 296 + 2048) >> 12];
    int z = t->root[(r * 73 + g * 448 + b * 3575 + 2048) >> 12];
    int l = (296 * y - 1336934 + 16384) >> 15;
    int a = (500 * (x - y) + 128 * 32768 + 16384) >> 15;
    int c = (200 * (y - z) + 128 * 32768 + 16384) >> 15;
    lab[0] = (uint8_t)FUS_CLAMP(l, 0, 255);
    lab[1] = (uint8_t)FUS_CLAMP(a, 0, 255);
    lab[2] = (uint8_t)FUS_CLAMP(c, 0, 255);
}

/* X or Z of its f, in 1/16384; divisions cut towards zero. */
static int light_of(int f)
{
    return f <= 3389 ? 108 * f / 841 - 290 : f * f / 16384 * f / 16384;
}

static uint8_t channel(const struct tables *t, int x, int y, int z, int by_x, int by_y, int by_z)
{
    int v = (by_x * x + by_y * y + by_z * z + 8192) >> 14;
    return t->gamma[FUS_CLAMP(v, 0, LIGHT_ONE - 1)];
}

static void to_rgb(const struct tables *t, const uint8_t lab[3], uint8_t rgb[3])
{
    int y = t->y[lab[0]], f = t->f[lab[0]];
    int x = light_of(f + t->a[lab[1]]), z = light_of(f - t->b[lab[2]]);
    rgb[0] = channel(t, x, y, z, 12615, -6296, -2223);
    rgb[1] = channel(t, x, y, z, -3773, 7684, 185);
    rgb[2] = channel(t, x, y, z, 217, -836, 4715);
}

void fus_lab8_from_rgb(const uint8_t rgb[3], uint8_t lab[3])
{
    from_rgb(get_tables(), rgb, lab);
}

void fus_lab8_to_rgb(const uint8_t lab[3], uint8_t rgb[3])
{
    to_rgb(get_tables(), lab, rgb);
}

void fus_lab8_contrast(const struct fus_plane *crop)
{
    const struct tables *t = get_tables();
    int64_t sum = 0;
    for (int y = 0; y < crop->height; y++) {
        uint8_t *p = crop->data + y * crop->stride_bytes;
        for (int x = 0; x < crop->width; x++, p += 3) {
            from_rgb(t, p, p);
            sum += p[0];
        }
    }
    if ((double)sum < 30.0 * crop->width * crop->height)
        fus_clahe8(crop, 2, 8);
    for (int y = 0; y < crop->height; y++) {
        uint8_t *p = crop->data + y * crop->stride_bytes;
        for (int x = 0; x < crop->width; x++, p += 3)
            to_rgb(t, p, p);
    }
}

void fus_grey8(const struct fus_plane *bgr, const struct fus_plane *grey)
{
    for (int y = 0; y < bgr->height; y++) {
        const uint8_t *p = bgr->data + y * bgr->stride_bytes;
        uint8_t *to = grey->data + y * grey->stride_bytes;
        for (int x = 0; x < bgr->width; x++, p += 3)
            to[x] = (uint8_t)((3735 * p[0] + 19235 * p[1] + 9798 * p[2] + 16384) >> 15);
    }
}
