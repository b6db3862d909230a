/* How strong JPEG and WebP are quantised: FaceFusion's scale. */
#include <libavcodec/avcodec.h>
#include <libswscale/swscale.h>

#include "media/still.h"
#include "media_test.h"

static struct fus_media_limits limits;

/* Soft shapes with some grain: what a photograph asks of an encoder. */
static void draw(struct fus_still *still)
{
    struct fus_error err = {0};
    uint32_t seed = 7;
    assert_ok(fus_image_alloc(&still->image, FUS_PIXEL_BGR8, 256, 192, &err));
    for (int y = 0; y < 192; y++)
        for (int x = 0; x < 256; x++) {
            uint8_t *to = still->image.plane[0] + still->image.stride_bytes[0] * y + 3 * x;
            int grain = (int)noise(&seed) % 7;
            bool disc = (x - 90) * (x - 90) + (y - 100) * (y - 100) < 3600;
            to[0] = (uint8_t)(40 + x / 4 + grain + 40 * disc);
            to[1] = (uint8_t)(60 + y / 3 + grain + 60 * disc);
            to[2] = (uint8_t)(90 + (x + y) / 5 + grain + 40 * disc);
        }
}

static double psnr(const struct fus_image *a, const struct fus_image *b)
{
    double sum = 0;
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < 3 * a->width; x++) {
            double d =
                a->plane[0][a->stride_bytes[0] * y + x] - b->plane[0][b->stride_bytes[0] * y + x];
            sum += d * d;
        }
    return 10 * log10(255.0 * 255 / FUS_MAX(sum / (3.0 * a->width * a->height), 1e-9));
}

static void encode(const struct fus_still *still, enum fus_container container, int quality,
                   const char *path, size_t *size)
{
    struct fus_still_options options = {.container = container, .quality = quality};
    struct fus_error err = {0};
    uint8_t *bytes = NULL;
    assert_ok(fus_still_encode(still, &options, &bytes, size, &err));
    file_write(path, bytes, *size);
    fus_free(bytes);
}

/* The same picture by libav's own encoder, 4:2:0. */
static void encode_by_libav(const struct fus_still *still, int scale, const char *path)
{
    const struct fus_image *image = &still->image;
    AVCodecContext *encoder = avcodec_alloc_context3(avcodec_find_encoder(AV_CODEC_ID_MJPEG));
    AVFrame *frame = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    encoder->width = frame->width = image->width;
    encoder->height = frame->height = image->height;
    encoder->pix_fmt = AV_PIX_FMT_YUVJ420P;
    frame->format = AV_PIX_FMT_YUVJ420P;
    encoder->time_base = (AVRational){1, 1};
    encoder->flags |= AV_CODEC_FLAG_QSCALE;
    encoder->global_quality = scale * FF_QP2LAMBDA;
    frame->quality = encoder->global_quality;
    assert_int_equal(avcodec_open2(encoder, encoder->codec, NULL), 0);
    assert_true(av_frame_get_buffer(frame, 0) >= 0);
    struct SwsContext *sws =
        sws_getContext(image->width, image->height, AV_PIX_FMT_BGR24, image->width, image->height,
                       AV_PIX_FMT_YUVJ420P, SWS_BICUBIC, NULL, NULL, NULL);
    const uint8_t *planes[1] = {image->plane[0]};
    int strides[1] = {(int)image->stride_bytes[0]};
    sws_scale(sws, planes, strides, 0, image->height, frame->data, frame->linesize);
    assert_int_equal(avcodec_send_frame(encoder, frame), 0);
    assert_int_equal(avcodec_send_frame(encoder, NULL), 0);
    assert_int_equal(avcodec_receive_packet(encoder, packet), 0);
    file_write(path, packet->data, (size_t)packet->size);
    sws_freeContext(sws);
    avcodec_free_context(&encoder);
    av_frame_free(&frame);
    av_packet_free(&packet);
}

/* First quantisation table of a JPEG file, in zigzag order. */
static const uint8_t *table_of(const uint8_t *jpeg, size_t size)
{
    for (size_t at = 2; at + 4 < size; at += 2u + (size_t)(jpeg[at + 2] << 8 | jpeg[at + 3]))
        if (jpeg[at + 1] == 0xdb)
            return jpeg + at + 5;
    return NULL;
}

static void jpegs_are_quantised_as_ffmpeg_does_it(void **state)
{
    static const struct {
        int quality, scale;
    } cases[] = {{0, 31}, {20, 25}, {50, 16}, {80, 6}, {90, 3}};
    FUS_AUTO_STILL struct fus_still still = {0};
    const char *ours = scratch_path(state, "a.jpg"), *theirs = scratch_path(state, "b.jpg");
    draw(&still);
    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        FUS_AUTO_STILL struct fus_still a = {0}, b = {0};
        FUS_AUTO_FREE void *a_bytes = NULL, *b_bytes = NULL;
        struct fus_error err = {0};
        size_t a_size = 0, b_size = 0;
        encode(&still, FUS_CONTAINER_JPEG, cases[i].quality, ours, &a_size);
        encode_by_libav(&still, cases[i].scale, theirs);
        assert_ok(fus_fs_read(ours, 1 << 20, &a_bytes, &a_size, &err));
        assert_ok(fus_fs_read(theirs, 1 << 20, &b_bytes, &b_size, &err));
        const uint8_t *a_table = table_of(a_bytes, a_size), *b_table = table_of(b_bytes, b_size);
        assert_non_null(a_table);
        assert_non_null(b_table);
        assert_memory_equal(a_table, b_table, 64);
        assert_ok(fus_still_read(ours, &limits, &a, &err));
        assert_ok(fus_still_read(theirs, &limits, &b, &err));
        double got = psnr(&a.image, &b.image);
        print_message("quality %d: %.2f dB between the two, %.2f and %.2f from the picture\n",
                      cases[i].quality, got, psnr(&a.image, &still.image),
                      psnr(&b.image, &still.image));
        assert_true(got >= 44);
        if (cases[i].quality < 90) /* from there on ours has all its colour */
            assert_true((double)a_size < 1.05 * (double)b_size + 100);
    }
}

static void more_quality_is_more_bytes_and_a_nearer_picture(void **state)
{
    static const enum fus_container containers[] = {FUS_CONTAINER_JPEG, FUS_CONTAINER_WEBP};
    FUS_AUTO_STILL struct fus_still still = {0};
    const char *path = scratch_path(state, "q");
    draw(&still);
    for (size_t c = 0; c < FUS_COUNT(containers); c++) {
        size_t before = 0;
        double nearness = 0;
        for (int quality = 0; quality <= 100; quality += 25) {
            FUS_AUTO_STILL struct fus_still seen = {0};
            struct fus_error err = {0};
            size_t size = 0;
            encode(&still, containers[c], quality, path, &size);
            assert_ok(fus_still_read(path, &limits, &seen, &err));
            double got = psnr(&still.image, &seen.image);
            assert_true(size > before && got > nearness);
            before = size;
            nearness = got;
        }
        assert_true(nearness > 48);
    }
}

int main(void)
{
    fus_media_limits_default(&limits);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jpegs_are_quantised_as_ffmpeg_does_it),
        cmocka_unit_test(more_quality_is_more_bytes_and_a_nearer_picture),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
