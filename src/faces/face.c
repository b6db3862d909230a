#include "faces/face.h"

#include <math.h>

static struct fus_point mean(const struct fus_point *points, size_t count)
{
    float x = 0, y = 0;
    for (size_t i = 0; i < count; i++) {
        x += points[i].x;
        y += points[i].y;
    }
    return (struct fus_point){x / (float)count, y / (float)count};
}

void fus_face_points_5(const struct fus_point landmarks_68[68], struct fus_point points_5[5])
{
    points_5[0] = mean(landmarks_68 + 36, 6);
    points_5[1] = mean(landmarks_68 + 42, 6);
    points_5[2] = landmarks_68[30];
    points_5[3] = landmarks_68[48];
    points_5[4] = landmarks_68[54];
}

float fus_face_points_eye_distance(const struct fus_point landmarks_68[68])
{
    struct fus_point left = mean(landmarks_68 + 36, 6), right = mean(landmarks_68 + 42, 6);
    return hypotf(right.x - left.x, right.y - left.y);
}

float fus_face_eye_distance(const struct fus_face *face)
{
    return fus_face_points_eye_distance(face->landmarks_68);
}

struct fus_point fus_face_centre(const struct fus_point points_5[5])
{
    return mean(points_5, 5);
}
