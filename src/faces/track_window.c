#include "faces/track_window.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

enum { FRAMES_MAX = 2 * FUS_TRACK_WINDOW_REACH_MAX + 1, TRACKS_MAX = FRAMES_MAX * FUS_FACES_MAX };

/* The faces of one frame; memory grows to the most that a frame had. */
struct frame {
    struct fus_face *faces;
    size_t count, capacity;
};

/* One person's way through the window: per frame the index of the face, or -1. */
struct track {
    int8_t face[FRAMES_MAX];
    int first, last; /* frames that have one */
    int newest;      /* the frame of the face that was added last */
};

struct fus_track_window {
    int reach, length; /* length = 2 reach + 1 */
    double score;
    struct frame frames[FRAMES_MAX]; /* a ring: frame number modulo length */
    int64_t pushed, popped;          /* frames so far */
    bool finished;
    struct track tracks[TRACKS_MAX];
    size_t track_count;
};

int fus_track_window_new(int reach, double score, struct fus_track_window **out,
                         struct fus_error *err)
{
    struct fus_track_window *window = fus_calloc(1, sizeof(*window));
    if (window == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to follow faces.");
    window->reach = FUS_CLAMP(reach, 0, FUS_TRACK_WINDOW_REACH_MAX);
    window->length = 2 * window->reach + 1;
    window->score = score;
    *out = window;
    return 0;
}

void fus_track_window_free(struct fus_track_window *window)
{
    if (window == NULL)
        return;
    for (size_t i = 0; i < FRAMES_MAX; i++)
        fus_free(window->frames[i].faces);
    fus_free(window);
}

int fus_track_window_push(struct fus_track_window *window, const struct fus_faces *faces,
                          struct fus_error *err)
{
    if (window->finished) {
        window->pushed = window->popped = 0;
        window->finished = false;
    }
    if (window->pushed - window->popped > window->reach)
        return fus_error_set(err, FUS_E_INTERNAL, "Faces of a frame were not taken in time.");
    struct frame *frame = &window->frames[window->pushed % window->length];
    if (faces->count > frame->capacity) {
        struct fus_face *grown = fus_realloc(frame->faces, faces->count, sizeof(*grown));
        if (grown == NULL)
            return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to follow faces.");
        frame->faces = grown;
        frame->capacity = faces->count;
    }
    for (size_t i = 0; i < faces->count; i++)
        frame->faces[i] = faces->items[i];
    frame->count = faces->count;
    window->pushed++;
    return 0;
}

void fus_track_window_finish(struct fus_track_window *window)
{
    window->finished = true;
}

/* ------------------------------------------------------------------ tracks of one window */

/* Places of the window: 0 to length - 1, `reach` being the frame in question. */
static bool has_frame(const struct fus_track_window *window, int place)
{
    int64_t number = window->popped - window->reach + place;
    return number >= 0 && number < window->pushed;
}

static const struct frame *frame_at(const struct fus_track_window *window, int place)
{
    return &window->frames[(window->popped - window->reach + place) % window->length];
}

static const struct fus_face *face_at(const struct fus_track_window *window,
                                      const struct track *track, int place)
{
    return &frame_at(window, place)->faces[track->face[place]];
}

static double area_of(double width, double height)
{
    return FUS_MAX(width, 0.0) * FUS_MAX(height, 0.0);
}

static double overlap(const struct fus_box *a, const struct fus_box *b)
{
    double ax1 = (double)a->x1, ay1 = (double)a->y1, ax2 = (double)a->x2, ay2 = (double)a->y2;
    double bx1 = (double)b->x1, by1 = (double)b->y1, bx2 = (double)b->x2, by2 = (double)b->y2;
    double shared =
        area_of(FUS_MIN(ax2, bx2) - FUS_MAX(ax1, bx1), FUS_MIN(ay2, by2) - FUS_MAX(ay1, by1));
    double joined = area_of(ax2 - ax1, ay2 - ay1) + area_of(bx2 - bx1, by2 - by1) - shared;
    return joined > 0 ? shared / joined : 0;
}

/* The track whose newest face overlaps this one most, or NULL. */
static struct track *track_of(struct fus_track_window *window, const struct fus_face *face)
{
    struct track *best = NULL;
    double most = window->score;
    for (size_t i = 0; i < window->track_count; i++) {
        struct track *track = &window->tracks[i];
        double iou = overlap(&face_at(window, track, track->newest)->box, &face->box);
        if (iou > most) {
            most = iou;
            best = track;
        }
    }
    return best;
}

static void build_tracks(struct fus_track_window *window)
{
    window->track_count = 0;
    for (int place = 0; place < window->length; place++) {
        if (!has_frame(window, place))
            continue;
        const struct frame *frame = frame_at(window, place);
        for (size_t i = 0; i < frame->count; i++) {
            struct track *track = track_of(window, &frame->faces[i]);
            if (track == NULL) {
                track = &window->tracks[window->track_count++];
                memset(track->face, -1, sizeof(track->face));
                track->first = place;
            }
            /* Two faces of one frame may claim a track; the later one has it, as upstream. */
            track->face[place] = (int8_t)i;
            track->newest = track->last = place;
        }
    }
}

/* ------------------------------------------------------------------ faces in between */

static void mix_points(struct fus_point *out, const struct fus_point *a, const struct fus_point *b,
                       size_t count, double f)
{
    for (size_t i = 0; i < count; i++) {
        out[i].x = (float)((double)a[i].x * (1 - f) + (double)b[i].x * f);
        out[i].y = (float)((double)a[i].y * (1 - f) + (double)b[i].y * f);
    }
}

static float mix(float a, float b, double f)
{
    return (float)((double)a * (1 - f) + (double)b * f);
}

static void interpolate(const struct fus_face *a, const struct fus_face *b, double f,
                        struct fus_face *out)
{
    *out = f < 0.5 ? *a : *b;
    out->box = (struct fus_box){mix(a->box.x1, b->box.x1, f), mix(a->box.y1, b->box.y1, f),
                                mix(a->box.x2, b->box.x2, f), mix(a->box.y2, b->box.y2, f)};
    mix_points(out->points_5, a->points_5, b->points_5, 5, f);
    mix_points(out->detector_5, a->detector_5, b->detector_5, 5, f);
    mix_points(out->landmarks_68, a->landmarks_68, b->landmarks_68, 68, f);
    mix_points(out->landmarks_68_raw, a->landmarks_68_raw, b->landmarks_68_raw, 68, f);
    out->refilled = true;
    if (!(a->has & b->has & FUS_FACE_HAS_68_5)) {
        out->has &= ~(unsigned)FUS_FACE_HAS_68_5;
        out->angle = fus_face_angle(out->landmarks_68);
        return;
    }
    mix_points(out->landmarks_68_5, a->landmarks_68_5, b->landmarks_68_5, 68, f);
    out->angle = fus_face_angle(out->landmarks_68_5);
}

static void face_of(const struct fus_track_window *window, const struct track *track,
                    struct fus_face *out)
{
    int place = window->reach, before = place, after = place;
    while (track->face[before] < 0)
        before--;
    while (track->face[after] < 0)
        after++;
    if (before == after)
        *out = *face_at(window, track, place);
    else
        interpolate(face_at(window, track, before), face_at(window, track, after),
                    (double)(place - before) / (double)(after - before), out);
}

bool fus_track_window_pop(struct fus_track_window *window, struct fus_faces *faces)
{
    if (window->popped >= window->pushed ||
        (!window->finished && window->pushed - window->popped <= window->reach))
        return false;
    build_tracks(window);
    faces->count = 0;
    for (size_t i = 0; i < window->track_count && faces->count < FUS_FACES_MAX; i++) {
        const struct track *track = &window->tracks[i];
        if (track->first <= window->reach && track->last >= window->reach)
            face_of(window, track, &faces->items[faces->count++]);
    }
    window->popped++;
    return true;
}
