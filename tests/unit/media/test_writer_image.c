/* Pictures of the caller's own, and clips of another size than their source's. */
#include "media/scale.h"

#include "clip_test.h"

static struct fus_media_limits limits;

/* A quarter white, the rest of a known colour. */
static void draw_bgr(struct fus_image *image, int width, int height)
{
    struct fus_error err = {0};
    assert_ok(fus_image_alloc(image, FUS_PIXEL_BGR8, width, height, &err));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *to = image->plane[0] + image->stride_bytes[0] * y + (ptrdiff_t)3 * x;
            bool corner = x < width / 2 && y < height / 2;
            to[0] = corner ? 255 : 60;
            to[1] = corner ? 255 : 120;
            to[2] = corner ? 255 : 200;
        }
}

static const uint8_t *pixel_at(const struct fus_image *image, double x, double y)
{
    return image->plane[0] + image->stride_bytes[0] * (int)(y * image->height) +
           (ptrdiff_t)3 * (int)(x * image->width);
}

static void assert_drawn(const struct fus_image *bgr)
{
    static const uint8_t white[3] = {255, 255, 255}, brown[3] = {60, 120, 200};
    for (int c = 0; c < 3; c++) {
        assert_true(abs(pixel_at(bgr, 0.2, 0.2)[c] - white[c]) <= 4);
        assert_true(abs(pixel_at(bgr, 0.8, 0.2)[c] - brown[c]) <= 4);
        assert_true(abs(pixel_at(bgr, 0.2, 0.8)[c] - brown[c]) <= 4);
        assert_true(abs(pixel_at(bgr, 0.8, 0.8)[c] - brown[c]) <= 4);
    }
}

/* Every frame of `from` replaced by `image`, at its time; sound passes. */
static int replace_all(const char *from, const char *to, const struct fus_writer_options *wanted,
                       const struct fus_image *image, struct fus_error *err)
{
    struct fus_reader_options one = {.threads = 1};
    FUS_CLEANUP(fus_reader_free) struct fus_reader *reader = NULL;
    FUS_CLEANUP(fus_writer_free) struct fus_writer *writer = NULL;
    int rc = fus_reader_open(from, &limits, &one, &reader, err);
    if (rc == 0)
        rc = fus_writer_open(to, reader, wanted, &writer, err);
    for (bool ended = false; rc == 0 && !ended;) {
        struct fus_message *message = NULL;
        rc = fus_reader_next(reader, &message, err);
        if (rc < 0)
            break;
        ended = message->kind == FUS_MESSAGE_END;
        if (message->kind == FUS_MESSAGE_AUDIO) {
            rc = fus_writer_write(writer, message, err);
            continue;
        }
        if (message->kind == FUS_MESSAGE_VIDEO)
            rc = fus_writer_put_timed(writer, image, message->frame.pts_us,
                                      message->frame.duration_us, err);
        fus_message_free(message);
    }
    return rc ? rc : fus_writer_finish(writer, err);
}

static void own_pictures_of_any_size_and_kind_take_a_frames_place(void **state)
{
    static const int sizes[][2] = {{96, 64}, {192, 128}, {47, 33}};
    const char *path = scratch_path(state, "in.mp4"), *out = scratch_path(state, "out.mp4");
    struct clip_spec clip;
    struct fus_error err = {0};
    clip_spec_default(&clip);
    clip.frames = 5;
    clip.spec.audio_rate = 48000;
    clip.spec.audio_channels = 1;
    for (int i = 0; i < 18; i++) {
        FUS_AUTO_IMAGE struct fus_image image = {0}, seen = {0};
        struct clip_seen read;
        clip.spec.matrix = (enum fus_color_matrix)(i / 3 % 3);
        clip.spec.full_range = i >= 9;
        clip_make(path, &clip);
        draw_bgr(&image, sizes[i % 3][0], sizes[i % 3][1]);
        assert_ok(replace_all(path, out, &clip.options, &image, &err));
        assert_ok(clip_read(out, &limits, NULL, &read, &err));
        assert_int_equal(read.frames, 5);
        assert_int_equal(read.width, 96);
        assert_int_equal(read.matrix, clip.spec.matrix);
        assert_int_equal(read.full_range, clip.spec.full_range);
        assert_true(read.packets > 5);
        assert_true(llabs(read.pts_us[4] - 160000) < 1000);
        assert_ok(fus_reader_frame_at(out, &limits, 1, 3, &seen, &err));
        assert_drawn(&seen);
    }
}

static void planes_in_other_colours_are_converted(void **state)
{
    const char *path = scratch_path(state, "in.mp4"), *out = scratch_path(state, "out.mp4");
    struct clip_spec clip;
    struct fus_error err = {0};
    clip_spec_default(&clip);
    clip.frames = 2;
    clip_make(path, &clip); /* BT.709, limited */
    static const enum fus_pixel_format formats[] = {FUS_PIXEL_YUV420P8, FUS_PIXEL_YUV422P8,
                                                    FUS_PIXEL_YUV444P8};
    for (int i = 0; i < 3; i++) {
        FUS_AUTO_IMAGE struct fus_image image = {0}, seen = {0};
        assert_ok(fus_image_alloc(&image, formats[i], 96, 64, &err));
        image.matrix = FUS_MATRIX_BT601;
        image.full_range = true;
        /* B 60, G 120, R 200 by BT.601, full range */
        static const int values[3] = {137, 85, 173};
        for (int p = 0; p < 3; p++) {
            int sx = p ? fus_image_chroma_shift_x(image.format) : 0;
            int sy = p ? fus_image_chroma_shift_y(image.format) : 0;
            for (int y = 0; y < 64 >> sy; y++)
                memset(image.plane[p] + image.stride_bytes[p] * y, values[p], (size_t)(96 >> sx));
        }
        assert_ok(replace_all(path, out, &clip.options, &image, &err));
        assert_ok(fus_reader_frame_at(out, &limits, 1, 1, &seen, &err));
        const uint8_t *pixel = pixel_at(&seen, 0.5, 0.5);
        assert_true(abs(pixel[0] - 60) <= 4 && abs(pixel[1] - 120) <= 4 &&
                    abs(pixel[2] - 200) <= 4);
    }
}

static void another_size_scales_the_sources_pictures_too(void **state)
{
    static const int sizes[][4] = {
        {48, 32, 48, 32}, {192, 128, 192, 128}, {96, 64, 96, 64}, {51, 33, 52, 34}};
    const char *path = scratch_path(state, "in.mp4"), *out = scratch_path(state, "out.mp4");
    struct clip_spec clip;
    struct fus_error err = {0};
    clip_spec_default(&clip);
    clip.frames = 6;
    clip_make(path, &clip);
    for (size_t i = 0; i < FUS_COUNT(sizes); i++) {
        struct clip_seen seen;
        clip.options.width = sizes[i][0];
        clip.options.height = sizes[i][1];
        assert_ok(clip_pass(path, out, NULL, &clip.options, NULL, &err));
        assert_ok(clip_read(out, &limits, NULL, &seen, &err));
        assert_int_equal(seen.width, sizes[i][2]);
        assert_int_equal(seen.height, sizes[i][3]);
        assert_int_equal(seen.frames, 6);
        for (int k = 0; k < 6; k++)
            assert_int_equal(seen.numbers[k], k);
    }
    static const int wrong[][2] = {{0, 10}, {10, 0}, {-2, 10}, {20000, 10}};
    for (size_t i = 0; i < FUS_COUNT(wrong); i++) {
        clip.options.width = wrong[i][0];
        clip.options.height = wrong[i][1];
        assert_int_equal(clip_pass(path, out, NULL, &clip.options, NULL, &err),
                         FUS_E_INVALID_PARAMETER);
    }
}

/* Untagged clips are BT.709 from 720 lines on: half of one keeps its colours only with a tag. */
static void a_smaller_clip_keeps_what_was_guessed_of_its_colours(void **state)
{
    const char *path = scratch_path(state, "in.mkv"), *out = scratch_path(state, "out.mp4");
    struct fus_writer_options options;
    struct fus_error err = {0};
    struct clip_seen seen;
    raw_clip_make_sized(path, AV_PIX_FMT_YUV420P, 2, 1280, 720);
    fus_writer_options_default(&options);
    options.width = 128;
    options.height = 72;
    assert_ok(clip_pass(path, out, NULL, &options, NULL, &err));
    assert_ok(clip_read(out, &limits, NULL, &seen, &err));
    assert_int_equal(seen.matrix, FUS_MATRIX_BT709);
}

static void untagged_colours_are_bt601_if_asked_for(void **state)
{
    static const struct fus_reader_options options = {.threads = 1, .untagged_bt601 = true};
    const char *path = scratch_path(state, "in.mkv"), *out = scratch_path(state, "out.mp4");
    struct fus_writer_options writing;
    struct clip_spec tagged;
    struct fus_error err = {0};
    struct clip_seen seen;
    raw_clip_make_sized(path, AV_PIX_FMT_YUV420P, 2, 1280, 720);
    assert_ok(clip_read(path, &limits, NULL, &seen, &err));
    assert_int_equal(seen.matrix, FUS_MATRIX_BT709);
    assert_ok(clip_read(path, &limits, &options, &seen, &err));
    assert_int_equal(seen.matrix, FUS_MATRIX_BT601);
    /* and the output says it, where a player would guess otherwise */
    fus_writer_options_default(&writing);
    assert_ok(clip_pass(path, out, &options, &writing, NULL, &err));
    assert_ok(clip_read(out, &limits, NULL, &seen, &err));
    assert_int_equal(seen.matrix, FUS_MATRIX_BT601);
    /* a tag stays what it is */
    clip_spec_default(&tagged);
    tagged.frames = 2;
    clip_make(path, &tagged);
    assert_ok(clip_read(path, &limits, &options, &seen, &err));
    assert_int_equal(seen.matrix, FUS_MATRIX_BT709);
}

static void upright_pictures_go_in_as_they_are_seen(void **state)
{
    for (int degrees = 0; degrees < 360; degrees += 90)
        for (int own = 0; own < 2; own++)
            for (int c = FUS_CONTAINER_MP4; c <= FUS_CONTAINER_MKV; c++) {
                FUS_AUTO_IMAGE struct fus_image image = {0}, seen = {0};
                const char *path = scratch_path(state, "in.mov"), *out = scratch_path(state, "o");
                struct clip_spec clip;
                struct clip_seen read;
                struct fus_error err = {0};
                bool swap = degrees % 180 == 90;
                clip_spec_default(&clip);
                clip.frames = 2;
                clip.spec.rotation = degrees;
                clip.options.container = FUS_CONTAINER_MOV;
                clip_make(path, &clip);
                clip.options.container = (enum fus_container)c;
                clip.options.upright = true;
                clip.options.width = swap ? 128 : 192;
                clip.options.height = swap ? 192 : 128;
                draw_bgr(&image, swap ? 64 : 96, swap ? 96 : 64);
                if (own)
                    assert_ok(replace_all(path, out, &clip.options, &image, &err));
                else
                    assert_ok(clip_pass(path, out, NULL, &clip.options, NULL, &err));
                assert_ok(clip_read(out, &limits, NULL, &read, &err));
                assert_int_equal(read.info.rotation, 0);
                assert_int_equal(read.width, clip.options.width);
                assert_int_equal(read.height, clip.options.height);
                assert_ok(fus_reader_frame_at(out, &limits, 1, 1, &seen, &err));
                if (own) {
                    assert_drawn(&seen);
                    continue;
                }
                /* The stored bright corner, top left, has been turned. */
                double x = degrees == 90 || degrees == 180 ? 0.95 : 0.05;
                double y = degrees >= 180 ? 0.95 : 0.05;
                assert_true(pixel_at(&seen, x, y)[1] > 180);
            }
}

static void own_pictures_follow_a_constant_rate(void **state)
{
    const char *path = scratch_path(state, "in.mp4"), *out = scratch_path(state, "out.mp4");
    FUS_AUTO_IMAGE struct fus_image image = {0};
    struct clip_spec clip;
    struct fus_error err = {0};
    clip_spec_default(&clip);
    clip_make(path, &clip);
    draw_bgr(&image, 96, 64);
    for (int fps = 5; fps <= 50; fps *= 10) {
        struct clip_seen seen;
        clip.options.fps = fps;
        assert_ok(replace_all(path, out, &clip.options, &image, &err));
        assert_ok(clip_read(out, &limits, NULL, &seen, &err));
        assert_int_equal(seen.frames, 30 * fps / 25); /* as long as before */
    }
}

static void a_still_is_scaled_in_its_own_format(void **state)
{
    (void)state;
    FUS_AUTO_IMAGE struct fus_image bgr = {0}, half = {0}, grey = {0}, large = {0}, same = {0};
    struct fus_error err = {0};
    draw_bgr(&bgr, 100, 60);
    assert_ok(fus_image_alloc(&half, FUS_PIXEL_BGR8, 50, 30, &err));
    assert_ok(fus_image_scale(&bgr, &half, &err));
    assert_drawn(&half);
    assert_ok(fus_image_alloc(&same, FUS_PIXEL_BGR8, 100, 60, &err));
    assert_ok(fus_image_scale(&bgr, &same, &err));
    for (int y = 0; y < 60; y++)
        assert_memory_equal(same.plane[0] + same.stride_bytes[0] * y,
                            bgr.plane[0] + bgr.stride_bytes[0] * y, 300);
    assert_ok(fus_image_alloc(&grey, FUS_PIXEL_GRAY8, 20, 20, &err));
    for (int y = 0; y < 20; y++)
        memset(grey.plane[0] + grey.stride_bytes[0] * y, y < 10 ? 30 : 220, 20);
    assert_ok(fus_image_alloc(&large, FUS_PIXEL_GRAY8, 61, 47, &err));
    assert_ok(fus_image_scale(&grey, &large, &err));
    assert_true(abs(large.plane[0][large.stride_bytes[0] * 5 + 30] - 30) <= 1);
    assert_true(abs(large.plane[0][large.stride_bytes[0] * 42 + 30] - 220) <= 1);
    assert_int_equal(fus_image_scale(&bgr, &large, &err), FUS_E_INTERNAL);
}

int main(void)
{
    fus_media_limits_default(&limits);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_pictures_of_any_size_and_kind_take_a_frames_place),
        cmocka_unit_test(planes_in_other_colours_are_converted),
        cmocka_unit_test(another_size_scales_the_sources_pictures_too),
        cmocka_unit_test(a_smaller_clip_keeps_what_was_guessed_of_its_colours),
        cmocka_unit_test(untagged_colours_are_bt601_if_asked_for),
        cmocka_unit_test(upright_pictures_go_in_as_they_are_seen),
        cmocka_unit_test(own_pictures_follow_a_constant_rate),
        cmocka_unit_test(a_still_is_scaled_in_its_own_format),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
