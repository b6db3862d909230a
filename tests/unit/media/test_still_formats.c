/* TIFF, BMP and GIF stills. */
#include <tiffio.h>

#include "media/still.h"
#include "media_test.h"

static struct fus_media_limits limits;

static void draw(struct fus_still *still, int width, int height, bool alpha, bool grey)
{
    struct fus_error err = {0};
    *still = (struct fus_still){.grey = grey};
    assert_ok(fus_image_alloc(&still->image, FUS_PIXEL_BGR8, width, height, &err));
    if (alpha)
        assert_ok(fus_image_alloc(&still->alpha, FUS_PIXEL_GRAY8, width, height, &err));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *to = still->image.plane[0] + still->image.stride_bytes[0] * y + 3 * x;
            to[0] = (uint8_t)(x * 5 + y);
            to[1] = grey ? to[0] : (uint8_t)(y * 7);
            to[2] = grey ? to[0] : (uint8_t)(255 - x * 3);
            if (alpha)
                still->alpha.plane[0][still->alpha.stride_bytes[0] * y + x] = (uint8_t)(x * y);
        }
}

static void assert_same_pixels(const struct fus_image *a, const struct fus_image *b, int bytes)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    for (int y = 0; y < a->height; y++)
        assert_memory_equal(a->plane[0] + a->stride_bytes[0] * y,
                            b->plane[0] + b->stride_bytes[0] * y, (size_t)(bytes * a->width));
}

static void a_tiff_comes_back_bit_for_bit(void **state)
{
    const char *path = scratch_path(state, "a.tiff");
    for (int i = 0; i < 4; i++) {
        FUS_AUTO_STILL struct fus_still still = {0}, seen = {0};
        struct fus_still_options options = {.container = FUS_CONTAINER_TIFF};
        struct fus_media_info info;
        struct fus_error err = {0};
        FUS_AUTO_FREE uint8_t *bytes = NULL;
        size_t size = 0;
        draw(&still, 41, 33, i & 1, i & 2);
        assert_ok(fus_still_encode(&still, &options, &bytes, &size, &err));
        file_write(path, bytes, size);
        assert_ok(fus_media_probe(path, &limits, &info, &err));
        assert_int_equal(info.container, FUS_CONTAINER_TIFF);
        assert_int_equal(info.has_alpha, i & 1);
        assert_int_equal(info.grey, (i & 2) != 0);
        assert_ok(fus_still_read(path, &limits, &seen, &err));
        assert_same_pixels(&still.image, &seen.image, 3);
        assert_int_equal(seen.alpha.plane[0] != NULL, i & 1);
        if (i & 1)
            assert_same_pixels(&still.alpha, &seen.alpha, 1);
        for (size_t keep = 0; keep < size; keep += 1 + size / 53) {
            FUS_AUTO_STILL struct fus_still half = {0};
            file_write(path, bytes, keep);
            /* What is cut off may be padding. */
            if (fus_still_read(path, &limits, &half, &err) == 0)
                assert_same_pixels(&still.image, &half.image, 3);
            else
                assert_int_equal(half.image.width, 0);
        }
    }
}

struct tiff_kind {
    uint16_t photometric, bits, samples, orientation, compression, extra;
};

static void tiff_write(const char *path, const struct tiff_kind *kind, const void *rows,
                       size_t row_bytes, uint32_t width, uint32_t height)
{
    TIFF *tiff = TIFFOpen(path, "w");
    uint8_t row[512];
    assert_non_null(tiff);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, kind->bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, kind->samples);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, kind->photometric);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, kind->compression);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, kind->orientation ? kind->orientation : 1);
    if (kind->extra)
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind->extra);
    if (kind->photometric == PHOTOMETRIC_PALETTE) {
        uint16_t map[3][256];
        for (int i = 0; i < 256; i++) {
            map[0][i] = (uint16_t)(i * 257);
            map[1][i] = (uint16_t)((255 - i) * 257);
            map[2][i] = 128 * 257;
        }
        TIFFSetField(tiff, TIFFTAG_COLORMAP, map[0], map[1], map[2]);
    }
    for (uint32_t y = 0; y < height; y++) {
        memcpy(row, (const uint8_t *)rows + y * row_bytes, row_bytes);
        assert_int_equal(TIFFWriteScanline(tiff, row, y, 0), 1);
    }
    TIFFClose(tiff);
}

static void assert_pixel(const struct fus_still *still, int x, int y, int r, int g, int b)
{
    const uint8_t *p = still->image.plane[0] + still->image.stride_bytes[0] * y + 3 * x;
    assert_int_equal(p[2], r);
    assert_int_equal(p[1], g);
    assert_int_equal(p[0], b);
}

static void the_many_kinds_of_tiff_are_read(void **state)
{
    const char *path = scratch_path(state, "k.tif");
    struct fus_error err = {0};
    {
        /* 16 bits a sample: rounded, as libtiff (and so OpenCV) does it */
        static const uint16_t rows[2][6] = {{0, 65535, 32768, 257, 128, 129},
                                            {1000, 40000, 60000, 255, 256, 25700}};
        static const struct tiff_kind kind = {PHOTOMETRIC_RGB, 16, 3, 1, COMPRESSION_LZW, 0};
        FUS_AUTO_STILL struct fus_still seen = {0};
        tiff_write(path, &kind, rows, 12, 2, 2);
        assert_ok(fus_still_read(path, &limits, &seen, &err));
        assert_pixel(&seen, 0, 0, 0, 255, 128);
        assert_pixel(&seen, 1, 0, 1, 0, 1);
        assert_pixel(&seen, 0, 1, 4, 156, 233);
    }
    {
        static const uint8_t rows[2][2] = {{0, 10}, {200, 255}};
        static const struct tiff_kind palette = {PHOTOMETRIC_PALETTE,       8, 1, 1,
                                                 COMPRESSION_ADOBE_DEFLATE, 0};
        static const struct tiff_kind inverse = {PHOTOMETRIC_MINISWHITE, 8, 1, 1,
                                                 COMPRESSION_PACKBITS,   0};
        FUS_AUTO_STILL struct fus_still seen = {0}, grey = {0};
        tiff_write(path, &palette, rows, 2, 2, 2);
        assert_ok(fus_still_read(path, &limits, &seen, &err));
        assert_pixel(&seen, 1, 0, 10, 245, 128);
        assert_pixel(&seen, 0, 1, 200, 55, 128);
        tiff_write(path, &inverse, rows, 2, 2, 2);
        assert_ok(fus_still_read(path, &limits, &grey, &err));
        assert_pixel(&grey, 0, 0, 255, 255, 255);
        assert_pixel(&grey, 0, 1, 55, 55, 55);
    }
    {
        static const uint8_t rows[1][8] = {{100, 50, 20, 128, 9, 8, 7, 0}};
        static const struct tiff_kind straight = {PHOTOMETRIC_RGB,       8, 4, 1, COMPRESSION_NONE,
                                                  EXTRASAMPLE_UNASSALPHA};
        static const struct tiff_kind multiplied = {
            PHOTOMETRIC_RGB, 8, 4, 1, COMPRESSION_NONE, EXTRASAMPLE_ASSOCALPHA};
        FUS_AUTO_STILL struct fus_still seen = {0}, other = {0};
        tiff_write(path, &straight, rows, 8, 2, 1);
        assert_ok(fus_still_read(path, &limits, &seen, &err));
        assert_pixel(&seen, 0, 0, 100, 50, 20);
        assert_pixel(&seen, 1, 0, 9, 8, 7); /* colours under full transparency stay */
        assert_int_equal(seen.alpha.plane[0][0], 128);
        tiff_write(path, &multiplied, rows, 8, 2, 1);
        assert_ok(fus_still_read(path, &limits, &other, &err));
        assert_pixel(&other, 0, 0, 199, 100, 40);
    }
    {
        static const uint8_t rows[2][9] = {{1, 1, 1, 2, 2, 2, 3, 3, 3},
                                           {4, 4, 4, 5, 5, 5, 6, 6, 6}};
        static const struct tiff_kind turned = {PHOTOMETRIC_RGB, 8, 3, 6, COMPRESSION_NONE, 0};
        FUS_AUTO_STILL struct fus_still seen = {0};
        tiff_write(path, &turned, rows, 9, 3, 2);
        assert_ok(fus_still_read(path, &limits, &seen, &err));
        assert_int_equal(seen.image.width, 2);
        assert_pixel(&seen, 0, 0, 4, 4, 4); /* turned clockwise by a quarter */
        assert_pixel(&seen, 1, 2, 3, 3, 3);
    }
}

static void bmps_are_read_from_both_ends_and_never_by_half(void **state)
{
    const char *path = scratch_path(state, "a.bmp");
    for (int down = 0; down < 2; down++) {
        /* 3 x 2 pixels of 24 bits: rows of 12 bytes */
        uint8_t bmp[54 + 24] = {'B', 'M', 78, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0,  40,
                                0,   0,   0,  3, 0, 0, 0, 2, 0, 0, 0,  1, 0, 24, 0};
        FUS_AUTO_STILL struct fus_still seen = {0};
        struct fus_error err = {0};
        for (int i = 0; i < 9; i++) {
            bmp[54 + i] = (uint8_t)(10 + i);
            bmp[66 + i] = (uint8_t)(100 + i);
        }
        if (down)
            memcpy(bmp + 22, "\xfe\xff\xff\xff", 4);
        file_write(path, bmp, sizeof(bmp));
        assert_ok(fus_still_read(path, &limits, &seen, &err));
        assert_int_equal(seen.container, FUS_CONTAINER_BMP);
        assert_int_equal(seen.image.height, 2);
        assert_pixel(&seen, 0, down ? 0 : 1, 12, 11, 10);
        assert_pixel(&seen, 2, down ? 1 : 0, 108, 107, 106);
        for (size_t keep = 0; keep < sizeof(bmp); keep++) {
            FUS_AUTO_STILL struct fus_still half = {0};
            file_write(path, bmp, keep);
            assert_true(fus_still_read(path, &limits, &half, &err) < 0);
        }
    }
    /* promises more than an int, or a bomb */
    uint8_t huge[54] = {'B',  'M',  54,   0,    0, 0, 0, 0,    0,    0,    54,
                        0,    0,    0,    40,   0, 0, 0, 0xff, 0xff, 0xff, 0x7f,
                        0xff, 0xff, 0xff, 0x7f, 1, 0, 8, 0,    1};
    FUS_AUTO_STILL struct fus_still none = {0};
    file_write(path, huge, sizeof(huge));
    assert_true(fus_still_read(path, &limits, &none, NULL) < 0);
}

/* 2 x 2, colours 0 black, 1 white, 2 red, 3 green; `pictures` of the codes 1 2 / 3 0. */
static size_t gif_make(uint8_t *to, int pictures, bool transparent)
{
    static const uint8_t head[] = {'G', 'I', 'F', '8', '9', 'a', 2,   0, 2, 0, 0x81, 0, 0,
                                   0,   0,   0,   255, 255, 255, 255, 0, 0, 0, 255,  0};
    static const uint8_t control[] = {0x21, 0xf9, 4, 0, 10, 0, 1, 0};
    /* code size 2: clear (4), 1, 2, 3, 0, end (5), in 3 and, from the fourth on, 4 bits */
    static const uint8_t picture[] = {0x2c, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 3, 0x8c, 0x06, 0x05, 0};
    size_t at = sizeof(head);
    memcpy(to, head, sizeof(head));
    for (int i = 0; i < pictures; i++) {
        memcpy(to + at, control, sizeof(control));
        to[at + 3] = transparent;
        at += sizeof(control);
        memcpy(to + at, picture, sizeof(picture));
        at += sizeof(picture);
    }
    to[at++] = 0x3b;
    return at;
}

static void a_gif_of_one_picture_is_a_still(void **state)
{
    const char *path = scratch_path(state, "a.gif");
    uint8_t gif[256];
    struct fus_media_info info;
    struct fus_error err = {0};
    FUS_AUTO_STILL struct fus_still seen = {0}, clear = {0}, moving = {0};
    size_t size = gif_make(gif, 1, false);
    file_write(path, gif, size);
    assert_ok(fus_media_probe(path, &limits, &info, &err));
    assert_int_equal(info.container, FUS_CONTAINER_GIF);
    assert_false(info.is_video);
    assert_ok(fus_still_read(path, &limits, &seen, &err));
    assert_pixel(&seen, 0, 0, 255, 255, 255);
    assert_pixel(&seen, 1, 0, 255, 0, 0);
    assert_pixel(&seen, 0, 1, 0, 255, 0);
    assert_null(seen.alpha.plane[0]);
    for (size_t keep = 0; keep + 2 < size; keep++) {
        FUS_AUTO_STILL struct fus_still half = {0};
        file_write(path, gif, keep);
        assert_true(fus_still_read(path, &limits, &half, &err) < 0);
    }
    file_write(path, gif, gif_make(gif, 1, true));
    assert_ok(fus_still_read(path, &limits, &clear, &err));
    assert_int_equal(clear.alpha.plane[0][0], 0); /* colour 1 */
    assert_int_equal(clear.alpha.plane[0][1], 255);
    file_write(path, gif, gif_make(gif, 3, false));
    assert_ok(fus_media_probe(path, &limits, &info, &err));
    assert_int_equal(info.container, FUS_CONTAINER_GIF_CLIP);
    assert_true(info.is_video);
    assert_int_equal(fus_still_read(path, &limits, &moving, &err), FUS_E_UNSUPPORTED_MEDIA);
}

int main(void)
{
    fus_media_limits_default(&limits);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tiff_comes_back_bit_for_bit),
        cmocka_unit_test(the_many_kinds_of_tiff_are_read),
        cmocka_unit_test(bmps_are_read_from_both_ends_and_never_by_half),
        cmocka_unit_test(a_gif_of_one_picture_is_a_still),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
