/* Bad clips, small limits, full disks, no memory: a clear answer each, nothing lost, nothing
 * leaked. */
#include "clip_test.h"

#include <signal.h>
#include <sys/resource.h>

static struct fus_media_limits limits;

static void *file_bytes(const char *path, size_t *size)
{
    void *bytes = NULL;
    struct fus_error err = {0};
    assert_ok(fus_fs_read(path, 1 << 24, &bytes, size, &err));
    return bytes;
}

static void small_clip(const char *path, enum fus_container container)
{
    struct clip_spec clip;
    clip_spec_default(&clip);
    clip.options.container = container;
    clip.spec.audio_rate = 44100;
    clip.spec.audio_channels = 1;
    clip_make(path, &clip);
}

static void a_clip_cut_anywhere_is_corrupt(void **state)
{
    for (int c = FUS_CONTAINER_MP4; c <= FUS_CONTAINER_MKV; c++) {
        const char *whole = scratch_path(state, "whole"), *cut = scratch_path(state, "cut");
        size_t size = 0;
        small_clip(whole, (enum fus_container)c);
        uint8_t *bytes = file_bytes(whole, &size);
        for (size_t keep = 64; keep < size; keep += 1 + size / 23) {
            struct fus_media_info info;
            struct clip_seen seen;
            struct fus_error err = {0};
            file_write(cut, bytes, keep);
            assert_int_equal(fus_media_probe(cut, &limits, &info, &err), FUS_E_CORRUPT_MEDIA);
            assert_int_equal(clip_read(cut, &limits, NULL, &seen, &err), FUS_E_CORRUPT_MEDIA);
        }
        fus_free(bytes);
    }
}

static void damage_inside_a_clip_is_survived(void **state)
{
    for (int c = FUS_CONTAINER_MP4; c <= FUS_CONTAINER_MKV; c++) {
        const char *whole = scratch_path(state, "whole"), *bad = scratch_path(state, "bad");
        size_t size = 0;
        uint32_t seed = 99;
        small_clip(whole, (enum fus_container)c);
        uint8_t *bytes = file_bytes(whole, &size);
        for (int round = 0; round < 40; round++) {
            struct clip_seen seen;
            struct fus_error err = {0};
            uint8_t *copy = malloc(size);
            assert_non_null(copy);
            memcpy(copy, bytes, size);
            for (int i = 0; i < 1 + round; i++) {
                size_t at = (noise(&seed) << 16 | noise(&seed) << 8 | noise(&seed)) % size;
                copy[at] = (uint8_t)noise(&seed);
            }
            file_write(bad, copy, size);
            free(copy);
            int rc = clip_read(bad, &limits, NULL, &seen, &err);
            assert_true(rc == 0 || err.detail[0]);
            assert_true(rc == 0 || rc == FUS_E_CORRUPT_MEDIA || rc == FUS_E_UNSUPPORTED_MEDIA ||
                        rc == FUS_E_MEDIA_TOO_LARGE || rc == FUS_E_VIDEO_TOO_LONG ||
                        rc == FUS_E_OUT_OF_MEMORY);
        }
        fus_free(bytes);
    }
}

static void a_list_of_files_named_mp4_opens_no_file(void **state)
{
    char text[600];
    struct fus_media_info info;
    struct fus_reader *reader = NULL;
    struct fus_reader_options options = {.threads = 1};
    struct fus_error err = {0};
    const char *path = scratch_path(state, "list.mp4"), *clip = scratch_path(state, "inner.mp4");
    small_clip(clip, FUS_CONTAINER_MP4);
    snprintf(text, sizeof(text), "ffconcat version 1.0\nfile '%s'\n", clip);
    file_write(path, text, strlen(text));
    assert_int_equal(fus_media_probe(path, &limits, &info, &err), FUS_E_UNSUPPORTED_MEDIA);
    assert_non_null(strstr(err.detail, "ffconcat"));
    assert_int_equal(fus_reader_open(path, &limits, &options, &reader, &err),
                     FUS_E_UNSUPPORTED_MEDIA);
    snprintf(text, sizeof(text), "#EXTM3U\n#EXTINF:1,\nfile://%s\n", clip);
    file_write(path, text, strlen(text));
    assert_int_equal(fus_media_probe(path, &limits, &info, &err), FUS_E_UNSUPPORTED_MEDIA);
}

static void empty_missing_and_wrong_files_are_told_apart(void **state)
{
    struct fus_media_info info;
    struct fus_reader *reader = NULL;
    struct fus_reader_options options = {.threads = 1};
    struct fus_error err = {0};
    const char *path = scratch_path(state, "x.mp4");
    assert_int_equal(fus_media_probe(path, &limits, &info, &err), FUS_E_NOT_FOUND);
    file_write(path, "", 0);
    assert_int_equal(fus_media_probe(path, &limits, &info, &err), FUS_E_UNSUPPORTED_MEDIA);
    file_write(path, "\x89PNG\r\n\x1a\n", 8);
    assert_int_equal(fus_reader_open(path, &limits, &options, &reader, &err),
                     FUS_E_UNSUPPORTED_MEDIA);
    assert_non_null(strstr(err.detail, "png"));
    file_write(path,
               "\0\0\0\x10"
               "ftypisom\0\0\2\0",
               16); /* a head without a body */
    assert_int_equal(fus_media_probe(path, &limits, &info, &err), FUS_E_CORRUPT_MEDIA);
}

static void limits_hold(void **state)
{
    struct fus_media_limits small = limits;
    struct fus_media_info info;
    struct clip_seen seen;
    struct fus_error err = {0};
    const char *path = scratch_path(state, "l.mp4");
    small_clip(path, FUS_CONTAINER_MP4); /* 96 x 64, 30 frames, 1.2 s, 2 streams */
    assert_ok(fus_media_probe(path, &limits, &info, &err));
    small.max_pixels = 96 * 64 - 1;
    assert_int_equal(fus_media_probe(path, &small, &info, &err), FUS_E_MEDIA_TOO_LARGE);
    small = limits;
    small.max_dimension = 95;
    assert_int_equal(fus_media_probe(path, &small, &info, &err), FUS_E_MEDIA_TOO_LARGE);
    small = limits;
    small.max_seconds = 1;
    assert_int_equal(fus_media_probe(path, &small, &info, &err), FUS_E_VIDEO_TOO_LONG);
    small = limits;
    small.max_frames = 29;
    assert_int_equal(clip_read(path, &small, NULL, &seen, &err), FUS_E_VIDEO_TOO_LONG);
    small = limits;
    small.max_streams = 1;
    assert_int_equal(fus_media_probe(path, &small, &info, &err), FUS_E_MEDIA_TOO_LARGE);
    small = limits;
    small.max_bytes = 100;
    assert_int_equal(fus_media_probe(path, &small, &info, &err), FUS_E_MEDIA_TOO_LARGE);
}

static void a_full_disk_is_storage_unavailable_at_every_step(void **state)
{
    struct rlimit old, tight;
    const char *from = scratch_path(state, "from.mp4"), *to = scratch_path(state, "to");
    small_clip(from, FUS_CONTAINER_MP4);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    for (int c = FUS_CONTAINER_MP4; c <= FUS_CONTAINER_MKV; c++)
        for (rlim_t room = 0; room <= 8000; room += 2000) {
            struct fus_writer_options options;
            struct fus_error err = {0};
            fus_writer_options_default(&options);
            options.container = (enum fus_container)c;
            tight = old;
            tight.rlim_cur = room;
            assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
            int rc = clip_pass(from, to, NULL, &options, NULL, &err);
            assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
            assert_int_equal(rc, FUS_E_STORAGE_UNAVAILABLE);
            assert_non_null(strstr(err.detail, "full"));
        }
    struct fus_writer_options options;
    struct fus_error err = {0};
    fus_writer_options_default(&options);
    assert_int_equal(clip_pass(from, "/dev/full", NULL, &options, NULL, &err),
                     FUS_E_STORAGE_UNAVAILABLE);
    assert_int_equal(
        clip_pass(from, scratch_path(state, "no/such/folder"), NULL, &options, NULL, &err),
        FUS_E_STORAGE_UNAVAILABLE);
}

static void every_failing_allocation_is_an_error_without_a_leak(void **state)
{
    const char *from = scratch_path(state, "m.mp4"), *to = scratch_path(state, "m2.mp4");
    bool done = false;
    small_clip(from, FUS_CONTAINER_MP4);
    for (long k = 0; k < 600 && !done; k += k < 20 ? 1 : 37) {
        struct fus_writer_options options;
        struct fus_error err = {0};
        fus_writer_options_default(&options);
        options.audio_encode = true;
        fus_mem_fail_after(k);
        int rc = clip_pass(from, to, NULL, &options, NULL, &err);
        done = !fus_mem_failed();
        fus_mem_fail_off();
        assert_int_equal(rc, done ? 0 : FUS_E_OUT_OF_MEMORY);
    }
    assert_true(done);
}

static void an_impossible_packet_size_is_damage_not_a_lack_of_memory(void **state)
{
    const char *path = scratch_path(state, "stsz.mp4");
    struct clip_seen seen;
    struct fus_error err = {0};
    size_t size = 0;
    small_clip(path, FUS_CONTAINER_MP4);
    uint8_t *bytes = file_bytes(path, &size);
    uint8_t *table = memmem(bytes, size, "stsz", 4);
    assert_non_null(table);
    memset(table + 16 + 4 * 5, 0xff, 4); /* the sixth picture's size */
    file_write(path, bytes, size);
    fus_free(bytes);
    int rc = clip_read(path, &limits, NULL, &seen, &err);
    assert_true(rc == 0 || rc == FUS_E_CORRUPT_MEDIA);
}

/* The clusters' second half is wiped; the outermost structure still says that all is there. */
static void a_clip_whose_demuxer_loses_its_way_is_told_to_be_damaged(void **state)
{
    const char *whole = scratch_path(state, "way.mkv"), *wiped = scratch_path(state, "wiped.mkv");
    struct clip_seen seen;
    struct fus_error err = {0};
    struct clip_spec clip;
    size_t size = 0;
    clip_spec_default(&clip);
    clip.options.container = FUS_CONTAINER_MKV;
    clip.frames = 200;
    clip_make(whole, &clip);
    assert_ok(clip_read(whole, &limits, NULL, &seen, &err));
    assert_int_equal(seen.frames, 200);
    assert_int_equal(seen.skipped, 0);
    uint8_t *bytes = file_bytes(whole, &size);
    memset(bytes + size / 2, 0, size - size / 2);
    file_write(wiped, bytes, size);
    fus_free(bytes);
    if (clip_read(wiped, &limits, NULL, &seen, &err) == 0) {
        assert_true(seen.frames < 200);
        assert_true(seen.skipped > 0);
    }
}

int main(void)
{
    fus_media_limits_default(&limits);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clip_cut_anywhere_is_corrupt),
        cmocka_unit_test(an_impossible_packet_size_is_damage_not_a_lack_of_memory),
        cmocka_unit_test(a_clip_whose_demuxer_loses_its_way_is_told_to_be_damaged),
        cmocka_unit_test(damage_inside_a_clip_is_survived),
        cmocka_unit_test(a_list_of_files_named_mp4_opens_no_file),
        cmocka_unit_test(empty_missing_and_wrong_files_are_told_apart),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(a_full_disk_is_storage_unavailable_at_every_step),
        cmocka_unit_test(every_failing_allocation_is_an_error_without_a_leak),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
