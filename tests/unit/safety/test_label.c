/* Stills: the packet goes in at the right place, comes back, and nothing else changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "fixtures.h"
#include "safety/containers.h"
#include "safety/label.h"

static const struct fus_label label = {
    .type = FUS_DST_COMPOSITE_SYNTHETIC,
    .tool = "fusiond 0.1.0",
    .job_id = "job_20260101_abc<&\">",
    .models = "builtin mesh_blend",
};

static const struct {
    enum fus_container container;
    const char *name;
    const uint8_t *bytes;
    size_t size;
    bool (*find)(struct fus_span, struct fus_span *);
} stills[] = {
    {FUS_CONTAINER_JPEG, "a.jpg", jpeg_small, sizeof(jpeg_small), fus_label_jpeg_find},
    {FUS_CONTAINER_PNG, "a.png", png_small, sizeof(png_small), fus_label_png_find},
    {FUS_CONTAINER_WEBP, "a.webp", webp_vp8, sizeof(webp_vp8), fus_label_webp_find},
    {FUS_CONTAINER_WEBP, "b.webp", webp_vp8l, sizeof(webp_vp8l), fus_label_webp_find},
};

static uint8_t *labelled(size_t i, const struct fus_label *with, size_t *size)
{
    uint8_t *out = NULL;

    assert_int_equal(fus_label_still(stills[i].container, stills[i].bytes, stills[i].size, with,
                                     &out, size, NULL),
                     0);
    return out;
}

static size_t count_of(const void *bytes, size_t size, const char *text)
{
    const uint8_t *at = bytes, *end = at + size;
    size_t n = 0;

    while (at < end && (at = memmem(at, (size_t)(end - at), text, strlen(text)))) {
        n++;
        at++;
    }
    return n;
}

static void every_still_reads_its_label_back(void **state)
{
    struct folder folder = new_folder();

    for (size_t i = 0; i < FUS_COUNT(stills); i++) {
        enum fus_digital_source_type type = FUS_DST_COMPOSITE_TRAINED;
        FUS_AUTO_FREE char *path = fus_fs_join(folder.path, stills[i].name);
        size_t size;
        FUS_AUTO_FREE uint8_t *out = labelled(i, &label, &size);

        save(path, out, size);
        assert_int_equal(fus_label_read(path, &type, NULL), 0);
        assert_int_equal(type, FUS_DST_COMPOSITE_SYNTHETIC);
    }
    fus_fs_remove_tree(folder.path, NULL);
}

static void a_still_without_a_label_has_none(void **state)
{
    struct folder folder = new_folder();

    for (size_t i = 0; i < FUS_COUNT(stills); i++) {
        enum fus_digital_source_type type;
        struct fus_error err = {0};
        FUS_AUTO_FREE char *path = fus_fs_join(folder.path, stills[i].name);

        save(path, stills[i].bytes, stills[i].size);
        assert_int_equal(fus_label_read(path, &type, &err), FUS_E_NOT_FOUND);
    }
    fus_fs_remove_tree(folder.path, NULL);
}

static void a_second_label_replaces_the_first(void **state)
{
    struct fus_label second = label;

    second.type = FUS_DST_COMPOSITE_TRAINED;
    for (size_t i = 0; i < FUS_COUNT(stills); i++) {
        size_t once_size, twice_size, fresh_size;
        FUS_AUTO_FREE uint8_t *once = labelled(i, &label, &once_size);
        FUS_AUTO_FREE uint8_t *fresh = labelled(i, &second, &fresh_size);
        FUS_AUTO_FREE uint8_t *twice = NULL;

        assert_int_equal(fus_label_still(stills[i].container, once, once_size, &second, &twice,
                                         &twice_size, NULL),
                         0);
        assert_int_equal(twice_size, fresh_size);
        assert_memory_equal(twice, fresh, fresh_size);
        assert_int_equal(count_of(twice, twice_size, "<x:xmpmeta"), 1);
    }
}

static void exiftool_reads_the_label_and_finds_no_fault(void **state)
{
    struct folder folder = new_folder();

    if (!have_exiftool()) {
        print_message("exiftool is not installed\n");
        skip();
    }
    for (size_t i = 0; i < FUS_COUNT(stills); i++) {
        FUS_AUTO_FREE char *path = fus_fs_join(folder.path, stills[i].name);
        size_t size;
        FUS_AUTO_FREE uint8_t *out = labelled(i, &label, &size);

        save(path, out, size);

        char *seen = exiftool(path);

        assert_non_null(
            strstr(seen, "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"));
        assert_non_null(strstr(seen, "CreatorTool                     : fusiond 0.1.0"));
        assert_non_null(strstr(seen, "job_20260101_abc<&\">"));
        assert_non_null(strstr(seen, "builtin mesh_blend"));
        assert_non_null(strstr(seen, "Validate                        : OK"));
        assert_null(strstr(seen, "Error"));
        free(seen);
    }
    fus_fs_remove_tree(folder.path, NULL);
}

static void a_jpeg_keeps_jfif_and_exif_in_front(void **state)
{
    /* SOI, JFIF, Exif, old XMP, then the rest of the fixture */
    static const uint8_t exif[] = {0xff, 0xe1, 0x00, 0x0c, 'E', 'x', 'i',
                                   'f',  0,    0,    'M',  'M', 0,   0};
    static const uint8_t old[] = "\xff\xe1\x00\x21http://ns.adobe.com/xap/1.0/\0x";
    uint8_t jpeg[sizeof(jpeg_small) + sizeof(exif) + sizeof(old)];
    size_t size = 0, out_size;
    FUS_AUTO_FREE uint8_t *out = NULL;

    memcpy(jpeg, jpeg_small, 20);
    size = 20;
    memcpy(jpeg + size, exif, sizeof(exif));
    size += sizeof(exif);
    memcpy(jpeg + size, old, 35);
    size += 35;
    memcpy(jpeg + size, jpeg_small + 20, sizeof(jpeg_small) - 20);
    size += sizeof(jpeg_small) - 20;

    assert_int_equal(fus_label_still(FUS_CONTAINER_JPEG, jpeg, size, &label, &out, &out_size, NULL),
                     0);
    assert_memory_equal(out, jpeg, 20 + sizeof(exif));
    assert_int_equal(out[20 + sizeof(exif)], 0xff);
    assert_int_equal(out[20 + sizeof(exif) + 1], 0xe1);
    assert_int_equal(count_of(out, out_size, "http://ns.adobe.com/xap/1.0/"),
                     2); /* name, namespace */
    assert_memory_equal(out + out_size - (sizeof(jpeg_small) - 20), jpeg_small + 20,
                        sizeof(jpeg_small) - 20);
}

static void a_simple_webp_becomes_an_extended_one_of_the_same_size(void **state)
{
    static const struct {
        size_t still;
        uint8_t flags, width_less_1, height_less_1;
    } rows[] = {{2, 0x04, 7, 7}, {3, 0x04, 5, 3}};

    for (size_t i = 0; i < FUS_COUNT(rows); i++) {
        size_t size;
        FUS_AUTO_FREE uint8_t *out = labelled(rows[i].still, &label, &size);

        assert_memory_equal(out + 12, "VP8X", 4);
        assert_int_equal(out[20], rows[i].flags);
        assert_int_equal(out[24], rows[i].width_less_1);
        assert_int_equal(out[27], rows[i].height_less_1);
        assert_int_equal(fus_le32(out + 4), size - 8);
        /* the picture's own chunk follows as it was */
        assert_memory_equal(out + 30, stills[rows[i].still].bytes + 12,
                            stills[rows[i].still].size - 12);
    }
}

static void a_cut_still_is_never_labelled(void **state)
{
    for (size_t i = 0; i < FUS_COUNT(stills); i++) {
        size_t whole = stills[i].container == FUS_CONTAINER_JPEG ? 182 : stills[i].size;

        for (size_t size = 0; size < whole; size++) {
            FUS_AUTO_FREE uint8_t *cut = fus_malloc(size ? size : 1);
            uint8_t *out = NULL;
            size_t out_size;
            struct fus_error err = {0};

            if (size)
                memcpy(cut, stills[i].bytes, size);
            assert_int_equal(
                fus_label_still(stills[i].container, cut, size, &label, &out, &out_size, &err),
                FUS_E_LABELLING_FAILED);
            assert_null(out);
        }
    }
}

static void a_container_without_a_place_is_refused(void **state)
{
    uint8_t *out = NULL;
    size_t size;

    assert_int_equal(fus_label_still(FUS_CONTAINER_UNKNOWN, png_small, sizeof(png_small), &label,
                                     &out, &size, NULL),
                     FUS_E_LABELLING_FAILED);
    assert_int_equal(fus_label_still(FUS_CONTAINER_JPEG, png_small, sizeof(png_small), &label, &out,
                                     &size, NULL),
                     FUS_E_LABELLING_FAILED);
}

static void running_out_of_memory_is_an_error(void **state)
{
    for (size_t i = 0; i < FUS_COUNT(stills); i++) {
        for (long calls = 0;; calls++) {
            uint8_t *out = NULL;
            size_t size;

            fus_mem_fail_after(calls);

            int rc = fus_label_still(stills[i].container, stills[i].bytes, stills[i].size, &label,
                                     &out, &size, NULL);
            bool failed = fus_mem_failed();

            fus_mem_fail_off();
            if (!failed) {
                assert_int_equal(rc, 0);
                fus_free(out);
                break;
            }
            assert_int_equal(rc, FUS_E_OUT_OF_MEMORY);
            assert_null(out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_still_reads_its_label_back),
        cmocka_unit_test(a_still_without_a_label_has_none),
        cmocka_unit_test(a_second_label_replaces_the_first),
        cmocka_unit_test(exiftool_reads_the_label_and_finds_no_fault),
        cmocka_unit_test(a_jpeg_keeps_jfif_and_exif_in_front),
        cmocka_unit_test(a_simple_webp_becomes_an_extended_one_of_the_same_size),
        cmocka_unit_test(a_cut_still_is_never_labelled),
        cmocka_unit_test(a_container_without_a_place_is_refused),
        cmocka_unit_test(running_out_of_memory_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
