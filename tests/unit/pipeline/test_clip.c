/* A clip through the whole pipeline, with faces and processors that do as they are told (fakes.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fakes.h"
#include "folder.h"
#include "media/reader.h"
#include "media/still.h"
#include "media/writer.h"
#include "safety/label.h"

#define WIDTH 160
#define HEIGHT 96
#define FRAMES 30

struct scene {
    struct folder folder;
    char *source, *target, *output;
    struct fus_engine *engine;
    struct told told;
    struct fus_pipeline_result result;
    struct fus_error err;
    const char *format;
};

/* faces[i] in frame i, by the brightness of its top left corner; sound if audio_rate. */
static void make_clip(const char *path, const uint8_t *faces, int frames, int rotation,
                      int audio_rate)
{
    const struct fus_writer_spec spec = {.width = WIDTH,
                                         .height = HEIGHT,
                                         .format = FUS_PIXEL_YUV420P8,
                                         .fps = 25,
                                         .matrix = FUS_MATRIX_BT709,
                                         .rotation = rotation,
                                         .audio_rate = audio_rate,
                                         .audio_channels = 1};
    struct fus_writer_options options;
    FUS_CLEANUP(fus_writer_free) struct fus_writer *writer = NULL;
    FUS_AUTO_IMAGE struct fus_image image = {0};
    float samples[1920];

    memset(samples, 0, sizeof(samples));
    fus_writer_options_default(&options);
    options.container = FUS_CONTAINER_MP4;
    options.quality = 95;
    options.threads = 1;
    assert_int_equal(fus_writer_open_spec(path, &spec, &options, &writer, NULL), 0);
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_YUV420P8, WIDTH, HEIGHT, NULL), 0);
    image.matrix = FUS_MATRIX_BT709;
    for (int p = 1; p < 3; p++)
        memset(image.plane[p], 128, (size_t)(image.stride_bytes[p] * HEIGHT / 2));
    for (int i = 0; i < frames; i++) {
        /* in a turned clip the upright picture's corner is another one */
        memset(image.plane[0], FAKE_FACES(faces[i]), (size_t)(image.stride_bytes[0] * HEIGHT));
        for (int y = HEIGHT / 2; y < HEIGHT / 2 + 16; y++)
            memset(image.plane[0] + y * image.stride_bytes[0] + 64, 60 + 4 * i, 16);
        assert_int_equal(fus_writer_put_image(writer, &image, i * 40000, NULL), 0);
        if (audio_rate)
            assert_int_equal(fus_writer_put_pcm(writer, samples, (size_t)audio_rate / 25, NULL), 0);
    }
    assert_int_equal(fus_writer_finish(writer, NULL), 0);
}

static void make_plain(struct scene *scene, int faces)
{
    uint8_t each[FRAMES];

    memset(each, faces, sizeof(each));
    make_clip(scene->target, each, FRAMES, 0, 0);
}

static void save_source(const char *path)
{
    const struct fus_still_options options = {.container = FUS_CONTAINER_PNG};
    FUS_AUTO_STILL struct fus_still still = {0};
    FUS_AUTO_FREE uint8_t *bytes = NULL;
    size_t size;

    assert_int_equal(fus_image_alloc(&still.image, FUS_PIXEL_BGR8, 64, 64, NULL), 0);
    memset(still.image.plane[0], FAKE_FACES(1), (size_t)(still.image.stride_bytes[0] * 64));
    assert_int_equal(fus_still_encode(&still, &options, &bytes, &size, NULL), 0);
    assert_int_equal(fus_fs_write_atomic(path, bytes, size, 0644, NULL), 0);
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    memset(&fake, 0, sizeof(fake));
    scene->folder = new_folder();
    scene->source = in_folder(&scene->folder, "source.png");
    scene->target = in_folder(&scene->folder, "target.mp4");
    scene->output = in_folder(&scene->folder, "output");
    save_source(scene->source);
    scene->engine = fake_engine(2);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    free(scene->engine);
    end_folder(&scene->folder);
    fus_free(scene->source);
    fus_free(scene->target);
    fus_free(scene->output);
    free(scene);
    return 0;
}

static int run(struct scene *scene, const char *params_json)
{
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fake_params(params_json);
    const char *sources[] = {scene->source};
    struct fus_pipeline_events events = told_events(&scene->told);
    struct fus_pipeline_request request = {
        .job_id = "job_test",
        .source_paths = sources,
        .source_count = 1,
        .target_path = scene->target,
        .output_path = scene->output,
        .output_format = scene->format,
        .params = params,
    };

    fus_media_limits_default(&request.limits);
    return fus_pipeline_run(scene->engine, &request, &events, &scene->result, &scene->err);
}

static void assert_no_output(struct scene *scene)
{
    assert_false(fus_fs_exists(scene->output));
    assert_int_equal(count_files(&scene->folder), 2);
}

/* Luma in the middle of where face k is painted, of every frame of the output; returns their
 * number. */
static int painted(struct scene *scene, int k, uint8_t luma[FRAMES])
{
    const struct fus_reader_options options = {.threads = 1};
    FUS_CLEANUP(fus_reader_free) struct fus_reader *reader = NULL;
    struct fus_media_limits limits;
    int frames = 0;

    fus_media_limits_default(&limits);
    assert_int_equal(fus_reader_open(scene->output, &limits, &options, &reader, NULL), 0);
    for (;;) {
        FUS_CLEANUP(fus_message_free) struct fus_message *message = NULL;

        assert_int_equal(fus_reader_next(reader, &message, NULL), 0);
        if (message->kind == FUS_MESSAGE_END)
            return frames;
        if (message->kind != FUS_MESSAGE_VIDEO)
            continue;
        assert_int_equal(message->frame.index, frames);
        assert_in_range(message->frame.pts_us + 1000, frames * 40000, frames * 40000 + 2000);
        assert_true(frames < FRAMES);
        luma[frames++] =
            message->frame.image.plane[0][32 * message->frame.image.stride_bytes[0] + 32 + 24 * k];
    }
}

static void every_frame_with_a_face_is_changed_in_order(void **state)
{
    struct scene *scene = *state;
    uint8_t faces[FRAMES], luma[FRAMES];
    enum fus_digital_source_type type;

    for (int i = 0; i < FRAMES; i++)
        faces[i] = i % 10 < 5;
    make_clip(scene->target, faces, FRAMES, 0, 0);
    assert_int_equal(run(scene, "{\"output_quality\":100}"), 0);
    assert_int_equal(painted(scene, 0, luma), FRAMES);
    for (int i = 0; i < FRAMES; i++) {
        if (faces[i])
            assert_in_range(luma[i], 225, 255);
        else
            assert_in_range(luma[i], 20, 40);
    }
    assert_int_equal(scene->result.frames, FRAMES);
    assert_int_equal(scene->result.frames_with_faces, 15);
    assert_int_equal(scene->result.faces_changed, 15);
    assert_true(scene->result.is_video);
    assert_int_equal(scene->result.container, FUS_CONTAINER_MP4);
    assert_int_equal(scene->result.bytes, fus_fs_size(scene->output));
    assert_int_equal(fus_label_read(scene->output, &type, NULL), 0);
    assert_int_equal(scene->told.percent, 100);
    assert_false(scene->told.fell);
    assert_string_equal(scene->told.warnings, "reference_by_tracking ");
    assert_string_equal(scene->told.steps, "probing analysing_faces processing_frames "
                                           "encoding_output labelling done ");
    assert_int_equal(count_files(&scene->folder), 3);
    assert_true(fake.clip_seen);
}

static void every_container_carries_its_label(void **state)
{
    static const char *const formats[] = {"mp4", "mov", "mkv"};
    struct scene *scene = *state;

    make_plain(scene, 1);
    for (size_t i = 0; i < FUS_COUNT(formats); i++) {
        enum fus_digital_source_type type = FUS_DST_COMPOSITE_TRAINED;

        scene->format = formats[i];
        assert_int_equal(run(scene, "{}"), 0);
        assert_int_equal(fus_label_read(scene->output, &type, NULL), 0);
        assert_int_equal(type, FUS_DST_COMPOSITE_SYNTHETIC);
        assert_int_equal(fus_container_from_name(formats[i]), scene->result.container);
        unlink(scene->output);
    }
    scene->format = "png";
    assert_int_equal(run(scene, "{}"), FUS_E_INVALID_PARAMETER);
    assert_string_equal(scene->err.pointer, "/output_format");
    assert_no_output(scene);
}

static void passthrough_needs_no_faces_and_claims_nothing(void **state)
{
    struct scene *scene = *state;
    enum fus_digital_source_type type;
    uint8_t luma[FRAMES];

    make_plain(scene, 0);
    assert_int_equal(run(scene, "{\"processors\":[]}"), 0);
    assert_int_equal(painted(scene, 0, luma), FRAMES);
    assert_int_equal(fus_label_read(scene->output, &type, NULL), FUS_E_NOT_FOUND);
    assert_string_equal(scene->told.warnings, "");
}

static void sound_stays_in_its_place(void **state)
{
    struct scene *scene = *state;
    uint8_t faces[FRAMES];
    struct fus_media_info info;
    struct fus_media_limits limits;

    memset(faces, 1, sizeof(faces));
    make_clip(scene->target, faces, FRAMES, 0, 48000);
    assert_int_equal(run(scene, "{}"), 0);
    assert_true(scene->result.has_audio);
    assert_true(scene->result.audio_copied);
    fus_media_limits_default(&limits);
    assert_int_equal(fus_media_probe(scene->output, &limits, &info, NULL), 0);
    assert_true(info.has_audio);
    assert_true(info.duration_seconds > 1.15 && info.duration_seconds < 1.3);
    assert_int_equal(run(scene, "{\"output_audio_quality\":50}"), 0);
    assert_false(scene->result.audio_copied);
}

static void a_clip_without_any_face_fails_and_leaves_nothing(void **state)
{
    struct scene *scene = *state;

    make_plain(scene, 0);
    assert_int_equal(run(scene, "{}"), FUS_E_NO_FACE_IN_TARGET);
    assert_no_output(scene);
    assert_int_equal(fake.opened, fake.closed);
}

static void the_reference_is_the_face_of_the_named_frame(void **state)
{
    struct scene *scene = *state;
    uint8_t faces[FRAMES], luma[FRAMES];

    /* one face at first, two from frame 10 on: the second one is meant */
    for (int i = 0; i < FRAMES; i++)
        faces[i] = i < 10 ? 1 : 2;
    make_clip(scene->target, faces, FRAMES, 0, 0);
    assert_int_equal(run(scene, "{\"reference_frame_number\":20,\"output_quality\":100,"
                                "\"face_selector_order\":\"right-left\"}"),
                     0);
    assert_int_equal(painted(scene, 1, luma), FRAMES);
    for (int i = 10; i < FRAMES; i++)
        assert_in_range(luma[i], 225, 255);
    assert_int_equal(scene->result.faces_changed, 20);
    assert_int_equal(painted(scene, 0, luma), FRAMES);
    for (int i = 0; i < FRAMES; i++)
        assert_in_range(luma[i], 80, 160);
    assert_int_equal(fake.wanted_track, 1); /* the others need no landmarks any more */
}

static void a_named_frame_without_a_face_is_an_error(void **state)
{
    struct scene *scene = *state;
    uint8_t faces[FRAMES];

    for (int i = 0; i < FRAMES; i++)
        faces[i] = i != 7;
    make_clip(scene->target, faces, FRAMES, 0, 0);
    assert_int_equal(run(scene, "{\"reference_frame_number\":7}"), FUS_E_REFERENCE_FACE_NOT_FOUND);
    assert_string_equal(scene->err.pointer, "/parameters/reference_frame_number");
    assert_no_output(scene);
}

static void without_a_named_frame_the_first_face_is_the_reference(void **state)
{
    struct scene *scene = *state;
    uint8_t faces[FRAMES];

    for (int i = 0; i < FRAMES; i++)
        faces[i] = i < 5 ? 0 : 1;
    make_clip(scene->target, faces, FRAMES, 0, 0);
    assert_int_equal(run(scene, "{}"), 0);
    assert_int_equal(scene->result.faces_changed, FRAMES - 5);
}

static void a_turned_clip_is_seen_upright_and_stays_turned(void **state)
{
    static const int rotations[] = {90, 180, 270};
    struct scene *scene = *state;
    uint8_t faces[FRAMES];
    struct fus_media_info info;
    struct fus_media_limits limits;

    fus_media_limits_default(&limits);
    memset(faces, 1, sizeof(faces));
    for (size_t i = 0; i < FUS_COUNT(rotations); i++) {
        FUS_AUTO_IMAGE struct fus_image upright = {0};
        bool quarter = rotations[i] != 180;

        make_clip(scene->target, faces, FRAMES, rotations[i], 0);
        assert_int_equal(run(scene, "{\"output_quality\":100}"), 0);
        assert_int_equal(fus_media_probe(scene->output, &limits, &info, NULL), 0);
        assert_int_equal(info.rotation, rotations[i]);
        assert_int_equal(info.width, quarter ? HEIGHT : WIDTH);
        assert_int_equal(scene->result.width, quarter ? HEIGHT : WIDTH);
        assert_int_equal(fus_reader_frame_at(scene->output, &limits, 1, 3, &upright, NULL), 0);
        assert_int_equal(upright.width, quarter ? HEIGHT : WIDTH);
        assert_in_range(upright.plane[0][32 * upright.stride_bytes[0] + 3 * 32], 225, 255);
        assert_in_range(upright.plane[0][32 * upright.stride_bytes[0] + 3 * 60], 50, 130);
        fus_image_done(&upright);
    }
}

static void a_cancel_stops_within_a_second_and_leaves_nothing(void **state)
{
    struct scene *scene = *state;

    make_plain(scene, 1);
    fake.slow_ms = 2;
    for (long at = 1; at < 40; at += 3) {
        int64_t start_us = fus_clock_monotonic_us();

        memset(&scene->told, 0, sizeof(scene->told));
        scene->told.cancel_at = at;
        if (run(scene, "{}") == 0)
            break; /* it had fewer occasions to ask */
        assert_int_equal(scene->err.code, FUS_E_CANCELLED);
        assert_true(fus_clock_monotonic_us() - start_us < 1000000);
        assert_no_output(scene);
    }
    assert_int_equal(fake.opened, fake.closed);
}

static void a_processor_that_fails_in_the_middle_leaves_nothing(void **state)
{
    struct scene *scene = *state;

    make_plain(scene, 1);
    for (long at = 1; at <= FRAMES; at += 7) {
        fake.processed = 0;
        fake.fail_process_at = at;
        assert_int_equal(run(scene, "{}"), FUS_E_OUT_OF_MEMORY);
        assert_string_equal(scene->err.detail, "The fake fails.");
        assert_no_output(scene);
    }
}

static void a_clip_that_breaks_off_leaves_nothing(void **state)
{
    struct scene *scene = *state;
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size;

    make_plain(scene, 1);
    assert_int_equal(fus_fs_read(scene->target, 1 << 24, &bytes, &size, NULL), 0);
    for (size_t part = 1; part < 8; part++) {
        int rc;

        assert_int_equal(fus_fs_write_atomic(scene->target, bytes, size * part / 8, 0644, NULL), 0);
        rc = run(scene, "{}");
        if (rc) {
            assert_true(rc == FUS_E_CORRUPT_MEDIA || rc == FUS_E_UNSUPPORTED_MEDIA);
            assert_no_output(scene);
        } else {
            unlink(scene->output);
        }
    }
}

/* Size of the output and the luma of every frame at (x, y) of it. */
static int read_output(struct scene *scene, int x, int y, int size[2], uint8_t luma[FRAMES],
                       int64_t *first_us)
{
    struct fus_media_limits limits;
    const struct fus_reader_options options = {.threads = 1, .video_only = true};
    FUS_CLEANUP(fus_reader_free) struct fus_reader *reader = NULL;
    int frames = 0;

    fus_media_limits_default(&limits);
    assert_int_equal(fus_reader_open(scene->output, &limits, &options, &reader, NULL), 0);
    size[0] = fus_reader_info(reader)->width;
    size[1] = fus_reader_info(reader)->height;
    for (;;) {
        FUS_CLEANUP(fus_message_free) struct fus_message *message = NULL;

        assert_int_equal(fus_reader_next(reader, &message, NULL), 0);
        if (message->kind == FUS_MESSAGE_END)
            return frames;
        assert_true(frames < FRAMES);
        if (frames == 0)
            *first_us = message->frame.pts_us;
        luma[frames++] =
            message->frame.image.plane[0][y * message->frame.image.stride_bytes[0] + x];
    }
}

static void a_processor_of_bgr_changes_the_planes_of_its_faces(void **state)
{
    struct scene *scene = *state;
    uint8_t luma[FRAMES];
    int size[2];
    int64_t first_us;

    make_plain(scene, 1);
    assert_int_equal(run(scene, "{\"processors\":[\"face_debugger\"],\"output_quality\":100,"
                                "\"face_selector_mode\":\"many\"}"),
                     0);
    assert_int_equal(read_output(scene, 32, 32, size, luma, &first_us), FRAMES);
    for (int i = 0; i < FRAMES; i++)
        assert_in_range(luma[i], 14, 18); /* black of the narrow range */
    assert_int_equal(read_output(scene, 8, 8, size, luma, &first_us), FRAMES);
    for (int i = 0; i < FRAMES; i++)
        assert_in_range(luma[i], 86, 94);
}

static void trimming_keeps_the_frames_asked_for(void **state)
{
    struct scene *scene = *state;
    uint8_t luma[FRAMES];
    int size[2];
    int64_t first_us = -1;

    make_plain(scene, 1);
    assert_int_equal(run(scene, "{\"trim_frame_start\":7,\"trim_frame_end\":19,"
                                "\"output_quality\":100}"),
                     0);
    assert_int_equal(read_output(scene, 72, HEIGHT / 2 + 8, size, luma, &first_us), 12);
    assert_int_equal(first_us, 0);
    for (int i = 0; i < 12; i++) /* make_clip's block counts the frames */
        assert_in_range(luma[i], 60 + 4 * (i + 7) - 2, 60 + 4 * (i + 7) + 2);
    assert_int_equal(scene->result.frames, 12);
    assert_int_equal(run(scene, "{\"trim_frame_start\":9,\"trim_frame_end\":9}"),
                     FUS_E_INVALID_PARAMETER);
}

static void the_output_has_the_size_asked_for(void **state)
{
    static const struct {
        const char *params;
        int width, height;
    } cases[] = {
        {"{\"output_video_scale\":0.5}", WIDTH / 2, HEIGHT / 2},
        {"{\"output_video_scale\":2}", WIDTH * 2, HEIGHT * 2},
        {"{\"processors\":[\"frame_enhancer\"]}", WIDTH, HEIGHT},
        {"{\"processors\":[\"frame_enhancer\",\"face_swapper\"],\"output_video_scale\":2}",
         WIDTH * 2, HEIGHT * 2},
    };
    struct scene *scene = *state;

    make_plain(scene, 1);
    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        uint8_t luma[FRAMES];
        int size[2];
        int64_t first_us;

        assert_int_equal(run(scene, cases[i].params), 0);
        /* the middle of the painted face, in whatever size */
        assert_int_equal(read_output(scene, 32 * cases[i].width / WIDTH,
                                     32 * cases[i].height / HEIGHT, size, luma, &first_us),
                         FRAMES);
        assert_int_equal(size[0], cases[i].width);
        assert_int_equal(size[1], cases[i].height);
        assert_int_equal(scene->result.width, cases[i].width);
        for (int k = 0; k < FRAMES; k++) {
            if (strstr(cases[i].params, "[\"frame_enhancer\"]"))
                assert_in_range(luma[k], 85, 95);
            else
                assert_in_range(luma[k], 225, 255);
        }
    }
}

static void a_window_of_frames_loses_none_and_keeps_their_order(void **state)
{
    struct scene *scene = *state;
    uint8_t faces[FRAMES], luma[FRAMES];

    for (int i = 0; i < FRAMES; i++)
        faces[i] = i != 10; /* the tracker refills the gap */
    make_clip(scene->target, faces, FRAMES, 0, 16000);
    assert_int_equal(run(scene, "{\"processors\":[\"face_debugger\"],\"face_tracker_score\":0.3,"
                                "\"target_frame_amount\":5,\"face_selector_mode\":\"one\"}"),
                     0);
    assert_int_equal(painted(scene, 0, luma), FRAMES);
    for (int i = 0; i < FRAMES; i++)
        assert_in_range(luma[i], 14, 22);
    assert_int_equal(scene->result.faces_changed, FRAMES);
}

static void with_a_recognizer_the_reference_is_known_again_anywhere(void **state)
{
    struct scene *scene = *state;
    uint8_t faces[FRAMES];

    for (int i = 0; i < FRAMES; i++)
        faces[i] = (uint8_t)(1 + i % 3);
    make_clip(scene->target, faces, FRAMES, 0, 0);
    fake.recognizer = 1;
    /* frame 2 has three faces; the second largest is face 1, which two frames of three show */
    assert_int_equal(run(scene, "{\"reference_frame_number\":2,\"reference_face_position\":1}"), 0);
    assert_int_equal(scene->result.faces_changed, FRAMES / 3 * 2);
    assert_string_equal(scene->told.warnings, "");
    assert_true(fake.added > 0);
}

static void a_clip_is_refused_above_one_explicit_second_in_ten(void **state)
{
    struct scene *scene = *state;

    make_plain(scene, 1); /* 25 fps: frames 0 and 25 are looked at */
    fake.gate_installed = 1;
    fake.explicit_looks = 2;
    assert_int_equal(run(scene, "{}"), FUS_E_CONTENT_REJECTED);
    assert_int_equal(scene->result.moderation.sampled, 2);
    assert_int_equal(scene->result.moderation.sampled_frames[1], 25);
    assert_int_equal(scene->result.moderation.voted_frames[0], 25);
    assert_true(scene->result.moderation.rate == 50);
    assert_no_output(scene);
    /* only the range that is used is looked at */
    fake.looks = 0;
    fake.explicit_looks = 0;
    assert_int_equal(run(scene, "{\"trim_frame_start\":20,\"trim_frame_end\":27}"), 0);
    assert_int_equal(scene->result.moderation.sampled, 1);
    assert_int_equal(scene->result.moderation.sampled_frames[0], 25);
    assert_int_equal(scene->result.moderation.state, FUS_MODERATION_PASSED);
    /* a range without a sample is judged by its first frame */
    fake.looks = 0;
    fake.explicit_looks = 1;
    assert_int_equal(run(scene, "{\"trim_frame_start\":1,\"trim_frame_end\":24}"),
                     FUS_E_CONTENT_REJECTED);
    assert_int_equal(scene->result.moderation.sampled_frames[0], 1);
    assert_int_equal(fake.looks, 1);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SCENE(every_frame_with_a_face_is_changed_in_order),
        SCENE(every_container_carries_its_label),
        SCENE(passthrough_needs_no_faces_and_claims_nothing),
        SCENE(sound_stays_in_its_place),
        SCENE(a_clip_without_any_face_fails_and_leaves_nothing),
        SCENE(the_reference_is_the_face_of_the_named_frame),
        SCENE(a_named_frame_without_a_face_is_an_error),
        SCENE(without_a_named_frame_the_first_face_is_the_reference),
        SCENE(a_turned_clip_is_seen_upright_and_stays_turned),
        SCENE(a_processor_of_bgr_changes_the_planes_of_its_faces),
        SCENE(trimming_keeps_the_frames_asked_for),
        SCENE(the_output_has_the_size_asked_for),
        SCENE(a_window_of_frames_loses_none_and_keeps_their_order),
        SCENE(with_a_recognizer_the_reference_is_known_again_anywhere),
        SCENE(a_clip_is_refused_above_one_explicit_second_in_ten),
        SCENE(a_cancel_stops_within_a_second_and_leaves_nothing),
        SCENE(a_processor_that_fails_in_the_middle_leaves_nothing),
        SCENE(a_clip_that_breaks_off_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
