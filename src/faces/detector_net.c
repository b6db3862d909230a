#include "faces/detector_net.h"

#include <string.h>

#include "base/mem.h"
#include "faces/decode.h"

enum family { FAMILY_NONE, FAMILY_SCRFD, FAMILY_YUNET, FAMILY_YOLO };
enum { STRIDES = 3 };
static const int STRIDE[STRIDES] = {8, 16, 32};

struct fus_detector_net {
    const struct fus_model *model;
    enum family family;
    int size;
    struct fus_run *run;
    struct fus_lut lut;
    struct fus_resampler *resampler;
    uint8_t *small; /* size x size pixels: the picture made smaller */
    float *filled_data;
    int filled_width, filled_height; /* what the input's padding was made black for */
};

static enum family family_of(const char *name)
{
    static const struct {
        const char *name;
        enum family family;
    } FAMILIES[] = {
        {"scrfd", FAMILY_SCRFD},
        {"retinaface", FAMILY_SCRFD},
        {"yunet", FAMILY_YUNET},
        {"yolo_face", FAMILY_YOLO},
    };
    for (size_t i = 0; i < FUS_COUNT(FAMILIES); i++) {
        if (strcmp(name, FAMILIES[i].name) == 0)
            return FAMILIES[i].family;
    }
    return FAMILY_NONE;
}

bool fus_detector_net_runs(const struct fus_model *model)
{
    return !model->builtin && family_of(model->family) != FAMILY_NONE;
}

/* ------------------------------------------------------------------ opening */

/* FaceFusion offers more than one size for the fully convolutional ones alone. */
static bool offers(const struct fus_detector_net *net)
{
    static const int SIZES[] = {160, 320, 480, 512, 640};
    bool free_size = net->model->input_width == 0;
    if (free_size)
        return net->size >= 64 && net->size <= 4096 && net->size % 32 == 0;
    if (net->family != FAMILY_SCRFD)
        return net->size == net->model->input_width;
    for (size_t i = 0; i < FUS_COUNT(SIZES); i++) {
        if (net->size == SIZES[i])
            return true;
    }
    return false;
}

static int check_size(const struct fus_detector_net *net, const struct fus_session *session,
                      struct fus_error *err)
{
    const int64_t *shape = NULL;
    int rank = fus_session_input_shape(session, 0, &shape);
    if (rank != 4 || (shape[1] > 0 && shape[1] != 3))
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "The face_detector %s does not read pictures of three channels.",
                             net->model->id);
    bool fits =
        (shape[2] <= 0 || shape[2] == net->size) && (shape[3] <= 0 || shape[3] == net->size);
    if (fits && offers(net))
        return 0;
    return fus_error_set_at(err, FUS_E_INVALID_PARAMETER, "/parameters/face_detector_size",
                            "The face_detector %s does not look at pictures of %dx%d.",
                            net->model->id, net->size, net->size);
}

static int check_outputs(const struct fus_detector_net *net, const struct fus_session *session,
                         struct fus_error *err)
{
    size_t want = net->family == FAMILY_SCRFD ? 9 : net->family == FAMILY_YUNET ? 12 : 1;
    size_t have = fus_session_outputs(session);
    if (fus_session_inputs(session) == 1 && have >= want)
        return 0;
    return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                         "The face_detector %s has %zu outputs where its family has %zu.",
                         net->model->id, have, want);
}

int fus_detector_net_new(struct fus_models *models, const struct fus_model *model, int size,
                         int threads, struct fus_detector_net **out, struct fus_error *err)
{
    FUS_CLEANUP(fus_detector_net_free)
    struct fus_detector_net *net = fus_calloc(1, sizeof(*net));
    if (net == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the face detector.");
    net->model = model;
    net->family = family_of(model->family);
    net->size = size > 0 ? size : 640;
    (void)fus_detector_lut(model->family, &net->lut);
    struct fus_session *session = NULL;
    int rc = fus_models_session(models, model, threads, &session, err);
    if (rc == 0)
        rc = check_outputs(net, session, err);
    if (rc == 0)
        rc = check_size(net, session, err);
    if (rc == 0)
        rc = fus_run_new(session, &net->run, err);
    if (rc != 0)
        return rc;
    net->resampler = fus_resampler_new();
    net->small = fus_malloc_aligned((size_t)net->size * (size_t)net->size * 3);
    if (net->resampler == NULL || net->small == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the face detector.");
    *out = FUS_TAKE(net);
    return 0;
}

void fus_detector_net_free(struct fus_detector_net *net)
{
    if (net == NULL)
        return;
    fus_run_free(net->run);
    fus_resampler_free(net->resampler);
    fus_free(net->small);
    fus_free(net);
}

/* ------------------------------------------------------------------ the input */

struct fus_detector_fit fus_detector_fit_of(int width, int height, int size)
{
    struct fus_detector_fit fit = {width, height, 1, 1};
    if (width > size || height > size) {
        double k = FUS_MIN((double)size / height, (double)size / width);
        fit.width = FUS_MAX((int)(width * k), 1);
        fit.height = FUS_MAX((int)(height * k), 1);
    }
    fit.ratio_x = (double)width / fit.width;
    fit.ratio_y = (double)height / fit.height;
    return fit;
}

bool fus_detector_lut(const char *family, struct fus_lut *lut)
{
    switch (family_of(family)) {
    case FAMILY_SCRFD:
        fus_lut_offset(lut, 127.5f, 128, false);
        return true;
    case FAMILY_YUNET:
        fus_lut_offset(lut, 0, 1, false);
        return true;
    case FAMILY_YOLO:
        fus_lut_unit(lut, false);
        return true;
    case FAMILY_NONE:
        break;
    }
    return false;
}

int fus_detector_prepare(struct fus_resampler *resampler, const struct fus_lut *lut,
                         const struct fus_plane *bgr, int size, uint8_t *small, float *chw,
                         struct fus_error *err)
{
    const struct fus_detector_fit fit = fus_detector_fit_of(bgr->width, bgr->height, size);
    struct fus_plane seen = *bgr;
    if (fit.width != bgr->width || fit.height != bgr->height) {
        seen = (struct fus_plane){small, 3 * (ptrdiff_t)fit.width, fit.width, fit.height, 3};
        int rc = fus_resample_u8(resampler, bgr, &seen, FUS_RESAMPLE_BILINEAR, err);
        if (rc != 0)
            return rc;
    }
    size_t side = (size_t)size;
    fus_lut_chw(lut, &seen, chw, side * side, side);
    return 0;
}

/* Black is what the table makes of 0. Frames of one clip leave the padding alone. */
static void blacken(struct fus_detector_net *net, float *data, const struct fus_detector_fit *fit)
{
    if (net->filled_data == data && net->filled_width == fit->width &&
        net->filled_height == fit->height)
        return;
    size_t plane = (size_t)net->size * (size_t)net->size;
    for (size_t c = 0; c < 3; c++) {
        for (size_t i = 0; i < plane; i++)
            data[c * plane + i] = net->lut.value[c][0];
    }
    net->filled_data = data;
    net->filled_width = fit->width;
    net->filled_height = fit->height;
}

static int fill_input(struct fus_detector_net *net, const struct fus_plane *bgr,
                      const struct fus_detector_fit *fit, struct fus_error *err)
{
    const int64_t shape[4] = {1, 3, net->size, net->size};
    float *data = NULL;
    int rc = fus_run_input(net->run, 0, shape, 4, &data, err);
    if (rc != 0)
        return rc;
    blacken(net, data, fit);
    return fus_detector_prepare(net->resampler, &net->lut, bgr, net->size, net->small, data, err);
}

/* ------------------------------------------------------------------ the outputs */

static int output(struct fus_detector_net *net, size_t index, size_t count, const float **data,
                  struct fus_error *err)
{
    struct fus_tensor tensor;
    int rc = fus_run_output(net->run, index, &tensor, err);
    if (rc != 0)
        return rc;
    if (tensor.count != count)
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "The face_detector %s gives outputs of another size than its family.",
                             net->model->id);
    *data = tensor.data;
    return 0;
}

/* Tensors come kind by kind, each for the three strides. */
static int decode_strides(struct fus_detector_net *net, const struct fus_decode *decode,
                          struct fus_findings *out, struct fus_error *err)
{
    static const size_t SCRFD[] = {1, 4, 10}, YUNET[] = {1, 1, 4, 10};
    bool yunet = net->family == FAMILY_YUNET;
    for (size_t s = 0; s < STRIDES; s++) {
        int side = net->size / STRIDE[s];
        const struct fus_grid grid = {side, side, STRIDE[s]};
        size_t rows = (size_t)side * (size_t)side * (yunet ? 1 : 2);
        const float *data[4] = {NULL};
        int rc = 0;
        for (size_t kind = 0; rc == 0 && kind < (yunet ? 4 : 3); kind++)
            rc = output(net, kind * STRIDES + s, rows * (yunet ? YUNET : SCRFD)[kind], &data[kind],
                        err);
        if (rc == 0 && yunet)
            rc = fus_decode_yunet(decode, &grid, net->model->score_rule, data[0], data[1], data[2],
                                  data[3], out, err);
        else if (rc == 0)
            rc = fus_decode_scrfd(decode, &grid, data[0], data[1], data[2], out, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int decode_yolo(struct fus_detector_net *net, const struct fus_decode *decode,
                       struct fus_findings *out, struct fus_error *err)
{
    struct fus_tensor tensor;
    int rc = fus_run_output(net->run, 0, &tensor, err);
    if (rc != 0)
        return rc;
    if (tensor.rank < 2 || tensor.shape[tensor.rank - 2] != FUS_YOLO_ROWS ||
        tensor.count != FUS_YOLO_ROWS * (size_t)tensor.shape[tensor.rank - 1])
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "The face_detector %s gives outputs of another size than its family.",
                             net->model->id);
    return fus_decode_yolo(decode, tensor.data, tensor.count / FUS_YOLO_ROWS, out, err);
}

int fus_detector_net_find(struct fus_detector_net *net, const struct fus_plane *bgr, float score,
                          bool compat, struct fus_findings *out, struct fus_error *err)
{
    const struct fus_detector_fit fit = fus_detector_fit_of(bgr->width, bgr->height, net->size);
    int rc = fill_input(net, bgr, &fit, err);
    if (rc == 0)
        rc = fus_run_execute(net->run, err);
    if (rc != 0)
        return rc;
    const struct fus_decode decode = {fit.ratio_x, fit.ratio_y, score, compat};
    return net->family == FAMILY_YOLO ? decode_yolo(net, &decode, out, err)
                                      : decode_strides(net, &decode, out, err);
}
