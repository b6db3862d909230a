#include "media/still.h"

#include <stdio.h>

#include <jpeglib.h>
#include <png.h>

#include "media_test.h"

static struct fus_media_limits limits;

static void still_make(struct fus_still *still, int width, int height, bool alpha, bool grey)
{
    struct fus_error err = {0};
    uint32_t seed = 7;
    *still = (struct fus_still){.grey = grey};
    assert_ok(fus_image_alloc(&still->image, FUS_PIXEL_BGR8, width, height, &err));
    if (alpha)
        assert_ok(fus_image_alloc(&still->alpha, FUS_PIXEL_GRAY8, width, height, &err));
    for (int y = 0; y < height; y++) {
        uint8_t *row = still->image.plane[0] + still->image.stride_bytes[0] * y;
        for (int x = 0; x < width; x++) {
            for (int c = 0; c < 3; c++)
                row[3 * x + c] = (uint8_t)noise(&seed);
            if (grey)
                row[3 * x] = row[3 * x + 1] = row[3 * x + 2];
            if (alpha)
                still->alpha.plane[0][still->alpha.stride_bytes[0] * y + x] = (uint8_t)noise(&seed);
        }
    }
}

/* Smooth colours that lossy codecs keep. */
static void still_smooth(struct fus_still *still)
{
    for (int y = 0; y < still->image.height; y++)
        for (int x = 0; x < still->image.width; x++) {
            uint8_t *p = still->image.plane[0] + still->image.stride_bytes[0] * y + 3 * x;
            p[0] = (uint8_t)(40 + 160 * x / still->image.width);
            p[1] = (uint8_t)(60 + 120 * y / still->image.height);
            p[2] = (uint8_t)(200 - 160 * x / still->image.width);
            if (still->grey)
                p[0] = p[2] = p[1];
        }
}

static void save(const struct fus_still *still, enum fus_container container, int quality,
                 const char *path)
{
    struct fus_still_options options = {.container = container, .quality = quality};
    struct fus_error err = {0};
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_ok(fus_still_encode(still, &options, &bytes, &size, &err));
    file_write(path, bytes, size);
    fus_free(bytes);
}

static void load(const char *path, struct fus_still *still)
{
    struct fus_error err = {0};
    assert_ok(fus_still_read(path, &limits, still, &err));
}

static double image_difference(const struct fus_image *a, const struct fus_image *b)
{
    double sum = 0;
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    int row = a->width * (a->format == FUS_PIXEL_BGR8 ? 3 : 1);
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < row; x++)
            sum += abs(a->plane[0][a->stride_bytes[0] * y + x] -
                       b->plane[0][b->stride_bytes[0] * y + x]);
    return sum / row / a->height;
}

/* A profile that libpng accepts: header of ICC.1:2010 section 7.2 and one tag. */
static void icc_make(struct fus_still *still, const char *space)
{
    enum { SIZE = 160 };
    uint8_t *icc = fus_calloc(1, SIZE);
    assert_non_null(icc);
    icc[3] = SIZE;
    icc[8] = 2;
    memcpy(icc + 12, "mntr", 4);
    memcpy(icc + 16, space, 4);
    memcpy(icc + 20, "XYZ ", 4);
    memcpy(icc + 36, "acsp", 4);
    memcpy(icc + 68, "\0\0\xf6\xd6\0\1\0\0\0\0\xd3\x2d", 12);
    memcpy(icc + 128, "\0\0\0\1cprt\0\0\0\x90\0\0\0\x10text", 20);
    fus_free(still->icc);
    still->icc = icc;
    still->icc_size = SIZE;
}

static void png_comes_back_bit_for_bit(void **state)
{
    const char *path = scratch_path(state, "a.png");
    for (int variant = 0; variant < 4; variant++) {
        FUS_AUTO_STILL struct fus_still out = {0}, in = {0};
        still_make(&out, 37, 23, variant & 1, variant & 2);
        save(&out, FUS_CONTAINER_PNG, 0, path);
        load(path, &in);
        assert_true(image_difference(&out.image, &in.image) == 0);
        assert_int_equal(in.alpha.plane[0] != NULL, variant & 1);
        assert_int_equal(in.grey, variant >> 1);
        if (variant & 1)
            assert_true(image_difference(&out.alpha, &in.alpha) == 0);
        assert_int_equal(in.container, FUS_CONTAINER_PNG);
    }
}

static void webp_of_quality_100_comes_back_bit_for_bit_even_where_transparent(void **state)
{
    const char *path = scratch_path(state, "a.webp");
    for (int alpha = 0; alpha < 2; alpha++) {
        FUS_AUTO_STILL struct fus_still out = {0}, in = {0};
        still_make(&out, 41, 29, alpha, false);
        if (alpha)
            memset(out.alpha.plane[0], 0, (size_t)out.alpha.stride_bytes[0] * 10);
        save(&out, FUS_CONTAINER_WEBP, 100, path);
        load(path, &in);
        assert_true(image_difference(&out.image, &in.image) == 0);
        if (alpha)
            assert_true(image_difference(&out.alpha, &in.alpha) == 0);
    }
}

static void lossy_formats_stay_near_and_drop_or_keep_alpha(void **state)
{
    static const enum fus_container containers[] = {FUS_CONTAINER_JPEG, FUS_CONTAINER_WEBP};
    for (size_t i = 0; i < FUS_COUNT(containers); i++) {
        FUS_AUTO_STILL struct fus_still out = {0}, in = {0};
        const char *path = scratch_path(state, "lossy");
        still_make(&out, 128, 96, true, false);
        still_smooth(&out);
        save(&out, containers[i], 90, path);
        load(path, &in);
        assert_int_equal(in.container, containers[i]);
        assert_true(image_difference(&out.image, &in.image) < 2.5);
        assert_int_equal(in.alpha.plane[0] != NULL, containers[i] == FUS_CONTAINER_WEBP);
        if (in.alpha.plane[0]) /* WebP's alpha plane is lossless by default */
            assert_true(image_difference(&out.alpha, &in.alpha) == 0);
    }
}

static void an_icc_profile_is_kept_in_all_three(void **state)
{
    for (int c = FUS_CONTAINER_JPEG; c <= FUS_CONTAINER_WEBP; c++)
        for (int alpha = 0; alpha < 2; alpha++) {
            FUS_AUTO_STILL struct fus_still out = {0}, in = {0};
            const char *path = scratch_path(state, "icc");
            still_make(&out, 20, 20, alpha, false);
            icc_make(&out, "RGB ");
            save(&out, (enum fus_container)c, 80, path);
            load(path, &in);
            assert_int_equal(in.icc_size, out.icc_size);
            assert_memory_equal(in.icc, out.icc, out.icc_size);
        }
}

static void a_grey_picture_stays_grey_with_its_profile_until_colour_is_painted_on_it(void **state)
{
    static const enum fus_container containers[] = {FUS_CONTAINER_JPEG, FUS_CONTAINER_PNG};
    for (size_t i = 0; i < FUS_COUNT(containers); i++) {
        FUS_AUTO_STILL struct fus_still out = {0}, in = {0}, rounded = {0}, painted = {0};
        const char *path = scratch_path(state, "grey");
        still_make(&out, 32, 32, false, true);
        still_smooth(&out);
        icc_make(&out, "GRAY");
        save(&out, containers[i], 95, path);
        load(path, &in);
        assert_true(in.grey);
        assert_int_equal(in.icc_size, out.icc_size);
        assert_true(image_difference(&out.image, &in.image) < 2);
        out.image.plane[0][0] ^= 1; /* what rounding leaves is no colour */
        save(&out, containers[i], 95, path);
        load(path, &rounded);
        assert_true(rounded.grey);
        assert_true(image_difference(&out.image, &rounded.image) < 2);
        out.image.plane[0][0] ^= 0x55;
        save(&out, containers[i], 95, path);
        load(path, &painted);
        assert_false(painted.grey);
        assert_null(painted.icc);
    }
}

static uint32_t crc32_of(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static const uint8_t exif[26] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0,
                                 3,   0,   0, 0,  1, 0, 9, 0, 0, 0, 0,    0,    0};

/* Puts an EXIF block with this orientation into a PNG behind IHDR or a JPEG behind SOI. */
static void add_orientation(const char *from, const char *to, int orientation, bool png)
{
    void *bytes = NULL;
    size_t size = 0;
    struct fus_error err = {0};
    uint8_t segment[64] = {0};
    size_t length = 0, at = png ? 33 : 2;
    assert_ok(fus_fs_read(from, 1 << 20, &bytes, &size, &err));
    if (png) {
        memcpy(segment,
               "\0\0\0\x1a"
               "eXIf",
               8);
        memcpy(segment + 8, exif, sizeof(exif));
        segment[8 + 19] = (uint8_t)orientation;
        uint32_t crc = crc32_of(segment + 4, 4 + sizeof(exif));
        for (int i = 0; i < 4; i++)
            segment[34 + i] = (uint8_t)(crc >> (24 - 8 * i));
        length = 38;
    } else {
        memcpy(segment,
               "\xff\xe1\0\x22"
               "Exif\0\0",
               10);
        memcpy(segment + 10, exif, sizeof(exif));
        segment[10 + 19] = (uint8_t)orientation;
        length = 36;
    }
    uint8_t *joined = malloc(size + length);
    assert_non_null(joined);
    memcpy(joined, bytes, at);
    memcpy(joined + at, segment, length);
    memcpy(joined + at + length, (uint8_t *)bytes + at, size - at);
    file_write(to, joined, size + length);
    free(joined);
    fus_free(bytes);
}

/* Exif 2.32: which corner of the upright picture the stored first pixel and the stored last pixel
 * of the first row come to. 0 top left, 1 top right, 2 bottom right, 3 bottom left. */
static const int corners[9][2] = {{0},    {0, 1}, {1, 0}, {2, 3}, {3, 2},
                                  {0, 3}, {1, 2}, {2, 1}, {3, 0}};

static const uint8_t *corner(const struct fus_image *image, int which)
{
    int x = which == 1 || which == 2 ? image->width - 1 : 0;
    int y = which >= 2 ? image->height - 1 : 0;
    return image->plane[0] + image->stride_bytes[0] * y +
           (image->format == FUS_PIXEL_BGR8 ? 3 : 1) * x;
}

static void all_eight_orientations_are_applied_to_png(void **state)
{
    FUS_AUTO_STILL struct fus_still out = {0};
    const char *plain = scratch_path(state, "plain.png"),
               *turned = scratch_path(state, "turned.png");
    still_make(&out, 150, 70, true, false);
    save(&out, FUS_CONTAINER_PNG, 0, plain);
    for (int o = 1; o <= 9; o++) {
        FUS_AUTO_STILL struct fus_still in = {0};
        int effective = o <= 8 ? o : 1; /* 9 does not exist */
        add_orientation(plain, turned, o, true);
        load(turned, &in);
        assert_int_equal(in.image.width, effective >= 5 ? 70 : 150);
        assert_int_equal(in.alpha.height, effective >= 5 ? 150 : 70);
        assert_memory_equal(corner(&in.image, corners[effective][0]), corner(&out.image, 0), 3);
        assert_memory_equal(corner(&in.image, corners[effective][1]), corner(&out.image, 1), 3);
        assert_memory_equal(corner(&in.alpha, corners[effective][1]), corner(&out.alpha, 1), 1);
    }
}

static void all_eight_orientations_are_applied_to_jpeg(void **state)
{
    FUS_AUTO_STILL struct fus_still out = {0};
    const char *plain = scratch_path(state, "plain.jpg"),
               *turned = scratch_path(state, "turned.jpg");
    still_make(&out, 96, 64, false, false);
    still_smooth(&out);
    save(&out, FUS_CONTAINER_JPEG, 98, plain);
    for (int o = 1; o <= 8; o++) {
        FUS_AUTO_STILL struct fus_still in = {0};
        add_orientation(plain, turned, o, false);
        load(turned, &in);
        assert_int_equal(in.image.width, o >= 5 ? 64 : 96);
        for (int c = 0; c < 3; c++)
            for (int k = 0; k < 2; k++)
                assert_true(abs(corner(&in.image, corners[o][k])[c] - corner(&out.image, k)[c]) <
                            6);
    }
}

static void a_cut_or_damaged_file_is_corrupt_never_half_a_picture(void **state)
{
    for (int c = FUS_CONTAINER_JPEG; c <= FUS_CONTAINER_WEBP; c++) {
        FUS_AUTO_STILL struct fus_still out = {0};
        const char *whole = scratch_path(state, "whole"), *cut = scratch_path(state, "cut");
        void *bytes = NULL;
        size_t size = 0;
        struct fus_error err = {0};
        still_make(&out, 64, 64, c != FUS_CONTAINER_JPEG, false);
        save(&out, (enum fus_container)c, 80, whole);
        assert_ok(fus_fs_read(whole, 1 << 20, &bytes, &size, &err));
        for (size_t keep = 16; keep < size; keep += 1 + size / 97) {
            struct fus_still in = {0};
            file_write(cut, bytes, keep);
            int rc = fus_still_read(cut, &limits, &in, &err);
            if (rc != FUS_E_CORRUPT_MEDIA)
                fail_msg("container %d cut to %zu of %zu: %d", c, keep, size, rc);
            assert_null(in.image.plane[0]);
        }
        fus_free(bytes);
    }
}

static void an_animated_png_is_refused_by_name(void **state)
{
    FUS_AUTO_STILL struct fus_still out = {0}, in = {0};
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size = 0;
    struct fus_error err = {0};
    const char *path = scratch_path(state, "a.png"), *moving = scratch_path(state, "moving.png");
    still_make(&out, 16, 16, false, false);
    save(&out, FUS_CONTAINER_PNG, 0, path);
    add_orientation(path, moving, 1, true);
    assert_ok(fus_fs_read(moving, 1 << 20, &bytes, &size, &err));
    memcpy((uint8_t *)bytes + 37, "acTL", 4); /* the chunk behind IHDR */
    file_write(moving, bytes, size);
    assert_int_equal(fus_still_read(moving, &limits, &in, &err), FUS_E_UNSUPPORTED_MEDIA);
    assert_non_null(strstr(err.detail, "Animated PNG"));
}

static void a_damaged_png_body_is_corrupt(void **state)
{
    FUS_AUTO_STILL struct fus_still out = {0}, in = {0};
    const char *path = scratch_path(state, "flip.png");
    void *bytes = NULL;
    size_t size = 0;
    struct fus_error err = {0};
    still_make(&out, 64, 64, false, false);
    save(&out, FUS_CONTAINER_PNG, 0, path);
    assert_ok(fus_fs_read(path, 1 << 20, &bytes, &size, &err));
    ((uint8_t *)bytes)[size / 2] ^= 1;
    file_write(path, bytes, size);
    fus_free(bytes);
    assert_int_equal(fus_still_read(path, &limits, &in, &err), FUS_E_CORRUPT_MEDIA);
}

static void huge_headers_are_refused_before_anything_is_allocated(void **state)
{
    /* 40000 x 40000 in a few bytes each. */
    static const uint8_t png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x9c\x40\0\0\x9c\x40\x08\2\0\0\0"
                                 "zzzz\0\0\0\0IEND\xae\x42\x60\x82";
    static const uint8_t jpeg[] =
        "\xff\xd8\xff\xc0\0\x11\x08\x9c\x40\x9c\x40\3\1\x22\0\2\x11\1\3\x11\1"
        "\xff\xda\0\x08\1\1\0\0\x3f\0zzzz\xff\xd9";
    static const uint8_t webp[] = "RIFF\x28\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x3f\x9c\0\x3f\x9c\0"
                                  "VP8L\x05\0\0\0\x2f\0\0\0\0\0zzzz";
    const struct {
        const uint8_t *bytes;
        size_t size;
    } cases[] = {{png, sizeof(png) - 1}, {jpeg, sizeof(jpeg) - 1}, {webp, sizeof(webp) - 1}};
    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        struct fus_still in = {0};
        struct fus_error err = {0};
        const char *path = scratch_path(state, "huge");
        file_write(path, cases[i].bytes, cases[i].size);
        struct fus_media_limits any_side = limits;
        any_side.max_dimension = 0;
        assert_int_equal(fus_still_read(path, &limits, &in, &err), FUS_E_MEDIA_TOO_LARGE);
        assert_non_null(strstr(err.detail, "40000"));
        assert_int_equal(fus_still_read(path, &any_side, &in, &err), FUS_E_DECOMPRESSION_BOMB);
        assert_non_null(strstr(err.detail, "40000"));
    }
}

static void a_picture_beyond_the_limits_is_too_large(void **state)
{
    FUS_AUTO_STILL struct fus_still out = {0}, in = {0};
    const char *path = scratch_path(state, "large.png");
    struct fus_error err = {0};
    struct fus_media_limits small = limits;
    still_make(&out, 60, 40, false, false);
    save(&out, FUS_CONTAINER_PNG, 0, path);
    small.max_pixels = 2399;
    assert_int_equal(fus_still_read(path, &small, &in, &err), FUS_E_MEDIA_TOO_LARGE);
    small.max_pixels = 2400;
    small.max_dimension = 59;
    assert_int_equal(fus_still_read(path, &small, &in, &err), FUS_E_MEDIA_TOO_LARGE);
    small.max_dimension = 60;
    small.max_bytes = 100;
    assert_int_equal(fus_still_read(path, &small, &in, &err), FUS_E_MEDIA_TOO_LARGE);
    small.max_bytes = 0;
    assert_ok(fus_still_read(path, &small, &in, &err));
}

/* libpng's own writer makes what ours never would. */
static void png_write_raw(const char *path, int type, int depth, bool interlaced)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_color palette[2] = {{10, 20, 30}, {200, 150, 100}};
    png_byte transparent[2] = {128, 255};
    png_init_io(png, file);
    png_set_IHDR(png, info, 16, 16, depth, type,
                 interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (type == PNG_COLOR_TYPE_PALETTE) {
        png_set_PLTE(png, info, palette, 2);
        png_set_tRNS(png, info, transparent, 2, NULL);
    }
    png_write_info(png, info);
    uint8_t rows[16][16 * 8];
    png_bytep pointers[16];
    for (int y = 0; y < 16; y++) {
        for (int i = 0; i < 16 * 8; i++)
            rows[y][i] = depth == 16 ? (uint8_t)(i & 1 ? 0 : i * 2) : (uint8_t)(y * 16 & 0xff);
        pointers[y] = rows[y];
    }
    png_write_image(png, pointers);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

static void sixteen_bits_palettes_low_depths_and_interlacing_are_read(void **state)
{
    const char *path = scratch_path(state, "raw.png");
    FUS_AUTO_STILL struct fus_still deep = {0}, palette = {0}, bits = {0}, laced = {0};
    png_write_raw(path, PNG_COLOR_TYPE_RGB, 16, false);
    load(path, &deep);
    /* Sample 0x1234 scales to round(0x1234 / 257); red of the second pixel is 0x0c00. */
    assert_int_equal(deep.image.plane[0][5], 12);
    png_write_raw(path, PNG_COLOR_TYPE_PALETTE, 1, false);
    load(path, &palette);
    assert_int_equal(palette.image.plane[0][0], 30);
    assert_int_equal(palette.alpha.plane[0][0], 128);
    png_write_raw(path, PNG_COLOR_TYPE_GRAY, 1, false);
    load(path, &bits);
    assert_true(bits.grey);
    png_write_raw(path, PNG_COLOR_TYPE_RGB_ALPHA, 8, true);
    load(path, &laced);
    for (int y = 0; y < 16; y++) {
        assert_int_equal(laced.image.plane[0][laced.image.stride_bytes[0] * y + 30], y * 16);
        assert_int_equal(laced.alpha.plane[0][laced.alpha.stride_bytes[0] * y + 15], y * 16);
    }
}

static void a_cmyk_jpeg_becomes_light(void **state)
{
    const char *path = scratch_path(state, "cmyk.jpg");
    FUS_AUTO_STILL struct fus_still in = {0};
    struct jpeg_compress_struct out;
    struct jpeg_error_mgr manager;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    out.err = jpeg_std_error(&manager);
    jpeg_create_compress(&out);
    jpeg_stdio_dest(&out, file);
    out.image_width = out.image_height = 16;
    out.input_components = 4;
    out.in_color_space = JCS_CMYK;
    jpeg_set_defaults(&out);
    jpeg_set_colorspace(&out, JCS_YCCK); /* writes Adobe's marker: samples are inverted */
    jpeg_set_quality(&out, 95, TRUE);
    jpeg_start_compress(&out, TRUE);
    uint8_t row[16 * 4];
    JSAMPROW rows[1] = {row};
    for (int x = 0; x < 16; x++)
        memcpy(row + 4 * x, "\xff\x80\x40\xff", 4); /* light: red 255, green 128, blue 64 */
    while (out.next_scanline < 16)
        jpeg_write_scanlines(&out, rows, 1);
    jpeg_finish_compress(&out);
    jpeg_destroy_compress(&out);
    fclose(file);
    load(path, &in);
    assert_in_range(in.image.plane[0][2], 250, 255);
    assert_in_range(in.image.plane[0][1], 122, 134);
    assert_in_range(in.image.plane[0][0], 58, 70);
    assert_null(in.icc);
}

static void wrong_kinds_get_a_clear_answer(void **state)
{
    struct fus_still in = {0};
    struct fus_error err = {0};
    const char *path = scratch_path(state, "wrong.png");
    file_write(path, "", 0);
    assert_int_equal(fus_still_read(path, &limits, &in, &err), FUS_E_UNSUPPORTED_MEDIA);
    file_write(path, "FLV\1\5zzzzzzzzzz", 15);
    assert_int_equal(fus_still_read(path, &limits, &in, &err), FUS_E_UNSUPPORTED_MEDIA);
    assert_non_null(strstr(err.detail, "FLV"));
    file_write(path,
               "\0\0\0\x10"
               "ftypisom\0\0\2\0",
               16);
    assert_int_equal(fus_still_read(path, &limits, &in, &err), FUS_E_UNSUPPORTED_MEDIA);
    assert_non_null(strstr(err.detail, "clip"));
    assert_int_equal(fus_still_read(scratch_path(state, "no"), &limits, &in, &err),
                     FUS_E_NOT_FOUND);
}

static void every_failing_allocation_is_an_error_without_a_leak(void **state)
{
    for (int c = FUS_CONTAINER_JPEG; c <= FUS_CONTAINER_WEBP; c++) {
        FUS_AUTO_STILL struct fus_still out = {0};
        const char *path = scratch_path(state, "oom");
        still_make(&out, 24, 24, true, false);
        icc_make(&out, "RGB ");
        save(&out, (enum fus_container)c, 90, path);
        for (long k = 0; k < 100; k++) {
            FUS_AUTO_STILL struct fus_still in = {0};
            struct fus_still_options options = {.container = (enum fus_container)c, .quality = 90};
            FUS_AUTO_FREE uint8_t *bytes = NULL;
            size_t size = 0;
            fus_mem_fail_after(k);
            int rc = fus_still_read(path, &limits, &in, NULL);
            if (rc == 0)
                rc = fus_still_encode(&in, &options, &bytes, &size, NULL);
            bool failed = fus_mem_failed();
            fus_mem_fail_off();
            if (!failed) {
                assert_int_equal(rc, 0);
                break;
            }
            assert_true(rc == FUS_E_OUT_OF_MEMORY || in.icc == NULL);
            assert_true(k < 99);
        }
    }
}

static void real_pictures_are_read_and_written(void **state)
{
    static const char *const names[] = {"images/mona_lisa.jpg", "images/astronaut.png",
                                        "images/kodim03.png"};
    for (size_t i = 0; i < FUS_COUNT(names); i++) {
        char path[600];
        FUS_AUTO_STILL struct fus_still in = {0}, again = {0};
        snprintf(path, sizeof(path), "%s/%s", shared_media(), names[i]);
        load(path, &in);
        save(&in, FUS_CONTAINER_PNG, 0, scratch_path(state, "real.png"));
        load(scratch_path(state, "real.png"), &again);
        assert_true(image_difference(&in.image, &again.image) == 0);
    }
}

int main(void)
{
    fus_media_limits_default(&limits);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_comes_back_bit_for_bit),
        cmocka_unit_test(webp_of_quality_100_comes_back_bit_for_bit_even_where_transparent),
        cmocka_unit_test(lossy_formats_stay_near_and_drop_or_keep_alpha),
        cmocka_unit_test(an_icc_profile_is_kept_in_all_three),
        cmocka_unit_test(a_grey_picture_stays_grey_with_its_profile_until_colour_is_painted_on_it),
        cmocka_unit_test(all_eight_orientations_are_applied_to_png),
        cmocka_unit_test(all_eight_orientations_are_applied_to_jpeg),
        cmocka_unit_test(a_cut_or_damaged_file_is_corrupt_never_half_a_picture),
        cmocka_unit_test(an_animated_png_is_refused_by_name),
        cmocka_unit_test(a_damaged_png_body_is_corrupt),
        cmocka_unit_test(huge_headers_are_refused_before_anything_is_allocated),
        cmocka_unit_test(a_picture_beyond_the_limits_is_too_large),
        cmocka_unit_test(sixteen_bits_palettes_low_depths_and_interlacing_are_read),
        cmocka_unit_test(a_cmyk_jpeg_becomes_light),
        cmocka_unit_test(wrong_kinds_get_a_clear_answer),
        cmocka_unit_test(every_failing_allocation_is_an_error_without_a_leak),
        cmocka_unit_test(real_pictures_are_read_and_written),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
