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

/* So much of the source is kept in memory and played to and fro: no cut where it starts again. */
#define SOURCE_FRAMES_MAX 60

struct maker {
    struct fus_resizer *resizer;
    struct fus_image frames[SOURCE_FRAMES_MAX];
    int count;
    struct fus_rect cut;
    double eye_distance;
};

/* A source that has the right size already is taken as it is. */
static bool fits(const struct fus_image *image, double eyes)
{
    return image->width == BENCH_WIDTH && image->height == BENCH_HEIGHT &&
           fabs(eyes - BENCH_EYE_DISTANCE) < 25;
}

static int choose_cut(struct maker *maker, struct fus_engine *engine, const struct fus_image *first,
                      struct fus_error *err)
{
    const struct fus_analyser_options options = {
        .detector_score = -1, .landmarker_score = -1, .threads = 1};
    FUS_AUTO_FREE struct fus_faces *faces = fus_calloc(1, sizeof(*faces));
    FUS_CLEANUP(fus_analyser_free) struct fus_analyser *analyser = NULL;
    double eyes;
    int rc = faces ? fus_analyser_new(fus_engine_models(engine), &options, &analyser, err)
                   : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory.");

    if (!rc)
        rc = fus_analyser_find(analyser, first, faces, err);
    if (rc)
        return rc;
    if (faces->count == 0)
        return fus_error_set(err, FUS_E_NO_FACE_IN_TARGET,
                             "The source clip's first frame has no face.");
    eyes = (double)fus_face_eye_distance(&faces->items[0]);
    maker->cut = fits(first, eyes) ? (struct fus_rect){0, 0, BENCH_WIDTH, BENCH_HEIGHT}
                                   : cut_around(&faces->items[0], first->width, first->height);
    maker->eye_distance = eyes * BENCH_WIDTH / maker->cut.width;
    return 0;
}

static int keep(struct maker *maker, const struct fus_image *image, struct fus_error *err)
{
    struct fus_image view;
    int rc = fus_image_alloc(&maker->frames[maker->count], image->format, BENCH_WIDTH, BENCH_HEIGHT,
                             err);

    if (rc)
        return rc;
    cut_view(image, maker->cut, &view);
    return fus_resize_image(maker->resizer, &view, &maker->frames[maker->count++],
                            FUS_RESIZE_BILINEAR, err);
}

static int read_source(struct maker *maker, struct fus_engine *engine, const char *source,
                       struct fus_error *err)
{
    const struct fus_reader_options options = {.threads = 1, .video_only = true};
    FUS_CLEANUP(fus_reader_free) struct fus_reader *reader = NULL;
    struct fus_media_limits limits;
    int rc;

    fus_media_limits_default(&limits);
    rc = fus_reader_open(source, &limits, &options, &reader, err);
    while (!rc && maker->count < SOURCE_FRAMES_MAX) {
        FUS_CLEANUP(fus_message_free) struct fus_message *message = NULL;

        rc = fus_reader_next(reader, &message, err);
        if (rc || message->kind == FUS_MESSAGE_END)
            break;
        if (maker->count == 0)
            rc = choose_cut(maker, engine, &message->frame.image, err);
        if (!rc)
            rc = keep(maker, &message->frame.image, err);
    }
    if (!rc && maker->count < 2)
        return fus_error_set(err, FUS_E_CORRUPT_MEDIA, "The source clip has too few frames.");
    return rc;
}

static int write_clip(const struct maker *maker, const char *path, int frames,
                      struct fus_error *err)
{
    const struct fus_image *first = &maker->frames[0];
    const struct fus_writer_spec spec = {.width = BENCH_WIDTH,
                                         .height = BENCH_HEIGHT,
                                         .format = first->format,
                                         .fps = BENCH_FPS,
                                         .matrix = first->matrix,
                                         .full_range = first->full_range};
    struct fus_writer_options options;
    FUS_CLEANUP(fus_writer_free) struct fus_writer *writer = NULL;
    int period = 2 * (maker->count - 1), rc;

    fus_writer_options_default(&options);
    options.container = FUS_CONTAINER_MP4;
    options.quality = 70;
    options.threads = 2;
    rc = fus_writer_open_spec(path, &spec, &options, &writer, err);
    for (int i = 0; !rc && i < frames; i++) {
        int at = i % period;

        rc = fus_writer_put_image(writer, &maker->frames[at < maker->count ? at : period - at],
                                  (int64_t)i * 1000000 / BENCH_FPS, err);
    }
    return rc ? rc : fus_writer_finish(writer, err);
}

int bench_clip_make(struct fus_engine *engine, const char *source, const char *const paths[2],
                    const int frames[2], double *eye_distance, struct fus_error *err)
{
    struct maker maker = {.resizer = fus_resizer_new()};
    int rc = maker.resizer ? read_source(&maker, engine, source, err)
                           : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory.");

    for (int i = 0; !rc && i < 2; i++) {
        if (frames[i] > 0)
            rc = write_clip(&maker, paths[i], frames[i], err);
    }
    *eye_distance = maker.eye_distance;
    for (int i = 0; i < SOURCE_FRAMES_MAX; i++)
        fus_image_done(&maker.frames[i]);
    fus_resizer_free(maker.resizer);
    return rc;
}
