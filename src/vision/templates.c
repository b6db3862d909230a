#include "vision/templates.h"

#include <float.h>
#include <math.h>
#include <stdint.h>

static const double TEMPLATES[FUS_TEMPLATE_COUNT][5][2] = {
    [FUS_TEMPLATE_ARCFACE_112_V1] = {{0.35473214, 0.45658929},
                                     {0.64526786, 0.45658929},
                                     {0.50000000, 0.61154464},
                                     {0.37913393, 0.77687500},
                                     {0.62086607, 0.77687500}},
    [FUS_TEMPLATE_ARCFACE_112_V2] = {{0.34191607, 0.46157411},
                                     {0.65653393, 0.45983393},
                                     {0.50022500, 0.64050536},
                                     {0.37097589, 0.82469196},
                                     {0.63151696, 0.82325089}},
    [FUS_TEMPLATE_ARCFACE_128] = {{0.36167656, 0.40387734},
                                  {0.63696719, 0.40235469},
                                  {0.50019687, 0.56044219},
                                  {0.38710391, 0.72160547},
                                  {0.61507734, 0.72034453}},
    [FUS_TEMPLATE_DFL_WHOLE_FACE] = {{0.35342266, 0.39285716},
                                     {0.62797622, 0.39285716},
                                     {0.48660713, 0.54017860},
                                     {0.38839287, 0.68750011},
                                     {0.59821427, 0.68750011}},
    [FUS_TEMPLATE_FFHQ_512] = {{0.37691676, 0.46864664},
                               {0.62285697, 0.46912813},
                               {0.50123859, 0.61331904},
                               {0.39308822, 0.72541100},
                               {0.61150205, 0.72490465}},
    [FUS_TEMPLATE_MTCNN_512] = {{0.36562865, 0.46733799},
                                {0.63305391, 0.46585885},
                                {0.50019127, 0.61942959},
                                {0.39032951, 0.77598822},
                                {0.61178945, 0.77476328}},
    [FUS_TEMPLATE_STYLEGANEX_384] = {{0.42353745, 0.52289879},
                                     {0.57725008, 0.52319972},
                                     {0.50123859, 0.61331904},
                                     {0.43364461, 0.68337652},
                                     {0.57015325, 0.68306005}},
};

#define POINTS 5
#define THRESHOLD_PX 100.0f
#define CONFIDENCE 0.99
#define ITERATIONS_MAX 2000

void fus_template_points(enum fus_template which, int size, struct fus_point points_5[5])
{
    for (int i = 0; i < POINTS; i++)
        points_5[i] = (struct fus_point){(float)(TEMPLATES[which][i][0] * size),
                                         (float)(TEMPLATES[which][i][1] * size)};
}

/* OpenCV's random numbers: multiply with carry. */
static unsigned draw(uint64_t *state, unsigned count)
{
    *state = (uint64_t)(uint32_t)*state * 4164903690u + (*state >> 32);
    return (uint32_t)*state % count;
}

/* Bit i is set where point i lies within the threshold after the model in float32. */
static unsigned agreeing(const struct fus_affine *m, const struct fus_point from[POINTS],
                         const struct fus_point to[POINTS])
{
    float xx = (float)m->xx, xy = (float)m->xy, tx = (float)m->tx;
    float yx = (float)m->yx, yy = (float)m->yy, ty = (float)m->ty;
    unsigned set = 0;
    for (int i = 0; i < POINTS; i++) {
        float dx = xx * from[i].x + xy * from[i].y + tx - to[i].x;
        float dy = yx * from[i].x + yy * from[i].y + ty - to[i].y;
        if (dx * dx + dy * dy <= THRESHOLD_PX * THRESHOLD_PX)
            set |= 1u << i;
    }
    return set;
}

/* How many draws make it sure that one of them had two agreeing points. */
static int draws_needed(int agree, int most)
{
    double share = (double)agree / POINTS, both_bad = 1 - share * share;
    if (both_bad < DBL_MIN)
        return 0;
    double num = log(1 - CONFIDENCE), denom = log(both_bad);
    return denom >= 0 || -num >= most * -denom ? most : (int)nearbyint(num / denom);
}

/* The points of the best two-point model; 0: none. */
static unsigned consensus(const struct fus_point from[POINTS], const struct fus_point to[POINTS])
{
    uint64_t state = UINT64_MAX;
    unsigned best = 0;
    int best_count = 1; /* fewer than two points are no consensus */
    for (int i = 0, needed = ITERATIONS_MAX; i < needed; i++) {
        unsigned a = draw(&state, POINTS), b;
        do
            b = draw(&state, POINTS);
        while (b == a);
        struct fus_point pair_from[2] = {from[a], from[b]}, pair_to[2] = {to[a], to[b]};
        struct fus_affine m;
        if (!fus_affine_similarity(pair_from, pair_to, 2, &m))
            continue;
        unsigned set = agreeing(&m, from, to);
        int count = __builtin_popcount(set);
        if (count > best_count) {
            best = set;
            best_count = count;
            needed = draws_needed(count, needed);
        }
    }
    return best;
}

bool fus_template_affine(enum fus_template which, const struct fus_point points_5[5], int size,
                         struct fus_affine *m)
{
    struct fus_point target[POINTS], from[POINTS], to[POINTS];
    fus_template_points(which, size, target);
    for (int i = 0; i < POINTS; i++)
        if (!isfinite(points_5[i].x) || !isfinite(points_5[i].y))
            return false;
    unsigned set = consensus(points_5, target);
    size_t count = 0;
    for (int i = 0; i < POINTS; i++)
        if (set >> i & 1) {
            from[count] = points_5[i];
            to[count++] = target[i];
        }
    return fus_affine_similarity(from, to, count, m);
}
