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

int fus_face_angle(const struct fus_point landmarks_68[68])
{
    double dx = (double)landmarks_68[16].x - (double)landmarks_68[0].x;
    double dy = (double)landmarks_68[16].y - (double)landmarks_68[0].y;
    double degrees = atan2(dy, dx) * (180 / M_PI);
    if (degrees < 0)
        degrees += 360;
    int nearest = 0;
    for (int angle = 90; angle <= 360; angle += 90) {
        if (fabs(angle - degrees) < fabs(nearest - degrees))
            nearest = angle;
    }
    return nearest % 360;
}

static void scale_points(struct fus_point *points, size_t count, double sx, double sy)
{
    for (size_t i = 0; i < count; i++)
        points[i] = (struct fus_point){(float)(points[i].x * sx), (float)(points[i].y * sy)};
}

void fus_face_scale(struct fus_face *to, const struct fus_face *from, double sx, double sy)
{
    if (to != from)
        *to = *from;
    to->box = (struct fus_box){(float)(from->box.x1 * sx), (float)(from->box.y1 * sy),
                               (float)(from->box.x2 * sx), (float)(from->box.y2 * sy)};
    scale_points(to->points_5, 5, sx, sy);
    scale_points(to->detector_5, 5, sx, sy);
    scale_points(to->landmarks_68, 68, sx, sy);
    scale_points(to->landmarks_68_raw, 68, sx, sy);
    scale_points(to->landmarks_68_5, 68, sx, sy);
}
