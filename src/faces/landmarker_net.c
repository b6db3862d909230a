#include "faces/landmarker_net.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "faces/landmark_crop.h"
#include "vision/largest.h"
#include "vision/lut.h"

enum { FAN, PEPPA, KINDS };
enum { SIDE = FUS_LANDMARK_CROP, COLUMNS = 3 };

struct fus_landmarker_net {
    const struct fus_model *model[KINDS];
    struct fus_run *run[KINDS]; /* NULL: not asked for */
    struct fus_lut lut;
    uint8_t *crop, *spare;
    bool opencv_4; /* its warp is wanted */
};

/* What one net says of a crop. */
struct answer {
    double score;
    bool finite;
    struct fus_point points[68];
};

bool fus_landmarker_net_runs(const struct fus_model *model)
{
    return strcmp(model->family, "2dfan4") == 0 || strcmp(model->family, "peppa_wutz") == 0;
}

static int open_net(struct fus_models *models, const struct fus_model *model, int threads,
                    size_t outputs, struct fus_run **run, struct fus_error *err)
{
    struct fus_session *session = NULL;
    int rc = fus_models_session(models, model, threads, &session, err);
    if (rc == 0 && (fus_session_inputs(session) != 1 || fus_session_outputs(session) < outputs))
        rc = fus_error_set(err, FUS_E_MODEL_CORRUPT,
                           "The face_landmarker %s has other inputs or outputs than its family.",
                           model->id);
    return rc == 0 ? fus_run_new(session, run, err) : rc;
}

int fus_landmarker_net_new(struct fus_models *models, const struct fus_model *fan,
                           const struct fus_model *peppa, bool opencv_4, int threads,
                           struct fus_landmarker_net **out, struct fus_error *err)
{
    FUS_CLEANUP(fus_landmarker_net_free)
    struct fus_landmarker_net *net = fus_calloc(1, sizeof(*net));
    if (net == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the landmarker.");
    net->model[FAN] = fan;
    net->model[PEPPA] = peppa;
    net->opencv_4 = opencv_4;
    for (size_t i = 0; i < KINDS; i++) {
        int rc = 0;
        if (net->model[i] != NULL)
            rc = open_net(models, net->model[i], threads, i == FAN ? 2 : 1, &net->run[i], err);
        if (rc != 0)
            return rc;
    }
    fus_lut_unit(&net->lut, false);
    net->crop = fus_malloc_aligned((size_t)SIDE * SIDE * 3);
    net->spare = fus_malloc_aligned((size_t)SIDE * SIDE * 3);
    if (net->crop == NULL || net->spare == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the landmarker.");
    *out = FUS_TAKE(net);
    return 0;
}

void fus_landmarker_net_free(struct fus_landmarker_net *net)
{
    if (net == NULL)
        return;
    for (size_t i = 0; i < KINDS; i++)
        fus_run_free(net->run[i]);
    fus_free(net->crop);
    fus_free(net->spare);
    fus_free(net);
}

/* ------------------------------------------------------------------ scores */

double fus_landmarker_heat_score(const float *heat, size_t maps, size_t pixels)
{
    double sum = 0;
    for (size_t m = 0; m < maps; m++) {
        sum += (double)fus_largest(heat + m * pixels, pixels);
    }
    return FUS_CLAMP(sum / (double)maps / 0.9, 0.0, 1.0);
}

static double mean_score(const float *points)
{
    double sum = 0;
    for (size_t i = 0; i < 68; i++)
        sum += (double)points[COLUMNS * i + 2];
    return FUS_CLAMP(sum / 68 / 0.95, 0.0, 1.0);
}

enum fus_landmarker_choice fus_landmarker_choose(bool fan_ran, bool peppa_ran, double fan_score,
                                                 double peppa_score)
{
    if ((fan_ran ? fan_score : 0) > (peppa_ran ? peppa_score : 0) - 0.2)
        return fan_ran ? FUS_LANDMARKS_FAN : FUS_LANDMARKS_NONE;
    return peppa_ran ? FUS_LANDMARKS_PEPPA : FUS_LANDMARKS_NONE;
}

/* ------------------------------------------------------------------ running */

static int other_size(const struct fus_model *model, struct fus_error *err)
{
    return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                         "The face_landmarker %s gives outputs of another size than its family.",
                         model->id);
}

static int score_of(struct fus_landmarker_net *net, size_t kind, const struct fus_tensor *points,
                    double *score, struct fus_error *err)
{
    const size_t pixels = FUS_LANDMARK_GRID * FUS_LANDMARK_GRID;
    struct fus_tensor heat;
    if (kind == PEPPA) {
        *score = mean_score(points->data);
        return 0;
    }
    int rc = fus_run_output(net->run[kind], 1, &heat, err);
    if (rc != 0)
        return rc;
    if (heat.count != 68 * pixels)
        return other_size(net->model[kind], err);
    *score = fus_landmarker_heat_score(heat.data, 68, pixels);
    return 0;
}

static int ask(struct fus_landmarker_net *net, size_t kind, const struct fus_landmark_crop *crop,
               struct answer *answer, struct fus_error *err)
{
    static const int64_t SHAPE[4] = {1, 3, SIDE, SIDE};
    const struct fus_plane seen = {net->crop, 3 * SIDE, SIDE, SIDE, 3};
    float *data = NULL;
    int rc = fus_run_input(net->run[kind], 0, SHAPE, 4, &data, err);
    if (rc != 0)
        return rc;
    fus_lut_chw(&net->lut, &seen, data, (size_t)SIDE * SIDE, SIDE);
    rc = fus_run_execute(net->run[kind], err);
    struct fus_tensor points;
    if (rc == 0)
        rc = fus_run_output(net->run[kind], 0, &points, err);
    if (rc != 0)
        return rc;
    if (points.count != 68 * COLUMNS)
        return other_size(net->model[kind], err);
    rc = score_of(net, kind, &points, &answer->score, err);
    if (rc != 0)
        return rc;
    fus_landmark_crop_back(crop, points.data, COLUMNS, answer->points);
    double sum = answer->score;
    for (size_t i = 0; i < 68; i++)
        sum += (double)answer->points[i].x + (double)answer->points[i].y;
    answer->finite = isfinite(sum);
    return 0;
}

int fus_landmarker_net_find(struct fus_landmarker_net *net, const struct fus_plane *bgr,
                            const struct fus_box *box, int angle, struct fus_point landmarks_68[68],
                            float *score, bool *found, struct fus_error *err)
{
    struct fus_landmark_crop crop;
    const struct fus_plane out = {net->crop, 3 * SIDE, SIDE, SIDE, 3};
    const struct fus_plane spare = {net->spare, 3 * SIDE, SIDE, SIDE, 3};
    *found = false;
    if (!fus_landmark_crop_of(box, angle, &crop))
        return 0;
    crop.border = fus_border_for(FUS_BORDER_BLACK, net->opencv_4);
    if (!fus_landmark_crop_cut(&crop, bgr, &out, &spare))
        return 0;
    struct answer answers[KINDS] = {{0}};
    for (size_t i = 0; i < KINDS; i++) {
        int rc = net->run[i] != NULL ? ask(net, i, &crop, &answers[i], err) : 0;
        if (rc != 0)
            return rc;
    }
    enum fus_landmarker_choice choice = fus_landmarker_choose(
        net->run[FAN] != NULL && answers[FAN].finite,
        net->run[PEPPA] != NULL && answers[PEPPA].finite, answers[FAN].score, answers[PEPPA].score);
    if (choice == FUS_LANDMARKS_NONE)
        return 0;
    const struct answer *best = &answers[choice == FUS_LANDMARKS_FAN ? FAN : PEPPA];
    memcpy(landmarks_68, best->points, sizeof(best->points));
    *score = (float)best->score;
    *found = true;
    return 0;
}
