/* fusiond-bench: what a clip costs, stage by stage, and against our own passthrough of it.
 *
 * Every job runs in a process of its own; swap and passthrough take turns, so that a machine that
 * gets slower or faster meanwhile does so for both. Figures stand beside their goals. */
#include <getopt.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "bench.h"

#define GOAL_RATIO 0.6
#define GOAL_RSS_MB 400.0
#define GOAL_GROWTH 5.0
#define ROUNDS_MAX 15

struct bench {
    char *source, *donor; /* where the clip is cut from; the face */
    char folder[64];
    char *clip, *long_clip, *output;
    char *models; /* folder of FaceFusion's models: measure them instead */
    bool heavy;
    int seconds, rounds, factor, threads;
    struct fus_engine *engine;
};

static const char *verdict(bool met)
{
    return met ? "met" : "MISSED";
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static int measure(const struct bench *bench, const char *clip, bool swap, struct bench_run *run,
                   struct fus_error *err)
{
    const struct bench_job job = {.clip = clip,
                                  .donor = bench->donor,
                                  .output = bench->output,
                                  .params = swap ? BENCH_MESH_BLEND : BENCH_PASSTHROUGH,
                                  .threads = bench->threads};

    return bench_run_child(&job, run, err);
}

static void print_stages(const char *name, const struct fus_pipeline_result *result)
{
    const struct fus_pipeline_timings *t = &result->timings;
    double n = (double)FUS_MAX(result->frames, 1);

    printf("  %-12s %8.2f %8.2f %8.2f %8.2f %8.2f\n", name, t->decode_ms / n, t->analyse_ms / n,
           t->swap_ms / n, t->encode_ms / n, t->total_ms / n);
}

/* A B A B ... */
static int compare_rates(const struct bench *bench, struct bench_run *swap, struct fus_error *err)
{
    double ratios[ROUNDS_MAX], pass_rates[ROUNDS_MAX], swap_rates[ROUNDS_MAX], ratio;
    struct bench_run pass;

    for (int i = 0; i < bench->rounds; i++) {
        int rc = measure(bench, bench->clip, false, &pass, err);

        if (!rc)
            rc = measure(bench, bench->clip, true, swap, err);
        if (rc)
            return rc;
        pass_rates[i] = (double)pass.result.frames / pass.seconds;
        swap_rates[i] = (double)swap->result.frames / swap->seconds;
        ratios[i] = swap_rates[i] / pass_rates[i];
        printf("  round %d: passthrough %.1f fps, mesh_blend %.1f fps, ratio %.3f\n", i + 1,
               pass_rates[i], swap_rates[i], ratios[i]);
        fflush(stdout);
    }
    printf("\nstage times, ms a frame (side by side; the total is the wall's)\n"
           "  %-12s %8s %8s %8s %8s %8s\n",
           "", "decode", "analyse", "swap", "encode", "total");
    print_stages("passthrough", &pass.result);
    print_stages("mesh_blend", &swap->result);
    ratio = median(ratios, bench->rounds);
    printf("\nframe rate   passthrough %.1f fps, mesh_blend %.1f fps (medians)\n",
           median(pass_rates, bench->rounds), median(swap_rates, bench->rounds));
    printf("ratio        %.3f            goal >= %.2f      %s\n", ratio, GOAL_RATIO,
           verdict(ratio >= GOAL_RATIO));
    return 0;
}

static void print_writes(const struct bench_run *run)
{
    double mb = 1e6, output = (double)run->result.bytes;
    double frames = (double)run->result.frames * run->result.width * run->result.height * 1.5;
    /* the muxer moves its data once to put the index in front */
    double other = (double)run->written - 2 * output;

    printf("disk         %.1f MB written for an output of %.1f MB; the decoded frames are %.0f MB\n"
           "             goal: none of them written     %s\n",
           (double)run->written / mb, output / mb, frames / mb,
           verdict(other < frames * 0.02 + mb));
}

static int compare_memory(const struct bench *bench, const struct bench_run *brief,
                          struct fus_error *err)
{
    struct bench_run longer;
    double peak = (double)brief->peak_rss_kb / 1024, growth;
    int rc;

    printf("peak memory  %.1f MB           goal < %.0f MB      %s\n", peak, GOAL_RSS_MB,
           verdict(peak < GOAL_RSS_MB));
    print_writes(brief);
    if (bench->factor <= 1)
        return 0;
    rc = measure(bench, bench->long_clip, true, &longer, err);
    if (rc)
        return rc;
    growth = ((double)longer.peak_rss_kb / (double)brief->peak_rss_kb - 1) * 100;
    printf("%4d x as long %.1f MB, %+.1f %%   goal <= %.0f %%       %s\n", bench->factor,
           (double)longer.peak_rss_kb / 1024, growth, GOAL_GROWTH, verdict(growth <= GOAL_GROWTH));
    print_writes(&longer);
    return 0;
}

/* The sample media's renderer makes what was not given: nobody's likeness, on any machine. */
static int render(const char *const argv[], struct fus_error *err)
{
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
    int number, status = 1;
    char *slash;
    pid_t pid;

    program[n > 0 ? n : 0] = '\0';
    for (int up = 0; up < 2 && (slash = strrchr(program, '/')); up++)
        *slash = '\0';
    if (strlen(program) + sizeof("/tools/portraits") > sizeof(program))
        return fus_error_set(err, FUS_E_INTERNAL, "The program's path is too long.");
    memcpy(program + strlen(program), "/tools/portraits", sizeof("/tools/portraits"));
    number = posix_spawn(&pid, program, NULL, NULL, (char *const *)(uintptr_t)argv, environ);
    if (number == 0)
        waitpid(pid, &status, 0);
    return status == 0
               ? 0
               : fus_error_set(err, FUS_E_NOT_READY,
                               "tools/portraits could not be run: name --clip and --donor.");
}

static int render_missing(struct bench *bench, struct fus_error *err)
{
    int rc = 0;

    if (!bench->source) {
        bench->source = fus_fs_join(bench->folder, "source.mp4");
        rc = render((const char *const[]){"portraits", "clip", "--size", "1280x720",
                                          "--eye-distance", "100", "--seconds", "2", "--seed", "5",
                                          "-o", bench->source, NULL},
                    err);
    }
    if (!rc && !bench->donor) {
        bench->donor = fus_fs_join(bench->folder, "donor.png");
        rc = render((const char *const[]){"portraits", "still", "--size", "768x768",
                                          "--eye-distance", "180", "--seed", "9", "-o",
                                          bench->donor, NULL},
                    err);
    }
    return rc;
}

static int make_clips(struct bench *bench, struct fus_error *err)
{
    const char *const paths[2] = {bench->clip, bench->long_clip};
    const int frames[2] = {bench->seconds * BENCH_FPS,
                           bench->factor > 1 ? bench->seconds * BENCH_FPS * bench->factor : 0};
    double eye_distance = 0;
    int rc = render_missing(bench, err);

    if (!rc)
        rc = bench_clip_make(bench->engine, bench->source, paths, frames, &eye_distance, err);
    if (rc)
        return rc;
    printf("clip         %d s of %d x %d at %d fps, eyes %.0f px apart, %d threads\n",
           bench->seconds, BENCH_WIDTH, BENCH_HEIGHT, BENCH_FPS, eye_distance, bench->threads);
    fflush(stdout);
    return 0;
}

static int compare_models(const struct bench *bench, struct fus_error *err)
{
    const struct bench_job job = {.clip = bench->clip,
                                  .donor = bench->donor,
                                  .output = bench->output,
                                  .models = bench->models,
                                  .threads = bench->threads};

    return bench_models(&job, bench->rounds, bench->heavy, err);
}

static int run(struct bench *bench, struct fus_error *err)
{
    const struct fus_engine_options options = {.threads = bench->threads};
    struct bench_run swap;
    int rc = fus_engine_new(&options, &bench->engine, err);

    if (!rc)
        rc = make_clips(bench, err);
    if (!rc && bench->models)
        return compare_models(bench, err);
    if (!rc)
        rc = compare_rates(bench, &swap, err);
    return rc ? rc : compare_memory(bench, &swap, err);
}

static int usage(void)
{
    fprintf(stderr,
            "usage: fusiond-bench [--clip FILE] [--donor FILE] [--seconds N] [--rounds N]\n"
            "                     [--factor N] [--threads N] [--models DIR [--heavy]]\n"
            "  --clip     a clip with one face to cut from (default: rendered)\n"
            "  --donor    a picture with a face (default: rendered)\n"
            "  --seconds  length of the clip (10)\n"
            "  --rounds   turns of passthrough and swap (3)\n"
            "  --factor   how many times as long the clip for the memory is (10; 1: leave it out)\n"
            "  --threads  cores to use (all)\n"
            "  --models   FaceFusion's chain with the models of this folder, against passthrough\n"
            "  --heavy    its swapper has the arithmetic of the real one: share of native code\n");
    return 2;
}

static bool take_number(const char *text, int64_t max, int *out)
{
    int64_t number;

    if (!fus_parse_int(text, 1, max, &number))
        return false;
    *out = (int)number;
    return true;
}

static bool parse(struct bench *bench, int argc, char **argv)
{
    static const struct option options[] = {{"clip", required_argument, NULL, 'c'},
                                            {"donor", required_argument, NULL, 'd'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {"rounds", required_argument, NULL, 'r'},
                                            {"factor", required_argument, NULL, 'f'},
                                            {"threads", required_argument, NULL, 't'},
                                            {"models", required_argument, NULL, 'm'},
                                            {"heavy", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};

    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        bool good = true;

        if (c == 'c' || c == 'd' || c == 'm') {
            char **to = c == 'c' ? &bench->source : c == 'd' ? &bench->donor : &bench->models;

            fus_free(*to);
            *to = fus_strdup(optarg);
        } else if (c == 'h') {
            bench->heavy = true;
        } else if (c == 's') {
            good = take_number(optarg, 600, &bench->seconds);
        } else if (c == 'r') {
            good = take_number(optarg, ROUNDS_MAX, &bench->rounds);
        } else if (c == 'f') {
            good = take_number(optarg, 100, &bench->factor);
        } else if (c == 't') {
            good = take_number(optarg, 64, &bench->threads);
        } else {
            good = false;
        }
        if (!good)
            return false;
    }
    return optind == argc;
}

static void done(struct bench *bench)
{
    if (bench->folder[0])
        fus_fs_remove_tree(bench->folder, NULL);
    fus_engine_free(bench->engine);
    fus_free(bench->source);
    fus_free(bench->donor);
    fus_free(bench->models);
    fus_free(bench->clip);
    fus_free(bench->long_clip);
    fus_free(bench->output);
}

int main(int argc, char **argv)
{
    struct bench bench = {.folder = "/tmp/fusiond_bench_XXXXXX",
                          .seconds = 10,
                          .rounds = 3,
                          .factor = 10,
                          .threads = (int)FUS_CLAMP(sysconf(_SC_NPROCESSORS_ONLN), 1L, 64L)};
    struct fus_error err = {0};
    int rc;

    if (argc == 8 && strcmp(argv[1], "--child") == 0)
        return bench_child_main(argv + 2);
    if (!parse(&bench, argc, argv))
        return usage();
    if (!mkdtemp(bench.folder)) {
        perror("fusiond-bench");
        return 1;
    }
    bench.clip = fus_fs_join(bench.folder, "clip.mp4");
    bench.long_clip = fus_fs_join(bench.folder, "long.mp4");
    bench.output = fus_fs_join(bench.folder, "out.mp4");
    rc = bench.clip && bench.long_clip && bench.output ? run(&bench, &err) : FUS_E_OUT_OF_MEMORY;
    if (rc)
        fprintf(stderr, "fusiond-bench: %s: %s\n", fus_error_info(rc)->name, err.detail);
    done(&bench);
    return rc ? 1 : 0;
}
