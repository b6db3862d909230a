/* A head for tests: the mean head turned, its 68 points, and a picture that is skin where the face
 * is. */
#ifndef FUS_TESTS_PROCESSORS_HEADS_H
#define FUS_TESTS_PROCESSORS_HEADS_H

#include <math.h>

#include "cmocka_all.h"

#include "base/image.h"
#include "faces/face.h"
#include "processors/mesh_blend/table.h"

struct head {
    float x, y, scale, yaw, roll; /* middle between the eyes; degrees */
};

static inline struct fus_point head_point(const struct head *head, int vertex)
{
    const struct fus_mesh_vertex *v = &fus_mesh_vertices[vertex];
    const float yaw = head->yaw * (float)M_PI / 180.0f, roll = head->roll * (float)M_PI / 180.0f;
    const float x = cosf(yaw) * v->x + sinf(yaw) * v->z;
    return (struct fus_point){head->x + head->scale * (cosf(roll) * x - sinf(roll) * v->y),
                              head->y + head->scale * (sinf(roll) * x + cosf(roll) * v->y)};
}

static inline void head_face(const struct head *head, struct fus_face *face)
{
    *face = (struct fus_face){.score = 0.9f, .landmark_score = 0.99f};
    for (int i = 0; i < 68; i++)
        face->landmarks_68[i] = face->landmarks_68_raw[i] = head_point(head, i);
    fus_face_points_5(face->landmarks_68, face->points_5);
    face->box = (struct fus_box){head->x - 1.1f * head->scale, head->y - 0.9f * head->scale,
                                 head->x + 1.1f * head->scale, head->y + 1.8f * head->scale};
}

static inline uint32_t head_hash(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= x >> 15;
    x *= 0x846ca68bU;
    return x ^ (x >> 16);
}

/* Skin-coloured noise with a slow shade; dark eyes and a red mouth at their places. */
static inline void head_paint(const struct head *head, const int skin[3], struct fus_image *bgr)
{
    for (int y = 0; y < bgr->height; y++) {
        for (int x = 0; x < bgr->width; x++) {
            uint8_t *pixel = bgr->plane[0] + y * bgr->stride_bytes[0] + 3 * x;
            const int noise = (int)(head_hash((uint32_t)(y * 4099 + x)) % 9) - 4;
            const float far = hypotf(((float)x - head->x) / head->scale,
                                     ((float)y - head->y - head->scale * 0.4f) / head->scale);
            int shade = noise + (int)(12.0f * sinf(0.02f * (float)(x + y)));
            int bump[3] = {0, 0, 0};
            for (int eye = 0; eye < 2; eye++) {
                const struct fus_point p = head_point(head, 127 + eye);
                if (hypotf((float)x - p.x, (float)y - p.y + 0.07f * head->scale) <
                    0.12f * head->scale)
                    shade -= 90;
            }
            const struct fus_point mouth = head_point(head, 62);
            if (fabsf((float)x - mouth.x) < 0.4f * head->scale &&
                fabsf((float)y - mouth.y) < 0.1f * head->scale) {
                bump[0] = -30;
                bump[1] = -45;
            }
            for (int c = 0; c < 3; c++) {
                const int value = far < 1.7f ? skin[c] + shade + bump[c] : 40 * c + 60 + noise;
                pixel[c] = (uint8_t)FUS_CLAMP(value, 0, 255);
            }
        }
    }
}

#endif
