#include "media/frame.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <libavutil/buffer.h>
#include <libavutil/imgutils.h>

#include "base/mem.h"

#define ROW_ALIGNMENT 64
/* Vector code may read and write past the last pixel of a plane. */
#define TAIL_BYTES 64

struct fus_frame_pool {
    atomic_int references;
    pthread_mutex_t lock; /* guards the two below */
    AVBufferPool *buffers;
    size_t buffer_bytes;
};

static int out_of_memory(struct fus_error *err)
{
    return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for a frame.");
}

struct fus_frame_pool *fus_frame_pool_new(void)
{
    struct fus_frame_pool *pool = fus_calloc(1, sizeof(*pool));
    if (!pool)
        return NULL;
    atomic_init(&pool->references, 1);
    pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

struct fus_frame_pool *fus_frame_pool_ref(struct fus_frame_pool *pool)
{
    atomic_fetch_add(&pool->references, 1);
    return pool;
}

void fus_frame_pool_unref(struct fus_frame_pool *pool)
{
    if (!pool || atomic_fetch_sub(&pool->references, 1) != 1)
        return;
    av_buffer_pool_uninit(&pool->buffers);
    pthread_mutex_destroy(&pool->lock);
    fus_free(pool);
}

static AVBufferRef *pool_buffer(struct fus_frame_pool *pool, size_t bytes)
{
    pthread_mutex_lock(&pool->lock);
    if (bytes != pool->buffer_bytes) {
        av_buffer_pool_uninit(&pool->buffers); /* its buffers in use live on */
        pool->buffers = av_buffer_pool_init(bytes, NULL);
        pool->buffer_bytes = pool->buffers ? bytes : 0;
    }
    AVBufferRef *buffer = pool->buffers ? av_buffer_pool_get(pool->buffers) : NULL;
    pthread_mutex_unlock(&pool->lock);
    return buffer;
}

int fus_frame_pool_get(struct fus_frame_pool *pool, enum AVPixelFormat format, int width,
                       int height, AVFrame *frame, struct fus_error *err)
{
    int row_bytes[4] = {0};
    ptrdiff_t strides[4] = {0};
    size_t planes[4] = {0}, total = TAIL_BYTES;
    /* One more column and row: an odd picture is made even in place by its consumer. */
    if (width <= 0 || height <= 0 || (uint64_t)width * (uint64_t)height > FUS_IMAGE_PIXELS_MAX ||
        av_image_fill_linesizes(row_bytes, format, width + 1) < 0)
        return fus_error_set(err, FUS_E_INTERNAL, "No such picture can be made.");
    for (int i = 0; i < 4; i++)
        strides[i] = (row_bytes[i] + ROW_ALIGNMENT - 1) & ~(ROW_ALIGNMENT - 1);
    if (av_image_fill_plane_sizes(planes, format, height + 1, strides) < 0)
        return fus_error_set(err, FUS_E_INTERNAL, "No such picture can be made.");
    for (int i = 0; i < 4; i++)
        total += planes[i];
    frame->buf[0] = pool_buffer(pool, total);
    if (!frame->buf[0])
        return out_of_memory(err);
    size_t offset = 0;
    for (int i = 0; i < 4 && planes[i]; i++) {
        frame->data[i] = frame->buf[0]->data + offset;
        frame->linesize[i] = (int)strides[i];
        offset += planes[i];
    }
    frame->format = format;
    frame->width = width;
    frame->height = height;
    return 0;
}

void fus_frame_view(const AVFrame *av, struct fus_image *image)
{
    *image = (struct fus_image){.width = av->width, .height = av->height};
    fus_av_pixel_format(av->format, &image->format);
    for (int i = 0; i < 3; i++) {
        image->plane[i] = av->data[i];
        image->stride_bytes[i] = av->linesize[i];
    }
    image->matrix = fus_av_matrix(av->colorspace, av->width, av->height);
    image->full_range = fus_av_full_range(av->format, av->color_range);
}

AVFrame *fus_frame_of_image(const struct fus_image *image)
{
    static const enum AVPixelFormat formats[] = {
        [FUS_PIXEL_BGR8] = AV_PIX_FMT_BGR24,       [FUS_PIXEL_GRAY8] = AV_PIX_FMT_GRAY8,
        [FUS_PIXEL_YUV420P8] = AV_PIX_FMT_YUV420P, [FUS_PIXEL_YUV422P8] = AV_PIX_FMT_YUV422P,
        [FUS_PIXEL_YUV444P8] = AV_PIX_FMT_YUV444P,
    };
    AVFrame *av = av_frame_alloc();
    if (!av)
        return NULL;
    av->format = formats[image->format];
    av->width = image->width;
    av->height = image->height;
    for (int i = 0; i < 3; i++) {
        av->data[i] = image->plane[i];
        av->linesize[i] = (int)image->stride_bytes[i];
    }
    bool full = fus_image_is_yuv(image) ? image->full_range : true;
    av->color_range = full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    return av;
}

int fus_message_new_video(AVFrame *av, struct fus_frame_pool *pool, struct fus_message **message,
                          struct fus_error *err)
{
    struct {
        struct fus_message message;
        struct fus_frame_handle handle;
    } *made = fus_calloc(1, sizeof(*made));
    if (!made) {
        av_frame_free(&av);
        return out_of_memory(err);
    }
    made->handle.av = av;
    made->handle.pool = fus_frame_pool_ref(pool);
    made->message.kind = FUS_MESSAGE_VIDEO;
    made->message.frame.handle = &made->handle;
    fus_frame_view(av, &made->message.frame.image);
    *message = &made->message;
    return 0;
}

int fus_message_new_audio(AVPacket *packet, struct fus_message **message, struct fus_error *err)
{
    struct fus_message *made = fus_calloc(1, sizeof(*made));
    AVPacket *kept = av_packet_alloc();
    if (!made || !kept) {
        fus_free(made);
        av_packet_free(&kept);
        return out_of_memory(err);
    }
    av_packet_move_ref(kept, packet);
    made->kind = FUS_MESSAGE_AUDIO;
    made->packet = kept;
    *message = made;
    return 0;
}

int fus_message_new_end(struct fus_message **message, struct fus_error *err)
{
    struct fus_message *made = fus_calloc(1, sizeof(*made));
    if (!made)
        return out_of_memory(err);
    made->kind = FUS_MESSAGE_END;
    *message = made;
    return 0;
}

void fus_message_free(struct fus_message *message)
{
    if (!message)
        return;
    struct fus_frame_handle *handle = message->frame.handle;
    AVPacket *packet = message->packet;
    if (handle) {
        av_frame_free(&handle->av);
        fus_frame_pool_unref(handle->pool);
    }
    av_packet_free(&packet);
    fus_free(message);
}

int fus_frame_make_writable(struct fus_frame *frame, struct fus_error *err)
{
    struct fus_frame_handle *handle = frame->handle;
    AVFrame *av = handle->av;
    if (av_frame_is_writable(av))
        return 0;
    AVFrame *copy = av_frame_alloc();
    int rc = copy ? fus_frame_pool_get(handle->pool, av->format, av->width, av->height, copy, err)
                  : out_of_memory(err);
    if (rc == 0 && (av_frame_copy(copy, av) < 0 || av_frame_copy_props(copy, av) < 0))
        rc = out_of_memory(err);
    if (rc < 0) {
        av_frame_free(&copy);
        return rc;
    }
    av_frame_free(&handle->av);
    handle->av = copy;
    /* Colour facts in the view may be the caller's own by now. */
    for (int i = 0; i < 3; i++) {
        frame->image.plane[i] = copy->data[i];
        frame->image.stride_bytes[i] = copy->linesize[i];
    }
    return 0;
}
