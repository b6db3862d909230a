/* A face in a picture. Points are in pixels of the picture, pixel centres at whole numbers. */
#ifndef FUS_FACES_FACE_H
#define FUS_FACES_FACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/image.h"

#define FUS_FACES_MAX 64 /* faces kept in one picture, best scores first */

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
    int track_id; /* the same number for the same face through a clip; stills: index */
    bool fresh;   /* clips: first frame of a track, or after a jump: drop state */
    double age_s; /* clips: time since the track began */
};

struct fus_faces {
    struct fus_face items[FUS_FACES_MAX];
    size_t count;
};

/* Distance between the eye centres (means of 36-41 and 42-47), pixels. */
float fus_face_eye_distance(const struct fus_face *face);
/* The same from the points alone. */
float fus_face_points_eye_distance(const struct fus_point landmarks_68[68]);
/* Eye centres, nose tip, mouth corners of 68 points. */
void fus_face_points_5(const struct fus_point landmarks_68[68], struct fus_point points_5[5]);
/* The middle of the five points. */
struct fus_point fus_face_centre(const struct fus_point points_5[5]);

#endif
