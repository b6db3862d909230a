/* Containers beside mp4, mov and mkv; encoders and FaceFusion's container overrides. */
#include "clip_test.h"
#include "media/codecs.h"

static struct fus_media_limits limits;

/* libx265 keeps a block of its own for good. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:x265";
}

static void set_encoders(struct fus_writer_options *options, const char *video, const char *audio)
{
    snprintf(options->video_encoder, sizeof(options->video_encoder), "%s", video);
    snprintf(options->audio_encoder, sizeof(options->audio_encoder), "%s", audio);
}

static void every_container_that_is_written_is_read_back(void **state)
{
    static const struct {
        enum fus_container container;
        const char *video, *audio; /* what comes out of libx264 and flac being asked for */
    } cases[] = {
        {FUS_CONTAINER_M4V, "h264", "aac"},  {FUS_CONTAINER_WEBM, "vp9", "opus"},
        {FUS_CONTAINER_AVI, "h264", "flac"}, {FUS_CONTAINER_WMV, "h264", "aac"},
        {FUS_CONTAINER_MOV, "h264", "aac"},  {FUS_CONTAINER_MKV, "h264", "flac"},
        {FUS_CONTAINER_MP4, "h264", "flac"},
    };
    struct clip_spec clip;
    const char *path = scratch_path(state, "in.mp4"), *out = scratch_path(state, "out");
    clip_spec_default(&clip);
    clip.frames = 20;
    clip.spec.audio_rate = 48000;
    clip.spec.audio_channels = 2;
    clip_make(path, &clip);
    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        struct clip_seen seen;
        struct sound sound;
        struct fus_error err = {0};
        clip.options.container = cases[i].container;
        clip.options.audio_encode = true;
        set_encoders(&clip.options, "libx264", "flac");
        print_message("%s\n", fus_container_name(cases[i].container));
        assert_ok(clip_pass(path, out, NULL, &clip.options, NULL, &err));
        assert_ok(clip_read(out, &limits, NULL, &seen, &err));
        assert_int_equal(seen.info.container, cases[i].container);
        assert_int_equal(seen.frames, 20);
        assert_string_equal(seen.info.video_codec, cases[i].video);
        assert_string_equal(seen.info.audio_codec, cases[i].audio);
        assert_true(fabs(seen.info.fps - 25) < 0.1);
        for (int k = 0; k < 20; k++) {
            assert_true(abs(seen.numbers[k] - k) <= (cases[i].container == FUS_CONTAINER_WEBM));
            assert_true(llabs(seen.pts_us[k] - seen.pts_us[0] - k * 40000) <= 1100);
        }
        sound_read(out, &sound);
        assert_true(fabs(sound.seconds - 0.8) < 0.15);
    }
    struct fus_error err = {0};
    clip.options.container = FUS_CONTAINER_MXF;
    assert_int_equal(clip_pass(path, out, NULL, &clip.options, NULL, &err),
                     FUS_E_INVALID_PARAMETER);
}

static void rgb_encoders_take_rgb(void **state)
{
    static const struct {
        const char *encoder, *codec;
        enum fus_container container;
    } cases[] = {
        {"libx264rgb", "h264", FUS_CONTAINER_MP4},   {"libx264rgb", "h264", FUS_CONTAINER_MKV},
        {"rawvideo", "rawvideo", FUS_CONTAINER_AVI}, {"rawvideo", "rawvideo", FUS_CONTAINER_MOV},
        {"rawvideo", "h264", FUS_CONTAINER_MKV}, /* overridden */
        {"libx265", "hevc", FUS_CONTAINER_MP4}};
    struct clip_spec clip;
    const char *path = scratch_path(state, "in.mp4"), *out = scratch_path(state, "out");
    clip_spec_default(&clip);
    clip.frames = 4;
    clip_make(path, &clip);
    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        struct clip_seen seen;
        struct fus_error err = {0};
        FUS_AUTO_IMAGE struct fus_image before = {0}, after = {0};
        if (!avcodec_find_encoder_by_name(cases[i].encoder)) {
            print_message("no %s in this libav\n", cases[i].encoder);
            continue;
        }
        clip.options.container = cases[i].container;
        clip.options.quality = 100;
        set_encoders(&clip.options, cases[i].encoder, "");
        print_message("%s in %s\n", cases[i].encoder, fus_container_name(cases[i].container));
        assert_ok(clip_pass(path, out, NULL, &clip.options, NULL, &err));
        assert_ok(clip_read(out, &limits, NULL, &seen, &err));
        assert_int_equal(seen.frames, 4);
        assert_string_equal(seen.info.video_codec, cases[i].codec);
        assert_ok(fus_reader_frame_at(path, &limits, 1, 2, &before, &err));
        assert_ok(fus_reader_frame_at(out, &limits, 1, 2, &after, &err));
        for (int k = 0; k < 2; k++) {
            ptrdiff_t at = before.stride_bytes[0] * (k ? 50 : 4) + (k ? 210 : 12);
            for (int c = 0; c < 3; c++)
                if (abs(before.plane[0][at + c] - after.plane[0][at + c]) > 4)
                    fail_msg("%s in %s: %d became %d", cases[i].encoder,
                             fus_container_name(cases[i].container), before.plane[0][at + c],
                             after.plane[0][at + c]);
        }
    }
}

static const char *option_of(const char *encoder, int quality, const char *preset, const char *key)
{
    static char value[32];
    AVDictionary *dictionary = NULL;
    fus_codec_video_options(encoder, quality, preset, &dictionary);
    const AVDictionaryEntry *entry = av_dict_get(dictionary, key, NULL, 0);
    snprintf(value, sizeof(value), "%s", entry ? entry->value : "");
    av_dict_free(&dictionary);
    return value;
}

/* The hardware encoders cannot run here; their options are a table all the same. */
static void qualities_and_presets_are_facefusions(void **state)
{
    (void)state;
    static const struct {
        const char *encoder, *key, *at_50, *at_80, *preset_key;
        const char *presets[9]; /* ultrafast .. veryslow */
    } rows[] = {
        {"libx264",
         "crf",
         "26",
         "10",
         "preset",
         {"ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower",
          "veryslow"}},
        {"libx264rgb", "crf", "26", "10", NULL, {NULL}},
        {"libx265", "crf", "26", "10", NULL, {NULL}},
        {"libvpx-vp9", "crf", "32", "13", "preset", {"", "", "", "", "", "", "", "", ""}},
        {"h264_nvenc",
         "cq",
         "26",
         "10",
         "preset",
         {"fast", "fast", "fast", "fast", "fast", "medium", "slow", "slow", "slow"}},
        {"hevc_nvenc", "cq", "26", "10", NULL, {NULL}},
        {"h264_amf",
         "qp_i",
         "26",
         "10",
         "quality",
         {"speed", "speed", "speed", "balanced", "balanced", "balanced", "quality", "quality",
          "quality"}},
        {"hevc_amf", "qp_p", "26", "10", NULL, {NULL}},
        {"h264_qsv",
         "global_quality",
         "26",
         "10",
         "preset",
         {"veryfast", "veryfast", "veryfast", "faster", "fast", "medium", "slow", "slower",
          "veryslow"}},
        {"hevc_videotoolbox", "b", "25768k", "40614k", NULL, {NULL}},
        {"rawvideo", "crf", "", "", "preset", {"", "", "", "", "", "", "", "", ""}},
    };
    static const char *const presets[] = {"ultrafast", "superfast", "veryfast", "faster",  "fast",
                                          "medium",    "slow",      "slower",   "veryslow"};
    for (size_t i = 0; i < FUS_COUNT(rows); i++) {
        assert_string_equal(option_of(rows[i].encoder, 50, "fast", rows[i].key), rows[i].at_50);
        assert_string_equal(option_of(rows[i].encoder, 80, "fast", rows[i].key), rows[i].at_80);
        for (int p = 0; rows[i].preset_key && p < 9; p++)
            assert_string_equal(option_of(rows[i].encoder, 80, presets[p], rows[i].preset_key),
                                rows[i].presets[p]);
    }
}

static void containers_override_encoders(void **state)
{
    (void)state;
    static const struct {
        enum fus_container container;
        const char *video, *video_is, *audio, *audio_is;
    } rows[] = {
        {FUS_CONTAINER_M4V, "libx265", "libx264", "flac", "aac"},
        {FUS_CONTAINER_WMV, "libvpx-vp9", "libx264", "libopus", "aac"},
        {FUS_CONTAINER_WEBM, "libx264", "libvpx-vp9", "aac", "libopus"},
        {FUS_CONTAINER_MKV, "rawvideo", "libx264", "flac", "flac"},
        {FUS_CONTAINER_MP4, "rawvideo", "libx264", "libopus", "libopus"},
        {FUS_CONTAINER_MOV, "libvpx-vp9", "libx264", "libopus", "aac"},
        {FUS_CONTAINER_AVI, "rawvideo", "rawvideo", "libopus", "aac"},
        {FUS_CONTAINER_MP4, "", "libx264", "", "aac"},
    };
    for (size_t i = 0; i < FUS_COUNT(rows); i++) {
        assert_string_equal(fus_codec_video_for(rows[i].container, rows[i].video),
                            rows[i].video_is);
        assert_string_equal(fus_codec_audio_for(rows[i].container, rows[i].audio),
                            rows[i].audio_is);
    }
}

static void an_encoder_that_is_not_here_names_those_that_are(void **state)
{
    struct clip_spec clip;
    struct fus_error err = {0};
    const char *path = scratch_path(state, "in.mp4"), *out = scratch_path(state, "out.mp4");
    clip_spec_default(&clip);
    clip.frames = 2;
    clip_make(path, &clip);
    set_encoders(&clip.options, "h264_amf", "");
    if (avcodec_find_encoder_by_name("h264_amf"))
        skip();
    assert_int_equal(clip_pass(path, out, NULL, &clip.options, NULL, &err),
                     FUS_E_INVALID_PARAMETER);
    assert_non_null(strstr(err.detail, "h264_amf"));
    assert_non_null(strstr(err.detail, "libx264"));
}

/* Made by the ffmpeg command: what others write. */
static void clips_of_other_kinds_are_read(void **state)
{
    static const struct {
        const char *name, *options;
        enum fus_container container;
    } cases[] = {
        {"a.mxf", "-c:v mpeg2video -q:v 2 -pix_fmt yuv422p -an", FUS_CONTAINER_MXF},
        {"a.mpg", "-c:v mpeg2video -q:v 2 -c:a mp2", FUS_CONTAINER_MPEG},
        {"a.ts", "-c:v libx264 -c:a aac", FUS_CONTAINER_MPEGTS},
        {"a.wmv", "-c:v wmv2 -q:v 2 -c:a wmav2", FUS_CONTAINER_WMV},
        {"a.avi", "-c:v mpeg4 -q:v 2 -c:a pcm_s16le", FUS_CONTAINER_AVI},
        {"a.webm", "-c:v libvpx -b:v 2M -c:a libvorbis", FUS_CONTAINER_WEBM},
        {"a.m4v", "-c:v libx264 -c:a aac", FUS_CONTAINER_M4V},
        {"a.gif", "", FUS_CONTAINER_GIF_CLIP},
    };
    struct clip_spec clip;
    const char *path = scratch_path(state, "in.mp4");
    if (system("ffmpeg -version >/dev/null 2>&1") != 0) {
        print_message("skipped: no ffmpeg command\n");
        skip();
    }
    clip_spec_default(&clip);
    clip.frames = 25;
    clip.spec.audio_rate = 48000;
    clip.spec.audio_channels = 2;
    clip_make(path, &clip);
    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        struct clip_seen seen;
        struct fus_error err = {0};
        char command[1024];
        const char *made = scratch_path(state, cases[i].name);
        const char *out = scratch_path(state, "again.mp4");
        snprintf(command, sizeof(command),
                 "ffmpeg -nostdin -loglevel error -y -i %s -vsync passthrough %s %s", path,
                 cases[i].options, made);
        assert_int_equal(system(command), 0);
        assert_ok(clip_read(made, &limits, NULL, &seen, &err));
        assert_int_equal(seen.info.container, cases[i].container);
        if (seen.frames != 25)
            fail_msg("%s has %d frames", cases[i].name, seen.frames);
        assert_int_equal(seen.width, 96);
        assert_true(fabs(seen.info.fps - 25) < 0.1);
        for (int k = 0; k < 25; k++)
            if ((cases[i].options[0] && abs(seen.numbers[k] - k) > 1) || /* GIF's are in RGB */
                llabs(seen.pts_us[k] - seen.pts_us[0] - k * 40000) > 1100)
                fail_msg("%s: frame %d is %d at %lld us", cases[i].name, k, seen.numbers[k],
                         (long long)seen.pts_us[k]);
        fus_writer_options_default(&clip.options);
        assert_ok(clip_pass(made, out, NULL, &clip.options, NULL, &err));
        assert_ok(clip_read(out, &limits, NULL, &seen, &err));
        assert_int_equal(seen.frames, 25);
    }
}

int main(void)
{
    fus_media_limits_default(&limits);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_container_that_is_written_is_read_back),
        cmocka_unit_test(rgb_encoders_take_rgb),
        cmocka_unit_test(qualities_and_presets_are_facefusions),
        cmocka_unit_test(containers_override_encoders),
        cmocka_unit_test(an_encoder_that_is_not_here_names_those_that_are),
        cmocka_unit_test(clips_of_other_kinds_are_read),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
