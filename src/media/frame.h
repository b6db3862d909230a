/* Decoded pictures: where their memory comes from, how they become 8-bit planar, upright, BGR or
 * even sized. Inside the room only. */
#ifndef FUS_MEDIA_FRAME_H
#define FUS_MEDIA_FRAME_H

#include "media/libav.h"
#include "media/reader.h"

struct SwsContext;

/* Recycled picture memory; a picture may outlive whoever holds the pool. Thread-safe. */
struct fus_frame_pool;
struct fus_frame_pool *fus_frame_pool_new(void);
struct fus_frame_pool *fus_frame_pool_ref(struct fus_frame_pool *pool);
void fus_frame_pool_unref(struct fus_frame_pool *pool);
/* Fills an empty AVFrame with planes of a format without a palette, rows 64-byte aligned. Memory is
 * reused as long as the size stays the same. */
int fus_frame_pool_get(struct fus_frame_pool *pool, enum AVPixelFormat format, int width,
                       int height, AVFrame *frame, struct fus_error *err) FUS_MUST_CHECK;

/* What fus_frame.handle points to. */
struct fus_frame_handle {
    AVFrame *av;
    struct fus_frame_pool *pool;
};

/* A VIDEO message around av (taken over, also on failure); its image is a view of av's planes,
 * which are 8-bit planar YUV. */
int fus_message_new_video(AVFrame *av, struct fus_frame_pool *pool, struct fus_message **message,
                          struct fus_error *err) FUS_MUST_CHECK;
/* An AUDIO message with a reference to the packet's data (the packet is left empty). */
int fus_message_new_audio(AVPacket *packet, struct fus_message **message,
                          struct fus_error *err) FUS_MUST_CHECK;
int fus_message_new_end(struct fus_message **message, struct fus_error *err) FUS_MUST_CHECK;

/* Fills image (a view) from av's planes and colour facts. av is 8-bit planar YUV. */
void fus_frame_view(const AVFrame *av, struct fus_image *image);

/* A swscale context kept between frames. Zero-initialise. */
struct fus_scaler {
    struct SwsContext *context;
    bool plain; /* between RGB and YUV as FFmpeg's command line does it, faster and rougher */
    struct {
        int from_format, from_width, from_height, to_format, to_width, to_height;
        int from_matrix, to_matrix, from_full, to_full;
    } key;
};
void fus_scaler_done(struct fus_scaler *scaler);
/* Scales and converts from -> to (buffers there). YUV to YUV keeps matrix and range; RGB on one
 * side is converted with `matrix`, and `to` gets `to_full` range. */
int fus_scaler_run(struct fus_scaler *scaler, const AVFrame *from, AVFrame *to,
                   enum fus_color_matrix matrix, bool to_full,
                   struct fus_error *err) FUS_MUST_CHECK;
/* The same between two kinds of YUV: matrix and range become those of the target. */
int fus_scaler_recolor(struct fus_scaler *scaler, const AVFrame *from, AVFrame *to,
                       enum fus_color_matrix from_matrix, enum fus_color_matrix to_matrix,
                       bool to_full, struct fus_error *err) FUS_MUST_CHECK;
/* An AVFrame whose planes are the image's, without owning them; NULL: no memory. */
AVFrame *fus_frame_of_image(const struct fus_image *image);

/* A new picture out of the pool, YUV 4:2:0 of width x height, made from any that libav decodes. */
int fus_frame_convert(struct fus_scaler *scaler, struct fus_frame_pool *pool, const AVFrame *from,
                      int width, int height, enum fus_color_matrix matrix, AVFrame **made,
                      struct fus_error *err) FUS_MUST_CHECK;
/* The same picture in another packing (RGB, NV12), its size and times kept. */
int fus_frame_repack(struct fus_scaler *scaler, struct fus_frame_pool *pool, const AVFrame *from,
                     enum AVPixelFormat format, enum fus_color_matrix matrix, AVFrame **made,
                     struct fus_error *err) FUS_MUST_CHECK;
/* The upright picture of a 4:2:0 frame. */
int fus_frame_orient(struct fus_frame_pool *pool, const AVFrame *from, int orientation,
                     AVFrame **made, struct fus_error *err) FUS_MUST_CHECK;
/* A 4:2:0 frame with an odd side made even by repeating its last column and row. */
int fus_frame_pad_even(struct fus_frame_pool *pool, const AVFrame *from, AVFrame **made,
                       struct fus_error *err) FUS_MUST_CHECK;

#endif
