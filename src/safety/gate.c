#include "safety/gate.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "vision/fit.h"
#include "vision/lut.h"

static const struct {
    const char *id;
    int size;
    double mean[3], deviation[3]; /* red, green, blue */
    double threshold;
} nets[FUS_GATE_NETS] = {
    {"nsfw_1", 640, {0, 0, 0}, {1, 1, 1}, 0.2},
    {"nsfw_2", 384, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}, 0.25},
    {"nsfw_3",
     448,
     {0.48145466, 0.4578275, 0.40821073},
     {0.26862954, 0.26130258, 0.27577711},
     10.5},
};

struct net {
    struct fus_run *run;
    struct fus_lut lut;
    struct fus_image fitted; /* the picture inside the net's square, on black */
};

struct fus_gate {
    struct net nets[FUS_GATE_NETS];
    struct fus_resampler *resampler;
};

/* Rows 0 to 3 of each candidate are its box in pixels. */
static double greatest_class(const struct fus_tensor *output)
{
    enum { BOX_ROWS = 4 };
    float greatest = -INFINITY;

    if (output->rank != 3 || output->shape[1] <= BOX_ROWS)
        return NAN;
    for (size_t i = BOX_ROWS * (size_t)output->shape[2]; i < output->count; i++)
        greatest = FUS_MAX(greatest, output->data[i]);
    return greatest;
}

double fus_gate_score(int net, const struct fus_tensor *output)
{
    const float *d = output->data;

    switch (net) {
    case 0:
        return greatest_class(output);
    case 1:
        return output->count == 2 ? d[0] - d[1] : NAN;
    default:
        return output->count == 4 ? (d[2] + d[3]) - (d[0] + d[1]) : NAN;
    }
}

bool fus_gate_vote(int net, double score)
{
    return score > nets[net].threshold;
}

const struct fus_model *fus_gate_model(const struct fus_models *models, int net)
{
    return fus_models_find(models, "content_analyser", nets[net].id);
}

bool fus_gate_installed(const struct fus_models *models, const struct fus_model **missing)
{
    for (int i = 0; i < FUS_GATE_NETS; i++) {
        const struct fus_model *model = fus_gate_model(models, i);

        if (model && fus_models_installed(models, model))
            continue;
        if (missing)
            *missing = model;
        return false;
    }
    return true;
}

static int open_net(struct fus_gate *gate, int index, struct fus_models *models, int threads,
                    struct fus_error *err)
{
    struct net *net = &gate->nets[index];
    const struct fus_model *model = fus_gate_model(models, index);
    struct fus_session *session;
    int rc;

    if (!model || !fus_models_installed(models, model))
        return fus_error_set(err, FUS_E_MODEL_NOT_FOUND,
                             "The content gate's model %s is not installed. To install it: "
                             "fusiond models pull nsfw_1 nsfw_2 nsfw_3",
                             nets[index].id);
    rc = fus_models_session(models, model, threads, &session, err);
    if (!rc)
        rc = fus_run_new(session, &net->run, err);
    if (!rc)
        rc = fus_image_alloc(&net->fitted, FUS_PIXEL_BGR8, nets[index].size, nets[index].size, err);
    fus_lut_mean_std_f64(&net->lut, nets[index].mean, nets[index].deviation, true);
    return rc;
}

int fus_gate_new(struct fus_models *models, int threads, struct fus_gate **gate,
                 struct fus_error *err)
{
    FUS_CLEANUP(fus_gate_free) struct fus_gate *made = fus_calloc(1, sizeof(*made));
    int rc = 0;

    if (made)
        made->resampler = fus_resampler_new();
    if (!made || !made->resampler)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the content gate.");
    for (int i = 0; !rc && i < FUS_GATE_NETS; i++)
        rc = open_net(made, i, models, threads, err);
    if (!rc)
        *gate = FUS_TAKE(made);
    return rc;
}

void fus_gate_free(struct fus_gate *gate)
{
    if (!gate)
        return;
    for (int i = 0; i < FUS_GATE_NETS; i++) {
        fus_run_free(gate->nets[i].run);
        fus_image_done(&gate->nets[i].fitted);
    }
    fus_resampler_free(gate->resampler);
    fus_free(gate);
}

static struct fus_plane plane_of(const struct fus_image *image)
{
    return fus_plane_of(image, (struct fus_rect){0, 0, image->width, image->height}, 0);
}

static int look_with(struct fus_gate *gate, int index, const struct fus_image *bgr, double *score,
                     struct fus_error *err)
{
    struct net *net = &gate->nets[index];
    int size = nets[index].size;
    const int64_t shape[4] = {1, 3, size, size};
    const struct fus_plane from = plane_of(bgr), to = plane_of(&net->fitted);
    struct fus_tensor output;
    float *input;
    int rc = fus_fit_contain_u8(gate->resampler, &from, &to, err);

    if (!rc)
        rc = fus_run_input(net->run, 0, shape, 4, &input, err);
    if (rc)
        return rc;
    fus_lut_chw(&net->lut, &to, input, (size_t)size * (size_t)size, (size_t)size);
    rc = fus_run_execute(net->run, err);
    if (!rc)
        rc = fus_run_output(net->run, 0, &output, err);
    if (rc)
        return rc;
    *score = fus_gate_score(index, &output);
    /* a classifier that says nothing must not pass for one that says no */
    if (!isfinite(*score))
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "The content gate's model %s gives no score.", nets[index].id);
    return 0;
}

int fus_gate_look(struct fus_gate *gate, const struct fus_image *bgr, bool *explicit_content,
                  double scores[FUS_GATE_NETS], struct fus_error *err)
{
    int votes = 0;

    for (int i = 0; i < FUS_GATE_NETS; i++) {
        double score;
        int rc = look_with(gate, i, bgr, &score, err);

        if (rc)
            return rc;
        votes += fus_gate_vote(i, score);
        if (scores)
            scores[i] = score;
    }
    *explicit_content = votes >= 2;
    return 0;
}
