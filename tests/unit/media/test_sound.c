/* The sound of a clip: copied, encoded, made quieter, kept in time. */
#include "clip_test.h"

static struct fus_media_limits limits;

static void source_make(const char *path, struct clip_spec *clip, double tone)
{
    clip_spec_default(clip);
    clip->frames = 50;
    clip->tone = tone;
    clip->spec.audio_rate = 48000;
    clip->spec.audio_channels = 2;
    clip_make(path, clip);
}

static void sound_is_copied_where_the_container_takes_it(void **state)
{
    for (int c = FUS_CONTAINER_MP4; c <= FUS_CONTAINER_MKV; c++) {
        struct clip_spec clip;
        struct clip_seen in, out;
        struct sound sound;
        struct fus_error err = {0};
        bool copied = false;
        const char *path = scratch_path(state, "s.mp4"), *again = scratch_path(state, "s2");
        source_make(path, &clip, 440);
        clip.options.container = (enum fus_container)c;
        assert_ok(clip_pass(path, again, NULL, &clip.options, &copied, &err));
        assert_true(copied);
        assert_ok(clip_read(path, &limits, NULL, &in, &err));
        assert_ok(clip_read(again, &limits, NULL, &out, &err));
        assert_int_equal(in.packets, out.packets);
        sound_read(again, &sound);
        assert_string_equal(sound.codec, "aac");
        assert_true(fabs(sound.seconds - 2.0) < 0.1);
    }
}

static void a_codec_that_the_container_refuses_becomes_aac(void **state)
{
    struct clip_spec clip;
    struct sound sound;
    struct fus_error err = {0};
    bool copied = true;
    const char *path = scratch_path(state, "pcm.mov"), *again = scratch_path(state, "pcm.mp4");
    source_make(path, &clip, 440); /* overwritten below, with PCM */
    clip.options.container = FUS_CONTAINER_MOV;
    snprintf(clip.options.audio_encoder, sizeof(clip.options.audio_encoder), "pcm_s16le");
    clip_make(path, &clip);
    sound_read(path, &sound);
    assert_string_equal(sound.codec, "pcm_s16le");
    assert_true(fabs(sound.seconds - 2.0) < 0.001);
    struct fus_writer_options options;
    fus_writer_options_default(&options);
    assert_ok(clip_pass(path, again, NULL, &options, &copied, &err));
    assert_false(copied);
    sound_read(again, &sound);
    assert_string_equal(sound.codec, "aac");
    assert_true(fabs(sound.loudest - 0.5) < 0.1);
    options.container = FUS_CONTAINER_MOV;
    assert_ok(clip_pass(path, again, NULL, &options, &copied, &err));
    assert_true(copied);
}

static void flac_is_copied_from_mkv_to_mp4(void **state)
{
    struct clip_spec clip;
    struct sound sound;
    struct fus_error err = {0};
    bool copied = false;
    const char *path = scratch_path(state, "f.mkv"), *again = scratch_path(state, "f.mp4");
    source_make(path, &clip, 440); /* overwritten below, with FLAC */
    clip.options.container = FUS_CONTAINER_MKV;
    snprintf(clip.options.audio_encoder, sizeof(clip.options.audio_encoder), "flac");
    clip_make(path, &clip);
    struct fus_writer_options options;
    fus_writer_options_default(&options);
    assert_ok(clip_pass(path, again, NULL, &options, &copied, &err));
    assert_true(copied);
    sound_read(again, &sound);
    assert_string_equal(sound.codec, "flac");
    assert_true(fabs(sound.seconds - 2.0) < 0.1);
}

/* The same packets in fragments: the first of each kind lasts as long as nobody knows. */
static void fragment(const char *from, const char *to)
{
    AVFormatContext *in = NULL, *out = NULL;
    AVPacket *packet = av_packet_alloc();
    AVDictionary *settings = NULL;
    assert_true(avformat_open_input(&in, from, NULL, NULL) >= 0);
    assert_true(avformat_find_stream_info(in, NULL) >= 0);
    assert_true(avformat_alloc_output_context2(&out, NULL, "mp4", to) >= 0);
    for (unsigned i = 0; i < in->nb_streams; i++) {
        AVStream *stream = avformat_new_stream(out, NULL);
        assert_true(avcodec_parameters_copy(stream->codecpar, in->streams[i]->codecpar) >= 0);
        stream->codecpar->codec_tag = 0;
    }
    assert_true(avio_open(&out->pb, to, AVIO_FLAG_WRITE) >= 0);
    av_dict_set(&settings, "movflags", "frag_keyframe+empty_moov", 0);
    assert_true(avformat_write_header(out, &settings) >= 0);
    while (av_read_frame(in, packet) >= 0) {
        int i = packet->stream_index;
        av_packet_rescale_ts(packet, in->streams[i]->time_base, out->streams[i]->time_base);
        assert_true(av_interleaved_write_frame(out, packet) >= 0);
    }
    assert_true(av_write_trailer(out) >= 0);
    av_dict_free(&settings);
    av_packet_free(&packet);
    avio_closep(&out->pb);
    avformat_free_context(out);
    avformat_close_input(&in);
}

static void a_first_packet_of_unknown_length_is_kept(void **state)
{
    struct clip_spec clip;
    struct clip_seen in, out;
    struct fus_error err = {0};
    const char *path = scratch_path(state, "w.mp4"), *parts = scratch_path(state, "parts.mp4");
    source_make(path, &clip, 440);
    fragment(path, parts);
    assert_ok(clip_read(path, &limits, NULL, &in, &err));
    assert_ok(clip_read(parts, &limits, NULL, &out, &err));
    assert_int_equal(out.packets, in.packets);
    assert_int_equal(out.frames, in.frames);
}

static void volume_is_a_gain_and_nought_leaves_the_sound_out(void **state)
{
    struct clip_spec clip;
    struct sound sound;
    struct fus_error err = {0};
    bool copied = true;
    const char *path = scratch_path(state, "v.mp4"), *again = scratch_path(state, "v2.mp4");
    source_make(path, &clip, 440);
    clip.options.audio_volume = 50;
    assert_ok(clip_pass(path, again, NULL, &clip.options, &copied, &err));
    assert_false(copied);
    sound_read(again, &sound);
    assert_true(fabs(sound.loudest - 0.25) < 0.05);
    clip.options.audio_volume = 0;
    assert_ok(clip_pass(path, again, NULL, &clip.options, &copied, &err));
    assert_false(copied);
    sound_read(again, &sound);
    assert_int_equal(sound.rate, 0);
}

static void an_encoder_can_be_asked_for(void **state)
{
    static const struct {
        const char *name, *codec;
        enum fus_container container;
    } cases[] = {
        {"aac", "aac", FUS_CONTAINER_MP4},      {"libmp3lame", "mp3", FUS_CONTAINER_MP4},
        {"libopus", "opus", FUS_CONTAINER_MP4}, {"libvorbis", "vorbis", FUS_CONTAINER_MKV},
        {"flac", "flac", FUS_CONTAINER_MKV},    {"pcm_s16le", "pcm_s16le", FUS_CONTAINER_MKV}};
    struct clip_spec clip;
    const char *path = scratch_path(state, "e.mp4");
    source_make(path, &clip, 440);
    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        struct sound sound;
        struct fus_error err = {0};
        const char *again = scratch_path(state, "e2");
        if (!avcodec_find_encoder_by_name(cases[i].name)) {
            print_message("no %s in this libav\n", cases[i].name);
            continue;
        }
        clip.options.audio_encode = true;
        clip.options.container = cases[i].container;
        snprintf(clip.options.audio_encoder, sizeof(clip.options.audio_encoder), "%s",
                 cases[i].name);
        assert_ok(clip_pass(path, again, NULL, &clip.options, NULL, &err));
        sound_read(again, &sound);
        assert_string_equal(sound.codec, cases[i].codec);
        assert_true(fabs(sound.seconds - 2.0) < 0.1);
    }
}

static void encoders_that_are_unknown_or_do_not_fit_are_invalid_parameters(void **state)
{
    struct clip_spec clip;
    struct fus_error err = {0};
    const char *path = scratch_path(state, "i.mp4"), *again = scratch_path(state, "i2");
    source_make(path, &clip, 440);
    clip.options.audio_encode = true;
    snprintf(clip.options.audio_encoder, sizeof(clip.options.audio_encoder), "libvorbis");
    clip.options.container = FUS_CONTAINER_MOV;
    assert_int_equal(clip_pass(path, again, NULL, &clip.options, NULL, &err),
                     FUS_E_INVALID_PARAMETER);
    clip.options.audio_encode = false;
    snprintf(clip.options.video_encoder, sizeof(clip.options.video_encoder), "gif");
    assert_int_equal(clip_pass(path, again, NULL, &clip.options, NULL, &err),
                     FUS_E_INVALID_PARAMETER);
    assert_non_null(strstr(err.detail, "gif"));
    snprintf(clip.options.video_encoder, sizeof(clip.options.video_encoder), "libx264");
    clip.options.container = FUS_CONTAINER_PNG;
    assert_int_equal(clip_pass(path, again, NULL, &clip.options, NULL, &err),
                     FUS_E_INVALID_PARAMETER);
}

static void sound_and_picture_stay_together(void **state)
{
    for (int c = FUS_CONTAINER_MP4; c <= FUS_CONTAINER_MKV; c++)
        for (int encode = 0; encode < 2; encode++) {
            struct clip_spec clip;
            struct clip_seen seen;
            struct sound sound;
            struct fus_error err = {0};
            const char *path = scratch_path(state, "av.mp4"), *again = scratch_path(state, "av2");
            source_make(path, &clip, 0); /* a click at 1.0 s, when frame 25 is shown */
            clip.options.container = (enum fus_container)c;
            clip.options.audio_encode = encode;
            assert_ok(clip_pass(path, again, NULL, &clip.options, NULL, &err));
            sound_read(again, &sound);
            assert_ok(clip_read(again, &limits, NULL, &seen, &err));
            assert_int_equal(seen.numbers[25], 25);
            /* Matroska starts a little after 0 when sound has a run-up: libav's own times there. */
            AVFormatContext *format = NULL;
            assert_int_equal(avformat_open_input(&format, again, NULL, NULL), 0);
            assert_true(avformat_find_stream_info(format, NULL) >= 0);
            double origin = (double)format->start_time / 1e6;
            avformat_close_input(&format);
            double picture = (double)seen.pts_us[25] / 1e6 + origin;
            assert_true(fabs(sound.loudest_at - picture) < 0.012);
        }
}

static void surround_and_odd_rates_come_through(void **state)
{
    struct clip_spec clip;
    struct sound sound;
    struct fus_error err = {0};
    const char *path = scratch_path(state, "51.mp4"), *again = scratch_path(state, "51b.mkv");
    clip_spec_default(&clip);
    clip.spec.audio_rate = 44100;
    clip.spec.audio_channels = 6;
    clip_make(path, &clip);
    clip.options.container = FUS_CONTAINER_MKV;
    clip.options.audio_encode = true;
    assert_ok(clip_pass(path, again, NULL, &clip.options, NULL, &err));
    sound_read(again, &sound);
    assert_int_equal(sound.channels, 6);
    assert_int_equal(sound.rate, 44100);
    if (avcodec_find_encoder_by_name("libmp3lame")) { /* two channels at most */
        snprintf(clip.options.audio_encoder, sizeof(clip.options.audio_encoder), "libmp3lame");
        assert_ok(clip_pass(path, again, NULL, &clip.options, NULL, &err));
        sound_read(again, &sound);
        assert_int_equal(sound.channels, 2);
    }
    if (avcodec_find_encoder_by_name("libopus")) { /* no 44.1 kHz */
        snprintf(clip.options.audio_encoder, sizeof(clip.options.audio_encoder), "libopus");
        assert_ok(clip_pass(path, again, NULL, &clip.options, NULL, &err));
        sound_read(again, &sound);
        assert_int_equal(sound.rate, 48000);
    }
}

int main(void)
{
    fus_media_limits_default(&limits);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_is_copied_where_the_container_takes_it),
        cmocka_unit_test(a_codec_that_the_container_refuses_becomes_aac),
        cmocka_unit_test(flac_is_copied_from_mkv_to_mp4),
        cmocka_unit_test(a_first_packet_of_unknown_length_is_kept),
        cmocka_unit_test(volume_is_a_gain_and_nought_leaves_the_sound_out),
        cmocka_unit_test(an_encoder_can_be_asked_for),
        cmocka_unit_test(encoders_that_are_unknown_or_do_not_fit_are_invalid_parameters),
        cmocka_unit_test(sound_and_picture_stay_together),
        cmocka_unit_test(surround_and_odd_rates_come_through),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
