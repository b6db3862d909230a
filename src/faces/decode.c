#include "faces/decode.h"

#include <math.h>

/* Hits of one level: in compat mode a level with nothing but row 0 is as good as empty. */
struct level {
    size_t hits, first;
};

static void count_hit(struct level *level, size_t row)
{
    if (level->hits++ == 0)
        level->first = row;
}

static bool is_empty(const struct level *level, const struct fus_decode *decode)
{
    return level->hits == 0 || (decode->compat && level->hits == 1 && level->first == 0);
}

static size_t cells_of(const struct fus_grid *grid)
{
    return (size_t)grid->columns * (size_t)grid->rows;
}

static void corner_of(const struct fus_grid *grid, size_t cell, double *x, double *y)
{
    *x = (double)((cell % (size_t)grid->columns) * (size_t)grid->stride);
    *y = (double)((cell / (size_t)grid->columns) * (size_t)grid->stride);
}

/* Five points as offsets from an anchor in units of the stride. */
static void offset_points(const struct fus_decode *decode, const float kps[10], double x, double y,
                          double stride, double points[5][2])
{
    for (int i = 0; i < 5; i++) {
        points[i][0] = ((double)kps[2 * i] * stride + x) * decode->ratio_x;
        points[i][1] = ((double)kps[2 * i + 1] * stride + y) * decode->ratio_y;
    }
}

int fus_decode_scrfd(const struct fus_decode *decode, const struct fus_grid *grid,
                     const float *score, const float *bbox, const float *kps,
                     struct fus_findings *out, struct fus_error *err)
{
    size_t anchors = 2 * cells_of(grid);
    struct level level = {0};
    for (size_t i = 0; i < anchors; i++) {
        if (score[i] >= decode->score)
            count_hit(&level, i);
    }
    if (is_empty(&level, decode))
        return 0;
    for (size_t i = level.first; i < anchors; i++) {
        if (!(score[i] >= decode->score))
            continue;
        double x, y, s = grid->stride, points[5][2];
        corner_of(grid, i / 2, &x, &y);
        const float *b = bbox + 4 * i;
        const double box[4] = {
            (x - (double)b[0] * s) * decode->ratio_x, (y - (double)b[1] * s) * decode->ratio_y,
            (x + (double)b[2] * s) * decode->ratio_x, (y + (double)b[3] * s) * decode->ratio_y};
        offset_points(decode, kps + 10 * i, x, y, s, points);
        int rc = fus_findings_add(out, box, score[i], (const double(*)[2])points, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static float yunet_score(enum fus_score_rule rule, float cls, float obj)
{
    float product = cls * obj;
    return rule == FUS_SCORE_SQRT_PRODUCT ? sqrtf(product) : product;
}

int fus_decode_yunet(const struct fus_decode *decode, const struct fus_grid *grid,
                     enum fus_score_rule rule, const float *cls, const float *obj,
                     const float *bbox, const float *kps, struct fus_findings *out,
                     struct fus_error *err)
{
    size_t cells = cells_of(grid);
    struct level level = {0};
    for (size_t i = 0; i < cells; i++) {
        if (yunet_score(rule, cls[i], obj[i]) >= decode->score)
            count_hit(&level, i);
    }
    if (is_empty(&level, decode))
        return 0;
    for (size_t i = level.first; i < cells; i++) {
        float score = yunet_score(rule, cls[i], obj[i]);
        if (!(score >= decode->score))
            continue;
        double x, y, s = grid->stride, points[5][2];
        corner_of(grid, i, &x, &y);
        const float *b = bbox + 4 * i;
        double cx = (double)b[0] * s + x, cy = (double)b[1] * s + y;
        double width = (double)expf(b[2]) * s, height = (double)expf(b[3]) * s;
        const double box[4] = {
            (cx - width / 2) * decode->ratio_x, (cy - height / 2) * decode->ratio_y,
            (cx + width / 2) * decode->ratio_x, (cy + height / 2) * decode->ratio_y};
        offset_points(decode, kps + 10 * i, x, y, s, points);
        int rc = fus_findings_add(out, box, score, (const double(*)[2])points, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* One column of yolo_face's output. */
static int add_yolo(const struct fus_decode *decode, const float *column, size_t stride,
                    struct fus_findings *out, struct fus_error *err)
{
    float kx = (float)decode->ratio_x, ky = (float)decode->ratio_y;
    float cx = column[0], cy = column[stride];
    float half_width = column[2 * stride] / 2, half_height = column[3 * stride] / 2;
    const double box[4] = {(double)((cx - half_width) * kx), (double)((cy - half_height) * ky),
                           (double)((cx + half_width) * kx), (double)((cy + half_height) * ky)};
    double points[5][2];
    for (size_t p = 0; p < 5; p++) {
        points[p][0] = (double)(column[(5 + 3 * p) * stride] * kx);
        points[p][1] = (double)(column[(6 + 3 * p) * stride] * ky);
    }
    return fus_findings_add(out, box, column[4 * stride], (const double(*)[2])points, err);
}

static bool yolo_hit(const struct fus_decode *decode, float score)
{
    return decode->compat ? score > decode->score : score >= decode->score;
}

int fus_decode_yolo(const struct fus_decode *decode, const float *output, size_t columns,
                    struct fus_findings *out, struct fus_error *err)
{
    const float *scores = output + 4 * columns;
    struct level level = {0};
    for (size_t i = 0; i < columns; i++) {
        if (yolo_hit(decode, scores[i]))
            count_hit(&level, i);
    }
    if (is_empty(&level, decode))
        return 0;
    for (size_t i = level.first; i < columns; i++) {
        if (!yolo_hit(decode, scores[i]))
            continue;
        int rc = add_yolo(decode, output + i, columns, out, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}
