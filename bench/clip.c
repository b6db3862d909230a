#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "bench.h"
#include "faces/analyser.h"
#include "media/reader.h"
#include "media/writer.h"
#include "vision/resize.h"

/* The part of the source's picture that becomes a whole frame; even numbers, for the chroma. */
static struct fus_rect cut_around(const struct fus_face *face, int width, int height)
{
    double scale = BENCH_EYE_DISTANCE / (double)fus_face_eye_distance(face);
    double w = BENCH_WIDTH / scale, h = BENCH_HEIGHT / scale;
    double shrink = fmin(1.0, fmin(width / w, height / h));
    double x = (double)(face->box.x1 + face->box.x2) / 2,
           y = (double)(face->box.y1 + face->box.y2) / 2;

    w *= shrink;
    h *= shrink;
    x = fmin(fmax(x - w / 2, 0), width - w);
    y = fmin(fmax(y - h / 2, 0), height - h);
    return (struct fus_rect){(int)x & ~1, (int)y & ~1, (int)w & ~1, (int)h & ~1};
}

static void cut_view(const struct fus_image *image, struct fus_rect rect, struct fus_image *view)
{
    *view = *image;
    view->width = rect.width;
    view->height = rect.height;
    for (int i = 0; i < 3; i++) {
        int sx = i ? fus_image_chroma_shift_x(image->format) : 0;
        int sy = i ? fus_image_chroma_shift_y(image->format) : 0;

        view->plane[i] += (rect.y >> sy) * image->stride_bytes[i] + (rect.x >> sx);
    }
}

struct maker {
    struct fus_analyser *analyser;
    struct fus_resizer *resizer;
    struct fus_writer *writer;
    struct fus_image frame;
    struct fus_rect cut;
    int made, wanted;
    double eye_distance;
};

static int start(struct maker *maker, const struct fus_image *first, const char *path,
                 struct fus_error *err)
{
    FUS_AUTO_FREE struct fus_faces *faces = fus_calloc(1, sizeof(*faces));
    const struct fus_writer_spec spec = {.width = BENCH_WIDTH,
                                         .height = BENCH_HEIGHT,
                                         .format = FUS_PIXEL_YUV420P8,
                                         .fps = BENCH_FPS,
                                         .matrix = first->matrix,
                                         .full_range = first->full_range};
    struct fus_writer_options options;
    int rc = faces ? fus_analyser_find(maker->analyser, first, faces, err) : FUS_E_OUT_OF_MEMORY;

    if (rc)
        return rc;
    if (faces->count == 0)
        return fus_error_set(err, FUS_E_NO_FACE_IN_TARGET,
                             "The source clip's first frame has no face.");
    maker->cut = cut_around(&faces->items[0], first->width, first->height);
    maker->eye_distance =
        (double)fus_face_eye_distance(&faces->items[0]) * BENCH_WIDTH / maker->cut.width;
    rc = fus_image_alloc(&maker->frame, first->format, BENCH_WIDTH, BENCH_HEIGHT, err);
    if (rc)
        return rc;
    fus_writer_options_default(&options);
    options.container = FUS_CONTAINER_MP4;
    options.quality = 70;
    options.threads = 2;
    return fus_writer_open_spec(path, &spec, &options, &maker->writer, err);
}

static int add(struct maker *maker, const struct fus_image *image, struct fus_error *err)
{
    struct fus_image view;
    int rc;

    cut_view(image, maker->cut, &view);
    rc = fus_resize_image(maker->resizer, &view, &maker->frame, FUS_RESIZE_BILINEAR, err);
    if (!rc)
        rc = fus_writer_put_image(maker->writer, &maker->frame,
                                  (int64_t)maker->made * 1000000 / BENCH_FPS, err);
    maker->made++;
    return rc;
}

/* The source once from its start to its end, or until there is enough. */
static int add_source(struct maker *maker, const char *source, const char *path,
                      struct fus_error *err)
{
    const struct fus_reader_options options = {.threads = 2, .video_only = true};
    FUS_CLEANUP(fus_reader_free) struct fus_reader *reader = NULL;
    struct fus_media_limits limits;
    int before = maker->made, rc;

    fus_media_limits_default(&limits);
    rc = fus_reader_open(source, &limits, &options, &reader, err);
    while (!rc && maker->made < maker->wanted) {
        FUS_CLEANUP(fus_message_free) struct fus_message *message = NULL;

        rc = fus_reader_next(reader, &message, err);
        if (rc || message->kind == FUS_MESSAGE_END)
            break;
        if (message->kind != FUS_MESSAGE_VIDEO)
            continue;
        if (!maker->writer)
            rc = start(maker, &message->frame.image, path, err);
        if (!rc)
            rc = add(maker, &message->frame.image, err);
    }
    if (!rc && maker->made == before)
        return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The source clip has no frames.");
    return rc;
}

int bench_clip_make(struct fus_engine *engine, const char *source, const char *path, int frames,
                    double *eye_distance, struct fus_error *err)
{
    const struct fus_analyser_options options = {
        .detector_score = -1, .landmarker_score = -1, .threads = 2};
    struct maker maker = {.wanted = frames, .resizer = fus_resizer_new()};
    int rc = maker.resizer
                 ? fus_analyser_new(fus_engine_models(engine), &options, &maker.analyser, err)
                 : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory.");

    while (!rc && maker.made < maker.wanted)
        rc = add_source(&maker, source, path, err);
    if (!rc)
        rc = fus_writer_finish(maker.writer, err);
    *eye_distance = maker.eye_distance;
    fus_writer_free(maker.writer);
    fus_analyser_free(maker.analyser);
    fus_resizer_free(maker.resizer);
    fus_image_done(&maker.frame);
    return rc;
}
