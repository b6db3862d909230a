#include "faces/builtin_detector.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "vision/nms.h"
#include "vision/planar.h"

enum { STRIDES = 3, KINDS = 4 };
static const int STRIDE[STRIDES] = {8, 16, 32};

struct fus_builtin_detector {
    const struct fus_model *model;
    int size;
    float score;
    struct fus_run *run;
    size_t outputs[KINDS][STRIDES]; /* cls, obj, bbox, kps */
    struct fus_planar_scratch *scratch;
    int filled_width, filled_height; /* what the input's padding was zeroed for */
    float *filled_data;
    struct fus_candidates candidates;
};

/* Outputs are found by name. */
static int find_outputs(struct fus_builtin_detector *detector, const struct fus_session *session,
                        struct fus_error *err)
{
    static const char *const NAMES[KINDS] = {"cls", "obj", "bbox", "kps"};
    for (size_t kind = 0; kind < KINDS; kind++) {
        for (size_t s = 0; s < STRIDES; s++) {
            char name[16];
            snprintf(name, sizeof(name), "%s_%d", NAMES[kind], STRIDE[s]);
            int index = fus_session_output_index(session, name);
            if (index < 0)
                return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                                     "The face_detector %s has no output %s.", detector->model->id,
                                     name);
            detector->outputs[kind][s] = (size_t)index;
        }
    }
    return 0;
}

int fus_builtin_detector_new(struct fus_models *models, const struct fus_model *model, int size,
                             double score, int threads, struct fus_builtin_detector **out,
                             struct fus_error *err)
{
    FUS_CLEANUP(fus_builtin_detector_free)
    struct fus_builtin_detector *detector = fus_calloc(1, sizeof(*detector));
    if (detector == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the face detector.");
    detector->model = model;
    detector->size = FUS_CLAMP(size > 0 ? size : 640, 64, 4096);
    detector->score = (float)(score > 0 ? score : model->score_threshold);
    struct fus_session *session = NULL;
    int rc = fus_models_session(models, model, threads, &session, err);
    if (rc == 0)
        rc = find_outputs(detector, session, err);
    if (rc == 0)
        rc = fus_run_new(session, &detector->run, err);
    if (rc != 0)
        return rc;
    detector->scratch = fus_planar_scratch_new();
    if (detector->scratch == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the face detector.");
    *out = FUS_TAKE(detector);
    return 0;
}

void fus_builtin_detector_free(struct fus_builtin_detector *detector)
{
    if (detector == NULL)
        return;
    fus_run_free(detector->run);
    fus_planar_scratch_free(detector->scratch);
    fus_free(detector);
}

/* How a picture is fitted into the net's input. */
struct fit {
    int width, height;         /* the picture, made smaller */
    int net_width, net_height; /* with its padding */
};

static int round_up(int value, int multiple)
{
    return (value + multiple - 1) / multiple * multiple;
}

static struct fit fit_picture(const struct fus_builtin_detector *detector,
                              const struct fus_image *image)
{
    const struct fus_model *model = detector->model;
    int net_width = model->input_width, net_height = model->input_height;
    bool fixed = net_width > 0 && net_height > 0;
    double limit_x = fixed ? net_width : detector->size,
           limit_y = fixed ? net_height : detector->size;
    double k = FUS_MIN(FUS_MIN(limit_x / image->width, limit_y / image->height), 1.0);
    struct fit fit = {FUS_MAX((int)lround(image->width * k), 1),
                      FUS_MAX((int)lround(image->height * k), 1), net_width, net_height};
    if (!fixed) {
        int multiple = FUS_MAX(model->size_multiple, 1);
        fit.net_width = round_up(fit.width, multiple);
        fit.net_height = round_up(fit.height, multiple);
    }
    return fit;
}

static int fill_input(struct fus_builtin_detector *detector, const struct fus_image *image,
                      const struct fit *fit, struct fus_error *err)
{
    const int64_t shape[4] = {1, 3, fit->net_height, fit->net_width};
    float *data = NULL;
    int rc = fus_run_input(detector->run, 0, shape, 4, &data, err);
    if (rc != 0)
        return rc;
    size_t plane = (size_t)fit->net_width * (size_t)fit->net_height;
    if (detector->filled_data != data || detector->filled_width != fit->width ||
        detector->filled_height != fit->height) {
        /* The padding is black before normalisation. Frames of one clip leave it alone. */
        float black = (float)((0 - detector->model->mean) * detector->model->scale);
        for (size_t i = 0; i < 3 * plane; i++)
            data[i] = black;
        detector->filled_data = data;
        detector->filled_width = fit->width;
        detector->filled_height = fit->height;
    }
    struct fus_planar out = {data,
                             plane,
                             (size_t)fit->net_width,
                             (float)detector->model->mean,
                             (float)detector->model->scale,
                             detector->model->rgb};
    return fus_planar_resize(detector->scratch, image,
                             (struct fus_rect){0, 0, image->width, image->height}, fit->width,
                             fit->height, &out, err);
}

/* The tensors of one stride, each with the number of floats that the decoder will read. */
static int stride_outputs(struct fus_builtin_detector *detector, size_t s, size_t rows,
                          const float *data[KINDS], struct fus_error *err)
{
    static const size_t COLUMNS[KINDS] = {1, 1, 4, 10};
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct fus_tensor tensor;
        int rc = fus_run_output(detector->run, detector->outputs[kind][s], &tensor, err);
        if (rc != 0)
            return rc;
        if (tensor.count != rows * COLUMNS[kind])
            return fus_error_set(
                err, FUS_E_MODEL_CORRUPT,
                "The face_detector %s gives outputs of another size than its family.",
                detector->model->id);
        data[kind] = tensor.data;
    }
    return 0;
}

static int decode(struct fus_builtin_detector *detector, const struct fit *fit,
                  struct fus_error *err)
{
    detector->candidates.count = 0;
    for (size_t s = 0; s < STRIDES; s++) {
        int columns = fit->net_width / STRIDE[s], rows = fit->net_height / STRIDE[s];
        size_t cells = (size_t)columns * (size_t)rows;
        const float *data[KINDS] = {NULL};
        int rc = stride_outputs(detector, s, cells, data, err);
        if (rc != 0)
            return rc;
        fus_yunet_decode(data[0], data[1], data[2], data[3], cells, columns, STRIDE[s],
                         detector->model->score_rule, detector->score, &detector->candidates);
    }
    return 0;
}

int fus_builtin_detector_find(struct fus_builtin_detector *detector, const struct fus_image *image,
                              struct fus_detection found[FUS_FACES_MAX], size_t *count,
                              struct fus_error *err)
{
    struct fit fit = fit_picture(detector, image);
    int rc = fill_input(detector, image, &fit, err);
    if (rc == 0)
        rc = fus_run_execute(detector->run, err);
    if (rc == 0)
        rc = decode(detector, &fit, err);
    if (rc != 0)
        return rc;
    struct fus_candidates *c = &detector->candidates;
    size_t kept = fus_nms(c->boxes, c->scores, c->count, (float)detector->model->nms_threshold,
                          c->order, FUS_FACES_MAX);
    float kx = (float)image->width / (float)fit.width,
          ky = (float)image->height / (float)fit.height;
    for (size_t i = 0; i < kept; i++) {
        const struct fus_box *box = &c->boxes[c->order[i]];
        found[i].box = (struct fus_box){box->x1 * kx, box->y1 * ky, box->x2 * kx, box->y2 * ky};
        found[i].score = c->scores[c->order[i]];
        for (int k = 0; k < 5; k++) {
            struct fus_point p = c->points_5[c->order[i]][k];
            found[i].points_5[k] = (struct fus_point){p.x * kx, p.y * ky};
        }
    }
    *count = kept;
    return 0;
}
