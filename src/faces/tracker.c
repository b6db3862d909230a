#include "faces/tracker.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "faces/one_euro.h"

#define JUMP 0.8f          /* eye distances between two frames: another face, or a cut */
#define CONFIRM_US 1200000 /* a track that the detector has not seen for so long is lost */
#define FORGET_US 10000000 /* a lost track is looked for so long */
#define GAP_US 1000000     /* a hole in the clip after which no filter's state is worth keeping */
/* A new face whose landmarks score less has to be there in a second frame before it is given out:
 * the back of a head passes for a face now and then, but not in two frames one after the other. */
#define SURE_SCORE 0.7f

enum track_state { TRACK_FREE, TRACK_LIVE, TRACK_LOST };

struct track {
    enum track_state state;
    int id;
    struct fus_face face; /* as it was last given out; raw points unfiltered */
    struct fus_one_euro filter;
    int64_t began_us;   /* since it is live */
    int64_t updated_us; /* last landmarks */
    int64_t seen_us;    /* last time the detector agreed */
    bool updated;       /* in this frame */
    bool fresh;         /* in this frame */
    bool matched;       /* by a detection of this frame */
    bool doubtful;      /* seen once, not given out yet */
};

struct fus_tracker {
    struct fus_tracker_source source;
    int detect_every;
    struct fus_one_euro_options filter;
    struct track tracks[FUS_FACES_MAX];
    int next_id;
    int64_t frame;        /* frames seen */
    int64_t detected_at;  /* frame of the last detection */
    int64_t search_until; /* frame: the detector looks in each frame up to it */
    int64_t last_us;
    struct fus_detection found[FUS_FACES_MAX];
};

static int analyser_detect(void *context, const struct fus_image *image,
                           struct fus_detection found[FUS_FACES_MAX], size_t *count,
                           struct fus_error *err)
{
    return fus_analyser_detect(context, image, found, count, err);
}

static int analyser_landmarks(void *context, const struct fus_image *image,
                              const struct fus_box *box, const struct fus_point points_5[5],
                              int passes, struct fus_face *face, struct fus_error *err)
{
    return fus_analyser_landmarks(context, image, box, points_5, passes, face, err);
}

int fus_tracker_new(struct fus_analyser *analyser, const struct fus_tracker_options *options,
                    struct fus_tracker **tracker, struct fus_error *err)
{
    struct fus_tracker_source source = {analyser, analyser_detect, analyser_landmarks,
                                        fus_analyser_landmark_threshold(analyser),
                                        fus_analyser_detects_only(analyser)};
    return fus_tracker_new_with(&source, options, tracker, err);
}

int fus_tracker_new_with(const struct fus_tracker_source *source,
                         const struct fus_tracker_options *options, struct fus_tracker **out,
                         struct fus_error *err)
{
    struct fus_tracker_options o = {0};
    if (options != NULL)
        o = *options;
    struct fus_tracker *tracker = fus_calloc(1, sizeof(*tracker));
    if (tracker == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to follow faces.");
    tracker->source = *source;
    tracker->detect_every = o.detect_every > 0 ? o.detect_every : 10;
    tracker->filter = (struct fus_one_euro_options){
        .min_hz = o.filter_min_hz > 0 ? o.filter_min_hz : 2.0,
        .beta = o.filter_beta > 0 ? o.filter_beta : 15,
        .derivative_hz = o.filter_derivative_hz > 0 ? o.filter_derivative_hz : 3,
    };
    tracker->search_until = -1;
    *out = tracker;
    return 0;
}

void fus_tracker_free(struct fus_tracker *tracker)
{
    fus_free(tracker);
}

/* ------------------------------------------------------------------ places and sizes */

static struct fus_point centre_of(const struct fus_face *face)
{
    return fus_face_centre(face->points_5);
}

static float distance(struct fus_point a, struct fus_point b)
{
    return hypotf(a.x - b.x, a.y - b.y);
}

static float raw_eyes(const struct fus_face *face)
{
    return fus_face_points_eye_distance(face->landmarks_68_raw);
}

static bool same_size(float a, float b)
{
    return FUS_MIN(a, b) > 0.6f * FUS_MAX(a, b);
}

static bool duplicates(const struct fus_face *a, const struct fus_face *b)
{
    float larger = FUS_MAX(raw_eyes(a), raw_eyes(b));
    return distance(centre_of(a), centre_of(b)) < 0.35f * larger;
}

/* The landmarks' extent, with a forehead, as detectors draw it. */
static struct fus_box box_of(const struct fus_point points[68])
{
    struct fus_box box = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (int i = 0; i < 68; i++)
        box = (struct fus_box){FUS_MIN(box.x1, points[i].x), FUS_MIN(box.y1, points[i].y),
                               FUS_MAX(box.x2, points[i].x), FUS_MAX(box.y2, points[i].y)};
    box.y1 -= 0.28f * (box.y2 - box.y1);
    return box;
}

/* ------------------------------------------------------------------ a track's life */

/* New landmarks for a track; state as before in *now's place is overwritten. */
static void update(struct track *track, const struct fus_face *now, int64_t pts_us)
{
    float before = raw_eyes(&track->face), after = raw_eyes(now);
    bool jumped = track->updated_us + GAP_US < pts_us || !same_size(before, after) ||
                  distance(centre_of(&track->face), centre_of(now)) > JUMP * before;
    memcpy(track->face.landmarks_68_raw, now->landmarks_68_raw, sizeof(now->landmarks_68_raw));
    memcpy(track->face.points_5, now->points_5, sizeof(now->points_5));
    memcpy(track->face.landmarks_68_5, now->landmarks_68_5, sizeof(now->landmarks_68_5));
    track->face.has = now->has;
    track->face.angle = now->angle;
    track->face.landmark_score = now->landmark_score;
    if (jumped || track->doubtful) {
        track->fresh = true;
        track->began_us = pts_us;
    }
    track->updated = true;
    track->doubtful = false;
}

/* A detection becomes this track: a free one, a lost one that is found again, or one that its crop
 * lost in this very frame; the last goes on as if nothing had been, unless it jumped. */
static void begin(struct fus_tracker *tracker, struct track *track, const struct fus_face *now,
                  const struct fus_detection *detection, int64_t pts_us)
{
    bool goes_on = track->state == TRACK_LOST && track->updated_us == tracker->last_us &&
                   distance(centre_of(&track->face), centre_of(now)) <= JUMP * raw_eyes(now);
    track->state = TRACK_LIVE;
    track->face = *now;
    track->face.score = detection->score;
    memcpy(track->face.detector_5, detection->points_5, sizeof(detection->points_5));
    track->seen_us = pts_us;
    track->updated = track->matched = true;
    if (goes_on)
        return;
    track->fresh = true;
    track->began_us = track->updated_us = pts_us;
}

static void lose(struct fus_tracker *tracker, struct track *track)
{
    track->updated = false;
    if (track->doubtful) {
        track->state = TRACK_FREE;
        return;
    }
    track->state = TRACK_LOST;
    tracker->search_until = tracker->frame + tracker->detect_every;
}

static bool good(const struct fus_tracker *tracker, const struct fus_face *face)
{
    return face->landmark_score >= tracker->source.landmark_threshold;
}

/* Every live track goes on from its own last raw points. */
static int follow(struct fus_tracker *tracker, const struct fus_image *image, int64_t pts_us,
                  int wanted_track, struct fus_error *err)
{
    for (size_t i = 0; i < FUS_FACES_MAX; i++) {
        struct track *track = &tracker->tracks[i];
        track->updated = track->fresh = track->matched = false;
        if (track->state != TRACK_LIVE || tracker->source.detects_only ||
            (wanted_track >= 0 && track->id != wanted_track))
            continue;
        struct fus_face now = {0};
        struct fus_point five[5];
        struct fus_box box = box_of(track->face.landmarks_68_raw);
        fus_face_points_5(track->face.landmarks_68_raw, five);
        int rc =
            tracker->source.landmarks(tracker->source.context, image, &box, five, 1, &now, err);
        if (rc != 0)
            return rc;
        if (good(tracker, &now))
            update(track, &now, pts_us);
        else
            lose(tracker, track);
    }
    return 0;
}

/* ------------------------------------------------------------------ detections */

static struct track *matching_track(struct fus_tracker *tracker,
                                    const struct fus_detection *detection)
{
    struct fus_point centre = fus_face_centre(detection->points_5);
    struct track *nearest = NULL;
    float best = JUMP;
    for (size_t i = 0; i < FUS_FACES_MAX; i++) {
        struct track *track = &tracker->tracks[i];
        if (track->state != TRACK_LIVE || track->matched)
            continue;
        float d =
            distance(centre, centre_of(&track->face)) / FUS_MAX(raw_eyes(&track->face), 1e-3f);
        if (d < best) {
            best = d;
            nearest = track;
        }
    }
    return nearest;
}

static float mean_error(const struct fus_point a[5], const struct fus_point b[5])
{
    float sum = 0;
    for (int i = 0; i < 5; i++)
        sum += distance(a[i], b[i]);
    return sum / 5;
}

/* The detector agrees that the track is there. Landmarks are taken from its points only where the
 * track was not followed in this frame or has slid off its face: the detector's points are coarser
 * than the last frame's landmarks, and a face that is cropped anew each tenth frame would twitch.
 */
static int confirm(struct fus_tracker *tracker, const struct fus_image *image, int64_t pts_us,
                   struct track *track, const struct fus_detection *detection,
                   struct fus_error *err)
{
    track->matched = true;
    track->seen_us = pts_us;
    track->face.score = detection->score;
    memcpy(track->face.detector_5, detection->points_5, sizeof(detection->points_5));
    float error = mean_error(track->face.points_5, detection->points_5);
    if (track->updated && error < 0.35f * raw_eyes(&track->face))
        return 0;
    struct fus_face now = {0};
    int rc = tracker->source.landmarks(tracker->source.context, image, &detection->box,
                                       detection->points_5, 2, &now, err);
    if (rc != 0)
        return rc;
    if (good(tracker, &now) &&
        (!track->updated || now.landmark_score >= track->face.landmark_score))
        update(track, &now, pts_us);
    return 0;
}

/* The lost track whose place and size the face has, or NULL. The longer it was missed, the farther
 * it may have gone. */
static struct track *lost_track(struct fus_tracker *tracker, const struct fus_face *face,
                                int64_t pts_us)
{
    struct track *nearest = NULL;
    float best = INFINITY, eyes = raw_eyes(face);
    for (size_t i = 0; i < FUS_FACES_MAX; i++) {
        struct track *track = &tracker->tracks[i];
        float before = raw_eyes(&track->face);
        if (track->state != TRACK_LOST || !same_size(before, eyes))
            continue;
        float missed_s = (float)(pts_us - track->updated_us) / 1e6f;
        float d = distance(centre_of(face), centre_of(&track->face)) / FUS_MAX(before, eyes);
        if (d <= FUS_MIN(1 + 2.5f * missed_s, 3.0f) && d < best) {
            best = d;
            nearest = track;
        }
    }
    return nearest;
}

/* A free place; else that of the track that is lost for longest; NULL if all are live. */
static struct track *free_track(struct fus_tracker *tracker)
{
    struct track *oldest = NULL;
    for (size_t i = 0; i < FUS_FACES_MAX; i++) {
        struct track *track = &tracker->tracks[i];
        if (track->state == TRACK_FREE)
            return track;
        if (track->state == TRACK_LOST && (!oldest || track->updated_us < oldest->updated_us))
            oldest = track;
    }
    return oldest;
}

/* A detection that no track claims. */
static int take_up(struct fus_tracker *tracker, const struct fus_image *image, int64_t pts_us,
                   const struct fus_detection *detection, struct fus_error *err)
{
    struct fus_face now = {0};
    int rc = tracker->source.landmarks(tracker->source.context, image, &detection->box,
                                       detection->points_5, 2, &now, err);
    if (rc != 0 || !good(tracker, &now))
        return rc;
    for (size_t i = 0; i < FUS_FACES_MAX; i++) {
        const struct track *track = &tracker->tracks[i];
        if (track->state == TRACK_LIVE && track->updated && duplicates(&track->face, &now))
            return 0;
    }
    struct track *track = lost_track(tracker, &now, pts_us);
    if (track == NULL) {
        track = free_track(tracker);
        if (track == NULL)
            return 0;
        track->id = tracker->next_id++;
        track->doubtful = !tracker->source.detects_only && now.landmark_score < SURE_SCORE;
    }
    begin(tracker, track, &now, detection, pts_us);
    return 0;
}

static int detect(struct fus_tracker *tracker, const struct fus_image *image, int64_t pts_us,
                  struct fus_error *err)
{
    size_t count = 0;
    struct track *owner[FUS_FACES_MAX];
    int rc = tracker->source.detect(tracker->source.context, image, tracker->found, &count, err);
    tracker->detected_at = tracker->frame;
    /* First those that tracks claim, so that a new face cannot take a lost one's number from them.
     */
    for (size_t i = 0; rc == 0 && i < count; i++) {
        owner[i] = matching_track(tracker, &tracker->found[i]);
        if (owner[i] != NULL)
            rc = confirm(tracker, image, pts_us, owner[i], &tracker->found[i], err);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (owner[i] == NULL)
            rc = take_up(tracker, image, pts_us, &tracker->found[i], err);
    }
    for (size_t i = 0; rc == 0 && i < FUS_FACES_MAX; i++) {
        struct track *track = &tracker->tracks[i];
        if (track->state == TRACK_LIVE && !track->matched && pts_us - track->seen_us > CONFIRM_US)
            lose(tracker, track);
    }
    return rc;
}

/* Two tracks that ran together on one face: the older goes on. */
static void merge(struct fus_tracker *tracker)
{
    for (size_t i = 0; i < FUS_FACES_MAX; i++) {
        struct track *a = &tracker->tracks[i];
        for (size_t k = i + 1; k < FUS_FACES_MAX; k++) {
            struct track *b = &tracker->tracks[k];
            if (a->state == TRACK_LIVE && b->state == TRACK_LIVE && a->updated && b->updated &&
                duplicates(&a->face, &b->face)) {
                struct track *younger = a->id < b->id ? b : a;
                younger->state = TRACK_FREE;
            }
        }
    }
}

static void forget(struct fus_tracker *tracker, int64_t pts_us)
{
    for (size_t i = 0; i < FUS_FACES_MAX; i++) {
        struct track *track = &tracker->tracks[i];
        if (track->state == TRACK_LOST && pts_us - track->updated_us > FORGET_US)
            track->state = TRACK_FREE;
    }
}

/* ------------------------------------------------------------------ a frame */

static bool must_detect(const struct fus_tracker *tracker, int wanted_track)
{
    if (tracker->frame == 0 || tracker->source.detects_only ||
        tracker->frame - tracker->detected_at >= tracker->detect_every ||
        tracker->frame <= tracker->search_until)
        return true;
    for (size_t i = 0; i < FUS_FACES_MAX; i++) {
        const struct track *track = &tracker->tracks[i];
        if (track->state == TRACK_LIVE && (wanted_track < 0 || track->id == wanted_track))
            return false;
    }
    return true;
}

static void give_out(struct fus_tracker *tracker, int64_t pts_us, struct fus_faces *faces)
{
    faces->count = 0;
    for (size_t i = 0; i < FUS_FACES_MAX; i++) {
        struct track *track = &tracker->tracks[i];
        if (track->state != TRACK_LIVE || !track->updated)
            continue;
        struct fus_face *face = &track->face;
        double dt_s = (double)(pts_us - track->updated_us) / 1e6;
        if (track->fresh)
            fus_one_euro_reset(&track->filter);
        fus_one_euro_apply(&track->filter, &tracker->filter, face->landmarks_68_raw, raw_eyes(face),
                           dt_s, face->landmarks_68);
        track->updated_us = pts_us;
        face->box = box_of(face->landmarks_68_raw);
        face->track_id = track->id;
        face->fresh = track->fresh;
        face->age_s = (double)(pts_us - track->began_us) / 1e6;
        if (track->doubtful)
            continue;
        struct fus_face *out = &faces->items[faces->count++];
        *out = *face;
        /* The tracker matches by raw points; what is drawn follows the filtered ones. */
        fus_face_points_5(face->landmarks_68, out->points_5);
    }
}

int fus_tracker_next(struct fus_tracker *tracker, const struct fus_image *image, int64_t pts_us,
                     int wanted_track, struct fus_faces *faces, struct fus_error *err)
{
    /* Times that do not rise would make speeds infinite; such a frame counts as 1/25 s later. */
    if (tracker->frame > 0 && pts_us <= tracker->last_us)
        pts_us = tracker->last_us + 40000;
    int rc = follow(tracker, image, pts_us, wanted_track, err);
    if (rc == 0 && must_detect(tracker, wanted_track))
        rc = detect(tracker, image, pts_us, err);
    if (rc != 0)
        return rc;
    merge(tracker);
    forget(tracker, pts_us);
    give_out(tracker, pts_us, faces);
    tracker->last_us = pts_us;
    tracker->frame++;
    return 0;
}
