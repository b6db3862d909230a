#include "media/sniff.h"

#include "media_test.h"

#define SNIFF(text, container, err) \
    fus_sniff_bytes((const uint8_t *)(text), sizeof(text) - 1, container, err)

static void the_six_containers_are_known_by_their_bytes(void **state)
{
    (void)state;
    enum fus_container c = FUS_CONTAINER_UNKNOWN;
    struct fus_error err = {0};
    assert_ok(SNIFF("\xff\xd8\xff\xe0zzzz", &c, &err));
    assert_int_equal(c, FUS_CONTAINER_JPEG);
    assert_ok(SNIFF("\x89PNG\r\n\x1a\nzzzz", &c, &err));
    assert_int_equal(c, FUS_CONTAINER_PNG);
    assert_ok(SNIFF("RIFF\x10\0\0\0WEBPVP8 ", &c, &err));
    assert_int_equal(c, FUS_CONTAINER_WEBP);
    assert_ok(SNIFF("\0\0\0\x18"
                    "ftypisom\0\0\2\0isomiso2",
                    &c, &err));
    assert_int_equal(c, FUS_CONTAINER_MP4);
    assert_ok(SNIFF("\0\0\0\x14"
                    "ftypqt  \0\0\2\0qt  ",
                    &c, &err));
    assert_int_equal(c, FUS_CONTAINER_MOV);
    assert_ok(SNIFF("\0\0\0\x08wide\0\0\1\0mdat", &c, &err));
    assert_int_equal(c, FUS_CONTAINER_MOV);
    assert_ok(SNIFF("\x1a\x45\xdf\xa3\x8f\x42\x86\x81\x01\x42\x82\x88matroska", &c, &err));
    assert_int_equal(c, FUS_CONTAINER_MKV);
}

static void the_others_are_known_too(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        enum fus_container container;
    } cases[] = {
#define CASE(bytes, container) {bytes, sizeof(bytes) - 1, container}
        CASE("GIF89a\1\0\1\0", FUS_CONTAINER_GIF),
        CASE("GIF87a\1\0\1\0", FUS_CONTAINER_GIF),
        CASE("BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\1", FUS_CONTAINER_BMP),
        CASE("II*\0\x08\0\0\0", FUS_CONTAINER_TIFF),
        CASE("MM\0*\0\0\0\x08", FUS_CONTAINER_TIFF),
        CASE("RIFF\x10\0\0\0AVI LIST", FUS_CONTAINER_AVI),
        CASE("\x1a\x45\xdf\xa3\x8b\x42\x86\x81\x01\x42\x82\x84webm", FUS_CONTAINER_WEBM),
        CASE("\0\0\0\x18"
             "ftypM4V \0\0\2\0M4V isom",
             FUS_CONTAINER_M4V),
        CASE("\0\0\1\xba\x44", FUS_CONTAINER_MPEG),
        CASE("\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", FUS_CONTAINER_WMV),
        CASE("\x06\x0e\x2b\x34\x02\x05\x01\x01", FUS_CONTAINER_MXF),
#undef CASE
    };
    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        enum fus_container c = FUS_CONTAINER_UNKNOWN;
        struct fus_error err = {0};
        assert_ok(fus_sniff_bytes((const uint8_t *)cases[i].bytes, cases[i].size, &c, &err));
        assert_int_equal(c, cases[i].container);
    }
    uint8_t packets[600] = {0};
    enum fus_container c = FUS_CONTAINER_UNKNOWN;
    packets[0] = packets[188] = packets[376] = 0x47;
    assert_int_equal(fus_sniff_bytes(packets, sizeof(packets), &c, NULL), 0);
    assert_int_equal(c, FUS_CONTAINER_MPEGTS);
    packets[376] = 0;
    assert_int_equal(fus_sniff_bytes(packets, sizeof(packets), &c, NULL), FUS_E_UNSUPPORTED_MEDIA);
}

static void what_has_no_place_for_the_label_is_no_output(void **state)
{
    (void)state;
    static const enum fus_container refused[] = {
        FUS_CONTAINER_BMP,     FUS_CONTAINER_GIF,  FUS_CONTAINER_GIF_CLIP, FUS_CONTAINER_MXF,
        FUS_CONTAINER_UNKNOWN, FUS_CONTAINER_MPEG, FUS_CONTAINER_MPEGTS};
    for (size_t i = 0; i < FUS_COUNT(refused); i++)
        assert_int_equal(fus_container_check_output(refused[i], NULL), FUS_E_INVALID_PARAMETER);
    struct fus_error err = {0};
    assert_int_equal(fus_container_check_output(FUS_CONTAINER_BMP, &err), FUS_E_INVALID_PARAMETER);
    assert_string_equal(err.detail, "A BMP can't carry the label that says it is synthetic.");
    for (int i = FUS_CONTAINER_JPEG; i <= FUS_CONTAINER_TIFF; i++)
        assert_int_equal(fus_container_check_output((enum fus_container)i, NULL), 0);
}

static void known_formats_that_are_not_taken_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *name;
    } cases[] = {
#define CASE(bytes, name) {bytes, sizeof(bytes) - 1, name}
        CASE("\0\0\0\x18"
             "ftypheic\0\0\0\0mif1heic",
             "HEIC"),
        CASE("\0\0\0\x1c"
             "ftypmif1\0\0\0\0mif1avif",
             "AVIF"),
        CASE("\0\0\0\x1c"
             "ftypmif1\0\0\0\0mif1heic",
             "HEIC"),
        CASE("\0\0\0\x18"
             "ftypavif\0\0\0\0mif1avif",
             "AVIF"),
        CASE("\0\0\0\x18"
             "ftypM4A \0\0\0\0M4A mp42",
             "M4A"),
        CASE("RIFF\x10\0\0\0WAVEfmt ", "WAV"),
        CASE("\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        CASE("OggS\0\2", "Ogg"),
        CASE("FLV\1\5", "FLV"),
        CASE("%PDF-1.7\n", "PDF"),
        CASE("ffconcat version 1.0\nfile '/etc/passwd'\n", "ffconcat"),
        CASE("  \nffconcat version 1.0\n", "ffconcat"),
        CASE("#EXTM3U\n#EXT-X-TARGETDURATION:10\n", "HLS"),
        CASE("<?xml version=\"1.0\"?><svg/>", "XML"),
        CASE("file 'a.mp4'\nfile 'b.mp4'\n", "Text"),
#undef CASE
    };
    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        enum fus_container c = FUS_CONTAINER_UNKNOWN;
        struct fus_error err = {0};
        assert_int_equal(fus_sniff_bytes((const uint8_t *)cases[i].bytes, cases[i].size, &c, &err),
                         FUS_E_UNSUPPORTED_MEDIA);
        if (!strstr(err.detail, cases[i].name))
            fail_msg("%s is not in: %s", cases[i].name, err.detail);
        assert_int_equal(c, FUS_CONTAINER_UNKNOWN);
    }
}

static void empty_and_unknown_bytes_are_unsupported(void **state)
{
    (void)state;
    enum fus_container c = FUS_CONTAINER_UNKNOWN;
    struct fus_error err = {0};
    assert_int_equal(fus_sniff_bytes(NULL, 0, &c, &err), FUS_E_UNSUPPORTED_MEDIA);
    assert_string_equal(err.detail, "The file is empty.");
    assert_int_equal(SNIFF("\1\2\3\4\5\6\7\x08\x09", &c, &err), FUS_E_UNSUPPORTED_MEDIA);
    assert_int_equal(SNIFF("\xff", &c, &err), FUS_E_UNSUPPORTED_MEDIA);
}

static void every_prefix_of_every_mark_is_taken_without_reading_beyond(void **state)
{
    (void)state;
    static const char mkv[] = "\x1a\x45\xdf\xa3\x8f\x42\x86\x81\x01\x42\x82\x88matroska";
    static const char mp4[] = "\0\0\0\x1c"
                              "ftypmif1\0\0\0\0mif1avif";
    for (size_t n = 0; n < sizeof(mkv); n++) {
        uint8_t *copy = malloc(n ? n : 1); /* exact, so that a sanitizer sees each step too far */
        enum fus_container c = FUS_CONTAINER_UNKNOWN;
        assert_non_null(copy);
        memcpy(copy, mkv, n);
        int rc = fus_sniff_bytes(copy, n, &c, NULL);
        assert_true(rc < 0 || c == FUS_CONTAINER_MKV);
        memcpy(copy, mp4, n < sizeof(mp4) ? n : sizeof(mp4));
        assert_true(fus_sniff_bytes(copy, n, &c, NULL) <= 0);
        free(copy);
    }
}

static void a_missing_file_and_a_folder_are_told_apart(void **state)
{
    enum fus_container c = FUS_CONTAINER_UNKNOWN;
    struct fus_error err = {0};
    assert_int_equal(fus_media_sniff(scratch_path(state, "none"), &c, &err), FUS_E_NOT_FOUND);
    assert_null(strstr(err.detail, "/"));
    assert_int_equal(fus_media_sniff(*state, &c, &err), FUS_E_UNSUPPORTED_MEDIA);
    assert_int_equal(fus_media_sniff("/dev/zero", &c, &err), FUS_E_UNSUPPORTED_MEDIA);
}

static void names_go_there_and_back(void **state)
{
    (void)state;
    assert_int_equal(fus_container_from_name("JPEG"), FUS_CONTAINER_JPEG);
    assert_int_equal(fus_container_from_name("tif"), FUS_CONTAINER_TIFF);
    assert_int_equal(fus_container_from_name("MPG"), FUS_CONTAINER_MPEG);
    assert_int_equal(fus_container_from_name("flv"), FUS_CONTAINER_UNKNOWN);
    assert_int_equal(fus_container_from_name(NULL), FUS_CONTAINER_UNKNOWN);
    for (int i = FUS_CONTAINER_JPEG; i <= FUS_CONTAINER_MPEGTS; i++)
        if (i != FUS_CONTAINER_GIF_CLIP) /* a GIF by name is a still */
            assert_int_equal(fus_container_from_name(fus_container_name((enum fus_container)i)), i);
    assert_string_equal(fus_container_mime(FUS_CONTAINER_MOV), "video/quicktime");
    assert_true(fus_container_is_video(FUS_CONTAINER_MKV));
    assert_false(fus_container_is_video(FUS_CONTAINER_PNG));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_six_containers_are_known_by_their_bytes),
        cmocka_unit_test(the_others_are_known_too),
        cmocka_unit_test(what_has_no_place_for_the_label_is_no_output),
        cmocka_unit_test(known_formats_that_are_not_taken_are_refused_by_name),
        cmocka_unit_test(empty_and_unknown_bytes_are_unsupported),
        cmocka_unit_test(every_prefix_of_every_mark_is_taken_without_reading_beyond),
        cmocka_unit_test(a_missing_file_and_a_folder_are_told_apart),
        cmocka_unit_test(names_go_there_and_back),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
