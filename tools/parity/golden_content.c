/* content_analyser/: the three classifiers' inputs, scores and verdicts. */
#include <stdio.h>

#include "base/mem.h"
#include "golden.h"
#include "golden_support.h"
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

void parity_golden_content(struct parity *run)
{
    for (size_t i = 0; i < FUS_COUNT(nets); i++)
        input(run, &nets[i]);
}
