/* TIFF's tag, AVI's chunk, ASF's object, on files made by the ffmpeg command and read back by
 * exiftool where they are there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "fixtures.h"
#include "safety/label.h"

static const struct fus_label label = {
    .type = FUS_DST_COMPOSITE_TRAINED, .tool = "fusiond 0.1.0", .job_id = "job_1", .models = "m"};

static bool there(const char *command)
{
    char line[128];

    snprintf(line, sizeof(line), "%s >/dev/null 2>&1", command);
    return system(line) == 0;
}

static void make(const struct folder *folder, const char *name, const char *options, char path[128])
{
    char command[512];

    if (!there("ffmpeg -version")) {
        print_message("skipped: no ffmpeg command\n");
        skip();
    }
    snprintf(path, 128, "%s/%s", folder->path, name);
    snprintf(command, sizeof(command),
             "ffmpeg -nostdin -loglevel error -y -f lavfi -i testsrc=size=64x48:rate=5:duration=1 "
             "%s %s",
             options, path);
    assert_int_equal(system(command), 0);
}

/* exiftool finds the term, ffmpeg still decodes all of it. */
static void assert_others_read_it(const char *path)
{
    char command[512];

    snprintf(command, sizeof(command), "ffmpeg -nostdin -v error -xerror -i %s -f null -", path);
    assert_int_equal(system(command), 0);
    if (!there("exiftool -ver")) {
        print_message("no exiftool: not read back by it\n");
        return;
    }
    snprintf(command, sizeof(command),
             "exiftool -n -XMP-iptcExt:DigitalSourceType %s | grep -q compositeWithTrained", path);
    if (system(command) != 0)
        fail_msg("exiftool finds no label in %s", path);
}

static void clips_are_labelled_in_their_places(void **state)
{
    (void)state;
    static const struct {
        const char *name, *options;
        enum fus_container container;
    } cases[] = {
        {"padded.avi", "-c:v mjpeg -metadata_header_padding 8192", FUS_CONTAINER_AVI},
        {"plain.avi", "-c:v mjpeg", FUS_CONTAINER_AVI},
        {"a.wmv", "-c:v wmv2", FUS_CONTAINER_WMV},
        {"a.m4v", "-c:v libx264", FUS_CONTAINER_M4V},
    };

    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        struct folder folder = new_folder();
        struct fus_label other = label;
        enum fus_digital_source_type type;
        char path[128];

        make(&folder, cases[i].name, cases[i].options, path);
        assert_int_equal(fus_label_read(path, &type, NULL), FUS_E_NOT_FOUND);
        other.type = FUS_DST_COMPOSITE_SYNTHETIC;
        assert_int_equal(fus_label_clip(path, cases[i].container, &other, NULL), 0);
        assert_int_equal(fus_label_read(path, &type, NULL), 0);
        assert_int_equal(type, FUS_DST_COMPOSITE_SYNTHETIC);
        assert_int_equal(fus_label_clip(path, cases[i].container, &label, NULL), 0);
        assert_int_equal(fus_label_read(path, &type, NULL), 0);
        assert_int_equal(type, FUS_DST_COMPOSITE_TRAINED);
        assert_others_read_it(path);
        fus_fs_remove_tree(folder.path, NULL);
    }
}

static void a_tiff_gets_tag_700_once(void **state)
{
    (void)state;
    struct folder folder = new_folder();
    enum fus_digital_source_type type;
    char path[128];
    void *bytes = NULL;
    size_t size = 0;

    make(&folder, "a.tiff", "-frames:v 1", path);
    assert_int_equal(fus_label_read(path, &type, NULL), FUS_E_NOT_FOUND);
    for (int i = 0; i < 2; i++) {
        uint8_t *out = NULL;
        size_t out_size = 0;

        assert_int_equal(fus_fs_read(path, 1 << 20, &bytes, &size, NULL), 0);
        assert_int_equal(
            fus_label_still(FUS_CONTAINER_TIFF, bytes, size, &label, &out, &out_size, NULL), 0);
        save(path, out, out_size);
        for (size_t keep = 0; keep < size; keep += 1 + size / 97) { /* damage is told, or copied */
            uint8_t *cut = NULL;
            size_t cut_size = 0;

            if (fus_label_still(FUS_CONTAINER_TIFF, bytes, keep, &label, &cut, &cut_size, NULL) ==
                0)
                fus_free(cut);
        }
        fus_free(out);
        fus_free(bytes);
        assert_int_equal(fus_label_read(path, &type, NULL), 0);
        assert_int_equal(type, FUS_DST_COMPOSITE_TRAINED);
        assert_others_read_it(path);
    }
    fus_fs_remove_tree(folder.path, NULL);
}

static void containers_without_a_place_are_refused(void **state)
{
    (void)state;
    static const enum fus_container none[] = {FUS_CONTAINER_MXF, FUS_CONTAINER_MPEG,
                                              FUS_CONTAINER_MPEGTS, FUS_CONTAINER_GIF_CLIP};
    struct folder folder = new_folder();
    char path[128];

    snprintf(path, sizeof(path), "%s/x", folder.path);
    save(path, "RIFF\x04\0\0\0AVI ", 12);
    for (size_t i = 0; i < FUS_COUNT(none); i++)
        assert_int_equal(fus_label_clip(path, none[i], &label, NULL), FUS_E_LABELLING_FAILED);
    assert_int_equal(fus_label_clip(path, FUS_CONTAINER_WMV, &label, NULL), FUS_E_LABELLING_FAILED);
    assert_true(fus_label_by_tags(FUS_CONTAINER_WEBM) && fus_label_by_tags(FUS_CONTAINER_MKV));
    assert_false(fus_label_by_tags(FUS_CONTAINER_AVI) || fus_label_by_tags(FUS_CONTAINER_BMP));
    fus_fs_remove_tree(folder.path, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clips_are_labelled_in_their_places),
        cmocka_unit_test(a_tiff_gets_tag_700_once),
        cmocka_unit_test(containers_without_a_place_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
