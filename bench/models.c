#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define GOAL_NATIVE 0.5 /* of the passthrough's CPU time */
#define GOAL_SHARE 8.0  /* percent of all */
#define ROUNDS_MAX 15

#define CHAIN                                                                      \
    "{\"processors\":[\"face_swapper\"],\"face_swapper_model\":\"inswapper_128\"," \
    "\"face_detector_model\":\"yolo_face\",\"face_landmarker_model\":\"2dfan4\","  \
    "\"face_selector_mode\":\"reference\",\"face_mask_types\":[\"box\"]}"

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double ms_a_frame(int64_t us, const struct bench_run *run)
{
    return (double)us / 1000.0 / (double)FUS_MAX(run->result.frames, 1);
}

/* What is left of the job when ONNX Runtime and what a passthrough costs are taken off. */
static double native_ms(const struct bench_run *pass, const struct bench_run *chain)
{
    return ms_a_frame(chain->cpu_us - chain->inference_us, chain) - ms_a_frame(pass->cpu_us, pass);
}

static int take_turns(const struct bench_job *job, struct bench_run *pass, struct bench_run *chain,
                      struct fus_error *err)
{
    struct bench_job turn = *job;
    int rc;

    turn.params = BENCH_PASSTHROUGH;
    rc = bench_run_child(&turn, pass, err);
    turn.params = CHAIN;
    return rc ? rc : bench_run_child(&turn, chain, err);
}

int bench_models(const struct bench_job *job, int rounds, bool heavy, struct fus_error *err)
{
    double figures[ROUNDS_MAX], figure;

    printf("\nCPU ms a frame: yolo_face, 2dfan4, arcface, inswapper%s, box mask (gate off)\n"
           "           passthrough     chain  ONNX Runtime    native\n",
           heavy ? " of real size" : "");
    for (int i = 0; i < rounds; i++) {
        struct bench_run pass, chain;
        int rc = take_turns(job, &pass, &chain, err);

        if (rc)
            return rc;
        if (chain.result.faces_changed == 0)
            return fus_error_set(err, FUS_E_NO_FACE_IN_TARGET, "The chain changed no face.");
        double native = native_ms(&pass, &chain), all = ms_a_frame(chain.cpu_us, &chain);

        figures[i] = heavy ? 100.0 * native / all : native / ms_a_frame(pass.cpu_us, &pass);
        printf("  round %d %12.2f %9.2f %13.2f %9.2f\n", i + 1, ms_a_frame(pass.cpu_us, &pass), all,
               ms_a_frame(chain.inference_us, &chain), native);
        fflush(stdout);
    }
    qsort(figures, (size_t)rounds, sizeof(*figures), compare);
    figure = figures[rounds / 2];
    if (heavy)
        printf("native share %.2f %%           goal <= %.0f %%       %s\n", figure, GOAL_SHARE,
               figure <= GOAL_SHARE ? "met" : "MISSED");
    else
        printf("native       %.3f of the passthrough   goal <= %.1f      %s\n", figure, GOAL_NATIVE,
               figure <= GOAL_NATIVE ? "met" : "MISSED");
    return 0;
}
