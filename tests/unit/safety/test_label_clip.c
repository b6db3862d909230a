/* Clips: the uuid box of mp4 and mov, the tag of Matroska. */
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
    .type = FUS_DST_COMPOSITE_TRAINED,
    .tool = "fusiond 0.1.0",
    .job_id = "job_20260101_abcdef",
    .models = "hyperswap_1a_256",
};

struct clip {
    struct folder folder;
    char path[96];
};

static struct clip new_clip(const void *bytes, size_t size, const char *name)
{
    struct clip clip = {.folder = new_folder()};

    snprintf(clip.path, sizeof(clip.path), "%s/%s", clip.folder.path, name);
    save(clip.path, bytes, size);
    return clip;
}

static void end_clip(struct clip *clip)
{
    fus_fs_remove_tree(clip->folder.path, NULL);
}

/* The file's bytes; *size. */
static uint8_t *load(const char *path, size_t *size)
{
    void *bytes = NULL;

    assert_int_equal(fus_fs_read(path, 1 << 20, &bytes, size, NULL), 0);
    return bytes;
}

static void an_mp4_gets_its_box_at_the_end_and_keeps_the_rest(void **state)
{
    struct clip clip = new_clip(mp4_boxes, sizeof(mp4_boxes), "a.mp4");
    enum fus_digital_source_type type = FUS_DST_COMPOSITE_SYNTHETIC;
    size_t size;

    assert_int_equal(fus_label_read(clip.path, &type, NULL), FUS_E_NOT_FOUND);
    assert_int_equal(fus_label_clip(clip.path, FUS_CONTAINER_MP4, &label, NULL), 0);
    assert_int_equal(fus_label_read(clip.path, &type, NULL), 0);
    assert_int_equal(type, FUS_DST_COMPOSITE_TRAINED);

    FUS_AUTO_FREE uint8_t *bytes = load(clip.path, &size);

    assert_memory_equal(bytes, mp4_boxes, sizeof(mp4_boxes));
    assert_memory_equal(bytes + sizeof(mp4_boxes) + 4, "uuid", 4);
    end_clip(&clip);
}

static void labelling_twice_leaves_one_box(void **state)
{
    struct clip clip = new_clip(mp4_boxes, sizeof(mp4_boxes), "a.mp4");
    struct fus_label other = label;
    enum fus_digital_source_type type;
    size_t size;

    other.type = FUS_DST_COMPOSITE_SYNTHETIC;
    assert_int_equal(fus_label_clip(clip.path, FUS_CONTAINER_MP4, &other, NULL), 0);
    assert_int_equal(fus_label_clip(clip.path, FUS_CONTAINER_MOV, &label, NULL), 0);
    assert_int_equal(fus_label_read(clip.path, &type, NULL), 0);
    assert_int_equal(type, FUS_DST_COMPOSITE_TRAINED);

    FUS_AUTO_FREE uint8_t *bytes = load(clip.path, &size);
    uint8_t *first = memmem(bytes, size, "uuid", 4);

    assert_non_null(first);
    assert_null(memmem(first + 4, size - (size_t)(first + 4 - bytes), "uuid", 4));
    end_clip(&clip);
}

static void an_old_label_in_the_middle_is_taken_out_of_use(void **state)
{
    struct clip clip = new_clip(mp4_boxes, sizeof(mp4_boxes), "a.mp4");
    struct fus_label other = label;
    enum fus_digital_source_type type;
    static const uint8_t more[] = {0, 0, 0, 12, 'm', 'd', 'a', 't', 1, 2, 3, 4};
    FILE *file;

    other.type = FUS_DST_COMPOSITE_SYNTHETIC;
    assert_int_equal(fus_label_clip(clip.path, FUS_CONTAINER_MP4, &other, NULL), 0);
    file = fopen(clip.path, "ab");
    assert_non_null(file);
    assert_int_equal(fwrite(more, 1, sizeof(more), file), sizeof(more));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(fus_label_clip(clip.path, FUS_CONTAINER_MP4, &label, NULL), 0);
    assert_int_equal(fus_label_read(clip.path, &type, NULL), 0);
    assert_int_equal(type, FUS_DST_COMPOSITE_TRAINED);
    end_clip(&clip);
}

static void a_box_that_reaches_to_the_end_does_not_swallow_the_label(void **state)
{
    uint8_t bytes[sizeof(mp4_boxes)];
    enum fus_digital_source_type type;

    memcpy(bytes, mp4_boxes, sizeof(bytes));
    bytes[28 + 3] = 0; /* mdat: size 0 */

    struct clip clip = new_clip(bytes, sizeof(bytes), "a.mp4");
    size_t size;

    assert_int_equal(fus_label_clip(clip.path, FUS_CONTAINER_MP4, &label, NULL), 0);
    assert_int_equal(fus_label_read(clip.path, &type, NULL), 0);

    FUS_AUTO_FREE uint8_t *out = load(clip.path, &size);

    assert_memory_equal(out, mp4_boxes, sizeof(mp4_boxes));
    end_clip(&clip);
}

static void exiftool_reads_the_box(void **state)
{
    if (!have_exiftool()) {
        print_message("exiftool is not installed\n");
        skip();
    }

    struct clip clip = new_clip(mp4_boxes, sizeof(mp4_boxes), "a.mp4");

    assert_int_equal(fus_label_clip(clip.path, FUS_CONTAINER_MP4, &label, NULL), 0);

    char *seen = exiftool(clip.path);

    assert_non_null(strstr(
        seen,
        "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"));
    assert_non_null(strstr(seen, "fusiond 0.1.0"));
    free(seen);
    end_clip(&clip);
}

static void damaged_boxes_are_refused(void **state)
{
    for (size_t cut = 0; cut < sizeof(mp4_boxes); cut++) {
        struct clip clip = new_clip(mp4_boxes, cut, "a.mp4");
        int rc = fus_label_clip(clip.path, FUS_CONTAINER_MP4, &label, NULL);

        /* 28: ftyp and moov whole, nothing behind: a sound file */
        assert_int_equal(rc, cut == 28 ? 0 : FUS_E_LABELLING_FAILED);
        end_clip(&clip);
    }
}

/* EBML by hand: ids and sizes of one or two bytes. */
static void put_element(uint8_t *out, size_t *at, const char *id, const void *data, size_t size)
{
    memcpy(out + *at, id, strlen(id));
    *at += strlen(id);
    out[(*at)++] = (uint8_t)(0x40 | size >> 8);
    out[(*at)++] = (uint8_t)size;
    memcpy(out + *at, data, size);
    *at += size;
}

static size_t make_matroska(uint8_t *out, const char *name, const char *value)
{
    uint8_t simple[512], tag[512], tags[512], segment[1024];
    size_t simple_size = 0, tag_size = 0, tags_size = 0, segment_size = 0, size = 0;

    put_element(simple, &simple_size, "\x45\xa3", name, strlen(name));
    put_element(simple, &simple_size, "\x44\x87", value, strlen(value));
    put_element(tag, &tag_size, "\x67\xc8", simple, simple_size);
    put_element(tags, &tags_size, "\x73\x73", tag, tag_size);
    put_element(segment, &segment_size, "\xec", "void", 4);
    put_element(segment, &segment_size, "\x12\x54\xc3\x67", tags, tags_size);
    put_element(out, &size, "\x1a\x45\xdf\xa3", "", 0);
    put_element(out, &size, "\x18\x53\x80\x67", segment, segment_size);
    return size;
}

static void a_matroska_clip_is_taken_only_with_its_tag(void **state)
{
    uint8_t bytes[2048];
    enum fus_digital_source_type type;
    size_t size = make_matroska(bytes, "DIGITAL_SOURCE_TYPE", fus_label_uri(label.type));
    struct clip clip = new_clip(bytes, size, "a.mkv");

    assert_int_equal(fus_label_read(clip.path, &type, NULL), 0);
    assert_int_equal(type, FUS_DST_COMPOSITE_TRAINED);
    assert_int_equal(fus_label_clip(clip.path, FUS_CONTAINER_MKV, &label, NULL), 0);
    for (size_t cut = 0; cut < size; cut++) {
        save(clip.path, bytes, cut);
        assert_int_equal(fus_label_clip(clip.path, FUS_CONTAINER_MKV, &label, NULL),
                         FUS_E_LABELLING_FAILED);
    }
    size = make_matroska(bytes, "DIGITAL_SOURCE_TYPE", fus_label_uri(FUS_DST_COMPOSITE_SYNTHETIC));
    save(clip.path, bytes, size);
    assert_int_equal(fus_label_clip(clip.path, FUS_CONTAINER_MKV, &label, NULL),
                     FUS_E_LABELLING_FAILED);
    size = make_matroska(bytes, "TITLE", fus_label_uri(label.type));
    save(clip.path, bytes, size);
    assert_int_equal(fus_label_read(clip.path, &type, NULL), FUS_E_NOT_FOUND);
    end_clip(&clip);
}

static void the_writers_tags_are_pairs_with_an_end(void **state)
{
    struct fus_label_tags tags;
    struct fus_label small = {.type = FUS_DST_COMPOSITE_SYNTHETIC, .tool = "fusiond 0.1.0"};

    fus_label_tags(&label, &tags);
    assert_string_equal(tags.items[0], "DIGITAL_SOURCE_TYPE");
    assert_string_equal(tags.items[1], fus_label_uri(FUS_DST_COMPOSITE_TRAINED));
    assert_string_equal(tags.items[5], "job_20260101_abcdef");
    assert_null(tags.items[8]);
    fus_label_tags(&small, &tags);
    assert_string_equal(tags.items[3], "fusiond 0.1.0");
    assert_null(tags.items[4]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_mp4_gets_its_box_at_the_end_and_keeps_the_rest),
        cmocka_unit_test(labelling_twice_leaves_one_box),
        cmocka_unit_test(an_old_label_in_the_middle_is_taken_out_of_use),
        cmocka_unit_test(a_box_that_reaches_to_the_end_does_not_swallow_the_label),
        cmocka_unit_test(exiftool_reads_the_box),
        cmocka_unit_test(damaged_boxes_are_refused),
        cmocka_unit_test(a_matroska_clip_is_taken_only_with_its_tag),
        cmocka_unit_test(the_writers_tags_are_pairs_with_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
