#include "faces/analyser_rows.h"

#include <string.h>

#include "base/str.h"
#include "faces/detector_net.h"
#include "faces/landmarker.h"
#include "faces/landmarker_net.h"

static bool installed(const struct fus_models *models, const char *role, const char *id)
{
    const struct fus_model *row = fus_models_find(models, role, id);
    return row != NULL && fus_models_installed(models, row);
}

static int no_code(const struct fus_model *row, struct fus_error *err)
{
    return fus_error_set(
        err, FUS_E_MODEL_NOT_FOUND,
        "The %s %s is installed, but this version of fusiond has no code that runs "
        "models of its kind (%s).",
        row->role, row->id, row->family);
}

/* ------------------------------------------------------------------ detectors */

static int choose_many(const struct fus_models *models, struct fus_analyser_rows *rows,
                       struct fus_error *err)
{
    static const char *const IDS[FUS_DETECTOR_NETS_MAX] = {"retinaface", "scrfd", "yolo_face"};
    for (size_t i = 0; i < FUS_COUNT(IDS); i++) {
        int rc = fus_models_choose(models, "face_detector", IDS[i], NULL, &rows->detectors[i], err);
        if (rc != 0)
            return rc;
        rows->detector_count++;
    }
    return 0;
}

static int choose_detector(const struct fus_models *models, const char *value,
                           struct fus_analyser_rows *rows, struct fus_error *err)
{
    const struct fus_model *row = NULL;
    if (fus_str_equal(value, "many"))
        return choose_many(models, rows, err);
    int rc = fus_models_choose(models, "face_detector", value, "yolo_face", &row, err);
    if (rc != 0)
        return rc;
    if (row->builtin) {
        rows->builtin_detector = row;
        return 0;
    }
    if (!fus_detector_net_runs(row))
        return no_code(row, err);
    rows->detectors[rows->detector_count++] = row;
    return 0;
}

/* ------------------------------------------------------------------ landmarkers */

static int choose_estimator(const struct fus_models *models, struct fus_analyser_rows *rows,
                            struct fus_error *err)
{
    return fus_models_choose(models, "face_landmarker", "fan_68_5", NULL, &rows->estimator, err);
}

static int choose_both(const struct fus_models *models, struct fus_analyser_rows *rows,
                       struct fus_error *err)
{
    int rc = fus_models_choose(models, "face_landmarker", "2dfan4", NULL, &rows->fan, err);
    if (rc == 0)
        rc = fus_models_choose(models, "face_landmarker", "peppa_wutz", NULL, &rows->peppa, err);
    return rc == 0 ? choose_estimator(models, rows, err) : rc;
}

static int choose_landmarker(const struct fus_models *models,
                             const struct fus_analyser_options *options,
                             struct fus_analyser_rows *rows, struct fus_error *err)
{
    const char *value = options->landmarker_model;
    const struct fus_model *row = NULL;
    bool estimated = installed(models, "face_landmarker", "fan_68_5");
    if (options->landmarker_off && estimated && !fus_str_equal(value, "builtin"))
        return choose_estimator(models, rows, err);
    if (fus_str_equal(value, "many"))
        return choose_both(models, rows, err);
    int rc =
        fus_models_choose(models, "face_landmarker", value, estimated ? "2dfan4" : NULL, &row, err);
    if (rc != 0)
        return rc;
    if (fus_landmarker_runs(row)) {
        rows->builtin_landmarker = row;
        if (estimated && (options->wants & FUS_FACE_HAS_68_5))
            return choose_estimator(models, rows, err);
        return 0;
    }
    if (!fus_landmarker_net_runs(row))
        return no_code(row, err);
    *(strcmp(row->family, "2dfan4") == 0 ? &rows->fan : &rows->peppa) = row;
    return choose_estimator(models, rows, err);
}

int fus_analyser_rows_choose(const struct fus_models *models,
                             const struct fus_analyser_options *options,
                             struct fus_analyser_rows *rows, struct fus_error *err)
{
    unsigned wants = options->wants | options->may_want;
    *rows = (struct fus_analyser_rows){0};
    int rc = choose_detector(models, options->detector_model, rows, err);
    if (rc == 0)
        rc = choose_landmarker(models, options, rows, err);
    if (rc == 0 && (wants & FUS_FACE_HAS_EMBEDDING))
        rc = fus_models_choose(models, "face_recognizer", "arcface", NULL, &rows->recognizer, err);
    if (rc == 0 && (wants & FUS_FACE_HAS_CLASSES))
        rc = fus_models_choose(models, "face_classifier", "fairface", NULL, &rows->classifier, err);
    return rc;
}

bool fus_analyser_can_embed(const struct fus_models *models)
{
    return installed(models, "face_recognizer", "arcface");
}
