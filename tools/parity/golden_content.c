/* content_analyser/: the three classifiers' inputs, scores and verdicts. */
#include <stdio.h>

#include "base/mem.h"
#include "golden.h"
#include "golden_support.h"
#include "safety/gate.h"
#include "vision/fit.h"

static const char family[] = "content_analyser";

struct gate_net {
    const char *name;
    int size;
    double mean[3], deviation[3];
};
static const struct gate_net nets[] = {
    {"nsfw_1", 640, {0, 0, 0}, {1, 1, 1}},
    {"nsfw_2", 384, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}},
    {"nsfw_3", 448, {0.48145466, 0.4578275, 0.40821073}, {0.26862954, 0.26130258, 0.27577711}},
};

static void input(struct parity *run, const struct gate_net *net)
{
    struct parity_case c;
    struct fus_error err = {0};
    char file[96];
    snprintf(file, sizeof file, "content_analyser/%s/input.npy.gz", net->name);
    if (parity_open(&c, run, family, file)) {
        FUS_CLEANUP(fus_resampler_free) struct fus_resampler *resampler = fus_resampler_new();
        const struct fus_npy *s = parity_input(&c, PARITY_S);
        size_t side = (size_t)net->size;
        FUS_AUTO_FREE float *tensor = fus_calloc(3 * side * side, sizeof(float));
        struct fus_plane square = {0};
        if (s && resampler && tensor && c.want->count == 3 * side * side &&
            parity_make_picture(&c, net->size, net->size, &square)) {
            const struct fus_plane from = parity_plane(s);
            struct fus_lut lut;
            fus_lut_mean_std_f64(&lut, net->mean, net->deviation, true);
            if (parity_ok(&c, fus_fit_contain_u8(resampler, &from, &square, &err), &err)) {
                fus_lut_chw(&lut, &square, tensor, side * side, side);
                parity_f32(&c, tensor, PARITY_E);
            }
        }
        fus_free(square.data);
    }
    parity_close(&c);
}

/* ---- scores and votes ---- */

static void score(struct parity *run, int net)
{
    struct parity_case c;
    char file[96], raw[96];
    snprintf(file, sizeof file, "content_analyser/%s/score.json", nets[net].name);
    snprintf(raw, sizeof raw, "content_analyser/%s/raw_output.npy", nets[net].name);
    if (parity_open(&c, run, family, file)) {
        const struct fus_npy *output = parity_input(&c, raw);
        if (output && fus_npy_f32(output) && output->rank <= FUS_TENSOR_MAX_RANK) {
            struct fus_tensor tensor = {
                .data = output->data, .rank = output->rank, .count = output->count};
            for (int i = 0; i < output->rank; i++)
                tensor.shape[i] = (int64_t)output->shape[i];
            parity_number(&c, fus_gate_score(net, &tensor), json_number_value(c.want_json),
                          parity_f(1e-6));
        }
    }
    parity_close(&c);
}

static void vote(struct parity *run, int net)
{
    struct parity_case c;
    char file[96], from[96];
    snprintf(file, sizeof file, "content_analyser/%s/is_nsfw.json", nets[net].name);
    snprintf(from, sizeof from, "content_analyser/%s/score.json", nets[net].name);
    if (parity_open(&c, run, family, file)) {
        json_t *value = parity_input_json(&c, from);
        if (value)
            parity_number(&c, fus_gate_vote(net, json_number_value(value)),
                          json_is_true(c.want_json), PARITY_E);
        json_decref(value);
    }
    parity_close(&c);
}

/* Two of three; a vote that is not here counts as none. */
static void verdict(struct parity *run, const char *file)
{
    struct parity_case c;
    if (parity_open(&c, run, family, file)) {
        int votes = 0;
        for (int net = 0; net < FUS_GATE_NETS; net++) {
            char from[4096];
            snprintf(from, sizeof from, "%s/content_analyser/%s/score.json", run->golden,
                     nets[net].name);
            json_t *value = json_load_file(from, JSON_DECODE_ANY, NULL);
            votes += value && fus_gate_vote(net, json_number_value(value));
            json_decref(value);
        }
        parity_number(&c, votes >= 2, json_is_true(c.want_json), PARITY_E);
    }
    parity_close(&c);
}

void parity_golden_content(struct parity *run)
{
    static const char *const weights[] = {"content_analyser/nsfw_1/raw_output.npy",
                                          "content_analyser/nsfw_2/raw_output.npy",
                                          "content_analyser/nsfw_3/raw_output.npy"};
    for (int net = 0; net < FUS_GATE_NETS; net++) {
        input(run, &nets[net]);
        score(run, net);
        vote(run, net);
    }
    verdict(run, "content_analyser/overall/detect_nsfw.json");
    verdict(run, "content_analyser/overall/analyse_frame.json");
    parity_needs_weights(run, family, weights, FUS_COUNT(weights));
}
