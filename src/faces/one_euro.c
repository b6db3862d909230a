#include "faces/one_euro.h"

#include <math.h>
#include <string.h>

void fus_one_euro_reset(struct fus_one_euro *filter)
{
    filter->started = false;
}

/* Weight of a new sample in a first-order low pass. */
static float weight(double cutoff_hz, double dt_s)
{
    return (float)(1 / (1 + 1 / (2 * 3.14159265358979323846 * cutoff_hz * dt_s)));
}

static float median(const float values[FUS_ONE_EURO_POINTS])
{
    float sorted[FUS_ONE_EURO_POINTS];
    for (int i = 0; i < FUS_ONE_EURO_POINTS; i++) {
        int j = i;
        for (; j > 0 && sorted[j - 1] > values[i]; j--)
            sorted[j] = sorted[j - 1];
        sorted[j] = values[i];
    }
    return (sorted[FUS_ONE_EURO_POINTS / 2 - 1] + sorted[FUS_ONE_EURO_POINTS / 2]) / 2;
}

static void start(struct fus_one_euro *filter, const struct fus_point *raw, float eye_distance)
{
    filter->started = true;
    filter->eye_distance = eye_distance;
    memcpy(filter->filtered, raw, sizeof(filter->filtered));
    memcpy(filter->last_raw, raw, sizeof(filter->last_raw));
    memset(filter->speed, 0, sizeof(filter->speed));
}

void fus_one_euro_apply(struct fus_one_euro *filter, const struct fus_one_euro_options *options,
                        const struct fus_point raw[FUS_ONE_EURO_POINTS], float eye_distance,
                        double dt_s, struct fus_point out[FUS_ONE_EURO_POINTS])
{
    if (!filter->started || !(filter->eye_distance > 0) || !(dt_s > 0)) {
        start(filter, raw, eye_distance);
        memmove(out, raw, sizeof(filter->filtered));
        return;
    }
    filter->eye_distance += 0.2f * (eye_distance - filter->eye_distance);

    float speeds[FUS_ONE_EURO_POINTS];
    float per_second = (float)(1 / (dt_s * (double)filter->eye_distance));
    float speed_weight = weight(options->derivative_hz, dt_s);
    for (int i = 0; i < FUS_ONE_EURO_POINTS; i++) {
        struct fus_point *v = &filter->speed[i];
        v->x += speed_weight * ((raw[i].x - filter->last_raw[i].x) * per_second - v->x);
        v->y += speed_weight * ((raw[i].y - filter->last_raw[i].y) * per_second - v->y);
        speeds[i] = hypotf(v->x, v->y);
    }
    float whole = median(speeds);
    for (int i = 0; i < FUS_ONE_EURO_POINTS; i++) {
        double speed = (double)FUS_MAX(speeds[i], whole);
        float w = weight(options->min_hz + options->beta * speed, dt_s);
        struct fus_point *x = &filter->filtered[i];
        x->x += w * (raw[i].x - x->x);
        x->y += w * (raw[i].y - x->y);
        filter->last_raw[i] = raw[i];
        out[i] = *x;
    }
}
