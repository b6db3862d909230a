#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "scene.h"

static void project(const struct pt_view *view, struct v3 p, float out[2])
{
    float sx, sy, iz;
    pt_view_project(view, pt_view_place(view, p, 1.0f), &sx, &sy, &iz);
    out[0] = 0.5f * sx - 0.5f;
    out[1] = 0.5f * sy - 0.5f;
}

/* Along the grid row of a jaw point, from the cheek to its own place: where is the head widest in
 * the picture, measured across the face? */
static void jaw_point(const struct pt_head *head, const struct pt_view *view, const float site[2],
                      const float across[2], float side, float out[2])
{
    float middle = 0.5f * (float)(head->columns - 1), best = -1e9f;
    for (int k = 0; k <= 24; k++) {
        float column = mixf(site[0], middle, 0.55f * (float)k / 24.0f), at[2];
        project(view, pt_head_at(head, head->now, column, site[1]), at);
        float reach = side * (at[0] * across[0] + at[1] * across[1]);
        if (reach > best) {
            best = reach;
            memcpy(out, at, sizeof(at));
        }
    }
}

void pt_truth_find(const struct pt_head *head, const struct pt_view *view, struct pt_truth *truth)
{
    float(*points)[2] = truth->landmarks;
    for (int i = 0; i < 68; i++) {
        project(view, pt_head_at(head, head->now, head->site[i][0], head->site[i][1]), points[i]);
    }
    memset(truth->five, 0, sizeof(truth->five));
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 6; i++) {
            truth->five[0][k] += points[36 + i][k] / 6.0f;
            truth->five[1][k] += points[42 + i][k] / 6.0f;
        }
        truth->five[2][k] = points[30][k];
        truth->five[3][k] = points[48][k];
        truth->five[4][k] = points[54][k];
    }
    float dx = truth->five[1][0] - truth->five[0][0], dy = truth->five[1][1] - truth->five[0][1];
    truth->eye_distance = sqrtf(dx * dx + dy * dy);
    float across[2] = {dx / truth->eye_distance, dy / truth->eye_distance};
    memcpy(truth->jaw_contour, points, sizeof(truth->jaw_contour));
    for (int i = 0; i < 17; i++) {
        if (i < 6 || i > 10) { /* the chin itself has no hidden side */
            jaw_point(head, view, head->site[i], across, i < 8 ? -1.0f : 1.0f,
                      truth->jaw_contour[i]);
        }
    }
    float forehead[2], column, row;
    pt_head_locate(head, 0, -34.0f, &column, &row);
    project(view, pt_head_at(head, head->now, column, row), forehead);
    float *box = truth->box;
    box[0] = box[2] = forehead[0];
    box[1] = box[3] = forehead[1];
    for (int i = 0; i < 68; i++) {
        box[0] = lowerf(box[0], points[i][0]);
        box[1] = lowerf(box[1], points[i][1]);
        box[2] = higherf(box[2], points[i][0]);
        box[3] = higherf(box[3], points[i][1]);
    }
    truth->yaw = view->yaw * (180.0f / PT_PI);
    truth->pitch = view->pitch * (180.0f / PT_PI);
    truth->roll = view->roll * (180.0f / PT_PI);
}

struct text {
    char *at;
    size_t left;
};

static void put(struct text *text, const char *format, ...) FUS_PRINTF(2, 3);
static void put(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text->at, text->left, format, args);
    va_end(args);
    size_t used = n < 0 ? 0 : (size_t)n < text->left ? (size_t)n : text->left - 1;
    text->at += used;
    text->left -= used;
}

static void put_points(struct text *text, const char *name, const float (*points)[2], int count)
{
    put(text, "\"%s\": [", name);
    for (int i = 0; i < count; i++) {
        put(text, "%s[%.3f, %.3f]", i ? ", " : "", (double)points[i][0], (double)points[i][1]);
    }
    put(text, "]");
}

void pt_truth_json(const struct pt_truth *truth, int people, char *out, size_t size)
{
    struct text text = {out, size};
    put(&text, "[");
    for (int i = 0; i < people; i++) {
        const struct pt_truth *t = &truth[i];
        put(&text, "%s{\"yaw\": %.3f, \"pitch\": %.3f, \"roll\": %.3f, \"eye_distance\": %.3f, ",
            i ? ", " : "", (double)t->yaw, (double)t->pitch, (double)t->roll,
            (double)t->eye_distance);
        put(&text, "\"box\": [%.3f, %.3f, %.3f, %.3f], ", (double)t->box[0], (double)t->box[1],
            (double)t->box[2], (double)t->box[3]);
        put_points(&text, "points_5", t->five, 5);
        put(&text, ", ");
        put_points(&text, "landmarks_68", t->landmarks, 68);
        put(&text, ", ");
        put_points(&text, "jaw_contour", t->jaw_contour, 17);
        put(&text, "}");
    }
    put(&text, "]");
}
