/* A face in a picture. Points are in pixels of the picture, pixel centres at whole numbers. */
#ifndef FUS_FACES_FACE_H
#define FUS_FACES_FACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/image.h"

#define FUS_FACES_MAX 64 /* faces kept in one picture, best scores first */
#define FUS_EMBEDDING_SIZE 512

/* Classes of fairface (spec: 3 outputs, arg-maxed ids). */
enum fus_gender { FUS_GENDER_UNKNOWN, FUS_GENDER_FEMALE, FUS_GENDER_MALE };
enum fus_race {
    FUS_RACE_UNKNOWN,
    FUS_RACE_WHITE,
    FUS_RACE_BLACK,
    FUS_RACE_LATINO,
    FUS_RACE_ASIAN,
    FUS_RACE_INDIAN,
    FUS_RACE_ARABIC,
};

/* Facts that are found only when a job needs them. */
enum fus_face_has {
    FUS_FACE_HAS_68_5 = 1,      /* landmarks_68_5 and angle */
    FUS_FACE_HAS_EMBEDDING = 2, /* embedding, embedding_norm */
    FUS_FACE_HAS_CLASSES = 4,   /* gender, race, age */
    FUS_FACE_HAS_ALL = 7,
};

struct fus_face {
    struct fus_box box;
    float score;          /* detector, 0..1 */
    float landmark_score; /* landmarker, 0..1 */
    /* left eye, right eye, nose tip, left mouth corner, right mouth corner, as seen in the picture;
     * from the 68 points */
    struct fus_point points_5[5];
    struct fus_point detector_5[5];        /* the detector's own */
    struct fus_point landmarks_68[68];     /* iBUG order; in clips filtered for drawing */
    struct fus_point landmarks_68_raw[68]; /* as the net gave them */
    int track_id;  /* the same number for the same face through a clip; stills: index */
    bool fresh;    /* clips: first frame of a track, or after a jump: drop state */
    double age_s;  /* clips: time since the track began */
    bool refilled; /* between two detections of FaceFusion's window tracker */
    unsigned has;  /* enum fus_face_has: which of the following are filled */
    struct fus_point landmarks_68_5[68]; /* 68 points estimated from detector_5 alone */
    int angle; /* 0, 90, 180, 270: how far the face is turned, from landmarks_68_5 */
    float embedding[FUS_EMBEDDING_SIZE];      /* the recognizer's own */
    float embedding_norm[FUS_EMBEDDING_SIZE]; /* divided by its L2 norm */
    enum fus_gender gender;
    enum fus_race race;
    int age_start, age_end; /* years, end exclusive */
};

struct fus_faces {
    struct fus_face items[FUS_FACES_MAX];
    size_t count;
};

/* The face in a picture that is sx times as wide and sy times as high: box and all points. to may
 * be from. */
void fus_face_scale(struct fus_face *to, const struct fus_face *from, double sx, double sy);
/* Distance between the eye centres (means of 36-41 and 42-47), pixels. */
float fus_face_eye_distance(const struct fus_face *face);
/* The same from the points alone. */
float fus_face_points_eye_distance(const struct fus_point landmarks_68[68]);
/* Eye centres, nose tip, mouth corners of 68 points. */
void fus_face_points_5(const struct fus_point landmarks_68[68], struct fus_point points_5[5]);
/* 0, 90, 180 or 270: how far a face is turned, by the line from the first to the last point of the
 * jaw; the smaller of two that are as near (spec/pipeline.md 5.2). */
int fus_face_angle(const struct fus_point landmarks_68[68]);
/* The middle of the five points. */
struct fus_point fus_face_centre(const struct fus_point points_5[5]);

#endif
