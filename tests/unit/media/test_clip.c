/* Reader and writer together: what goes in comes out. */
#include "clip_test.h"

static struct fus_media_limits limits;

static void a_made_clip_is_read_back_frame_by_frame(void **state)
{
    static const char *const names[] = {"a.mp4", "a.mov", "a.mkv"};
    for (int i = 0; i < 3; i++) {
        struct clip_spec clip;
        struct clip_seen seen;
        struct fus_error err = {0};
        const char *path = scratch_path(state, names[i]);
        clip_spec_default(&clip);
        clip.options.container = (enum fus_container)(FUS_CONTAINER_MP4 + i);
        clip.spec.audio_rate = 48000;
        clip.spec.audio_channels = 2;
        clip_make(path, &clip);
        assert_ok(clip_read(path, &limits, NULL, &seen, &err));
        assert_int_equal(seen.frames, 30);
        for (int k = 0; k < 30; k++) {
            assert_int_equal(seen.numbers[k], k);
            assert_in_range(seen.pts_us[k] - seen.pts_us[0] + 1000, k * 40000, k * 40000 + 2000);
        }
        assert_int_equal(seen.info.container, clip.options.container);
        assert_int_equal(seen.info.width, 96);
        assert_int_equal(seen.info.frames, 30);
        assert_true(fabs(seen.info.fps - 25) < 0.01);
        assert_true(fabs(seen.info.duration_seconds - 1.2) < 0.1);
        assert_string_equal(seen.info.video_codec, "h264");
        assert_string_equal(seen.info.audio_codec, "aac");
        assert_int_equal(seen.skipped, 0);
        assert_true(seen.packets > 40);
        struct fus_media_info info;
        assert_ok(fus_media_probe(path, &limits, &info, &err));
        assert_true(info.is_video && info.has_audio);
        assert_int_equal(info.frames, 30);
    }
}

static void uneven_times_are_kept(void **state)
{
    static const int64_t times[] = {0, 40000, 50000, 200000, 210000, 700000, 716683, 1500000};
    for (int c = FUS_CONTAINER_MP4; c <= FUS_CONTAINER_MKV; c++) {
        struct clip_spec clip;
        struct clip_seen seen;
        struct fus_error err = {0};
        const char *path = scratch_path(state, "vfr"), *again = scratch_path(state, "vfr2");
        clip_spec_default(&clip);
        clip.frames = 8;
        clip.pts_us = times;
        clip.options.container = (enum fus_container)c;
        clip_make(path, &clip);
        assert_ok(clip_pass(path, again, NULL, &clip.options, NULL, &err));
        assert_ok(clip_read(again, &limits, NULL, &seen, &err));
        assert_int_equal(seen.frames, 8);
        for (int i = 0; i < 8; i++)
            assert_true(llabs(seen.pts_us[i] - times[i]) <=
                        1000); /* Matroska counts milliseconds */
    }
}

static void a_picture_that_starts_behind_its_sound_starts_to_the_tick(void **state)
{
    static const int64_t times[] = {66700, 106700, 146700};
    for (int c = FUS_CONTAINER_MP4; c <= FUS_CONTAINER_MOV; c++) {
        struct clip_spec clip;
        struct clip_seen seen;
        struct fus_error err = {0};
        const char *path = scratch_path(state, "late"), *again = scratch_path(state, "late2");
        clip_spec_default(&clip);
        clip.frames = 3;
        clip.pts_us = times;
        clip.spec.audio_rate = 48000;
        clip.spec.audio_channels = 1;
        clip.options.container = (enum fus_container)c;
        clip_make(path, &clip);
        assert_ok(clip_pass(path, again, NULL, &clip.options, NULL, &err));
        assert_ok(clip_read(again, &limits, NULL, &seen, &err));
        assert_int_equal(seen.frames, 3);
        for (int i = 0; i < 3; i++)
            assert_true(llabs(seen.pts_us[i] - times[i]) <= 100);
    }
}

static void colour_tags_go_along(void **state)
{
    static const enum fus_color_matrix matrices[] = {FUS_MATRIX_BT601, FUS_MATRIX_BT709,
                                                     FUS_MATRIX_BT2020};
    for (int i = 0; i < 6; i++) {
        struct clip_spec clip;
        struct clip_seen seen;
        struct fus_error err = {0};
        const char *path = scratch_path(state, "tags.mp4"),
                   *again = scratch_path(state, "tags.mkv");
        clip_spec_default(&clip);
        clip.frames = 3;
        clip.spec.matrix = matrices[i % 3];
        clip.spec.full_range = i >= 3;
        clip_make(path, &clip);
        clip.options.container = FUS_CONTAINER_MKV;
        assert_ok(clip_pass(path, again, NULL, &clip.options, NULL, &err));
        assert_ok(clip_read(again, &limits, NULL, &seen, &err));
        assert_int_equal(seen.matrix, matrices[i % 3]);
        assert_int_equal(seen.full_range, i >= 3);
        assert_int_equal(seen.numbers[2], 2); /* no range conversion on the way */
    }
}

static void rotation_is_carried_or_applied(void **state)
{
    for (int degrees = 90; degrees < 360; degrees += 90)
        for (int c = FUS_CONTAINER_MP4; c <= FUS_CONTAINER_MKV; c++) {
            struct clip_spec clip;
            struct clip_seen seen;
            struct fus_error err = {0};
            FUS_AUTO_IMAGE struct fus_image bgr = {0};
            const char *path = scratch_path(state, "r.mov"), *again = scratch_path(state, "r2");
            clip_spec_default(&clip);
            clip.frames = 2;
            clip.spec.rotation = degrees;
            clip.options.container = FUS_CONTAINER_MOV;
            clip_make(path, &clip);
            clip.options.container = (enum fus_container)c;
            assert_ok(clip_pass(path, again, NULL, &clip.options, NULL, &err));
            assert_ok(clip_read(again, &limits, NULL, &seen, &err));
            bool swap = degrees != 180;
            assert_int_equal(seen.info.width, swap ? 64 : 96);
            assert_int_equal(seen.info.height, swap ? 96 : 64);
            if (c != FUS_CONTAINER_MKV) {
                assert_int_equal(seen.info.rotation, degrees);
                assert_int_equal(seen.width, 96);
            }
            /* The bright corner, stored top left, turns clockwise: right, bottom right, left. */
            assert_ok(fus_reader_frame_at(again, &limits, 1, 0, &bgr, &err));
            int x = degrees == 270 ? 4 : bgr.width - 4, y = degrees == 90 ? 4 : bgr.height - 4;
            const uint8_t *pixel = bgr.plane[0] + bgr.stride_bytes[0] * y + (ptrdiff_t)x * 3;
            assert_true(pixel[1] > 180);
        }
}

static void odd_sizes_become_even_by_repeating_the_edge(void **state)
{
    struct clip_spec clip;
    struct clip_seen seen;
    struct fus_error err = {0};
    const char *path = scratch_path(state, "odd.mp4");
    clip_spec_default(&clip);
    clip.spec.width = 95;
    clip.spec.height = 63;
    clip.frames = 4;
    clip_make(path, &clip);
    assert_ok(clip_read(path, &limits, NULL, &seen, &err));
    assert_int_equal(seen.width, 96);
    assert_int_equal(seen.height, 64);
    assert_int_equal(seen.numbers[3], 3);
}

static void a_constant_rate_drops_and_repeats_by_time(void **state)
{
    static const struct {
        double fps;
        int frames;
    } cases[] = {{12.5, 15}, {50, 60}, {25, 30}, {30, 36}, {60, 72}};
    struct clip_spec clip;
    struct fus_error err = {0};
    const char *path = scratch_path(state, "rate.mp4"), *again = scratch_path(state, "rate2.mp4");
    clip_spec_default(&clip);
    clip_make(path, &clip);
    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        struct clip_seen seen;
        clip.options.fps = cases[i].fps;
        assert_ok(clip_pass(path, again, NULL, &clip.options, NULL, &err));
        assert_ok(clip_read(again, &limits, NULL, &seen, &err));
        assert_int_equal(seen.frames, cases[i].frames);
        assert_true(fabs(seen.info.fps - cases[i].fps) < 0.01);
        for (int k = 0; k < seen.frames; k++) {
            double source = (double)seen.pts_us[k] / 40000.0; /* in frames of 25 a second */
            assert_true(fabs(seen.numbers[k] - source) <= 1.01);
        }
    }
}

static void a_frame_made_writable_is_the_callers_alone(void **state)
{
    struct clip_spec clip;
    struct clip_seen seen;
    struct fus_error err = {0};
    struct fus_reader *reader = NULL;
    struct fus_reader_options options = {.threads = 2};
    const char *path = scratch_path(state, "w.mp4");
    uint64_t hash = 0;
    clip_spec_default(&clip);
    clip_make(path, &clip);
    assert_ok(clip_read(path, &limits, NULL, &seen, &err));
    assert_ok(fus_reader_open(path, &limits, &options, &reader, &err));
    for (bool ended = false; !ended;) {
        struct fus_message *message = NULL;
        assert_ok(fus_reader_next(reader, &message, &err));
        ended = message->kind == FUS_MESSAGE_END;
        if (message->kind == FUS_MESSAGE_VIDEO) {
            assert_ok(fus_frame_make_writable(&message->frame, &err));
            struct fus_image *image = &message->frame.image;
            hash_image(image, &hash);
            for (int y = 0; y < image->height; y++)
                memset(image->plane[0] + image->stride_bytes[0] * y, 255, (size_t)image->width);
        }
        fus_message_free(message);
    }
    fus_reader_free(reader);
    assert_true(hash == seen.hash);
}

static void a_message_outlives_its_reader(void **state)
{
    struct clip_spec clip;
    struct fus_error err = {0};
    struct fus_reader *reader = NULL;
    struct fus_reader_options options = {.threads = 1};
    struct fus_message *message = NULL;
    const char *path = scratch_path(state, "o.mp4");
    clip_spec_default(&clip);
    clip_make(path, &clip);
    assert_ok(fus_reader_open(path, &limits, &options, &reader, &err));
    assert_ok(fus_reader_next(reader, &message, &err));
    fus_reader_free(reader);
    assert_ok(fus_frame_make_writable(&message->frame, &err));
    assert_int_equal(clip_number(&message->frame.image), 0);
    fus_message_free(message);
}

static void a_single_frame_is_the_one_of_a_full_read(void **state)
{
    static const int wanted[] = {0, 1, 7, 63, 149, 100000};
    struct clip_spec clip;
    struct fus_error err = {0};
    const char *path = scratch_path(state, "at.mp4");
    clip_spec_default(&clip);
    clip.frames = 150;
    clip.options.quality = 60;
    clip_make(path, &clip);
    for (size_t i = 0; i < FUS_COUNT(wanted); i++) {
        FUS_AUTO_IMAGE struct fus_image bgr = {0};
        int number = wanted[i] < 150 ? wanted[i] : 149;
        assert_ok(fus_reader_frame_at(path, &limits, 2, wanted[i], &bgr, &err));
        assert_int_equal(bgr.format, FUS_PIXEL_BGR8);
        const uint8_t *p = bgr.plane[0] + bgr.stride_bytes[0] * 48 + 72 * 3;
        /* BT.709, limited range, Cb 100, Cr 150: G = 1.164 (Y - 16) - 0.213 (Cb - 128) - 0.533 (Cr
         * - 128) */
        double luma = 40 + number * 3 % 160;
        assert_true(fabs(p[1] - (1.164 * (luma - 16) + 0.213 * 28 - 0.533 * 22)) < 4);
    }
}

static void a_part_has_its_frames_and_its_sound_and_starts_at_zero(void **state)
{
    struct clip_spec clip;
    struct clip_seen seen;
    struct sound sound;
    struct fus_error err = {0};
    struct fus_reader_options options = {.threads = 2, .start_frame = 20, .end_frame = 45};
    const char *path = scratch_path(state, "part.mp4"), *cut = scratch_path(state, "cut.mp4");
    clip_spec_default(&clip);
    clip.frames = 50;
    clip.tone = 0; /* the click is at 1.0 s, so 0.2 s into the part */
    clip.spec.audio_rate = 48000;
    clip.spec.audio_channels = 1;
    clip_make(path, &clip);
    assert_ok(clip_read(path, &limits, &options, &seen, &err));
    assert_int_equal(seen.frames, 25);
    for (int i = 0; i < 25; i++) {
        assert_int_equal(seen.numbers[i], 20 + i);
        assert_true(llabs(seen.pts_us[i] - i * 40000) < 200);
    }
    for (int encode = 0; encode < 2; encode++) {
        clip.options.audio_encode = encode;
        assert_ok(clip_pass(path, cut, &options, &clip.options, NULL, &err));
        sound_read(cut, &sound);
        assert_true(fabs(sound.loudest_at - 0.2) < 0.02);
        assert_true(sound.seconds > 0.95 && sound.seconds < 1.1);
    }
    options.start_frame = 1000;
    options.end_frame = 0;
    assert_ok(clip_read(path, &limits, &options, &seen, &err));
    assert_int_equal(seen.frames, 0);
}

static int hash_file(const char *path, uint64_t *hash)
{
    void *bytes = NULL;
    size_t size = 0;
    struct fus_error err = {0};
    int rc = fus_fs_read(path, 1 << 24, &bytes, &size, &err);
    *hash = 1469598103934665603u;
    for (size_t i = 0; rc == 0 && i < size; i++)
        *hash = (*hash ^ ((uint8_t *)bytes)[i]) * 1099511628211u;
    fus_free(bytes);
    return rc;
}

static void the_output_does_not_depend_on_decoder_threads_or_the_day(void **state)
{
    for (int c = FUS_CONTAINER_MP4; c <= FUS_CONTAINER_MKV; c++) {
        struct clip_spec clip;
        struct fus_error err = {0};
        uint64_t hashes[3];
        const char *path = scratch_path(state, "t.mp4");
        clip_spec_default(&clip);
        clip.spec.audio_rate = 44100;
        clip.spec.audio_channels = 2;
        clip_make(path, &clip);
        for (int i = 0; i < 3; i++) {
            struct fus_reader_options options = {.threads = 1 + i};
            const char *again = scratch_path(state, "t2");
            clip.options.container = (enum fus_container)c;
            clip.options.threads = 2;
            assert_ok(clip_pass(path, again, &options, &clip.options, NULL, &err));
            assert_int_equal(hash_file(again, &hashes[i]), 0);
        }
        assert_true(hashes[0] == hashes[1] && hashes[0] == hashes[2]);
    }
}

static void tags_are_read_back_in_every_container(void **state)
{
    static const char *const tags[] = {"digital_source_type", "compositeSynthetic", "comment",
                                       "made by a test", NULL};
    for (int c = FUS_CONTAINER_MP4; c <= FUS_CONTAINER_MKV; c++) {
        struct clip_spec clip;
        const char *path = scratch_path(state, "tagged");
        AVFormatContext *format = NULL;
        clip_spec_default(&clip);
        clip.frames = 2;
        clip.options.container = (enum fus_container)c;
        clip.options.metadata = tags;
        clip_make(path, &clip);
        assert_int_equal(avformat_open_input(&format, path, NULL, NULL), 0);
        for (int i = 0; tags[i]; i += 2) {
            const AVDictionaryEntry *entry = av_dict_get(format->metadata, tags[i], NULL, 0);
            assert_non_null(entry);
            assert_string_equal(entry->value, tags[i + 1]);
        }
        avformat_close_input(&format);
    }
}

static void whatever_is_coded_comes_out_as_planar_yuv(void **state)
{
    static const struct {
        enum AVPixelFormat coded;
        enum fus_pixel_format read;
        int luma; /* of Y 100, or of a grey of 100 in RGB: 16 + 100 * 219 / 255 */
    } cases[] = {
        {AV_PIX_FMT_YUV420P, FUS_PIXEL_YUV420P8, 100},
        {AV_PIX_FMT_YUV422P, FUS_PIXEL_YUV422P8, 100},
        {AV_PIX_FMT_YUV444P, FUS_PIXEL_YUV444P8, 100},
        {AV_PIX_FMT_YUV420P10LE, FUS_PIXEL_YUV420P8, 100},
        {AV_PIX_FMT_YUV422P10LE, FUS_PIXEL_YUV420P8, 100},
        {AV_PIX_FMT_YUV444P16LE, FUS_PIXEL_YUV420P8, 100},
        {AV_PIX_FMT_YUVA420P, FUS_PIXEL_YUV420P8, 100},
        {AV_PIX_FMT_0RGB32, FUS_PIXEL_YUV420P8, 102},
        {AV_PIX_FMT_GRAY8, FUS_PIXEL_YUV420P8, 100},
    };
    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        struct fus_writer_options options;
        struct clip_seen seen;
        struct fus_error err = {0};
        const char *path = scratch_path(state, "raw.mkv"), *again = scratch_path(state, "raw.mp4");
        raw_clip_make(path, cases[i].coded, 5);
        fus_writer_options_default(&options);
        assert_ok(clip_read(path, &limits, NULL, &seen, &err));
        assert_int_equal(seen.frames, 5);
        assert_int_equal(seen.format, cases[i].read);
        assert_ok(clip_pass(path, again, NULL, &options, NULL, &err));
        FUS_AUTO_IMAGE struct fus_image before = {0}, after = {0};
        assert_ok(fus_reader_frame_at(path, &limits, 1, 2, &before, &err));
        assert_ok(fus_reader_frame_at(again, &limits, 1, 2, &after, &err));
        for (int c = 0; c < 3; c++)
            assert_true(abs(before.plane[0][c] - after.plane[0][c]) <= 2);
        assert_true(abs((seen.numbers[2] * 3 + 40) - cases[i].luma) <= 3);
    }
}

static void real_clips_pass_whole(void **state)
{
    static const struct {
        const char *name;
        int frames;
    } clips[] = {{"obama_speaking.mp4", 259}, {"no-face-person-from-behind.mp4", 40}};
    for (size_t i = 0; i < FUS_COUNT(clips); i++) {
        char path[600];
        struct fus_writer_options options;
        struct clip_seen in, out;
        struct fus_error err = {0};
        const char *again = scratch_path(state, "real.mp4");
        snprintf(path, sizeof(path), "%s/video/%s", shared_media(), clips[i].name);
        fus_writer_options_default(&options);
        assert_ok(clip_pass(path, again, NULL, &options, NULL, &err));
        assert_ok(clip_read(path, &limits, NULL, &in, &err));
        assert_ok(clip_read(again, &limits, NULL, &out, &err));
        assert_int_equal(in.frames, clips[i].frames);
        assert_int_equal(out.frames, in.frames);
        assert_memory_equal(in.pts_us, out.pts_us, sizeof(in.pts_us[0]) * (size_t)in.frames);
        assert_int_equal(in.matrix, out.matrix);
    }
}

int main(void)
{
    fus_media_limits_default(&limits);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_made_clip_is_read_back_frame_by_frame),
        cmocka_unit_test(uneven_times_are_kept),
        cmocka_unit_test(a_picture_that_starts_behind_its_sound_starts_to_the_tick),
        cmocka_unit_test(colour_tags_go_along),
        cmocka_unit_test(rotation_is_carried_or_applied),
        cmocka_unit_test(odd_sizes_become_even_by_repeating_the_edge),
        cmocka_unit_test(a_constant_rate_drops_and_repeats_by_time),
        cmocka_unit_test(a_frame_made_writable_is_the_callers_alone),
        cmocka_unit_test(a_message_outlives_its_reader),
        cmocka_unit_test(a_single_frame_is_the_one_of_a_full_read),
        cmocka_unit_test(a_part_has_its_frames_and_its_sound_and_starts_at_zero),
        cmocka_unit_test(the_output_does_not_depend_on_decoder_threads_or_the_day),
        cmocka_unit_test(tags_are_read_back_in_every_container),
        cmocka_unit_test(whatever_is_coded_comes_out_as_planar_yuv),
        cmocka_unit_test(real_clips_pass_whole),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
